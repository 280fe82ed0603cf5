//! Receives whose client may go away before the answer. A wait holds a ticket of the library, not
//! a thread.

use super::{Backend, blocking};
use crate::wire::Refusal;
use forebay::{Message, Queue, ReceiveOptions, Result, Ticket, VisibilityRequest};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
    let waiting = Waiting::new(backend.waiting.clone());
    let over = waiting.clone();
    let callback = move |answer| {
        over.end();
        // On the thread of all waits: what takes time goes elsewhere.
        if let Err(Ok(messages)) = sender.send(answer) {
            give_back(&runtime, messages);
        }
    };
    let ticket = queue.receive_start(options, callback)?;
    waiting.begin();
    let mut poll = Poll {
        ticket: Some(ticket),
        awaited: Awaited(receiver),
    };
    let mut draining = backend.draining.clone();
    tokio::select! {
        answer = &mut poll.awaited.0 => return poll.finish(answer),
        // The sender lives as long as the server; its end is one more way to drain.
        _ = draining.wait_for(|draining| *draining) => {}
    }
    if let Some(ticket) = poll.ticket.take() {
        blocking(move || ticket.cancel()).await?;
    }
    // After a cancel the callback has run.
    let answer = (&mut poll.awaited.0).await;
    match poll.finish(answer) {
        Err(refusal) if refusal.status() == 503 => Ok(Vec::new()),
        other => other,
    }
}

/// Takes what is there. It does not wait for messages, but may have to for the store.
pub async fn at_once(
    queue: &Queue,
    options: ReceiveOptions,
) -> std::result::Result<Vec<Message>, Refusal> {
    let (sender, receiver) = oneshot::channel();
    let mut awaited = Awaited(receiver);
    let (queue, runtime) = (queue.clone(), Handle::current());
    Handle::current().spawn_blocking(move || {
        if let Err(Ok(messages)) = sender.send(queue.receive(&options)) {
            give_back(&runtime, messages);
        }
    });
    match (&mut awaited.0).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Refusal::internal()),
    }
}

/// Counts one receive from when its wait has begun, so that who sees the count and moves a clock
/// moves it within the wait, until it is over.
#[derive(Clone)]
struct Waiting {
    count: Arc<AtomicU64>,
    /// It has begun and is not over, or is over and has not begun.
    half: Arc<AtomicBool>,
}

impl Waiting {
    fn new(count: Arc<AtomicU64>) -> Self {
        let half = Arc::default();
        Self { count, half }
    }

    fn begin(&self) {
        self.count.fetch_add(1, Ordering::AcqRel);
        self.pass();
    }

    fn end(&self) {
        self.pass();
    }

    /// Whichever of both comes second takes the count back.
    fn pass(&self) {
        if self.half.swap(true, Ordering::AcqRel) {
            self.count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A wait of a client that is still there, until it is finished.
struct Poll {
    ticket: Option<Ticket>,
    awaited: Awaited,
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
        runtime.spawn_blocking(move || ticket.cancel());
    }
}

/// Messages on their way to a client that is still there.
struct Awaited(oneshot::Receiver<Result<Vec<Message>>>);

impl Drop for Awaited {
    /// They may have come when nobody looked any more.
    fn drop(&mut self) {
        self.0.close();
        if let Ok(Ok(messages)) = self.0.try_recv()
            && let Ok(runtime) = Handle::try_current()
        {
            give_back(&runtime, messages);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use forebay::Store;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    #[test]
    fn s4_5_a_short_poll_of_a_vanished_client_gives_back_what_it_took() {
        // One thread that may wait: what was handed to it first is done first.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        let store = Store::open("mem:").unwrap();
        let queue = store.create_queue("q", &Default::default()).unwrap();
        for round in 1..=20 {
            queue.send("kept").unwrap();
            let mut receive = Box::pin(at_once(&queue, ReceiveOptions::new().wait(0)));
            let mut context = Context::from_waker(Waker::noop());
            let inside = runtime.enter();
            if let Poll::Ready(answer) = receive.as_mut().poll(&mut context) {
                // It was faster than its client could go.
                answer.unwrap()[0].delete().unwrap();
                continue;
            }
            drop(receive);
            drop(inside);
            runtime.block_on(async { blocking(|| ()).await.unwrap() });
            // Its own timeout is 30 s.
            let found = queue.receive(&ReceiveOptions::new().wait(20)).unwrap();
            assert_eq!(found.len(), 1, "round {round}");
            found[0].delete().unwrap();
        }
    }
}
