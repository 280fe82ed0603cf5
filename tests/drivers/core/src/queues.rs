//! Verbs about queues.

use crate::answer::{Answer, ok};
use crate::session::Session;
use crate::wire::Line;
use forebay::handle::{Queue, QueueOptions};
use std::collections::BTreeMap;

/// `create_queue`.
pub fn create(session: &mut Session, request: &Line) -> Answer {
    let mut options = QueueOptions::new().attributes(request.map("attributes")?);
    for (key, value) in request.map("tags")? {
        options = options.tag(key, value);
    }
    match (
        request.text("dead_letter")?,
        request.number("max_receives")?,
    ) {
        (Some(target), Some(max_receives)) => options = options.dead_letter(target, max_receives),
        (None, None) => {}
        _ => {
            return Err("dead_letter and max_receives come together"
                .to_owned()
                .into());
        }
    }
    let queue = session
        .store()?
        .create_queue(request.required("name")?, &options)?;
    Ok(found(session, queue))
}

/// `get_queue`.
pub fn get(session: &mut Session, request: &Line) -> Answer {
    let queue = session.store()?.get_queue(request.required("name")?)?;
    Ok(found(session, queue))
}

fn found(session: &mut Session, queue: Queue) -> Line {
    let mut line = ok();
    line.put("name", queue.name());
    line.put("arn", queue.arn());
    line.put("fifo", if queue.is_fifo() { "1" } else { "0" });
    session.keep(queue);
    line
}

/// `delete_queue`.
pub fn delete(session: &mut Session, request: &Line) -> Answer {
    session.store()?.delete_queue(request.required("name")?)?;
    Ok(ok())
}

/// `get_attributes`.
pub fn get_attributes(session: &mut Session, request: &Line) -> Answer {
    let names = request.texts("names")?;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let attributes = session.queue(request)?.attributes(&names)?;
    Ok(map_answer("attributes", &attributes))
}

/// `set_attributes`.
pub fn set_attributes(session: &mut Session, request: &Line) -> Answer {
    session
        .queue(request)?
        .set_attributes(request.map("attributes")?)?;
    Ok(ok())
}

/// `tag`.
pub fn tag(session: &mut Session, request: &Line) -> Answer {
    session.queue(request)?.tag(request.map("tags")?)?;
    Ok(ok())
}

/// `untag`.
pub fn untag(session: &mut Session, request: &Line) -> Answer {
    session.queue(request)?.untag(request.texts("keys")?)?;
    Ok(ok())
}

/// `list_tags`.
pub fn list_tags(session: &mut Session, request: &Line) -> Answer {
    let tags = session.queue(request)?.tags()?;
    Ok(map_answer("tags", &tags))
}

/// `purge`.
pub fn purge(session: &mut Session, request: &Line) -> Answer {
    session.queue(request)?.purge()?;
    Ok(ok())
}

fn map_answer(key: &str, map: &BTreeMap<String, String>) -> Line {
    let mut line = ok();
    line.put_map(
        key,
        map.iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    line
}
