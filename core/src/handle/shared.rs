//! What all handles of one opened store share, and its end.

use super::birth::Birth;
use super::call::Call;
use super::ids::IdGenerator;
use super::waiter::Waiter;
use crate::command::{Command, Outcome, Strictness};
use crate::error::{Error, ErrorKind, Result};
use crate::store::Storage;
use crate::sync::RwLock;
use std::sync::Arc;

/// What [`OpenOptions`](super::OpenOptions) decided for the handles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub strictness: Strictness,
    pub manual_clock: bool,
}

pub(super) struct Shared {
    birth: Birth,
    /// `None` once closed, so that a close frees the store under handles that are still held.
    storage: RwLock<Option<Arc<dyn Storage>>>,
    pub settings: Settings,
    pub ids: IdGenerator,
    pub waiter: Arc<Waiter>,
}

impl Shared {
    pub fn new(storage: Arc<dyn Storage>, settings: Settings) -> Result<Arc<Self>> {
        let birth = Birth::here()?;
        Ok(Arc::new(Self {
            birth,
            storage: RwLock::new(Some(storage)),
            settings,
            ids: IdGenerator::new()?,
            waiter: Waiter::new(birth, settings.manual_clock),
        }))
    }

    /// The store, for every call of every handle.
    pub fn storage(&self) -> Result<Arc<dyn Storage>> {
        self.birth.check()?;
        self.storage.read().clone().ok_or_else(closed)
    }

    pub fn execute(&self, command: Command) -> Result<Outcome> {
        self.storage()?.execute(command)
    }

    /// A command, and how its answer is read.
    pub fn call<T: 'static>(
        &self,
        command: Command,
        read: impl FnOnce(Outcome) -> Result<T> + Send + 'static,
    ) -> Result<Call<T>> {
        Ok(Call::ask(self.storage()?, command, read))
    }

    /// Ends the waits, then the store. A second close finds nothing to do.
    pub fn close(&self) {
        if self.birth.is_elsewhere() {
            return;
        }
        let storage = self.storage.write().take();
        self.waiter.close(storage.as_deref());
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.birth.is_elsewhere() {
            // The parent's files and threads: leaving them alone means not even dropping them.
            std::mem::forget(self.storage.get_mut().take());
            std::mem::forget(self.waiter.clone());
            return;
        }
        self.close();
    }
}

/// The store was closed.
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the store was closed; open it again")
}

/// The store gave an answer of another kind than the command has.
pub(super) fn unexpected(outcome: &Outcome) -> Error {
    let text = format!("the store gave an answer of the wrong kind: {outcome:?}");
    Error::new(ErrorKind::Internal, text)
}

/// Carries out a command and takes its answer apart.
macro_rules! answer {
    ($shared:expr, $command:expr, $pattern:pat => $value:expr) => {
        match $shared.execute($command)? {
            $pattern => Ok($value),
            other => Err($crate::handle::shared::unexpected(&other)),
        }
    };
}
pub(super) use answer;

/// Takes the answer to a command apart.
macro_rules! read {
    ($pattern:pat => $value:expr) => {
        move |outcome| match outcome {
            $pattern => $value,
            other => Err($crate::handle::shared::unexpected(&other)),
        }
    };
}
pub(super) use read;
