//! `cargo xtask portable`: the core's tests on the calls that macOS and Windows fall back to.

use crate::place::target;
use crate::shell::Call;

/// The flag changes every crate's build, so the results have a folder of their own.
pub fn run(arguments: &[String]) -> crate::Outcome {
    Call::cargo()
        .args(["test", "--package", "forebay", "--lib", "--target-dir"])
        .arg(target()?.join("portable"))
        .arg("--")
        .args(arguments)
        .env("RUSTFLAGS", "--cfg forebay_portable")
        .run()
}
