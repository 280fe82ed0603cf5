//! `cargo xtask scenarios`: the corpus through drivers of choice.

use crate::place::Profile;
use crate::shell::Call;
use crate::whole;

/// `tests/runner` reads the arguments.
pub fn run(arguments: &[String]) -> crate::Outcome {
    runner()?.args(arguments).run()
}

/// The runner's program.
pub fn runner() -> Result<Call, String> {
    whole::build()?;
    Ok(Call::new(Profile::Dev.program("forebay-scenarios")?))
}
