//! The waits of an opened store, and the one thread at a time that ends them: the leader.
//!
//! Tickets of a queue stand in a [`Line`](line::Line), first come first served (S4.8). The leader
//! sleeps in [`Storage::wait_change`] until something changed anywhere, and then looks only into
//! queues that changed or whose next deadline has come. A ticket is in one of three places, moved
//! under the mutex: in its line; `running`, while a thread looks for it or calls it back; or gone.
//! That a cancel finds it in exactly one of them is what makes it safe: what left the line will
//! be called back with whatever was taken for it.
//!
//! Where many are looked for at once, nobody is called back before all of these are back in their
//! lines, or `answered`, or late: so a callback that cancels another ticket ends it there and then,
//! and a cancel waits for no callback but that of its own ticket.
//!
//! While only callers that block wait, one of them leads ([`caller`]). The first ticket that blocks
//! nobody starts the waiter thread, which leads until the store is closed.
//!
//! Callbacks run, and [`Pending`]s are dropped (they may hold the last handle of the store),
//! without the mutex.

mod caller;
mod lead;
mod line;
mod looks;

use super::birth::Birth;
use super::receive::Callback;
use super::shared::closed;
use super::{Message, Queue, ReceiveOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::key::QueueKey;
use crate::store::Storage;
use crate::sync::{Condvar, Mutex, MutexGuard};
use caller::Seat;
use line::Line;
use looks::Looks;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{JoinHandle, ThreadId};

/// A receive that waits. It holds its queue, so the store stays open until it has ended.
pub(super) struct Pending {
    queue: Queue,
    options: ReceiveOptions,
    started_ms: u64,
    /// `None` where it was cancelled while its look was late: what that finds is given back.
    callback: Option<Callback>,
}

impl Pending {
    pub fn new(queue: Queue, options: ReceiveOptions, started_ms: u64, callback: Callback) -> Self {
        Self {
            queue,
            options,
            started_ms,
            callback: Some(callback),
        }
    }

    /// When the wait ends; `None` while the queue was not asked how long it is. A wait of zero
    /// has no end either: it is over after its first look.
    fn deadline_ms(&self) -> Option<u64> {
        let wait_s = self.options.wait_s.filter(|wait_s| *wait_s > 0)?;
        Some(self.started_ms.saturating_add(u64::from(wait_s) * 1000))
    }
}

/// What a wait ends with.
type Answer = Result<Vec<Message>>;

pub(super) struct Waiter {
    birth: Birth,
    manual_clock: bool,
    state: Mutex<State>,
    /// A ticket ended, a pass ended, there is work again, or the thread ended.
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: HashMap<Arc<QueueKey>, Line>,
    /// Tickets in lines by the end of their wait.
    deadlines: BTreeMap<(u64, u64), Arc<QueueKey>>,
    running: HashMap<u64, Running>,
    /// Of those running: what is to be called back, by the leader or by who cancels.
    answered: HashMap<u64, (Pending, Answer)>,
    /// Of threads that wait for the end of a ticket: for which.
    awaited: HashMap<ThreadId, u64>,
    /// Looks that a pass did not wait for. Taken and added by the leader only.
    late: Vec<Looks>,
    next_id: u64,
    /// The leader is in [`Storage::wait_change`], or about to be.
    asleep: bool,
    passes_begun: u64,
    passes_ended: u64,
    /// The leader does not sleep before this pass has ended: somebody waits for it.
    pass_wanted: u64,
    stop: bool,
    leader: Option<ThreadId>,
    /// Callers that block and do not lead, by their tickets.
    seats: BTreeMap<u64, Seat>,
    /// Callers that stopped leading and still hold the storage.
    leaving: usize,
    /// There is, or was, a waiter thread: no caller leads any more.
    threaded: bool,
    thread: Option<JoinHandle<()>>,
}

/// A ticket that left its line.
struct Running {
    /// Looks for it, or calls it back; `None` where its look is late.
    thread: Option<ThreadId>,
    /// Somebody wants it to end without a further look.
    cancelled: bool,
}

impl State {
    /// Gives a ticket its place; `looked` is as for [`Waiter::join`].
    fn enter(&mut self, pending: Pending, looked: Option<(u64, Option<u64>)>) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        // A look at the front of a line says nothing about these: they ask for more, or less.
        let special = pending.options.attempt.is_some() || pending.deadline_ms().is_none();
        let (seen, due_ms) = looked.unwrap_or_default();
        let line = self.put(id, pending, || Line::new(seen, looked.is_none()));
        line.expect_by(due_ms);
        if looked.is_none() && special {
            line.want_look(id);
        }
        id
    }

    /// Takes a ticket out of its line for this thread to answer.
    fn take(&mut self, key: &QueueKey, id: u64) -> Option<Pending> {
        let line = self.lines.get_mut(key)?;
        let pending = line.remove(id)?;
        if let Some(deadline_ms) = pending.deadline_ms() {
            self.deadlines.remove(&(deadline_ms, id));
        }
        let running = Running {
            thread: Some(std::thread::current().id()),
            cancelled: false,
        };
        self.running.insert(id, running);
        Some(pending)
    }

    /// Puts a ticket into its line, at the place that its id gives it.
    fn put(&mut self, id: u64, pending: Pending, line: impl FnOnce() -> Line) -> &mut Line {
        let key = pending.queue.shared_key().clone();
        if let Some(deadline_ms) = pending.deadline_ms() {
            self.deadlines.insert((deadline_ms, id), key.clone());
        }
        let line = self.lines.entry(key).or_insert_with(line);
        line.insert(id, pending);
        line
    }

    fn forget_if_empty(&mut self, key: &QueueKey) {
        if self.lines.get(key).is_some_and(Line::is_empty) {
            self.lines.remove(key);
        }
    }

    /// The ticket of a line whose turn it is, unless it came after the pass began; then the next
    /// pass looks for it.
    fn front_before(&mut self, key: &QueueKey, horizon: u64) -> Option<u64> {
        let line = self.lines.get_mut(key)?;
        let front = line.free_front()?;
        if front >= horizon {
            line.look_again();
            return None;
        }
        Some(front)
    }

    /// A ticket of a line that wants its own look.
    fn special_before(&mut self, key: &QueueKey, horizon: u64) -> Option<u64> {
        self.lines.get(key)?.special_before(horizon)
    }

    /// A ticket that has its answer, for this thread to call back.
    fn take_answered(&mut self, id: u64) -> Option<(Pending, Answer)> {
        let taken = self.answered.remove(&id)?;
        if let Some(running) = self.running.get_mut(&id) {
            running.thread = Some(std::thread::current().id());
        }
        Some(taken)
    }

    /// The callback of a ticket whose look is late, for this thread to call.
    fn detach(&mut self, id: u64) -> Option<Callback> {
        let callback = self.late.iter_mut().find_map(|looks| looks.detach(id))?;
        if let Some(running) = self.running.get_mut(&id) {
            running.thread = Some(std::thread::current().id());
        }
        Some(callback)
    }

    /// Whether the end of a ticket waits for this thread: it is called back by one that waits, by
    /// way of others perhaps, for a ticket that is called back here.
    fn awaits_this_thread(&self, mut id: u64) -> bool {
        let own = std::thread::current().id();
        // No chain is longer than there are threads that wait.
        for _ in 0..=self.awaited.len() {
            match self.running.get(&id).and_then(|running| running.thread) {
                Some(thread) if thread == own => return true,
                Some(thread) => match self.awaited.get(&thread) {
                    Some(next) => id = *next,
                    None => return false,
                },
                None => return false,
            }
        }
        false
    }

    /// Nobody waits, and the leader calls nobody back.
    fn is_idle(&self) -> bool {
        let mut running = self.running.values();
        let is_led = |it: &Running| it.thread.is_some() && it.thread == self.leader;
        self.lines.is_empty() && !running.any(is_led)
    }

    /// Says of tickets under way who looks for them.
    fn set_thread(&mut self, looks: &Looks, thread: Option<ThreadId>) {
        for id in looks.ids() {
            if let Some(running) = self.running.get_mut(&id) {
                running.thread = thread;
            }
        }
    }

    fn is_led_here(&self) -> bool {
        self.leader == Some(std::thread::current().id())
    }

    fn is_thread_here(&self) -> bool {
        let own = std::thread::current().id();
        let thread = self.thread.as_ref();
        thread.is_some_and(|thread| thread.thread().id() == own)
    }

    fn any_waiting(&self) -> Option<(Arc<QueueKey>, u64)> {
        let mut lines = self.lines.iter();
        lines.find_map(|(key, line)| Some((key.clone(), line.front()?)))
    }
}

impl Waiter {
    pub fn new(birth: Birth, manual_clock: bool) -> Arc<Self> {
        Arc::new(Self {
            birth,
            manual_clock,
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Whether somebody waits for this queue.
    pub fn has_line(&self, key: &QueueKey) -> bool {
        self.state.lock().lines.contains_key(key)
    }

    /// Whether the caller is inside a callback of the waiter thread.
    pub fn is_this_thread(&self) -> bool {
        self.state.lock().is_led_here()
    }

    /// Lets a receive wait. `looked` is the queue's generation before a look that found nothing,
    /// and the deadline it named; without it the thread makes the first look.
    pub fn join(
        self: &Arc<Self>,
        storage: &Arc<dyn Storage>,
        pending: Pending,
        looked: Option<(u64, Option<u64>)>,
    ) -> Result<u64> {
        let mut state = self.state.lock();
        let ready = match state.stop {
            true => Err(closed()),
            false => self.ensure_thread(&mut state, storage),
        };
        if let Err(error) = ready {
            drop(state);
            drop(pending);
            return Err(error);
        }
        let id = state.enter(pending, looked);
        self.call_leader(state, &**storage);
        Ok(id)
    }

    /// Tells the leader that there is something new.
    fn call_leader(&self, mut state: MutexGuard<'_, State>, storage: &dyn Storage) {
        // One interrupt is enough, however many join before the leader is awake.
        let asleep = std::mem::take(&mut state.asleep);
        drop(state);
        match asleep {
            true => storage.interrupt(),
            false => {
                self.changed.notify_all();
            }
        }
    }

    fn ensure_thread(
        self: &Arc<Self>,
        state: &mut State,
        storage: &Arc<dyn Storage>,
    ) -> Result<()> {
        if state.threaded {
            return Ok(());
        }
        let waiter = self.clone();
        let storage = storage.clone();
        let thread = std::thread::Builder::new()
            .name("forebay-waiter".into())
            .spawn(move || waiter.run(&*storage))
            .map_err(|error| Error::io("cannot start the waiter thread", &error))?;
        state.leader.get_or_insert(thread.thread().id());
        state.threaded = true;
        state.thread = Some(thread);
        Ok(())
    }

    /// Ends a ticket; see [`Ticket::cancel`](super::Ticket::cancel).
    pub fn cancel(&self, key: &QueueKey, id: u64) {
        self.end(key, id, true);
    }

    /// Ends a ticket; see [`Ticket::cancel_soon`](super::Ticket::cancel_soon).
    pub fn cancel_soon(&self, key: &QueueKey, id: u64) {
        self.end(key, id, false);
    }

    fn end(&self, key: &QueueKey, id: u64, wait: bool) {
        // In a forked child the thread is absent and the mutex may be locked for ever.
        if self.birth.is_elsewhere() {
            return;
        }
        let mut state = self.state.lock();
        loop {
            if let Some((pending, answer)) = state.take_answered(id) {
                drop(state);
                self.finish(id, pending, answer);
                return;
            }
            if wait && let Some(callback) = state.detach(id) {
                drop(state);
                self.call(id, Some(callback), Err(cancelled()));
                return;
            }
            if let Some(running) = state.running.get_mut(&id) {
                running.cancelled = true;
                // Its own callback, or one that waits for this one.
                if !wait || state.awaits_this_thread(id) {
                    return;
                }
                let own = std::thread::current().id();
                state.awaited.insert(own, id);
                state = self.changed.wait(state);
                state.awaited.remove(&own);
                continue;
            }
            let pending = state.take(key, id);
            state.forget_if_empty(key);
            drop(state);
            if let Some(pending) = pending {
                self.finish(id, pending, Err(cancelled()));
            }
            return;
        }
    }

    /// Whether a ticket's callback has returned; it never will in a forked child.
    pub fn is_done(&self, key: &QueueKey, id: u64) -> bool {
        if self.birth.is_elsewhere() {
            return false;
        }
        let state = self.state.lock();
        let line = state.lines.get(key);
        !state.running.contains_key(&id) && !line.is_some_and(|line| line.contains(id))
    }

    /// Whether this thread is inside a callback that has to return before a ticket ends.
    pub fn is_held_up_here(&self, id: u64) -> bool {
        if self.birth.is_elsewhere() {
            return false;
        }
        let state = self.state.lock();
        let running = state.running.get(&id);
        let own = Some(std::thread::current().id());
        state.is_led_here() || running.is_some_and(|running| running.thread == own)
    }

    /// Calls a ticket back that this thread took.
    fn finish(&self, id: u64, pending: Pending, answer: Answer) {
        let Pending {
            queue, callback, ..
        } = pending;
        self.call(id, callback, answer);
        drop(queue);
    }

    fn call(&self, id: u64, callback: Option<Callback>, answer: Answer) {
        if let Some(callback) = callback {
            // The panic was reported by the hook; this thread has other waits to serve.
            let _ = catch_unwind(AssertUnwindSafe(|| callback(answer)));
        }
        let mut state = self.state.lock();
        state.running.remove(&id);
        state.seats.remove(&id);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until a pass that begins after this call has ended: what could be answered now has
    /// been. Inside a callback there is nothing to wait for.
    pub fn settle(&self, storage: &dyn Storage) {
        let mut state = self.state.lock();
        if state.is_led_here() {
            return;
        }
        let pass = state.passes_begun + 1;
        state.pass_wanted = pass;
        if std::mem::take(&mut state.asleep) {
            storage.interrupt();
        }
        while !state.stop && state.passes_ended < pass && !state.is_idle() {
            state = self.changed.wait(state);
        }
    }

    /// Ends all waits with `Closed` and the thread. `storage` is what the leader sleeps in.
    pub fn close(&self, storage: Option<&dyn Storage>) {
        let mut state = self.state.lock();
        state.stop = true;
        let inside = state.is_led_here();
        let thread = state.thread.take();
        drop(state);
        self.changed.notify_all();
        if let Some(storage) = storage {
            storage.interrupt();
        }
        if inside {
            return;
        }
        if let Some(thread) = thread {
            // The thread catches what callbacks do; there is nothing to learn from its end.
            let _ = thread.join();
        }
        let mut state = self.state.lock();
        // Callbacks of threads that cancel, too.
        let own = std::thread::current().id();
        let calls = |it: &Running| it.thread.is_some_and(|thread| thread != own);
        while state.leader.is_some() || state.leaving > 0 || state.running.values().any(calls) {
            state = self.changed.wait(state);
        }
    }
}

fn cancelled() -> Error {
    Error::new(
        ErrorKind::Cancelled,
        "the wait was cancelled; no message was taken",
    )
}
