//! Reading a policy (U8): what is written, checked once, so that deciding cannot fail.

use super::condition::{self, Condition};
use super::json::Distinct;
use super::principal::{self, Principals};
use forebay::limits::POLICY_BYTES_MAX;
use forebay::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

const STATEMENTS_MAX: usize = 20;
const PRINCIPALS_MAX: usize = 50;
const CONDITIONS_MAX: usize = 10;
/// U8.1: actions of one statement.
pub const ACTIONS_MAX: usize = 7;

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// What a statement is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// `Allow`.
    Allow,
    /// `Deny`.
    Deny,
}

/// A list that is meant, or everything but it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listed<T> {
    /// `Action`, `Principal`, `Resource`.
    Is(T),
    /// `NotAction`, `NotPrincipal`, `NotResource`.
    IsNot(T),
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// What it is for.
    pub effect: Effect,
    /// Whom it is about.
    pub principals: Listed<Principals>,
    /// Patterns of actions, in small letters.
    pub actions: Listed<Vec<String>>,
    /// Patterns of ARNs; absent in policies that mean their own queue.
    pub resources: Option<Listed<Vec<String>>>,
    /// All must hold.
    pub conditions: Vec<Condition>,
    /// U8: variables are known since this version.
    pub has_variables: bool,
}

/// Reads a policy's text.
///
/// Errors: `InvalidAttributeValue` with what is wrong (U8.2).
pub fn parse(text: &str) -> Result<Policy> {
    if text.len() > POLICY_BYTES_MAX {
        let size = text.len();
        return refuse(format!("It has {size} bytes, at most {POLICY_BYTES_MAX}."));
    }
    let Distinct(policy) = serde_json::from_str(text)
        .or_else(|error| refuse(format!("It is no JSON object: {error}.")))?;
    let Value::Object(policy) = policy else {
        return refuse("It is no JSON object.".into());
    };
    let version = match policy.get("Version") {
        None => "2008-10-17",
        Some(Value::String(version)) => version.as_str(),
        Some(other) => return refuse(format!("Version is {other}, it must be a date.")),
    };
    if !matches!(version, "2008-10-17" | "2012-10-17") {
        return refuse(format!(
            "Version is {version:?}, it must be \"2008-10-17\" or \"2012-10-17\"."
        ));
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(list)) => list.as_slice(),
        Some(one @ Value::Object(_)) => std::slice::from_ref(one),
        _ => return refuse("Statement must be an object or a list of objects.".into()),
    };
    if statements.len() > STATEMENTS_MAX {
        let count = statements.len();
        return refuse(format!(
            "It has {count} statements, at most {STATEMENTS_MAX}."
        ));
    }
    let has_variables = version == "2012-10-17";
    let mut labels = std::collections::BTreeSet::new();
    let mut read = Vec::new();
    for statement in statements {
        let Value::Object(statement) = statement else {
            return refuse("A statement is no object.".into());
        };
        if let Some(label) = statement.get("Sid").and_then(Value::as_str)
            && !label.is_empty()
            && !labels.insert(label)
        {
            return refuse(format!("Two statements have the Sid {label:?}."));
        }
        read.push(read_statement(statement, has_variables)?);
    }
    Ok(Policy { statements: read })
}

fn read_statement(statement: &Map<String, Value>, has_variables: bool) -> Result<Statement> {
    const KNOWN: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    if let Some(unknown) = statement.keys().find(|key| !KNOWN.contains(&key.as_str())) {
        return refuse(format!("A statement has the unknown element {unknown:?}."));
    }
    let effect = match statement.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        _ => return refuse("Effect must be \"Allow\" or \"Deny\".".into()),
    };
    let actions = required(listed(statement, "Action", read_actions)?, "Action")?;
    let principals = listed(statement, "Principal", principal::read)?;
    let principals = required(principals, "Principal")?;
    if let Listed::Is(list) | Listed::IsNot(list) = &principals
        && list.len() > PRINCIPALS_MAX
    {
        let count = list.len();
        return refuse(format!(
            "A statement has {count} principals, at most {PRINCIPALS_MAX}."
        ));
    }
    let conditions = match statement.get("Condition") {
        None => Vec::new(),
        Some(conditions) => condition::read(conditions)?,
    };
    if conditions.len() > CONDITIONS_MAX {
        let count = conditions.len();
        return refuse(format!(
            "A statement has {count} conditions, at most {CONDITIONS_MAX}."
        ));
    }
    Ok(Statement {
        effect,
        principals,
        actions,
        resources: listed(statement, "Resource", |value| texts(value, "Resource"))?,
        conditions,
        has_variables,
    })
}

/// An element, or its opposite with `Not` before it; not both.
fn listed<T>(
    statement: &Map<String, Value>,
    name: &str,
    read: impl Fn(&Value) -> Result<T>,
) -> Result<Option<Listed<T>>> {
    let opposite = format!("Not{name}");
    match (statement.get(name), statement.get(&opposite)) {
        (Some(_), Some(_)) => refuse(format!("A statement has {name} and {opposite}.")),
        (Some(value), None) => Ok(Some(Listed::Is(read(value)?))),
        (None, Some(value)) => Ok(Some(Listed::IsNot(read(value)?))),
        (None, None) => Ok(None),
    }
}

fn required<T>(value: Option<T>, name: &str) -> Result<T> {
    match value {
        Some(value) => Ok(value),
        None => refuse(format!("A statement has no {name}.")),
    }
}

/// U8.5: `sqs:` and a name, with patterns; case does not matter.
fn read_actions(value: &Value) -> Result<Vec<String>> {
    let actions = texts(value, "Action")?;
    if actions.len() > ACTIONS_MAX {
        let count = actions.len();
        return refuse(format!(
            "A statement has {count} actions, at most {ACTIONS_MAX}."
        ));
    }
    let lower: Vec<String> = actions.iter().map(|it| it.to_ascii_lowercase()).collect();
    match lower
        .iter()
        .zip(&actions)
        .find(|(it, _)| *it != "*" && !it.starts_with("sqs:"))
    {
        Some((_, bad)) => refuse(format!("The action {bad:?} does not begin with \"sqs:\".")),
        None => Ok(lower),
    }
}

/// A text or a list of texts.
pub fn texts(value: &Value, name: &str) -> Result<Vec<String>> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let read: Option<Vec<String>> = match value {
        Value::Array(list) => list.iter().map(text).collect(),
        one => text(one).map(|text| vec![text]),
    };
    match read {
        Some(list) => Ok(list),
        None => refuse(format!("{name} must be a string or a list of strings.")),
    }
}

/// U8.2.
pub fn refuse<T>(reason: String) -> Result<T> {
    Err(Error::new(
        ErrorKind::InvalidAttributeValue,
        format!("Invalid value for the parameter Policy. Reason: {reason}"),
    ))
}
