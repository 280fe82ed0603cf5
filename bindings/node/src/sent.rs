//! Acknowledgements of sends as text, which is the cheapest of all values to make in JavaScript:
//! `lib/receipts.ts` cuts it up.
//!
//! [`layout`] has the lengths. Behind the first digit each receipt is `1` for a duplicate, else
//! `0`; the id; the sequence number, if the text has them; the digests of body, attributes and
//! system attributes, if it has them.

use crate::answer::Answer;
use crate::layout::sent as layout;
use forebay_ffi::api::{MessageId, Result, SendReceipt};

/// Receipts of one text. An id that a program keeps is a part of it and keeps the whole.
const RECEIPTS_MAX: usize = 16;

/// `lib/` cuts ids as long as the core writes them.
const _: () = assert!(layout::ID_CHARS == MessageId::CHARS);

/// What a send ends with.
pub fn answer(receipt: &SendReceipt, digests: bool) -> Answer {
    Answer::Sent(text([receipt].into_iter(), digests))
}

/// What a batch ends with: a text where all entries were sent and fit one, else several with the
/// failures between them.
pub fn answers(results: Vec<Result<SendReceipt>>, digests: bool) -> Answer {
    let are_all_sent = results.iter().all(Result::is_ok);
    if are_all_sent && results.len() <= RECEIPTS_MAX {
        return Answer::Sent(text(results.iter().flatten(), digests));
    }
    let chunks = results.chunk_by(|left, right| left.is_ok() == right.is_ok());
    let mut answers = Vec::new();
    for chunk in chunks {
        if chunk.iter().all(Result::is_ok) {
            let texts = chunk.chunks(RECEIPTS_MAX);
            let sent = texts.map(|chunk| Answer::Sent(text(chunk.iter().flatten(), digests)));
            answers.extend(sent);
        } else {
            let errors = chunk.iter().filter_map(|result| result.as_ref().err());
            answers.extend(errors.cloned().map(Answer::Failure));
        }
    }
    Answer::Entries(answers)
}

fn text<'a>(receipts: impl Iterator<Item = &'a SendReceipt>, digests: bool) -> String {
    let mut text: Vec<u8> = Vec::with_capacity(1 + RECEIPTS_MAX * (1 + layout::ID_CHARS));
    for receipt in receipts {
        let sequence_number = receipt.sequence_number();
        if text.is_empty() {
            let has_number = layout::HAS_SEQUENCE * u8::from(sequence_number.is_some());
            text.push(b'0' + has_number + layout::HAS_DIGESTS * u8::from(digests));
        }
        text.push(b'0' + u8::from(receipt.is_duplicate()));
        text.extend(receipt.message_id().text());
        let sequence_number = sequence_number.unwrap_or_default();
        debug_assert!(matches!(sequence_number.len(), 0 | layout::SEQUENCE_CHARS));
        text.extend(sequence_number.as_bytes());
        // They cost more than the rest of a send, so they are computed only on demand.
        if digests {
            let absent = || " ".repeat(layout::DIGEST_CHARS);
            text.extend(receipt.md5_of_body().as_bytes());
            let attributes = receipt.md5_of_attributes().unwrap_or_else(absent);
            text.extend(attributes.as_bytes());
            let system_attributes = receipt.md5_of_system_attributes().unwrap_or_else(absent);
            text.extend(system_attributes.as_bytes());
        }
    }
    // ASCII is always text.
    String::from_utf8(text).unwrap_or_default()
}
