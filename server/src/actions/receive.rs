//! ReceiveMessage: the one action that waits.

use super::{Backend, Call, done, number, poll};
use crate::wire::action::ReceiveMessage;
use crate::wire::answer::{Answer, AttributeOutput, ReceivedMessage};
use crate::wire::error::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay::message::{Attribute, AttributeValue};
use forebay::rules::{batch, digest, text, time};
use forebay::{Message, ReceiveOptions};
use tokio::runtime::Handle;

/// Says how the body is written of a message that was stored through the library and has
/// characters that SQS does not carry.
const BODY_ENCODING: &str = "forebay.BodyEncoding";

pub async fn receive(
    backend: &Backend,
    call: &Call,
    input: ReceiveMessage,
) -> Result<Answer, Refusal> {
    let queue = call.queue(&backend.store, input.queue_url.as_deref())?;
    let options = options(&input)?;
    let disorder = backend.disorder.as_ref().filter(|_| !queue.is_fifo());
    let is_short = match input.wait_time_seconds {
        Some(seconds) => seconds == 0,
        // The queue's own wait counts (S4.1); it is asked only where a short poll may miss.
        None if disorder.is_some_and(|disorder| disorder.can_miss()) => {
            done(queue.calls().view_uncounted())
                .await?
                .attributes
                .wait_s
                == 0
        }
        None => false,
    };
    if is_short && disorder.is_some_and(|disorder| disorder.misses()) {
        return Ok(Answer::Messages(Vec::new()));
    }
    // Most receives need no wait, and so no change of thread.
    let mut messages = match queue.receive_now(&options)? {
        Some(messages) => messages,
        None if is_short => poll::at_once(&queue, options).await?,
        None => poll::wait(&queue, options, backend).await?,
    };
    if let Some(disorder) = disorder {
        poll::give_back(&Handle::current(), disorder.disturb(&mut messages));
    }
    let names = Names::new(&input);
    let messages = messages.iter().map(|message| names.print(message));
    Ok(Answer::Messages(messages.collect()))
}

fn options(input: &ReceiveMessage) -> forebay::Result<ReceiveOptions> {
    let mut options = ReceiveOptions::new();
    if let Some(max) = input.max_number_of_messages {
        let check = |max| batch::check_receive_max(max, true);
        options = options.max(number(max, check)?);
    }
    if let Some(seconds) = input.visibility_timeout {
        options = options.visibility_timeout(number(seconds, time::check_visibility)?);
    }
    if let Some(seconds) = input.wait_time_seconds {
        options = options.wait(number(seconds, time::check_wait)?);
    }
    if let Some(attempt) = &input.receive_request_attempt_id {
        options = options.attempt(attempt);
    }
    Ok(options)
}

/// What the receiver wants to see.
struct Names<'a> {
    system: Vec<&'a str>,
    message: Vec<&'a str>,
}

impl<'a> Names<'a> {
    /// A2.1: both lists of system attributes together.
    fn new(input: &'a ReceiveMessage) -> Self {
        let texts = |list: &'a Option<Vec<String>>| list.iter().flatten().map(String::as_str);
        let newer = texts(&input.message_system_attribute_names);
        Self {
            system: texts(&input.attribute_names).chain(newer).collect(),
            message: texts(&input.message_attribute_names).collect(),
        }
    }

    fn print(&self, message: &Message) -> ReceivedMessage {
        let mut attributes: Vec<Attribute> = message
            .select_attributes(&self.message)
            .into_iter()
            .cloned()
            .collect();
        let (body, is_encoded) = body_text(message.body());
        if is_encoded {
            attributes.push(Attribute::text(BODY_ENCODING, "base64"));
        }
        let first_ms = message
            .first_receive_ms()
            .filter(|_| message.receive_count() == 1);
        ReceivedMessage {
            dwell_ms: first_ms.map(|first_ms| first_ms.saturating_sub(message.sent_ms())),
            message_id: message.id().to_string(),
            sequence: message.stored().sequence,
            receipt_handle: message.receipt(),
            md5_of_body: digest::md5_hex(body.as_bytes()),
            body,
            attributes: message
                .system_attributes(&self.system)
                .into_iter()
                .collect(),
            md5_of_message_attributes: digest::attributes_md5(attributes.iter()),
            message_attributes: attributes.into_iter().map(output).collect(),
        }
    }
}

/// A body as SQS carries it, and whether it had to be written in base64.
pub fn body_text(body: &[u8]) -> (String, bool) {
    match std::str::from_utf8(body) {
        Ok(body) if text::is_sqs_text(body) => (body.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

fn output(attribute: Attribute) -> (String, AttributeOutput) {
    let (string_value, binary_value) = match attribute.value {
        AttributeValue::Text(text) => (Some(text), None),
        AttributeValue::Binary(bytes) => (None, Some(STANDARD.encode(bytes))),
    };
    let output = AttributeOutput {
        string_value,
        binary_value,
        data_type: attribute.data_type,
    };
    (attribute.name, output)
}
