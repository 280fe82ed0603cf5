//! `cargo xtask bench`: builds the benchmark with optimisation and runs it.

mod overhead;
mod peers;

use crate::place::Profile;
use crate::shell::Call;

pub fn run(arguments: &[String]) -> crate::Outcome {
    Call::cargo()
        .args(["build", "--release", "--package", "forebay-bench"])
        .run()?;
    let program = Profile::Release.program("forebay-bench")?;
    if let Some((first, rest)) = arguments.split_first()
        && first == "--python"
    {
        return overhead::python(&program, rest);
    }
    if arguments == ["--node"] {
        return overhead::node(&program);
    }
    let mut bench = Call::new(&program);
    let mut rest = arguments;
    if let Some((_, others)) = arguments
        .split_first()
        .filter(|(word, _)| *word == "--peers")
    {
        bench = bench.arg("--peers").arg(peers::prepare(&program)?);
        rest = others;
    }
    bench.args(rest).run()
}
