//! Something that an event loop can wait for.

use forebay_core::{Error, Result};
use std::io::Write;

/// A file descriptor that turns readable once and stays so.
///
/// A pipe on every platform: the standard library makes one without unsafe code, and select,
/// poll, epoll and kqueue all take it. An eventfd would save one descriptor while the wait lasts.
#[derive(Debug)]
pub struct Event {
    reader: std::io::PipeReader,
    /// `None` once the event has happened.
    writer: Option<std::io::PipeWriter>,
}

impl Event {
    /// An event that has not happened. Error: `Io` when no descriptor is left.
    pub fn new() -> Result<Self> {
        let (reader, writer) =
            std::io::pipe().map_err(|error| Error::io("make a pipe for an event", &error))?;
        Ok(Self {
            reader,
            writer: Some(writer),
        })
    }

    /// Makes the descriptor readable. Later calls do nothing.
    pub fn set(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            // One byte fits an empty pipe; and should the write fail, the end of the file that
            // follows makes the descriptor readable as well.
            let _ = writer.write_all(&[1]);
        }
    }

    /// The descriptor. It belongs to the event: wait for it, but neither read nor close it.
    #[cfg(unix)]
    pub fn descriptor(&self) -> i32 {
        use std::os::fd::AsRawFd;
        self.reader.as_raw_fd()
    }

    /// Windows has no descriptor that its waits take.
    #[cfg(not(unix))]
    pub fn descriptor(&self) -> i32 {
        -1
    }
}
