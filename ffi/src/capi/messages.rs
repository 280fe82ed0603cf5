//! Messages that a receive or a peek returned.

use super::arguments::{Out, Plain, SizedOut, seconds, text, texts};
use super::digest::{FOREBAY_MD5_LENGTH, digest_text};
use super::list::{List, at, c_text, forebay_list};
use super::queue::give_list;
use super::send::forebay_attribute;
use super::{guard, tables};
use crate::api::{
    Attribute, AttributeValue, Error, ErrorKind, Message, MessageState, Number, Peeked, Status,
    StoredMessage, digest, message_attributes,
};
use forebay_core::Result;
use std::ffi::{CString, c_char};
use std::ptr::null;
use std::sync::OnceLock;

/// The messages of one receive or peek, counted from 0. Freed with `forebay_messages_free`, which
/// does nothing to the messages in the queue; everything it lends lives until then.
pub struct forebay_messages {
    _private: [u8; 0],
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum forebay_state {
    /// Waits for its delay to end.
    Delayed = 1,
    /// Can be received, but for the lock of its FIFO group.
    Visible = 2,
    /// Was received and not deleted, and its visibility timeout runs.
    InFlight = 3,
}

/// What is known of a message. Texts are NUL-terminated; those that a message lacks are NULL.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_message {
    /// The body, byte for byte as sent. No NUL behind it.
    pub body: *const u8,
    /// Bytes of the body.
    pub body_length: usize,
    /// The id given at the send.
    pub id: *const c_char,
    /// The receipt handle of this receive, for `forebay_queue_delete` and
    /// `forebay_queue_change_visibility`, in this process or another. NULL after a peek.
    pub receipt: *const c_char,
    /// MessageGroupId.
    pub group: *const c_char,
    /// MessageDeduplicationId, given or computed; FIFO queues only.
    pub deduplication: *const c_char,
    /// AWSTraceHeader.
    pub trace_header: *const c_char,
    /// SenderId.
    pub sender: *const c_char,
    /// ARN of the queue from which the message came to this dead-letter queue.
    pub dead_letter_source: *const c_char,
    /// Position in the queue; on a FIFO queue the SequenceNumber.
    pub sequence: u64,
    /// When it was sent, milliseconds since the epoch.
    pub sent_ms: u64,
    /// When it was first received, milliseconds since the epoch; 0 for never.
    pub first_receive_ms: u64,
    /// When it becomes visible unless something is done, milliseconds since the epoch; 0 if it is
    /// visible.
    pub visible_ms: u64,
    /// How many message attributes it has.
    pub attribute_count: usize,
    /// How often it was received, this time included, in all queues it was in.
    pub receive_count: u32,
    /// A `forebay_state`.
    pub state: i32,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_message {}

/// What a `forebay_messages` stands for.
pub(super) struct Batch {
    items: Vec<Item>,
}

struct Item {
    origin: Origin,
    texts: Texts,
    /// Only for messages whose attributes somebody asks for.
    attributes: OnceLock<Vec<AttributeTexts>>,
}

enum Origin {
    Received(Message),
    Peeked { message: Peeked, fifo: bool },
}

/// Texts with the NUL that C wants behind them.
struct Texts {
    id: CString,
    receipt: Option<CString>,
    group: Option<CString>,
    deduplication: Option<CString>,
    trace_header: Option<CString>,
    sender: CString,
    dead_letter_source: Option<CString>,
}

struct AttributeTexts {
    name: CString,
    type_name: CString,
    /// The value of a text attribute; that of a binary one is lent as it is.
    text: Option<CString>,
}

impl Batch {
    pub(super) fn received(messages: Vec<Message>) -> Result<Self> {
        Self::collect(messages.into_iter().map(Origin::Received))
    }

    pub(super) fn peeked(messages: Vec<Peeked>, fifo: bool) -> Result<Self> {
        let origin = |message| Origin::Peeked { message, fifo };
        Self::collect(messages.into_iter().map(origin))
    }

    fn collect(origins: impl Iterator<Item = Origin>) -> Result<Self> {
        let items = origins.map(Item::new).collect::<Result<_>>()?;
        Ok(Self { items })
    }
}

impl Origin {
    fn stored(&self) -> &StoredMessage {
        match self {
            Origin::Received(message) => message.stored(),
            Origin::Peeked { message, .. } => &message.message,
        }
    }

    fn is_fifo(&self) -> bool {
        match self {
            Origin::Received(message) => message.queue().is_fifo(),
            Origin::Peeked { fifo, .. } => *fifo,
        }
    }

    /// State, and when it becomes visible.
    fn state(&self) -> (forebay_state, u64) {
        match self {
            Origin::Received(message) => (forebay_state::InFlight, message.visible_ms()),
            Origin::Peeked { message, .. } => {
                let state = match message.state {
                    MessageState::Delayed => forebay_state::Delayed,
                    MessageState::Visible => forebay_state::Visible,
                    MessageState::InFlight => forebay_state::InFlight,
                };
                (state, message.visible_ms.unwrap_or(0))
            }
        }
    }
}

impl Item {
    fn new(origin: Origin) -> Result<Self> {
        let optional = |text: &Option<String>| text.as_deref().map(c_text).transpose();
        let stored = origin.stored();
        let receipt = match &origin {
            Origin::Received(message) => Some(c_text(message.receipt())?),
            Origin::Peeked { .. } => None,
        };
        let texts = Texts {
            id: c_text(stored.id.to_string())?,
            receipt,
            group: optional(&stored.group)?,
            deduplication: optional(&stored.deduplication)?,
            trace_header: optional(&stored.trace_header)?,
            sender: c_text(stored.sender.as_str())?,
            dead_letter_source: optional(&stored.dead_letter_source)?,
        };
        Ok(Self {
            origin,
            texts,
            attributes: OnceLock::new(),
        })
    }

    fn view(&self) -> forebay_message {
        let optional = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
        let stored = self.origin.stored();
        let (state, visible_ms) = self.origin.state();
        forebay_message {
            body: stored.body.as_ptr(),
            body_length: stored.body.len(),
            id: self.texts.id.as_ptr(),
            receipt: optional(&self.texts.receipt),
            group: optional(&self.texts.group),
            deduplication: optional(&self.texts.deduplication),
            trace_header: optional(&self.texts.trace_header),
            sender: self.texts.sender.as_ptr(),
            dead_letter_source: optional(&self.texts.dead_letter_source),
            sequence: stored.sequence,
            sent_ms: stored.sent_ms,
            first_receive_ms: stored.first_receive_ms.unwrap_or(0),
            visible_ms,
            attribute_count: stored.attributes.len(),
            receive_count: stored.receive_count,
            state: state as i32,
        }
    }

    fn attribute(&self, index: usize) -> Result<forebay_attribute> {
        let stored = &self.origin.stored().attributes;
        let attribute = at(stored, index)?;
        let texts = match self.attributes.get() {
            Some(texts) => texts,
            None => {
                let texts = stored.iter().map(attribute_texts).collect::<Result<_>>()?;
                self.attributes.get_or_init(|| texts)
            }
        };
        let texts = at(texts, index)?;
        let (value, value_length) = match (&attribute.value, &texts.text) {
            (AttributeValue::Text(text), Some(with_nul)) => (with_nul.as_ptr().cast(), text.len()),
            (AttributeValue::Text(text), None) => (text.as_ptr(), text.len()),
            (AttributeValue::Binary(bytes), _) => (bytes.as_ptr(), bytes.len()),
        };
        Ok(forebay_attribute {
            name: texts.name.as_ptr(),
            type_name: texts.type_name.as_ptr(),
            value,
            value_length,
        })
    }

    fn received(&self) -> Result<&Message> {
        match &self.origin {
            Origin::Received(message) => Ok(message),
            Origin::Peeked { .. } => Err(Error::new(
                ErrorKind::UnsupportedOperation,
                "the message was shown by a peek, not received, so there is no receipt",
            )),
        }
    }
}

fn attribute_texts(attribute: &Attribute) -> Result<AttributeTexts> {
    Ok(AttributeTexts {
        name: c_text(attribute.name.as_str())?,
        type_name: c_text(attribute.data_type.as_str())?,
        text: match &attribute.value {
            AttributeValue::Text(text) => Some(c_text(text.as_str())?),
            AttributeValue::Binary(_) => None,
        },
    })
}

/// Runs `body` with message `index` of `messages`.
fn with_item(
    messages: *const forebay_messages,
    index: usize,
    body: impl FnOnce(&Item) -> Result<()>,
) -> Status {
    guard::call(|| {
        let batch = tables().messages.get(messages.addr(), "messages")?;
        body(at(&batch.items, index)?)
    })
}

/// How many messages there are; 0 for NULL or freed messages.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_messages_count(messages: *const forebay_messages) -> usize {
    guard::value(0, || {
        Ok(tables()
            .messages
            .get(messages.addr(), "messages")?
            .items
            .len())
    })
}

/// Message `index`. `size` is `sizeof *message`.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_get(
    messages: *const forebay_messages,
    index: usize,
    message: *mut forebay_message,
    size: usize,
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        unsafe { SizedOut::new(message, size, "message") }?.write(item.view());
        Ok(())
    })
}

/// Attribute number `attribute_index` of message `index`, in the order sent.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_attribute(
    messages: *const forebay_messages,
    index: usize,
    attribute_index: usize,
    attribute: *mut forebay_attribute,
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(attribute, "attribute") }?;
        out.write(item.attribute(attribute_index)?);
        Ok(())
    })
}

/// The attribute of message `index` with this name; FOREBAY_STATUS_INVALID_ATTRIBUTE_NAME if it
/// has none.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_attribute_named(
    messages: *const forebay_messages,
    index: usize,
    name: *const c_char,
    attribute: *mut forebay_attribute,
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        let (name, out) = unsafe { (text(name, "name")?, Out::new(attribute, "attribute")?) };
        let attributes = &item.origin.stored().attributes;
        let found = attributes
            .iter()
            .position(|attribute| attribute.name == name);
        let found = found.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidAttributeName,
                format!("the message has no attribute {name:?}"),
            )
        })?;
        out.write(item.attribute(found)?);
        Ok(())
    })
}

/// The names of the attributes of message `index` that `names` select as MessageAttributeNames
/// does: names, "All", ".*", "*", or a prefix such as "trace.*".
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_select_attributes(
    messages: *const forebay_messages,
    index: usize,
    names: *const *const c_char,
    count: usize,
    selected: *mut *mut forebay_list,
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        let (names, out) = unsafe {
            (
                texts(names, count, "names")?,
                Out::new(selected, "selected")?,
            )
        };
        let found = message_attributes::select(&names, &item.origin.stored().attributes);
        let found = found.into_iter().map(|attribute| attribute.name.clone());
        give_list(out, List::names(found, None)?)
    })
}

/// The system attributes of message `index` that `names` ask for and that exist, as a list of
/// names and values such as {"SentTimestamp", "1764000000000"}; the name "All" asks for all.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_system_attributes(
    messages: *const forebay_messages,
    index: usize,
    names: *const *const c_char,
    count: usize,
    attributes: *mut *mut forebay_list,
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        let (names, out) = unsafe {
            (
                texts(names, count, "names")?,
                Out::new(attributes, "attributes")?,
            )
        };
        let origin = &item.origin;
        let found = message_attributes::system(origin.stored(), origin.is_fifo(), &names);
        let found = found
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        give_list(out, List::pairs(found)?)
    })
}

/// MD5OfBody of message `index`, computed now: 32 hexadecimal digits and a NUL.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_md5_body(
    messages: *const forebay_messages,
    index: usize,
    digest: *mut [c_char; FOREBAY_MD5_LENGTH],
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(digest, "digest") }?;
        out.write(digest_text(&digest::md5_hex(&item.origin.stored().body)));
        Ok(())
    })
}

/// MD5OfMessageAttributes of message `index` over the attributes that `names` select, computed
/// now: 32 hexadecimal digits and a NUL; an empty text if none are.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_messages_md5_attributes(
    messages: *const forebay_messages,
    index: usize,
    names: *const *const c_char,
    count: usize,
    digest: *mut [c_char; FOREBAY_MD5_LENGTH],
) -> Status {
    with_item(messages, index, |item| {
        // SAFETY: the caller's promise.
        let (names, out) = unsafe { (texts(names, count, "names")?, Out::new(digest, "digest")?) };
        let selected = message_attributes::select(&names, &item.origin.stored().attributes);
        let hex = digest::attributes_md5(selected.into_iter()).unwrap_or_default();
        out.write(digest_text(&hex));
        Ok(())
    })
}

/// Deletes message `index`, as `forebay_queue_delete` with its receipt.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn forebay_messages_delete(
    messages: *const forebay_messages,
    index: usize,
) -> Status {
    with_item(messages, index, |item| item.received()?.delete())
}

/// Hides message `index` until `timeout_s` seconds from now, as `forebay_queue_change_visibility`
/// with its receipt.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn forebay_messages_change_visibility(
    messages: *const forebay_messages,
    index: usize,
    timeout_s: u32,
) -> Status {
    with_item(messages, index, |item| {
        let timeout_s = seconds(Number::Visibility, timeout_s)?;
        item.received()?.change_visibility(timeout_s)
    })
}

/// Frees messages; what they are in the queue does not change. NULL or messages freed before:
/// nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_messages_free(messages: *mut forebay_messages) {
    guard::quiet(|| drop(tables().messages.remove(messages.addr(), "messages")));
}
