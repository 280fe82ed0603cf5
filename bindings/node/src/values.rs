//! The core's answers as plain JavaScript objects.

use crate::numbers::number;
use forebay_ffi::api::{
    self, Attribute, AttributeValue, CheckReport, MessageState, MoveStatus, MoveTaskEntry,
    NamePage, Peeked, Recovery, Statistics, Status, digest,
};
use napi::bindgen_prelude::{Buffer, Either};
use napi_derive::napi;

/// An error: its kind by number, and a sentence.
#[napi(object, object_from_js = false)]
pub struct Failure {
    /// Number of its kind.
    pub failure: i32,
    /// The sentence.
    pub text: String,
}

impl From<&api::Error> for Failure {
    fn from(error: &api::Error) -> Self {
        Self {
            failure: Status::from(error).number(),
            text: error.text().into(),
        }
    }
}

/// One page of names.
#[napi(object, object_from_js = false)]
pub struct Names {
    /// The names.
    pub names: Vec<String>,
    /// Gives the next page.
    pub next_token: Option<String>,
}

impl From<NamePage> for Names {
    fn from(page: NamePage) -> Self {
        Self {
            names: page.names,
            next_token: page.next_token,
        }
    }
}

/// A message attribute.
#[napi(object, object_from_js = false)]
pub struct AttributeObject {
    pub name: String,
    #[napi(js_name = "type")]
    pub data_type: String,
    pub value: Either<String, Buffer>,
}

/// Message attributes in their order.
pub fn attributes<'a>(attributes: impl IntoIterator<Item = &'a Attribute>) -> Vec<AttributeObject> {
    let objects = attributes.into_iter().map(|attribute| AttributeObject {
        name: attribute.name.clone(),
        data_type: attribute.data_type.clone(),
        value: match &attribute.value {
            AttributeValue::Text(text) => Either::A(text.clone()),
            AttributeValue::Binary(bytes) => Either::B(bytes.to_vec().into()),
        },
    });
    objects.collect()
}

/// A message as a peek shows it.
#[napi(object, object_from_js = false)]
pub struct PeekedMessage {
    pub state: String,
    pub id: String,
    pub body: Buffer,
    pub sequence: f64,
    pub receive_count: u32,
    pub sent_ms: f64,
    pub first_receive_ms: Option<f64>,
    pub visible_ms: Option<f64>,
    pub sender: String,
    pub group: Option<String>,
    pub dedup: Option<String>,
    pub trace_header: Option<String>,
    pub dead_letter_source: Option<String>,
    pub md5_of_body: String,
    pub attributes: Vec<AttributeObject>,
}

impl From<&Peeked> for PeekedMessage {
    fn from(peeked: &Peeked) -> Self {
        let message = &peeked.message;
        let state = match peeked.state {
            MessageState::Delayed => "delayed",
            MessageState::Visible => "visible",
            MessageState::InFlight => "inFlight",
        };
        Self {
            state: state.into(),
            id: message.id.to_string(),
            body: message.body.to_vec().into(),
            sequence: number(message.sequence),
            receive_count: message.receive_count,
            sent_ms: number(message.sent_ms),
            first_receive_ms: message.first_receive_ms.map(number),
            visible_ms: peeked.visible_ms.map(number),
            sender: message.sender.clone(),
            group: message.group.clone(),
            dedup: message.deduplication.clone(),
            trace_header: message.trace_header.clone(),
            dead_letter_source: message.dead_letter_source.clone(),
            md5_of_body: digest::md5_hex(&message.body),
            attributes: attributes(&message.attributes),
        }
    }
}

/// A message move task.
#[napi(object, object_from_js = false)]
pub struct Task {
    pub handle: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    pub source: String,
    pub destination: Option<String>,
    pub rate: Option<u32>,
    pub moved: f64,
    pub to_move: f64,
    pub started_ms: f64,
}

impl From<&MoveTaskEntry> for Task {
    fn from(task: &MoveTaskEntry) -> Self {
        let (status, reason) = match task.status() {
            MoveStatus::Running => ("RUNNING", None),
            MoveStatus::Completed => ("COMPLETED", None),
            MoveStatus::Cancelling => ("CANCELLING", None),
            MoveStatus::Cancelled => ("CANCELLED", None),
            MoveStatus::Failed(reason) => ("FAILED", Some(reason.clone())),
        };
        Self {
            handle: task.handle(),
            status: status.into(),
            reason,
            source: task.source().arn(),
            destination: task.destination().map(api::QueueKey::arn),
            rate: task.rate(),
            moved: number(task.moved()),
            to_move: number(task.to_move()),
            started_ms: number(task.started_ms()),
        }
    }
}

/// What a check found.
#[napi(object, object_from_js = false)]
pub struct Checked {
    pub queues: f64,
    pub messages: f64,
    pub log_bytes: f64,
    pub problems: Vec<String>,
}

impl From<CheckReport> for Checked {
    fn from(report: CheckReport) -> Self {
        Self {
            queues: number(report.queues),
            messages: number(report.messages),
            log_bytes: number(report.log_bytes),
            problems: report.problems,
        }
    }
}

/// What opening had to repair.
#[napi(object, object_from_js = false)]
pub struct Recovered {
    pub reason: String,
    pub log_bytes: f64,
    pub records: f64,
    pub cut: Option<String>,
    pub damage: Vec<String>,
}

impl From<Recovery> for Recovered {
    fn from(recovery: Recovery) -> Self {
        Self {
            reason: recovery.reason,
            log_bytes: number(recovery.log_bytes),
            records: number(recovery.records),
            cut: recovery.cut,
            damage: recovery.damage,
        }
    }
}

/// Numbers about the store's work.
#[napi(object, object_from_js = false)]
pub struct Counters {
    pub commands: f64,
    pub transactions: f64,
    pub syncs: f64,
    pub log_bytes: f64,
    pub moved_bytes: f64,
    pub disk_bytes: f64,
}

impl From<Statistics> for Counters {
    fn from(statistics: Statistics) -> Self {
        Self {
            commands: number(statistics.commands),
            transactions: number(statistics.transactions),
            syncs: number(statistics.syncs),
            log_bytes: number(statistics.log_bytes),
            moved_bytes: number(statistics.moved_bytes),
            disk_bytes: number(statistics.disk_bytes),
        }
    }
}
