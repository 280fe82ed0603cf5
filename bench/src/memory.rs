//! Resident memory of this process and of others.

use std::io;

/// Resident bytes by kind, as the kernel counts them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resident {
    /// Private memory (`RssAnon`).
    pub anonymous: u64,
    /// Mapped files, above all the index (`RssFile`); the kernel takes these back when it needs
    /// room.
    pub file: u64,
}

/// The current figures of this process.
pub fn resident() -> io::Result<Resident> {
    resident_of(std::process::id())
}

/// Those of another process.
pub fn resident_of(process: u32) -> io::Result<Resident> {
    Ok(Resident {
        anonymous: field(process, "RssAnon:")?,
        file: field(process, "RssFile:")?,
    })
}

/// The most bytes that a process ever had resident.
pub fn peak(process: u32) -> io::Result<u64> {
    field(process, "VmHWM:")
}

/// A line of a process's status that counts KiB, in bytes.
fn field(process: u32, name: &str) -> io::Result<u64> {
    let file = format!("/proc/{process}/status");
    let status = std::fs::read_to_string(&file)?;
    let line = status.lines().find(|line| line.starts_with(name));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    let kib: Option<u64> = number.and_then(|number| number.parse().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| io::Error::other(format!("{file} has no {name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_touched_is_counted() {
        let before = resident().unwrap();
        let touched = vec![1u8; 64 << 20];
        let after = resident().unwrap();
        assert!(after.anonymous >= before.anonymous + (60 << 20));
        assert!(peak(std::process::id()).unwrap() >= after.anonymous);
        assert_eq!(touched[touched.len() - 1], 1);
    }
}
