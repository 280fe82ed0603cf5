//! Verbs about queues.

use crate::answer::{Answer, Failure, ok};
use crate::session::Session;
use forebay_scenario_driver::wire::Line;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// `create_queue`.
pub fn create(session: &mut Session, request: &Line) -> Answer {
    let name = request.required("name")?;
    let mut attributes = request.map("attributes")?;
    let max_receives: Option<u32> = request.number("max_receives")?;
    if let (Some(target), Some(max_receives)) = (request.text("dead_letter")?, max_receives) {
        let target = session.store()?.arn(target);
        let policy = json!({ "deadLetterTargetArn": target, "maxReceiveCount": max_receives });
        attributes.insert("RedrivePolicy".into(), policy.to_string());
    }
    let mut input = json!({ "QueueName": name });
    put_map(&mut input, "Attributes", attributes);
    put_map(&mut input, "tags", request.map("tags")?);
    let answer = session.call("CreateQueue", input)?;
    found(session, &answer)
}

/// An empty map is left out, as clients do.
fn put_map(input: &mut Value, name: &str, map: BTreeMap<String, String>) {
    if !map.is_empty() {
        input[name] = json!(map);
    }
}

/// `get_queue`.
pub fn get(session: &mut Session, request: &Line) -> Answer {
    let input = json!({ "QueueName": request.required("name")? });
    let answer = session.call("GetQueueUrl", input)?;
    found(session, &answer)
}

fn found(session: &mut Session, answer: &Value) -> Answer {
    let name = name_of(&answer["QueueUrl"])?;
    let mut line = ok();
    line.put("arn", session.store()?.arn(&name));
    line.put("fifo", if name.ends_with(".fifo") { "1" } else { "0" });
    line.put("name", name);
    Ok(line)
}

fn name_of(url: &Value) -> Result<String, Failure> {
    let name = url.as_str().and_then(|url| url.rsplit('/').next());
    Ok(name
        .ok_or_else(|| format!("{url} is no queue URL"))?
        .to_owned())
}

/// An input with the URL of the queue that a verb names.
pub fn input(session: &mut Session, request: &Line) -> Result<Value, Failure> {
    let url = session.store()?.url(request.required("queue")?);
    Ok(json!({ "QueueUrl": url }))
}

/// `delete_queue`.
pub fn delete(session: &mut Session, request: &Line) -> Answer {
    let url = session.store()?.url(request.required("name")?);
    session.call("DeleteQueue", json!({ "QueueUrl": url }))?;
    Ok(ok())
}

/// `list_queues`.
pub fn list(session: &mut Session, request: &Line) -> Answer {
    let mut input = json!({});
    if let Some(prefix) = request.text("prefix")? {
        input["QueueNamePrefix"] = json!(prefix);
    }
    page(&mut input, request)?;
    let answer = session.call("ListQueues", input)?;
    names(&answer, "QueueUrls")
}

/// `dead_letter_sources`.
pub fn dead_letter_sources(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    page(&mut input, request)?;
    let answer = session.call("ListDeadLetterSourceQueues", input)?;
    // Query has one name for both lists.
    let list = if answer.get("queueUrls").is_some() {
        "queueUrls"
    } else {
        "QueueUrls"
    };
    names(&answer, list)
}

fn page(input: &mut Value, request: &Line) -> Result<(), Failure> {
    if let Some(max) = request.number::<i64>("max")? {
        input["MaxResults"] = json!(max);
    }
    if let Some(token) = request.text("token")? {
        input["NextToken"] = json!(token);
    }
    Ok(())
}

fn names(answer: &Value, list: &str) -> Answer {
    let urls = answer[list].as_array().cloned().unwrap_or_default();
    let mut line = ok();
    line.put("queues.count", urls.len().to_string());
    for (index, url) in urls.iter().enumerate() {
        line.put(format!("queues.{}.name", index + 1), name_of(url)?);
    }
    if let Some(token) = answer["NextToken"].as_str() {
        line.put("token", token);
    }
    Ok(line)
}

/// `get_attributes`.
pub fn get_attributes(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    input["AttributeNames"] = json!(request.texts("names")?);
    let answer = session.call("GetQueueAttributes", input)?;
    Ok(map_answer("attributes", &answer["Attributes"]))
}

/// `set_attributes`.
pub fn set_attributes(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    input["Attributes"] = json!(request.map("attributes")?);
    session.call("SetQueueAttributes", input)?;
    Ok(ok())
}

/// `tag`.
pub fn tag(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    input["Tags"] = json!(request.map("tags")?);
    session.call("TagQueue", input)?;
    Ok(ok())
}

/// `untag`.
pub fn untag(session: &mut Session, request: &Line) -> Answer {
    let mut input = input(session, request)?;
    input["TagKeys"] = json!(request.texts("keys")?);
    session.call("UntagQueue", input)?;
    Ok(ok())
}

/// `list_tags`.
pub fn list_tags(session: &mut Session, request: &Line) -> Answer {
    let input = input(session, request)?;
    let answer = session.call("ListQueueTags", input)?;
    Ok(map_answer("tags", &answer["Tags"]))
}

/// `purge`.
pub fn purge(session: &mut Session, request: &Line) -> Answer {
    let input = input(session, request)?;
    session.call("PurgeQueue", input)?;
    Ok(ok())
}

fn map_answer(key: &str, map: &Value) -> Line {
    let none = Map::new();
    let map = map.as_object().unwrap_or(&none);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let pairs: Vec<(&str, String)> = map.iter().map(|(k, v)| (k.as_str(), text(v))).collect();
    let mut line = ok();
    line.put_map(key, pairs.iter().map(|(k, v)| (*k, v.as_str())));
    line
}
