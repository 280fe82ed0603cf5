//! Counting one file. `c/common.c` states the same rules in C; the demo compares the two.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// A file that starts with this is refused by every worker: it is poison on purpose.
pub const POISON: &[u8] = b"FOREBAY-DEMO-POISON";

/// Longest file type; longer extensions count as none.
const KIND_CHARS_MAX: usize = 12;

/// What is counted in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Longest runs of bytes that are not white space.
    pub words: u64,
    /// Newline bytes.
    pub lines: u64,
    /// All bytes.
    pub bytes: u64,
}

impl Counts {
    /// Adds another file's.
    pub fn add(&mut self, other: &Counts) {
        self.words += other.words;
        self.lines += other.lines;
        self.bytes += other.bytes;
    }
}

/// Space, tab, newline, vertical tab, form feed, carriage return.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

/// Counts a file; refuses what cannot be read and what is marked as poison.
pub fn count_file(path: &Path) -> io::Result<Counts> {
    let mut file = File::open(path)?;
    let mut block = vec![0; 64 << 10];
    let mut counts = Counts::default();
    let mut in_word = false;
    loop {
        let length = file.read(&mut block)?;
        if length == 0 {
            return Ok(counts);
        }
        if counts.bytes == 0 && block[..length].starts_with(POISON) {
            return Err(io::Error::other("poison"));
        }
        counts.bytes += length as u64;
        for &byte in &block[..length] {
            let space = is_space(byte);
            counts.lines += u64::from(byte == b'\n');
            counts.words += u64::from(!space && !in_word);
            in_word = !space;
        }
    }
}

/// The type of a file: its extension in lower case, or `none`.
pub fn kind_of(path: &[u8]) -> String {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    let extension = match name.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => &name[dot + 1..],
        _ => &[],
    };
    let plain = extension.iter().all(u8::is_ascii_alphanumeric);
    if extension.is_empty() || extension.len() > KIND_CHARS_MAX || !plain {
        return "none".into();
    }
    String::from_utf8_lossy(extension).to_ascii_lowercase()
}

/// The deduplication id of a file's result: its path where that is one (S7.9: up to 128 ASCII
/// letters, digits and marks), else the path's hash (FNV-1a, 64 bits) and length.
pub fn deduplication_of(path: &[u8]) -> String {
    if path.len() <= 128 && path.iter().all(u8::is_ascii_graphic) {
        return String::from_utf8_lossy(path).into_owned();
    }
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for &byte in path {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!("{hash:016x}-{}", path.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn words_are_runs_between_white_space() {
        let path = std::env::temp_dir().join(format!("forebay-count-{}", std::process::id()));
        let count = |bytes: &[u8]| {
            File::create(&path).unwrap().write_all(bytes).unwrap();
            count_file(&path).map(|counts| (counts.words, counts.lines, counts.bytes))
        };
        assert_eq!(count(b"").unwrap(), (0, 0, 0));
        assert_eq!(count(b" a\x0bb\n\nc\xff d").unwrap(), (4, 2, 10));
        assert_eq!(count(&[b'x'; 200_000]).unwrap(), (1, 0, 200_000));
        assert!(count(POISON).is_err());
        std::fs::remove_file(&path).unwrap();
        assert!(count_file(&path).is_err());
    }

    #[test]
    fn kinds_and_ids_of_paths() {
        assert_eq!(kind_of(b"/a.b/c.HTML"), "html");
        assert_eq!(kind_of(b"/a/.bashrc"), "none");
        assert_eq!(kind_of(b"/a.b/c"), "none");
        assert_eq!(kind_of(b"/a/x.y z"), "none");
        assert_eq!(kind_of(b"/a/x.abcdefghijklm"), "none");
        assert_eq!(deduplication_of(b"/a/b.c"), "/a/b.c");
        assert_eq!(deduplication_of(b"a b"), "e63f991904833892-3");
        assert_eq!(deduplication_of(&[b'a'; 129]).len(), 20);
    }
}
