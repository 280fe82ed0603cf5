//! What the leader does: passes over the lines, and sleep between them.

use super::line::Line;
use super::looks::{Looks, Ticket};
use super::{State, Waiter, cancelled};
use crate::handle::VisibilityRequest;
use crate::handle::receive::{Attempt, conclude};
use crate::handle::shared::closed;
use crate::key::QueueKey;
use crate::store::Storage;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sleep where only a change can matter.
const SLEEP_MAX: Duration = Duration::from_secs(3_600);

/// How long a pass waits for its looks: somebody may have a queue for as long as the lock timeout,
/// and the waits of other queues are not to stand still for that. Far longer than a way to a
/// database and back: after a late look a line begins with one ticket again.
const PATIENCE: Duration = Duration::from_millis(250);

/// How often the answers of late looks are asked for.
const LATE_SLEEP: Duration = Duration::from_millis(10);

impl Waiter {
    /// The waiter thread: leads until the store is closed.
    pub(super) fn run(&self, storage: &dyn Storage) {
        self.take_over();
        while self.await_work() {
            self.round(storage, || false);
        }
        self.end_all();
        self.state.lock().leader = None;
        self.changed.notify_all();
    }

    /// Waits for a caller that leads to leave: it sees that there is a thread.
    fn take_over(&self) {
        let own = std::thread::current().id();
        let mut state = self.state.lock();
        while state.leader.is_some_and(|leader| leader != own) {
            state = self.changed.wait(state);
        }
        state.leader = Some(own);
    }

    /// A pass, and unless `is_over` then, the sleep until the next one is worth it.
    pub(super) fn round(&self, storage: &dyn Storage, is_over: impl FnOnce() -> bool) {
        // Read before the looks: what changes after them ends the sleep at once.
        let seen = storage.generation();
        let Some(now_ms) = self.pass(storage) else {
            return;
        };
        if is_over() {
            return;
        }
        if let Some(timeout) = self.fall_asleep(storage, now_ms) {
            storage.wait_change(seen, timeout);
            self.state.lock().asleep = false;
        }
    }

    /// Sleeps while nobody waits. False when the store closes.
    fn await_work(&self) -> bool {
        let mut state = self.state.lock();
        while !state.stop && state.lines.is_empty() {
            state = self.changed.wait(state);
        }
        !state.stop
    }

    /// Serves every line that may have something, then ends the waits that are over. Tickets
    /// that come meanwhile have ids from `horizon` on and wait for the next pass, so that no
    /// queue can keep the others waiting. Returns the time for which the pass holds; `None` if
    /// the waiter thread has come since this caller saw that it may lead, as a ticket that came
    /// with it is called back on that thread only.
    fn pass(&self, storage: &dyn Storage) -> Option<u64> {
        self.settle_late(Some(Instant::now()));
        let mut state = self.state.lock();
        // Under the lock that the horizon is read under: a ticket that came with the thread is
        // before neither.
        if state.threaded && !state.is_thread_here() {
            return None;
        }
        state.passes_begun += 1;
        let now_ms = storage.now_ms();
        let horizon = state.next_id;
        let mut worth = Vec::new();
        for (key, line) in &mut state.lines {
            if line.begin_look(storage.queue_generation(key), now_ms) {
                worth.push(key.clone());
            }
        }
        drop(state);
        for keys in worth.chunks(storage.receives_at_once()) {
            self.serve(storage, keys, horizon);
        }
        self.expire(now_ms, horizon);
        let mut state = self.state.lock();
        state.passes_ended = state.passes_begun;
        drop(state);
        self.changed.notify_all();
        Some(now_ms)
    }

    /// Serves lines side by side: of each its front until that gets nothing, then those with
    /// wishes of their own.
    fn serve(&self, storage: &dyn Storage, keys: &[Arc<QueueKey>], horizon: u64) {
        let most = storage.receives_at_once();
        let mut lines = keys.to_vec();
        let mut at_once = 1;
        while !lines.is_empty() {
            let looks = self.take(&lines, at_once, horizon, State::front_before);
            let mut found = self.look_for(storage, looks).into_iter();
            lines.retain(|_| found.next().unwrap_or_default());
            // For one message few looks are in vain, and a thousand are soon served.
            at_once = (at_once * 4).min(most);
        }
        loop {
            let looks = self.take(keys, most, horizon, State::special_before);
            if looks.iter().all(|(_, tickets)| tickets.is_empty()) {
                break;
            }
            self.look_for(storage, looks);
        }
        let mut state = self.state.lock();
        keys.iter().for_each(|key| state.forget_if_empty(key));
    }

    /// Takes tickets out of these lines by this choice, so many of each at the most.
    fn take(
        &self,
        keys: &[Arc<QueueKey>],
        count: usize,
        horizon: u64,
        choose: fn(&mut State, &QueueKey, u64) -> Option<u64>,
    ) -> Vec<(Arc<QueueKey>, Vec<Ticket>)> {
        let mut state = self.state.lock();
        let count = if state.stop { 0 } else { count };
        let take = |key: &Arc<QueueKey>| {
            let one = |_| {
                let id = choose(&mut state, key, horizon)?;
                Some((id, state.take(key, id)?))
            };
            (key.clone(), (0..count).map_while(one).collect())
        };
        keys.iter().map(take).collect()
    }

    /// Looks into the queues for these tickets; for each line whether all of them, and there were
    /// some, got something. Of a line whose looks are late nothing is known.
    fn look_for(
        &self,
        storage: &dyn Storage,
        lines: Vec<(Arc<QueueKey>, Vec<Ticket>)>,
    ) -> Vec<bool> {
        let mut all = Vec::with_capacity(lines.len());
        let mut commands = Vec::new();
        for (key, tickets) in lines {
            let (looks, own) = Looks::new(key, tickets);
            commands.extend(own);
            all.push(looks);
        }
        // What panics answers nothing, and the tickets are told so.
        let _ = catch_unwind(AssertUnwindSafe(|| storage.hand_in(commands)));
        // A manual clock stands still meanwhile, and who moves it waits for all.
        let until = (!self.manual_clock).then(|| Instant::now() + PATIENCE);
        let mut answered = Vec::new();
        let found = all.into_iter().map(|mut looks| {
            if looks.gather(until) {
                return self.conclude_looks(looks, &mut answered);
            }
            let mut state = self.state.lock();
            // Who came later stands behind them, also where they were the last of their line.
            let line = state.lines.entry(looks.key().clone());
            line.or_insert_with(|| Line::new(0, true)).set_late(true);
            state.set_thread(&looks, None);
            state.late.push(looks);
            false
        });
        let found = found.collect();
        self.call_back(answered);
        found
    }

    /// Ends the looks of a line: its tickets are back in it, or among the answered. True if all of
    /// them, and there were some, got something.
    fn conclude_looks(&self, looks: Looks, answered: &mut Vec<u64>) -> bool {
        let attempts = looks.end().map(|((id, mut pending), outcome)| {
            let attempt = conclude(&pending.queue, &mut pending.options, outcome);
            (id, pending, attempt)
        });
        let attempts: Vec<_> = attempts.collect();
        let (count, mut in_vain) = (attempts.len(), 0);
        // Dropped without the lock.
        let mut detached = Vec::new();
        let mut state = self.state.lock();
        for (id, pending, attempt) in attempts {
            if pending.callback.is_none() {
                detached.push((pending, attempt));
                continue;
            }
            let is_cancelled = state.running.get(&id).is_some_and(|it| it.cancelled);
            let answer = match attempt {
                Attempt::Answer(answer) => answer,
                Attempt::Nothing { .. } if is_cancelled => Err(cancelled()),
                Attempt::Nothing { due_ms } => {
                    in_vain += 1;
                    state.running.remove(&id);
                    let line = state.put(id, pending, || Line::new(0, true));
                    line.expect_by(due_ms);
                    continue;
                }
            };
            state.answered.insert(id, (pending, answer));
            answered.push(id);
        }
        drop(state);
        for (_, attempt) in detached {
            give_back(attempt);
        }
        in_vain == 0 && count > 0
    }

    /// Calls back who was answered, but for those whom a cancel took.
    fn call_back(&self, answered: Vec<u64>) {
        // Who cancels may wait for one of them.
        self.changed.notify_all();
        for id in answered {
            let taken = self.state.lock().take_answered(id);
            if let Some((pending, answer)) = taken {
                self.finish(id, pending, answer);
            }
        }
    }

    /// Ends the looks of earlier passes that have their answers by then.
    fn settle_late(&self, until: Option<Instant>) {
        let late = std::mem::take(&mut self.state.lock().late);
        if late.is_empty() {
            return;
        }
        let mut answered = Vec::new();
        for mut looks in late {
            if !looks.gather(until) {
                self.state.lock().late.push(looks);
                continue;
            }
            let key = looks.key().clone();
            let mut state = self.state.lock();
            state.set_thread(&looks, Some(std::thread::current().id()));
            drop(state);
            let found = self.conclude_looks(looks, &mut answered);
            let mut state = self.state.lock();
            if let Some(line) = state.lines.get_mut(&key) {
                line.set_late(false);
                if found {
                    line.look_again();
                }
            }
            state.forget_if_empty(&key);
        }
        self.call_back(answered);
    }

    /// Ends the waits whose time has come with no messages (S4.4).
    fn expire(&self, now_ms: u64, horizon: u64) {
        loop {
            let mut state = self.state.lock();
            let Some((&(deadline_ms, id), key)) = state.deadlines.iter().next() else {
                return;
            };
            if deadline_ms > now_ms || id >= horizon || state.stop {
                return;
            }
            let key: Arc<QueueKey> = key.clone();
            let pending = state.take(&key, id);
            state.forget_if_empty(&key);
            drop(state);
            if let Some(pending) = pending {
                self.finish(id, pending, Ok(Vec::new()));
            }
        }
    }

    /// How long to sleep; `None` if there is something to do.
    fn fall_asleep(&self, storage: &dyn Storage, now_ms: u64) -> Option<Duration> {
        let mut state = self.state.lock();
        let wanted = state.pass_wanted > state.passes_ended;
        let deadline_ms = state
            .deadlines
            .keys()
            .next()
            .map(|(deadline_ms, _)| *deadline_ms);
        // One that came during the pass and is over: a manual clock would end no sleep for it.
        let is_overdue = deadline_ms.is_some_and(|deadline_ms| deadline_ms <= now_ms);
        let is_worth = |line: &Line| line.wants_look(now_ms);
        if state.stop || wanted || is_overdue || state.lines.values().any(is_worth) {
            return None;
        }
        let due_ms = state.lines.values().filter_map(Line::due_ms).min();
        let next_ms = due_ms.into_iter().chain(deadline_ms).min();
        state.asleep = true;
        let longest = match state.late.is_empty() {
            true => SLEEP_MAX,
            false => LATE_SLEEP,
        };
        drop(state);
        // A manual clock moves by changes only.
        let timeout = next_ms
            .filter(|_| !self.manual_clock)
            .map(|next_ms| Duration::from_millis(next_ms.saturating_sub(storage.now_ms())));
        Some(timeout.unwrap_or(SLEEP_MAX).min(longest))
    }

    /// The store closes: all waits end.
    pub(super) fn end_all(&self) {
        self.settle_late(None);
        loop {
            let mut state = self.state.lock();
            let Some((key, id)) = state.any_waiting() else {
                return;
            };
            let pending = state.take(&key, id);
            state.forget_if_empty(&key);
            drop(state);
            if let Some(pending) = pending {
                self.finish(id, pending, Err(closed()));
            }
        }
    }
}

/// Lets others have what was found for a ticket that had been cancelled by then. Nobody waits for
/// it: where it fails, the visibility timeout does the same.
fn give_back(attempt: Attempt) {
    if let Attempt::Answer(Ok(messages)) = attempt {
        for message in messages {
            let change = VisibilityRequest::from((&message, 0));
            if let Ok(call) = message.queue().calls().change_visibility(change) {
                call.submit(|_| ());
            }
        }
    }
}
