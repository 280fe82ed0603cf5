//! `cargo xtask fuzz`: libFuzzer on the targets of `fuzz/`, guided by coverage.
//!
//! The compiler of the day is enough: its LLVM has the coverage passes, and the sanitizer's
//! runtime comes with it. `RUSTC_BOOTSTRAP` lets it take the option that links that runtime.

use crate::place;
use crate::shell::Call;
use std::path::{Path, PathBuf};

/// Seconds for each target where none are named.
const SECONDS: u64 = 60;
/// One input may take so long, seconds: more is a hang.
const HANG_S: u64 = 20;
/// One input may make the program so large, MiB.
const MEMORY_MIB: u64 = 2_048;

/// What makes code report the branches it takes and the values it compares.
const COVERAGE: &[&str] = &[
    "--cfg=forebay_fuzz",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Zsanitizer=address",
];

struct Options {
    targets: Vec<String>,
    seconds: u64,
}

pub fn run(arguments: &[String]) -> crate::Outcome {
    let options = parse(arguments)?;
    let known = targets()?;
    if let Some(unknown) = options.targets.iter().find(|it| !known.contains(it)) {
        let known = known.join(", ");
        return Err(format!("no target {unknown:?}; there are {known}"));
    }
    let chosen = match options.targets.is_empty() {
        true => known,
        false => options.targets,
    };
    let program = build()?;
    let mut found = Vec::new();
    for target in chosen {
        if let Err(text) = fuzz(&program, &target, options.seconds) {
            println!("{text}");
            found.push(target);
        }
    }
    match found.is_empty() {
        true => Ok(()),
        false => Err(format!("found something: {}", found.join(", "))),
    }
}

fn parse(arguments: &[String]) -> Result<Options, String> {
    let mut options = Options {
        targets: Vec::new(),
        seconds: SECONDS,
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "--seconds" => {
                let number = words.next().and_then(|number| number.parse().ok());
                let number = number.filter(|number| *number > 0);
                options.seconds = number.ok_or("--seconds needs a whole number above 0")?;
            }
            option if option.starts_with('-') => {
                return Err(format!("no option {option:?}; there is --seconds N"));
            }
            target => options.targets.push(target.to_owned()),
        }
    }
    Ok(options)
}

/// Names of the targets, as the program itself lists them.
fn targets() -> Result<Vec<String>, String> {
    let list = Call::cargo()
        .args([
            "run",
            "--quiet",
            "--package",
            "forebay-fuzz",
            "--",
            "--list",
        ])
        .output()?;
    let name = |line: &str| line.split_whitespace().next().map(str::to_owned);
    Ok(list.lines().filter_map(name).collect())
}

/// Builds the program with the engine in it, apart from everything else.
fn build() -> Result<PathBuf, String> {
    let version = Call::new("rustc").arg("-vV").output()?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("rustc -vV names no host")?;
    let folder = place::target()?.join("fuzz");
    // With a target named, build scripts and macros are compiled without the flags.
    Call::cargo()
        .args(["build", "--package", "forebay-fuzz", "--profile", "fuzz"])
        .args(["--target", host, "--target-dir"])
        .arg(&folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .run()?;
    Ok(folder.join(host).join("fuzz/forebay-fuzz"))
}

/// Runs one target. What it learns stays in its corpus for the next time.
fn fuzz(program: &Path, target: &str, seconds: u64) -> Result<(), String> {
    let folder = place::target()?.join("fuzz").join(target);
    let corpus = folder.join("corpus");
    let finds = folder.join("finds");
    for folder in [&corpus, &finds] {
        std::fs::create_dir_all(folder)
            .map_err(|error| format!("make {}: {error}", folder.display()))?;
    }
    let run = Call::new(program)
        .arg(&corpus)
        .arg(folder.join("seeds"))
        .arg(format!("-dict={}", folder.join("words").display()))
        .arg(format!("-artifact_prefix={}/", finds.display()))
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-timeout={HANG_S}"))
        .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
        .args([
            "-print_final_stats=1",
            "-close_fd_mask=1",
            "-use_value_profile=1",
            "-print_funcs=0",
        ])
        .env("FOREBAY_FUZZ_TARGET", target)
        .env("FOREBAY_FUZZ_SEEDS", &folder);
    run.run().map_err(|error| {
        let finds = finds.display();
        format!("{error}\nto run what it found: cargo run -p forebay-fuzz -- {target} {finds}/*")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        let words =
            |words: &[&str]| -> Vec<String> { words.iter().map(|it| (*it).into()).collect() };
        let options = parse(&words(&["json", "--seconds", "5", "xml"])).unwrap();
        assert_eq!(
            (options.targets, options.seconds),
            (words(&["json", "xml"]), 5)
        );
        for bad in [&["--seconds"][..], &["--seconds", "0"], &["--forever"]] {
            assert!(parse(&words(bad)).is_err(), "{bad:?}");
        }
    }
}
