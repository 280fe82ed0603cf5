//! Verbs about messages: send, receive, wait, delete, hide.

use crate::answer::{Answer, Failure, ok, put_attributes, put_entries, put_some};
use crate::session::{Session, Wait};
use crate::wire::Line;
use forebay::handle::{
    DeleteRequest, Message, ReceiveOptions, SendReceipt, SendRequest, VisibilityRequest,
};
use forebay::message::{Attribute, AttributeValue};
use std::sync::mpsc::{TryRecvError, channel};

/// `send`.
pub fn send(session: &mut Session, request: &Line) -> Answer {
    let message = send_request(request, "")?;
    let receipt = session.queue(request)?.send(message)?;
    let mut line = ok();
    put_sent(&mut line, "", &receipt);
    Ok(line)
}

/// `send_batch`.
pub fn send_batch(session: &mut Session, request: &Line) -> Answer {
    let messages = entries(request, send_request)?;
    let results = session.queue(request)?.send_batch(messages)?;
    let mut line = ok();
    put_entries(&mut line, results, |line, prefix, receipt| {
        put_sent(line, prefix, &receipt)
    });
    Ok(line)
}

/// Reads the list `entries`, each with its prefix.
fn entries<T>(
    request: &Line,
    read: impl Fn(&Line, &str) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    (1..=request.count("entries")?)
        .map(|index| read(request, &format!("entries.{index}.")))
        .collect()
}

fn send_request(request: &Line, prefix: &str) -> Result<SendRequest, Failure> {
    let key = |name: &str| format!("{prefix}{name}");
    let body = request
        .bytes(&key("body"))
        .ok_or_else(|| format!("{prefix}body is missing"))?;
    let mut message = SendRequest::new(body.to_vec());
    if let Some(id) = request.text(&key("id"))? {
        message = message.id(id);
    }
    if let Some(delay) = request.number(&key("delay"))? {
        message = message.delay(delay);
    }
    if let Some(header) = request.text(&key("trace_header"))? {
        message = message.trace_header(header);
    }
    if let Some(group) = request.text(&key("group"))? {
        message = message.group(group);
    }
    if let Some(id) = request.text(&key("dedup"))? {
        message = message.deduplication(id);
    }
    if let Some(sender) = request.text(&key("sender"))? {
        message = message.sender(sender);
    }
    for index in 1..=request.count(&key("attributes"))? {
        message = message.attribute(attribute(request, &key(&format!("attributes.{index}")))?);
    }
    Ok(message)
}

fn attribute(request: &Line, key: &str) -> Result<Attribute, Failure> {
    let data_type = request.required(&format!("{key}.type"))?;
    let value = format!("{key}.value");
    Ok(Attribute {
        name: request.required(&format!("{key}.name"))?.to_owned(),
        data_type: data_type.to_owned(),
        value: if data_type.starts_with("Binary") {
            let bytes = request.bytes(&value).unwrap_or_default();
            AttributeValue::Binary(bytes.to_vec().into())
        } else {
            AttributeValue::Text(request.required(&value)?.to_owned())
        },
    })
}

fn put_sent(line: &mut Line, prefix: &str, receipt: &SendReceipt) {
    line.put(format!("{prefix}id"), receipt.message_id().to_string());
    line.put(
        format!("{prefix}duplicate"),
        if receipt.is_duplicate() { "1" } else { "0" },
    );
    line.put(format!("{prefix}md5_body"), receipt.md5_of_body());
    put_some(line, format!("{prefix}sequence"), receipt.sequence_number());
    put_some(
        line,
        format!("{prefix}md5_attributes"),
        receipt.md5_of_attributes(),
    );
    put_some(
        line,
        format!("{prefix}md5_system"),
        receipt.md5_of_system_attributes(),
    );
}

/// `receive`.
pub fn receive(session: &mut Session, request: &Line) -> Answer {
    let options = receive_options(request)?;
    let messages = session.queue(request)?.receive(&options)?;
    let attributes = match request.bytes("attribute_names.count") {
        Some(_) => request.texts("attribute_names")?,
        None => vec!["All".into()],
    };
    let system = request.texts("system_names")?;
    Ok(received(&messages, &attributes, &system))
}

fn receive_options(request: &Line) -> Result<ReceiveOptions, Failure> {
    let mut options = ReceiveOptions::new();
    if let Some(max) = request.number("max")? {
        options = options.max(max);
    }
    if let Some(seconds) = request.number("visibility")? {
        options = options.visibility_timeout(seconds);
    }
    if let Some(seconds) = request.number("wait")? {
        options = options.wait(seconds);
    }
    if let Some(attempt) = request.text("attempt")? {
        options = options.attempt(attempt);
    }
    Ok(options)
}

fn received(messages: &[Message], attributes: &[String], system: &[String]) -> Line {
    let attributes: Vec<&str> = attributes.iter().map(String::as_str).collect();
    let system: Vec<&str> = system.iter().map(String::as_str).collect();
    let mut line = ok();
    line.put("messages.count", messages.len().to_string());
    for (index, message) in messages.iter().enumerate() {
        let prefix = format!("messages.{}.", index + 1);
        put_message(&mut line, &prefix, message);
        put_attributes(&mut line, &prefix, message.select_attributes(&attributes));
        let md5 = message.md5_of_attributes(&attributes);
        put_some(&mut line, format!("{prefix}md5_attributes"), md5);
        let system = message.system_attributes(&system);
        let system = system.iter().map(|(name, value)| (*name, value.as_str()));
        line.put_map(&format!("{prefix}system"), system);
    }
    line
}

fn put_message(line: &mut Line, prefix: &str, message: &Message) {
    let key = |name: &str| format!("{prefix}{name}");
    let first_receive_ms = message.first_receive_ms().map(|time| time.to_string());
    line.put(key("id"), message.id().to_string());
    line.put(key("body"), message.body());
    line.put(key("receipt"), message.receipt());
    line.put(key("receive_count"), message.receive_count().to_string());
    line.put(key("sent_ms"), message.sent_ms().to_string());
    line.put(key("visible_ms"), message.visible_ms().to_string());
    line.put(key("sender"), message.sender());
    line.put(key("md5_body"), message.md5_of_body());
    put_some(line, key("first_receive_ms"), first_receive_ms);
    put_some(line, key("sequence"), message.sequence_number());
    put_some(line, key("group"), message.group());
    put_some(line, key("dedup"), message.deduplication());
    put_some(line, key("trace_header"), message.trace_header());
    put_some(
        line,
        key("dead_letter_source"),
        message.dead_letter_source(),
    );
}

/// `receive_start`.
pub fn receive_start(session: &mut Session, request: &Line) -> Answer {
    let name = request.required("ticket")?;
    if session.waits.contains_key(name) {
        return Err(format!("the ticket {name:?} is in use").into());
    }
    let options = receive_options(request)?;
    let queue = session.queue(request)?;
    let (sender, answer) = channel();
    let callback = move |result| {
        // Nobody listens any more only if the ticket was cancelled.
        drop(sender.send(result));
    };
    let ticket = queue.receive_start(options, callback)?;
    session
        .waits
        .insert(name.to_owned(), Wait { ticket, answer });
    Ok(ok())
}

/// `ticket_state`: whether the answer is there; it stays there.
pub fn ticket_state(session: &mut Session, request: &Line) -> Answer {
    let wait = wait(session, request)?;
    let mut line = ok();
    line.put("done", if wait.ticket.is_done() { "1" } else { "0" });
    Ok(line)
}

/// `await`.
pub fn await_ticket(session: &mut Session, request: &Line) -> Answer {
    let wait = wait(session, request)?;
    let answer = wait.answer.recv();
    session.waits.remove(request.required("ticket")?);
    let messages = answer.map_err(|_| "the callback was dropped".to_owned())??;
    Ok(received(&messages, &["All".into()], &[]))
}

/// `cancel`: must leave an answer, if only that it was cancelled.
pub fn cancel(session: &mut Session, request: &Line) -> Answer {
    let wait = wait(session, request)?;
    wait.ticket.cancel();
    let answer = wait.answer.try_recv();
    session.waits.remove(request.required("ticket")?);
    match answer {
        Ok(Err(error)) if error.kind() == forebay::ErrorKind::Cancelled => Ok(ok()),
        Ok(Ok(messages)) => Err(format!("{} messages came first", messages.len()).into()),
        Ok(Err(error)) => Err(error.into()),
        Err(TryRecvError::Empty | TryRecvError::Disconnected) => {
            Err("the callback was not called".to_owned().into())
        }
    }
}

fn wait<'a>(session: &'a Session, request: &Line) -> Result<&'a Wait, Failure> {
    let name = request.required("ticket")?;
    let wait = session.waits.get(name);
    wait.ok_or_else(|| format!("no ticket {name:?}").into())
}

/// `delete`.
pub fn delete(session: &mut Session, request: &Line) -> Answer {
    session
        .queue(request)?
        .delete(request.required("receipt")?)?;
    Ok(ok())
}

/// `delete_batch`.
pub fn delete_batch(session: &mut Session, request: &Line) -> Answer {
    let messages = entries(request, |request, prefix| {
        let message = DeleteRequest::new(request.required(&format!("{prefix}receipt"))?);
        Ok(match request.text(&format!("{prefix}id"))? {
            Some(id) => message.id(id),
            None => message,
        })
    })?;
    let results = session.queue(request)?.delete_batch(messages)?;
    let mut line = ok();
    put_entries(&mut line, results, |_, _, ()| {});
    Ok(line)
}

/// `change_visibility`.
pub fn change_visibility(session: &mut Session, request: &Line) -> Answer {
    let change = visibility_request(request, "")?;
    session.queue(request)?.change_visibility(change)?;
    Ok(ok())
}

/// `change_visibility_batch`.
pub fn change_visibility_batch(session: &mut Session, request: &Line) -> Answer {
    let changes = entries(request, |request, prefix| {
        let change = visibility_request(request, prefix)?;
        Ok(match request.text(&format!("{prefix}id"))? {
            Some(id) => change.id(id),
            None => change,
        })
    })?;
    let results = session.queue(request)?.change_visibility_batch(changes)?;
    let mut line = ok();
    put_entries(&mut line, results, |_, _, ()| {});
    Ok(line)
}

fn visibility_request(request: &Line, prefix: &str) -> Result<VisibilityRequest, Failure> {
    let seconds = request.number(&format!("{prefix}seconds"))?;
    let seconds = seconds.ok_or_else(|| format!("{prefix}seconds is missing"))?;
    let receipt = request.required(&format!("{prefix}receipt"))?;
    Ok(VisibilityRequest::new(receipt, seconds))
}
