//! Resident memory of this process.

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

/// Reads the current figures.
pub fn resident() -> io::Result<Resident> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        let kib: Option<u64> = number.and_then(|number| number.parse().ok());
        kib.map(|kib| kib * 1024)
            .ok_or_else(|| io::Error::other(format!("/proc/self/status has no {name}")))
    };
    Ok(Resident {
        anonymous: field("RssAnon:")?,
        file: field("RssFile:")?,
    })
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
        assert_eq!(touched[touched.len() - 1], 1);
    }
}
