//! Queue attributes as text: names, ranges, defaults and what goes together (S12).

use crate::command::QueueView;
use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::queue::{DeduplicationScope, QueueAttributes, ThroughputLimit};
use crate::rules::{names, redrive, text};
use std::collections::BTreeMap;

/// S12: what a queue reports of itself and nobody sets.
const READ_ONLY: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];
const SETTABLE: [&str; 15] = [
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];
const KMS_REUSE_S_MIN: u32 = 60;
const KMS_REUSE_S_MAX: u32 = 86_400;
const KMS_REUSE_S_DEFAULT: u32 = 300;

/// Attributes of a new queue `name` (S1.2, S1.3, S12). The redrive target is the store's to
/// check, with [`redrive::check_target`].
pub fn create(name: &str, given: &BTreeMap<String, String>) -> Result<QueueAttributes> {
    names::check_queue_name(name)?;
    let wants_fifo = given
        .get("FifoQueue")
        .map(|text| text.eq_ignore_ascii_case("true"));
    match (names::is_fifo(name), wants_fifo) {
        (false, Some(true)) => Err(Error::bad_value(
            name,
            "QueueName",
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or \
             underscores, must end with .fifo suffix and be 1 to 80 in length.",
        )),
        (true, None | Some(false)) => Err(Error::bad_value(
            name,
            "QueueName",
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in \
             length. A name that ends in .fifo needs the attribute FifoQueue=true.",
        )),
        (fifo, _) => apply(QueueAttributes::new(fifo), given),
    }
}

/// `current` changed by `given`, all or nothing (S12.4).
pub fn set(current: &QueueAttributes, given: &BTreeMap<String, String>) -> Result<QueueAttributes> {
    apply(current.clone(), given)
}

/// S11.2, S11.3: whether CreateQueue of an existing queue may answer with it: every attribute
/// given equals the current one, where a default equals an unset one.
pub fn compare(current: &QueueAttributes, given: &BTreeMap<String, String>) -> Result<()> {
    let wanted = comparable(&apply(QueueAttributes::new(current.fifo), given)?);
    let current = comparable(current);
    match given
        .keys()
        .find(|name| wanted.get(*name) != current.get(*name))
    {
        Some(name) => Err(Error::new(
            ErrorKind::QueueNameExists,
            format!(
                "A queue already exists with the same name and a different value for attribute \
                 {name}"
            ),
        )),
        None => Ok(()),
    }
}

/// S12.1: the attributes that are set, as text.
pub fn to_map(attributes: &QueueAttributes) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    let mut put = |name: &str, value: String| {
        map.insert(name.to_string(), value);
    };
    put("DelaySeconds", attributes.delay_s.to_string());
    put(
        "MaximumMessageSize",
        attributes.message_bytes_max.to_string(),
    );
    put("MessageRetentionPeriod", attributes.retention_s.to_string());
    put(
        "ReceiveMessageWaitTimeSeconds",
        attributes.wait_s.to_string(),
    );
    put("VisibilityTimeout", attributes.visibility_s.to_string());
    put("SqsManagedSseEnabled", attributes.managed_sse.to_string());
    let optional = [
        ("Policy", attributes.policy.clone()),
        (
            "RedrivePolicy",
            attributes.redrive.as_ref().map(redrive::print_policy),
        ),
        (
            "RedriveAllowPolicy",
            attributes.redrive_allow.as_ref().map(redrive::print_allow),
        ),
        ("KmsMasterKeyId", attributes.kms_key.clone()),
        (
            "KmsDataKeyReusePeriodSeconds",
            attributes.kms_reuse_s.map(|s| s.to_string()),
        ),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            put(name, value);
        }
    }
    if attributes.fifo {
        let scope = match attributes.deduplication_scope {
            DeduplicationScope::Queue => "queue",
            DeduplicationScope::MessageGroup => "messageGroup",
        };
        let limit = match attributes.throughput_limit {
            ThroughputLimit::PerQueue => "perQueue",
            ThroughputLimit::PerMessageGroupId => "perMessageGroupId",
        };
        put("FifoQueue", "true".into());
        put(
            "ContentBasedDeduplication",
            attributes.content_deduplication.to_string(),
        );
        put("DeduplicationScope", scope.into());
        put("FifoThroughputLimit", limit.into());
    }
    map
}

/// The inverse of [`to_map`], for stored queues.
pub fn decode(fifo: bool, map: &BTreeMap<String, String>) -> Result<QueueAttributes> {
    apply(QueueAttributes::new(fifo), map)
}

/// GetQueueAttributes (A2.1): what `names` ask for; `All` asks for everything that is set. An
/// unknown name is InvalidAttributeName.
pub fn describe(view: &QueueView, names: &[&str]) -> Result<BTreeMap<String, String>> {
    let known = |name: &&str| *name == "All" || READ_ONLY.contains(name) || SETTABLE.contains(name);
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        return Err(unknown_attribute(unknown));
    }
    let mut all = to_map(&view.attributes);
    let own = [
        view.counts.visible.to_string(),
        view.counts.delayed.to_string(),
        view.counts.in_flight.to_string(),
        (view.created_ms / 1000).to_string(),
        (view.modified_ms / 1000).to_string(),
        view.key.arn(),
    ];
    all.extend(READ_ONLY.into_iter().map(String::from).zip(own));
    if !names.contains(&"All") {
        all.retain(|name, _| names.contains(&name.as_str()));
    }
    Ok(all)
}

fn comparable(attributes: &QueueAttributes) -> BTreeMap<String, String> {
    let mut map = to_map(attributes);
    map.entry("KmsDataKeyReusePeriodSeconds".into())
        .or_insert_with(|| KMS_REUSE_S_DEFAULT.to_string());
    map
}

fn apply(
    mut attributes: QueueAttributes,
    given: &BTreeMap<String, String>,
) -> Result<QueueAttributes> {
    let asks_kms = given
        .get("KmsMasterKeyId")
        .is_some_and(|key| !key.is_empty());
    let asks_sse = given
        .get("SqsManagedSseEnabled")
        .is_some_and(|on| on.eq_ignore_ascii_case("true"));
    if asks_kms && asks_sse {
        return Err(Error::new(
            ErrorKind::InvalidAttributeName,
            "You can use one type of server-side encryption (SSE) at one time. You can either \
             enable KMS SSE or SQS SSE.",
        ));
    }
    for (name, text) in given {
        apply_one(&mut attributes, name, text)?;
    }
    if attributes.throughput_limit == ThroughputLimit::PerMessageGroupId
        && attributes.deduplication_scope != DeduplicationScope::MessageGroup
    {
        return Err(invalid_value(
            "FifoThroughputLimit",
            "perMessageGroupId needs DeduplicationScope=messageGroup.",
        ));
    }
    Ok(attributes)
}

fn apply_one(attributes: &mut QueueAttributes, name: &str, text: &str) -> Result<()> {
    let number = |min, max| parse_number(name, text, min, max);
    match name {
        "DelaySeconds" => attributes.delay_s = number(0, limits::DELAY_S_MAX)?,
        "MaximumMessageSize" => {
            let range = (limits::MESSAGE_BYTES_MIN, limits::MESSAGE_BYTES_MAX);
            attributes.message_bytes_max = number(range.0, range.1)?;
        }
        "MessageRetentionPeriod" => {
            attributes.retention_s = number(limits::RETENTION_S_MIN, limits::RETENTION_S_MAX)?;
        }
        "ReceiveMessageWaitTimeSeconds" => attributes.wait_s = number(0, limits::WAIT_S_MAX)?,
        "VisibilityTimeout" => attributes.visibility_s = number(0, limits::VISIBILITY_S_MAX)?,
        "Policy" => attributes.policy = parse_queue_policy(text)?,
        "RedrivePolicy" => attributes.redrive = parse_unless_empty(text, redrive::parse_policy)?,
        "RedriveAllowPolicy" => {
            attributes.redrive_allow = parse_unless_empty(text, redrive::parse_allow)?;
        }
        // S12.6: one kind of encryption ends the other.
        "KmsMasterKeyId" if text.is_empty() => attributes.kms_key = None,
        "KmsMasterKeyId" => {
            check_kms_key(text)?;
            attributes.kms_key = Some(text.into());
            attributes.managed_sse = false;
        }
        "SqsManagedSseEnabled" => {
            attributes.managed_sse = parse_bool(name, text)?;
            if attributes.managed_sse {
                attributes.kms_key = None;
            }
        }
        "KmsDataKeyReusePeriodSeconds" => {
            attributes.kms_reuse_s = Some(number(KMS_REUSE_S_MIN, KMS_REUSE_S_MAX)?);
        }
        _ => apply_fifo(attributes, name, text)?,
    }
    Ok(())
}

/// The attributes that only FIFO queues have (S1.3, S1.4, S7.16).
fn apply_fifo(attributes: &mut QueueAttributes, name: &str, text: &str) -> Result<()> {
    match name {
        "DeduplicationScope" | "FifoThroughputLimit" if !attributes.fifo => Err(Error::new(
            ErrorKind::InvalidAttributeName,
            format!("You can specify the {name} only when FifoQueue is set to true."),
        )),
        _ if !attributes.fifo => Err(unknown_attribute(name)),
        "FifoQueue" if text.eq_ignore_ascii_case("true") => Ok(()),
        "FifoQueue" => Err(invalid_value(
            name,
            "Modifying queue type is not supported.",
        )),
        "ContentBasedDeduplication" => {
            attributes.content_deduplication = parse_bool(name, text)?;
            Ok(())
        }
        "DeduplicationScope" => {
            attributes.deduplication_scope = match text {
                "queue" => DeduplicationScope::Queue,
                "messageGroup" => DeduplicationScope::MessageGroup,
                _ => return Err(not_one_of(name, text, "queue or messageGroup")),
            };
            Ok(())
        }
        "FifoThroughputLimit" => {
            attributes.throughput_limit = match text {
                "perQueue" => ThroughputLimit::PerQueue,
                "perMessageGroupId" => ThroughputLimit::PerMessageGroupId,
                _ => return Err(not_one_of(name, text, "perQueue or perMessageGroupId")),
            };
            Ok(())
        }
        _ => Err(unknown_attribute(name)),
    }
}

/// S12.2: decimal digits only.
fn parse_number(name: &str, text: &str, min: u32, max: u32) -> Result<u32> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits && (min..=max).contains(&number) => Ok(number),
        _ => {
            let reason = format!("{text:?} is not a whole number from {min} to {max}.");
            Err(invalid_value(name, &reason))
        }
    }
}

/// S12.3: any case.
fn parse_bool(name: &str, text: &str) -> Result<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(not_one_of(name, text, "true or false")),
    }
}

/// S12: the name of a key, which nothing here uses.
fn check_kms_key(key: &str) -> Result<()> {
    let fits = key.chars().count() <= limits::KMS_KEY_CHARS_MAX;
    if fits && text::is_sqs_text(key) {
        return Ok(());
    }
    let reason = format!(
        "{key:?} is not a key of at most {} characters.",
        limits::KMS_KEY_CHARS_MAX
    );
    Err(invalid_value("KmsMasterKeyId", &reason))
}

/// S12: a queue policy is a JSON object of at most 8,192 bytes; empty removes it.
fn parse_queue_policy(text: &str) -> Result<Option<String>> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > limits::POLICY_BYTES_MAX {
        let reason = format!(
            "It has {} bytes, at most {}.",
            text.len(),
            limits::POLICY_BYTES_MAX
        );
        return Err(invalid_value("Policy", &reason));
    }
    match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
        Ok(_) => Ok(Some(text.into())),
        Err(error) => Err(invalid_value(
            "Policy",
            &format!("It is no JSON object: {error}."),
        )),
    }
}

fn parse_unless_empty<T>(text: &str, parse: fn(&str) -> Result<T>) -> Result<Option<T>> {
    if text.is_empty() {
        Ok(None)
    } else {
        parse(text).map(Some)
    }
}

fn not_one_of(name: &str, text: &str, choices: &str) -> Error {
    invalid_value(name, &format!("{text:?} is not {choices}."))
}

fn invalid_value(name: &str, reason: &str) -> Error {
    Error::new(
        ErrorKind::InvalidAttributeValue,
        format!("Invalid value for the parameter {name}. Reason: {reason}"),
    )
}

/// S12.8.
fn unknown_attribute(name: &str) -> Error {
    Error::new(
        ErrorKind::InvalidAttributeName,
        format!("Unknown Attribute {name}."),
    )
}

#[cfg(test)]
#[path = "attributes_tests.rs"]
mod tests;
