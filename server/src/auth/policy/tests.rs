//! The language, the decisions, and the statements of AddPermission.

use super::*;
use crate::auth::Identity;
use forebay::ErrorKind;
use forebay::key::QueueKey;
use serde_json::{Value, json};

const QUEUE: &str = "arn:aws:sqs:us-east-1:111111111111:q";

fn key() -> QueueKey {
    QueueKey::new("111111111111", "us-east-1", "q")
}

fn policy(statements: Value) -> Policy {
    let text = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
    parse(&text).unwrap()
}

fn asked(policy: &Policy, caller: &Identity, action: &str, context: &Context) -> Decision {
    let question = Question {
        caller,
        action,
        resource: QUEUE,
        context,
    };
    decide(policy, question)
}

/// What one statement with this condition says about SendMessage by anyone.
fn condition(condition: Value, context: &Context) -> bool {
    let statement = json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:*",
        "Resource": QUEUE, "Condition": condition });
    let decision = asked(
        &policy(statement),
        &Identity::anonymous(),
        "SendMessage",
        context,
    );
    decision == Decision::Allow
}

#[test]
fn u7_2_a_deny_wins() {
    let both = policy(json!([
        { "Effect": "Allow", "Principal": "*", "Action": "SQS:*", "Resource": QUEUE },
        { "Effect": "Deny", "Principal": { "AWS": "222222222222" }, "Action": "sqs:Send*" }
    ]));
    let context = Context::default();
    let other = Identity::root("222222222222");
    assert_eq!(
        asked(&both, &other, "SendMessage", &context),
        Decision::Deny
    );
    assert_eq!(
        asked(&both, &other, "ReceiveMessage", &context),
        Decision::Allow
    );
    let third = Identity::root("333333333333");
    assert_eq!(
        asked(&both, &third, "SendMessage", &context),
        Decision::Allow
    );
    assert_eq!(
        asked(&both, &Identity::anonymous(), "SendMessage", &context),
        Decision::Allow
    );
}

#[test]
fn u8_principals() {
    let context = Context::default();
    let mut user = Identity::root("222222222222");
    user.kind = crate::auth::Kind::User("bob".into());
    let mut role = Identity::root("222222222222");
    role.kind = crate::auth::Kind::Role("admin".into(), "s1".into());
    let says = |principal: Value, caller: &Identity| {
        let statement =
            json!({ "Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*" });
        asked(&policy(statement), caller, "SendMessage", &context) == Decision::Allow
    };
    for account in ["222222222222", "arn:aws:iam::222222222222:root"] {
        assert!(says(json!({ "AWS": account }), &user), "{account}");
        assert!(
            says(json!({ "AWS": [account, "333333333333"] }), &role),
            "{account}"
        );
    }
    assert!(says(
        json!({ "AWS": "arn:aws:iam::222222222222:user/bob" }),
        &user
    ));
    assert!(!says(
        json!({ "AWS": "arn:aws:iam::222222222222:user/eve" }),
        &user
    ));
    assert!(says(
        json!({ "AWS": "arn:aws:iam::222222222222:role/admin" }),
        &role
    ));
    let session = "arn:aws:sts::222222222222:assumed-role/admin/s1";
    assert!(says(json!({ "AWS": session }), &role));
    assert!(!says(json!({ "Service": "sns.amazonaws.com" }), &user));
    assert!(says(json!({ "AWS": "*" }), &Identity::anonymous()));
    assert!(!says(
        json!({ "AWS": "222222222222" }),
        &Identity::anonymous()
    ));
    let others = json!({ "Effect": "Deny", "NotPrincipal": { "AWS": "222222222222" },
        "Action": "sqs:*", "Resource": QUEUE });
    let others = policy(others);
    assert_eq!(
        asked(&others, &user, "SendMessage", &context),
        Decision::Silent
    );
    let third = Identity::root("333333333333");
    assert_eq!(
        asked(&others, &third, "SendMessage", &context),
        Decision::Deny
    );
}

#[test]
fn u8_actions_and_resources() {
    let context = Context::default();
    let says = |part: Value, action: &str| {
        let mut statement = json!({ "Effect": "Allow", "Principal": "*" });
        for (name, value) in part.as_object().unwrap() {
            statement[name] = value.clone();
        }
        let policy = policy(statement);
        asked(&policy, &Identity::anonymous(), action, &context) == Decision::Allow
    };
    assert!(says(json!({ "Action": "SQS:sendmessage" }), "SendMessage"));
    assert!(says(
        json!({ "Action": ["sqs:?eceive*", "sqs:x"] }),
        "ReceiveMessage"
    ));
    assert!(!says(json!({ "Action": "sqs:Send" }), "SendMessage"));
    assert!(says(json!({ "NotAction": "sqs:Delete*" }), "SendMessage"));
    assert!(!says(json!({ "NotAction": "sqs:Send*" }), "SendMessage"));
    let other = "arn:aws:sqs:us-east-1:111111111111:other";
    assert!(!says(
        json!({ "Action": "*", "Resource": other }),
        "SendMessage"
    ));
    assert!(says(
        json!({ "Action": "*", "Resource": ["x", "arn:aws:sqs:*:*:q"] }),
        "SendMessage"
    ));
    assert!(!says(
        json!({ "Action": "*", "NotResource": QUEUE }),
        "SendMessage"
    ));
}

fn check_conditions(rows: &[(bool, &str)]) {
    let mut context = Context::default();
    context.set("aws:SourceIp", "192.0.2.7");
    context.set("aws:SecureTransport", "false");
    context.set("aws:CurrentTime", "20250102T030405Z");
    context.set("aws:UserAgent", "Boto3/1.2");
    context.set("n", "7");
    context.set("aws:SourceArn", "arn:aws:sns:us-east-1:111111111111:topic");
    for (holds, given) in rows {
        let operators = serde_json::from_str(given).unwrap();
        assert_eq!(condition(operators, &context), *holds, "{given}");
    }
}

#[test]
fn u8_6_operators_on_text() {
    check_conditions(&[
        (
            true,
            r#"{"StringEquals": {"AWS:useragent": ["x", "Boto3/1.2"]}}"#,
        ),
        (false, r#"{"StringEquals": {"aws:UserAgent": "boto3/1.2"}}"#),
        (
            true,
            r#"{"StringEqualsIgnoreCase": {"aws:UserAgent": "boto3/1.2"}}"#,
        ),
        (
            true,
            r#"{"StringNotEquals": {"aws:UserAgent": ["x", "y"]}}"#,
        ),
        (
            false,
            r#"{"StringNotEquals": {"aws:UserAgent": ["x", "Boto3/1.2"]}}"#,
        ),
        (true, r#"{"StringLike": {"aws:UserAgent": "Boto3/*"}}"#),
        (false, r#"{"StringNotLike": {"aws:UserAgent": "Boto3/*"}}"#),
        (
            true,
            r#"{"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111111111111:*"}}"#,
        ),
        (
            true,
            r#"{"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:*:topic"}}"#,
        ),
        (
            false,
            r#"{"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:*:*"}}"#,
        ),
    ]);
}

#[test]
fn u8_6_operators_on_values() {
    check_conditions(&[
        (true, r#"{"NumericLessThan": {"n": "7.5"}}"#),
        (false, r#"{"NumericGreaterThan": {"n": 7}}"#),
        (true, r#"{"NumericGreaterThanEquals": {"n": 7}}"#),
        (true, r#"{"NumericNotEquals": {"n": "8"}}"#),
        (
            true,
            r#"{"DateGreaterThan": {"aws:CurrentTime": "2025-01-01"}}"#,
        ),
        (
            false,
            r#"{"DateLessThan": {"aws:CurrentTime": "2025-01-02T03:04:05Z"}}"#,
        ),
        (
            true,
            r#"{"DateLessThanEquals": {"aws:CurrentTime": "2025-01-02T03:04:05Z"}}"#,
        ),
        (true, r#"{"Bool": {"aws:SecureTransport": false}}"#),
        (false, r#"{"Bool": {"aws:SecureTransport": "true"}}"#),
        (
            true,
            r#"{"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}}"#,
        ),
        (false, r#"{"IpAddress": {"aws:SourceIp": "192.0.3.0/24"}}"#),
        (false, r#"{"NotIpAddress": {"aws:SourceIp": "192.0.2.7"}}"#),
        (true, r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#),
        (false, r#"{"IpAddress": {"aws:SourceIp": "::/0"}}"#),
        (
            true,
            r#"{"Null": {"aws:Referer": "true", "aws:SourceIp": "false"}}"#,
        ),
        (false, r#"{"Null": {"aws:Referer": "false"}}"#),
        (false, r#"{"StringEquals": {"aws:Referer": "x"}}"#),
        (true, r#"{"StringNotEquals": {"aws:Referer": "x"}}"#),
        (true, r#"{"StringEqualsIfExists": {"aws:Referer": "x"}}"#),
        (false, r#"{"StringEqualsIfExists": {"aws:UserAgent": "x"}}"#),
        (
            false,
            r#"{"Bool": {"aws:SecureTransport":false},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}"#,
        ),
        (
            true,
            r#"{"StringEquals": {"aws:UserAgent": "${aws:UserAgent}"}}"#,
        ),
        (
            false,
            r#"{"StringEquals": {"aws:UserAgent": "${aws:Referer}"}}"#,
        ),
        (
            true,
            r#"{"StringLike": {"aws:UserAgent": "${aws:Referer, 'Boto'}*"}}"#,
        ),
    ]);
}

#[test]
fn u8_6_networks_of_ipv4_in_the_writing_of_ipv6() {
    check_conditions(&[
        (
            true,
            r#"{"IpAddress": {"aws:SourceIp": "::ffff:192.0.2.0/120"}}"#,
        ),
        (
            true,
            r#"{"IpAddress": {"aws:SourceIp": "::ffff:192.0.2.7"}}"#,
        ),
        (
            false,
            r#"{"IpAddress": {"aws:SourceIp": "::ffff:192.0.3.0/120"}}"#,
        ),
        (
            false,
            r#"{"NotIpAddress": {"aws:SourceIp": "::ffff:192.0.0.0/112"}}"#,
        ),
        (false, r#"{"IpAddress": {"aws:SourceIp": "::ffff:0:0/90"}}"#),
    ]);
}

#[test]
fn u8_a_variable_stands_for_its_value_and_no_pattern() {
    let mut context = Context::default();
    context.set("aws:username", "*");
    context.set("k", "secret");
    for (holds, given) in [
        (false, r#"{"StringLike": {"k": "${aws:username}"}}"#),
        (false, r#"{"StringLike": {"k": "${*}"}}"#),
        (false, r#"{"StringLike": {"k": "s${?}cret"}}"#),
        (false, r#"{"StringLike": {"k": "${absent, '*'}"}}"#),
        (true, r#"{"StringLike": {"k": "s*${absent, 'ret'}"}}"#),
        (true, r#"{"StringLike": {"aws:username": "${*}"}}"#),
        (
            true,
            r#"{"StringEquals": {"aws:username": "${aws:username}"}}"#,
        ),
        (true, r#"{"StringNotLike": {"k": "${aws:username}"}}"#),
    ] {
        let operators = serde_json::from_str(given).unwrap();
        assert_eq!(condition(operators, &context), holds, "{given}");
    }
    let own = format!("arn:aws:sqs:us-east-1:111111111111:{}", "${aws:username}");
    let own = policy(json!({ "Effect": "Allow", "Principal": "*", "Action": "*",
        "Resource": own }));
    let caller = Identity::root("222222222222");
    assert_eq!(
        asked(&own, &caller, "SendMessage", &context),
        Decision::Silent
    );
}

#[test]
fn u8_6_several_values() {
    let mut context = Context::default();
    context.set_all("aws:TagKeys", vec!["a".into(), "b".into()]);
    for (holds, given) in [
        (
            true,
            json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a", "b", "c"] } }),
        ),
        (
            false,
            json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["a"] } }),
        ),
        (
            true,
            json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["b"] } }),
        ),
        (
            false,
            json!({ "ForAnyValue:StringEquals": { "aws:TagKeys": ["c"] } }),
        ),
        (
            true,
            json!({ "ForAllValues:StringEquals": { "absent": ["c"] } }),
        ),
        (
            false,
            json!({ "ForAnyValue:StringEquals": { "absent": ["c"] } }),
        ),
        (
            true,
            json!({ "ForAnyValue:StringNotEquals": { "aws:TagKeys": ["a"] } }),
        ),
        (
            false,
            json!({ "ForAnyValue:StringNotEquals": { "absent": ["c"] } }),
        ),
        (
            true,
            json!({ "ForAnyValue:StringNotEqualsIfExists": { "absent": ["c"] } }),
        ),
        (
            true,
            json!({ "ForAllValues:StringNotEquals": { "absent": ["c"] } }),
        ),
    ] {
        assert_eq!(condition(given.clone(), &context), holds, "{given}");
    }
}

/// A policy of one statement, which allows everything, with this change.
fn changed(change: Value) -> Value {
    let mut statement =
        json!({ "Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": QUEUE });
    for (name, value) in change.as_object().unwrap() {
        statement[name] = value.clone();
    }
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn refused(policy: &Value) {
    let error = parse(&policy.to_string()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAttributeValue, "{policy}");
    let start = "Invalid value for the parameter Policy. Reason: ";
    assert!(error.text().starts_with(start), "{policy}");
}

#[test]
fn u8_2_what_is_no_policy() {
    assert!(parse(&changed(json!({})).to_string()).is_ok());
    let statement = |sid: &str| changed(json!({ "Sid": sid }))["Statement"][0].clone();
    for bad in [
        json!([]),
        json!({ "Version": "2012-10-17" }),
        json!({ "Version": "2013-01-01", "Statement": [] }),
        json!({ "Statement": ["x"] }),
        json!({ "Statement": vec![statement(""); 21] }),
        json!({ "Statement": [statement("a"), statement("a")] }),
    ] {
        refused(&bad);
    }
    assert!(parse("{").is_err());
    let long = "x".repeat(8_192);
    assert!(parse(&format!("{{\"Id\":\"{long}\",\"Statement\":[]}}")).is_err());
}

#[test]
fn u8_2_nothing_is_given_twice() {
    let inside = r#""Effect": "Allow", "Principal": "*", "Action": "sqs:*""#;
    let with = |more: &str| {
        parse(&format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{{inside}{more}}}]}}"#
        ))
    };
    let one = r#""Condition": {"StringEquals": {"aws:username": "alice"}}"#;
    let other = r#""Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#;
    let operators = r#""Condition": {"StringEquals": {"a": "b"}, "StringEquals": {"c": "d"}}"#;
    let keys = r#""Condition": {"StringEquals": {"a": "b", "a": "c"}}"#;
    assert!(with(&format!(", {one}")).is_ok());
    for (more, name) in [
        (format!(", {one}, {other}"), "\"Condition\""),
        (format!(", {operators}"), "\"StringEquals\""),
        (format!(", {keys}"), "\"a\""),
        (r#", "Effect": "Deny""#.into(), "\"Effect\""),
    ] {
        let error = with(&more).unwrap_err();
        assert!(
            error.text().contains(&format!("{name} is given twice")),
            "{error}"
        );
    }
}

#[test]
fn u8_2_what_is_no_statement() {
    for bad in [
        json!({ "Effect": "allow" }),
        json!({ "Principal": "me" }),
        json!({ "Principal": { "AWS": "12" } }),
        json!({ "Principal": { "AWS": "arn:aws:s3:::bucket" } }),
        json!({ "Principal": { "Wizard": "x" } }),
        json!({ "Action": "s3:GetObject" }),
        json!({ "Action": vec!["sqs:SendMessage"; 8] }),
        json!({ "NotAction": "sqs:*" }),
        json!({ "Colour": "blue" }),
        json!({ "Condition": { "Sometimes": { "a": "b" } } }),
        json!({ "Condition": { "IpAddress": { "aws:SourceIp": "1.2.3" } } }),
        json!({ "Condition": { "Bool": { "aws:SecureTransport": "maybe" } } }),
    ] {
        refused(&changed(bad));
    }
}

fn add(
    current: Option<&str>,
    label: &str,
    accounts: &[&str],
    actions: &[&str],
) -> forebay::Result<String> {
    let own = |list: &[&str]| -> Vec<String> { list.iter().map(|it| (*it).into()).collect() };
    add_permission(current, &key(), label, &own(accounts), &own(actions))
}

#[test]
fn u9_1_the_first_statement() {
    let text = add(None, "one", &["222222222222"], &["ReceiveMessage"]).unwrap();
    let expected = json!({
        "Version": "2008-10-17",
        "Id": format!("{QUEUE}/SQSDefaultPolicy"),
        "Statement": [{
            "Sid": "one",
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::222222222222:root" },
            "Action": "SQS:ReceiveMessage",
            "Resource": QUEUE
        }]
    });
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    let caller = Identity::root("222222222222");
    let policy = parse(&text).unwrap();
    let context = Context::default();
    assert_eq!(
        asked(&policy, &caller, "ReceiveMessage", &context),
        Decision::Allow
    );
    assert_eq!(
        asked(&policy, &caller, "SendMessage", &context),
        Decision::Silent
    );
}

#[test]
fn u9_2_to_u9_8_more_statements_and_fewer() {
    let one = add(None, "one", &["222222222222"], &["*"]).unwrap();
    let two = add(
        Some(&one),
        "two",
        &["222222222222", "333333333333"],
        &["SendMessage", "PurgeQueue"],
    );
    let two = two.unwrap();
    let value: Value = serde_json::from_str(&two).unwrap();
    assert_eq!(value["Statement"][0]["Action"], "SQS:*");
    assert_eq!(
        value["Statement"][1]["Action"],
        json!(["SQS:SendMessage", "SQS:PurgeQueue"])
    );
    assert_eq!(
        value["Statement"][1]["Principal"]["AWS"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let text = |result: forebay::Result<String>| result.unwrap_err().text().to_owned();
    assert_eq!(
        text(add(Some(&two), "two", &["222222222222"], &["*"])),
        "Value two for parameter Label is invalid. Reason: Already exists."
    );
    let left = remove_permission(Some(&two), "one").unwrap().unwrap();
    assert_eq!(remove_permission(Some(&left), "two").unwrap(), None);
    for policy in [Some(left.as_str()), None] {
        assert_eq!(
            remove_permission(policy, "one").unwrap_err().text(),
            "Value one for parameter Label is invalid. Reason: can't find label."
        );
    }
    let own = json!({ "Version": "2012-10-17", "Id": "mine", "Statement": {
        "Sid": "s", "Effect": "Deny", "Principal": "*", "Action": "sqs:*" } });
    let added = add(Some(&own.to_string()), "l", &["222222222222"], &["*"]).unwrap();
    let added: Value = serde_json::from_str(&added).unwrap();
    assert_eq!(added["Id"], "mine");
    assert_eq!(added["Version"], "2012-10-17");
    assert_eq!(added["Statement"].as_array().unwrap().len(), 2);
}

#[test]
fn u9_refusals() {
    let kind = |result: forebay::Result<String>| result.unwrap_err().kind();
    let account = &["222222222222"];
    for (label, accounts, actions, expected) in [
        (
            "",
            &account[..],
            &["*"][..],
            ErrorKind::InvalidParameterValue,
        ),
        ("a b", account, &["*"], ErrorKind::InvalidParameterValue),
        ("l", &["22"], &["*"], ErrorKind::InvalidParameterValue),
        ("l", &[], &["*"], ErrorKind::MissingParameter),
        ("l", account, &[], ErrorKind::MissingParameter),
        (
            "l",
            account,
            &["DeleteQueue"],
            ErrorKind::InvalidParameterValue,
        ),
        ("l", account, &["Fly"], ErrorKind::InvalidParameterValue),
        ("l", account, &["SendMessage"; 8], ErrorKind::OverLimit),
    ] {
        assert_eq!(
            kind(add(None, label, accounts, actions)),
            expected,
            "{label} {actions:?}"
        );
    }
}
