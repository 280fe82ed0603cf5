//! Where the queues are, and errors that help.

use clap::Args;
use forebay::{Error, ErrorKind, OpenOptions, Queue, Store};
use std::path::PathBuf;

/// Which store, account and region.
#[derive(Debug, Args)]
pub struct Place {
    /// Where the queues are: a directory, or postgres://user@host/database
    #[arg(
        long,
        global = true,
        env = "FOREBAY_STORE",
        value_name = "LOCATION",
        default_value = "./queues"
    )]
    store: PathBuf,
    /// Account of the queues
    #[arg(long, global = true, env = "FOREBAY_ACCOUNT", value_name = "ID")]
    account: Option<String>,
    /// Region of the queues
    #[arg(long, global = true, env = "FOREBAY_REGION", value_name = "NAME")]
    region: Option<String>,
}

impl Place {
    /// Opens the store, which must be there.
    pub fn open(&self) -> Result<Store, String> {
        if !self.is_url() && !self.store.exists() {
            let place = self.store.display();
            return Err(format!(
                "{place} does not exist: name a store with --store or FOREBAY_STORE, or make one \
                 with `forebay create`"
            ));
        }
        self.open_with(OpenOptions::new().create(false))
    }

    /// Opens the store, or makes a new one.
    pub fn open_or_create(&self) -> Result<Store, String> {
        self.open_with(OpenOptions::new())
    }

    /// The queue of this name; if there is none, those that there are stand in the error.
    pub fn queue(&self, store: &Store, name: &str) -> Result<Queue, String> {
        store.get_queue(name).map_err(|error| {
            if error.kind() != ErrorKind::QueueDoesNotExist {
                return say(&error);
            }
            let names = store.list_queues("").unwrap_or_default();
            let place = forebay::handle::show_location(&self.store);
            match names.as_slice() {
                [] => format!("no queue {name:?} in {place}: it has none; see `forebay create`"),
                names => format!("no queue {name:?} in {place}; there are {}", few(names)),
            }
        })
    }

    /// True for a store that is not in files of this machine.
    pub fn is_url(&self) -> bool {
        self.store.to_string_lossy().contains("://")
    }

    /// The location as it was given.
    pub fn location(&self) -> &std::path::Path {
        &self.store
    }

    fn open_with(&self, mut options: OpenOptions) -> Result<Store, String> {
        if let Some(account) = &self.account {
            options = options.account(account);
        }
        if let Some(region) = &self.region {
            options = options.region(region);
        }
        options.open(&self.store).map_err(|error| say(&error))
    }
}

/// An error's text, with its name where a program could look it up.
pub fn say(error: &Error) -> String {
    format!("{} ({})", error.text(), error.kind().name())
}

fn few(names: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut text = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        text += &format!(" and {} others", names.len() - SHOWN);
    }
    text
}
