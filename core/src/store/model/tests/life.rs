//! S2, S3, S4: the life of a message on a standard queue.

use super::*;
use crate::message::{MessageState, Receipt};

#[test]
fn s2_1_s2_4_a_message_comes_back_exactly_at_its_deadline() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "5")]);
    fixture.send("q", "m");
    assert_eq!(bodies(&fixture.receive("q", 1)), ["m"]);
    fixture.advance(4_999);
    assert!(fixture.receive("q", 1).is_empty());
    fixture.advance(1);
    assert_eq!(bodies(&fixture.receive("q", 1)), ["m"]);
}

#[test]
fn s2_2_the_request_overrides_the_queue() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "5")]);
    fixture.send("q", "m");
    let received = fixture.receive_for("q", 1, 60);
    assert_eq!(received[0].visible_ms, START_MS + 60_000);
    fixture.advance(60_000);
    assert_eq!(fixture.receive("q", 1)[0].visible_ms, START_MS + 65_000);
}

#[test]
fn s2_3_s18_2_timeout_zero_counts_and_leaves_the_message_visible() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "m");
    for count in 1..4 {
        let received = fixture.receive_for("q", 10, 0);
        assert_eq!(received.len(), 1, "not twice in one receive");
        assert_eq!(received[0].message.receive_count, count);
    }
    assert_eq!(fixture.counts("q"), (1, 0, 0));
}

#[test]
fn s2_5_s2_6_receipts_differ_counts_rise_first_receive_stays() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send("q", "m");
    let first = fixture.receive("q", 1).remove(0);
    fixture.advance(1_000);
    let second = fixture.receive("q", 1).remove(0);
    assert_ne!(first.receipt, second.receipt);
    assert_eq!(
        (first.message.receive_count, second.message.receive_count),
        (1, 2)
    );
    assert_eq!(second.message.first_receive_ms, Some(START_MS));
}

#[test]
fn s2_7_s2_8_a_change_counts_from_now_and_for_this_receive() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "5")]);
    fixture.send("q", "m");
    let received = fixture.receive("q", 1).remove(0);
    fixture.advance(4_000);
    fixture.change("q", &received, 10).unwrap();
    fixture.advance(9_999);
    assert!(fixture.receive("q", 1).is_empty());
    fixture.advance(1);
    let again = fixture.receive("q", 1).remove(0);
    assert_eq!(again.visible_ms, START_MS + 14_000 + 5_000);
}

#[test]
fn s2_9_s4_3_zero_makes_visible_at_once_and_wakes() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "m");
    let received = fixture.receive("q", 1).remove(0);
    let generation = fixture.model.generation();
    fixture.change("q", &received, 0).unwrap();
    assert_ne!(fixture.model.generation(), generation);
    assert_eq!(fixture.receive("q", 1).len(), 1);
}

#[test]
fn s2_10_s2_11_twelve_hours_from_the_receive_not_from_the_send() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "m");
    fixture.advance(40_000_000);
    let received = fixture.receive("q", 1).remove(0);
    fixture.advance(10_000);
    assert_eq!(
        kind(fixture.change("q", &received, 43_191)),
        ErrorKind::InvalidParameterValue
    );
    assert_eq!(
        fixture.peek("q")[0].visible_ms,
        Some(received.visible_ms),
        "nothing changed"
    );
    fixture.change("q", &received, 43_190).unwrap();
}

#[test]
fn s2_12_s19_15_an_old_receipt_hides_a_returned_message() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send("q", "m");
    let received = fixture.receive("q", 1).remove(0);
    fixture.advance(1_000);
    fixture.change("q", &received, 10).unwrap();
    assert_eq!(fixture.counts("q"), (0, 1, 0));
}

#[test]
fn s2_13_s19_15_an_old_receipt_deletes_a_returned_message() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send("q", "m");
    let received = fixture.receive("q", 1).remove(0);
    fixture.advance(1_000);
    fixture.delete("q", &received).unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 0));
}

#[test]
fn s2_14_s2_15_s2_19_an_older_receipt_acts_while_another_holds_the_message() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send("q", "m");
    let old = fixture.receive("q", 1).remove(0);
    fixture.advance(1_000);
    let new = fixture.receive_for("q", 1, 30).remove(0);
    fixture.change("q", &old, 0).unwrap();
    assert_eq!(fixture.counts("q"), (1, 0, 0));
    fixture.delete("q", &old).unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 0));
    let gone = fixture.change("q", &new, 1).unwrap_err();
    assert!(gone.text().contains("does not exist or is not available"));
}

#[test]
fn s2_14_any_receipt_deletes_and_hides_nothing() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send("q", "first");
    fixture.send("q", "second");
    let mut any = fixture.receive("q", 1).remove(0);
    any.receipt.receive = Receipt::ANY;
    let hidden = fixture.change("q", &any, 30).unwrap_err();
    assert!(hidden.text().contains("does not exist or is not available"));
    fixture.delete("q", &any).unwrap();
    // The next one was never received.
    any.receipt.sequence += 1;
    fixture.delete("q", &any).unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 0));
}

/// A receive is a lease, and may be lost with the machine; its holder's delete must not be.
#[test]
fn s2_14_a_receipt_of_a_lost_receive_deletes() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    fixture.send("q", "m");
    let mut later = fixture.receive("q", 1).remove(0);
    later.receipt.receive = 2;
    let hidden = fixture.change("q", &later, 30).unwrap_err();
    assert!(hidden.text().contains("does not exist or is not available"));
    fixture.delete("q", &later).unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 0));
}

#[test]
fn s2_16_deleting_again_succeeds() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "m");
    let received = fixture.receive("q", 1).remove(0);
    for _ in 0..3 {
        fixture.delete("q", &received).unwrap();
    }
}

#[test]
fn s2_18_a_receipt_of_another_queue() {
    let fixture = Fixture::standard(&[]);
    fixture.create("other", &[]);
    fixture.send("q", "m");
    let received = fixture.receive("q", 1).remove(0);
    let error = kind(fixture.delete("other", &received));
    assert_eq!(error, ErrorKind::ReceiptHandleIsInvalid);
    fixture.delete_queue("q").unwrap();
    fixture.create("q", &[]);
    assert_eq!(
        kind(fixture.delete("q", &received)),
        ErrorKind::ReceiptHandleIsInvalid
    );
}

#[test]
fn s2_20_returned_messages_come_first_the_oldest_ahead() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "1")]);
    for body in ["a", "b", "c"] {
        fixture.send("q", body);
    }
    fixture.receive_for("q", 1, 2);
    fixture.receive_for("q", 1, 1);
    fixture.advance(2_000);
    fixture.send("q", "d");
    assert_eq!(bodies(&fixture.receive("q", 10)), ["a", "b", "c", "d"]);
    fixture.advance(1_000);
    fixture.send("q", "e");
    assert_eq!(bodies(&fixture.receive("q", 10)), ["a", "b", "c", "d", "e"]);
}

#[test]
fn s2_22_the_queue_timeout_does_not_touch_running_deadlines() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "5")]);
    fixture.send("q", "m");
    fixture.receive("q", 1);
    fixture.set("q", &[("VisibilityTimeout", "100")]).unwrap();
    fixture.advance(5_000);
    assert_eq!(fixture.receive("q", 1).len(), 1);
}

#[test]
fn s3_1_s3_4_s3_5_delay_of_message_or_queue() {
    let fixture = Fixture::standard(&[("DelaySeconds", "3")]);
    fixture.send("q", "queue's");
    fixture.send_delayed("q", "own", 1);
    fixture.send_delayed("q", "none", 0);
    assert_eq!(fixture.counts("q"), (1, 0, 2));
    assert_eq!(bodies(&fixture.receive("q", 10)), ["none"]);
    fixture.advance(1_000);
    assert_eq!(bodies(&fixture.receive("q", 10)), ["own"]);
    fixture.advance(1_999);
    assert!(fixture.receive("q", 10).is_empty());
    fixture.advance(1);
    assert_eq!(bodies(&fixture.receive("q", 10)), ["queue's"]);
}

#[test]
fn s3_3_a_new_delay_is_for_new_messages_of_a_standard_queue() {
    let fixture = Fixture::standard(&[("DelaySeconds", "5")]);
    fixture.send("q", "m");
    fixture.set("q", &[("DelaySeconds", "0")]).unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 1));
    fixture.advance(5_000);
    assert_eq!(fixture.counts("q"), (1, 0, 0));
}

#[test]
fn s3_6_s6_1_retention_counts_the_delay() {
    let fixture = Fixture::standard(&[("MessageRetentionPeriod", "60")]);
    fixture.send_delayed("q", "m", 900);
    fixture.advance(59_999);
    assert_eq!(fixture.counts("q"), (0, 0, 1));
    fixture.advance(1);
    assert_eq!(fixture.counts("q"), (0, 0, 0));
}

#[test]
fn s4_2_s18_1_a_receive_gives_what_there_is() {
    let fixture = Fixture::standard(&[]);
    for body in ["a", "b", "c"] {
        fixture.send("q", body);
    }
    assert_eq!(bodies(&fixture.receive("q", 10)), ["a", "b", "c"]);
}

#[test]
fn s4_3_an_empty_receive_tells_the_nearest_deadline() {
    let fixture = Fixture::standard(&[]);
    let next = || fixture.try_receive("q", 1, Some(7), None).unwrap().1;
    assert_eq!(next(), None);
    fixture.send_delayed("q", "delayed", 9);
    assert_eq!(next(), Some(START_MS + 9_000));
    fixture.send("q", "m");
    assert_eq!(next(), None, "there was a message");
    assert_eq!(next(), Some(START_MS + 7_000));
}

#[test]
fn s5_8_s5_16_body_and_attributes_come_back_unchanged() {
    let fixture = Fixture::standard(&[]);
    let entry = SendEntry {
        attributes: vec![crate::message::Attribute::text("a", "v\r\n")],
        trace_header: Some("Root=1".into()),
        ..fixture.entry("line\r\n")
    };
    fixture.send_entries("q", vec![entry.clone()]);
    let message = fixture.receive("q", 1).remove(0).message;
    assert_eq!(
        (message.body, message.attributes),
        (entry.body, entry.attributes)
    );
    assert_eq!(message.trace_header, entry.trace_header);
}

#[test]
fn s5_6_one_entry_too_long_the_others_stored_in_consecutive_places() {
    let fixture = Fixture::standard(&[("MaximumMessageSize", "1024")]);
    let long = "x".repeat(1_025);
    let entries = ["a", long.as_str(), "b"]
        .map(|body| fixture.entry(body))
        .into();
    let results = fixture.send_entries("q", entries);
    assert_eq!(kind(results[1].clone()), ErrorKind::InvalidParameterValue);
    let sequences = [&results[0], &results[2]].map(|sent| sent.as_ref().unwrap().sequence);
    assert_eq!(sequences, [1, 2]);
}

#[test]
fn s6_1_s18_12_retention_ends_in_flight_and_delete_succeeds() {
    let fixture = Fixture::standard(&[("MessageRetentionPeriod", "60")]);
    fixture.send("q", "m");
    let received = fixture.receive_for("q", 1, 3_600).remove(0);
    fixture.advance(60_000);
    assert_eq!(fixture.counts("q"), (0, 0, 0));
    fixture.delete("q", &received).unwrap();
    assert!(fixture.change("q", &received, 1).is_err());
}

#[test]
fn s6_2_a_new_retention_is_for_stored_messages_too() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "m");
    fixture.advance(100_000);
    fixture
        .set("q", &[("MessageRetentionPeriod", "60")])
        .unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 0));
}

#[test]
fn s6_4_counts_of_every_state_and_peek_without_effect() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "a");
    fixture.send("q", "b");
    fixture.send_delayed("q", "c", 9);
    fixture.receive_for("q", 1, 5);
    for _ in 0..2 {
        let states: Vec<_> = fixture
            .peek("q")
            .iter()
            .map(|peeked| (peeked.state, peeked.visible_ms))
            .collect();
        assert_eq!(
            states,
            [
                (MessageState::InFlight, Some(START_MS + 5_000)),
                (MessageState::Visible, None),
                (MessageState::Delayed, Some(START_MS + 9_000)),
            ]
        );
        assert_eq!(fixture.counts("q"), (1, 1, 1));
    }
    let paged = fixture.peek_with("q", |filter| {
        filter.after = 1;
        filter.limit = 1;
    });
    assert_eq!(paged[0].message.sequence, 2);
    let delayed = fixture.peek_with("q", |filter| filter.states = vec![MessageState::Delayed]);
    assert_eq!(delayed[0].message.sequence, 3);
}

#[test]
fn s6_6_in_flight_limit() {
    for name in ["q", "q.fifo"] {
        let fixture = Fixture::new();
        fixture.create(name, &[]);
        let limit = crate::limits::IN_FLIGHT_MAX as usize;
        let fifo = name.ends_with(".fifo");
        let entries = (0..limit + 1).map(|n| SendEntry {
            group: fifo.then(|| "g".into()),
            deduplication: fifo.then(|| n.to_string()),
            ..fixture.entry("m")
        });
        fixture.send_entries(name, entries.collect());
        assert_eq!(fixture.receive(name, limit as u32 + 1).len(), limit);
        let short = fixture.try_receive(name, 1, None, None);
        if fifo {
            assert!(short.unwrap().0.is_empty());
        } else {
            assert_eq!(kind(short), ErrorKind::OverLimit);
            let waiting = fixture.execute(Command::Receive {
                queue: key(name),
                max: 1,
                visibility_s: None,
                attempt: None,
                wait_s: Some(20),
            });
            let empty =
                matches!(waiting, Ok(Outcome::Received { messages, .. }) if messages.is_empty());
            assert!(empty);
        }
    }
}
