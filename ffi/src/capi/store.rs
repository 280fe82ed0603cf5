//! Opening, closing and caring for a store, and the queues in it.

use super::arguments::{
    Out, Plain, SizedOut, handle, invalid, optional_text, options, switch, text,
};
use super::list::{List, forebay_list};
use super::queue::{
    QueueHandle, forebay_queue, forebay_queue_options, give_list, page_limit, read_queue_options,
};
use super::{guard, tables};
use crate::api::{CheckReport, ClockMode, Durability, OpenOptions, Statistics, Status};
use forebay_core::Result;
use std::ffi::c_char;
use std::time::Duration;

/// An open store. Closed with `forebay_store_close`.
pub struct forebay_store {
    _private: [u8; 0],
}

/// What an acknowledged answer has survived: `forebay_open_options.durability`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum forebay_durability {
    /// The default. Sends, deletes and administration survive loss of power. Receives and changes
    /// of visibility survive crashes of processes; losing one only brings a message back early.
    Full = 0,
    /// As full, receives and changes of visibility included.
    Strict = 1,
    /// Everything survives crashes of processes; nothing is promised about loss of power.
    Os = 2,
}

/// Where a store's time comes from: `forebay_open_options.clock`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum forebay_clock {
    /// The default: real time.
    System = 0,
    /// Time stands still until `forebay_store_advance`; for tests.
    Manual = 1,
}

/// How a store is opened. Zeros are the defaults and suit a program that wants durable queues.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_open_options {
    /// `sizeof (forebay_open_options)`.
    pub size: usize,
    /// Account of the queues named by this handle, and the SenderId of its messages; NULL for
    /// "000000000000".
    pub account: *const c_char,
    /// Region of the queues named by this handle, 1 to 64 of [A-Za-z0-9._/-]; NULL for "us-east-1".
    pub region: *const c_char,
    /// A `forebay_durability`.
    pub durability: i32,
    /// A `forebay_clock`.
    pub clock: i32,
    /// With the manual clock, the time of a new store, milliseconds since the epoch.
    pub clock_start_ms: u64,
    /// 1: SQS's limits hold as over the wire: ten entries a batch, ten messages a receive, 1 MiB a
    /// batch, SQS's characters in bodies. 0: bodies are any bytes, and a batch or a receive goes
    /// up to 10,000 messages and 64 MiB.
    pub sqs_limits: i32,
    /// 1: a queue may be created at once after it was deleted, and purged at any time. 0: as in
    /// SQS, 60 seconds lie between.
    pub no_sixty_second_rules: i32,
    /// 1: the store must exist. 0: an absent or empty directory becomes a store.
    pub must_exist: i32,
    /// 1: open on a network file system in spite of the danger.
    pub allow_network_file_system: i32,
    /// How long to wait for a lock that another process holds before FOREBAY_STATUS_BUSY,
    /// milliseconds; 0 for 30,000. On PostgreSQL also for a database that is away, at least 1,000.
    pub lock_timeout_ms: u64,
    /// Size of a log segment of a new store, bytes: a power of two, 4 MiB to 1 GiB; 0 for 16 MiB.
    pub segment_bytes: u64,
    /// Disk space kept so that receiving and deleting go on when the disk is full, bytes, up to
    /// 1 TiB; 0 for 8 MiB.
    pub reserve_bytes: u64,
    /// 1: do not wait for locks at all; `lock_timeout_ms` is 0 then.
    pub no_lock_wait: i32,
    /// 1: keep no disk space; `reserve_bytes` is 0 then.
    pub no_reserve: i32,
}

// SAFETY: integers and pointers only.
unsafe impl Plain for forebay_open_options {
    const FIRST_BYTES: usize = std::mem::offset_of!(forebay_open_options, no_lock_wait);
}

/// What `forebay_store_check` found.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_check_report {
    /// Queues seen.
    pub queues: u64,
    /// Messages seen, each read and its checksum verified.
    pub messages: u64,
    /// Bytes of the log that were read.
    pub log_bytes: u64,
    /// Faults found; 0 when all is well.
    pub problem_count: u64,
}

// SAFETY: integers only.
unsafe impl Plain for forebay_check_report {}

/// Numbers about a store's work since it was opened in this process.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct forebay_statistics {
    /// Commands carried out.
    pub commands: u64,
    /// Transactions they were combined into.
    pub transactions: u64,
    /// Waits for the disk.
    pub syncs: u64,
    /// Bytes appended to the log, reclamation included.
    pub log_bytes: u64,
    /// Of these, bytes that reclamation copied forward.
    pub moved_bytes: u64,
    /// Bytes that the log takes on disk.
    pub disk_bytes: u64,
}

// SAFETY: integers only.
unsafe impl Plain for forebay_statistics {}

impl From<Statistics> for forebay_statistics {
    fn from(statistics: Statistics) -> Self {
        Self {
            commands: statistics.commands,
            transactions: statistics.transactions,
            syncs: statistics.syncs,
            log_bytes: statistics.log_bytes,
            moved_bytes: statistics.moved_bytes,
            disk_bytes: statistics.disk_bytes,
        }
    }
}

impl From<&CheckReport> for forebay_check_report {
    fn from(report: &CheckReport) -> Self {
        Self {
            queues: report.queues,
            messages: report.messages,
            log_bytes: report.log_bytes,
            problem_count: report.problems.len() as u64,
        }
    }
}

/// # Safety
/// Pointers are NULL or valid.
unsafe fn read_open_options(given: *const forebay_open_options) -> Result<OpenOptions> {
    // SAFETY: the caller's promise.
    let (given, account, region) = unsafe {
        let given = options(given, "options")?;
        (
            given,
            optional_text(given.account, "options->account")?,
            optional_text(given.region, "options->region")?,
        )
    };
    let network = given.allow_network_file_system;
    let mut wanted = OpenOptions::new()
        .durability(read_durability(given.durability)?)
        .clock(read_clock(given.clock, given.clock_start_ms)?)
        .sqs_limits(switch(given.sqs_limits, "options->sqs_limits")?)
        .sixty_second_rules(!switch(
            given.no_sixty_second_rules,
            "options->no_sixty_second_rules",
        )?)
        .create(!switch(given.must_exist, "options->must_exist")?)
        .allow_network_file_system(switch(network, "options->allow_network_file_system")?);
    if let Some(account) = account {
        wanted = wanted.account(account);
    }
    if let Some(region) = region {
        wanted = wanted.region(region);
    }
    let lock_timeout_ms = or_none(given.lock_timeout_ms, given.no_lock_wait, "lock_wait")?;
    if let Some(timeout_ms) = lock_timeout_ms {
        wanted = wanted.lock_timeout(Duration::from_millis(timeout_ms));
    }
    if given.segment_bytes != 0 {
        wanted = wanted.segment_bytes(given.segment_bytes);
    }
    if let Some(bytes) = or_none(given.reserve_bytes, given.no_reserve, "reserve")? {
        wanted = wanted.reserve_bytes(bytes);
    }
    Ok(wanted)
}

/// A number whose 0 is the default, with a switch for a real 0.
fn or_none(value: u64, none: i32, name: &str) -> Result<Option<u64>> {
    match (value, switch(none, format_args!("options->no_{name}"))?) {
        (0, false) => Ok(None),
        (value, false) => Ok(Some(value)),
        (0, true) => Ok(Some(0)),
        (value, true) => Err(invalid(format_args!(
            "options->no_{name} is 1 and the {name} {value}: set one of them"
        ))),
    }
}

fn read_durability(durability: i32) -> Result<Durability> {
    const FULL: i32 = forebay_durability::Full as i32;
    const STRICT: i32 = forebay_durability::Strict as i32;
    const OS: i32 = forebay_durability::Os as i32;
    match durability {
        FULL => Ok(Durability::Full),
        STRICT => Ok(Durability::Strict),
        OS => Ok(Durability::Os),
        _ => Err(invalid(format_args!(
            "options->durability is {durability}, not a forebay_durability ({FULL} to {OS})"
        ))),
    }
}

fn read_clock(clock: i32, start_ms: u64) -> Result<ClockMode> {
    const SYSTEM: i32 = forebay_clock::System as i32;
    const MANUAL: i32 = forebay_clock::Manual as i32;
    match (clock, start_ms) {
        (SYSTEM, 0) => Ok(ClockMode::System),
        (SYSTEM, _) => Err(invalid(format_args!(
            "options->clock_start_ms is {start_ms} but options->clock is not FOREBAY_CLOCK_MANUAL"
        ))),
        (MANUAL, start_ms) => Ok(ClockMode::Manual { start_ms }),
        _ => Err(invalid(format_args!(
            "options->clock is {clock}, not a forebay_clock ({SYSTEM} or {MANUAL})"
        ))),
    }
}

/// Opens the queues at `location`: a directory, "mem:" for queues that end with their last handle,
/// or a "postgres://" address. Any number of processes may have a directory open; two opens in one
/// process share one engine: lock timeout, segment size and reserve are those of the first, and
/// another durability or kind of clock is FOREBAY_STATUS_INVALID_ARGUMENT. On PostgreSQL each open
/// has connections of its own, and `segment_bytes`, `reserve_bytes` and `allow_network_file_system`
/// mean nothing. `options` may be NULL.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_open(
    location: *const c_char,
    options: *const forebay_open_options,
    store: *mut *mut forebay_store,
) -> Status {
    guard::call(|| {
        // SAFETY: the caller's promise.
        let (location, options, out) = unsafe {
            (
                text(location, "location")?,
                read_open_options(options)?,
                Out::new(store, "store")?,
            )
        };
        let opened = options.open(location)?;
        out.write(handle(tables().stores.insert(opened)?));
        Ok(())
    })
}

/// Closes a store. Its waits end with FOREBAY_STATUS_CLOSED and their callbacks have returned when
/// this returns, unless this is one of them. Its queues answer FOREBAY_STATUS_CLOSED from now on
/// and are still to be freed; messages and results stay readable. NULL: nothing happens.
#[unsafe(no_mangle)]
pub extern "C" fn forebay_store_close(store: *mut forebay_store) -> Status {
    guard::call(|| {
        if store.is_null() {
            return Ok(());
        }
        tables().stores.remove(store.addr(), "store")?.close();
        Ok(())
    })
}

/// Creates a queue, or finds one whose attributes are those named; a difference is
/// FOREBAY_STATUS_QUEUE_NAME_EXISTS. The name is 1 to 80 of [A-Za-z0-9_-], with ".fifo" at the end
/// of a FIFO queue's. `options` may be NULL.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_create_queue(
    store: *mut forebay_store,
    name: *const c_char,
    options: *const forebay_queue_options,
    queue: *mut *mut forebay_queue,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (name, options, out) = unsafe {
            (
                text(name, "name")?,
                read_queue_options(options)?,
                Out::new(queue, "queue")?,
            )
        };
        let created = QueueHandle::new(store.create_queue(name, &options)?)?;
        out.write(handle(tables().queues.insert(created)?));
        Ok(())
    })
}

/// Finds a queue; FOREBAY_STATUS_QUEUE_DOES_NOT_EXIST if there is none of this name.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_get_queue(
    store: *mut forebay_store,
    name: *const c_char,
    queue: *mut *mut forebay_queue,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (name, out) = unsafe { (text(name, "name")?, Out::new(queue, "queue")?) };
        let found = QueueHandle::new(store.get_queue(name)?)?;
        out.write(handle(tables().queues.insert(found)?));
        Ok(())
    })
}

/// Deletes a queue with its messages. Handles to it stay to be freed.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_delete_queue(
    store: *mut forebay_store,
    name: *const c_char,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let name = unsafe { text(name, "name") }?;
        store.delete_queue(name)
    })
}

/// The names of the queues that start with `prefix` (NULL for all), in byte order, at most `limit`
/// (0 for 1,000), continued with the token of the list before; NULL to begin.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_list_queues(
    store: *mut forebay_store,
    prefix: *const c_char,
    token: *const c_char,
    limit: usize,
    names: *mut *mut forebay_list,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (prefix, token, out) = unsafe {
            (
                optional_text(prefix, "prefix")?.unwrap_or_default(),
                optional_text(token, "token")?,
                Out::new(names, "names")?,
            )
        };
        let page = store.list_queues_page(prefix, page_limit(limit), token)?;
        give_list(out, List::names(page.names, page.next_token)?)
    })
}

/// The store's time, milliseconds since the epoch. It never goes back.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_store_now(
    store: *const forebay_store,
    now_ms: *mut u64,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let out = unsafe { Out::new(now_ms, "now_ms") }?;
        out.write(store.now_ms()?);
        Ok(())
    })
}

/// Moves a manual clock on by `by_ms` milliseconds; waits that end by then have ended when this
/// returns. `now_ms` may be NULL; it gets the new time. UNSUPPORTED_OPERATION on real time.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_store_advance(
    store: *mut forebay_store,
    by_ms: u64,
    now_ms: *mut u64,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let out = unsafe { Out::optional(now_ms, "now_ms") }?;
        let now_ms = store.advance(by_ms)?;
        if let Some(out) = out {
            out.write(now_ms);
        }
        Ok(())
    })
}

/// Verifies the store's files against each other while they are in use. It reads all that is
/// stored, and all other calls on the store wait meanwhile: those of other processes fail with
/// `FOREBAY_STATUS_BUSY` where that takes longer than their lock timeout. `size` is
/// `sizeof *report`. `problems` may be NULL; it gets a list with a sentence for each fault.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_store_check(
    store: *mut forebay_store,
    report: *mut forebay_check_report,
    size: usize,
    problems: *mut *mut forebay_list,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let (out, problems) = unsafe {
            (
                SizedOut::new(report, size, "report")?,
                Out::optional(problems, "problems")?,
            )
        };
        let report = store.check()?;
        if let Some(problems) = problems {
            give_list(problems, List::names(report.problems.clone(), None)?)?;
        }
        out.write(forebay_check_report::from(&report));
        Ok(())
    })
}

/// Writes a consistent copy of the store to an absent or empty directory while it is in use.
/// On PostgreSQL this is FOREBAY_STATUS_UNSUPPORTED_OPERATION: the database has its own.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_store_backup(
    store: *mut forebay_store,
    directory: *const c_char,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let directory = unsafe { text(directory, "directory") }?;
        store.backup(directory)
    })
}

/// Numbers about the store's work since it was opened in this process. `size` is
/// `sizeof *statistics`.
///
/// # Safety
/// Pointers are NULL or valid.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn forebay_store_statistics(
    store: *const forebay_store,
    statistics: *mut forebay_statistics,
    size: usize,
) -> Status {
    guard::call(|| {
        let store = tables().stores.get(store.addr(), "store")?;
        // SAFETY: the caller's promise.
        let out = unsafe { SizedOut::new(statistics, size, "statistics") }?;
        out.write(forebay_statistics::from(store.statistics()?));
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_that_is_meant_is_no_default() {
        let mut given = forebay_open_options {
            size: size_of::<forebay_open_options>(),
            account: std::ptr::null(),
            region: std::ptr::null(),
            durability: 0,
            clock: 0,
            clock_start_ms: 0,
            sqs_limits: 0,
            no_sixty_second_rules: 0,
            must_exist: 0,
            allow_network_file_system: 0,
            lock_timeout_ms: 0,
            segment_bytes: 0,
            reserve_bytes: 0,
            no_lock_wait: 0,
            no_reserve: 0,
        };
        // SAFETY: its pointers are NULL.
        let read = |given: &forebay_open_options| unsafe { read_open_options(given) };
        let shown = |given: &forebay_open_options| format!("{:?}", read(given).unwrap());
        let default = format!("{:?}", OpenOptions::new());
        assert_eq!(shown(&given), default);
        given.no_lock_wait = 1;
        given.no_reserve = 1;
        let none = OpenOptions::new().lock_timeout(Duration::ZERO);
        assert_eq!(shown(&given), format!("{:?}", none.reserve_bytes(0)));
        given.reserve_bytes = 7;
        let text = read(&given).unwrap_err().text().to_owned();
        assert!(text.contains("no_reserve") && text.contains('7'), "{text}");
    }
}
