//! The names by which Query calls the members of JSON inputs and answers (A1).

use super::xml::Element;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// Lists and maps of inputs: the member, its parameter, and the names of key and value of a map.
type Flattened = (
    &'static str,
    &'static str,
    Option<(&'static str, &'static str)>,
);
const LISTS: &[Flattened] = &[
    ("Attributes", "Attribute", Some(("Name", "Value"))),
    ("tags", "Tag", Some(("Key", "Value"))),
    ("Tags", "Tag", Some(("Key", "Value"))),
    (
        "MessageAttributes",
        "MessageAttribute",
        Some(("Name", "Value")),
    ),
    (
        "MessageSystemAttributes",
        "MessageSystemAttribute",
        Some(("Name", "Value")),
    ),
    ("TagKeys", "TagKey", None),
    ("AttributeNames", "AttributeName", None),
    ("MessageAttributeNames", "MessageAttributeName", None),
    (
        "MessageSystemAttributeNames",
        "MessageSystemAttributeName",
        None,
    ),
];

/// The form of an action and its input.
pub fn form(action: &str, input: &Value) -> String {
    let mut form = format!("Action={action}&Version=2012-11-05");
    put_members(&mut form, action, "", input);
    form
}

fn put_members(form: &mut String, action: &str, prefix: &str, input: &Value) {
    for (member, value) in input.as_object().into_iter().flatten() {
        let list = LISTS.iter().find(|(name, _, _)| name == member);
        match (value, list) {
            (Value::Array(entries), None) => {
                for (index, entry) in entries.iter().enumerate() {
                    let prefix = format!("{action}RequestEntry.{}.", index + 1);
                    put_members(form, action, &prefix, entry);
                }
            }
            (Value::Array(texts), Some((_, name, _))) => {
                for (index, text) in texts.iter().enumerate() {
                    put(form, &format!("{prefix}{name}.{}", index + 1), text);
                }
            }
            (Value::Object(map), Some((_, name, Some((key, value_name))))) => {
                for (index, (name_of_one, value)) in map.iter().enumerate() {
                    let start = format!("{prefix}{name}.{}", index + 1);
                    put(form, &format!("{start}.{key}"), &json!(name_of_one));
                    match value {
                        Value::Object(_) => {
                            put_members(form, action, &format!("{start}.{value_name}."), value);
                        }
                        text => put(form, &format!("{start}.{value_name}"), text),
                    }
                }
            }
            (scalar, _) => put(form, &format!("{prefix}{member}"), scalar),
        }
    }
}

fn put(form: &mut String, name: &str, value: &Value) {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    form.push('&');
    form.push_str(name);
    form.push('=');
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                form.push(char::from(byte));
            }
            // Writing into a String cannot fail.
            other => {
                let _ = write!(form, "%{other:02X}");
            }
        }
    }
}

/// The JSON answer that a result's elements stand for.
pub fn gather(result: &Element) -> Value {
    let mut object = Map::new();
    for child in &result.children {
        let text = || json!(child.text);
        match child.name.as_str() {
            "QueueUrl" => {
                push(&mut object, "QueueUrls", text());
                object.insert("QueueUrl".into(), text());
            }
            "Attribute" => pair(&mut object, "Attributes", "Name", child),
            "Tag" => pair(&mut object, "Tags", "Key", child),
            "MessageAttribute" => pair(&mut object, "MessageAttributes", "Name", child),
            "Message" if !child.children.is_empty() => {
                push(&mut object, "Messages", gather(child));
            }
            "ListMessageMoveTasksResultEntry" => push(&mut object, "Results", gather(child)),
            "BatchResultErrorEntry" => push(&mut object, "Failed", gather(child)),
            name if name.ends_with("ResultEntry") => {
                push(&mut object, "Successful", gather(child));
            }
            name => {
                object.insert(name.into(), text());
            }
        }
    }
    Value::Object(object)
}

fn push(object: &mut Map<String, Value>, list: &str, value: Value) {
    let list = object.entry(list).or_insert_with(|| json!([]));
    if let Value::Array(list) = list {
        list.push(value);
    }
}

fn pair(object: &mut Map<String, Value>, map: &str, key: &str, element: &Element) {
    let key = element
        .child(key)
        .map(|it| it.text.clone())
        .unwrap_or_default();
    let value = element.child("Value");
    let value = value.map_or(Value::Null, |value| match value.children.is_empty() {
        true => json!(value.text),
        false => gather(value),
    });
    let map = object.entry(map).or_insert_with(|| json!({}));
    map[key] = value;
}
