//! S7: FIFO queues.

use super::*;

const Q: &str = "q.fifo";

fn with_messages(messages: &[(&str, &str)]) -> Fixture {
    let fixture = Fixture::fifo(&[]);
    for (group, body) in messages {
        fixture.send_group(Q, group, body);
    }
    fixture
}

#[test]
fn s7_2_s7_18_order_of_acceptance() {
    let fixture = with_messages(&[("g", "1"), ("g", "2"), ("g", "3")]);
    let received = fixture.receive(Q, 10);
    assert_eq!(bodies(&received), ["1", "2", "3"]);
    assert!(
        received
            .windows(2)
            .all(|pair| pair[0].message.sequence < pair[1].message.sequence)
    );
}

#[test]
fn s7_3_s19_1_as_many_as_possible_from_one_group_then_the_next() {
    let fixture = with_messages(&[("a", "a1"), ("b", "b1"), ("a", "a2"), ("b", "b2")]);
    assert_eq!(bodies(&fixture.receive(Q, 3)), ["a1", "a2", "b1"]);
}

#[test]
fn s7_4_s19_1_a_head_in_flight_locks_its_group_also_for_later_sends() {
    let fixture = with_messages(&[("g", "1"), ("g", "2")]);
    fixture.receive(Q, 1);
    fixture.send_group(Q, "g", "3");
    assert!(fixture.receive(Q, 10).is_empty());
}

#[test]
fn s7_4_s18_3_a_head_released_early_comes_alone() {
    let fixture = with_messages(&[("g", "1"), ("g", "2")]);
    let received = fixture.receive(Q, 2);
    fixture.change(Q, &received[0], 0).unwrap();
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["1"]);
}

#[test]
fn s7_4_s18_4_a_deleted_head_keeps_the_lock_while_the_next_is_in_flight() {
    let fixture = with_messages(&[("g", "1"), ("g", "2"), ("g", "3")]);
    let received = fixture.receive(Q, 2);
    fixture.delete(Q, &received[0]).unwrap();
    assert!(fixture.receive(Q, 10).is_empty());
}

#[test]
fn s7_4_s19_2_extending_one_hides_it_and_those_after_it() {
    let fixture = with_messages(&[("g", "1"), ("g", "2"), ("g", "3")]);
    let received = fixture.receive_for(Q, 3, 5);
    fixture.change(Q, &received[1], 60).unwrap();
    fixture.advance(5_000);
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["1"]);
}

#[test]
fn s19_3_returned_messages_keep_their_place() {
    let fixture = with_messages(&[("g", "1"), ("g", "2"), ("g", "3")]);
    fixture.receive_for(Q, 2, 1);
    fixture.advance(1_000);
    fixture.send_group(Q, "g", "4");
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["1", "2", "3", "4"]);
}

#[test]
fn s7_5_deadline_or_deletion_unlocks() {
    let fixture = with_messages(&[("g", "1"), ("g", "2")]);
    let received = fixture.receive_for(Q, 1, 5).remove(0);
    fixture.delete(Q, &received).unwrap();
    assert_eq!(bodies(&fixture.receive_for(Q, 1, 5)), ["2"]);
    fixture.advance(5_000);
    assert_eq!(bodies(&fixture.receive(Q, 1)), ["2"]);
}

#[test]
fn s7_6_an_emptied_group_starts_anew() {
    let fixture = with_messages(&[("g", "1")]);
    let received = fixture.receive(Q, 1).remove(0);
    fixture.delete(Q, &received).unwrap();
    fixture.send_group(Q, "g", "2");
    assert_eq!(bodies(&fixture.receive(Q, 1)), ["2"]);
}

#[test]
fn s7_7_groups_take_turns() {
    let fixture = with_messages(&[("a", "a1"), ("b", "b1"), ("a", "a2"), ("c", "c1")]);
    let next = || bodies(&fixture.receive_for(Q, 1, 0)).concat();
    let turns: Vec<String> = (0..4).map(|_| next()).collect();
    assert_eq!(turns, ["a1", "b1", "c1", "a1"]);
}

#[test]
fn s7_11_s7_12_s18_5_a_duplicate_within_five_minutes_of_the_first() {
    let fixture = Fixture::fifo(&[]);
    let first = fixture.send_group_id(Q, "g", "1", "id");
    let received = fixture.receive(Q, 1).remove(0);
    fixture.advance(100_000);
    let again = fixture.send_group_id(Q, "g", "2", "id");
    assert_eq!(
        (again.id, again.sequence, again.duplicate),
        (first.id, first.sequence, true)
    );
    fixture.advance(0);
    fixture.delete(Q, &received).unwrap_err();
    fixture.advance(199_999);
    assert!(
        fixture.send_group_id(Q, "g", "3", "id").duplicate,
        "last moment"
    );
    fixture.advance(1);
    assert!(
        !fixture.send_group_id(Q, "g", "4", "id").duplicate,
        "not extended"
    );
}

#[test]
fn s7_11_a_deleted_message_is_remembered() {
    let fixture = with_messages(&[("g", "1")]);
    let received = fixture.receive(Q, 1).remove(0);
    fixture.delete(Q, &received).unwrap();
    assert!(fixture.send_group(Q, "g", "1").duplicate);
    assert_eq!(fixture.counts(Q), (0, 0, 0));
}

#[test]
fn s7_11_duplicates_within_one_batch() {
    let fixture = Fixture::fifo(&[("ContentBasedDeduplication", "true")]);
    let entries = ["a", "a", "b"].map(|body| SendEntry {
        group: Some("g".into()),
        ..fixture.entry(body)
    });
    let sent: Vec<Sent> = fixture
        .send_entries(Q, entries.into())
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        sent.iter().map(|sent| sent.sequence).collect::<Vec<_>>(),
        [1, 1, 2]
    );
    assert_eq!(
        sent.iter().map(|sent| sent.duplicate).collect::<Vec<_>>(),
        [false, true, false]
    );
}

#[test]
fn s7_13_s7_14_s18_6_scope_of_the_group() {
    let queue = Fixture::fifo(&[]);
    queue.send_group_id(Q, "a", "1", "id");
    assert!(queue.send_group_id(Q, "b", "2", "id").duplicate);
    let group = Fixture::fifo(&[("DeduplicationScope", "messageGroup")]);
    group.send_group_id(Q, "a", "1", "id");
    assert!(!group.send_group_id(Q, "b", "2", "id").duplicate);
    assert!(group.send_group_id(Q, "a", "3", "id").duplicate);
}

#[test]
fn s7_15_a_new_scope_is_for_new_sends_at_once() {
    let fixture = Fixture::fifo(&[]);
    fixture.send_group_id(Q, "a", "1", "id");
    fixture
        .set(Q, &[("DeduplicationScope", "messageGroup")])
        .unwrap();
    assert!(!fixture.send_group_id(Q, "a", "2", "id").duplicate);
    fixture.set(Q, &[("DeduplicationScope", "queue")]).unwrap();
    assert!(fixture.send_group_id(Q, "a", "3", "id").duplicate);
}

#[test]
fn s7_17_s18_7_purge_clears_the_memory() {
    let fixture = with_messages(&[("g", "1")]);
    fixture.purge(Q, FREE).unwrap();
    assert!(!fixture.send_group(Q, "g", "1").duplicate);
}

#[test]
fn s7_19_a_repeated_attempt_gives_the_same_and_restarts_visibility() {
    let fixture = with_messages(&[("g", "1"), ("g", "2"), ("h", "3")]);
    let first = fixture.attempt(Q, 2, "try");
    fixture.advance(10_000);
    let again = fixture.attempt(Q, 2, "try");
    let receipts = |received: &[Received]| -> Vec<Receipt> {
        received.iter().map(|received| received.receipt).collect()
    };
    assert_eq!(receipts(&first), receipts(&again));
    assert_eq!(again[0].message.receive_count, 1);
    assert_eq!(again[0].visible_ms, START_MS + 40_000);
    assert_eq!(bodies(&fixture.attempt(Q, 2, "other")), ["3"]);
}

#[test]
fn s7_19_a_touched_attempt_is_an_ordinary_receive() {
    let deleted = with_messages(&[("g", "1"), ("h", "2")]);
    let received = deleted.attempt(Q, 1, "try").remove(0);
    deleted.delete(Q, &received).unwrap();
    assert_eq!(bodies(&deleted.attempt(Q, 1, "try")), ["2"]);

    let changed = with_messages(&[("g", "1"), ("h", "2")]);
    let received = changed.attempt(Q, 1, "try").remove(0);
    changed.change(Q, &received, 30).unwrap();
    assert_eq!(bodies(&changed.attempt(Q, 1, "try")), ["2"]);

    let late = with_messages(&[("g", "1"), ("h", "2")]);
    let received = late.try_receive(Q, 1, Some(3_600), Some("try")).unwrap().0;
    late.advance(300_000);
    assert_eq!(bodies(&late.attempt(Q, 1, "try")), ["2"]);
    late.delete(Q, &received[0]).unwrap();
}

#[test]
fn s7_20_attempts_are_for_fifo() {
    let fixture = Fixture::standard(&[]);
    let error = kind(fixture.try_receive("q", 1, None, Some("try")));
    assert_eq!(error, ErrorKind::InvalidParameterValue);
}

#[test]
fn s7_22_s13_4_batches_keep_order_and_need_groups() {
    let fixture = Fixture::fifo(&[("MaximumMessageSize", "1024")]);
    let with_group = |body: &str| SendEntry {
        group: Some("g".into()),
        deduplication: Some(body[..1].into()),
        ..fixture.entry(body)
    };
    let long = "x".repeat(2_000);
    let entries = vec![with_group("1"), with_group(&long), with_group("2")];
    assert!(fixture.send_entries(Q, entries)[1].is_err());
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["1", "2"]);
    let refused = fixture.execute(Command::Send {
        queue: key(Q),
        entries: vec![with_group("3"), fixture.entry("4")],
        batch: true,
    });
    assert_eq!(kind(refused), ErrorKind::InvalidParameterValue);
    assert_eq!(fixture.counts(Q), (0, 2, 0), "nothing of it stored");
}

#[test]
fn s2_21_s19_15_an_expired_receipt() {
    let fixture = with_messages(&[("g", "1")]);
    let received = fixture.receive_for(Q, 1, 5).remove(0);
    fixture.advance(4_999);
    fixture.change(Q, &received, 5).unwrap();
    fixture.advance(5_000);
    for result in [
        fixture.delete(Q, &received),
        fixture.change(Q, &received, 1),
    ] {
        assert!(
            result
                .unwrap_err()
                .text()
                .ends_with("The receipt handle has expired.")
        );
    }
    let again = fixture.receive(Q, 1).remove(0);
    assert!(fixture.delete(Q, &received).is_err(), "another holds it");
    fixture.delete(Q, &again).unwrap();
    fixture.delete(Q, &received).unwrap();
}

#[test]
fn s3_2_s3_3_the_queue_delay_and_its_changes() {
    let fixture = Fixture::fifo(&[("DelaySeconds", "10")]);
    fixture.send_group(Q, "g", "1");
    fixture.advance(1_000);
    fixture.send_group(Q, "g", "2");
    assert_eq!(fixture.counts(Q), (0, 0, 2));
    fixture.set(Q, &[("DelaySeconds", "1")]).unwrap();
    assert_eq!(fixture.counts(Q), (1, 0, 1));
    fixture.set(Q, &[("DelaySeconds", "10")]).unwrap();
    assert_eq!(
        fixture.counts(Q),
        (1, 0, 1),
        "the released one stays released"
    );
    fixture.advance(10_000);
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["1", "2"]);
}

#[test]
fn s3_7_s19_4_a_delayed_message_does_not_hold_back_earlier_ones() {
    let fixture = with_messages(&[("g", "1")]);
    fixture.set(Q, &[("DelaySeconds", "10")]).unwrap();
    fixture.send_group(Q, "g", "2");
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["1"]);
}

#[test]
fn s6_5_messages_behind_a_lock_count_as_visible() {
    let fixture = with_messages(&[
        ("a", "a1"),
        ("a", "a2"),
        ("b", "b1"),
        ("b", "b2"),
        ("c", "c1"),
        ("c", "c2"),
    ]);
    fixture.receive(Q, 1);
    fixture.receive(Q, 1);
    assert_eq!(fixture.counts(Q), (4, 2, 0));
}

#[test]
fn retention_of_a_locked_head_frees_its_group() {
    let fixture = Fixture::fifo(&[("MessageRetentionPeriod", "60")]);
    fixture.send_group(Q, "g", "1");
    fixture.advance(30_000);
    fixture.send_group(Q, "g", "2");
    fixture.receive_for(Q, 1, 3_600);
    fixture.advance(30_000);
    assert_eq!(bodies(&fixture.receive(Q, 10)), ["2"]);
}

#[test]
fn s19_1_and_s19_3_can_be_broken_on_purpose() {
    let over_locked = Fixture::with_bug(Bug::OverLockedGroup);
    over_locked.create(Q, &[]);
    over_locked.send_group(Q, "g", "1");
    over_locked.send_group(Q, "g", "2");
    assert_eq!(bodies(&over_locked.receive(Q, 10)), ["1"]);

    let out_of_order = Fixture::with_bug(Bug::ReturnedToTheEnd);
    out_of_order.create(Q, &[]);
    out_of_order.send_group(Q, "g", "1");
    out_of_order.send_group(Q, "g", "2");
    out_of_order.receive_for(Q, 1, 0);
    assert_eq!(bodies(&out_of_order.receive(Q, 10)), ["2", "1"]);
}
