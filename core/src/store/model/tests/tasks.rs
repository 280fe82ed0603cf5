//! S10: message move tasks.

use super::*;
use crate::command::MoveStatus;
use crate::rules::redrive::moved_id;

/// `q` and its dead-letter queue `dead`, which holds `count` messages of `q`.
fn with_dead(count: usize) -> Fixture {
    let fixture = Fixture::new();
    fixture.create("dead", &[]);
    fixture.create("q", &[("RedrivePolicy", &policy("dead", 1))]);
    for n in 0..count {
        fixture.send("q", &n.to_string());
    }
    fixture.receive_for("q", count as u32, 0);
    fixture.receive("q", 1);
    assert_eq!(fixture.counts("dead"), (count as u64, 0, 0));
    fixture
}

fn start(fixture: &Fixture, destination: Option<&str>, rate: Option<u32>) -> Result<MoveTask> {
    start_from(fixture, "dead", destination, rate)
}

fn start_from(
    fixture: &Fixture,
    source: &str,
    destination: Option<&str>,
    rate: Option<u32>,
) -> Result<MoveTask> {
    let outcome = fixture.execute(Command::StartMoveTask {
        source: key(source),
        destination: destination.map(key),
        rate,
        task: 7,
    })?;
    match outcome {
        Outcome::Task(task) => Ok(task),
        other => panic!("{other:?}"),
    }
}

fn cancel(fixture: &Fixture, task: u64) -> Result<Outcome> {
    fixture.execute(Command::CancelMoveTask {
        source: key("dead"),
        task,
    })
}

fn work(fixture: &Fixture) -> Option<u64> {
    match fixture.execute(Command::Work).unwrap() {
        Outcome::Worked { next_ms } => next_ms,
        other => panic!("{other:?}"),
    }
}

#[test]
fn s10_1_the_source_exists_and_is_a_dead_letter_queue() {
    let fixture = with_dead(1);
    let absent = kind(start_from(&fixture, "absent", None, None));
    assert_eq!(absent, ErrorKind::ResourceNotFound);
    let ordinary = kind(start_from(&fixture, "q", None, None));
    assert_eq!(ordinary, ErrorKind::InvalidParameterValue);
}

#[test]
fn s10_2_the_destination() {
    let fixture = with_dead(1);
    fixture.create("q.fifo", &[]);
    assert_eq!(
        kind(start(&fixture, Some("absent"), None)),
        ErrorKind::ResourceNotFound
    );
    for bad in ["dead", "q.fifo"] {
        let error = kind(start(&fixture, Some(bad), None));
        assert_eq!(error, ErrorKind::InvalidParameterValue);
    }
}

#[test]
fn s10_3_without_destination_each_returns_where_it_came_from() {
    let fixture = with_dead(1);
    fixture.create("p", &[("RedrivePolicy", &policy("dead", 1))]);
    fixture.send("p", "of p");
    fixture.receive_for("p", 1, 0);
    fixture.receive("p", 1);
    start(&fixture, None, None).unwrap();
    assert_eq!(work(&fixture), None);
    assert_eq!(fixture.tasks("dead")[0].status, MoveStatus::Completed);
    assert_eq!(bodies(&fixture.receive("q", 10)), ["0"]);
    assert_eq!(bodies(&fixture.receive("p", 10)), ["of p"]);
}

#[test]
fn s10_3_a_message_that_was_sent_to_the_source_fails_the_task() {
    let fixture = with_dead(1);
    fixture.send("dead", "sent here");
    start(&fixture, None, None).unwrap();
    work(&fixture);
    let task = &fixture.tasks("dead")[0];
    assert_eq!(
        task.status,
        MoveStatus::Failed("ResourceNotFoundException".into())
    );
    assert_eq!((task.moved, fixture.counts("dead")), (1, (1, 0, 0)));
}

#[test]
fn s10_4_one_task_per_source() {
    let fixture = with_dead(1);
    start(&fixture, None, None).unwrap();
    assert_eq!(
        kind(start(&fixture, None, None)),
        ErrorKind::InvalidParameterValue
    );
    work(&fixture);
    start(&fixture, None, None).unwrap();
}

#[test]
fn s10_5_s10_7_s18_15_cancelling_stops_the_rest() {
    let fixture = with_dead(5);
    start(&fixture, None, Some(2)).unwrap();
    fixture.advance(1_000);
    let Outcome::Task(task) = cancel(&fixture, 7).unwrap() else {
        panic!("no task");
    };
    assert_eq!((task.status, task.moved), (MoveStatus::Cancelling, 2));
    fixture.advance(1_000);
    assert_eq!(fixture.tasks("dead")[0].status, MoveStatus::Cancelled);
    assert_eq!(fixture.counts("dead"), (3, 0, 0));
    assert_eq!(fixture.counts("q"), (2, 0, 0));
}

#[test]
fn s10_6_the_rate() {
    let fixture = with_dead(5);
    assert!(start(&fixture, None, Some(0)).is_err());
    start(&fixture, None, Some(2)).unwrap();
    assert_eq!(work(&fixture), Some(START_MS + 500));
    fixture.advance(499);
    assert_eq!(fixture.tasks("dead")[0].moved, 0);
    fixture.advance(1);
    assert_eq!(fixture.tasks("dead")[0].moved, 1);
    fixture.advance(1_000);
    assert_eq!(fixture.tasks("dead")[0].moved, 3);
}

#[test]
fn s10_8_only_a_running_task_is_cancelled() {
    let fixture = with_dead(1);
    assert_eq!(kind(cancel(&fixture, 7)), ErrorKind::ResourceNotFound);
    start(&fixture, None, None).unwrap();
    work(&fixture);
    assert_eq!(kind(cancel(&fixture, 7)), ErrorKind::UnsupportedOperation);
}

#[test]
fn s10_9_a_deleted_destination_or_source_fails_the_task() {
    for deleted in ["q", "dead"] {
        let fixture = with_dead(3);
        start(&fixture, None, Some(1)).unwrap();
        fixture.delete_queue(deleted).unwrap();
        fixture.advance(1_000);
        if deleted == "dead" {
            fixture.create("dead", &[]);
        }
        let reason = "AWS.SimpleQueueService.NonExistentQueue".to_string();
        assert_eq!(fixture.tasks("dead")[0].status, MoveStatus::Failed(reason));
    }
}

#[test]
fn s10_10_the_ten_newest_tasks() {
    let fixture = with_dead(0);
    for _ in 0..12 {
        start(&fixture, None, None).unwrap();
        fixture.advance(1);
    }
    let started: Vec<u64> = fixture
        .tasks("dead")
        .iter()
        .map(|task| task.started_ms - START_MS)
        .collect();
    assert_eq!(started, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
}

#[test]
fn s10_11_only_what_was_counted_at_the_start_moves() {
    let fixture = with_dead(2);
    start(&fixture, Some("q"), Some(1)).unwrap();
    fixture.send("dead", "later");
    fixture.advance(5_000);
    let task = &fixture.tasks("dead")[0];
    assert_eq!(
        (task.to_move, task.moved, &task.status),
        (2, 2, &MoveStatus::Completed)
    );
    assert_eq!(fixture.counts("dead"), (1, 0, 0));
}

#[test]
fn s10_12_a_moved_message_is_new() {
    let fixture = with_dead(1);
    fixture.set("q", &[("DelaySeconds", "3")]).unwrap();
    fixture.advance(5_000);
    start(&fixture, None, None).unwrap();
    work(&fixture);
    assert_eq!(fixture.counts("q"), (0, 0, 1), "delayed like any send");
    fixture.advance(3_000);
    let message = fixture.receive("q", 1).remove(0).message;
    assert_eq!(message.id, moved_id(7, 0));
    assert_eq!(message.sent_ms, START_MS + 5_000);
    assert_eq!(
        (message.receive_count, message.dead_letter_source),
        (1, None)
    );
}

#[test]
fn s10_13_messages_in_flight_stay() {
    let fixture = with_dead(3);
    fixture.receive_for("dead", 1, 60);
    assert_eq!(start(&fixture, None, None).unwrap().to_move, 2);
    work(&fixture);
    assert_eq!(fixture.counts("dead"), (0, 1, 0));
}

#[test]
fn s10_14_thirty_six_hours() {
    let fixture = with_dead(3);
    start(&fixture, None, Some(1)).unwrap();
    fixture.advance(129_600_000);
    assert_eq!(
        fixture.tasks("dead")[0].status,
        MoveStatus::Failed("Timeout".into())
    );
}

#[test]
fn d11_a_step_moves_at_most_a_hundred_and_fifo_keeps_order() {
    let fixture = Fixture::new();
    fixture.create("dead.fifo", &[]);
    fixture.create("q.fifo", &[("RedrivePolicy", &policy("dead.fifo", 1))]);
    for n in 0..150 {
        fixture.send_group("dead.fifo", "g", &n.to_string());
    }
    start_from(&fixture, "dead.fifo", Some("q.fifo"), None).unwrap();
    assert_eq!(work(&fixture), Some(START_MS));
    assert_eq!(fixture.counts("q.fifo"), (100, 0, 0));
    assert_eq!(work(&fixture), None);
    let expected: Vec<String> = (0..150).map(|n| n.to_string()).collect();
    assert_eq!(bodies(&fixture.receive("q.fifo", 200)), expected);
}
