//! One transaction of calls: made, run, and confirmed.

use super::calls::{self, Call, Context, Try, Verdict};
use super::engine::Engine;
use super::failure::Failure;
use super::lanes::Job;
use super::pool::{Connection, Sql};
use super::pooler;
use crate::command::{Command, Outcome};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::rules::refusals;
use crate::store::Durability;
use futures_util::future::{MaybeDone, join_all};
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;
use tokio_postgres::{Row, Statement};

type Tried<T> = std::result::Result<T, Failure>;

/// Calls that go out together.
#[derive(Default)]
pub struct Transaction {
    /// None for a queue that is not there.
    context: Option<Context>,
    planned: Vec<Call>,
    statements: Vec<Statement>,
    confirm: Option<Statement>,
    /// Which jobs the calls are of; the others have their verdicts.
    asked: Vec<usize>,
    verdicts: Vec<Option<Verdict>>,
    waits: Waits,
    /// There is a command whose answer always waits.
    promises: bool,
    /// Something may become receivable.
    touches: bool,
}

/// Which answers wait for the disk after the commit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Waits {
    /// Those that promise something: the commit waited for nothing.
    Promises,
    /// Those, and leases.
    All,
    /// Looks at what may not be there for good: the commit waited where it had to.
    Looks,
    #[default]
    None,
}

impl Waits {
    /// `direct`: there is no pooler that gives each transaction to another session; behind one a
    /// session cannot confirm what was committed before.
    fn of(durability: Durability, direct: bool) -> Self {
        match durability {
            Durability::Os => Self::None,
            Durability::Strict if direct => Self::All,
            _ if direct => Self::Promises,
            _ => Self::Looks,
        }
    }

    /// Whatever the answer, it waits.
    fn promises(self, command: &Command) -> bool {
        match (self, command) {
            (Self::All, Command::ChangeVisibility { .. }) => true,
            _ => !calls::is_lease(command),
        }
    }
}

impl Transaction {
    /// Decides what needs no storage, and makes calls of the rest.
    pub async fn prepare(
        engine: &Engine,
        connection: &mut Connection,
        queue: &QueueKey,
        jobs: &mut [Job],
    ) -> Tried<Self> {
        // What the remembered attributes refuse is asked of the present ones.
        let mut info = engine.remembered(queue).filter(|info| {
            let mut all = jobs.iter();
            all.all(|job| calls::refusal(info, &job.command).is_none())
        });
        if info.is_none() {
            info = engine.load(connection, queue).await?;
        }
        let mut made = Self::default();
        let Some(info) = info else {
            let missing = |_: &Job| Some(Verdict::Answer(Err(refusals::queue_missing())));
            made.verdicts = jobs.iter().map(missing).collect();
            return Ok(made);
        };
        let seen = info.seen();
        for (at, job) in jobs.iter_mut().enumerate() {
            let refused = calls::refusal(&info, &job.command);
            if refused.is_none() {
                made.asked.push(at);
                job.begin_try(info.uid, seen);
            }
            made.verdicts
                .push(refused.map(|error| Verdict::Answer(Err(error))));
        }
        let commands: Vec<(&Command, Try)> = made
            .asked
            .iter()
            .map(|&at| (&jobs[at].command, jobs[at].how))
            .collect();
        let direct = engine.pool.connector.location.listen;
        made.waits = Waits::of(engine.options.durability, direct);
        made.promises = commands.iter().any(|(it, _)| made.waits.promises(it));
        made.touches = commands.iter().any(|(it, _)| touches(it));
        if direct && commands.iter().any(|(it, _)| calls::waits(&info, it)) {
            engine.signal.wanted.notify_one();
        }
        let lazy_leases = !made.promises && engine.options.durability == Durability::Full;
        let context = Context {
            info,
            me: engine.me,
            limits: engine.options.limits,
            lazy: made.waits != Waits::Looks || lazy_leases,
            seen: (made.waits == Waits::Looks && lazy_leases).then_some(seen),
            named: AtomicI64::new(0),
        };
        made.planned = calls::plan(&context, &commands);
        for call in &made.planned {
            made.statements.push(connection.prepared(call.sql).await?);
        }
        if made.waits != Waits::None {
            made.confirm = Some(connection.prepared(Sql::Confirm).await?);
        }
        made.context = Some(context);
        Ok(made)
    }

    /// What [`confirm`] needs.
    pub fn confirm_statement(&self) -> Option<Statement> {
        self.confirm.clone()
    }

    /// Runs the calls; a verdict for each job. Where it is known that an answer waits, `confirm` is
    /// on its way then.
    pub async fn run<F: Future<Output = Tried<()>>>(
        &mut self,
        engine: &Engine,
        connection: &Connection,
        confirm: Pin<&mut MaybeDone<F>>,
    ) -> Tried<Vec<Verdict>> {
        let mut verdicts = std::mem::take(&mut self.verdicts);
        let again = |verdict: Option<Verdict>| verdict.unwrap_or(Verdict::Again);
        let Some(context) = self.context.as_ref().filter(|_| !self.planned.is_empty()) else {
            return Ok(verdicts.into_iter().map(again).collect());
        };
        let confirms = matches!(self.waits, Waits::All | Waits::Promises) && self.promises;
        engine.transactions.fetch_add(1, Ordering::Relaxed);
        let answered = self.ask(connection, confirms.then_some(confirm)).await?;
        if !context.lazy {
            engine.syncs.fetch_add(1, Ordering::Relaxed);
            if connection.take_unconfirmed() {
                return Err(unconfirmed());
            }
        }
        for (call, rows) in self.planned.iter().zip(&answered) {
            let read = call.read(context, rows, &|now_ms, due_ms| {
                engine.heard(now_ms);
                due_ms.map(|due_ms| engine.own_ms(due_ms, now_ms))
            })?;
            for (&at, verdict) in self.asked[call.jobs.clone()].iter().zip(read) {
                if let Verdict::Answer(answer) = &verdict
                    && self.waits == Waits::Looks
                    && matches!(answer, Ok(Outcome::Received { .. }))
                {
                    context.info.saw(calls::told(answer));
                }
                verdicts[at] = Some(verdict);
            }
        }
        // The commit waited, where it did not these numbers are as good as all others.
        if self.waits == Waits::None || self.waits == Waits::Looks && self.promises {
            self.confirmed();
        }
        if verdicts.iter().any(|it| matches!(it, Some(Verdict::Stale))) {
            engine.forget(&context.info.key);
        }
        if self.touches {
            engine.signal.touch(&context.info.key);
        }
        Ok(verdicts.into_iter().map(again).collect())
    }

    /// Sends all calls at once, in one transaction, and behind it `confirm`.
    async fn ask<F: Future<Output = Tried<()>>>(
        &self,
        connection: &Connection,
        confirm: Option<Pin<&mut MaybeDone<F>>>,
    ) -> Tried<Vec<Vec<Row>>> {
        let client = &connection.client;
        let query = async |call: &Call, statement: &Statement| {
            let params: Vec<_> = call.params.iter().map(|it| it.as_ref() as _).collect();
            client.query(statement, &params).await
        };
        // Each of these is sent when it is first polled, and they are polled in this order.
        let follow = async {
            if let Some(mut confirm) = confirm {
                poll_fn(|cx| {
                    // Whoever waits for it looks.
                    let _ = confirm.as_mut().poll(cx);
                    Poll::Ready(())
                })
                .await;
            }
        };
        if let ([call], [statement]) = (&self.planned[..], &self.statements[..])
            && connection.is_own
        {
            let (answer, ()) = tokio::join!(biased; query(call, statement), follow);
            return Ok(vec![answer?]);
        }
        let begin = client.batch_execute(&connection.begin);
        let queries = self.planned.iter().zip(&self.statements);
        let queries = join_all(queries.map(|(call, statement)| query(call, statement)));
        let commit = client.batch_execute("COMMIT");
        let (begun, answers, committed, ()) = tokio::join!(biased; begin, queries, commit, follow);
        begun?;
        let answers = answers
            .into_iter()
            .collect::<std::result::Result<Vec<_>, _>>()?;
        committed?;
        Ok(answers)
    }

    /// True for an answer that is not given before the transaction is confirmed.
    pub fn holds(&self, command: &Command, answer: &Result<Outcome>) -> bool {
        let seen = || self.context.as_ref().map_or(0, |it| it.info.seen());
        let told = calls::told(answer);
        match self.waits {
            _ if answer.is_err() => false,
            Waits::All => self.waits.promises(command) || told > 0,
            // What is seen of a message that is lost must not fit another one.
            Waits::Promises => self.waits.promises(command) || told > seen(),
            Waits::Looks => matches!(answer, Ok(Outcome::Peeked(_))) && told > seen(),
            Waits::None => false,
        }
    }

    /// All that was committed up to this transaction is on disk.
    pub fn confirmed(&self) {
        if let Some(context) = &self.context {
            context.info.saw(context.named.load(Ordering::Relaxed));
        }
    }
}

/// Returns when all that was committed before on this connection is on disk, and on a synchronous
/// standby. It is the same session: had the server ended in between, with what it had not written,
/// the session would have ended too.
pub async fn confirm(connection: &Connection, statement: Option<Statement>) -> Tried<()> {
    if let Some(statement) = statement {
        let row = connection.client.query_one(&statement, &[]).await?;
        // Another session says nothing of what was committed in this one.
        if connection.is_own && row.try_get::<_, i32>(0)? != connection.backend {
            return Err(Failure::Refused(pooler::refusal()));
        }
    }
    match connection.take_unconfirmed() {
        true => Err(unconfirmed()),
        false => Ok(()),
    }
}

fn touches(command: &Command) -> bool {
    match command {
        Command::Send { .. } | Command::Delete { .. } | Command::ChangeVisibility { .. } => true,
        Command::Receive { visibility_s, .. } => *visibility_s == Some(0),
        _ => false,
    }
}

/// Somebody cancelled the wait for the standby.
pub fn unconfirmed() -> Failure {
    let text = "the wait for the synchronous standby was cancelled";
    Failure::Lost(Error::new(ErrorKind::Unavailable, text))
}
