//! Verbs that list: queues, sources of a dead-letter queue, messages without effect.

use crate::answer::{Answer, ok, put_attributes, put_some};
use crate::session::Session;
use crate::wire::Line;
use forebay::handle::{NamePage, PeekOptions};
use forebay::limits;
use forebay::message::{MessageState, Peeked};
use forebay::rules::digest;

/// `list_queues`.
pub fn queues(session: &mut Session, request: &Line) -> Answer {
    let prefix = request.text("prefix")?.unwrap_or_default();
    let store = session.store()?;
    let (max, token) = (page_size(request)?, request.text("token")?);
    Ok(names(&store.list_queues_page(prefix, max, token)?))
}

/// `dead_letter_sources`.
pub fn dead_letter_sources(session: &mut Session, request: &Line) -> Answer {
    let queue = session.queue(request)?;
    let (max, token) = (page_size(request)?, request.text("token")?);
    Ok(names(&queue.dead_letter_sources_page(max, token)?))
}

fn page_size(request: &Line) -> Result<usize, String> {
    Ok(request.number("max")?.unwrap_or(limits::LIST_PAGE_MAX))
}

fn names(page: &NamePage) -> Line {
    let mut line = ok();
    line.put("queues.count", page.names.len().to_string());
    for (index, name) in page.names.iter().enumerate() {
        line.put(format!("queues.{}.name", index + 1), name);
    }
    put_some(&mut line, "token", page.next_token.as_ref());
    line
}

/// `peek`.
pub fn peek(session: &mut Session, request: &Line) -> Answer {
    let mut options = PeekOptions::new();
    for state in request.texts("states")? {
        options = options.state(match state.as_str() {
            "delayed" => MessageState::Delayed,
            "visible" => MessageState::Visible,
            "in_flight" => MessageState::InFlight,
            other => return Err(format!("{other:?} is not a state").into()),
        });
    }
    if let Some(group) = request.text("group")? {
        options = options.group(group);
    }
    if let Some(sequence) = request.number("after")? {
        options = options.after(sequence);
    }
    if let Some(max) = request.number("max")? {
        options = options.limit(max);
    }
    let messages = session.queue(request)?.peek(&options)?;
    let mut line = ok();
    line.put("messages.count", messages.len().to_string());
    for (index, peeked) in messages.iter().enumerate() {
        put_peeked(&mut line, &format!("messages.{}.", index + 1), peeked);
    }
    Ok(line)
}

fn put_peeked(line: &mut Line, prefix: &str, peeked: &Peeked) {
    let key = |name: &str| format!("{prefix}{name}");
    let message = &peeked.message;
    let state = match peeked.state {
        MessageState::Delayed => "delayed",
        MessageState::Visible => "visible",
        MessageState::InFlight => "in_flight",
    };
    line.put(key("state"), state);
    line.put(key("id"), message.id.to_string());
    line.put(key("body"), &message.body);
    line.put(key("sequence"), message.sequence.to_string());
    line.put(key("receive_count"), message.receive_count.to_string());
    line.put(key("sent_ms"), message.sent_ms.to_string());
    line.put(key("sender"), &message.sender);
    line.put(key("md5_body"), digest::md5_hex(&message.body));
    let text = |time: Option<u64>| time.map(|time| time.to_string());
    put_some(line, key("visible_ms"), text(peeked.visible_ms));
    put_some(
        line,
        key("first_receive_ms"),
        text(message.first_receive_ms),
    );
    put_some(line, key("group"), message.group.as_ref());
    put_some(line, key("dedup"), message.deduplication.as_ref());
    put_some(line, key("trace_header"), message.trace_header.as_ref());
    put_some(
        line,
        key("dead_letter_source"),
        message.dead_letter_source.as_ref(),
    );
    put_attributes(line, prefix, &message.attributes);
}
