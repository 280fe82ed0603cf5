//! `cargo xtask model`: random histories, every store against the reference.

use crate::shell::Call;

/// `tests/model` reads the arguments; optimised, or 20,000 histories take an afternoon.
pub fn run(arguments: &[String]) -> crate::Outcome {
    Call::cargo()
        .args([
            "run",
            "--quiet",
            "--release",
            "--package",
            "forebay-model",
            "--",
        ])
        .args(arguments)
        .run()
}
