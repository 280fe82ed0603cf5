//! `cargo xtask bench`: builds the benchmark with optimisation and runs it.

mod overhead;
mod peers;
mod postgres;
mod servers;

use crate::place::Profile;
use crate::shell::Call;

/// Long polls at once.
const POLLS: &str = "10000";

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
    if let Some((first, rest)) = arguments.split_first()
        && first == "--servers"
    {
        Call::cargo()
            .args(["build", "--release", "--package", "forebay-server"])
            .run()?;
        return servers::run(&program, rest);
    }
    if arguments == ["--polls"] {
        return Call::new(&program).args(["--polls", POLLS]).run();
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
    if let Some((_, others)) = arguments
        .split_first()
        .filter(|(word, _)| *word == "--postgres")
    {
        bench = bench.arg("--postgres").arg(postgres::prepare()?);
        rest = others;
    }
    bench.args(rest).run()
}
