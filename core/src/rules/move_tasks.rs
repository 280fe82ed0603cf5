//! Message move tasks (S10): who may start one, how fast it goes, and the wording of refusals.
//! Handles and message ids are in [`redrive`](crate::rules::redrive).

use crate::command::{MoveStatus, MoveTask};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::limits;

/// S10.9: reason of a task whose source or destination queue is gone.
pub const REASON_QUEUE_MISSING: &str = "AWS.SimpleQueueService.NonExistentQueue";
/// S10.3: reason of a task that met a message which never was in another queue.
pub const REASON_NO_ORIGIN: &str = "ResourceNotFoundException";
/// S10.14: reason of a task that ran for 36 h.
pub const REASON_TIMEOUT: &str = "Timeout";

/// S10.6: a rate is 1 to 500 messages a second.
pub fn check_rate(rate: impl Into<i64>) -> Result<()> {
    let rate = rate.into();
    if (1..=i64::from(limits::MOVE_RATE_MAX)).contains(&rate) {
        return Ok(());
    }
    let reason = format!(
        "Must be between 1 and {}, if provided.",
        limits::MOVE_RATE_MAX
    );
    Err(Error::bad_value(
        rate,
        "MaxNumberOfMessagesPerSecond",
        &reason,
    ))
}

/// S10.2: a destination is another queue of the same kind.
pub fn check_destination(source: (&QueueKey, bool), destination: (&QueueKey, bool)) -> Result<()> {
    if source.0 == destination.0 {
        let reason = "The destination must be another queue than the source.";
        return Err(Error::bad_value(destination.0, "DestinationArn", reason));
    }
    if source.1 != destination.1 {
        let reason = "The destination must be of the same type (standard or FIFO) as the source.";
        return Err(Error::bad_value(destination.0, "DestinationArn", reason));
    }
    Ok(())
}

/// Messages that a running task may move now, at most
/// [`MOVE_STEP_MESSAGES_MAX`](limits::MOVE_STEP_MESSAGES_MAX) (S10.6) and never more than it
/// still has to (S10.11).
pub fn allowance(task: &MoveTask, now_ms: u64) -> usize {
    let by_rate = match task.rate {
        Some(rate) => {
            let elapsed_ms = now_ms.saturating_sub(task.started_ms);
            (u64::from(rate).saturating_mul(elapsed_ms) / 1000).saturating_sub(task.moved)
        }
        None => u64::MAX,
    };
    let left = task.to_move.saturating_sub(task.moved);
    by_rate.min(left).min(limits::MOVE_STEP_MESSAGES_MAX as u64) as usize
}

/// When a running task may move its next message, milliseconds since the epoch, not before
/// `now_ms`.
pub fn next_ms(task: &MoveTask, now_ms: u64) -> u64 {
    match task.rate {
        Some(rate) => {
            let wait_ms = (task.moved + 1)
                .saturating_mul(1000)
                .div_ceil(u64::from(rate.max(1)));
            task.started_ms.saturating_add(wait_ms).max(now_ms)
        }
        None => now_ms,
    }
}

/// S10.14: true for a task that has run for 36 h.
pub fn timed_out(task: &MoveTask, now_ms: u64) -> bool {
    now_ms.saturating_sub(task.started_ms) >= limits::MOVE_TASK_MS_MAX
}

/// True for a task that has not ended (S10.5).
pub fn is_active(task: &MoveTask) -> bool {
    matches!(task.status, MoveStatus::Running | MoveStatus::Cancelling)
}

/// S10.1, S10.2: `parameter` is `SourceArn` or `DestinationArn`.
pub fn resource_missing(parameter: &str) -> Error {
    Error::new(
        ErrorKind::ResourceNotFound,
        format!("The resource that you specified for the {parameter} parameter doesn't exist."),
    )
}

/// S10.1: no queue has the source as its dead-letter queue.
pub fn not_a_dead_letter_queue() -> Error {
    Error::new(
        ErrorKind::InvalidParameterValue,
        "Source queue must be configured as a Dead Letter Queue.",
    )
}

/// S10.4: one task per source.
pub fn already_running() -> Error {
    Error::new(
        ErrorKind::InvalidParameterValue,
        "There is already a task running. Only one active task is allowed for a source queue arn \
         at a given time.",
    )
}

/// S10.14: 100 tasks per account.
pub fn too_many_tasks() -> Error {
    Error::new(
        ErrorKind::OverLimit,
        format!(
            "{} message move tasks are active, the most an account may have.",
            limits::MOVE_TASKS_MAX
        ),
    )
}

/// S10.15: no such task.
pub fn unknown_task() -> Error {
    Error::new(ErrorKind::ResourceNotFound, "Task does not exist.")
}

/// S10.8: only a running task can be cancelled.
pub fn not_running() -> Error {
    Error::new(
        ErrorKind::UnsupportedOperation,
        "Only a message move task with the status RUNNING can be cancelled.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(rate: Option<u32>, moved: u64, to_move: u64) -> MoveTask {
        MoveTask {
            task: 1,
            source: key("dead"),
            destination: None,
            rate,
            status: MoveStatus::Running,
            moved,
            to_move,
            started_ms: 10_000,
        }
    }

    fn key(name: &str) -> QueueKey {
        QueueKey::new("000000000000", "us-east-1", name)
    }

    #[test]
    fn s10_6_rate() {
        for (rate, good) in [(0, false), (1, true), (500, true), (501, false)] {
            assert_eq!(check_rate(rate).is_ok(), good, "{rate}");
        }
        let three_a_second = |moved, now_ms| allowance(&task(Some(3), moved, 1_000), now_ms);
        assert_eq!(three_a_second(0, 10_000), 0);
        assert_eq!(three_a_second(0, 10_333), 0);
        assert_eq!(three_a_second(0, 10_334), 1);
        assert_eq!(three_a_second(2, 11_000), 1);
        assert_eq!(three_a_second(0, 100_000), 100, "one step");
        assert_eq!(allowance(&task(None, 0, 1_000), 10_000), 100);
    }

    #[test]
    fn s10_6_next_message_of_a_rate() {
        for moved in 0..10 {
            let task = task(Some(3), moved, 1_000);
            let next = next_ms(&task, 0);
            assert_eq!(allowance(&task, next), 1);
            assert_eq!(allowance(&task, next - 1), 0);
        }
        assert_eq!(next_ms(&task(Some(3), 0, 9), 20_000), 20_000);
        assert_eq!(next_ms(&task(None, 0, 9), 20_000), 20_000);
    }

    #[test]
    fn s10_11_never_more_than_counted_at_the_start() {
        assert_eq!(allowance(&task(None, 7, 9), 10_000), 2);
        assert_eq!(allowance(&task(None, 9, 9), 10_000), 0);
    }

    #[test]
    fn s10_2_destination() {
        let (dead, other) = (key("dead"), key("other"));
        assert_eq!(check_destination((&dead, false), (&other, false)), Ok(()));
        assert!(check_destination((&dead, false), (&dead, false)).is_err());
        assert!(check_destination((&dead, false), (&other, true)).is_err());
    }

    #[test]
    fn s10_14_thirty_six_hours() {
        let task = task(None, 0, 1);
        assert!(!timed_out(&task, 10_000 + 129_599_999));
        assert!(timed_out(&task, 10_000 + 129_600_000));
    }
}
