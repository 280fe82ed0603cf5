//! Sending, receiving, deleting, moving.

use crate::World;

#[test]
fn a_message_goes_through() {
    let world = World::new();
    world.good("create orders --visibility-timeout 60 --tag team=blue");
    let sent = world.good("send orders hello --attribute kind=new --delay 0");
    assert_eq!(sent.lines[0]["duplicate"], false);
    let peeked = world.good("peek orders");
    assert_eq!(peeked.bodies(), ["hello"]);
    assert_eq!(peeked.lines[0]["state"], "visible");
    let received = world.good("receive orders --max 5");
    assert_eq!(received.bodies(), ["hello"]);
    assert_eq!(received.lines[0]["attributes"]["kind"], "new");
    assert_eq!(received.lines[0]["id"], sent.lines[0]["id"]);
    assert_eq!(world.run("receive orders").status, 2);
    let deleted = world.run_with("delete orders", &received.text);
    assert_eq!(deleted.status, 0, "{}", deleted.error);
    assert_eq!(world.run("peek orders").status, 2);
}

#[test]
fn lines_are_sent_with_everything_they_have() {
    let world = World::new();
    world.good("create lines");
    let lines = r#"{"body": "a", "attributes": {"n": {"type": "Number", "value": "7"}}}

{"body_base64": "AP8=", "attributes": {"raw": {"type": "Binary", "base64": "AQI="}}, "sender": "me"}
"#;
    let sent = world.run_with("send lines", lines);
    assert_eq!((sent.status, sent.lines.len()), (0, 2), "{}", sent.error);
    let received = world.good("receive lines --max 10 --delete");
    assert_eq!(received.lines[0]["attributes"]["n"]["value"], "7");
    assert_eq!(received.lines[1]["body_base64"], "AP8=");
    assert_eq!(received.lines[1]["attributes"]["raw"]["base64"], "AQI=");
    assert_eq!(received.lines[1]["sender"], "me");
    assert_eq!(world.run("peek lines").status, 2);
    let bad = world.run_with("send lines", "{\"boddy\": 1}\n");
    assert_eq!(bad.status, 1);
    assert!(bad.error.contains("body"), "{}", bad.error);
}

#[test]
fn messages_move_and_keep_what_they_are() {
    let world = World::new();
    world.good("create a.fifo");
    world.good("create b.fifo");
    for number in 0..25 {
        world.good(&format!(
            "send a.fifo m{number} --group g --dedup d{number}"
        ));
    }
    let moved = world.good("move a.fifo b.fifo --max 15");
    assert_eq!(moved.lines[0]["moved"], 15);
    assert_eq!(world.good("move a.fifo b.fifo").lines[0]["moved"], 10);
    assert_eq!(world.run("move a.fifo b.fifo").status, 2);
    let there = world.good("peek b.fifo --max 100 --state visible");
    let expected: Vec<String> = (0..25).map(|number| format!("m{number}")).collect();
    assert_eq!(there.bodies(), expected);
    assert_eq!(there.lines[3]["dedup"], "d3");
    assert_eq!(world.run("move a.fifo a.fifo").status, 1);
}

#[test]
fn dead_letters_go_back() {
    let world = World::new();
    world.good("create dead");
    world.good("create work --visibility-timeout 0 --dead-letter dead --max-receives 1");
    world.good("send work a b c");
    world.good("receive work --max 10");
    assert_eq!(world.run("receive work --max 10").status, 2);
    let dry = world.good("redrive dead --dry-run");
    assert_eq!(dry.lines[0]["would_move"], 3);
    assert_eq!(dry.lines[0]["sources"][0], "work");
    let redriven = world.good("redrive dead");
    assert_eq!(redriven.lines[0]["moved"], 3);
    assert_eq!(world.good("peek work").bodies(), ["a", "b", "c"]);
    assert_eq!(world.run("redrive dead --dry-run").status, 2);
    assert_eq!(world.run("redrive dead --cancel").status, 2);
}
