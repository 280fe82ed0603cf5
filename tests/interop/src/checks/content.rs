//! What was sent is received: queues, bodies, attributes.

use crate::pair::Pair;
use crate::side::same;
use forebay_scenario_driver::wire::Line;
use std::collections::BTreeMap;

/// Attributes and tags that one sets, the other sees.
pub fn queues(pair: &mut Pair<'_>) -> Result<(), String> {
    let mut create = Line::new("create_queue");
    create.put("name", "seen");
    create.put_map("attributes", [("VisibilityTimeout", "77")]);
    create.put_map("tags", [("team", "b\u{fc}ro \u{1f600}")]);
    let made = pair.writer.call(&create)?;
    let found = pair.reader.ask("get_queue", &[("name", b"seen")])?;
    same("queue", &made.fields, &found.fields)?;
    let mut all = Line::new("get_attributes");
    all.put("queue", "seen");
    all.put("names.1", "All");
    all.put("names.count", "1");
    let written = pair.writer.call(&all)?.map("attributes")?;
    let read = pair.reader.call(&all)?.map("attributes")?;
    same("attributes", &written, &read)?;
    let timeout = read.get("VisibilityTimeout").map(String::as_str);
    same("VisibilityTimeout", &Some("77"), &timeout)?;
    let tags = pair.reader.ask("list_tags", &[("queue", b"seen")])?;
    let expected = BTreeMap::from([("team".to_owned(), "b\u{fc}ro \u{1f600}".to_owned())]);
    same("tags", &expected, &tags.map("tags")?)?;
    let listed = pair.reader.ask("list_queues", &[("prefix", b"se")])?;
    same("listed", &Some("seen"), &listed.text("queues.1.name")?)
}

/// Every byte, text beyond ASCII, and a body of 300,000 bytes.
pub fn bodies(pair: &mut Pair<'_>) -> Result<(), String> {
    pair.writer.ask("create_queue", &[("name", b"bodies")])?;
    let every: Vec<u8> = (0..=255).collect();
    let long: Vec<u8> = (0..300_000u32).map(|at| (at % 251) as u8).collect();
    let text = "gr\u{fc}\u{df}e \u{1f600}\n\t\u{0}end".as_bytes().to_vec();
    for body in [b"plain".to_vec(), every, text, long, vec![0]] {
        let sent = pair
            .writer
            .ask("send", &[("queue", b"bodies"), ("body", &body)])?;
        let received = receive(pair, "bodies")?;
        for key in ["id", "md5_body"] {
            let read = received.bytes(&format!("messages.1.{key}"));
            same(key, &sent.bytes(key), &read)?;
        }
        same("body", &Some(&*body), &received.bytes("messages.1.body"))?;
        delete(pair, "bodies", &received)?;
    }
    Ok(())
}

const ATTRIBUTES: [(&str, &str, &[u8]); 4] = [
    ("kind", "String", "n\u{e4}chste \u{1f600}".as_bytes()),
    ("size.in_bytes", "Number.long", b"-12.5e3"),
    ("raw", "Binary", &[0, 1, 2, 0xfe, 0xff, b'%', b'=']),
    ("custom-label", "String.json", b"{\"a\": [1, 2]}"),
];

/// Types, labels, binary values, trace header and sender.
pub fn attributes(pair: &mut Pair<'_>) -> Result<(), String> {
    pair.writer
        .ask("create_queue", &[("name", b"attributes")])?;
    let mut send = Line::new("send");
    send.put("queue", "attributes");
    send.put("body", "b");
    send.put("trace_header", "Root=1-5759e988-bd862e3fe1be46a994272793");
    send.put("sender", "someone");
    for (index, (name, kind, value)) in ATTRIBUTES.iter().enumerate() {
        let prefix = format!("attributes.{}", index + 1);
        send.put(format!("{prefix}.name"), name);
        send.put(format!("{prefix}.type"), kind);
        send.put(format!("{prefix}.value"), value);
    }
    send.put("attributes.count", ATTRIBUTES.len().to_string());
    let sent = pair.writer.call(&send)?;
    let received = receive(pair, "attributes")?;
    let count = received.count("messages.1.attributes")?;
    same("attribute count", &ATTRIBUTES.len(), &count)?;
    let mut read = BTreeMap::new();
    for index in 1..=count {
        let field = |part: &str| received.bytes(&format!("messages.1.attributes.{index}.{part}"));
        let name = field("name").unwrap_or_default().to_vec();
        read.insert(name, (field("type"), field("value")));
    }
    for (name, kind, value) in ATTRIBUTES {
        let written = Some(&(Some(kind.as_bytes()), Some(value)));
        same(name, &written, &read.get(name.as_bytes()))?;
    }
    let digest = received.bytes("messages.1.md5_attributes");
    same("md5_attributes", &sent.bytes("md5_attributes"), &digest)?;
    for key in ["trace_header", "sender"] {
        let found = received.bytes(&format!("messages.1.{key}"));
        same(key, &send.bytes(key), &found)?;
    }
    delete(pair, "attributes", &received)
}

/// The reader receives exactly one message.
pub fn receive(pair: &mut Pair<'_>, queue: &str) -> Result<Line, String> {
    let fields: &[(&str, &[u8])] = &[("queue", queue.as_bytes()), ("max", b"10")];
    let received = pair.reader.ask("receive", fields)?;
    same("messages", &1, &received.count("messages")?)?;
    Ok(received)
}

/// The reader deletes what it received.
pub fn delete(pair: &mut Pair<'_>, queue: &str, received: &Line) -> Result<(), String> {
    let receipt = received.required("messages.1.receipt")?.as_bytes();
    let fields = [("queue", queue.as_bytes()), ("receipt", receipt)];
    pair.reader.ask("delete", &fields).map(|_| ())
}
