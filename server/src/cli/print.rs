//! What goes to standard output and standard error. Both may be files on a full disk, or pipes that
//! nobody reads any more: the macros of the standard library would panic there.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;
use std::io::{self, BufWriter, Write};

/// Standard output, a line of JSON a record.
pub struct Lines {
    out: BufWriter<io::StdoutLock<'static>>,
}

impl Lines {
    pub fn new() -> Self {
        Self {
            out: BufWriter::new(io::stdout().lock()),
        }
    }

    /// Writes a record. A reader that went away, such as `head`, is a failure.
    pub fn put(&mut self, record: &Value) -> Result<(), String> {
        writeln!(self.out, "{record}").map_err(|error| written(&error))
    }

    /// What was put is with the reader when this returns.
    pub fn flush(&mut self) -> Result<(), String> {
        self.out.flush().map_err(|error| written(&error))
    }
}

/// Writes a text to standard output; it is with the reader when this returns.
pub fn text(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| written(&error))
}

/// A line on standard error. Where it takes none, the exit status tells of a failure alone.
pub fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn written(error: &io::Error) -> String {
    format!("write to standard output: {error}")
}

/// A bar on a terminal, and nothing elsewhere.
pub fn bar(total: u64, what: &str) -> ProgressBar {
    let bar = ProgressBar::new(total);
    let template = format!("{{bar:40}} {{human_pos}} of {{human_len}} {what}, {{per_sec}}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style);
    }
    bar
}
