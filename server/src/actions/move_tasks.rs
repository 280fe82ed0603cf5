//! Message move tasks (S10).

use super::{Call, done, number, required};
use crate::wire::action::{CancelMessageMoveTask, ListMessageMoveTasks, StartMessageMoveTask};
use crate::wire::answer::{Answer, Task};
use crate::wire::error::Refusal;
use forebay::command::MoveStatus;
use forebay::key::QueueKey;
use forebay::limits::MOVE_TASKS_LISTED_MAX;
use forebay::rules::{move_tasks, paging};
use forebay::{MoveTaskEntry, Store};

pub async fn start(
    store: &Store,
    call: &Call,
    input: StartMessageMoveTask,
) -> Result<Answer, Refusal> {
    let source = arn(input.source_arn, "SourceArn")?;
    let destination = input.destination_arn.filter(|arn| !arn.is_empty());
    let destination = destination.map(|given| arn(Some(given), "DestinationArn"));
    let rate = input.max_number_of_messages_per_second;
    let rate = rate.map(|rate| number(rate, move_tasks::check_rate));
    let (destination, rate) = (destination.transpose()?, rate.transpose()?);
    let own = call.own(store);
    let start = own
        .calls()
        .start_move_task(&source, destination.as_deref(), rate);
    Ok(Answer::TaskHandle(done(start).await?))
}

pub async fn cancel(
    store: &Store,
    call: &Call,
    input: CancelMessageMoveTask,
) -> Result<Answer, Refusal> {
    let handle = required(input.task_handle, "TaskHandle")?;
    let own = call.own(store);
    Ok(Answer::Moved(
        done(own.calls().cancel_move_task(&handle)).await?,
    ))
}

pub async fn list(
    store: &Store,
    call: &Call,
    input: ListMessageMoveTasks,
) -> Result<Answer, Refusal> {
    let source = arn(input.source_arn, "SourceArn")?;
    let limit = input.max_results.unwrap_or(1);
    let limit = number(limit, |it| paging::check_limit(it, MOVE_TASKS_LISTED_MAX))?;
    let own = call.own(store);
    let tasks = done(own.calls().list_move_tasks(&source, limit as usize)).await?;
    Ok(Answer::Tasks(tasks.iter().map(task).collect()))
}

/// On the wire queues go by ARN only; the library also takes names.
fn arn(given: Option<String>, parameter: &str) -> Result<String, Refusal> {
    let given = required(given, parameter)?;
    QueueKey::from_arn(&given, parameter)?;
    Ok(given)
}

fn task(entry: &MoveTaskEntry) -> Task {
    let (status, failure_reason) = match entry.status() {
        MoveStatus::Running => ("RUNNING", None),
        MoveStatus::Completed => ("COMPLETED", None),
        MoveStatus::Cancelling => ("CANCELLING", None),
        MoveStatus::Cancelled => ("CANCELLED", None),
        MoveStatus::Failed(reason) => ("FAILED", Some(reason.clone())),
    };
    Task {
        task_handle: entry.handle(),
        status,
        source_arn: entry.source().arn(),
        destination_arn: entry.destination().map(QueueKey::arn),
        max_number_of_messages_per_second: entry.rate(),
        approximate_number_of_messages_moved: entry.moved(),
        approximate_number_of_messages_to_move: entry.to_move(),
        failure_reason,
        started_timestamp: entry.started_ms(),
    }
}
