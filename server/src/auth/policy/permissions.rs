//! AddPermission and RemovePermission: statements added to a policy's text and taken from it (U9).

use super::document::{ACTIONS_MAX, parse};
use crate::auth::authorize::is_owners;
use forebay::key::QueueKey;
use forebay::rules::names::{is_account, is_name_byte};
use forebay::{Error, ErrorKind, Result};
use serde_json::{Map, Value, json};

/// U9.3: actions that can be shared.
const SHARED: [&str; 8] = [
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];
/// U9.5: characters of a label.
const LABEL_CHARS_MAX: usize = 80;

/// The policy's text with a statement more (U9.1, U9.2, U9.8). `current` is `None` for a queue
/// without a policy.
pub fn add_permission(
    current: Option<&str>,
    queue: &QueueKey,
    label: &str,
    accounts: &[String],
    actions: &[String],
) -> Result<String> {
    check_label(label)?;
    check_actions(actions)?;
    check_accounts(accounts)?;
    let mut policy = match current {
        Some(text) => object(text)?,
        None => fresh(queue),
    };
    let mut statements = take_statements(&mut policy);
    if statements.iter().any(|it| sid(it) == Some(label)) {
        return Err(Error::bad_value(label, "Label", "Already exists."));
    }
    let root = |account: &String| json!(format!("arn:aws:iam::{account}:root"));
    let action = |name: &String| json!(format!("SQS:{name}"));
    statements.push(json!({
        "Sid": label,
        "Effect": "Allow",
        "Principal": { "AWS": one_or_list(accounts.iter().map(root).collect()) },
        "Action": one_or_list(actions.iter().map(action).collect()),
        "Resource": queue.arn(),
    }));
    policy.insert("Statement".into(), Value::Array(statements));
    let text = Value::Object(policy).to_string();
    // What would be too much for a policy is too much here as well.
    parse(&text).map_err(|error| Error::new(ErrorKind::OverLimit, error.text()))?;
    Ok(text)
}

/// The policy's text without the statement of that label; `None` when none is left (U9.7).
pub fn remove_permission(current: Option<&str>, label: &str) -> Result<Option<String>> {
    let missing = || Error::bad_value(label, "Label", "can't find label.");
    let mut policy = object(current.ok_or_else(missing)?)?;
    let mut statements = take_statements(&mut policy);
    let before = statements.len();
    statements.retain(|it| sid(it) != Some(label));
    if statements.len() == before {
        return Err(missing());
    }
    if statements.is_empty() {
        return Ok(None);
    }
    policy.insert("Statement".into(), Value::Array(statements));
    Ok(Some(Value::Object(policy).to_string()))
}

fn fresh(queue: &QueueKey) -> Map<String, Value> {
    let mut policy = Map::new();
    policy.insert("Version".into(), json!("2008-10-17"));
    let id = format!("{}/SQSDefaultPolicy", queue.arn());
    policy.insert("Id".into(), json!(id));
    policy.insert("Statement".into(), json!([]));
    policy
}

fn object(text: &str) -> Result<Map<String, Value>> {
    serde_json::from_str(text).map_err(|error| {
        let text = format!("the stored policy cannot be read: {error}");
        Error::new(ErrorKind::InvalidAttributeValue, text)
    })
}

/// The statements, taken out; a single one becomes a list.
fn take_statements(policy: &mut Map<String, Value>) -> Vec<Value> {
    match policy.remove("Statement") {
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn sid(statement: &Value) -> Option<&str> {
    statement.get("Sid")?.as_str()
}

/// U9.1: a string for one value, a list for several.
fn one_or_list(mut values: Vec<Value>) -> Value {
    match values.len() {
        1 => values.remove(0),
        _ => Value::Array(values),
    }
}

/// U9.5.
fn check_label(label: &str) -> Result<()> {
    let fits = (1..=LABEL_CHARS_MAX).contains(&label.len());
    if fits && label.bytes().all(is_name_byte) {
        return Ok(());
    }
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in \
                  length.";
    Err(Error::bad_value(label, "Label", reason))
}

/// U9.3, U9.4.
fn check_actions(actions: &[String]) -> Result<()> {
    if actions.is_empty() {
        return Err(Error::missing("Actions"));
    }
    if actions.len() > ACTIONS_MAX {
        let count = actions.len();
        let text = format!("{count} Actions were found, maximum allowed is {ACTIONS_MAX}.");
        return Err(Error::new(ErrorKind::OverLimit, text));
    }
    for action in actions {
        let reason = if action == "*" || SHARED.contains(&action.as_str()) {
            continue;
        } else if is_owners(action) {
            "Only the queue owner is allowed to invoke this action."
        } else {
            "Please refer to the appropriate WSDL for a list of valid actions. "
        };
        let value = format!("SQS:{action}");
        return Err(Error::bad_value(value, "ActionName", reason));
    }
    Ok(())
}

/// U9.6.
fn check_accounts(accounts: &[String]) -> Result<()> {
    if accounts.is_empty() {
        return Err(Error::missing("AWSAccountIds"));
    }
    match accounts.iter().find(|it| !is_account(it)) {
        Some(bad) => Err(Error::bad_value(
            format!("[{bad}]"),
            "PrincipalId",
            "Unable to verify.",
        )),
        None => Ok(()),
    }
}
