//! Callers that block until their own wait ends. While nobody waits otherwise, one of them leads:
//! between a send and the return of the receive that waits for it, one thread less is woken.

use super::{Answer, Pending, Waiter};
use crate::error::{Error, ErrorKind, Result};
use crate::handle::shared::closed;
use crate::handle::{Queue, ReceiveOptions};
use crate::store::Storage;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::ThreadId;

/// What a caller that blocks is told.
enum Turn {
    Answer(Answer),
    /// Lead, with this storage to look into.
    Lead(Arc<dyn Storage>),
}

/// How many of them a caller is told before it listens: once to lead, and its answer.
const TURNS: usize = 2;

/// A caller that blocks and could lead.
pub(super) struct Seat {
    thread: ThreadId,
    turns: SyncSender<Turn>,
}

impl Waiter {
    /// Lets this thread wait for the answer; `looked` is as for [`Waiter::join`].
    pub fn wait(
        self: &Arc<Self>,
        storage: Arc<dyn Storage>,
        queue: &Queue,
        options: ReceiveOptions,
        started_ms: u64,
        looked: Option<(u64, Option<u64>)>,
    ) -> Answer {
        let (sender, turns) = sync_channel(TURNS);
        let seat = Seat {
            thread: std::thread::current().id(),
            turns: sender.clone(),
        };
        let callback = Box::new(move |answer| {
            // Nobody listens only if the waiting thread is gone, which blocks below.
            let _ = sender.send(Turn::Answer(answer));
        });
        let pending = Pending::new(queue.clone(), options, started_ms, callback);
        let mut told = self.sit_down(storage, pending, looked, seat)?;
        loop {
            if let Some(storage) = told
                && let Some(answer) = self.lead(storage, &turns)
            {
                return answer;
            }
            told = match turns.recv() {
                Ok(Turn::Answer(answer)) => return answer,
                Ok(Turn::Lead(storage)) => Some(storage),
                Err(_) => {
                    let text = "a wait ended without an answer";
                    return Err(Error::new(ErrorKind::Internal, text));
                }
            };
        }
    }

    /// Takes a place in the line; gives the storage back to who is to lead.
    fn sit_down(
        &self,
        storage: Arc<dyn Storage>,
        pending: Pending,
        looked: Option<(u64, Option<u64>)>,
        seat: Seat,
    ) -> Result<Option<Arc<dyn Storage>>> {
        let mut state = self.state.lock();
        if state.stop {
            drop(state);
            drop(pending);
            return Err(closed());
        }
        let id = state.enter(pending, looked);
        if state.leader.is_none() {
            state.leader = Some(seat.thread);
            return Ok(Some(storage));
        }
        if !state.threaded {
            state.seats.insert(id, seat);
        }
        self.call_leader(state, &*storage);
        Ok(None)
    }

    /// Leads until this caller has its answer, the waiter thread takes over, or the store closes.
    fn lead(&self, storage: Arc<dyn Storage>, turns: &Receiver<Turn>) -> Option<Answer> {
        let leading = Leading {
            waiter: self,
            storage: Some(storage.clone()),
        };
        let mut answer = None;
        while answer.is_none() && self.may_lead() {
            self.round(&*storage, || {
                if let Ok(Turn::Answer(own)) = turns.try_recv() {
                    answer = Some(own);
                }
                answer.is_some()
            });
        }
        drop(storage);
        drop(leading);
        answer
    }

    fn may_lead(&self) -> bool {
        let state = self.state.lock();
        !state.stop && !state.threaded
    }

    /// Ends the lead of this caller: another one goes on, or the waiter thread.
    fn hand_over(&self, storage: Arc<dyn Storage>) {
        let mut state = self.state.lock();
        if !state.threaded
            && !state.stop
            && let Some((_, seat)) = state.seats.pop_first()
        {
            state.leader = Some(seat.thread);
            drop(state);
            // It blocks, and has room for this.
            let _ = seat.turns.send(Turn::Lead(storage));
            return;
        }
        if !state.threaded && state.stop {
            drop(state);
            self.end_all();
            state = self.state.lock();
        }
        state.leader = None;
        // A close is complete when nobody uses the storage.
        state.leaving += 1;
        drop(state);
        drop(storage);
        self.state.lock().leaving -= 1;
        self.changed.notify_all();
    }
}

/// That a caller leads; dropped it does not, also where the storage panicked.
struct Leading<'a> {
    waiter: &'a Waiter,
    storage: Option<Arc<dyn Storage>>,
}

impl Drop for Leading<'_> {
    fn drop(&mut self) {
        if let Some(storage) = self.storage.take() {
            self.waiter.hand_over(storage);
        }
    }
}
