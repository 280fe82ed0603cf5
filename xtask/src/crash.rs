//! `cargo xtask crash`: processes killed under load, audited from outside.

use crate::place::Profile;
use crate::shell::Call;

pub fn run(arguments: &[String]) -> crate::Outcome {
    Call::cargo()
        .args(["build", "--release", "--package", "forebay-crash"])
        .run()?;
    Call::new(Profile::Release.program("forebay-crash")?)
        .args(arguments)
        .run()
}
