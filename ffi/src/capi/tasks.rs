//! Message move tasks: how a dead-letter queue gives its messages back.

use super::arguments::{Out, Plain, SizedOut, handle, optional_text, text};
use super::list::{List, at, c_text, forebay_list};
use super::queue::give_list;
use super::store::forebay_store;
use super::{guard, tables};
use crate::api::{MoveStatus, MoveTaskEntry, Status};
use forebay_core::{Result, limits};
use std::ffi::{CString, c_char};
use std::ptr::null;

/// Message move tasks, newest first, counted from 0. Freed with `forebay_tasks_free`; the texts
/// it lends live until then.
pub struct forebay_tasks {
    _private: [u8; 0],
}

/// Where a message move task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum forebay_task_state {
    /// Moves messages.
    Running = 1,
    /// Everything that was to move has moved.
    Completed = 2,
    /// Will stop at its next step.
    Cancelling = 3,
    /// Was stopped by a cancel.
    Cancelled = 4,
    /// Stopped by itself.
    Failed = 5,
}

/// A message move task.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_task {
    /// Names the task for `forebay_cancel_move_task`; NULL unless it runs.
    pub handle: *const c_char,
    /// ARN of the dead-letter queue.
    pub source: *const c_char,
    /// ARN of the queue that gets the messages; NULL: each goes back to where it came from.
    pub destination: *const c_char,
    /// Name of the error that ended a failed task, else NULL.
    pub failure: *const c_char,
    /// Messages moved so far.
    pub moved: u64,
    /// Messages to move, as counted at the start.
    pub to_move: u64,
    /// When it started, milliseconds since the epoch.
    pub started_ms: u64,
    /// Messages a second; 0 for no limit.
    pub rate: u32,
    /// A `forebay_task_state`.
    pub state: i32,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_task {}

/// What a `forebay_tasks` stands for.
pub(super) struct Tasks {
    rows: Vec<Row>,
}

struct Row {
    task: MoveTaskEntry,
    handle: Option<CString>,
    source: CString,
    destination: Option<CString>,
    failure: Option<CString>,
}

impl Tasks {
    fn new(tasks: Vec<MoveTaskEntry>) -> Result<Self> {
        let rows = tasks.into_iter().map(Row::new).collect::<Result<_>>()?;
        Ok(Self { rows })
    }
}

impl Row {
    fn new(task: MoveTaskEntry) -> Result<Self> {
        let failure = match task.status() {
            MoveStatus::Failed(reason) => Some(c_text(reason.as_str())?),
            _ => None,
        };
        Ok(Self {
            handle: task.handle().map(c_text).transpose()?,
            source: c_text(task.source().arn())?,
            destination: task
                .destination()
                .map(|queue| c_text(queue.arn()))
                .transpose()?,
            failure,
            task,
        })
    }

    fn view(&self) -> forebay_task {
        let optional = |text: &Option<CString>| text.as_ref().map_or(null(), |text| text.as_ptr());
        let state = match self.task.status() {
            MoveStatus::Running => forebay_task_state::Running,
            MoveStatus::Completed => forebay_task_state::Completed,
            MoveStatus::Cancelling => forebay_task_state::Cancelling,
            MoveStatus::Cancelled => forebay_task_state::Cancelled,
            MoveStatus::Failed(_) => forebay_task_state::Failed,
        };
        forebay_task {
            handle: optional(&self.handle),
            source: self.source.as_ptr(),
            destination: optional(&self.destination),
            failure: optional(&self.failure),
            moved: self.task.moved(),
            to_move: self.task.to_move(),
            started_ms: self.task.started_ms(),
            rate: self.task.rate().unwrap_or(0),
            state: state as i32,
        }
    }
}

/// Moves the visible messages of the dead-letter queue `source` to `destination`, or with NULL
/// back to the queues they came from; in the background, across restarts of the program. Queues
/// are named by name or ARN. `rate` is messages a second, 1 to 500; 0 for as fast as it goes.
/// `task` gets a list whose one row is the task's handle, for `forebay_cancel_move_task`.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_start_move_task(
    store: *mut forebay_store,
    source: *const c_char,
    destination: *const c_char,
    rate: u32,
    task: *mut *mut forebay_list,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (source, destination, out) = unsafe {
            (
                text(source, "source")?,
                optional_text(destination, "destination")?,
                Out::new(task, "task")?,
            )
        };
        let rate = (rate != 0).then_some(rate);
        let started = store.start_move_task(source, destination, rate)?;
        give_list(out, List::names([started], None)?)
    })
}

/// Stops a running task; what it moved stays moved. `moved` may be NULL; it gets how many
/// messages that is so far.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_cancel_move_task(
    store: *mut forebay_store,
    task: *const c_char,
    moved: *mut u64,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (task, out) = unsafe { (text(task, "task")?, Out::optional(moved, "moved")?) };
        let moved = store.cancel_move_task(task)?;
        if let Some(out) = out {
            out.write(moved);
        }
        Ok(())
    })
}

/// The tasks of a source queue, given by name or ARN, newest first; at most `limit`, 1 to 10; 0
/// for 10.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_list_move_tasks(
    store: *mut forebay_store,
    source: *const c_char,
    limit: usize,
    tasks: *mut *mut forebay_tasks,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (source, out) = unsafe { (text(source, "source")?, Out::new(tasks, "tasks")?) };
        let limit = if limit == 0 {
            limits::MOVE_TASKS_LISTED_MAX
        } else {
            limit
        };
        let found = Tasks::new(store.list_move_tasks(source, limit)?)?;
        out.write(handle(tables().tasks.insert(found)?));
        Ok(())
    })
}

/// How many tasks there are; 0 for NULL or freed tasks.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_tasks_count(tasks: *const forebay_tasks) -> usize {
    guard::value(0, || {
        Ok(tables().tasks.get(tasks.addr(), "tasks")?.rows.len())
    })
}

/// Task `index`. `size` is `sizeof *task`.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_tasks_get(
    tasks: *const forebay_tasks,
    index: usize,
    task: *mut forebay_task,
    size: usize,
) -> Status {
    guard::call(|| {
        let tasks = tables().tasks.get(tasks.addr(), "tasks")?;
        // SAFETY: the caller's promise.
        let out = unsafe { SizedOut::new(task, size, "task") }?;
        out.write(at(&tasks.rows, index)?.view());
        Ok(())
    })
}

/// Frees tasks, not the work they stand for. NULL or tasks freed before: nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_tasks_free(tasks: *mut forebay_tasks) {
    guard::quiet(|| drop(tables().tasks.remove(tasks.addr(), "tasks")));
}
