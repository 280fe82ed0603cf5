//! The program `forebay`.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(forebay_server::program::run(std::env::args_os().skip(1)))
}
