//! The waits of an opened store, and the one thread at a time that ends them: the leader.
//!
//! Tickets of a queue stand in a [`Line`](line::Line), first come first served (S4.8). The leader
//! sleeps in [`Storage::wait_change`] until something changed anywhere, and then looks only into
//! queues that changed or whose next deadline has come. A ticket is in one of three places, moved
//! under the mutex: in its line; `running`, while a thread looks for it or calls it back; or gone.
//! That a cancel finds it in exactly one of them is what makes it safe: what left the line will
//! be called back with whatever was taken for it.
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
    callback: Callback,
}

impl Pending {
    pub fn new(queue: Queue, options: ReceiveOptions, started_ms: u64, callback: Callback) -> Self {
        Self {
            queue,
            options,
            started_ms,
            callback,
        }
    }

    /// When the wait ends; `None` while the queue was not asked how long it is. A wait of zero
    /// has no end either: it is over after its first look.
    fn deadline_ms(&self) -> Option<u64> {
        let wait_s = self.options.wait_s.filter(|wait_s| *wait_s > 0)?;
        Some(self.started_ms.saturating_add(u64::from(wait_s) * 1000))
    }
}

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
    /// Looks that a pass did not wait for. Touched by the leader only.
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
            let leads_here = state.is_led_here();
            if let Some(running) = state.running.get_mut(&id) {
                if running.thread == Some(std::thread::current().id()) {
                    return;
                }
                running.cancelled = true;
                // What a late look finds reaches the leader after this callback.
                if !wait || leads_here {
                    return;
                }
                state = self.changed.wait(state);
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

    /// Calls a ticket back that [`State::take`] took.
    fn finish(&self, id: u64, pending: Pending, answer: Result<Vec<Message>>) {
        let Pending {
            queue, callback, ..
        } = pending;
        // The panic was reported by the hook; this thread has other waits to serve.
        let _ = catch_unwind(AssertUnwindSafe(|| callback(answer)));
        let mut state = self.state.lock();
        state.running.remove(&id);
        state.seats.remove(&id);
        drop(state);
        self.changed.notify_all();
        drop(queue);
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
        while state.leader.is_some() || state.leaving > 0 {
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
