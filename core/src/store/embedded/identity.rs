//! The file `store`: what kind of directory this is. Text, so that a person can read it.

use crate::error::{Error, ErrorKind, Result};
use crate::limits;
use crate::store::{ClockMode, StoreOptions};
use crate::sys::fs;
use std::ffi::OsStr;
use std::path::Path;

/// First line of the file.
const MAGIC: &str = "forebay store";
/// Version of the directory's layout that this library writes and reads.
pub const FORMAT: u32 = 2;

/// What a directory's `store` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Random; the log and the index carry it.
    pub store_uid: u64,
    /// Bytes of a log segment.
    pub segment_bytes: u64,
    /// True if time stands still until it is advanced.
    pub manual_clock: bool,
}

impl Identity {
    /// Reads the file, or makes it in an empty directory.
    pub fn open(directory: &Path, options: &StoreOptions) -> Result<Self> {
        let manual_clock = matches!(options.clock, ClockMode::Manual { .. });
        let identity = match Self::read(directory)? {
            Some(identity) => identity,
            None => Self::create(directory, options, manual_clock)?,
        };
        if identity.manual_clock != manual_clock {
            let name = |manual| if manual { "manual" } else { "system" };
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{} was made with a {} clock and cannot be opened with a {} one",
                    directory.display(),
                    name(identity.manual_clock),
                    name(manual_clock)
                ),
            ));
        }
        Ok(identity)
    }

    /// What the file says; `None` if there is none.
    fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join("store");
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text, &path).map(Some),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                Err(foreign(&path, "it is not text"))
            }
            Err(error) => Err(Error::io("read the file `store`", &error)),
        }
    }

    fn create(directory: &Path, options: &StoreOptions, manual_clock: bool) -> Result<Self> {
        let entries = std::fs::read_dir(directory)
            .map_err(|error| Error::io("list the directory", &error))?;
        // Leftovers of a creation that was killed are no reason to refuse.
        let foreign_entry = entries
            .flatten()
            .map(|entry| entry.file_name())
            .find(|name| {
                !name.to_string_lossy().starts_with("store.new-") && !is_of_file_system(name)
            });
        if let Some(name) = foreign_entry {
            // Another process may have made the store since we looked: `store` is the first name
            // it makes, so if what was listed is of a store, the file is there by now.
            if let Some(identity) = Self::read(directory)? {
                return Ok(identity);
            }
            return Err(Error::new(
                ErrorKind::ForeignDirectory,
                format!(
                    "{} is not empty and holds no Forebay store (it has {name:?}); choose an empty \
                     or absent directory",
                    directory.display()
                ),
            ));
        }
        if !options.create {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{} holds no store, and creating one was not asked for",
                    directory.display()
                ),
            ));
        }
        let segment_bytes = options.segment_bytes;
        let good = options.limits.segment_bytes_min..=limits::SEGMENT_BYTES_MAX;
        if !segment_bytes.is_power_of_two() || !good.contains(&segment_bytes) {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "segment_bytes is {segment_bytes}; it must be a power of two from {} to {}",
                    good.start(),
                    good.end()
                ),
            ));
        }
        let store_uid = random()?;
        let identity = Self {
            store_uid,
            segment_bytes,
            manual_clock,
        };
        identity.write(directory)?;
        // Another process may have been first: its file counts.
        Self::read(directory)?.ok_or_else(|| {
            let path = directory.join("store");
            Error::new(
                ErrorKind::Io,
                format!("{} was removed while the store was made", path.display()),
            )
        })
    }

    fn write(&self, directory: &Path) -> Result<()> {
        let clock = if self.manual_clock {
            "manual"
        } else {
            "system"
        };
        let text = format!(
            "{MAGIC}\nformat {FORMAT}\nuid {:016x}\nsegment-bytes {}\nclock {clock}\n",
            self.store_uid, self.segment_bytes
        );
        let fail = |error| Error::io("write the file `store`", &error);
        let new = directory.join(format!("store.new-{:016x}", self.store_uid));
        std::fs::write(&new, text).map_err(fail)?;
        std::fs::File::open(&new)
            .and_then(|file| file.sync_all())
            .map_err(fail)?;
        match fs::rename_no_replace(&new, &directory.join("store")) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                let _ = std::fs::remove_file(&new);
            }
            Err(error) => return Err(fail(error)),
        }
        fs::sync_dir(directory).map_err(fail)?;
        // Whoever made the directory may have been killed before its name was on the disk.
        fs::sync_name(directory).map_err(fail)
    }

    fn parse(text: &str, path: &Path) -> Result<Self> {
        let mut lines = text.lines();
        if lines.next() != Some(MAGIC) {
            return Err(foreign(path, &format!("its first line is not {MAGIC:?}")));
        }
        let mut field = |name: &str| {
            let line = lines.next().unwrap_or_default();
            line.strip_prefix(name)
                .and_then(|rest| rest.strip_prefix(' '))
                .map(str::to_owned)
                .ok_or_else(|| damaged(path, &format!("{line:?} stands where {name} should")))
        };
        let format: u32 = field("format")?
            .parse()
            .map_err(|_| damaged(path, "its format is not a number"))?;
        if format != FORMAT {
            return Err(Error::new(
                ErrorKind::UnsupportedFormat,
                format!(
                    "{} has format {format}; this library reads format {FORMAT}",
                    path.display()
                ),
            ));
        }
        let store_uid = u64::from_str_radix(&field("uid")?, 16)
            .map_err(|_| damaged(path, "its uid is not a hexadecimal number"))?;
        let segment_bytes = field("segment-bytes")?
            .parse()
            .map_err(|_| damaged(path, "its segment-bytes is not a number"))?;
        let manual_clock = match field("clock")?.as_str() {
            "manual" => true,
            "system" => false,
            other => return Err(damaged(path, &format!("its clock is {other:?}"))),
        };
        Ok(Self {
            store_uid,
            segment_bytes,
            manual_clock,
        })
    }
}

/// True for what a file system of the ext family has at its top, empty volumes too.
pub fn is_of_file_system(name: &OsStr) -> bool {
    name == "lost+found"
}

fn foreign(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorKind::ForeignDirectory,
        format!("{} is not of a Forebay store: {why}", path.display()),
    )
}

fn damaged(path: &Path, why: &str) -> Error {
    Error::new(
        ErrorKind::Corrupt,
        format!("{} is damaged: {why}", path.display()),
    )
}

fn random() -> Result<u64> {
    getrandom::u64().map_err(|error| {
        Error::new(
            ErrorKind::Io,
            format!("the operating system gave no random numbers: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_of_segments_is_named_with_its_range() {
        for segment_bytes in [0, 5 << 20, 2 << 20, 2 << 30] {
            let directory = tempfile::tempdir().unwrap();
            let options = StoreOptions {
                segment_bytes,
                ..StoreOptions::default()
            };
            let error = Identity::open(directory.path(), &options).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            let text = format!("{segment_bytes}; it must be a power of two from 4194304 to");
            assert!(error.text().contains(&text), "{error}");
        }
    }

    #[test]
    fn a_store_made_between_the_look_and_the_listing_is_opened() {
        let directory = tempfile::tempdir().unwrap();
        let options = StoreOptions::default();
        let first = Identity::open(directory.path(), &options).unwrap();
        std::fs::create_dir(directory.path().join("log")).unwrap();
        // What a second process does that saw no `store` before the first one made it.
        let second = Identity::create(directory.path(), &options, false).unwrap();
        assert_eq!(second, first);
    }
}
