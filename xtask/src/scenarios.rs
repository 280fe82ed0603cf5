//! `cargo xtask scenarios`: the corpus through drivers of choice.

use crate::shell::Call;

/// `tests/runner` reads the arguments.
pub fn run(arguments: &[String]) -> crate::Outcome {
    Call::cargo()
        .args(["run", "--quiet", "--package", "forebay-scenarios", "--"])
        .args(arguments)
        .run()
}
