//! S9: dead-letter queues.

use super::*;
use crate::queue::RedriveAllowPolicy;

fn with_dead_letters(max_receives: u32) -> Fixture {
    let fixture = Fixture::new();
    fixture.create("dead", &[]);
    let redrive = policy("dead", max_receives);
    fixture.create(
        "q",
        &[("RedrivePolicy", &redrive), ("VisibilityTimeout", "1")],
    );
    fixture
}

#[test]
fn s9_2_s9_14_targets_are_checked_when_the_policy_is_set() {
    let fixture = Fixture::new();
    fixture.create("q", &[]);
    let absent = policy("dead", 1);
    let error = kind(fixture.set("q", &[("RedrivePolicy", &absent)]));
    assert_eq!(error, ErrorKind::InvalidParameterValue);
    assert!(
        fixture
            .try_create("p", &[("RedrivePolicy", &absent)], FREE)
            .is_err()
    );
    fixture.create(
        "dead",
        &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)],
    );
    assert!(fixture.set("q", &[("RedrivePolicy", &absent)]).is_err());
}

#[test]
fn s9_15_a_later_ban_leaves_links() {
    let fixture = with_dead_letters(1);
    fixture
        .set(
            "dead",
            &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)],
        )
        .unwrap();
    let allow = fixture.view("dead").unwrap().attributes.redrive_allow;
    assert_eq!(allow, Some(RedriveAllowPolicy::DenyAll));
    fixture.set("q", &[("DelaySeconds", "0")]).unwrap();
    fixture.send("q", "m");
    fixture.receive("q", 1);
    fixture.advance(1_000);
    assert!(fixture.receive("q", 1).is_empty());
    assert_eq!(fixture.counts("dead"), (1, 0, 0));
}

#[test]
fn s9_4_s9_5_s9_6_s19_13_the_move_happens_on_the_receive_after_the_limit() {
    let fixture = with_dead_letters(1);
    fixture.send("q", "m");
    assert_eq!(fixture.receive("q", 1).len(), 1);
    fixture.advance(1_000);
    assert_eq!(fixture.counts("q"), (1, 0, 0), "not at the deadline");
    assert!(fixture.receive("q", 1).is_empty());
    assert_eq!(fixture.counts("q"), (0, 0, 0));
    assert_eq!(fixture.counts("dead"), (1, 0, 0));
}

#[test]
fn d6_moved_messages_do_not_use_up_the_receive() {
    let fixture = with_dead_letters(1);
    fixture.send("q", "old");
    fixture.receive("q", 1);
    fixture.advance(1_000);
    fixture.send("q", "new");
    assert_eq!(bodies(&fixture.receive("q", 1)), ["new"]);
}

#[test]
fn s18_2_timeout_zero_uses_up_receives() {
    let fixture = with_dead_letters(2);
    fixture.send("q", "m");
    assert_eq!(fixture.receive_for("q", 1, 0).len(), 1);
    assert_eq!(fixture.receive_for("q", 1, 0).len(), 1);
    assert!(fixture.receive_for("q", 1, 0).is_empty());
    assert_eq!(fixture.counts("dead"), (1, 0, 0));
}

#[test]
fn s9_7_s9_7b_s9_8_what_a_moved_message_keeps() {
    let fixture = with_dead_letters(1);
    let sent = fixture.send("q", "m");
    fixture.receive("q", 1);
    fixture.advance(5_000);
    fixture.receive("q", 1);
    let message = fixture.receive("dead", 1).remove(0).message;
    assert_eq!(message.id, sent.id);
    assert_eq!(message.receive_count, 2, "one here, one there");
    assert_eq!(
        (message.sent_ms, message.first_receive_ms),
        (START_MS, Some(START_MS))
    );
    assert_eq!(message.dead_letter_source, Some(key("q").arn()));
}

#[test]
fn s6_3_d12_the_age_goes_on_in_a_standard_dead_letter_queue() {
    let fixture = with_dead_letters(1);
    fixture
        .set("dead", &[("MessageRetentionPeriod", "60")])
        .unwrap();
    fixture.send("q", "m");
    fixture.receive("q", 1);
    fixture.advance(59_000);
    fixture.receive("q", 1);
    assert_eq!(fixture.counts("dead"), (1, 0, 0));
    fixture.advance(1_000);
    assert_eq!(fixture.counts("dead"), (0, 0, 0));
}

#[test]
fn s9_9_a_chain_counts_from_the_arrival() {
    let fixture = Fixture::new();
    fixture.create("last", &[]);
    fixture.create("dead", &[("RedrivePolicy", &policy("last", 2))]);
    fixture.create("q", &[("RedrivePolicy", &policy("dead", 1))]);
    fixture.send("q", "m");
    fixture.receive_for("q", 1, 0);
    assert!(fixture.receive("q", 1).is_empty());
    for count in [2, 3] {
        assert_eq!(
            fixture.receive_for("dead", 1, 0)[0].message.receive_count,
            count
        );
    }
    assert!(fixture.receive("dead", 1).is_empty());
    let message = &fixture.receive("last", 1)[0].message;
    assert_eq!(message.dead_letter_source, Some(key("dead").arn()));
}

#[test]
fn s9_11_the_delay_of_the_target_does_not_apply() {
    for name in ["dead", "dead.fifo"] {
        let fixture = Fixture::new();
        fixture.create(name, &[("DelaySeconds", "900")]);
        let source = if name.ends_with(".fifo") {
            "q.fifo"
        } else {
            "q"
        };
        fixture.create(source, &[("RedrivePolicy", &policy(name, 1))]);
        match source {
            "q" => fixture.send("q", "m"),
            _ => fixture.send_group("q.fifo", "g", "m"),
        };
        fixture.receive_for(source, 1, 0);
        fixture.receive(source, 1);
        assert_eq!(fixture.receive(name, 1).len(), 1);
    }
}

#[test]
fn s9_12_a_deleted_target_lets_messages_go_on() {
    let fixture = with_dead_letters(1);
    fixture.delete_queue("dead").unwrap();
    fixture.send("q", "m");
    for _ in 0..3 {
        assert_eq!(fixture.receive_for("q", 1, 0).len(), 1);
    }
    fixture.create("dead", &[]);
    assert!(fixture.receive("q", 1).is_empty());
    assert_eq!(fixture.counts("dead"), (1, 0, 0));
}

#[test]
fn s9_13_sources_by_name() {
    let fixture = with_dead_letters(1);
    fixture.create("a", &[("RedrivePolicy", &policy("dead", 1))]);
    fixture.create("unrelated", &[]);
    let page = |after: Option<&str>| {
        let command = Command::ListDeadLetterSources {
            queue: key("dead"),
            after: after.map(String::from),
            limit: 1,
        };
        fixture.execute(command).unwrap()
    };
    let names = |name: &str, more| Outcome::Names {
        names: vec![name.into()],
        more,
    };
    assert_eq!(page(None), names("a", true));
    assert_eq!(page(Some("a")), names("q", false));
}

#[test]
fn s7_8_s9_10_s18_16_a_fifo_move_frees_the_group_and_is_not_deduplicated() {
    let fixture = Fixture::new();
    fixture.create("dead.fifo", &[]);
    let redrive = policy("dead.fifo", 1);
    fixture.create(
        "q.fifo",
        &[("RedrivePolicy", &redrive), ("VisibilityTimeout", "1")],
    );
    fixture.send_group_id("dead.fifo", "other", "same id", "id");
    fixture.send_group_id("q.fifo", "g", "poison", "id");
    fixture.receive("q.fifo", 1);
    fixture.send_group("q.fifo", "g", "next");
    fixture.advance(1_000);
    assert_eq!(bodies(&fixture.receive("q.fifo", 10)), ["next"]);
    let dead = fixture.receive("dead.fifo", 10);
    assert_eq!(bodies(&dead), ["same id", "poison"]);
    let message = &dead[1].message;
    assert_eq!(message.group.as_deref(), Some("g"));
    assert_eq!(message.deduplication.as_deref(), Some("id"));
    assert_eq!(
        message.sent_ms,
        START_MS + 1_000,
        "S6.3: the age starts anew"
    );
}

#[test]
fn d6_a_receive_moves_at_most_a_thousand() {
    let fixture = with_dead_letters(1);
    let entries = (0..1_001).map(|_| fixture.entry("m")).collect();
    fixture.send_entries("q", entries);
    fixture.receive_for("q", 1_001, 0);
    assert!(fixture.receive("q", 10).is_empty());
    assert_eq!(fixture.counts("dead"), (1_000, 0, 0));
    assert!(fixture.receive("q", 10).is_empty());
    assert_eq!(fixture.counts("dead"), (1_001, 0, 0));
}

#[test]
fn s19_13_can_be_broken_on_purpose() {
    let fixture = Fixture::with_bug(Bug::OneReceiveTooMany);
    fixture.create("dead", &[]);
    fixture.create("q", &[("RedrivePolicy", &policy("dead", 1))]);
    fixture.send("q", "m");
    fixture.receive_for("q", 1, 0);
    assert_eq!(fixture.receive_for("q", 1, 0).len(), 1);
    assert!(fixture.receive_for("q", 1, 0).is_empty());
}
