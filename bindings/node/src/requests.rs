//! From JavaScript's options to the core's requests.

use crate::numbers::{ranged_if, whole_if};
use forebay_ffi::api::{
    ClockMode, Durability, Error, ErrorKind, MessageState, Number, OpenOptions, PeekOptions,
    QueueOptions, ReceiveOptions, Result,
};
use napi_derive::napi;
use std::collections::HashMap;
use std::time::Duration;

/// How a store is opened.
#[napi(object, object_to_js = false)]
pub struct OpenInput {
    pub account: Option<String>,
    pub region: Option<String>,
    pub durability: Option<String>,
    /// Start of a manual clock, milliseconds since the epoch.
    pub clock_start_ms: Option<f64>,
    pub sqs_limits: Option<bool>,
    pub sixty_second_rules: Option<bool>,
    pub create: Option<bool>,
    pub allow_network_file_system: Option<bool>,
    pub lock_timeout_ms: Option<f64>,
    pub segment_bytes: Option<f64>,
    pub reserve_bytes: Option<f64>,
}

impl OpenInput {
    pub fn read(self) -> Result<OpenOptions> {
        let mut options = OpenOptions::new();
        if let Some(account) = self.account {
            options = options.account(account);
        }
        if let Some(region) = self.region {
            options = options.region(region);
        }
        if let Some(durability) = self.durability {
            options = options.durability(read_durability(&durability)?);
        }
        if let Some(start_ms) = whole_if("clockStart", self.clock_start_ms)? {
            options = options.clock(ClockMode::Manual { start_ms });
        }
        if let Some(on) = self.sqs_limits {
            options = options.sqs_limits(on);
        }
        if let Some(on) = self.sixty_second_rules {
            options = options.sixty_second_rules(on);
        }
        if let Some(on) = self.create {
            options = options.create(on);
        }
        if let Some(on) = self.allow_network_file_system {
            options = options.allow_network_file_system(on);
        }
        if let Some(timeout_ms) = whole_if("lockTimeout", self.lock_timeout_ms)? {
            options = options.lock_timeout(Duration::from_millis(timeout_ms));
        }
        if let Some(bytes) = whole_if("segmentBytes", self.segment_bytes)? {
            options = options.segment_bytes(bytes);
        }
        if let Some(bytes) = whole_if("reserveBytes", self.reserve_bytes)? {
            options = options.reserve_bytes(bytes);
        }
        Ok(options)
    }
}

fn read_durability(text: &str) -> Result<Durability> {
    match text {
        "full" => Ok(Durability::Full),
        "strict" => Ok(Durability::Strict),
        "os" => Ok(Durability::Os),
        other => {
            let text = format!("durability is {other:?}; it is \"full\", \"strict\" or \"os\"");
            Err(Error::new(ErrorKind::InvalidArgument, text))
        }
    }
}

/// What a queue is created with.
#[napi(object, object_to_js = false)]
pub struct QueueInput {
    /// By their SQS names, as text.
    pub attributes: HashMap<String, String>,
    pub tags: HashMap<String, String>,
    pub dead_letter: Option<String>,
    pub max_receives: Option<f64>,
}

impl QueueInput {
    pub fn read(self) -> Result<QueueOptions> {
        let mut options = QueueOptions::new().attributes(self.attributes);
        for (key, value) in self.tags {
            options = options.tag(key, value);
        }
        match (
            self.dead_letter,
            ranged_if(Number::MaxReceives, self.max_receives)?,
        ) {
            (Some(target), Some(count)) => Ok(options.dead_letter(target, count)),
            (None, None) => Ok(options),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                "deadLetter and maxReceives are given together",
            )),
        }
    }
}

/// How messages are received, value by value.
pub struct ReceiveInput {
    pub max: Option<f64>,
    pub wait: Option<f64>,
    pub visibility_timeout: Option<f64>,
    pub attempt: Option<String>,
}

impl ReceiveInput {
    pub fn read(self) -> Result<ReceiveOptions> {
        let mut options = ReceiveOptions::new();
        if let Some(max) = ranged_if(Number::Max, self.max)? {
            options = options.max(max);
        }
        if let Some(seconds) = ranged_if(Number::Wait, self.wait)? {
            options = options.wait(seconds);
        }
        if let Some(seconds) = ranged_if(Number::Visibility, self.visibility_timeout)? {
            options = options.visibility_timeout(seconds);
        }
        if let Some(attempt) = self.attempt {
            options = options.attempt(attempt);
        }
        Ok(options)
    }
}

/// What a peek shows.
#[napi(object, object_to_js = false)]
pub struct PeekInput {
    pub states: Option<Vec<String>>,
    pub group: Option<String>,
    pub after: Option<f64>,
    pub max: Option<f64>,
}

impl PeekInput {
    pub fn read(self) -> Result<PeekOptions> {
        let mut options = PeekOptions::new();
        for state in self.states.into_iter().flatten() {
            options = options.state(read_state(&state)?);
        }
        if let Some(group) = self.group {
            options = options.group(group);
        }
        if let Some(sequence) = whole_if("after", self.after)? {
            options = options.after(sequence);
        }
        if let Some(max) = whole_if("max", self.max)? {
            options = options.limit(max);
        }
        Ok(options)
    }
}

fn read_state(text: &str) -> Result<MessageState> {
    match text {
        "delayed" => Ok(MessageState::Delayed),
        "visible" => Ok(MessageState::Visible),
        "inFlight" => Ok(MessageState::InFlight),
        other => {
            let text = format!("{other:?} is no state: \"delayed\", \"visible\" or \"inFlight\"");
            Err(Error::new(ErrorKind::InvalidArgument, text))
        }
    }
}
