//! Who may do what under which policy, written from U7: a row for each policy, a column for each
//! caller.

use crate::auth::authorize::{Need, judge};
use crate::auth::policy::{Context, parse};
use crate::auth::{Identity, Kind};
use forebay::key::QueueKey;
use serde_json::{Value, json};

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";

/// The columns: the owner's root and its user, another account's root, user and role, nobody.
fn callers() -> [Identity; 6] {
    let of = |account: &str, kind: Kind| Identity {
        kind,
        ..Identity::root(account)
    };
    [
        Identity::root(OWNER),
        of(OWNER, Kind::User("alice".into())),
        Identity::root(OTHER),
        of(OTHER, Kind::User("bob".into())),
        of(OTHER, Kind::Role("admin".into(), "s1".into())),
        Identity::anonymous(),
    ]
}

/// `+` allowed, `-` no statement allows it, `!` a statement denies it, `?` nobody is asked to
/// sign, `h` whether the queue exists is hidden.
fn row(action: &'static str, policy: &Value) -> String {
    let text = json!({ "Version": "2012-10-17", "Statement": policy }).to_string();
    let policy = (!policy.is_null()).then(|| parse(&text).unwrap());
    let need = Need {
        action,
        queue: Some(QueueKey::new(OWNER, "us-east-1", "q")),
    };
    let mut context = Context::default();
    context.set("aws:SourceIp", "192.0.2.7");
    let one = |caller: Identity| match judge(&caller, &need, policy.as_ref(), &context) {
        Ok(()) => '+',
        Err(refusal) => match refusal.code() {
            "MissingAuthenticationToken" => '?',
            "AWS.SimpleQueueService.NonExistentQueue" => 'h',
            "AccessDenied" if refusal.text().contains("with an explicit deny") => '!',
            "AccessDenied" => '-',
            other => panic!("{other}"),
        },
    };
    callers().map(one).into_iter().collect()
}

fn allow(principal: Value, action: &str) -> Value {
    json!({ "Effect": "Allow", "Principal": principal, "Action": action })
}

fn deny(principal: Value) -> Value {
    json!({ "Effect": "Deny", "Principal": principal, "Action": "sqs:*" })
}

fn with(mut statement: Value, name: &str, value: Value) -> Value {
    statement[name] = value;
    statement
}

#[test]
fn u7_what_opens_to_others() {
    let aws = |name: &str| json!({ "AWS": name });
    let bob = "arn:aws:iam::222222222222:user/bob";
    let session = "arn:aws:sts::222222222222:assumed-role/admin/s1";
    let all = || allow(json!("*"), "sqs:*");
    let outside = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
    let inside = json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } });
    for (policy, expected) in [
        (Value::Null, "++---?"),
        (json!([]), "++---?"),
        (all(), "++++++"),
        (allow(aws("*"), "sqs:SendMessage"), "++++++"),
        (allow(aws(OTHER), "SQS:Send*"), "+++++?"),
        (allow(aws("arn:aws:iam::222222222222:root"), "*"), "+++++?"),
        (allow(aws(bob), "sqs:*"), "++-+-?"),
        (
            allow(aws("arn:aws:iam::222222222222:role/admin"), "sqs:*"),
            "++--+?",
        ),
        (allow(aws(session), "sqs:*"), "++--+?"),
        (allow(aws("333333333333"), "sqs:*"), "++---?"),
        (
            allow(json!({ "Service": "sns.amazonaws.com" }), "sqs:*"),
            "++---?",
        ),
        (allow(json!("*"), "sqs:ReceiveMessage"), "++---?"),
        (
            with(
                all(),
                "Resource",
                json!("arn:aws:sqs:us-east-1:111111111111:other"),
            ),
            "++---?",
        ),
        (with(all(), "Condition", outside), "++---?"),
        (with(all(), "Condition", inside), "++++++"),
    ] {
        assert_eq!(row("SendMessage", &policy), expected, "{policy}");
    }
}

#[test]
fn u7_2_what_is_denied() {
    let aws = |name: &str| json!({ "AWS": name });
    let all = allow(json!("*"), "sqs:*");
    let bob = deny(aws("arn:aws:iam::222222222222:user/bob"));
    let alice = deny(aws("arn:aws:iam::111111111111:user/alice"));
    let others = json!({ "Effect": "Deny", "NotPrincipal": aws(OWNER), "Action": "*" });
    for (policy, expected) in [
        (deny(json!("*")), "!!!!!!"),
        (json!([all, deny(json!("*"))]), "!!!!!!"),
        (json!([deny(json!("*")), all]), "!!!!!!"),
        (json!([all, deny(aws(OTHER))]), "++!!!+"),
        (json!([all, bob]), "+++!++"),
        (json!([allow(aws(OTHER), "*"), bob]), "+++!+?"),
        (json!([all, alice]), "+!++++"),
        (json!([alice]), "+!---?"),
        (json!([all, others]), "++!!!!"),
    ] {
        assert_eq!(row("SendMessage", &policy), expected, "{policy}");
    }
}

#[test]
fn u7_6_and_s15_2_what_is_the_owners() {
    let all = allow(json!("*"), "sqs:*");
    let other = allow(json!({ "AWS": OTHER }), "sqs:*");
    let none = deny(json!("*"));
    for (action, policy, expected) in [
        ("SetQueueAttributes", &Value::Null, "++---?"),
        ("SetQueueAttributes", &all, "++---?"),
        ("SetQueueAttributes", &none, "+!!!!!"),
        ("RemovePermission", &all, "++---?"),
        ("RemovePermission", &none, "+!!!!!"),
        ("DeleteQueue", &all, "++---?"),
        ("DeleteQueue", &none, "!!!!!!"),
        ("PurgeQueue", &all, "++++++"),
        ("PurgeQueue", &none, "!!!!!!"),
        // S11.11.
        ("GetQueueUrl", &Value::Null, "++hhh?"),
        ("GetQueueUrl", &other, "+++++?"),
        ("GetQueueUrl", &none, "!!!!!!"),
    ] {
        assert_eq!(row(action, policy), expected, "{action} {policy}");
    }
}
