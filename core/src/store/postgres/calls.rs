//! Commands on messages as calls of the database's functions. Neighbours of one kind become one
//! call: the sends of a hundred threads are one statement.

use super::failure::Failure;
use super::info::Info;
use super::pool::Sql;
use super::rows::{self, Uuid};
use crate::command::{Command, Counts, Outcome, SendEntry, Sent};
use crate::error::{Error, Result};
use crate::limits;
use crate::message::{MessageState, Peeked, Receipt, Received};
use crate::queue::DeduplicationScope;
use crate::rules::send::{self, Admitted};
use crate::rules::{receipt, refusals, time};
use crate::store::StoreLimits;
use bytes::{Bytes, BytesMut};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio_postgres::Row;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

/// What a function's code says.
const OTHER_VERSION: i32 = 1;
pub const CALL_AGAIN: i32 = 2;
const IN_FLIGHT: i32 = 4;
const LOCK_TARGET: i32 = 5;

/// A value on its way into a statement.
pub type Param = Box<dyn ToSql + Sync + Send>;

/// What a command is told beside itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Try {
    /// An earlier try may have been carried out, and stored nothing below this number.
    pub retry_from: Option<i64>,
    /// The dead-letter queue is to be locked first.
    pub lock_target: bool,
}

/// What a call came to for one of its commands.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are answers, and a box would cost each an allocation"
)]
pub enum Verdict {
    /// Its answer.
    Answer(Result<Outcome>),
    /// The queue is not as it was remembered.
    Stale,
    /// Run it again: much was overdue.
    Again,
    /// Run it again with [`Try::lock_target`].
    AgainLocked,
}

/// One call of a function for neighbouring commands.
pub struct Call {
    pub sql: Sql,
    pub params: Vec<Param>,
    /// The commands, by their place in the batch.
    pub jobs: Range<usize>,
    parts: Parts,
}

/// What is needed to read the rows.
enum Parts {
    /// For each command what became of each entry.
    Send(Vec<Vec<Result<Admitted>>>),
    Receipts(Vec<Settling>),
    /// Receives that share their rows: for how long each waits, seconds.
    Receives(Vec<u32>),
    /// One command.
    Rows,
}

/// Gets the database's time, and a deadline in it; answers with that in the time that is told here.
pub type Now<'a> = &'a dyn Fn(u64, Option<u64>) -> Option<u64>;

/// The receipts of one command.
struct Settling {
    /// An earlier try may have been carried out.
    maybe_done: bool,
    /// Each with its timeout, seconds; for those of another queue why they were not asked.
    entries: Vec<(Receipt, u32, Result<()>)>,
}

/// Where all functions are told how much of what is due they do at once; negative: or undo all.
const STEP: usize = 2;
/// Where the functions that change messages are told whether their commit waits: after the three
/// parameters that all have, and who asks.
const LAZY: usize = 4;

/// What all calls of a transaction share.
pub struct Context {
    pub info: Arc<Info>,
    pub me: i64,
    pub limits: StoreLimits,
    /// The commit waits neither for the disk nor for a standby.
    pub lazy: bool,
    /// A sequence number below which all are on disk, where the database is to see to it that a
    /// receive names no others before they are.
    pub seen: Option<i64>,
    /// One more than the highest sequence number that is known to be given.
    pub named: AtomicI64,
}

impl Context {
    /// Notes that all sequence numbers below this one may have been given.
    fn name(&self, next_seq: i64) {
        self.named.fetch_max(next_seq, Ordering::Relaxed);
    }
}

/// One more than the highest sequence number that an answer tells to one who did not send it.
pub fn told(answer: &Result<Outcome>) -> i64 {
    let sequences: &mut dyn Iterator<Item = u64> = match answer {
        Ok(Outcome::Received { messages, .. }) => {
            &mut messages.iter().map(|it| it.message.sequence)
        }
        Ok(Outcome::Peeked(peeked)) => &mut peeked.iter().map(|it| it.message.sequence),
        _ => return 0,
    };
    sequences.max().map_or(0, |highest| highest as i64 + 1)
}

/// True for commands that [`plan`] makes calls of.
pub fn is_call(command: &Command) -> bool {
    matches!(
        command,
        Command::Send { .. }
            | Command::Receive { .. }
            | Command::Delete { .. }
            | Command::ChangeVisibility { .. }
            | Command::GetQueue { .. }
            | Command::Peek { .. }
    )
}

/// True for a command that is a lease and nothing else: losing it with the power only brings
/// messages back early (design promise P1).
pub fn is_lease(command: &Command) -> bool {
    matches!(
        command,
        Command::Receive { .. }
            | Command::ChangeVisibility { .. }
            | Command::GetQueue { .. }
            | Command::Peek { .. }
    )
}

/// The refusal of a command that the queue's attributes forbid as a whole.
pub fn refusal(info: &Info, command: &Command) -> Option<Error> {
    match command {
        Command::Send { entries, batch, .. } => {
            send::admit(&info.attributes, entries, *batch).err()
        }
        Command::Receive {
            attempt: Some(attempt),
            ..
        } => send::check_attempt(attempt, info.attributes.fifo).err(),
        _ => None,
    }
}

/// Makes calls of the commands. None of them is refused as a whole.
pub fn plan(context: &Context, jobs: &[(&Command, Try)]) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut from = 0;
    while from < jobs.len() {
        let mut to = from + 1;
        while to < jobs.len() && merge(context, jobs[from], jobs[to]) {
            to += 1;
        }
        let mut call = match jobs[from].0 {
            Command::Send { .. } => put(context, &jobs[from..to]),
            Command::Delete { .. } | Command::ChangeVisibility { .. } => {
                settle(context, &jobs[from..to])
            }
            Command::Receive { .. } => receive(context, &jobs[from..to]),
            _ => look(context, jobs[from].0),
        };
        call.jobs = from..to;
        // The first call says how the transaction commits.
        if calls.iter().any(Call::takes_lazy) && call.takes_lazy() {
            call.params[LAZY] = Box::new(None::<bool>);
        }
        calls.push(call);
        from = to;
    }
    if calls.len() > 1 {
        // Where one has to come again because much is overdue, the next ones would pass it.
        for call in &mut calls {
            call.params[STEP] = Box::new(-(limits::DUE_STEP_MESSAGES_MAX as i32));
        }
    }
    calls
}

fn merge(context: &Context, first: (&Command, Try), next: (&Command, Try)) -> bool {
    match (first.0, next.0) {
        (Command::Send { .. }, Command::Send { .. }) => first.1.retry_from == next.1.retry_from,
        (Command::Delete { .. }, Command::Delete { .. })
        | (Command::ChangeVisibility { .. }, Command::ChangeVisibility { .. }) => true,
        (
            Command::Receive {
                visibility_s: hide,
                attempt: None,
                wait_s,
                ..
            },
            Command::Receive {
                visibility_s: next_hide,
                attempt: None,
                wait_s: next_wait_s,
                ..
            },
        ) => {
            let info = &context.info;
            let hide_s = |own: &Option<u32>| own.unwrap_or(info.attributes.visibility_s);
            // What is not hidden is there for the next one again.
            hide_s(hide) > 0
                && hide_s(hide) == hide_s(next_hide)
                && (wait_of(info, *wait_s) > 0) == (wait_of(info, *next_wait_s) > 0)
                && first.1.lock_target == next.1.lock_target
        }
        _ => false,
    }
}

/// For how long the caller of a receive waits where it finds nothing, seconds.
fn wait_of(info: &Info, wait_s: Option<u32>) -> u32 {
    wait_s.unwrap_or(info.attributes.wait_s)
}

/// True for a receive whose caller waits where it finds nothing.
pub fn waits(info: &Info, command: &Command) -> bool {
    matches!(command, Command::Receive { wait_s, .. } if wait_of(info, *wait_s) > 0)
}

fn call(context: &Context, sql: Sql, parts: Parts, more: Vec<Param>) -> Call {
    let mut params: Vec<Param> = vec![
        Box::new(context.info.uid),
        Box::new(context.info.version),
        Box::new(limits::DUE_STEP_MESSAGES_MAX as i32),
    ];
    params.extend(more);
    Call {
        sql,
        params,
        jobs: 0..0,
        parts,
    }
}

/// The columns of a send, one value a message.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    bodies: Vec<Body>,
    attributes: Vec<Option<String>>,
    traces: Vec<Option<String>>,
    groups: Vec<Option<String>>,
    dedups: Vec<Option<String>>,
    delays: Vec<i64>,
    senders: Vec<String>,
}

/// Bytes of a body, shared with the command.
#[derive(Debug)]
struct Body(Bytes);

impl ToSql for Body {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        (&self.0[..]).to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&[u8] as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

impl Columns {
    fn push(&mut self, info: &Info, entry: &SendEntry, admitted: &Admitted) {
        self.ids.push(Uuid(entry.id));
        self.bodies.push(Body(entry.body.clone()));
        self.attributes
            .push(rows::print_attributes(&entry.attributes));
        self.traces.push(entry.trace_header.clone());
        self.groups.push(entry.group.clone());
        self.dedups.push(admitted.deduplication.clone());
        let delay_ms = match info.attributes.fifo {
            true => u64::from(info.attributes.delay_s) * 1000,
            false => admitted.delay_ms,
        };
        self.delays.push(delay_ms as i64);
        self.senders.push(entry.sender.clone());
    }
}

fn put(context: &Context, jobs: &[(&Command, Try)]) -> Call {
    let info = &context.info;
    let mut columns = Columns::default();
    let mut parts = Vec::with_capacity(jobs.len());
    for (command, _) in jobs {
        let Command::Send { entries, batch, .. } = command else {
            continue;
        };
        let admitted = send::admit(&info.attributes, entries, *batch).unwrap_or_default();
        for (entry, admitted) in entries.iter().zip(&admitted) {
            if let Ok(admitted) = admitted {
                columns.push(info, entry, admitted);
            }
        }
        parts.push(admitted);
    }
    let by_group = info.attributes.deduplication_scope == DeduplicationScope::MessageGroup;
    let Columns {
        attributes,
        traces,
        groups,
        dedups,
        delays,
        mut senders,
        ..
    } = columns;
    if senders.iter().all(|sender| *sender == senders[0]) {
        senders.truncate(1);
    }
    let params: Vec<Param> = vec![
        Box::new(context.me),
        Box::new(Some(context.lazy)),
        Box::new(by_group),
        Box::new(jobs[0].1.retry_from),
        Box::new(columns.ids),
        Box::new(columns.bodies),
        Box::new(some(attributes)),
        Box::new(some(traces)),
        Box::new(some(groups)),
        Box::new(some(dedups)),
        Box::new(Some(delays).filter(|delays| delays.iter().any(|delay| *delay > 0))),
        Box::new(senders),
    ];
    call(context, Sql::Put, Parts::Send(parts), params)
}

/// A column, unless it has nothing.
fn some(column: Vec<Option<String>>) -> Option<Vec<Option<String>>> {
    Some(column).filter(|column| column.iter().any(Option::is_some))
}

fn settle(context: &Context, jobs: &[(&Command, Try)]) -> Call {
    let is_lease = matches!(jobs[0].0, Command::ChangeVisibility { .. });
    let check = |it: &Receipt| {
        receipt::check_queue(it, context.info.uid as u64)?;
        match is_lease && !context.info.attributes.fifo && it.receive == Receipt::ANY {
            true => Err(time::visibility_gone(it)),
            false => Ok(()),
        }
    };
    let mut parts = Vec::with_capacity(jobs.len());
    for (command, how) in jobs {
        let entries: Vec<(Receipt, u32)> = match command {
            Command::Delete { receipts, .. } => receipts.iter().map(|it| (*it, 0)).collect(),
            Command::ChangeVisibility { entries, .. } => entries.clone(),
            _ => Vec::new(),
        };
        let checked = entries
            .into_iter()
            .map(|(it, seconds)| (it, seconds, check(&it)));
        parts.push(Settling {
            maybe_done: how.retry_from.is_some(),
            entries: checked.collect(),
        });
    }
    let all = || parts.iter().flat_map(|it: &Settling| &it.entries);
    let own = || all().filter(|(_, _, own)| own.is_ok());
    let seqs: Vec<i64> = own().map(|(it, ..)| it.sequence as i64).collect();
    let receives: Vec<i64> = own().map(|(it, ..)| i64::from(it.receive)).collect();
    let mut params: Vec<Param> = vec![Box::new(context.me)];
    if is_lease {
        let received: Vec<i64> = own().map(|(it, ..)| bounded(it.received_ms)).collect();
        let hide: Vec<i64> = own().map(|(_, s, _)| i64::from(*s) * 1000).collect();
        params.push(Box::new(Some(context.lazy)));
        params.push(Box::new(seqs));
        params.push(Box::new(receives));
        params.push(Box::new(received));
        params.push(Box::new(hide));
        return call(context, Sql::Hide, Parts::Receipts(parts), params);
    }
    params.push(Box::new(Some(context.lazy)));
    params.push(Box::new(seqs));
    params.push(Box::new(receives));
    call(context, Sql::Discard, Parts::Receipts(parts), params)
}

/// A time that twelve hours can be added to.
fn bounded(ms: u64) -> i64 {
    ms.min(i64::MAX as u64 / 2) as i64
}

fn receive(context: &Context, jobs: &[(&Command, Try)]) -> Call {
    let attributes = &context.info.attributes;
    let limits = &context.limits;
    let mut maxes = Vec::with_capacity(jobs.len());
    let mut waits_s = Vec::with_capacity(jobs.len());
    let (mut hide_s, mut attempt) = (attributes.visibility_s, &None);
    for (command, _) in jobs {
        if let Command::Receive {
            max,
            visibility_s,
            attempt: own,
            wait_s,
            ..
        } = command
        {
            maxes.push(i64::from(*max));
            hide_s = visibility_s.unwrap_or(hide_s);
            attempt = own;
            waits_s.push(wait_of(&context.info, *wait_s));
        }
    }
    let params: Vec<Param> = vec![
        Box::new(context.me),
        Box::new(Some(context.lazy)),
        Box::new(context.seen),
        Box::new(maxes),
        Box::new(i64::from(hide_s) * 1000),
        Box::new(attempt.clone()),
        Box::new(waits_s.iter().any(|wait_s| *wait_s > 0)),
        Box::new(limits.in_flight as i64),
        Box::new(limits.receive_bytes as i64),
        Box::new(limits.receive_moves as i32),
        Box::new(jobs[0].1.lock_target),
        Box::new(context.info.key.arn()),
    ];
    call(context, Sql::Receive, Parts::Receives(waits_s), params)
}

fn look(context: &Context, command: &Command) -> Call {
    let Command::Peek { filter, .. } = command else {
        return call(context, Sql::Counts, Parts::Rows, Vec::new());
    };
    let states = (!filter.states.is_empty()).then(|| peek_states(&filter.states));
    let params: Vec<Param> = vec![
        Box::new(filter.after.min(i64::MAX as u64) as i64),
        Box::new(states),
        Box::new(filter.group.clone()),
        Box::new(filter.limit as i64),
        Box::new(limits::RECEIVE_BYTES_MAX as i64),
    ];
    call(context, Sql::Peek, Parts::Rows, params)
}

fn peek_states(states: &[MessageState]) -> Vec<i16> {
    let numbers = states.iter().flat_map(|state| match state {
        MessageState::Delayed => &[0i16][..],
        MessageState::Visible => &[1, 2],
        MessageState::InFlight => &[3],
    });
    numbers.copied().collect()
}

impl Call {
    fn takes_lazy(&self) -> bool {
        !matches!(self.sql, Sql::Counts | Sql::Peek)
    }

    /// What the rows say to each of the call's commands.
    pub fn read(
        &self,
        context: &Context,
        rows: &[Row],
        now: Now<'_>,
    ) -> std::result::Result<Vec<Verdict>, Failure> {
        let head = rows.first().ok_or_else(|| Failure::nonsense("no row"))?;
        let all = |verdict: fn() -> Verdict| Ok(self.jobs.clone().map(|_| verdict()).collect());
        match head.try_get::<_, i32>("code")? {
            0 => {}
            OTHER_VERSION => return all(|| Verdict::Stale),
            CALL_AGAIN => return all(|| Verdict::Again),
            LOCK_TARGET => return all(|| Verdict::AgainLocked),
            IN_FLIGHT => {
                let refused = refusals::too_many_in_flight(context.limits.in_flight);
                let mut verdicts = vec![Verdict::Answer(Err(refused))];
                verdicts.resize_with(self.jobs.len(), || Verdict::Again);
                return Ok(verdicts);
            }
            code => return Err(Failure::nonsense(&format!("code {code}"))),
        }
        let answers = match (&self.parts, self.sql) {
            (Parts::Send(parts), _) => self.read_sent(context, head, parts)?,
            (Parts::Receipts(parts), sql) => read_settled(head, parts, sql)?,
            (Parts::Receives(waits_s), _) => read_received(context, rows, waits_s, now)?,
            (Parts::Rows, Sql::Peek) => vec![read_peeked(context, &rows[1..])?],
            (Parts::Rows, _) => {
                now(head.try_get::<_, i64>("now_ms")? as u64, None);
                vec![Outcome::Queue(Box::new(context.info.view(Counts {
                    visible: head.try_get::<_, i64>("visible")? as u64,
                    in_flight: head.try_get::<_, i64>("in_flight")? as u64,
                    delayed: head.try_get::<_, i64>("delayed")? as u64,
                })))]
            }
        };
        let mut verdicts: Vec<_> = answers
            .into_iter()
            .map(|it| Verdict::Answer(Ok(it)))
            .collect();
        verdicts.resize_with(self.jobs.len(), || Verdict::Again);
        Ok(verdicts)
    }

    fn read_sent(
        &self,
        context: &Context,
        head: &Row,
        parts: &[Vec<Result<Admitted>>],
    ) -> std::result::Result<Vec<Outcome>, Failure> {
        let first: i64 = head.try_get("next_seq")?;
        let seqs: Option<Vec<i64>> = head.try_get("seqs")?;
        let ids: Option<Vec<Uuid>> = head.try_get("ids")?;
        let dups: Option<Vec<bool>> = head.try_get("dups")?;
        let mut at = 0;
        let short = || Failure::nonsense("too few results");
        let mut outcomes = Vec::with_capacity(parts.len());
        for part in parts {
            let mut results = Vec::with_capacity(part.len());
            for admitted in part {
                if let Err(error) = admitted {
                    results.push(Err(error.clone()));
                    continue;
                }
                results.push(Ok(match (&seqs, &ids, &dups) {
                    (Some(seqs), Some(ids), Some(dups)) => Sent {
                        id: ids.get(at).ok_or_else(short)?.0,
                        sequence: *seqs.get(at).ok_or_else(short)? as u64,
                        duplicate: *dups.get(at).ok_or_else(short)?,
                    },
                    _ => Sent {
                        id: crate::message::MessageId([0; 16]),
                        sequence: (first + at as i64) as u64,
                        duplicate: false,
                    },
                }));
                at += 1;
            }
            outcomes.push(Outcome::Sent(results));
        }
        // A send that was there already took no number: nothing beyond those named was given.
        context.name(match &seqs {
            None => first + at as i64,
            Some(seqs) => seqs.iter().map(|seq| seq + 1).fold(first, i64::max),
        });
        Ok(outcomes)
    }
}

/// Gives results of a send without ids, which are those of its entries, their ids.
pub fn name_sent(command: &Command, verdict: &mut Verdict) {
    let (Command::Send { entries, .. }, Verdict::Answer(Ok(Outcome::Sent(results)))) =
        (command, verdict)
    else {
        return;
    };
    for (entry, result) in entries.iter().zip(results) {
        if let Ok(sent) = result
            && sent.id.0 == [0; 16]
        {
            sent.id = entry.id;
        }
    }
}

fn read_settled(
    head: &Row,
    parts: &[Settling],
    sql: Sql,
) -> std::result::Result<Vec<Outcome>, Failure> {
    let codes: Option<Vec<i32>> = head.try_get("codes")?;
    let now_ms = match sql {
        Sql::Hide => head.try_get::<_, i64>("now_ms")? as u64,
        _ => 0,
    };
    let mut at = 0;
    let mut outcomes = Vec::with_capacity(parts.len());
    for part in parts {
        let mut results = Vec::with_capacity(part.entries.len());
        for (receipt, seconds, own) in &part.entries {
            if own.is_err() {
                results.push(own.clone());
                continue;
            }
            let code = codes
                .as_ref()
                .map_or(Some(0), |codes| codes.get(at).copied());
            at += 1;
            results.push(match code {
                Some(0) => Ok(()),
                Some(1) => Err(time::visibility_gone(receipt)),
                // It ended the lease itself: the message is given back.
                Some(2) if sql == Sql::Hide && part.maybe_done && *seconds == 0 => Ok(()),
                Some(2) => Err(time::receipt_expired(receipt)),
                Some(3) => time::check_visibility_total(receipt, now_ms, *seconds),
                _ => return Err(Failure::nonsense("a code of a receipt")),
            });
        }
        outcomes.push(Outcome::Each(results));
    }
    Ok(outcomes)
}

/// Answers of the receives that were looked at.
fn read_received(
    context: &Context,
    rows: &[Row],
    waits_s: &[u32],
    now: Now<'_>,
) -> std::result::Result<Vec<Outcome>, Failure> {
    let head = &rows[0];
    let now_ms = head.try_get::<_, i64>("now_ms")? as u64;
    let due_ms: Option<i64> = head.try_get("due_ms")?;
    let due_ms = now(now_ms, due_ms.map(|ms| ms as u64));
    let counts: Vec<i64> = head.try_get("counts")?;
    context.name(head.try_get("next_seq")?);
    if counts.is_empty() {
        return Err(Failure::nonsense("no receive was looked at"));
    }
    let mut messages = rows[1..].iter().map(|row| {
        let message = rows::message(row)?;
        Ok(Received {
            receipt: Receipt {
                queue_uid: context.info.uid as u64,
                sequence: message.sequence,
                receive: row.try_get::<_, i32>("receives")? as u32,
                received_ms: row.try_get::<_, i64>("received_ms")? as u64,
            },
            visible_ms: row.try_get::<_, i64>("due_ms")? as u64,
            message,
        })
    });
    let answers = counts.into_iter().zip(waits_s).map(|(count, &wait_s)| {
        let own = messages.by_ref().take(count.max(0) as usize);
        let messages = own.collect::<std::result::Result<Vec<_>, Failure>>()?;
        Ok(Outcome::Received {
            next_due_ms: due_ms.filter(|_| messages.is_empty()),
            messages,
            wait_s,
        })
    });
    answers.collect()
}

fn read_peeked(context: &Context, rows: &[Row]) -> std::result::Result<Outcome, Failure> {
    let peeked = rows.iter().map(|row| {
        Ok(Peeked {
            message: rows::message(row)?,
            state: match row.try_get::<_, i16>("state")? {
                0 => MessageState::Delayed,
                3 => MessageState::InFlight,
                _ => MessageState::Visible,
            },
            visible_ms: row
                .try_get::<_, Option<i64>>("until_ms")?
                .map(|ms| ms as u64),
        })
    });
    let peeked = peeked.collect::<std::result::Result<Vec<_>, Failure>>()?;
    if let Some(last) = peeked.last() {
        context.name(last.message.sequence as i64 + 1);
    }
    Ok(Outcome::Peeked(peeked))
}
