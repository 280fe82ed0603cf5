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
    assert_eq!(there.lines[3]["group"], "g");
    assert_eq!(world.run("move a.fifo a.fifo").status, 1);
}

/// A queue that a message was in less than five minutes ago would drop it as a duplicate.
#[test]
fn messages_move_there_and_back() {
    let world = World::new();
    world.good("create a.fifo");
    world.good("create b.fifo");
    world.good("create c");
    world.good("send a.fifo m1 --group g --dedup d1");
    world.good("send a.fifo m2 --group g --dedup d2");
    for _ in 0..2 {
        assert_eq!(world.good("move a.fifo b.fifo").lines[0]["moved"], 2);
        assert_eq!(world.good("move b.fifo a.fifo").lines[0]["moved"], 2);
        assert_eq!(world.good("peek a.fifo").bodies(), ["m1", "m2"]);
    }
    assert_eq!(world.good("move a.fifo c").lines[0]["moved"], 2);
    assert_eq!(world.good("peek c").bodies(), ["m1", "m2"]);
    assert_eq!(world.good("move c a.fifo").lines[0]["moved"], 2);
    assert_eq!(world.good("peek a.fifo").bodies(), ["m1", "m2"]);
}

/// What cannot be moved stays, visible, and the others move.
#[test]
fn a_message_that_cannot_be_moved_stays() {
    let world = World::new();
    world.good("create a");
    world.good("create b.fifo");
    world.good("send a free");
    world.good("send a tenant --group g");
    let moved = world.run("move a b.fifo");
    assert_eq!(moved.status, 1);
    assert!(moved.error.contains("MessageGroupId"), "{}", moved.error);
    let left = world.good("peek a --state visible");
    assert_eq!(left.bodies(), ["free"]);
    assert_eq!(world.good("peek b.fifo").bodies(), ["tenant"]);
}

#[test]
fn a_filter_picks_what_moves() {
    let world = World::new();
    world.good("create a --visibility-timeout 0");
    world.good("create b");
    world.good("send a red-1 red-2 --attribute colour=red");
    world.good("send a blue-1 --attribute colour=blue");
    let tenant = world.good("send a of-a-tenant --group t");
    assert_eq!(world.run("move a b --attribute colour=green").status, 2);
    assert_eq!(world.run("move a b --attribute colour").status, 64);
    let moved = world.good("move a b --attribute colour=red --body 2");
    assert_eq!(moved.lines[0]["moved"], 1);
    assert_eq!(world.good("peek b").bodies(), ["red-2"]);
    let id = tenant.lines[0]["id"].as_str().unwrap();
    assert_eq!(
        world.good(&format!("move a b --id {id}")).lines[0]["moved"],
        1
    );
    assert_eq!(world.good("move a b --body blue").lines[0]["moved"], 1);
    let left = world.good("peek a --state visible");
    assert_eq!(left.bodies(), ["red-1"]);
    assert_eq!(
        world.good("move b a --group t --max 1").lines[0]["moved"],
        1
    );
}

/// Those that are passed over keep those behind them in their group back.
#[test]
fn a_filter_reaches_behind_others_of_a_group() {
    let world = World::new();
    world.good("create a.fifo --attribute ContentBasedDeduplication=true");
    world.good("create b");
    let lines: String = (0..100)
        .map(|n| format!("{{\"body\": \"m{n}\", \"group\": \"g\"}}\n"))
        .collect();
    assert_eq!(world.run_with("send a.fifo", &lines).status, 0);
    let moved = world.good("move a.fifo b --body m9 --max 2");
    assert_eq!(moved.lines[0]["moved"], 2);
    assert_eq!(world.good("peek b").bodies(), ["m9", "m90"]);
    let moved = world.good("move a.fifo b --body m9");
    assert_eq!(moved.lines[0]["moved"], 9);
    assert_eq!(moved.lines[0]["looked_at"], 98);
    let left = world.good("peek a.fifo --max 200 --state visible");
    assert_eq!(left.lines.len(), 89);
}

#[test]
fn some_dead_letters_go_back() {
    let world = World::new();
    world.good("create dead");
    world.good("create one --visibility-timeout 0 --dead-letter dead --max-receives 1");
    world.good("create two --visibility-timeout 0 --dead-letter dead --max-receives 1");
    world.good("send one poison-1 good-1");
    world.good("send two good-2");
    for queue in ["one", "two"] {
        world.good(&format!("receive {queue} --max 10"));
        world.run(&format!("receive {queue} --max 10"));
    }
    world.good("send dead good-by-itself");
    let dry = world.good("redrive dead --body good --dry-run");
    assert_eq!(dry.lines[0]["would_move"], 3);
    let picked = world.run("redrive dead --body good --rate 500");
    assert_eq!(picked.status, 1);
    assert!(picked.error.contains("--to"), "{}", picked.error);
    assert_eq!(world.good("peek one").bodies(), ["good-1"]);
    assert_eq!(world.good("peek two").bodies(), ["good-2"]);
    let left = world.good("peek dead --state visible");
    assert_eq!(left.bodies(), ["poison-1", "good-by-itself"]);
    let moved = world.good("redrive dead --body itself --to two");
    assert_eq!(moved.lines[0]["moved"], 1);
    assert_eq!(world.run("redrive dead --body x --rate 0").status, 1);
    assert_eq!(world.run("redrive dead --body x").status, 2);
}

/// A batch of as many lines as a batch may have messages would have too many bytes.
#[test]
fn long_lines_are_sent_and_a_bad_one_is_named() {
    let world = World::new();
    world.good("create q");
    let line = format!("{{\"body\": \"{}\"}}\n", "x".repeat(1 << 20));
    let sent = world.run_with("send q", &line.repeat(70));
    assert_eq!((sent.status, sent.lines.len()), (0, 70), "{}", sent.error);
    world.good("create r");
    let exported = world.good("export q");
    let imported = world.run_with("import --to r", &exported.text);
    assert_eq!(imported.lines[0]["sent"], 70, "{}", imported.error);
    world.good("purge q");
    let lines = "{\"body\": \"1\"}\n\n{\"body\": \"2\"}\n{\"body\": }\n{\"body\": \"3\"}\n";
    for command in ["send q", "import --to q"] {
        let bad = world.run_with(command, lines);
        assert_eq!(bad.status, 1);
        assert!(bad.error.contains("line 4"), "{}", bad.error);
    }
    assert_eq!(
        world.good("receive q --max 10 --delete").bodies(),
        ["1", "2", "1", "2"]
    );
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

/// Lines say for themselves what they are sent with: an option that changed none of them would be
/// one that is not heard.
#[test]
fn options_of_bodies_are_refused_without_bodies() {
    let world = World::new();
    world.good("create q");
    for option in ["--delay 900", "--attribute a=b", "--group g", "--dedup d"] {
        let sent = world.run_with(&format!("send q {option}"), "{\"body\": \"x\"}\n");
        assert_eq!(sent.status, 64, "{option}: {}", sent.error);
    }
    assert_eq!(world.run("peek q").status, 2);
}
