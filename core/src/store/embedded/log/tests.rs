//! The log on good, failing and crashing disks.

use super::*;
use crate::store::embedded::disk::{Fault, FaultDisk, SimDisk};

const UID: u64 = 0xfeed;
const SEGMENT: u64 = SEGMENT_BYTES_MIN;

type Records = Vec<(u64, Vec<u8>)>;

fn open(disk: &SimDisk) -> Log {
    Log::open(Arc::new(disk.clone()), UID, SEGMENT).unwrap()
}

/// A payload that says which it is, of varying length.
fn payload(number: usize) -> Vec<u8> {
    let bytes = 1 + number * 7919 % 700;
    (0..bytes).map(|at| (number * 31 + at) as u8).collect()
}

/// Appends records `from..to`, each with a flush and a sync of its own; returns the new tail.
fn append_synced(log: &Log, tail: Tail, from: usize, to: usize) -> (Tail, Records) {
    let mut appender = log.appender(tail);
    let mut records = Vec::new();
    let mut synced_lsn = tail.lsn;
    for number in from..to {
        appender.restart(appender.end(), synced_lsn);
        let lsn = appender.push(&payload(number)).unwrap();
        let before = synced_lsn;
        synced_lsn = appender.flush().unwrap().lsn;
        log.sync(before, synced_lsn).unwrap();
        records.push((lsn, payload(number)));
    }
    (appender.end(), records)
}

fn scan(log: &Log, from: ScanFrom) -> (Records, ScanEnd) {
    let mut records = Vec::new();
    let end = log.scan(from, |lsn, payload| {
        records.push((lsn, payload.to_vec()));
        Ok(())
    });
    (records, end.unwrap())
}

#[test]
fn records_read_back_across_segments() {
    let disk = SimDisk::new();
    let log = open(&disk);
    assert_eq!(log.first_lsn().unwrap(), None);
    let mut appender = log.appender(Log::empty_tail());
    let (mut records, mut tails) = (Vec::new(), vec![Log::empty_tail()]);
    // Several frames a flush, so that flushes span segments.
    for number in 0..200 {
        let lsn = appender.push(&payload(number)).unwrap();
        assert_eq!(
            appender.read(lsn, payload(number).len()).unwrap(),
            payload(number)
        );
        records.push((lsn, payload(number)));
        if number % 9 == 0 {
            assert_eq!(appender.end(), appender.flush().unwrap());
            assert_eq!(appender.pending_bytes(), 0);
        }
        tails.push(appender.end());
    }
    appender.flush().unwrap();
    assert!(log.segments().unwrap().len() > 10);
    for log in [log, open(&disk)] {
        for (lsn, payload) in &records {
            assert_eq!(log.read(*lsn, payload.len()).unwrap(), payload);
            assert_eq!(log.read_verified(*lsn, payload.len()).unwrap(), payload);
            log.read_verified(*lsn, payload.len() + 1).unwrap_err();
            log.read_verified(lsn + 8, payload.len()).unwrap_err();
        }
        let (found, end) = scan(&log, ScanFrom::Oldest);
        assert_eq!(found, records);
        assert_eq!((end.tail, end.end), (appender.end(), EndReason::Clean));
        assert_eq!((end.frames, end.remarks.len()), (200, 0));
        for (number, tail) in tails.iter().enumerate() {
            assert_eq!(log.valid_at(*tail).unwrap(), number < 200);
            assert_eq!(scan(&log, ScanFrom::Tail(*tail)).0, records[number..]);
        }
    }
}

#[test]
fn payloads_of_every_length_fit_up_to_the_maximum() {
    let log = open(&SimDisk::new());
    let mut tail = Log::empty_tail();
    let mut expected = Vec::new();
    for bytes in [
        0,
        1,
        7,
        8,
        9,
        31,
        32,
        33,
        log.payload_max() - 1,
        log.payload_max(),
    ] {
        // Each after a record that leaves another room.
        for before in [
            0,
            SEGMENT as usize - 200,
            SEGMENT as usize - 136 - bytes % 100,
        ] {
            let mut appender = log.appender(tail);
            for length in [before, bytes] {
                expected.push((appender.push(&vec![7; length]).unwrap(), vec![7; length]));
            }
            tail = appender.flush().unwrap();
        }
    }
    let (found, end) = scan(&log, ScanFrom::Oldest);
    assert_eq!(found, expected);
    assert_eq!(end.tail, tail);
    let error = log
        .appender(tail)
        .push(&vec![0; log.payload_max() + 1])
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
}

#[test]
fn parts_make_one_payload_and_discarded_frames_leave_no_trace() {
    let log = open(&SimDisk::new());
    let mut appender = log.appender(Log::empty_tail());
    let lsn = appender.push_parts(&[b"one", b"", b"payload"]).unwrap();
    appender.flush().unwrap();
    let end = appender.end();
    appender.push(b"never").unwrap();
    appender.discard();
    assert_eq!(appender.end(), end);
    assert_eq!(appender.flush().unwrap(), end);
    assert!(!log.valid_at(end).unwrap());
    assert_eq!(
        scan(&log, ScanFrom::Oldest).0,
        [(lsn, b"onepayload".to_vec())]
    );
    // Bytes behind the end are refused, pushed or not.
    let lsn = appender.push(b"pushed").unwrap();
    assert!(appender.read(lsn, 100).is_err());
}

/// A receive reads neighbours in one go, and some of them may have been sent in its own
/// transaction.
#[test]
fn a_read_may_begin_in_what_is_written_and_end_in_what_is_not() {
    let log = open(&SimDisk::new());
    let mut appender = log.appender(Log::empty_tail());
    let first = appender.push(b"written").unwrap();
    appender.flush().unwrap();
    let second = appender.push(b"pending").unwrap();
    let length = (second - first) as usize + b"pending".len();
    let before = appender.read(first, length).unwrap();
    assert_eq!(&before[..7], b"written");
    assert_eq!(&before[length - 7..], b"pending");
    appender.flush().unwrap();
    assert_eq!(appender.read(first, length).unwrap(), before);
}

#[test]
fn recycled_segments_show_nothing_of_their_past() {
    let disk = SimDisk::new();
    let log = open(&disk);
    let (mut tail, mut records) = append_synced(&log, Log::empty_tail(), 0, 60);
    for round in 1..20 {
        let segments = log.segments().unwrap();
        let (first, last) = (segments[0], *segments.last().unwrap());
        assert!(log.recycle(first, last + 1).unwrap());
        records.retain(|(lsn, _)| log.segment_of(*lsn) > first);
        let (found, end) = scan(&log, ScanFrom::Oldest);
        assert_eq!(found, records);
        assert_eq!((end.tail, end.end), (tail, EndReason::Clean));
        let (new_tail, new) = append_synced(&log, tail, round * 60, round * 60 + 10);
        tail = new_tail;
        records.extend(new);
    }
    let (found, end) = scan(&open(&disk), ScanFrom::Oldest);
    assert_eq!((found, end.end), (records, EndReason::Clean));
    assert_eq!(end.remarks, Vec::<String>::new());
    let first = log.segments().unwrap()[0];
    log.remove(first).unwrap();
    assert_eq!(log.first_lsn().unwrap(), Some((first + 1) * SEGMENT));
    assert!(log.recycle(first, first + 100).is_err());
}

#[test]
fn a_removal_is_on_disk_when_it_returns() {
    let disk = SimDisk::new();
    let log = open(&disk);
    append_synced(&log, Log::empty_tail(), 0, 60);
    let segments = log.segments().unwrap();
    log.remove(segments[0]).unwrap();
    assert_eq!(
        open(&disk.crash_losing_all()).segments().unwrap(),
        segments[1..]
    );
}

#[test]
fn frames_of_an_abandoned_write_are_not_read() {
    let log = open(&SimDisk::new());
    let (tail, mut records) = append_synced(&log, Log::empty_tail(), 0, 3);
    let mut appender = log.appender(tail);
    appender.push(b"abandoned").unwrap();
    appender.push(b"and another").unwrap();
    appender.flush().unwrap();
    // The next writer never learns of them and puts a frame of the same length in their place.
    appender.restart(tail, tail.lsn);
    let lsn = appender.push(b"good news").unwrap();
    let end = appender.flush().unwrap();
    records.push((lsn, b"good news".to_vec()));
    assert!(!log.valid_at(end).unwrap());
    let (found, scanned) = scan(&log, ScanFrom::Oldest);
    assert!(found == records && scanned.tail == end, "{scanned:?}");
    assert!(matches!(scanned.end, EndReason::Torn { .. }), "{scanned:?}");
}

#[test]
fn a_torn_tail_is_cut_wherever_it_is_torn() {
    let disk = SimDisk::new();
    let log = open(&disk);
    let (tail, records) = append_synced(&log, Log::empty_tail(), 0, 4);
    let mut appender = log.appender(tail);
    let lsn = appender.push(&payload(4)).unwrap();
    appender.flush().unwrap();
    let whole = disk.content(&log.segment_name(0)).unwrap();
    let end = appender.end().lsn as usize;
    for cut in tail.lsn as usize..end {
        let mut torn = whole.clone();
        torn[cut..].fill(0xaa);
        disk.set_content(&log.segment_name(0), torn).unwrap();
        let (found, scanned) = scan(&open(&disk), ScanFrom::Oldest);
        // The padding after the payload means nothing.
        if cut >= lsn as usize + payload(4).len() {
            assert_eq!(found.len(), 5);
            continue;
        }
        assert!(
            found == records && scanned.tail == tail,
            "{cut}: {scanned:?}"
        );
        assert!(
            !matches!(scanned.end, EndReason::Damaged { .. }),
            "{:?}",
            scanned.end
        );
        // Once the LSN is there, the frame is known to have been begun.
        let begun = cut >= tail.lsn as usize + 16;
        assert_eq!(
            matches!(scanned.end, EndReason::Torn { .. }),
            begun,
            "{cut}"
        );
        assert!(!log.valid_at(tail).unwrap());
    }
    let (_, more) = append_synced(&log, tail, 9, 12);
    let (found, scanned) = scan(&open(&disk), ScanFrom::Oldest);
    assert_eq!(found, [records, more].concat());
    assert_eq!(scanned.end, EndReason::Clean);
}

/// Scans over damage; returns the records and how often the log was damaged.
fn scan_on(log: &Log) -> (Records, usize, ScanEnd) {
    let (mut records, mut end) = scan(log, ScanFrom::Oldest);
    let mut gaps = 0;
    while let EndReason::Damaged { resume_lsn, .. } = end.end {
        let (more, next) = scan(log, ScanFrom::Frame(resume_lsn));
        records.extend(more);
        end = next;
        gaps += 1;
    }
    (records, gaps, end)
}

#[test]
fn one_flipped_byte_costs_at_most_its_frame() {
    let disk = SimDisk::new();
    let log = open(&disk);
    let (_, records) = append_synced(&log, Log::empty_tail(), 0, 21);
    let segments = log.segments().unwrap();
    assert!(segments.len() > 1);
    // Nothing proves that the last frame was on disk.
    let last_lsn = records.last().unwrap().0 - FRAME_HEADER_BYTES;
    for number in segments {
        let name = log.segment_name(number);
        let whole = disk.content(&name).unwrap();
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x10;
            disk.set_content(&name, flipped).unwrap();
            let (found, gaps, end) = scan_on(&log);
            let lsn = log.segment_start(number) + at as u64;
            let hit = records.iter().position(|(start, payload)| {
                let frame = start - FRAME_HEADER_BYTES;
                (frame..start + payload.len() as u64).contains(&lsn)
            });
            let expected: Records = match hit {
                Some(index) => [&records[..index], &records[index + 1..]].concat(),
                None => records.clone(),
            };
            assert!(
                found == expected,
                "byte {at} of {name}: {} records",
                found.len()
            );
            // A flipped pad loses no record, and yet is damage.
            let lost = usize::from(hit.is_some() && lsn < last_lsn);
            assert!(
                gaps == lost || hit.is_none() && gaps <= 1,
                "byte {at} of {name}"
            );
            assert!(end.remarks.is_empty() || at < 64);
            assert_eq!(open_header_is_noted(&log, number), at < 64);
        }
        disk.set_content(&name, whole).unwrap();
    }
}

fn open_header_is_noted(log: &Log, number: u64) -> bool {
    let from = ScanFrom::Frame(log.segment_start(number) + SEGMENT_HEADER_BYTES);
    !scan(log, from).1.remarks.is_empty()
}

#[test]
fn missing_and_cut_segments_are_reported_and_the_rest_is_read() {
    let disk = SimDisk::new();
    let log = open(&disk);
    let (_, records) = append_synced(&log, Log::empty_tail(), 0, 100);
    let segments = log.segments().unwrap();
    let hit = segments[segments.len() / 2];
    let others = |records: &Records| -> Records {
        let mut others = records.clone();
        others.retain(|(lsn, _)| log.segment_of(*lsn) != hit);
        others
    };
    let name = log.segment_name(hit);
    let whole = disk.content(&name).unwrap();
    for length in [0, 63, 64, 100, 2_000] {
        disk.set_content(&name, whole[..length].to_vec()).unwrap();
        let (found, gaps, end) = scan_on(&open(&disk));
        let in_time = |lsn: &u64| log.segment_of(*lsn) != hit || *lsn % SEGMENT < length as u64;
        assert!(found.iter().all(|(lsn, _)| in_time(lsn)));
        let mut rest = found.clone();
        rest.retain(|(lsn, _)| log.segment_of(*lsn) != hit);
        assert_eq!((rest, gaps), (others(&records), 1));
        assert_eq!(end.end, EndReason::Clean);
    }
    disk.remove(&name).unwrap();
    let log = open(&disk);
    let (first, end) = scan(&log, ScanFrom::Oldest);
    let EndReason::Damaged {
        lsn,
        what,
        resume_lsn,
    } = end.end
    else {
        panic!("{end:?}");
    };
    assert_eq!(log.segment_of(lsn), hit);
    assert!(what.contains(&name), "{what}");
    assert_eq!(resume_lsn, (hit + 1) * SEGMENT + SEGMENT_HEADER_BYTES);
    assert_eq!(log.segment_of(first.last().unwrap().0), hit - 1);
    assert_eq!(scan_on(&log).0, others(&records));
    assert_eq!(log.read(lsn, 1).unwrap_err().kind(), ErrorKind::Corrupt);
}

#[test]
fn foreign_and_newer_segments_are_refused() {
    let disk = SimDisk::new();
    let log = open(&disk);
    append_synced(&log, Log::empty_tail(), 0, 1);
    let reopen = |uid, bytes| {
        let log = Log::open(Arc::new(disk.clone()), uid, bytes);
        log.map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(reopen(UID, SEGMENT), Ok(()));
    assert_eq!(reopen(UID + 1, SEGMENT), Err(ErrorKind::Corrupt));
    assert_eq!(reopen(UID, 2 * SEGMENT), Err(ErrorKind::Corrupt));
    for bytes in [
        0,
        SEGMENT - 1,
        SEGMENT + 1,
        SEGMENT / 2,
        2 * SEGMENT_BYTES_MAX,
    ] {
        assert_eq!(
            reopen(UID, bytes),
            Err(ErrorKind::InvalidArgument),
            "{bytes}"
        );
    }
    let mut content = disk.content(&log.segment_name(0)).unwrap();
    let mut newer = log.header(0);
    newer.version += 1;
    content[..64].copy_from_slice(&newer.write());
    disk.set_content(&log.segment_name(0), content).unwrap();
    assert_eq!(reopen(UID, SEGMENT), Err(ErrorKind::UnsupportedFormat));
}

#[test]
fn two_makers_of_a_segment_do_not_disturb_each_other() {
    let disk = SimDisk::new();
    let (first, second) = (open(&disk), open(&disk));
    let (tail, mut records) = append_synced(&first, Log::empty_tail(), 0, 3);
    assert!(!second.ensure_segment(0).unwrap());
    // As if the other process had looked before the segment got its name.
    let late = segment::new_name(0);
    disk.create(&late, SEGMENT).unwrap();
    assert!(!second.publish(&late, 0).unwrap());
    let (_, more) = append_synced(&second, tail, 3, 6);
    records.extend(more);
    assert_eq!(scan(&first, ScanFrom::Oldest).0, records);
    assert_eq!(disk.list().unwrap(), [first.segment_name(0)]);
    disk.create(&segment::new_name(0), SEGMENT).unwrap();
    assert_eq!(first.remove_leftovers().unwrap(), 1);
    assert_eq!(disk.list().unwrap().len(), 1);
}

#[test]
fn few_files_stay_open() {
    let log = open(&SimDisk::new());
    let (_, records) = append_synced(&log, Log::empty_tail(), 0, 1_000);
    assert!(log.segments().unwrap().len() > OPEN_FILES_MAX);
    for (lsn, payload) in &records {
        assert_eq!(log.read(*lsn, payload.len()).unwrap(), payload);
    }
    let held = || log.inner.files.lock().by_number.len();
    assert_eq!(held(), OPEN_FILES_MAX);
    log.forget_before(u64::MAX);
    assert_eq!(held(), 0);
}

/// Appends and syncs until something fails; returns what was synced and what was pushed.
fn work(log: &Log, tail: Tail, numbers: std::ops::Range<usize>) -> (Records, Records) {
    let (mut synced, mut pushed) = (Records::new(), Records::new());
    let mut appender = log.appender(tail);
    let mut synced_lsn = tail.lsn;
    let mut step = |number: usize, synced: &mut Records, pushed: &mut Records| -> Result<()> {
        appender.restart(appender.end(), synced_lsn);
        for part in 0..1 + number % 3 {
            let record = payload(number * 3 + part);
            let lsn = appender.push(&record)?;
            pushed.push((lsn, record));
        }
        let end = appender.flush()?;
        if number.is_multiple_of(2) {
            log.sync(synced_lsn, end.lsn)?;
            synced_lsn = end.lsn;
            synced.clone_from(pushed);
        }
        if number % 5 == 4 {
            let segments = log.segments()?;
            // What is gone need not be found again.
            let first_kept = segments
                .get(1)
                .map_or(0, |second| log.segment_start(*second));
            let cut = |records: &mut Records| records.retain(|(lsn, _)| *lsn > first_kept);
            if segments.len() > 3 {
                cut(synced);
                if number.is_multiple_of(2) {
                    log.recycle(segments[0], segments[segments.len() - 1] + 1)?;
                } else {
                    log.remove(segments[0])?;
                }
                cut(pushed);
            }
        }
        Ok(())
    };
    for number in numbers {
        if step(number, &mut synced, &mut pushed).is_err() {
            break;
        }
    }
    (synced, pushed)
}

/// The log holds at least `synced`, and behind what was on its way out a run of `pushed` without
/// a gap and without a record that was never pushed.
fn audit(log: &Log, synced: &Records, pushed: &Records, context: &str) -> Tail {
    let (found, end) = scan(log, ScanFrom::Oldest);
    let ends_well = !matches!(end.end, EndReason::Damaged { .. });
    assert!(ends_well && end.remarks.is_empty(), "{context}: {end:?}");
    let first_pushed = pushed.first().map_or(u64::MAX, |(lsn, _)| *lsn);
    let old = found.partition_point(|(lsn, _)| *lsn < first_pushed);
    let known = &found[old..];
    let first_known = known.first().map_or(u64::MAX, |(lsn, _)| *lsn);
    let from = pushed.partition_point(|(lsn, _)| *lsn < first_known);
    assert!(pushed[from..].starts_with(known), "{context}");
    for record in synced {
        assert!(
            found.contains(record),
            "{context}: record at {:#x} is lost",
            record.0
        );
    }
    end.tail
}

#[test]
fn a_power_cut_at_every_step_loses_nothing_that_was_synced() {
    const ROUNDS: usize = 40;
    let steps = {
        let disk = SimDisk::new();
        work(&open(&disk), Log::empty_tail(), 0..ROUNDS);
        disk.operations()
    };
    assert!(steps > 100);
    for step in 0..steps {
        for seed in 0..6 {
            let context = format!("step {step}, seed {seed}");
            let disk = SimDisk::new();
            disk.freeze_at(step);
            let (synced, pushed) = match Log::open(Arc::new(disk.clone()), UID, SEGMENT) {
                Ok(log) => work(&log, Log::empty_tail(), 0..ROUNDS),
                Err(_) => Default::default(),
            };
            let after = if seed == 0 {
                disk.crash_losing_all()
            } else {
                disk.crash(seed)
            };
            let log = open(&after);
            log.remove_leftovers().unwrap();
            let tail = audit(&log, &synced, &pushed, &context);
            // What goes on after the cut survives as well.
            let (kept, _) = scan(&log, ScanFrom::Oldest);
            let (_, more) = append_synced(&log, tail, 100, 106);
            let log = open(&after.crash(seed));
            assert_eq!(
                scan(&log, ScanFrom::Oldest).0,
                [kept, more].concat(),
                "{context}"
            );
        }
    }
}

#[test]
fn every_failing_change_is_reported_and_costs_nothing_synced() {
    for fault in [Fault::NoSpace, Fault::Io, Fault::ShortWrite] {
        let mut at = 0;
        loop {
            let context = format!("{fault:?} at {at}");
            let below = SimDisk::new();
            let disk = FaultDisk::new(Arc::new(below.clone()));
            disk.fail(at, 1, fault);
            let log = Log::open(Arc::new(disk.clone()), UID, SEGMENT).unwrap();
            let (synced, pushed) = work(&log, Log::empty_tail(), 0..40);
            let log = open(&below);
            log.remove_leftovers().unwrap();
            let tail = audit(&log, &synced, &pushed, &context);
            let (kept, _) = scan(&log, ScanFrom::Oldest);
            let (_, more) = append_synced(&log, tail, 100, 106);
            assert_eq!(
                scan(&log, ScanFrom::Oldest).0,
                [kept, more].concat(),
                "{context}"
            );
            if disk.operations() <= at {
                break;
            }
            at += 1;
        }
        assert!(at > 50);
    }
}

#[test]
fn a_visitor_ends_the_scan() {
    let log = open(&SimDisk::new());
    append_synced(&log, Log::empty_tail(), 0, 3);
    let error = log.scan(ScanFrom::Oldest, |_, _| Err(Error::missing("nothing")));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::MissingParameter);
}
