//! Long polls: a wait holds a ticket of the library, not a thread.

use super::{Backend, blocking};
use crate::wire::Refusal;
use forebay::{Message, Queue, ReceiveOptions, Result, Ticket, VisibilityRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Waits for messages. When the server drains, the wait ends early with none; when the future is
/// dropped because the client went away, it takes none (S4.5).
pub async fn wait(
    queue: &Queue,
    options: ReceiveOptions,
    backend: &Backend,
) -> std::result::Result<Vec<Message>, Refusal> {
    let (sender, receiver) = oneshot::channel();
    let runtime = Handle::current();
    let waiting = backend.waiting.clone();
    // Before the callback can run; the wait is over when it has.
    waiting.fetch_add(1, Ordering::AcqRel);
    let over = Waiting(waiting);
    let callback = move |answer| {
        drop(over);
        // On the thread of all waits: what takes time goes elsewhere.
        if let Err(Ok(messages)) = sender.send(answer) {
            give_back(&runtime, messages);
        }
    };
    let ticket = queue.receive_start(options, callback)?;
    let mut poll = Poll {
        ticket: Some(ticket),
        receiver,
    };
    let mut draining = backend.draining.clone();
    tokio::select! {
        answer = &mut poll.receiver => return poll.finish(answer),
        // The sender lives as long as the server; its end is one more way to drain.
        _ = draining.wait_for(|draining| *draining) => {}
    }
    if let Some(ticket) = poll.ticket.take() {
        blocking(move || ticket.cancel()).await?;
    }
    // After a cancel the callback has run.
    let answer = (&mut poll.receiver).await;
    match poll.finish(answer) {
        Err(refusal) if refusal.status() == 503 => Ok(Vec::new()),
        other => other,
    }
}

/// Counts one receive that waits, for as long as it is held.
struct Waiting(Arc<AtomicU64>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A wait of a client that is still there, until it is finished.
struct Poll {
    ticket: Option<Ticket>,
    receiver: oneshot::Receiver<Result<Vec<Message>>>,
}

impl Poll {
    fn finish(
        &mut self,
        answer: std::result::Result<Result<Vec<Message>>, oneshot::error::RecvError>,
    ) -> std::result::Result<Vec<Message>, Refusal> {
        self.ticket = None;
        match answer {
            Ok(answer) => Ok(answer?),
            Err(_) => Err(Refusal::internal()),
        }
    }
}

impl Drop for Poll {
    /// The client went away. A cancel may have to wait for a look that runs just now.
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else {
            return;
        };
        let Ok(runtime) = Handle::try_current() else {
            return ticket.cancel();
        };
        self.receiver.close();
        // The answer may have come in between.
        if let Ok(Ok(messages)) = self.receiver.try_recv() {
            give_back(&runtime, messages);
        }
        runtime.spawn_blocking(move || ticket.cancel());
    }
}

/// Makes messages visible again that nobody waits for any more.
pub fn give_back(runtime: &Handle, messages: Vec<Message>) {
    runtime.spawn_blocking(move || {
        let Some(first) = messages.first() else {
            return;
        };
        let changes = messages
            .iter()
            .map(|message| VisibilityRequest::from((message, 0)));
        // Where this fails they come back when their visibility timeout ends.
        if let Err(error) = first.queue().change_visibility_batch(changes) {
            tracing::warn!(%error, "messages of a vanished client were not given back at once");
        }
    });
}
