//! The auditor finds each kind of fault; otherwise its zeros would mean nothing.

use super::*;

fn notes(events: &[(u32, u64, Event)]) -> Vec<Note> {
    events
        .iter()
        .map(|(who, time_ms, event)| Note {
            who: *who,
            time_us: time_ms * 1_000,
            event: event.clone(),
        })
        .collect()
}

fn send(line: Line, id: u64) -> [(u32, u64, Event); 2] {
    [
        (1, 0, Event::SendBegin(line, vec![id])),
        (1, 0, Event::SendDone(vec![id])),
    ]
}

fn receive(who: u32, time_ms: u64, fifo: bool, ids: &[u64]) -> [(u32, u64, Event); 2] {
    let visibility_ms = 2_000;
    let begin = Event::ReceiveBegin {
        fifo,
        visibility_ms,
    };
    [
        (who, time_ms, begin),
        (who, time_ms, Event::ReceiveDone(ids.to_vec())),
    ]
}

fn delete(who: u32, id: u64) -> [(u32, u64, Event); 2] {
    [
        (who, 1, Event::DeleteBegin(vec![id])),
        (who, 1, Event::DeleteDone(vec![id])),
    ]
}

fn found(parts: &[&[(u32, u64, Event)]]) -> Findings {
    audit(&notes(&parts.concat()))
}

#[test]
fn a_plain_life_is_clean() {
    let findings = found(&[
        &send(Line::Standard, 1),
        &receive(2, 1, false, &[1]),
        &receive(3, 3_000, false, &[1]),
        &delete(3, 1),
    ]);
    assert!(findings.clean(), "{findings}");
    assert_eq!(
        (findings.sent, findings.received, findings.deleted),
        (1, 2, 1)
    );
    assert_eq!(findings.again, 1);
}

#[test]
fn a_lost_message_is_found() {
    let findings = found(&[&send(Line::Standard, 1)]);
    assert_eq!(findings.lost, 1);
    assert!(!findings.clean());
    // Tried to delete without an answer: both outcomes are right.
    let tried = (1, 1, Event::DeleteBegin(vec![1]));
    assert!(found(&[&send(Line::Standard, 1), &[tried]]).clean());
    // Sent without an answer: likewise.
    assert!(found(&[&send(Line::Standard, 1)[..1]]).clean());
}

#[test]
fn a_deleted_message_that_comes_back_is_found() {
    let begin = &[&send(Line::Standard, 1)[..], &delete(2, 1)].concat();
    assert_eq!(found(&[begin, &receive(2, 1, false, &[1])]).back, 1);
    // A receive that began before the delete was acknowledged may still return it.
    let [receive_begin, receive_done] = receive(3, 1, false, &[1]);
    let [delete_begin, delete_done] = delete(2, 1);
    let overlapping = [delete_begin, receive_begin, delete_done, receive_done];
    assert!(found(&[&send(Line::Standard, 1), &overlapping]).clean());
}

#[test]
fn a_group_out_of_order_is_found() {
    let line = Line::Group(7);
    let sends = &[send(line, 1), send(line, 2)].concat();
    let deletes = &[delete(2, 1), delete(2, 2)].concat();
    let right = found(&[sends, &receive(2, 1, true, &[1, 2]), deletes]);
    assert!(right.clean(), "{right}");
    let wrong = found(&[sends, &receive(2, 1, true, &[2, 1]), deletes]);
    assert_eq!(wrong.disordered, 1);
}

#[test]
fn sends_at_the_same_time_have_no_order() {
    let line = Line::Group(7);
    let sends = &[
        (1, 0, Event::SendBegin(line, vec![1])),
        (2, 0, Event::SendBegin(line, vec![2])),
        (1, 0, Event::SendDone(vec![1])),
        (2, 0, Event::SendDone(vec![2])),
    ];
    let deletes = &[delete(2, 1), delete(2, 2)].concat();
    assert!(found(&[sends, &receive(2, 1, true, &[2, 1]), deletes]).clean());
}

#[test]
fn a_group_at_two_consumers_is_found() {
    let line = Line::Group(7);
    let sends = &[send(line, 1), send(line, 2)].concat();
    let first = &receive(2, 10, true, &[1]);
    let deletes = &[delete(2, 1), delete(3, 2)].concat();
    let early = found(&[sends, first, &receive(3, 500, true, &[2]), deletes]);
    assert_eq!(early.doubled, 1);
    let late = found(&[sends, first, &receive(3, 2_500, true, &[2]), deletes]);
    assert!(late.clean(), "{late}");
    let after = found(&[
        sends,
        first,
        &delete(2, 1),
        &receive(3, 500, true, &[2]),
        deletes,
    ]);
    assert!(after.clean(), "{after}");
}

#[test]
fn foreign_and_failed_are_found() {
    assert_eq!(found(&[&receive(2, 1, false, &[9])]).wrong, 1);
    let failed = (1, 0, Event::Wrong("disk on fire".into()));
    let findings = found(&[&[failed]]);
    assert_eq!(findings.wrong, 1);
    assert!(findings.to_string().contains("disk on fire"));
}

#[test]
fn a_pause_before_a_kill_counts_and_the_time_after_does_not() {
    let findings = found(&[&[
        (1, 0, Event::Opened),
        (1, 40, Event::SendDone(vec![])),
        (1, 340, Event::Kill),
        (2, 5_000, Event::Opened),
    ]]);
    assert_eq!(findings.longest_pause_us, 300_000);
}

#[test]
fn a_fail_over_may_cost_leases_and_nothing_else() {
    let line = Line::Group(1);
    let lost = [(0, 10, Event::FailedOver)];
    let begin = Event::ReceiveBegin {
        fifo: true,
        visibility_ms: 2_000,
    };
    // Begun before, answered after: that lease may be lost as well.
    let across = [
        (2, 1, begin),
        lost[0].clone(),
        (2, 11, Event::ReceiveDone(vec![1])),
    ];
    let findings = found(&[&send(line, 1), &across, &receive(3, 12, true, &[1])]);
    assert_eq!(findings.doubled, 0, "{findings}");
    let again = receive(4, 13, true, &[1]);
    let findings = found(&[&send(line, 1), &lost, &receive(3, 12, true, &[1]), &again]);
    assert_eq!(findings.doubled, 1, "{findings}");
    let back = receive(3, 12, false, &[1]);
    let deleted = delete(2, 1);
    let sent = send(Line::Standard, 1);
    let findings = found(&[&sent, &receive(2, 1, false, &[1]), &deleted, &lost, &back]);
    assert_eq!(findings.back, 1, "{findings}");
}
