//! Running on a modelled disk: this program starts itself again with disk/modelled.c preloaded.

use crate::workloads::Failure;
use std::process::{Command, ExitCode};

const SOURCE: &str = include_str!("../disk/modelled.c");

/// Compiles the model and runs this program under it, in memory; returns its exit code.
pub fn run() -> Result<ExitCode, Failure> {
    let private = tempfile::tempdir()?;
    let source = private.path().join("modelled.c");
    let library = private.path().join("modelled.so");
    std::fs::write(&source, SOURCE)?;
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let compiled = Command::new(&compiler)
        .args(["-O2", "-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status()?;
    if !compiled.success() {
        return Err(format!("{compiler} could not compile the modelled disk: {compiled}").into());
    }
    let words = std::env::args_os()
        .skip(1)
        .filter(|word| word != "--modelled-disk");
    let status = Command::new(std::env::current_exe()?)
        .args(words)
        .args(["--dir", "/dev/shm"])
        .env("LD_PRELOAD", &library)
        .status()?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
