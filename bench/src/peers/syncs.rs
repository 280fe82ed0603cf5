//! Counting the syncs of programs from outside, so that a claimed durability is seen.

use crate::workloads::Failure;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

const SOURCE: &str = include_str!("../../peers/count_syncs.c");

/// The library that is preloaded.
pub struct Counter {
    library: PathBuf,
}

impl Counter {
    /// Compiles it into `folder`.
    pub fn compile(folder: &Path) -> Result<Self, Failure> {
        let source = folder.join("count_syncs.c");
        let library = folder.join("count_syncs.so");
        std::fs::write(&source, SOURCE)?;
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
        let compiled = Command::new(&compiler)
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status()?;
        if compiled.success() {
            return Ok(Self { library });
        }
        Err(format!("{compiler} could not compile count_syncs.c: {compiled}").into())
    }

    /// Lets `command` and what it starts count in the file `count`, which is made if absent.
    pub fn watch(&self, command: &mut Command, count: &Path) -> Result<(), Failure> {
        if !count.exists() {
            std::fs::write(count, [0u8; 8])?;
        }
        command.env("LD_PRELOAD", &self.library);
        command.env("FOREBAY_BENCH_SYNCS", count);
        Ok(())
    }
}

/// What was counted in a file so far.
pub fn read(count: &Path) -> Result<u64, Failure> {
    let mut number = [0; 8];
    std::fs::File::open(count)?.read_exact_at(&mut number, 0)?;
    Ok(u64::from_ne_bytes(number))
}
