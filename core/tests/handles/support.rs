//! Stores to test on, and waits with watchdogs.

use forebay::store::ClockMode;
use forebay::{Message, OpenOptions, Queue, QueueOptions, ReceiveOptions, Result, Store, Ticket};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

/// Where manual clocks start: an ordinary day.
pub const START_MS: u64 = 1_700_000_000_000;

/// No answer of a healthy store takes this long.
pub const WATCHDOG: Duration = Duration::from_secs(60);

/// The stores that every test runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    Model,
    Embedded,
}

/// Makes tests of functions over a [`Backend`].
macro_rules! on_every_store {
    ($($test:ident,)*) => {
        mod on_model {
            $(#[test] fn $test() { super::$test(crate::support::Backend::Model) })*
        }
        mod on_embedded {
            $(#[test] fn $test() { super::$test(crate::support::Backend::Embedded) })*
        }
    };
}
pub(crate) use on_every_store;

impl Backend {
    pub fn open(self, options: &OpenOptions) -> Store {
        let location = match self {
            Self::Model => "model:",
            Self::Embedded => "mem:",
        };
        options.open(location).unwrap()
    }

    /// A store whose time is moved by the test.
    pub fn manual(self) -> Store {
        self.open(&manual())
    }

    /// A store on real time.
    pub fn real(self) -> Store {
        self.open(&OpenOptions::new())
    }
}

/// Options with a manual clock.
pub fn manual() -> OpenOptions {
    OpenOptions::new().clock(ClockMode::Manual { start_ms: START_MS })
}

/// A standard queue with the defaults.
pub fn queue(store: &Store) -> Queue {
    store.create_queue("q", &QueueOptions::new()).unwrap()
}

/// A FIFO queue that deduplicates by content.
pub fn fifo(store: &Store) -> Queue {
    let options = QueueOptions::new().fifo().content_deduplication(true);
    store.create_queue("q.fifo", &options).unwrap()
}

/// A receive of one message that waits as long as it may.
pub fn long() -> ReceiveOptions {
    ReceiveOptions::new().wait(20)
}

/// A receive of one message that does not wait.
pub fn short() -> ReceiveOptions {
    ReceiveOptions::new().wait(0)
}

/// A started receive.
pub struct Wait {
    pub ticket: Ticket,
    answers: Receiver<Result<Vec<Message>>>,
}

impl Wait {
    pub fn start(queue: &Queue, options: ReceiveOptions) -> Self {
        let (sender, answers) = mpsc::channel();
        let callback = move |answer| {
            // A test may have lost interest.
            let _ = sender.send(answer);
        };
        let ticket = queue.receive_start(options, callback).unwrap();
        Self { ticket, answers }
    }

    /// The answer, which must come.
    pub fn answer(&self) -> Result<Vec<Message>> {
        let answer = self.answers.recv_timeout(WATCHDOG);
        answer.expect("a wait should have been answered")
    }

    /// The bodies of the answer, which must be messages.
    pub fn bodies(&self) -> Vec<String> {
        bodies(&self.answer().unwrap())
    }

    /// The answer if there is one. Meaningful after [`settled`].
    pub fn now(&self) -> Option<Result<Vec<Message>>> {
        self.answers.try_recv().ok()
    }
}

/// Lets the waits of a store with a manual clock get what there is for them.
pub fn settled(store: &Store) {
    store.advance(0).unwrap();
}

/// The bodies of messages, as text.
pub fn bodies(messages: &[Message]) -> Vec<String> {
    let text = |message: &Message| String::from_utf8(message.body().to_vec()).unwrap();
    messages.iter().map(text).collect()
}

/// What a short receive gets, as text.
pub fn take(queue: &Queue, max: u32) -> Vec<String> {
    bodies(&queue.receive(&short().max(max)).unwrap())
}

/// Waits for something that other threads bring about.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < WATCHDOG, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
