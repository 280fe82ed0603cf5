//! `cargo xtask scenarios`: the corpus through drivers of choice.

use crate::place::Profile;
use crate::shell::Call;

/// `tests/runner` reads the arguments.
pub fn run(arguments: &[String]) -> crate::Outcome {
    runner()?.args(arguments).run()
}

/// The runner's program, built with the features that its drivers are built with.
pub fn runner() -> Result<Call, String> {
    Call::cargo()
        .args(["build", "--quiet", "--workspace", "--all-features"])
        .arg("--all-targets")
        .run()?;
    Ok(Call::new(Profile::Dev.program("forebay-scenarios")?))
}
