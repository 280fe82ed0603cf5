//! Verbs about message move tasks.

use crate::answer::{Answer, ok};
use crate::session::Session;
use forebay_scenario_driver::wire::Line;
use serde_json::{Value, json};

/// `start_move_task`.
pub fn start(session: &mut Session, request: &Line) -> Answer {
    let mut input = json!({ "SourceArn": session.store()?.arn(request.required("source")?) });
    if let Some(destination) = request.text("destination")? {
        input["DestinationArn"] = json!(session.store()?.arn(destination));
    }
    if let Some(rate) = request.number::<i64>("rate")? {
        input["MaxNumberOfMessagesPerSecond"] = json!(rate);
    }
    let answer = session.call("StartMessageMoveTask", input)?;
    let mut line = ok();
    line.put("handle", answer["TaskHandle"].as_str().unwrap_or_default());
    Ok(line)
}

/// `cancel_move_task`.
pub fn cancel(session: &mut Session, request: &Line) -> Answer {
    let input = json!({ "TaskHandle": request.required("handle")? });
    let answer = session.call("CancelMessageMoveTask", input)?;
    let mut line = ok();
    line.put("moved", number(&answer["ApproximateNumberOfMessagesMoved"]));
    Ok(line)
}

/// `list_move_tasks`.
pub fn list(session: &mut Session, request: &Line) -> Answer {
    let mut input = json!({ "SourceArn": session.store()?.arn(request.required("source")?) });
    if let Some(max) = request.number::<i64>("max")? {
        input["MaxResults"] = json!(max);
    }
    let answer = session.call("ListMessageMoveTasks", input)?;
    let tasks = answer["Results"].as_array().cloned().unwrap_or_default();
    let mut line = ok();
    line.put("tasks.count", tasks.len().to_string());
    for (index, task) in tasks.iter().enumerate() {
        put_task(&mut line, &format!("tasks.{}.", index + 1), task);
    }
    Ok(line)
}

fn put_task(line: &mut Line, prefix: &str, task: &Value) {
    for (name, member) in [
        ("status", "Status"),
        ("source", "SourceArn"),
        ("moved", "ApproximateNumberOfMessagesMoved"),
        ("to_move", "ApproximateNumberOfMessagesToMove"),
        ("started_ms", "StartedTimestamp"),
        ("reason", "FailureReason"),
        ("handle", "TaskHandle"),
        ("destination", "DestinationArn"),
        ("rate", "MaxNumberOfMessagesPerSecond"),
    ] {
        if !task[member].is_null() {
            line.put(format!("{prefix}{name}"), number(&task[member]));
        }
    }
}

/// A number in JSON is text in XML.
fn number(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
