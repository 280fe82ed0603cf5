//! Check: reads everything, verifies every checksum, and builds a second index from the log to
//! compare the first with. The store's writers wait meanwhile.

use super::engine::Engine;
use super::index::entries::{GroupEntry, Head, MessageEntry};
use super::index::keys::{self, table};
use super::index::lmdb::Environment;
use super::index::places::{GroupPlaces, Places};
use super::index::{ConfigCache, Index};
use super::rebuild::replay;
use super::record::{State, StorageId, content, is_fifo};
use super::transition::Tx;
use crate::error::{Error, ErrorKind, Result};
use crate::store::CheckReport;
use crate::sys::fs;
use std::collections::{BTreeMap, HashSet};
use std::ops::RangeInclusive;
use std::path::Path;
use tempfile::TempDir;

/// Messages that are looked at together: what a check holds in memory does not grow with the store.
const PIECE_MESSAGES: usize = 1_000;
/// Begin of the names of what a check makes beside the store's own files.
pub const SCRATCH: &str = "check-";
/// Sentences that a report holds at the most; more of the same do not help.
const PROBLEMS_MAX: usize = 100;

/// Verifies the store.
pub fn check(engine: &Engine) -> Result<CheckReport> {
    engine.check_usable()?;
    // A keeper recycles without the writer lock, and a segment that it takes away meanwhile would
    // be reported as missing.
    let _hold = engine.segments.acquire(engine.options.lock_timeout)?;
    let mut held = engine.held.claim();
    let mut tx = engine.begin(&mut held)?;
    let result = check_locked(engine, &mut tx);
    engine.end(&mut held, tx)?;
    result
}

fn check_locked(engine: &Engine, tx: &mut Tx) -> Result<CheckReport> {
    let mut report = CheckReport::default();
    let scratch = scratch(engine)?;
    let env = Environment::open(scratch.path())?;
    let (second_meta, recovery) = replay(
        &env,
        &engine.log,
        tx.index.meta.store_uid,
        Some(tx.index.meta.tail_lsn),
    )?;
    report.log_bytes = recovery.log_bytes;
    report.problems.extend(recovery.damage);
    // What a power cut left behind the end is no fault: the next append covers it.
    if second_meta.tail() != tx.index.meta.tail() {
        let cut = recovery.cut.map(|cut| format!("the log ends early {cut}"));
        report.problems.extend(cut);
    }
    let mut second = Index::begin(&env, ConfigCache::default())?;
    let storages = tx.index.storages()?;
    report.queues = storages.len() as u64;
    let mut copies = BTreeMap::new();
    for sid in &storages {
        check_queue(tx, &mut second, *sid, &mut report, &mut copies)?;
    }
    for (number, held) in copies {
        let counted = tx.index.segment(number)?.messages;
        // More are counted than there are while a purge is not swept; fewer would be given away.
        if counted < held {
            say(
                &mut report,
                format!("log segment {number} holds {held} messages, the index counts {counted}"),
            );
        }
    }
    let known: HashSet<StorageId> = storages.into_iter().collect();
    for sid in second.storages()? {
        if !known.contains(&sid) {
            let name = second.config(sid)?.record.key.arn();
            say(
                &mut report,
                format!("queue {name} is in the log and not in the index"),
            );
        }
    }
    Ok(report)
}

/// A place for the second index: in the store's directory, where it was room for the first, or in
/// the system's temporary one if the disk is too full.
fn scratch(engine: &Engine) -> Result<TempDir> {
    let make = |parent: &Path| {
        tempfile::Builder::new()
            .prefix(SCRATCH)
            .tempdir_in(parent)
            .map_err(|error| Error::io("make a directory for the second index", &error))
    };
    // Checks follow each other, by the lock that this one holds.
    remove_leftovers(&engine.directory);
    // As large as the first one, and what one transaction of its building copies.
    let need = 2 * engine.env.used_bytes();
    let temporary = std::env::temp_dir();
    for parent in [&engine.directory, &temporary] {
        if fs::free_bytes(parent).map_or(true, |free| free >= need) {
            return make(parent);
        }
    }
    Err(Error::new(
        ErrorKind::DiskFull,
        format!(
            "a check builds a second index, for which {need} bytes must be free in {} or in {}",
            engine.directory.display(),
            temporary.display()
        ),
    ))
}

/// Removes what checks left that were killed. Nobody checks the store of `directory` meanwhile.
pub fn remove_leftovers(directory: &Path) {
    let entries = std::fs::read_dir(directory);
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(SCRATCH) {
            // It takes room and does no harm.
            let path = entry.path();
            let _ = std::fs::remove_dir_all(&path).or_else(|_| std::fs::remove_file(&path));
        }
    }
}

fn say(report: &mut CheckReport, problem: String) {
    if report.problems.len() < PROBLEMS_MAX {
        report.problems.push(problem);
    }
}

fn check_queue(
    tx: &mut Tx,
    second: &mut Index,
    sid: StorageId,
    report: &mut CheckReport,
    copies: &mut BTreeMap<u64, u64>,
) -> Result<()> {
    let config = tx.index.config(sid)?;
    let name = config.record.key.arn();
    let Some(head) = tx.index.head(sid)?.cloned() else {
        return Ok(());
    };
    match second.head(sid)? {
        Some(other) if counts(other) == counts(&head) => {}
        Some(other) => {
            let (ours, theirs) = (counts(&head), counts(other));
            say(
                report,
                format!("queue {name}: index says {ours:?}, the log says {theirs:?}"),
            );
        }
        None => say(
            report,
            format!("queue {name} is in the index and not in the log"),
        ),
    }
    let rebuilt = second.head(sid)?.map(|head| head.fresh);
    let (mut counted, mut logged, mut from) = (0, 0, 0);
    let mut never_offered = None;
    let mut expected = Places::default();
    loop {
        let entries = tx.index.messages_from(sid, from, PIECE_MESSAGES)?;
        counted += entries.len() as u64;
        let last = entries.last().map(|(sequence, _)| *sequence);
        never_offered = never_offered.or_else(|| first_never_offered(&entries));
        // Behind the last message of the index there may be more in the log.
        let until = last.filter(|_| entries.len() == PIECE_MESSAGES);
        let (seen, differing) =
            compare_piece(second, sid, from..=until.unwrap_or(u64::MAX), &entries)?;
        logged += seen;
        for sequence in differing {
            say(
                report,
                format!("queue {name}, message {sequence}: log and index disagree"),
            );
        }
        verify_piece(tx, &name, &entries, report, copies);
        find_piece(tx, sid, &name, &entries, report)?;
        for (_, entry) in &entries {
            expected.expect(sid, entry);
        }
        match until {
            Some(until) if until < u64::MAX => from = until + 1,
            _ => break,
        }
    }
    report.messages += counted;
    for cursor in [Some(head.fresh), rebuilt].into_iter().flatten() {
        if let Some(sequence) = never_offered.filter(|sequence| *sequence < cursor) {
            let text = "was never offered, and will not be: the queue's cursor is at";
            say(
                report,
                format!("queue {name}, message {sequence} {text} {cursor}"),
            );
        }
    }
    compare_totals(&name, &head, counted, logged, report);
    compare_places(tx, sid, &name, &expected, report)?;
    check_groups(tx, second, sid, &name, report)
}

/// Compares how many messages the index lists with how many stand so.
fn compare_places(
    tx: &mut Tx,
    sid: StorageId,
    queue: &str,
    expected: &Places,
    report: &mut CheckReport,
) -> Result<()> {
    let found = tx.index.places(sid)?;
    if found != *expected {
        let text = format!("the index lists {found:?}, its messages stand in {expected:?}");
        say(report, format!("queue {queue}: {text}"));
    }
    Ok(())
}

/// Looks for messages where they must be found by how they stand.
fn find_piece(
    tx: &mut Tx,
    sid: StorageId,
    queue: &str,
    entries: &[(u64, MessageEntry)],
    report: &mut CheckReport,
) -> Result<()> {
    for (sequence, entry) in entries {
        if !tx.index.is_placed(sid, *sequence, entry)? {
            let text = "the index does not find it where it stands";
            say(report, format!("queue {queue}, message {sequence}: {text}"));
        }
    }
    Ok(())
}

/// Compares the groups of a queue with those of the second index, by name: their numbers differ.
fn check_groups(
    tx: &mut Tx,
    second: &mut Index,
    sid: StorageId,
    queue: &str,
    report: &mut CheckReport,
) -> Result<()> {
    let mut expected = GroupPlaces::default();
    let mut after = String::new();
    loop {
        let names = tx.index.group_names_behind(sid, &after, PIECE_MESSAGES)?;
        for (name, number) in &names {
            let entry = tx.index.group(sid, *number)?;
            let other = match second.group_number(sid, name)? {
                Some(number) => second.group(sid, number)?,
                None => None,
            };
            let standing = |entry: &GroupEntry| {
                // The ring of a FIFO queue counts turns, which the log does not tell.
                let ring = if is_fifo(sid) { 1 } else { entry.ring };
                (entry.count, entry.in_flight, entry.ring.min(ring))
            };
            let agree = entry.as_ref().map(standing) == other.as_ref().map(standing);
            let placed = match &entry {
                Some(entry) => tx.index.is_group_placed(sid, *number, entry)?,
                None => false,
            };
            if let Some(entry) = &entry {
                expected.expect(entry);
            }
            if !agree || !placed {
                say(
                    report,
                    format!("queue {queue}, group {name:?}: log and index disagree"),
                );
            }
        }
        match names.into_iter().next_back() {
            Some((last, _)) => after = last,
            None => break,
        }
    }
    let found = tx.index.group_places(sid)?;
    let groups = second.group_places(sid)?.groups;
    if found != expected || found.groups != groups {
        say(
            report,
            format!(
                "queue {queue}: the index lists {found:?}, its groups stand in {expected:?}, the \
                 log has {groups}"
            ),
        );
    }
    Ok(())
}

fn first_never_offered(entries: &[(u64, MessageEntry)]) -> Option<u64> {
    let mut fresh = entries.iter();
    fresh
        .find(|(_, entry)| entry.standing.state == State::Fresh)
        .map(|(sequence, _)| *sequence)
}

/// How many messages the log has in a range of numbers, and which of `entries`, all that the index
/// has there, are not the same in it.
fn compare_piece(
    second: &mut Index,
    sid: StorageId,
    range: RangeInclusive<u64>,
    entries: &[(u64, MessageEntry)],
) -> Result<(u64, Vec<u64>)> {
    let (mut seen, mut differing) = (0, Vec::new());
    let mut left = entries.iter().peekable();
    let from = keys::message(sid, *range.start());
    second.scan(&from, sid, table::MESSAGES, |key, value| {
        let sequence = keys::number(key, 5);
        if sequence > *range.end() {
            return Ok(false);
        }
        seen += 1;
        while let Some((earlier, _)) = left.next_if(|(number, _)| *number < sequence) {
            differing.push(*earlier);
        }
        if let Some((_, entry)) = left.next_if(|(number, _)| *number == sequence) {
            let other = MessageEntry::decode(value)?;
            if (other.at, &other.standing) != (entry.at, &entry.standing) {
                differing.push(sequence);
            }
        }
        Ok(true)
    })?;
    differing.extend(left.map(|(sequence, _)| *sequence));
    Ok((seen, differing))
}

/// Reads messages, and counts what each segment holds of them.
fn verify_piece(
    tx: &mut Tx,
    queue: &str,
    entries: &[(u64, MessageEntry)],
    report: &mut CheckReport,
    copies: &mut BTreeMap<u64, u64>,
) {
    for (sequence, entry) in entries {
        *copies
            .entry(entry.at / tx.index.meta.segment_bytes)
            .or_default() += 1;
        let readable = tx
            .content(entry.at, entry.length)
            .map(|block| content::verify(&block));
        if !readable.unwrap_or(false) {
            say(
                report,
                format!("queue {queue}, message {sequence} fails its checksum"),
            );
        }
    }
}

fn compare_totals(name: &str, head: &Head, counted: u64, logged: u64, report: &mut CheckReport) {
    let (visible, in_flight, delayed, _) = counts(head);
    if counted != visible + in_flight + delayed {
        say(
            report,
            format!(
                "queue {name} holds {counted} messages and counts {visible} visible, {in_flight} \
                 in flight, {delayed} delayed"
            ),
        );
    }
    if counted < logged {
        let missing = logged - counted;
        say(
            report,
            format!("queue {name}: {missing} messages of the log are not in the index"),
        );
    }
}

fn counts(head: &Head) -> (u64, u64, u64, u64) {
    (
        head.visible,
        head.in_flight,
        head.delayed,
        head.next_sequence,
    )
}
