//! From the queue sections of an ElasticMQ configuration to ours.

mod hocon;

use hocon::{Object, Value};
use std::fmt::Write;

/// A converted file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Converted {
    /// TOML for our configuration file.
    pub toml: String,
    /// What has no counterpart, a sentence each.
    pub notes: Vec<String>,
}

/// Converts the section `queues` of `text`.
///
/// Errors: text that is no HOCON, with its line; a value that is none of its kind.
pub fn convert(text: &str) -> Result<Converted, String> {
    let file = hocon::parse(text)?;
    let Some(Value::Object(queues)) = file.get("queues") else {
        return Err("the file has no section \"queues\"".into());
    };
    let mut converted = Converted {
        toml: String::new(),
        notes: Vec::new(),
    };
    for (name, value) in queues.iter() {
        let Value::Object(queue) = value else {
            return Err(format!("queues.{name} is no section"));
        };
        convert_queue(name, queue, &mut converted)?;
    }
    Ok(converted)
}

fn convert_queue(name: &str, queue: &Object, into: &mut Converted) -> Result<(), String> {
    let is_fifo = flag(queue, name, "fifo")?.unwrap_or(false);
    let full_name = fifo_name(name, is_fifo);
    let mut lines = vec![
        "[[queues]]".to_owned(),
        format!("name = {}", quoted(&full_name)),
    ];
    let mut attributes = Vec::new();
    for (theirs, ours) in [
        ("defaultVisibilityTimeout", "VisibilityTimeout"),
        ("delay", "DelaySeconds"),
        ("receiveMessageWait", "ReceiveMessageWaitTimeSeconds"),
    ] {
        if let Some(seconds) = seconds(queue, name, theirs)? {
            attributes.push(format!("{ours} = {seconds}"));
        }
    }
    if let Some(on) = flag(queue, name, "contentBasedDeduplication")?
        && is_fifo
    {
        attributes.push(format!("ContentBasedDeduplication = {on}"));
    }
    if let Some(Value::Object(dead)) = queue.get("deadLettersQueue") {
        let target = text(dead, name, "deadLettersQueue.name", "name")?;
        lines.push(format!(
            "dead_letter = {}",
            quoted(&fifo_name(&target, is_fifo))
        ));
        let receives = text(
            dead,
            name,
            "deadLettersQueue.maxReceiveCount",
            "maxReceiveCount",
        )?;
        let number: u32 = receives.parse().map_err(|_| {
            format!("queues.{name}.deadLettersQueue.maxReceiveCount is {receives:?}, no number")
        })?;
        lines.push(format!("max_receives = {number}"));
    }
    if !attributes.is_empty() {
        lines.push(format!("attributes = {{ {} }}", attributes.join(", ")));
    }
    if let Some(Value::Object(tags)) = queue.get("tags") {
        let tags = tags.iter().filter_map(|(key, value)| match value {
            Value::Text(value) => Some(format!("{} = {}", quoted(key), quoted(value))),
            Value::Object(_) => None,
        });
        lines.push(format!(
            "tags = {{ {} }}",
            tags.collect::<Vec<_>>().join(", ")
        ));
    }
    for unknown in ["copyTo", "moveTo"] {
        if queue.get(unknown).is_some() {
            let note = format!("queues.{name}.{unknown} has no counterpart and is left out");
            into.notes.push(note);
        }
    }
    // Writing into a String cannot fail.
    let _ = writeln!(into.toml, "{}\n", lines.join("\n"));
    Ok(())
}

/// A text as TOML writes it on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_ascii_control() => {
                // Writing into a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// ElasticMQ adds the suffix where it is missing.
fn fifo_name(name: &str, is_fifo: bool) -> String {
    match is_fifo && !name.ends_with(".fifo") {
        true => format!("{name}.fifo"),
        false => name.to_owned(),
    }
}

fn text(object: &Object, queue: &str, path: &str, key: &str) -> Result<String, String> {
    match object.get(key) {
        Some(Value::Text(text)) => Ok(text.clone()),
        _ => Err(format!("queues.{queue}.{path} is missing")),
    }
}

fn flag(object: &Object, queue: &str, key: &str) -> Result<Option<bool>, String> {
    match object.get(key) {
        None => Ok(None),
        Some(Value::Text(text)) => match text.as_str() {
            "true" | "yes" | "on" => Ok(Some(true)),
            "false" | "no" | "off" => Ok(Some(false)),
            other => Err(format!(
                "queues.{queue}.{key} is {other:?}, not true or false"
            )),
        },
        Some(Value::Object(_)) => Err(format!("queues.{queue}.{key} is a section")),
    }
}

/// A duration in whole seconds, rounded up so that nothing becomes shorter.
fn seconds(object: &Object, queue: &str, key: &str) -> Result<Option<u64>, String> {
    let Some(Value::Text(text)) = object.get(key) else {
        return Ok(None);
    };
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = (&text[..split], text[split..].trim());
    let ms = match unit {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1,
        "s" | "second" | "seconds" => 1_000,
        "m" | "minute" | "minutes" => 60_000,
        "h" | "hour" | "hours" => 3_600_000,
        "d" | "day" | "days" => 86_400_000,
        _ => 0,
    };
    match digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(ms))
    {
        Some(total_ms) if ms > 0 => Ok(Some(total_ms.div_ceil(1_000))),
        _ => Err(format!(
            "queues.{queue}.{key} is {text:?}, no duration as \"10 seconds\""
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const FILE: &str = r#"
        include classpath("application.conf")
        // A comment, and a section that is not ours.
        node-address { protocol = http, host = "*", port = 9324, context-path = "" }
        rest-sqs.enabled = true
        queues {
          orders {
            defaultVisibilityTimeout = 10 seconds
            delay = 1500 ms
            receiveMessageWait = 0 seconds
            deadLettersQueue {
              name = "orders-dead"
              maxReceiveCount = 3 # from 1 to 1000
            }
            fifo = false
            copyTo = "audit"
            tags { team = "a b", "k.x" : v }
          }
          "orders-dead" { }
          events { fifo = true, contentBasedDeduplication = true }
        }
        queues.late.delay = 2m
    "#;

    #[test]
    fn an_elasticmq_file_becomes_ours() {
        let converted = convert(FILE).unwrap();
        assert_eq!(converted.notes.len(), 1);
        assert!(converted.notes[0].contains("orders.copyTo"));
        let config: Config = toml::from_str(&converted.toml).unwrap();
        config.check().unwrap();
        let names: Vec<&str> = config
            .queues
            .iter()
            .map(|queue| queue.name.as_str())
            .collect();
        assert_eq!(names, ["orders", "orders-dead", "events.fifo", "late"]);
        let orders = &config.queues[0];
        assert_eq!(orders.dead_letter.as_deref(), Some("orders-dead"));
        assert_eq!(orders.max_receives, Some(3));
        assert_eq!(orders.tags["k.x"], "v");
        let store = forebay::Store::open("mem:").unwrap();
        crate::config::queues::create(&store, &config).unwrap();
        let view = store.get_queue("orders").unwrap().view().unwrap();
        assert_eq!(
            (view.attributes.visibility_s, view.attributes.delay_s),
            (10, 2)
        );
        let late = store.get_queue("late").unwrap().view().unwrap();
        assert_eq!(late.attributes.delay_s, 120);
        let events = store.get_queue("events.fifo").unwrap().view().unwrap();
        assert!(events.attributes.content_deduplication);
    }

    #[test]
    fn texts_with_escapes_stay_what_they_are() {
        let file = r#"
            a/b = c/d // A slash alone is no comment.
            queues.q.tags { "k\u0001\"" = "\n\\ \u20ac\u007f", path = a/b }
        "#;
        let converted = convert(file).unwrap();
        let config: Config = toml::from_str(&converted.toml).unwrap();
        let tags = &config.queues[0].tags;
        assert_eq!(tags["k\u{1}\""], "\n\\ \u{20ac}\u{7f}");
        assert_eq!(tags["path"], "a/b");
    }

    #[test]
    fn a_name_of_very_many_parts_is_refused() {
        let error = convert(&format!("{}a = 1", "a.".repeat(200_000))).unwrap_err();
        assert_eq!(error, "line 1: a name has too many parts");
        assert!(convert(r#"queues.q.tags { a = "\x" }"#).is_err());
        assert!(convert(r#"queues.q.tags { a = "\ud800" }"#).is_err());
    }

    #[test]
    fn what_cannot_be_converted_is_named() {
        for (file, part) in [
            ("a = 1", "no section \"queues\""),
            ("queues { q { delay = soon } }", "queues.q.delay"),
            ("queues { q { fifo = maybe } }", "queues.q.fifo"),
            (
                "queues { q { deadLettersQueue { name = d } } }",
                "maxReceiveCount",
            ),
            ("queues { q {", "line 1"),
            ("queues {\n = 3 }", "line 2"),
            ("queues { q = \"x }", "line 1"),
        ] {
            let error = convert(file).unwrap_err();
            assert!(error.contains(part), "{file}: {error}");
        }
    }
}
