//! After the receive: receipts, dead letters, wake-ups, and who holds what.

use super::content::{delete, receive};
use crate::pair::Pair;
use crate::side::same;
use forebay_scenario_driver::wire::Line;

/// A receipt that one got works for the other.
pub fn receipts_travel(pair: &mut Pair<'_>) -> Result<(), String> {
    pair.writer.ask("create_queue", &[("name", b"receipts")])?;
    let send: &[(&str, &[u8])] = &[("queue", b"receipts"), ("body", b"m")];
    pair.writer.ask("send", send)?;
    let first = receive(pair, "receipts")?;
    let receipt = first.required("messages.1.receipt")?.as_bytes();
    let back: &[(&str, &[u8])] = &[
        ("queue", b"receipts"),
        ("receipt", receipt),
        ("seconds", b"0"),
    ];
    pair.writer.ask("change_visibility", back)?;
    let second = receive(pair, "receipts")?;
    let count = second.text("messages.1.receive_count")?;
    same("receive_count", &Some("2"), &count)?;
    let receipt = second.required("messages.1.receipt")?.as_bytes();
    let fields: &[(&str, &[u8])] = &[("queue", b"receipts"), ("receipt", receipt)];
    pair.writer.ask("delete", fields)?;
    let mut counts = Line::new("get_attributes");
    counts.put("queue", "receipts");
    counts.put("names.1", "All");
    counts.put("names.count", "1");
    let counts = pair.reader.call(&counts)?.map("attributes")?;
    for name in [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
    ] {
        same(name, &Some("0"), &counts.get(name).map(String::as_str))?;
    }
    Ok(())
}

/// Received too often by one, found in the dead-letter queue by the other.
pub fn dead_letters_keep_their_story(pair: &mut Pair<'_>) -> Result<(), String> {
    pair.writer.ask("create_queue", &[("name", b"dead")])?;
    let mut create = Line::new("create_queue");
    create.put("name", "source");
    create.put("dead_letter", "dead");
    create.put("max_receives", "1");
    create.put_map("attributes", [("VisibilityTimeout", "0")]);
    let source = pair.writer.call(&create)?;
    let send: &[(&str, &[u8])] = &[("queue", b"source"), ("body", b"poison")];
    let sent = pair.writer.ask("send", send)?;
    let take: &[(&str, &[u8])] = &[("queue", b"source")];
    same(
        "first",
        &1,
        &pair.writer.ask("receive", take)?.count("messages")?,
    )?;
    same(
        "second",
        &0,
        &pair.writer.ask("receive", take)?.count("messages")?,
    )?;
    let dead = receive(pair, "dead")?;
    same("id", &sent.text("id")?, &dead.text("messages.1.id")?)?;
    let origin = dead.text("messages.1.dead_letter_source")?;
    same("origin", &source.text("arn")?, &origin)?;
    delete(pair, "dead", &dead)
}

/// One waits, the other sends.
pub fn a_send_wakes_the_other(pair: &mut Pair<'_>) -> Result<(), String> {
    pair.writer.ask("create_queue", &[("name", b"wake")])?;
    let start: &[(&str, &[u8])] = &[("queue", b"wake"), ("ticket", b"t"), ("wait", b"20")];
    pair.reader.ask("receive_start", start)?;
    let waiting = pair.reader.ask("ticket_state", &[("ticket", b"t")])?;
    same("done", &Some("0"), &waiting.text("done")?)?;
    let send: &[(&str, &[u8])] = &[("queue", b"wake"), ("body", b"good morning")];
    let sent = pair.writer.ask("send", send)?;
    let woken = pair.reader.ask("await", &[("ticket", b"t")])?;
    same("messages", &1, &woken.count("messages")?)?;
    same("id", &sent.text("id")?, &woken.text("messages.1.id")?)?;
    delete(pair, "wake", &woken)
}

/// What the reader holds, the writer does not get, until it is given back.
pub fn what_one_holds_the_other_misses(pair: &mut Pair<'_>) -> Result<(), String> {
    pair.writer.ask("create_queue", &[("name", b"held")])?;
    let send: &[(&str, &[u8])] = &[("queue", b"held"), ("body", b"m")];
    pair.writer.ask("send", send)?;
    let held = receive(pair, "held")?;
    let take: &[(&str, &[u8])] = &[("queue", b"held")];
    let nothing = pair.writer.ask("receive", take)?.count("messages")?;
    same("held by the reader", &0, &nothing)?;
    let receipt = held.required("messages.1.receipt")?.as_bytes();
    let back: &[(&str, &[u8])] = &[("queue", b"held"), ("receipt", receipt), ("seconds", b"0")];
    pair.writer.ask("change_visibility", back)?;
    let again = pair.writer.ask("receive", take)?;
    same(
        "id",
        &held.text("messages.1.id")?,
        &again.text("messages.1.id")?,
    )
}
