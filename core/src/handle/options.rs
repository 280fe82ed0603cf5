//! How a store is opened.

use super::Store;
use super::location::Location;
use super::shared::{Settings, Shared};
use crate::command::Strictness;
use crate::error::{Error, ErrorKind, Result};
use crate::key::{DEFAULT_ACCOUNT, DEFAULT_REGION};
use crate::limits;
use crate::rules::{names, time};
use crate::store::{ClockMode, Durability, Storage, StoreLimits, StoreOptions};
use crate::sys::fs::keep_standard_streams;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How a store is opened. The defaults suit a program that wants its own durable queues.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    account: String,
    region: String,
    strictness: Strictness,
    store: StoreOptions,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self::new()
    }
}

impl OpenOptions {
    /// The defaults, as each method names them.
    pub fn new() -> Self {
        Self {
            account: DEFAULT_ACCOUNT.into(),
            region: DEFAULT_REGION.into(),
            strictness: Strictness {
                sqs_limits: false,
                sixty_second_rules: true,
            },
            store: StoreOptions::default(),
        }
    }

    /// Account of the queues named by this handle, 12 digits, and the `SenderId` of its messages.
    /// Default `000000000000`.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = account.into();
        self
    }

    /// Region of the queues named by this handle: 1 to 64 of `[A-Za-z0-9._/-]`.
    /// Default `us-east-1`.
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = region.into();
        self
    }

    /// What an acknowledged answer has survived. Default [`Durability::Full`].
    pub fn durability(mut self, durability: Durability) -> Self {
        self.store.durability = durability;
        self
    }

    /// Where time comes from. Default [`ClockMode::System`].
    pub fn clock(mut self, clock: ClockMode) -> Self {
        self.store.clock = clock;
        self
    }

    /// True: SQS's own limits hold, as over the wire: ten entries a batch and ten messages a
    /// receive (S13.1, S16), 1 MiB a batch (S5.5), SQS's characters in bodies (S5.7). False, the
    /// default: bodies are any bytes, and a batch or receive goes up to 10,000 messages and 64 MiB.
    pub fn sqs_limits(mut self, on: bool) -> Self {
        self.strictness.sqs_limits = on;
        self
    }

    /// True, the default: a name rests for 60 s after its queue was deleted (S11.5), and a queue
    /// can be purged once in 60 s (S11.8). False: both at any time.
    pub fn sixty_second_rules(mut self, on: bool) -> Self {
        self.strictness.sixty_second_rules = on;
        self
    }

    /// True, the default: an absent directory is made, and an absent or empty one becomes a store.
    pub fn create(mut self, on: bool) -> Self {
        self.store.create = on;
        self
    }

    /// True: open on a network file system in spite of the danger. Default false.
    pub fn allow_network_file_system(mut self, on: bool) -> Self {
        self.store.allow_network_file_system = on;
        self
    }

    /// How long an operation waits for a lock that another process holds before it answers
    /// [`Busy`](crate::ErrorKind::Busy), and for a database that is away before it answers
    /// [`Unavailable`](crate::ErrorKind::Unavailable). Default 30 s.
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.store.lock_timeout = timeout;
        self
    }

    /// Size of a log segment of a new store in bytes: a power of two, 4 MiB to 1 GiB.
    /// Default 16 MiB.
    pub fn segment_bytes(mut self, bytes: u64) -> Self {
        self.store.segment_bytes = bytes;
        self
    }

    /// Disk space kept so that receiving and deleting go on when the disk is full, bytes, up to
    /// 1 TiB. Default 8 MiB.
    pub fn reserve_bytes(mut self, bytes: u64) -> Self {
        self.store.reserve_bytes = bytes;
        self
    }

    /// Limits that tests lower.
    #[doc(hidden)]
    pub fn limits(mut self, limits: StoreLimits) -> Self {
        self.store.limits = limits;
        self
    }

    /// Opens `location`: a directory, `mem:` for a private store that ends with its last handle,
    /// or a `postgres://` URL. Two opens of one directory in a process share one engine.
    ///
    /// Errors: [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for a location of an unknown
    /// form, a manual clock beyond the year 9999 and a reserve that is too large,
    /// [`InvalidParameterValue`](crate::ErrorKind::InvalidParameterValue) for an account or
    /// region that cannot be one, and the store's own: `ForeignDirectory`, `UnsupportedFormat`,
    /// `NetworkFileSystem`, `Busy`, `Io`, `Corrupt`, `Unavailable`.
    pub fn open(&self, location: impl AsRef<Path>) -> Result<Store> {
        // Before anything is made.
        names::check_owner(&self.account, &self.region)?;
        if let ClockMode::Manual { start_ms } = self.store.clock {
            time::check_manual_clock(start_ms)?;
        }
        check_reserve(self.store.reserve_bytes)?;
        keep_standard_streams();
        self.open_storage(Location::parse(location.as_ref())?.open(&self.store)?)
    }

    /// Handles of their own over a store that is open already, `mem:` too: with this account and
    /// region and these limits, and closed apart from `store`'s. What belongs to the store itself,
    /// such as clock and durability, stays as it was opened.
    ///
    /// Errors: `Closed`, `Forked`, and `InvalidParameterValue` for an account or region that cannot
    /// be one.
    pub fn open_beside(&self, store: &Store) -> Result<Store> {
        names::check_owner(&self.account, &self.region)?;
        let settings = Settings {
            strictness: self.strictness,
            manual_clock: store.has_manual_clock(),
        };
        let shared = Shared::new(store.shared().storage()?, settings)?;
        Ok(Store::new(shared, &self.account, &self.region))
    }

    /// Handles over a store that was opened by other means, such as one on a simulated disk.
    pub fn open_storage(&self, storage: Arc<dyn Storage>) -> Result<Store> {
        let settings = Settings {
            strictness: self.strictness,
            manual_clock: matches!(self.store.clock, ClockMode::Manual { .. }),
        };
        let shared = Shared::new(storage, settings)?;
        Ok(Store::new(shared, &self.account, &self.region))
    }
}

/// Larger ones could not be counted together with what a store holds.
fn check_reserve(bytes: u64) -> Result<()> {
    match bytes <= limits::RESERVE_BYTES_MAX {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!(
                "reserve_bytes is {bytes}; it must be at most {}",
                limits::RESERVE_BYTES_MAX
            ),
        )),
    }
}
