//! Everything at once, as the tests need it. Whoever needs a part of it in the same profile builds
//! all: a part has other features, and everything below it would be compiled a second time.

use crate::shell::Call;

/// What calls of cargo are about.
pub const SELECTION: &[&str] = &["--workspace", "--all-features"];

/// Builds libraries, programs, tests and examples. Nothing to do where it has been done.
pub fn build() -> Result<(), String> {
    let call = Call::cargo().arg("build").args(SELECTION);
    call.arg("--all-targets").run()
}
