//! Verbs about messages: send, delete, hide.

use crate::answer::{Answer, Failure, ok};
use crate::codec::AGAIN;
use crate::queues::input;
use crate::server::SENDER;
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay_scenario_driver::wire::Line;
use serde_json::{Value, json};

/// `send`.
pub fn send(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    put_message(&mut input, request, "")?;
    let answer = match request.text("sender")? {
        None => session.call("SendMessage", input)?,
        Some(SENDER) => session.call_as_sender("SendMessage", input)?,
        Some(other) => return Err(format!("no key has the sender {other:?}").into()),
    };
    let mut line = ok();
    put_sent(session, &mut line, "", &answer)?;
    Ok(line)
}

/// The members of a message, single or in a batch.
fn put_message(input: &mut Value, request: &Line, prefix: &str) -> Result<(), Failure> {
    let key = |name: &str| format!("{prefix}{name}");
    for (member, name) in [
        ("MessageBody", "body"),
        ("MessageGroupId", "group"),
        ("MessageDeduplicationId", "dedup"),
    ] {
        if let Some(text) = request.text(&key(name))? {
            input[member] = json!(text);
        }
    }
    if let Some(delay) = request.number::<i64>(&key("delay"))? {
        input["DelaySeconds"] = json!(delay);
    }
    if let Some(header) = request.text(&key("trace_header"))? {
        let value = json!({ "DataType": "String", "StringValue": header });
        input["MessageSystemAttributes"] = json!({ "AWSTraceHeader": value });
    }
    for index in 1..=request.count(&key("attributes"))? {
        let key = key(&format!("attributes.{index}"));
        let name = request.required(&format!("{key}.name"))?;
        let kind = request.required(&format!("{key}.type"))?;
        let value = request.bytes(&format!("{key}.value")).unwrap_or_default();
        let name = match input["MessageAttributes"].get(name) {
            None => name.to_owned(),
            Some(_) => format!("{name}{AGAIN}"),
        };
        input["MessageAttributes"][name] = match kind.starts_with("Binary") {
            true => json!({ "DataType": kind, "BinaryValue": STANDARD.encode(value) }),
            false => {
                let text = std::str::from_utf8(value).map_err(|it| it.to_string())?;
                json!({ "DataType": kind, "StringValue": text })
            }
        };
    }
    Ok(())
}

fn put_sent(
    session: &mut Session,
    line: &mut Line,
    prefix: &str,
    sent: &Value,
) -> Result<(), Failure> {
    let id = sent["MessageId"].as_str().unwrap_or_default();
    let is_new = session.seen.insert(id.to_owned());
    line.put(format!("{prefix}id"), id);
    line.put(format!("{prefix}duplicate"), if is_new { "0" } else { "1" });
    for (name, member) in [
        ("md5_body", "MD5OfMessageBody"),
        ("sequence", "SequenceNumber"),
        ("md5_attributes", "MD5OfMessageAttributes"),
        ("md5_system", "MD5OfMessageSystemAttributes"),
    ] {
        if let Some(text) = sent[member].as_str() {
            line.put(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

/// The entries of a batch and their ids. On the wire each needs one: where a scenario gives none
/// at all they are numbered.
fn entries(
    request: &Line,
    put: impl Fn(&mut Value, &str) -> Result<(), Failure>,
) -> Result<(Vec<Value>, Vec<String>), Failure> {
    let count = request.count("entries")?;
    let key = |index: usize, name: &str| format!("entries.{index}.{name}");
    let has_ids = (1..=count).any(|index| request.bytes(&key(index, "id")).is_some());
    let mut entries = Vec::new();
    let mut ids = Vec::new();
    for index in 1..=count {
        let id = match request.text(&key(index, "id"))? {
            Some(id) => id.to_owned(),
            None if has_ids => String::new(),
            None => index.to_string(),
        };
        let mut entry = json!({ "Id": id });
        put(&mut entry, &key(index, ""))?;
        entries.push(entry);
        ids.push(id);
    }
    Ok((entries, ids))
}

/// Calls a batch action and puts the results in the order of the entries.
fn batch(
    session: &mut Session,
    request: &Line,
    action: &str,
    (entries, ids): (Vec<Value>, Vec<String>),
) -> Answer {
    let mut input = input(session, request)?;
    input["Entries"] = json!(entries);
    let answer = session.call(action, input)?;
    let find = |list: &str, id: &str| -> Option<Value> {
        let list = answer[list].as_array()?;
        list.iter().find(|entry| entry["Id"] == id).cloned()
    };
    let mut line = ok();
    line.put("entries.count", ids.len().to_string());
    for (index, id) in ids.iter().enumerate() {
        let prefix = format!("entries.{}.", index + 1);
        match (find("Successful", id), find("Failed", id)) {
            (Some(sent), None) => {
                line.put(format!("{prefix}code"), "OK");
                if action == "SendMessageBatch" {
                    put_sent(session, &mut line, &prefix, &sent)?;
                }
            }
            (None, Some(failed)) => {
                let text = |name: &str| failed[name].as_str().unwrap_or_default().to_owned();
                line.put(format!("{prefix}code"), text("Code"));
                line.put(format!("{prefix}text"), text("Message"));
            }
            _ => return Err(format!("entry {id:?} is not in exactly one list").into()),
        }
    }
    Ok(line)
}

/// `send_batch`.
pub fn send_batch(session: &mut Session, request: &Line) -> Answer {
    let entries = entries(request, |entry, prefix| put_message(entry, request, prefix))?;
    batch(session, request, "SendMessageBatch", entries)
}

fn put_receipt(input: &mut Value, request: &Line, prefix: &str) -> Result<(), Failure> {
    input["ReceiptHandle"] = json!(request.required(&format!("{prefix}receipt"))?);
    Ok(())
}

fn put_change(input: &mut Value, request: &Line, prefix: &str) -> Result<(), Failure> {
    let seconds: Option<i64> = request.number(&format!("{prefix}seconds"))?;
    let seconds = seconds.ok_or_else(|| format!("{prefix}seconds is missing"))?;
    input["VisibilityTimeout"] = json!(seconds);
    put_receipt(input, request, prefix)
}

/// `delete`.
pub fn delete(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    put_receipt(&mut input, request, "")?;
    session.call("DeleteMessage", input)?;
    Ok(ok())
}

/// `delete_batch`.
pub fn delete_batch(session: &mut Session, request: &Line) -> Answer {
    let entries = entries(request, |entry, prefix| put_receipt(entry, request, prefix))?;
    batch(session, request, "DeleteMessageBatch", entries)
}

/// `change_visibility`.
pub fn change_visibility(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    put_change(&mut input, request, "")?;
    session.call("ChangeMessageVisibility", input)?;
    Ok(ok())
}

/// `change_visibility_batch`.
pub fn change_visibility_batch(session: &mut Session, request: &Line) -> Answer {
    let entries = entries(request, |entry, prefix| put_change(entry, request, prefix))?;
    batch(session, request, "ChangeMessageVisibilityBatch", entries)
}
