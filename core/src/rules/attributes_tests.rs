use super::*;
use crate::command::Counts;
use crate::key::QueueKey;

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()))
        .collect()
}

fn standard(pairs: &[(&str, &str)]) -> Result<QueueAttributes> {
    create("q", &map(pairs))
}

fn fifo(pairs: &[(&str, &str)]) -> Result<QueueAttributes> {
    let mut given = map(pairs);
    given.insert("FifoQueue".into(), "true".into());
    create("q.fifo", &given)
}

fn kind<T>(result: Result<T>) -> ErrorKind {
    result.err().unwrap().kind()
}

fn view(attributes: QueueAttributes) -> QueueView {
    QueueView {
        key: QueueKey::new("000000000000", "us-east-1", "q"),
        uid: 1,
        attributes,
        tags: BTreeMap::new(),
        created_ms: 1_700_000_000_999,
        modified_ms: 1_700_000_001_000,
        counts: Counts {
            visible: 1,
            in_flight: 2,
            delayed: 3,
        },
    }
}

#[test]
fn s1_2_name_and_attribute_come_together() {
    let error = kind(create("q", &map(&[("FifoQueue", "true")])));
    assert_eq!(error, ErrorKind::InvalidParameterValue);
    assert_eq!(
        kind(create("q.fifo", &map(&[]))),
        ErrorKind::InvalidParameterValue
    );
    assert!(fifo(&[]).unwrap().fifo);
    assert!(!standard(&[]).unwrap().fifo);
}

#[test]
fn s1_3_fifo_queue_false_is_unknown_on_a_standard_queue() {
    let error = standard(&[("FifoQueue", "false")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAttributeName);
    assert_eq!(error.text(), "Unknown Attribute FifoQueue.");
}

#[test]
fn s1_4_the_kind_never_changes() {
    let standard = QueueAttributes::new(false);
    let fifo = QueueAttributes::new(true);
    let to = |text| map(&[("FifoQueue", text)]);
    assert_eq!(
        kind(set(&standard, &to("true"))),
        ErrorKind::InvalidAttributeName
    );
    assert_eq!(set(&fifo, &to("true")), Ok(fifo.clone()));
    let error = set(&fifo, &to("false")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAttributeValue);
    assert!(
        error
            .text()
            .ends_with("Reason: Modifying queue type is not supported.")
    );
}

#[test]
fn s12_ranges() {
    for (name, min, max) in [
        ("DelaySeconds", 0, 900),
        ("MaximumMessageSize", 1_024, 1_048_576),
        ("MessageRetentionPeriod", 60, 1_209_600),
        ("ReceiveMessageWaitTimeSeconds", 0, 20),
        ("VisibilityTimeout", 0, 43_200),
        ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
    ] {
        for good in [min, max] {
            let text = good.to_string();
            let attributes = standard(&[(name, &text)]).unwrap();
            assert_eq!(to_map(&attributes)[name], text);
        }
        for bad in [min - 1, max + 1] {
            let error = standard(&[(name, &bad.to_string())]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidAttributeValue);
            assert!(error.text().contains(name) && error.text().contains(&bad.to_string()));
        }
    }
}

#[test]
fn s12_2_numbers_are_digits() {
    for bad in [
        "",
        " 1",
        "1 ",
        "1.0",
        "+1",
        "1e1",
        "x",
        "99999999999999999999",
    ] {
        assert_eq!(
            kind(standard(&[("DelaySeconds", bad)])),
            ErrorKind::InvalidAttributeValue
        );
    }
}

#[test]
fn s12_3_booleans_in_any_case() {
    let given = map(&[("FifoQueue", "True"), ("ContentBasedDeduplication", "TRUE")]);
    let attributes = create("q.fifo", &given).unwrap();
    assert_eq!(to_map(&attributes)["FifoQueue"], "true");
    assert!(attributes.content_deduplication);
    assert_eq!(
        kind(standard(&[("SqsManagedSseEnabled", "1")])),
        ErrorKind::InvalidAttributeValue
    );
}

#[test]
fn s12_4_all_or_nothing() {
    let current = QueueAttributes::new(false);
    let given = map(&[("DelaySeconds", "5"), ("VisibilityTimeout", "x")]);
    assert!(set(&current, &given).is_err());
}

#[test]
fn s12_6_one_kind_of_encryption() {
    let both = standard(&[("KmsMasterKeyId", "k"), ("SqsManagedSseEnabled", "true")]);
    assert_eq!(kind(both), ErrorKind::InvalidAttributeName);
    let kms = standard(&[("KmsMasterKeyId", "k")]).unwrap();
    assert!(!kms.managed_sse);
    let managed = set(&kms, &map(&[("SqsManagedSseEnabled", "true")])).unwrap();
    assert_eq!((managed.managed_sse, managed.kms_key), (true, None));
    assert_eq!(
        set(&kms, &map(&[("KmsMasterKeyId", "")])).unwrap().kms_key,
        None
    );
}

#[test]
fn s12_8_unknown_and_read_only_names() {
    for name in [
        "Foobar",
        "All",
        "delayseconds",
        "QueueArn",
        "ApproximateNumberOfMessages",
    ] {
        let error = standard(&[(name, "1")]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidAttributeName);
        assert_eq!(error.text(), format!("Unknown Attribute {name}."));
        assert_eq!(kind(fifo(&[(name, "1")])), ErrorKind::InvalidAttributeName);
    }
}

#[test]
fn s12_fifo_attributes_on_a_standard_queue() {
    let text = |name| standard(&[(name, "true")]).unwrap_err().text().to_string();
    let content = text("ContentBasedDeduplication");
    assert_eq!(content, "Unknown Attribute ContentBasedDeduplication.");
    for name in ["DeduplicationScope", "FifoThroughputLimit"] {
        let expected = format!("You can specify the {name} only when FifoQueue is set to true.");
        assert_eq!(text(name), expected);
    }
}

#[test]
fn s7_16_throughput_needs_the_group_scope() {
    let limit = ("FifoThroughputLimit", "perMessageGroupId");
    assert_eq!(kind(fifo(&[limit])), ErrorKind::InvalidAttributeValue);
    let both = fifo(&[limit, ("DeduplicationScope", "messageGroup")]).unwrap();
    let back = set(&both, &map(&[("DeduplicationScope", "queue")]));
    assert_eq!(kind(back), ErrorKind::InvalidAttributeValue);
    assert!(
        fifo(&[("DeduplicationScope", "messageGroup")]).is_ok(),
        "S7.14"
    );
    assert_eq!(
        kind(fifo(&[("DeduplicationScope", "x")])),
        ErrorKind::InvalidAttributeValue
    );
}

#[test]
fn s12_policy_is_a_small_json_object() {
    let policy = |text: &str| standard(&[("Policy", text)]).map(|attributes| attributes.policy);
    assert_eq!(policy("{}"), Ok(Some("{}".into())));
    assert_eq!(policy(""), Ok(None));
    let of_size = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert!(policy(&of_size(8_192)).is_ok());
    for bad in ["x", "[]", "1", &of_size(8_193)] {
        assert_eq!(kind(policy(bad)), ErrorKind::InvalidAttributeValue);
    }
}

#[test]
fn s9_3_empty_removes_the_policies() {
    let arn = "arn:aws:sqs:us-east-1:000000000000:dead";
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":"3"}}"#);
    let allow = r#"{"redrivePermission":"denyAll"}"#;
    let given = [
        ("RedrivePolicy", redrive.as_str()),
        ("RedriveAllowPolicy", allow),
    ];
    let attributes = standard(&given).unwrap();
    assert_eq!(attributes.redrive.as_ref().unwrap().max_receives, 3);
    let none = map(&[("RedrivePolicy", ""), ("RedriveAllowPolicy", "")]);
    assert_eq!(set(&attributes, &none), Ok(QueueAttributes::new(false)));
    assert_eq!(
        kind(standard(&[("RedrivePolicy", "x")])),
        ErrorKind::InvalidParameterValue
    );
}

#[test]
fn s11_2_compare_with_current_values() {
    let current = standard(&[("VisibilityTimeout", "10")]).unwrap();
    assert_eq!(compare(&current, &map(&[])), Ok(()));
    assert_eq!(
        compare(&current, &map(&[("VisibilityTimeout", "10")])),
        Ok(())
    );
    let error = compare(&current, &map(&[("VisibilityTimeout", "30")])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueueNameExists);
    assert!(error.text().ends_with("VisibilityTimeout"));
    let bad = compare(&current, &map(&[("VisibilityTimeout", "x")]));
    assert_eq!(kind(bad), ErrorKind::InvalidAttributeValue);
}

#[test]
fn s11_3_a_default_equals_unset() {
    let fresh = QueueAttributes::new(false);
    let defaults = map(&[
        ("DelaySeconds", "0"),
        ("KmsDataKeyReusePeriodSeconds", "300"),
        ("Policy", ""),
        ("RedrivePolicy", ""),
        ("SqsManagedSseEnabled", "true"),
    ]);
    assert_eq!(compare(&fresh, &defaults), Ok(()));
    let fifo = map(&[("FifoQueue", "true"), ("DeduplicationScope", "queue")]);
    assert_eq!(compare(&QueueAttributes::new(true), &fifo), Ok(()));
}

#[test]
fn s12_1_all_of_a_fresh_queue() {
    let names = |attributes| -> Vec<String> {
        describe(&view(attributes), &["All"])
            .unwrap()
            .into_keys()
            .collect()
    };
    let standard = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "CreatedTimestamp",
        "DelaySeconds",
        "LastModifiedTimestamp",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "QueueArn",
        "ReceiveMessageWaitTimeSeconds",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    ];
    assert_eq!(names(QueueAttributes::new(false)), standard);
    let mut fifo: Vec<&str> = standard.into();
    fifo.extend([
        "ContentBasedDeduplication",
        "DeduplicationScope",
        "FifoQueue",
        "FifoThroughputLimit",
    ]);
    fifo.sort_unstable();
    assert_eq!(names(QueueAttributes::new(true)), fifo);
}

#[test]
fn s6_4_and_s17_1_counts_and_times_as_text() {
    let names = [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesDelayed",
        "ApproximateNumberOfMessagesNotVisible",
        "CreatedTimestamp",
        "LastModifiedTimestamp",
        "Policy",
    ];
    let values: Vec<String> = describe(&view(QueueAttributes::new(false)), &names)
        .unwrap()
        .into_values()
        .collect();
    assert_eq!(
        values,
        ["1", "3", "2", "1700000000", "1700000001"],
        "an unset Policy is absent"
    );
}

#[test]
fn a2_1_3_unknown_name_and_no_names() {
    let view = view(QueueAttributes::new(false));
    let error = describe(&view, &["All", "Foobar"]).unwrap_err();
    assert_eq!(error.text(), "Unknown Attribute Foobar.");
    assert!(describe(&view, &[]).unwrap().is_empty());
}

#[test]
fn decode_is_the_inverse_of_to_map() {
    let arn = "arn:aws:sqs:us-east-1:000000000000:dead.fifo";
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":3}}"#);
    let allow = format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{arn}"]}}"#);
    let full = fifo(&[
        ("DelaySeconds", "1"),
        ("KmsMasterKeyId", "key"),
        ("KmsDataKeyReusePeriodSeconds", "60"),
        ("Policy", "{}"),
        ("RedrivePolicy", &redrive),
        ("RedriveAllowPolicy", &allow),
        ("ContentBasedDeduplication", "true"),
        ("DeduplicationScope", "messageGroup"),
        ("FifoThroughputLimit", "perMessageGroupId"),
    ])
    .unwrap();
    let unmanaged = standard(&[("SqsManagedSseEnabled", "false")]).unwrap();
    for attributes in [full, unmanaged, QueueAttributes::new(false)] {
        assert_eq!(
            decode(attributes.fifo, &to_map(&attributes)),
            Ok(attributes)
        );
    }
}
