//! Single messages: send, delete, hide. Batches share how a message is read and told of.

use super::{Call, done, number, required};
use crate::wire::action::{
    AttributeInput, AttributeList, ChangeMessageVisibility, DeleteMessage, SendMessage,
};
use crate::wire::answer::{Answer, Sent};
use crate::wire::error::Refusal;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay::handle::SendReceipt;
use forebay::message::{Attribute, AttributeValue};
use forebay::rules::{send as rules, time};
use forebay::{Error, ErrorKind, SendRequest, Store, VisibilityRequest};

const TRACE_HEADER: &str = "AWSTraceHeader";

pub async fn send(store: &Store, call: &Call, input: SendMessage) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let delay = input.delay_seconds.map(|it| number(it, rules::check_delay));
    let (request, fits) = request(
        call,
        Parts {
            body: required(input.message_body, "MessageBody")?,
            attributes: input.message_attributes,
            system_attributes: input.message_system_attributes,
            deduplication: input.message_deduplication_id,
            group: input.message_group_id,
            delay_s: delay.transpose()?,
        },
    )?;
    fits?;
    let receipt = done(queue.calls().send(request)).await?;
    Ok(Answer::Sent(sent(&receipt)))
}

pub async fn delete(store: &Store, call: &Call, input: DeleteMessage) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let receipt = required(input.receipt_handle, "ReceiptHandle")?;
    done(queue.calls().delete(receipt)).await?;
    Ok(Answer::Nothing)
}

pub async fn change_visibility(
    store: &Store,
    call: &Call,
    input: ChangeMessageVisibility,
) -> Result<Answer, Refusal> {
    let queue = call.queue(store, input.queue_url.as_deref())?;
    let receipt = required(input.receipt_handle, "ReceiptHandle")?;
    let timeout = required(input.visibility_timeout, "VisibilityTimeout")?;
    let timeout_s = number(timeout, time::check_visibility)?;
    let change = VisibilityRequest::new(receipt, timeout_s);
    done(queue.calls().change_visibility(change)).await?;
    Ok(Answer::Nothing)
}

/// What a message is made of, single or in a batch.
pub struct Parts {
    pub body: String,
    pub attributes: Option<AttributeList>,
    pub system_attributes: Option<AttributeList>,
    pub deduplication: Option<String>,
    pub group: Option<String>,
    pub delay_s: Option<u32>,
}

/// The message as the library takes it, and whether it may be sent so: of a batch, the others may.
///
/// Errors: `SerializationException` for what is not of the request's model.
pub fn request(call: &Call, parts: Parts) -> Result<(SendRequest, Result<(), Error>), Refusal> {
    let mut request = SendRequest::new(parts.body).sender(&*call.sender);
    let mut fits = Ok(());
    for (name, input) in parts.attributes.unwrap_or_default().0 {
        fits = fits.and_then(|()| check_no_list(&name, &input));
        request = request.attribute(attribute(name, input)?);
    }
    match trace_header(parts.system_attributes.unwrap_or_default()) {
        Ok(Some(header)) => request = request.trace_header(header),
        Ok(None) => {}
        Err(error) => fits = fits.and(Err(error)),
    }
    if let Some(id) = parts.deduplication {
        request = request.deduplication(id);
    }
    if let Some(group) = parts.group {
        request = request.group(group);
    }
    if let Some(delay_s) = parts.delay_s {
        request = request.delay(delay_s);
    }
    Ok((request, fits))
}

/// A3.3.
fn check_no_list(name: &str, input: &AttributeInput) -> Result<(), Error> {
    let lists = [&input.string_list_values, &input.binary_list_values];
    if lists.into_iter().flatten().all(Vec::is_empty) {
        return Ok(());
    }
    let text = format!("Message (user) attribute '{name}' has a list, which is reserved.");
    Err(Error::new(ErrorKind::UnsupportedOperation, text))
}

/// A message attribute; the library checks that type and value fit (S5.13, S5.14).
fn attribute(name: String, input: AttributeInput) -> Result<Attribute, Refusal> {
    let data_type = input.data_type.unwrap_or_default();
    let value = match data_type.split('.').next() {
        Some("Binary") => {
            let text = input.binary_value.unwrap_or_default();
            let bytes = STANDARD.decode(&text).map_err(|_| {
                Refusal::serialization(format!("BinaryValue of attribute '{name}' is no base64."))
            })?;
            AttributeValue::Binary(bytes.into())
        }
        _ => AttributeValue::Text(input.string_value.unwrap_or_default()),
    };
    Ok(Attribute {
        name,
        data_type,
        value,
    })
}

/// S5.19: the one system attribute that can be sent.
fn trace_header(attributes: AttributeList) -> Result<Option<String>, Error> {
    let mut header = None;
    for (name, input) in attributes.0 {
        let is_text = input.data_type.as_deref() == Some("String");
        if name != TRACE_HEADER || !is_text {
            let reason = "Only AWSTraceHeader of the type String can be sent.";
            return Err(Error::bad_value(&name, "MessageSystemAttributes", reason));
        }
        header = Some(input.string_value.unwrap_or_default());
    }
    Ok(header)
}

/// What a sender is told.
pub fn sent(receipt: &SendReceipt) -> Sent {
    Sent {
        md5_of_body: receipt.md5_of_body(),
        md5_of_attributes: receipt.md5_of_attributes(),
        md5_of_system_attributes: receipt.md5_of_system_attributes(),
        message_id: receipt.message_id().to_string(),
        sequence_number: receipt.sequence_number(),
        sequence: receipt.sequence(),
        duplicate: receipt.is_duplicate(),
    }
}
