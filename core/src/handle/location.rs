//! Which store a location names.

use crate::error::{Error, ErrorKind, Result};
#[cfg(any(test, feature = "model"))]
use crate::store::model::Model;
#[cfg(feature = "postgres")]
use crate::store::postgres::{self, Postgres};
use crate::store::{Storage, StoreOptions, embedded};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A location as [`OpenOptions::open`](super::OpenOptions::open) takes it, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// A directory.
    Directory(PathBuf),
    /// `mem:`.
    Memory,
    /// `model:`.
    #[cfg(any(test, feature = "model"))]
    Model,
    /// `postgres://`.
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Location>),
}

impl Location {
    pub fn parse(location: &Path) -> Result<Self> {
        match location.to_str() {
            Some("mem:") => Ok(Self::Memory),
            #[cfg(any(test, feature = "model"))]
            Some("model:") => Ok(Self::Model),
            #[cfg(feature = "postgres")]
            Some(text) if is_postgres(text) => {
                Ok(Self::Postgres(Box::new(postgres::Location::parse(text)?)))
            }
            #[cfg(not(feature = "postgres"))]
            Some(text) if is_postgres(text) => Err(Error::new(
                ErrorKind::InvalidArgument,
                "a location postgres:// needs a library that was built with its feature `postgres`",
            )),
            Some("") => Err(unknown("")),
            Some(text) if text.contains("://") || is_scheme(text) => Err(unknown(text)),
            _ => Ok(Self::Directory(location.into())),
        }
    }

    pub fn open(&self, options: &StoreOptions) -> Result<Arc<dyn Storage>> {
        match self {
            #[cfg(any(test, feature = "model"))]
            Self::Model => Ok(Arc::new(Model::new(options.clock))),
            Self::Directory(path) => embedded::open(path, options),
            Self::Memory => embedded::open_memory(options),
            #[cfg(feature = "postgres")]
            Self::Postgres(location) => Ok(Postgres::open(*location.clone(), options)?),
        }
    }
}

fn is_postgres(location: &str) -> bool {
    location.starts_with("postgres://") || location.starts_with("postgresql://")
}

/// A location for people's eyes: a URL without its password.
pub fn show_location(location: &Path) -> String {
    let text = location.to_string_lossy();
    let Some(start) = text.find("://") else {
        return text.into_owned();
    };
    let (scheme, rest) = text.split_at(start + 3);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let shown = match authority.rsplit_once('@') {
        Some((login, hosts)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{user}@{hosts}")
        }
        None => authority.to_owned(),
    };
    let tail = match tail.split_once('?') {
        Some((path, query)) if query.contains("password=") => format!("{path}?..."),
        _ => tail.to_owned(),
    };
    format!("{scheme}{shown}{tail}")
}

/// `word:` with nothing after it is a scheme, not a path; `C:` is a drive.
fn is_scheme(text: &str) -> bool {
    let word = text.strip_suffix(':').unwrap_or("");
    word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn unknown(location: &str) -> Error {
    let text =
        format!("the location {location:?} is neither a directory, \"mem:\" nor a postgres:// URL");
    Error::new(ErrorKind::InvalidArgument, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (text, shown) in [
            ("./queues@home", "./queues@home"),
            (
                "postgres://u:secret@h:1,h2/d?schema=s",
                "postgres://u@h:1,h2/d?schema=s",
            ),
            ("postgres://u@h/d", "postgres://u@h/d"),
            ("postgres://u:s%40@x@h", "postgres://u@h"),
            (
                "postgres://u@h/d?password=secret&schema=s",
                "postgres://u@h/d?...",
            ),
            (
                "postgres://h/d?user=u&password=secret",
                "postgres://h/d?...",
            ),
            ("postgres://h/d?a=@", "postgres://h/d?a=@"),
        ] {
            assert_eq!(show_location(Path::new(text)), shown);
        }
    }

    #[test]
    fn locations() {
        for (text, location) in [
            ("mem:", Location::Memory),
            ("model:", Location::Model),
            ("C:", Location::Directory("C:".into())),
            ("./mem:", Location::Directory("./mem:".into())),
            ("/a/b", Location::Directory("/a/b".into())),
        ] {
            assert_eq!(Location::parse(Path::new(text)), Ok(location));
        }
        for bad in ["", "https://h", "memory:"] {
            let error = Location::parse(Path::new(bad)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.text().contains(&format!("{bad:?}")));
        }
    }
}
