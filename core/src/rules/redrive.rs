//! Dead-letter queues (S9): the policies' JSON and who may use whom; and the handles and message
//! ids of move tasks (S10).

use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::limits;
use crate::message::MessageId;
use crate::queue::{QueueAttributes, RedriveAllowPolicy, RedrivePolicy};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const REDRIVE: &str = "RedrivePolicy";
const ALLOW: &str = "RedriveAllowPolicy";
const TARGET: &str = "deadLetterTargetArn";
const MAX_RECEIVES: &str = "maxReceiveCount";
const PERMISSION: &str = "redrivePermission";
const SOURCES: &str = "sourceQueueArns";

/// S9.1: reads `RedrivePolicy`; the count is a number or a numeric string, 1 to 1,000.
pub fn parse_policy(text: &str) -> Result<RedrivePolicy> {
    let bad = |reason: String| Error::bad_value(text, REDRIVE, &reason);
    let policy: serde_json::Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| bad("Redrive policy is not a valid JSON map.".into()))?;
    let member = |name: &str| {
        let missing = || {
            bad(format!(
                "Redrive policy does not contain mandatory attribute: {name}."
            ))
        };
        policy.get(name).ok_or_else(missing)
    };
    let target = member(TARGET)?;
    let target = target
        .as_str()
        .and_then(|arn| QueueKey::from_arn(arn, TARGET).ok())
        .ok_or_else(|| {
            bad(format!(
                "Invalid value for {TARGET}: {target}, it is no queue ARN."
            ))
        })?;
    let count = member(MAX_RECEIVES)?;
    let max_receives = match count {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_u64(),
    };
    match max_receives.and_then(|count| u32::try_from(count).ok()) {
        Some(max_receives) if (1..=limits::MAX_RECEIVES_MAX).contains(&max_receives) => {
            Ok(RedrivePolicy {
                target,
                max_receives,
            })
        }
        _ => Err(bad(format!(
            "Invalid value for {MAX_RECEIVES}: {count}, valid values are from 1 to {} both \
             inclusive.",
            limits::MAX_RECEIVES_MAX
        ))),
    }
}

/// S9.1: the text of a policy, the count as a number.
pub fn print_policy(policy: &RedrivePolicy) -> String {
    json!({ TARGET: policy.target.arn(), MAX_RECEIVES: policy.max_receives }).to_string()
}

/// S9.14: reads `RedriveAllowPolicy`; `sourceQueueArns`, 1 to 10, belong to `byQueue` only.
pub fn parse_allow(text: &str) -> Result<RedriveAllowPolicy> {
    let bad = |reason: &str| Error::bad_value(text, ALLOW, reason);
    let policy: serde_json::Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| bad("Redrive allow policy is not a valid JSON map."))?;
    let sources = policy.get(SOURCES);
    match (policy.get(PERMISSION).and_then(Value::as_str), sources) {
        (Some("allowAll"), None) => Ok(RedriveAllowPolicy::AllowAll),
        (Some("denyAll"), None) => Ok(RedriveAllowPolicy::DenyAll),
        (Some("byQueue"), Some(Value::Array(arns)))
            if (1..=limits::REDRIVE_SOURCES_MAX).contains(&arns.len()) =>
        {
            let key = |arn: &Value| QueueKey::from_arn(arn.as_str()?, SOURCES).ok();
            let keys: Option<Vec<QueueKey>> = arns.iter().map(key).collect();
            keys.map(RedriveAllowPolicy::ByQueue)
                .ok_or_else(|| bad("sourceQueueArns must be a list of queue ARNs."))
        }
        (Some("byQueue"), _) => Err(bad(
            "redrivePermission byQueue needs sourceQueueArns with 1 to 10 queue ARNs.",
        )),
        (Some("allowAll" | "denyAll"), Some(_)) => Err(bad(
            "sourceQueueArns is for redrivePermission byQueue only.",
        )),
        _ => Err(bad(
            "redrivePermission must be allowAll, denyAll or byQueue.",
        )),
    }
}

/// S9.14: the text of an allow policy.
pub fn print_allow(policy: &RedriveAllowPolicy) -> String {
    match policy {
        RedriveAllowPolicy::AllowAll => json!({ PERMISSION: "allowAll" }),
        RedriveAllowPolicy::DenyAll => json!({ PERMISSION: "denyAll" }),
        RedriveAllowPolicy::ByQueue(keys) => {
            let arns: Vec<String> = keys.iter().map(QueueKey::arn).collect();
            json!({ PERMISSION: "byQueue", SOURCES: arns })
        }
    }
    .to_string()
}

/// S9.2, S9.14: whether `source` may name `target` as its dead-letter queue. A queue may not
/// name itself: its messages would circle within one receive.
/// `target_attributes` is `None` where the target does not exist.
pub fn check_target(
    source: &QueueKey,
    source_fifo: bool,
    target: &QueueKey,
    target_attributes: Option<&QueueAttributes>,
) -> Result<()> {
    let refuse = |reason: &str| {
        let value = json!({ TARGET: target.arn() });
        Err(Error::bad_value(value, REDRIVE, reason))
    };
    if (&source.account, &source.region) != (&target.account, &target.region) {
        return refuse("Dead letter target must be in the same account and region.");
    }
    if source == target {
        return refuse("Dead letter target must be another queue.");
    }
    let Some(attributes) = target_attributes else {
        return refuse("Dead letter target does not exist.");
    };
    if attributes.fifo != source_fifo {
        return refuse("Dead letter target must be of the same type (standard or FIFO).");
    }
    let allowed = match &attributes.redrive_allow {
        None | Some(RedriveAllowPolicy::AllowAll) => true,
        Some(RedriveAllowPolicy::DenyAll) => false,
        Some(RedriveAllowPolicy::ByQueue(keys)) => keys.contains(source),
    };
    if !allowed {
        return refuse("Dead letter target's RedriveAllowPolicy does not allow this source queue.");
    }
    Ok(())
}

/// S10.15: the opaque handle of a move task.
pub fn encode_task(source: &QueueKey, task: u64) -> String {
    STANDARD
        .encode(json!({ "taskId": format!("{task:016x}"), "sourceArn": source.arn() }).to_string())
}

/// S10.15: reads a handle of [`encode_task`]; anything else is InvalidParameterValue.
pub fn decode_task(handle: &str) -> Result<(QueueKey, u64)> {
    parse_task(handle).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidParameterValue,
            "Value for parameter TaskHandle is invalid.",
        )
    })
}

fn parse_task(handle: &str) -> Option<(QueueKey, u64)> {
    let bytes = STANDARD.decode(handle).ok()?;
    let value: Value = serde_json::from_slice(&bytes).ok()?;
    let source = QueueKey::from_arn(value.get("sourceArn")?.as_str()?, "SourceArn").ok()?;
    let task = u64::from_str_radix(value.get("taskId")?.as_str()?, 16).ok()?;
    Some((source, task))
}

/// S10.12: id of the `n`-th message that `task` moved, from 0. It follows from these numbers, so
/// that a step that is carried out again stores the same messages.
pub fn moved_id(task: u64, n: u64) -> MessageId {
    let mut hash = Sha256::new();
    hash.update(b"forebay move");
    hash.update(task.to_be_bytes());
    hash.update(n.to_be_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&hash.finalize()[..16]);
    // A UUID of version 8, "vendor specific", in the usual variant.
    id[6] = (id[6] & 0x0f) | 0x80;
    id[8] = (id[8] & 0x3f) | 0x80;
    MessageId(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> QueueKey {
        QueueKey::new("000000000000", "us-east-1", name)
    }

    #[test]
    fn s9_1_policy_with_number_or_text() {
        let expected = RedrivePolicy {
            target: key("dead"),
            max_receives: 5,
        };
        for count in ["5", "\"5\""] {
            let text = format!(
                r#"{{"deadLetterTargetArn":"{}","maxReceiveCount":{count}}}"#,
                key("dead").arn()
            );
            assert_eq!(parse_policy(&text), Ok(expected.clone()));
        }
        assert_eq!(parse_policy(&print_policy(&expected)), Ok(expected));
    }

    #[test]
    fn s9_1_bad_policies() {
        let arn = key("dead").arn();
        let with_count =
            |count: &str| format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{count}}}"#);
        let mut bad: Vec<String> = ["0", "1001", "-1", "1.5", "null", "\"x\"", "\"\""]
            .map(with_count)
            .into();
        bad.push("not json".into());
        bad.push("[]".into());
        bad.push(r#"{"maxReceiveCount":1}"#.into());
        bad.push(format!(r#"{{"deadLetterTargetArn":"{arn}"}}"#));
        bad.push(r#"{"deadLetterTargetArn":"x","maxReceiveCount":1}"#.into());
        for text in bad {
            let error = parse_policy(&text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
            assert!(error.text().contains(&text), "{}", error.text());
        }
    }

    #[test]
    fn s9_14_allow_policies() {
        for policy in [
            RedriveAllowPolicy::AllowAll,
            RedriveAllowPolicy::DenyAll,
            RedriveAllowPolicy::ByQueue(vec![key("a"), key("b")]),
        ] {
            assert_eq!(parse_allow(&print_allow(&policy)), Ok(policy));
        }
        let eleven = RedriveAllowPolicy::ByQueue(vec![key("a"); 11]);
        for bad in [
            "x",
            "{}",
            r#"{"redrivePermission":"some"}"#,
            r#"{"redrivePermission":"byQueue"}"#,
            r#"{"redrivePermission":"byQueue","sourceQueueArns":[]}"#,
            r#"{"redrivePermission":"byQueue","sourceQueueArns":["x"]}"#,
            r#"{"redrivePermission":"denyAll","sourceQueueArns":["arn:aws:sqs:r:a:n"]}"#,
            &print_allow(&eleven),
        ] {
            let error = parse_allow(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue, "{bad}");
        }
    }

    #[test]
    fn s9_2_targets() {
        let (standard, fifo) = (QueueAttributes::new(false), QueueAttributes::new(true));
        let (source, target) = (key("q"), key("dead"));
        let check =
            |target: &QueueKey, attributes| check_target(&source, false, target, attributes);
        assert_eq!(check(&target, Some(&standard)), Ok(()));
        assert!(check(&target, None).is_err(), "does not exist");
        assert!(check(&target, Some(&fifo)).is_err(), "other kind");
        assert!(check(&source, Some(&standard)).is_err(), "itself");
        let elsewhere = QueueKey::new("000000000000", "eu-west-1", "dead");
        assert!(check(&elsewhere, Some(&standard)).is_err(), "other region");
        let stranger = QueueKey::new("111111111111", "us-east-1", "dead");
        assert!(check(&stranger, Some(&standard)).is_err(), "other account");
    }

    #[test]
    fn s9_14_the_target_decides() {
        let with = |policy| QueueAttributes {
            redrive_allow: Some(policy),
            ..QueueAttributes::new(false)
        };
        let check = |policy| check_target(&key("q"), false, &key("dead"), Some(&with(policy)));
        assert_eq!(check(RedriveAllowPolicy::AllowAll), Ok(()));
        assert!(check(RedriveAllowPolicy::DenyAll).is_err());
        assert_eq!(check(RedriveAllowPolicy::ByQueue(vec![key("q")])), Ok(()));
        assert!(check(RedriveAllowPolicy::ByQueue(vec![key("other")])).is_err());
    }

    #[test]
    fn s10_15_task_handles() {
        for task in [0, 1, u64::MAX] {
            let handle = encode_task(&key("dead"), task);
            assert_eq!(decode_task(&handle), Ok((key("dead"), task)));
        }
        for bad in ["", "garbage", "e30=", &STANDARD.encode("[]")] {
            let error = decode_task(bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
            assert!(
                error
                    .text()
                    .starts_with("Value for parameter TaskHandle is invalid.")
            );
        }
    }

    #[test]
    fn s10_12_moved_ids_are_fixed_and_distinct() {
        assert_eq!(moved_id(1, 2), moved_id(1, 2));
        assert_ne!(moved_id(1, 2), moved_id(1, 3));
        assert_ne!(moved_id(1, 2), moved_id(2, 2));
        let text = moved_id(1, 2).to_string();
        assert_eq!(text.as_bytes()[14], b'8', "version of {text}");
    }
}
