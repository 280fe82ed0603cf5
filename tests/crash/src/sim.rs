//! A store on a simulated disk, and a history of two clients on it.

use crate::audit::{Findings, audit};
use crate::load::{Load, Memory, Queues};
use crate::notes::{Event, Note};
use crate::{Failure, open_options, small_segments};
use forebay::store::embedded::disk::Disk;
use forebay::store::embedded::{self, Surroundings};
use forebay::store::{ClockMode, StoreOptions};
use forebay::{Result, Store};
use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

/// Time of a new store, milliseconds since the epoch.
const START_MS: u64 = 1_700_000_000_000;
/// Small, so that a short history fills and reclaims several.
const SEGMENT_BYTES: u64 = 64 << 10;
/// The boot of histories.
pub const FIRST_BOOT: u8 = 1;
/// Rounds without progress after which a drain is given up; each is 200 ms of the store's time.
const IDLE_MAX: u32 = 1_000;

/// Opens the store in `dir` whose log is on `disk`, on a machine that was started for the
/// `boot`-th time: with another boot than the last one, nothing in `dir` is trusted.
pub fn open(disk: Arc<dyn Disk>, dir: &Path, boot: u8) -> Result<Store> {
    let clock = ClockMode::Manual { start_ms: START_MS };
    let options = StoreOptions {
        clock,
        segment_bytes: SEGMENT_BYTES,
        limits: small_segments(),
        ..StoreOptions::default()
    };
    let surroundings = Surroundings {
        disk: Some(disk),
        boot: Some([boot; 16]),
        wall_ms: None,
    };
    std::fs::create_dir_all(dir).map_err(|error| forebay::Error::io("make a directory", &error))?;
    let storage = embedded::open_on(dir, &options, &surroundings)?;
    open_options().clock(clock).open_storage(storage)
}

/// A history: its notes, and how far it came.
pub struct History {
    pub notes: Rc<RefCell<Vec<Note>>>,
    /// The error that ended it early.
    pub error: Option<forebay::Error>,
}

impl History {
    /// Plays `steps` operations of two clients, or fewer if one fails.
    pub fn play(disk: Arc<dyn Disk>, dir: &Path, steps: u64, seed: u64) -> Self {
        let notes = Rc::new(RefCell::new(Vec::new()));
        let error = play(disk, dir, steps, seed, &notes).err();
        Self { notes, error }
    }

    /// Opens what is left after a crash, receives and deletes everything, and audits all notes.
    pub fn drain_and_audit(
        &self,
        disk: Arc<dyn Disk>,
        dir: &Path,
        boot: u8,
    ) -> std::result::Result<Findings, Failure> {
        let store = open(disk, dir, boot)?;
        self.note(Event::Restarted);
        for problem in store.check()?.problems {
            self.note(Event::Wrong(problem));
        }
        let mut idle = 0;
        client(&store, u32::MAX, 0, &self.notes)?.drain(|| {
            idle += 1;
            if idle > IDLE_MAX {
                let text = "the queues do not get empty";
                return Err(forebay::Error::new(forebay::ErrorKind::Internal, text));
            }
            store.advance(200).map(drop)
        })?;
        for problem in store.check()?.problems {
            self.note(Event::Wrong(problem));
        }
        Ok(audit(&self.notes.borrow()))
    }

    fn note(&self, event: Event) {
        self.notes.borrow_mut().push(Note {
            time_us: 0,
            who: 0,
            event,
        });
    }
}

fn client(
    store: &Store,
    who: u32,
    seed: u64,
    notes: &Rc<RefCell<Vec<Note>>>,
) -> Result<Load<Memory>> {
    let memory = Memory {
        who,
        notes: notes.clone(),
        store: store.clone(),
    };
    Ok(Load::new(Queues::create(store)?, who, seed, memory))
}

fn play(
    disk: Arc<dyn Disk>,
    dir: &Path,
    steps: u64,
    seed: u64,
    notes: &Rc<RefCell<Vec<Note>>>,
) -> Result<()> {
    let store = open(disk, dir, FIRST_BOOT)?;
    let mut clients = [
        client(&store, 1, seed, notes)?,
        client(&store, 2, seed, notes)?,
    ];
    for step in 0..steps {
        clients[(step % 2) as usize].step()?;
        if step % 10 == 9 {
            store.advance(150)?;
        }
    }
    Ok(())
}
