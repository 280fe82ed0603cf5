//! Verbs that receive, at once or in a connection of their own.

use crate::answer::{Answer, Failure, ok};
use crate::client::{Client, Closer};
use crate::codec;
use crate::queues::input;
use crate::session::Session;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use forebay_scenario_driver::wire::Line;
use serde_json::{Map, Value, json};
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

/// The server has not settled after this long: it never will.
const SETTLE: Duration = Duration::from_secs(20);

/// A receive in a connection of its own.
pub struct Wait {
    closer: Closer,
    answer: Receiver<Result<Value, Failure>>,
    /// What came, once it did.
    came: Option<Result<Value, Failure>>,
}

impl Wait {
    fn look(&mut self) -> bool {
        if self.came.is_none() {
            self.came = match self.answer.try_recv() {
                Ok(answer) => Some(answer),
                Err(TryRecvError::Empty) => None,
                Err(TryRecvError::Disconnected) => {
                    Some(Err(Failure::Misuse("the wait has no answer".into())))
                }
            };
        }
        self.came.is_some()
    }
}

/// `receive`.
pub fn receive(session: &mut Session, request: &Line) -> Answer {
    let attributes = match request.bytes("attribute_names.count") {
        Some(_) => request.texts("attribute_names")?,
        None => vec!["All".into()],
    };
    let input = receive_input(session, request, &attributes)?;
    let answer = session.call("ReceiveMessage", input)?;
    received(&answer, &request.texts("system_names")?)
}

fn receive_input(
    session: &mut Session,
    request: &Line,
    attributes: &[String],
) -> Result<Value, Failure> {
    let mut input = input(session, request)?;
    for (member, name) in [
        ("MaxNumberOfMessages", "max"),
        ("VisibilityTimeout", "visibility"),
        ("WaitTimeSeconds", "wait"),
    ] {
        if let Some(number) = request.number::<i64>(name)? {
            input[member] = json!(number);
        }
    }
    if let Some(attempt) = request.text("attempt")? {
        input["ReceiveRequestAttemptId"] = json!(attempt);
    }
    // All, since fields of the answer come from these; what was asked for is chosen below.
    input["MessageSystemAttributeNames"] = json!(["All"]);
    if !attributes.is_empty() {
        input["MessageAttributeNames"] = json!(attributes);
    }
    Ok(input)
}

fn received(answer: &Value, system: &[String]) -> Answer {
    let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
    let mut line = ok();
    line.put("messages.count", messages.len().to_string());
    for (index, message) in messages.iter().enumerate() {
        put_message(
            &mut line,
            &format!("messages.{}.", index + 1),
            message,
            system,
        )?;
    }
    Ok(line)
}

fn put_message(
    line: &mut Line,
    prefix: &str,
    message: &Value,
    system: &[String],
) -> Result<(), Failure> {
    for (name, value) in [
        ("id", &message["MessageId"]),
        ("body", &message["Body"]),
        ("receipt", &message["ReceiptHandle"]),
        ("md5_body", &message["MD5OfBody"]),
        ("md5_attributes", &message["MD5OfMessageAttributes"]),
        (
            "receive_count",
            &message["Attributes"]["ApproximateReceiveCount"],
        ),
        ("sent_ms", &message["Attributes"]["SentTimestamp"]),
        (
            "first_receive_ms",
            &message["Attributes"]["ApproximateFirstReceiveTimestamp"],
        ),
        ("sequence", &message["Attributes"]["SequenceNumber"]),
        ("group", &message["Attributes"]["MessageGroupId"]),
        ("dedup", &message["Attributes"]["MessageDeduplicationId"]),
        ("trace_header", &message["Attributes"]["AWSTraceHeader"]),
        (
            "dead_letter_source",
            &message["Attributes"]["DeadLetterQueueSourceArn"],
        ),
        ("sender", &message["Attributes"]["SenderId"]),
    ] {
        if let Some(text) = value.as_str() {
            line.put(format!("{prefix}{name}"), text);
        }
    }
    let none = Map::new();
    let all = message["Attributes"].as_object().unwrap_or(&none);
    let asked = |name: &str| system.iter().any(|it| it == name || it == "All");
    let pairs = all.iter().filter(|(name, _)| asked(name));
    let pairs = pairs.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
    line.put_map(&format!("{prefix}system"), pairs);
    put_attributes(line, prefix, message)
}

fn put_attributes(line: &mut Line, prefix: &str, message: &Value) -> Result<(), Failure> {
    let none = Map::new();
    let attributes = message["MessageAttributes"].as_object().unwrap_or(&none);
    for (index, (name, value)) in attributes.iter().enumerate() {
        let key = format!("{prefix}attributes.{}", index + 1);
        line.put(format!("{key}.name"), name);
        line.put(
            format!("{key}.type"),
            value["DataType"].as_str().unwrap_or_default(),
        );
        let bytes = match (value["StringValue"].as_str(), value["BinaryValue"].as_str()) {
            (Some(text), None) => text.as_bytes().to_vec(),
            (None, Some(text)) => STANDARD.decode(text).map_err(|it| it.to_string())?,
            _ => return Err(format!("attribute {name} has not one value").into()),
        };
        line.put(format!("{key}.value"), bytes);
    }
    let count = attributes.len().to_string();
    line.put(format!("{prefix}attributes.count"), count);
    Ok(())
}

/// `receive_start`: returns when the server has the wait, or the answer.
pub fn start(session: &mut Session, request: &Line) -> Answer {
    let name = request.required("ticket")?.to_owned();
    if session.store()?.waits.contains_key(&name) {
        return Err(format!("the ticket {name:?} is in use").into());
    }
    let input = receive_input(session, request, &["All".into()])?;
    let protocol = session.protocol;
    let open = session.store()?;
    let (address, key) = (open.address(), open.root().clone());
    let mut client = Client::connect(address)?;
    let closer = client.closer()?;
    let (sender, answer) = channel();
    std::thread::spawn(move || {
        let action = "ReceiveMessage";
        let answer = codec::call(protocol, &mut client, &key, address, action, &input);
        // Nobody listens any more if the ticket was cancelled.
        drop(sender.send(answer));
    });
    let wait = Wait {
        closer,
        answer,
        came: None,
    };
    open.waits.insert(name, wait);
    settle(session)?;
    Ok(ok())
}

/// Waits until the server waits for exactly those whose answer is not here.
fn settle(session: &mut Session) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        let waiting = session.waiting()?;
        let waits = &mut session.store()?.waits;
        let here = waits
            .values_mut()
            .filter_map(|wait| (!wait.look()).then_some(()))
            .count();
        if waiting == here as u64 {
            return Ok(());
        }
        if start.elapsed() > SETTLE {
            return Err(format!("{here} wait here, in the server {waiting}").into());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn wait<'a>(session: &'a mut Session, name: &str) -> Result<&'a mut Wait, Failure> {
    let wait = session.store()?.waits.get_mut(name);
    wait.ok_or_else(|| format!("no ticket {name:?}").into())
}

/// `ticket_state`: whether the answer is there; it stays there.
pub fn state(session: &mut Session, request: &Line) -> Answer {
    settle(session)?;
    let done = wait(session, request.required("ticket")?)?.look();
    let mut line = ok();
    line.put("done", if done { "1" } else { "0" });
    Ok(line)
}

/// `await`.
pub fn finish(session: &mut Session, request: &Line) -> Answer {
    let name = request.required("ticket")?;
    let mut wait = session
        .store()?
        .waits
        .remove(name)
        .ok_or_else(|| format!("no ticket {name:?}"))?;
    let answer = match wait.came.take() {
        Some(answer) => answer,
        None => wait
            .answer
            .recv()
            .map_err(|_| "the wait has no answer".to_owned())?,
    };
    received(&answer?, &[])
}

/// `cancel`: the connection goes away; the server must notice, and no message be taken.
pub fn cancel(session: &mut Session, request: &Line) -> Answer {
    let name = request.required("ticket")?;
    settle(session)?;
    if wait(session, name)?.look() {
        return Err("the answer came first".to_owned().into());
    }
    if let Some(wait) = session.store()?.waits.remove(name) {
        wait.closer.close();
    }
    settle(session)?;
    Ok(ok())
}
