//! Texts that queues are told by: attributes, redrive policies, tokens and handles of lists and
//! tasks. What is taken can be printed, and means the same when it is read again.

use crate::store::values;
use crate::{Input, Target};
use forebay::rules::{attributes, names, paging, redrive, tags, text};

/// Texts with rules.
pub const TARGET: Target = Target {
    name: "rules",
    about: "queue attributes, redrive policies, page tokens and task handles",
    body,
    seeds,
    words: &[
        "VisibilityTimeout",
        "DelaySeconds",
        "FifoQueue",
        "RedrivePolicy",
        "RedriveAllowPolicy",
        "deadLetterTargetArn",
        "maxReceiveCount",
        "redrivePermission",
        "sourceQueueArns",
        "byQueue",
        "arn:aws:sqs:us-east-1:000000000000:q",
        "true",
        ".fifo",
    ],
    bytes_max: 2_048,
    mutations: 3_000,
};

/// Attributes that a client can set.
const NAMES: [&str; 14] = [
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
    "VisibilityTimeout",
];

fn seeds() -> Vec<Vec<u8>> {
    let source = forebay::key::QueueKey::new("000000000000", "us-east-1", "q");
    let arn = source.arn();
    vec![
        format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"5"}}"#).into_bytes(),
        format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{arn}"]}}"#).into_bytes(),
        br#"{"redrivePermission":"denyAll"}"#.to_vec(),
        redrive::encode_task(&source, 7).into_bytes(),
        paging::encode_token("last").into_bytes(),
        b"\x01q\x02\x0d\x0230\x02\x015".to_vec(),
    ]
}

fn body(data: &[u8]) {
    let given = String::from_utf8_lossy(data);
    if let Ok(policy) = redrive::parse_policy(&given) {
        let again = redrive::parse_policy(&redrive::print_policy(&policy));
        assert_eq!(again, Ok(policy));
    }
    if let Ok(policy) = redrive::parse_allow(&given) {
        let again = redrive::parse_allow(&redrive::print_allow(&policy));
        assert_eq!(again, Ok(policy));
    }
    if let Ok((source, task)) = redrive::decode_task(&given) {
        let again = redrive::decode_task(&redrive::encode_task(&source, task));
        assert_eq!(again, Ok((source, task)));
    }
    if let Ok(last) = paging::decode_token(&given) {
        assert_eq!(paging::decode_token(&paging::encode_token(&last)), Ok(last));
    }
    let _ = (names::check_queue_name(&given), text::is_sqs_text(data));
    let input = &mut Input::new(data);
    let name = input.text();
    let pairs = input.list(5, |input| (input.one(&NAMES).to_owned(), input.text()));
    let given = pairs.into_iter().collect();
    if let Ok(all) = attributes::create(&name, &given) {
        let map = attributes::to_map(&all);
        assert_eq!(attributes::decode(all.fifo, &map).as_ref(), Ok(&all));
        assert!(attributes::compare(&all, &given).is_ok(), "{given:?}");
        if let Ok(changed) = attributes::set(&all, &given) {
            assert_eq!(changed, all, "{given:?} set on what it made");
        }
    }
    let _ = tags::check(&values::map(input));
}
