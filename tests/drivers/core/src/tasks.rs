//! Verbs about message move tasks.

use crate::answer::{Answer, ok, put_some};
use crate::session::Session;
use crate::wire::Line;
use forebay::command::MoveStatus;
use forebay::handle::MoveTaskEntry;
use forebay::key::QueueKey;

/// `start_move_task`.
pub fn start(session: &mut Session, request: &Line) -> Answer {
    let source = request.required("source")?;
    let destination = request.text("destination")?;
    let handle = session
        .store()?
        .start_move_task(source, destination, request.number("rate")?)?;
    let mut line = ok();
    line.put("handle", handle);
    Ok(line)
}

/// `cancel_move_task`.
pub fn cancel(session: &mut Session, request: &Line) -> Answer {
    let moved = session
        .store()?
        .cancel_move_task(request.required("handle")?)?;
    let mut line = ok();
    line.put("moved", moved.to_string());
    Ok(line)
}

/// `list_move_tasks`; without `max` one task, as in SQS.
pub fn list(session: &mut Session, request: &Line) -> Answer {
    let limit = request.number("max")?.unwrap_or(1);
    let tasks = session
        .store()?
        .list_move_tasks(request.required("source")?, limit)?;
    let mut line = ok();
    line.put("tasks.count", tasks.len().to_string());
    for (index, task) in tasks.iter().enumerate() {
        put_task(&mut line, &format!("tasks.{}.", index + 1), task);
    }
    Ok(line)
}

fn put_task(line: &mut Line, prefix: &str, task: &MoveTaskEntry) {
    let key = |name: &str| format!("{prefix}{name}");
    let (status, reason) = match task.status() {
        MoveStatus::Running => ("RUNNING", None),
        MoveStatus::Completed => ("COMPLETED", None),
        MoveStatus::Cancelling => ("CANCELLING", None),
        MoveStatus::Cancelled => ("CANCELLED", None),
        MoveStatus::Failed(reason) => ("FAILED", Some(reason)),
    };
    line.put(key("status"), status);
    line.put(key("source"), task.source().arn());
    line.put(key("moved"), task.moved().to_string());
    line.put(key("to_move"), task.to_move().to_string());
    line.put(key("started_ms"), task.started_ms().to_string());
    put_some(line, key("reason"), reason);
    put_some(line, key("handle"), task.handle());
    put_some(
        line,
        key("destination"),
        task.destination().map(QueueKey::arn),
    );
    put_some(line, key("rate"), task.rate().map(|rate| rate.to_string()));
}
