//! Lanes: the commands of one queue follow each other, as many as have come in one transaction;
//! those of different queues go side by side on the connections of the pool.
//!
//! A queue's lock is free again when its transaction has committed in memory. The answers that
//! promise something wait until the commit is on disk, and on a synchronous standby; meanwhile the
//! lane goes on with another connection. What was not confirmed is of unknown outcome, and so is
//! all that came after: it goes back into the lane, in its order.

use super::calls::{self, Try, Verdict};
use super::engine::{Engine, Reply, UNDONE_REST};
use super::failure::Failure;
use super::pool::Loan;
use super::transaction::{Transaction, confirm};
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::sync::Mutex;
use futures_util::future::maybe_done;
use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, sleep, timeout};

/// Commands of one transaction at the most, and bytes of their bodies.
const TRANSACTION_COMMANDS: usize = 256;
const TRANSACTION_BYTES: usize = 8 << 20;

/// How long a command that may have been carried out is tried again, however long the lock timeout
/// is: after [`PART_REST_MS`](super::keeper::PART_REST_MS) nothing may be left of a message that
/// was sent and deleted, and it would be stored a second time.
const DOUBT_MAX: Duration = Duration::from_secs(120);

/// A command on its way, and who waits for its answer.
pub struct Job {
    pub command: Command,
    pub how: Try,
    /// It was tried on the queue of this uid, when all sequence numbers below this one were on
    /// disk. What a try of unknown outcome stored is not below.
    tried: Option<(i64, i64)>,
    deadline: Instant,
    reply: Reply,
    /// It goes in a transaction of its own: the database refused it together with others.
    alone: bool,
}

impl Job {
    pub fn new(command: Command, deadline: Instant, reply: Reply) -> Self {
        Self {
            command,
            how: Try::default(),
            tried: None,
            deadline,
            reply,
            alone: false,
        }
    }

    /// It is about to be tried on this queue.
    pub fn begin_try(&mut self, uid: i64, seen: i64) {
        if self.tried.is_none_or(|(tried, _)| tried != uid) {
            self.tried = Some((uid, seen));
            self.how.retry_from = None;
        }
    }

    /// Its last try may have been carried out.
    fn doubt(&mut self) {
        self.deadline = self.deadline.min(Instant::now() + DOUBT_MAX);
        self.how.retry_from = self.how.retry_from.or(self.tried.map(|(_, seen)| seen));
    }

    /// Where it may stand among others that nobody has an answer of: those of one kind together, in
    /// their order, as each change of kind is a call more. What is done with receipts stands in its
    /// order, too: a message that was given back first could not be deleted.
    fn rank(&self) -> u8 {
        match &self.command {
            Command::Send { .. } => 1,
            Command::Delete { .. } | Command::ChangeVisibility { .. } => 2,
            Command::Receive { .. } => 3,
            _ => 4,
        }
    }
}

#[derive(Default)]
struct Lane {
    waiting: VecDeque<Job>,
    busy: bool,
    /// Transactions whose answers wait for the disk.
    unconfirmed: usize,
    /// The number of the next transaction.
    next: u64,
    /// Connections from this number on were made after the first of those committed: they may lead
    /// to a server that does not have it.
    younger: u64,
    /// Jobs that were not confirmed, with the numbers of their transactions.
    returned: Vec<(u64, Job)>,
}

/// The lanes of a store.
#[derive(Default)]
pub struct Lanes {
    lanes: Mutex<HashMap<Option<QueueKey>, Lane>>,
    /// A transaction was confirmed, or was not.
    settled: Notify,
}

/// What a lane does next.
enum Next {
    Run(Vec<Job>),
    /// Wait until all is confirmed or has returned.
    Wait,
    End,
}

impl Lanes {
    /// Adds jobs, between which no other comes; true if the lane is to be run.
    pub fn add(&self, key: &Option<QueueKey>, jobs: Vec<Job>) -> bool {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(key.clone()).or_default();
        lane.waiting.extend(jobs);
        !std::mem::replace(&mut lane.busy, true)
    }

    pub fn is_empty(&self) -> bool {
        self.lanes.lock().is_empty()
    }

    fn next(&self, key: &Option<QueueKey>) -> Next {
        let mut lanes = self.lanes.lock();
        let Some(lane) = lanes.get_mut(key) else {
            return Next::End;
        };
        let mut settle = !lane.returned.is_empty();
        if lane.unconfirmed == 0 {
            lane.take_back();
            settle = false;
        }
        let Some(first) = lane.waiting.front() else {
            if lane.unconfirmed == 0 {
                lanes.remove(key);
                return Next::End;
            }
            if settle {
                return Next::Wait;
            }
            lane.busy = false;
            return Next::End;
        };
        // Rare commands find all that came before settled.
        if lane.unconfirmed > 0 && (settle || !calls::is_call(&first.command)) {
            return Next::Wait;
        }
        Next::Run(take_transaction(&mut lane.waiting))
    }

    /// Puts jobs before those that wait.
    fn put_back(&self, key: &Option<QueueKey>, jobs: Vec<Job>) {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(key.clone()).or_default();
        for job in jobs.into_iter().rev() {
            lane.waiting.push_front(job);
        }
    }

    /// True if a connection may lead to another server than the one that has what is not
    /// confirmed.
    fn is_strange(&self, key: &Option<QueueKey>, made: u64) -> bool {
        let lanes = self.lanes.lock();
        let lane = lanes.get(key);
        lane.is_some_and(|lane| lane.unconfirmed > 0 && made >= lane.younger)
    }

    /// A transaction waits to be confirmed; its number in the lane.
    fn begin_confirm(&self, key: &Option<QueueKey>, connections: u64) -> u64 {
        let mut lanes = self.lanes.lock();
        let lane = lanes.entry(key.clone()).or_default();
        if lane.unconfirmed == 0 {
            lane.younger = connections;
        }
        lane.unconfirmed += 1;
        lane.next += 1;
        lane.next
    }

    /// The end of that wait; true if the lane is to be run.
    fn end_confirm(&self, key: &Option<QueueKey>, number: u64, returned: Vec<Job>) -> bool {
        let mut lanes = self.lanes.lock();
        let Some(lane) = lanes.get_mut(key) else {
            return false;
        };
        lane.unconfirmed = lane.unconfirmed.saturating_sub(1);
        let jobs = returned.into_iter().map(|job| (number, job));
        lane.returned.extend(jobs);
        self.settled.notify_waiters();
        if lane.busy || lane.unconfirmed > 0 {
            return false;
        }
        if lane.returned.is_empty() {
            lanes.remove(key);
            return false;
        }
        lane.busy = true;
        true
    }

    /// Waits until nothing of the lane is unconfirmed.
    async fn settle(&self, key: &Option<QueueKey>) {
        loop {
            let mut settled = pin!(self.settled.notified());
            settled.as_mut().enable();
            let waits = |lane: &Lane| lane.unconfirmed > 0;
            if !self.lanes.lock().get(key).is_some_and(waits) {
                return;
            }
            settled.await;
        }
    }
}

impl Lane {
    /// What returned goes before all others, in its order.
    fn take_back(&mut self) {
        self.returned.sort_by_key(|(number, _)| *number);
        for (_, job) in std::mem::take(&mut self.returned).into_iter().rev() {
            self.waiting.push_front(job);
        }
    }
}

/// Neighbouring calls, or one command of another kind.
fn take_transaction(waiting: &mut VecDeque<Job>) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    let mut bytes = 0;
    while let Some(next) = waiting.front() {
        let full = jobs.len() >= TRANSACTION_COMMANDS || bytes >= TRANSACTION_BYTES;
        let alone = next.alone || !calls::is_call(&next.command);
        if !jobs.is_empty() && (full || alone) {
            break;
        }
        if let Command::Send { entries, .. } = &next.command {
            bytes += entries.iter().map(|entry| entry.body.len()).sum::<usize>();
        }
        jobs.extend(waiting.pop_front());
        if alone {
            break;
        }
    }
    jobs.sort_by_key(Job::rank);
    jobs
}

impl Engine {
    /// No command is under way.
    pub fn is_idle(&self) -> bool {
        self.lanes.is_empty()
    }

    pub async fn run_lane(self: Arc<Self>, key: Option<QueueKey>) {
        loop {
            let jobs = match self.lanes.next(&key) {
                Next::Run(jobs) => jobs,
                Next::Wait => {
                    self.lanes.settle(&key).await;
                    continue;
                }
                Next::End => return,
            };
            self.commands
                .fetch_add(jobs.len() as u64, Ordering::Relaxed);
            match &key {
                Some(queue) if calls::is_call(&jobs[0].command) => {
                    let again = self.run_jobs(&key, queue, jobs).await;
                    self.lanes.put_back(&key, again);
                }
                _ => {
                    for job in jobs {
                        let answer = self.administer(&job.command, job.deadline).await;
                        self.answer(job.reply, answer);
                    }
                }
            }
        }
    }

    /// Runs jobs of one queue in a transaction; those that are to run again.
    async fn run_jobs(
        self: &Arc<Self>,
        key: &Option<QueueKey>,
        queue: &QueueKey,
        mut jobs: Vec<Job>,
    ) -> Vec<Job> {
        let deadline = jobs.iter().map(|job| job.deadline).min();
        let loan = match self.pool.get(deadline.unwrap_or_else(Instant::now)).await {
            Ok(loan) => loan,
            Err(failure) => return self.after(failure, jobs).await,
        };
        if self.lanes.is_strange(key, loan.made()) {
            drop(loan);
            self.lanes.settle(key).await;
            return jobs;
        }
        let (report, reported) = oneshot::channel();
        let (engine, key, queue) = (self.clone(), key.clone(), queue.clone());
        self.runtime.spawn(async move {
            let work = Work { engine, key, queue };
            work.run(loan, jobs, report).await;
        });
        let Ok((failure, left)) = reported.await else {
            return Vec::new();
        };
        jobs = left;
        match failure {
            Some(failure) => self.after(failure, jobs).await,
            None => jobs,
        }
    }

    /// After a failure: the jobs that are to run again.
    async fn after(&self, failure: Failure, mut jobs: Vec<Job>) -> Vec<Job> {
        match failure {
            Failure::Lost(error) => {
                jobs.iter_mut().for_each(Job::doubt);
                sleep(UNDONE_REST).await;
                self.give_up_expired(jobs, &error)
            }
            Failure::Again(error) => {
                sleep(UNDONE_REST).await;
                self.give_up_expired(jobs, &error)
            }
            Failure::Overdue(_) => {
                // There are several.
                jobs.iter_mut().take(1).for_each(|job| job.alone = true);
                jobs
            }
            // One of several may be to blame: then each goes for itself.
            Failure::Refused(error) if jobs.len() > 1 => {
                jobs.iter_mut().for_each(|job| job.alone = true);
                match error.kind() {
                    // A lock that all of them wait for, one after the other from here on.
                    ErrorKind::Busy => self.give_up_expired(jobs, &error),
                    _ => jobs,
                }
            }
            Failure::Refused(error) => {
                for job in jobs {
                    self.answer(job.reply, Err(error.clone()));
                }
                Vec::new()
            }
        }
    }

    /// Answers those whose time is over; the others are left.
    fn give_up_expired(&self, jobs: Vec<Job>, error: &Error) -> Vec<Job> {
        let now = Instant::now();
        let (left, expired): (Vec<_>, Vec<_>) =
            jobs.into_iter().partition(|job| job.deadline > now);
        for job in expired {
            self.answer(job.reply, Err(error.clone()));
        }
        left
    }
}

/// A transaction, until all of its answers are given.
struct Work {
    engine: Arc<Engine>,
    key: Option<QueueKey>,
    queue: QueueKey,
}

/// What the lane is told as soon as it may go on: a failure, and the jobs that are to run again.
type Report = oneshot::Sender<(Option<Failure>, Vec<Job>)>;

/// A job with its answer, which waits for the disk.
type Held = (Job, Result<Outcome>);

/// How a transaction ended.
enum End {
    /// With a failure: the jobs, and who is to be told.
    Failed(Failure, Vec<Job>, Report),
    /// All answers that there are were given.
    Done,
    /// These answers waited: the number of their transaction in the lane, and what came of it.
    Waited(
        Transaction,
        Vec<Held>,
        u64,
        std::result::Result<(), Failure>,
    ),
}

impl Work {
    async fn run(self, mut loan: Loan, jobs: Vec<Job>, report: Report) {
        let (transaction, held, number, confirmed) =
            match self.carry_out(&mut loan, jobs, report).await {
                End::Done => return,
                End::Failed(failure, jobs, report) => {
                    self.note_pooler(&failure);
                    if let Failure::Lost(_) = failure {
                        loan.discard();
                    } else {
                        drop(loan);
                    }
                    return drop(report.send((Some(failure), jobs)));
                }
                End::Waited(transaction, held, number, confirmed) => {
                    (transaction, held, number, confirmed)
                }
            };
        let returned = match confirmed {
            Ok(()) => {
                drop(loan);
                transaction.confirmed();
                for (job, answer) in held {
                    self.engine.answer(job.reply, answer);
                }
                Vec::new()
            }
            Err(failure) => {
                self.note_pooler(&failure);
                // Whatever it was: what became of the commits is not known.
                loan.discard();
                let mut jobs: Vec<Job> = held.into_iter().map(|(job, _)| job).collect();
                jobs.iter_mut().for_each(Job::doubt);
                self.engine.give_up_expired(jobs, &failure.into_error())
            }
        };
        if self.engine.lanes.end_confirm(&self.key, number, returned) {
            self.engine.start_lane(self.key.clone());
        }
    }

    /// A connection that works refuses an argument only where a pooler stands between that the
    /// location says nothing of: then all that follows is refused as well.
    fn note_pooler(&self, failure: &Failure) {
        if let Failure::Refused(error) = failure
            && error.kind() == ErrorKind::InvalidArgument
            && self.engine.pool.connector.location.listen
        {
            self.engine.pool.refuse(error.clone());
        }
    }

    /// Runs the transaction and tells the lane, then waits for the disk where answers do.
    async fn carry_out(&self, loan: &mut Loan, mut jobs: Vec<Job>, report: Report) -> End {
        let limit = self.engine.pool.connector.answer_timeout();
        let connection = match loan.connection() {
            Ok(connection) => connection,
            Err(failure) => return End::Failed(failure, jobs, report),
        };
        let prepare = Transaction::prepare(&self.engine, connection, &self.queue, &mut jobs);
        let prepared = timeout(limit, prepare).await;
        let mut transaction = match prepared.unwrap_or_else(|_| Err(Failure::silent())) {
            Ok(transaction) => transaction,
            Err(failure) => return End::Failed(failure, jobs, report),
        };
        let wait = confirm(connection, transaction.confirm_statement());
        let mut wait = pin!(maybe_done(wait));
        let run = transaction.run(&self.engine, connection, wait.as_mut());
        let ran = timeout(limit, run).await;
        let verdicts = match ran.unwrap_or_else(|_| Err(Failure::silent())) {
            Ok(verdicts) => verdicts,
            Err(failure) => return End::Failed(failure, jobs, report),
        };
        let (held, again) = self.sort_out(&transaction, jobs, verdicts);
        if held.is_empty() {
            drop(report.send((None, again)));
            return End::Done;
        }
        let count = self.engine.pool.count();
        let number = self.engine.lanes.begin_confirm(&self.key, count);
        drop(report.send((None, again)));
        self.engine.syncs.fetch_add(1, Ordering::Relaxed);
        let waited = timeout(limit, wait.as_mut()).await;
        let confirmed = match (waited, wait.as_mut().take_output()) {
            (Ok(()), Some(confirmed)) => confirmed,
            _ => Err(Failure::silent()),
        };
        End::Waited(transaction, held, number, confirmed)
    }

    /// Gives the answers that wait for nothing; those that wait, and the jobs that run again.
    fn sort_out(
        &self,
        transaction: &Transaction,
        jobs: Vec<Job>,
        verdicts: Vec<Verdict>,
    ) -> (Vec<Held>, Vec<Job>) {
        let (mut held, mut again) = (Vec::new(), Vec::new());
        for (mut job, mut verdict) in jobs.into_iter().zip(verdicts) {
            calls::name_sent(&job.command, &mut verdict);
            match verdict {
                Verdict::Answer(answer) if transaction.holds(&job.command, &answer) => {
                    held.push((job, answer));
                }
                Verdict::Answer(answer) => self.engine.answer(job.reply, answer),
                other => {
                    if matches!(other, Verdict::AgainLocked) {
                        job.how.lock_target = true;
                        // Another call would lock the queue itself before that.
                        job.alone = true;
                    }
                    again.push(job);
                }
            }
        }
        (held, again)
    }
}

#[cfg(test)]
mod tests {
    use super::super::keeper::PART_REST_MS;
    use super::*;

    /// Of a hundred clients of a server each does something else: with a call for each, a hundred.
    #[test]
    fn commands_of_one_kind_go_together() {
        let queue = QueueKey::new("000000000000", "us-east-1", "q");
        let send = || Command::Send {
            queue: queue.clone(),
            entries: Vec::new(),
            batch: false,
        };
        let receive = || Command::Receive {
            queue: queue.clone(),
            max: 1,
            visibility_s: None,
            attempt: None,
            wait_s: Some(0),
        };
        let delete = || Command::Delete {
            queue: queue.clone(),
            receipts: Vec::new(),
        };
        let hide = || Command::ChangeVisibility {
            queue: queue.clone(),
            entries: Vec::new(),
        };
        let commands = [receive(), hide(), send(), delete(), receive(), send()];
        let job = |command| Job::new(command, Instant::now(), Reply::Callback(Box::new(|_| ())));
        let mut waiting = commands.into_iter().map(job).collect();
        let taken = take_transaction(&mut waiting);
        let kinds = taken.iter().map(|job| match job.command {
            Command::Send { .. } => 's',
            Command::Delete { .. } => 'd',
            Command::ChangeVisibility { .. } => 'h',
            _ => 'r',
        });
        assert_eq!(kinds.collect::<String>(), "sshdrr");
    }

    #[test]
    fn what_may_be_done_is_not_tried_again_when_nothing_is_left_to_tell() {
        let queue = QueueKey::new("111122223333", "r", "q");
        let command = Command::Send {
            queue,
            entries: Vec::new(),
            batch: false,
        };
        let deadline = Instant::now() + Duration::from_secs(86_400);
        let mut job = Job::new(command, deadline, Reply::Callback(Box::new(|_| ())));
        job.begin_try(1, 7);
        job.doubt();
        let rest = Duration::from_millis(PART_REST_MS as u64);
        assert!(job.deadline < Instant::now() + rest);
        assert_eq!(job.how.retry_from, Some(7));
    }
}
