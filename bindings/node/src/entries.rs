//! What `lib/packer.ts` packs: messages to send, and receipts to delete or hide. [`part`] has the
//! form.

use crate::layout::part;
use crate::numbers::ranged;
use crate::packed::Reader;
use bytes::Bytes;
use forebay_ffi::api::{
    DeleteRequest, Error, ErrorKind, Number, Receipt, Result, SendRequest, VisibilityRequest,
};
use napi::bindgen_prelude::{Either, Uint8ArraySlice};

/// A body that was too large to be packed, borrowed for the length of the call.
pub type Body<'env> = Either<String, Uint8ArraySlice<'env>>;

/// The one message to send.
pub fn send(packed: &[u8], apart: Vec<Body<'_>>) -> Result<SendRequest> {
    let shared = Bytes::copy_from_slice(packed);
    read_send(&mut Reader::new(packed), &shared, &mut apart.into_iter())
}

/// `count` messages to send. Their bodies share one copy of what was packed.
pub fn sends(packed: &[u8], count: u32, apart: Vec<Body<'_>>) -> Result<Vec<SendRequest>> {
    let shared = Bytes::copy_from_slice(packed);
    let mut reader = Reader::new(packed);
    let mut apart = apart.into_iter();
    (0..count)
        .map(|_| read_send(&mut reader, &shared, &mut apart))
        .collect()
}

fn read_send<'a>(
    reader: &mut Reader<'_>,
    shared: &Bytes,
    apart: &mut impl Iterator<Item = Body<'a>>,
) -> Result<SendRequest> {
    let parts = reader.u8()?;
    let has = |part: u8| parts & part != 0;
    let mut request = match has(part::BODY_APART) {
        true => match apart.next().ok_or_else(missing_body)? {
            Either::A(text) => SendRequest::new(text),
            Either::B(bytes) => SendRequest::new(bytes.to_vec()),
        },
        false => {
            let length = reader.u32()? as usize;
            let start = reader.position();
            reader.take(length)?;
            SendRequest::new(shared.slice(start..start + length))
        }
    };
    if has(part::ID) {
        request = request.id(reader.given_text()?);
    }
    if has(part::DELAY) {
        request = request.delay(ranged(Number::Delay, reader.f64()?)?);
    }
    if has(part::ATTRIBUTES) {
        request = request.attributes(reader.attributes()?);
    }
    if has(part::GROUP) {
        request = request.group(reader.given_text()?);
    }
    if has(part::DEDUP) {
        request = request.deduplication(reader.given_text()?);
    }
    if has(part::TRACE_HEADER) {
        request = request.trace_header(reader.given_text()?);
    }
    if has(part::SENDER) {
        request = request.sender(reader.given_text()?);
    }
    Ok(request)
}

fn missing_body() -> Error {
    let text = "an entry's body is among those that cross on their own, and was not";
    Error::new(ErrorKind::Internal, text)
}

/// `count` messages to delete.
pub fn deletes(packed: &[u8], count: u32) -> Result<Vec<DeleteRequest>> {
    let mut reader = Reader::new(packed);
    let mut delete = || {
        let named = Named::read(&mut reader)?;
        let request = match named.receipt {
            Either::A(receipt) => DeleteRequest::from(receipt),
            Either::B(text) => DeleteRequest::new(text),
        };
        Ok(match named.id {
            Some(id) => request.id(id),
            None => request,
        })
    };
    (0..count).map(|_| delete()).collect()
}

/// `count` messages to hide for another time.
pub fn changes(packed: &[u8], count: u32) -> Result<Vec<VisibilityRequest>> {
    let mut reader = Reader::new(packed);
    let mut change = || {
        let named = Named::read(&mut reader)?;
        let seconds: u32 = ranged(Number::Visibility, reader.f64()?)?;
        let request = match named.receipt {
            Either::A(receipt) => VisibilityRequest::from((receipt, seconds)),
            Either::B(text) => VisibilityRequest::new(text, seconds),
        };
        Ok(match named.id {
            Some(id) => request.id(id),
            None => request,
        })
    };
    (0..count).map(|_| change()).collect()
}

/// A receipt with the id of its entry.
struct Named {
    receipt: Either<Receipt, String>,
    id: Option<String>,
}

impl Named {
    fn read(reader: &mut Reader<'_>) -> Result<Self> {
        let parts = reader.u8()?;
        let receipt = match parts & part::RAW != 0 {
            true => Either::A(reader.receipt()?),
            false => Either::B(reader.given_text()?),
        };
        let has_id = parts & part::ID != 0;
        let id = has_id.then(|| reader.given_text()).transpose()?;
        Ok(Self { receipt, id })
    }
}
