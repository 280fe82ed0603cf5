//! Log records: any payload is read or refused, and what was read is written and read again as
//! the same.

use super::values;
use crate::{Input, Target};
use forebay::store::embedded::record::Records;
use forebay::store::embedded::record::{
    QueueRecord, Record, Remembered, Standing, State, TaskRecord,
};

/// Payloads of log frames.
pub const TARGET: Target = Target {
    name: "records",
    about: "log records: read or refused, and written again as they were read",
    body,
    seeds,
    words: &[],
    bytes_max: 4_096,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    (0..13_u8)
        .map(|kind| {
            let script: Vec<u8> = std::iter::once(kind).chain(1..200).collect();
            let mut payload = Vec::new();
            any(&mut Input::new(&script), &[7; 30]).encode(&mut payload);
            payload
        })
        .collect()
}

fn body(data: &[u8]) {
    let mut records = Records::new(data);
    while let Ok(Some(located)) = records.advance() {
        if let Record::Put { content, .. } = &located.record {
            assert_eq!(&&data[located.at..located.at + content.len()], content);
        }
        check(&located.record);
    }
    let mut input = Input::new(data);
    let content = input.bytes();
    let cut = usize::from(input.byte());
    let record = any(&mut input, content);
    let payload = check(&record);
    // Without its end a record is none.
    let cut = cut % payload.len();
    let found = Records::new(&payload[..cut]).advance();
    assert_eq!(found.is_err(), cut > 0, "{record:?} cut to {cut} bytes");
}

/// What is written reads back, and nothing of it is left.
fn check(record: &Record<'_>) -> Vec<u8> {
    let mut payload = Vec::new();
    record.encode(&mut payload);
    let mut records = Records::new(&payload);
    let found = records.advance().ok().flatten();
    assert_eq!(found.map(|it| it.record).as_ref(), Some(record));
    assert!(matches!(records.advance(), Ok(None)));
    payload
}

/// A record of any kind; `content` is that of a Put.
fn any<'a>(input: &mut Input<'_>, content: &'a [u8]) -> Record<'a> {
    let sid = u32::from(input.byte() / 13);
    match input.byte() % 7 {
        0 => Record::Queue(QueueRecord {
            sid,
            uid: input.u64(),
            key: values::key(input),
            next_sequence: input.u64(),
            created_ms: input.u64(),
            modified_ms: input.u64(),
            purged_ms: input.u64(),
            attributes: values::map(input),
            tags: values::map(input),
        }),
        1 => Record::Put {
            sid,
            sequence: input.u64(),
            standing: standing(input),
            remembered: input.maybe(remembered),
            now_ms: input.u64(),
            content,
        },
        2 => Record::Task(TaskRecord {
            task: values::task(input),
            source_uid: input.u64(),
        }),
        3 => Record::Remember {
            sid,
            remembered: remembered(input),
            sequence: input.u64(),
            id: values::id(input),
        },
        4 => Record::Attempt {
            sid,
            attempt: input.text(),
            end_ms: input.u64(),
            leased: input.list(20, |input| (input.u64(), input.u32())),
        },
        5 => short(input, sid),
        _ => of_messages(input, sid),
    }
}

fn short(input: &mut Input<'_>, sid: u32) -> Record<'static> {
    match input.byte() % 4 {
        0 => Record::Drop {
            sid,
            key: values::key(input),
            now_ms: input.u64(),
        },
        1 => Record::Tombstone {
            key: values::key(input),
            deleted_ms: input.u64(),
        },
        2 => Record::Purge {
            old: sid,
            new: input.u32(),
            now_ms: input.u64(),
        },
        _ => Record::Clock {
            now_ms: input.u64(),
        },
    }
}

fn of_messages(input: &mut Input<'_>, sid: u32) -> Record<'static> {
    match input.byte() % 4 {
        0 => Record::Lease {
            sid,
            now_ms: input.u64(),
            visible_ms: input.u64(),
            fresh: input.u64(),
            repeat: input.flag(),
            sequences: input.list(20, Input::u64),
        },
        1 => Record::Delete {
            sid,
            sequences: input.list(300, Input::u64),
        },
        2 => Record::Visibility {
            sid,
            sequence: input.u64(),
            visible_ms: input.u64(),
            now_ms: input.u64(),
        },
        _ => Record::Due {
            sid,
            now_ms: input.u64(),
            retention_ms: input.u64(),
            delay_ms: input.u64(),
            limit: input.u32(),
        },
    }
}

fn remembered(input: &mut Input<'_>) -> Remembered {
    Remembered {
        key: input.bytes().to_vec(),
        end_ms: input.u64(),
    }
}

/// How a message stands.
pub fn standing(input: &mut Input<'_>) -> Standing {
    Standing {
        state: match input.byte() % 4 {
            0 => State::Fresh,
            1 => State::Delayed,
            2 => State::Ready,
            _ => State::InFlight,
        },
        changed: input.flag(),
        moved: input.flag(),
        receives: input.u32(),
        receives_total: input.u32(),
        sent_ms: input.u64(),
        visible_ms: input.u64(),
        first_receive_ms: input.u64(),
        received_ms: input.u64(),
    }
}
