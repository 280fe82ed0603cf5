//! What `lib/packer.ts` packs: messages to send, and receipts to delete or hide. [`part`] has the
//! form.

use crate::layout::part;
use crate::numbers::ranged;
use crate::packed::Reader;
use bytes::Bytes;
use forebay_ffi::api::{
    DeleteRequest, Error, ErrorKind, Number, Receipt, Result, SendRequest, VisibilityRequest,
};
use napi::bindgen_prelude::{ClassInstance, Either, Uint8ArraySlice};
use napi_derive::napi;

/// Bodies that are too large to be packed, in the order of their entries.
#[napi]
#[derive(Default)]
pub struct Bodies {
    bodies: Vec<Bytes>,
}

#[napi]
impl Bodies {
    #[napi(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Copies a body.
    #[napi]
    pub fn add(&mut self, body: Either<String, Uint8ArraySlice<'_>>) {
        self.bodies.push(match body {
            Either::A(text) => text.into(),
            Either::B(bytes) => Bytes::copy_from_slice(&bytes),
        });
    }
}

/// The bodies of one call, if it has any.
pub type Apart<'env> = Option<ClassInstance<'env, Bodies>>;

fn take(apart: Apart<'_>) -> impl Iterator<Item = Bytes> {
    let bodies = apart.map(|mut bodies| std::mem::take(&mut bodies.bodies));
    bodies.into_iter().flatten()
}

/// The one message to send.
pub fn send(packed: &[u8], apart: Apart<'_>) -> Result<SendRequest> {
    let shared = Bytes::copy_from_slice(packed);
    let mut reader = Reader::new(packed);
    let request = read_send(&mut reader, &shared, &mut take(apart))?;
    reader.end()?;
    Ok(request)
}

/// `count` messages to send. Their bodies share one copy of what was packed.
pub fn sends(packed: &[u8], count: u32, apart: Apart<'_>) -> Result<Vec<SendRequest>> {
    let shared = Bytes::copy_from_slice(packed);
    let mut apart = take(apart);
    entries(packed, count, |reader| {
        read_send(reader, &shared, &mut apart)
    })
}

/// Reads `count` entries, which must be all that was packed.
fn entries<T>(
    packed: &[u8],
    count: u32,
    mut read: impl FnMut(&mut Reader<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut reader = Reader::new(packed);
    let entries = (0..count)
        .map(|_| read(&mut reader))
        .collect::<Result<Vec<T>>>()?;
    reader.end()?;
    Ok(entries)
}

fn read_send(
    reader: &mut Reader<'_>,
    shared: &Bytes,
    apart: &mut impl Iterator<Item = Bytes>,
) -> Result<SendRequest> {
    let parts = reader.u8()?;
    let has = |part: u8| parts & part != 0;
    let mut request = match has(part::BODY_APART) {
        true => SendRequest::new(apart.next().ok_or_else(missing_body)?),
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
    entries(packed, count, |reader| {
        let named = Named::read(reader)?;
        let request = match named.receipt {
            Either::A(receipt) => DeleteRequest::from(receipt),
            Either::B(text) => DeleteRequest::new(text),
        };
        Ok(match named.id {
            Some(id) => request.id(id),
            None => request,
        })
    })
}

/// `count` messages to hide for another time.
pub fn changes(packed: &[u8], count: u32) -> Result<Vec<VisibilityRequest>> {
    entries(packed, count, |reader| {
        let named = Named::read(reader)?;
        let seconds: u32 = ranged(Number::Visibility, reader.f64()?)?;
        let request = match named.receipt {
            Either::A(receipt) => VisibilityRequest::from((receipt, seconds)),
            Either::B(text) => VisibilityRequest::new(text, seconds),
        };
        Ok(match named.id {
            Some(id) => request.id(id),
            None => request,
        })
    })
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
