//! `forebay-fuzz --list`: the targets.
//! `forebay-fuzz TARGET FILE...`: runs a target on files, which panics where its property does
//! not hold.
//!
//! Built by `cargo xtask fuzz` it is libFuzzer instead, with the target that `FOREBAY_FUZZ_TARGET`
//! names; seeds and dictionary are written into the folder `FOREBAY_FUZZ_SEEDS` first.

#![cfg_attr(forebay_fuzz, no_main)]

#[cfg(forebay_fuzz)]
mod engine {
    use forebay_fuzz::{Target, find};
    use std::path::Path;
    use std::sync::OnceLock;

    static TARGET: OnceLock<&'static Target> = OnceLock::new();

    fn begin() {
        let variable = |name: &str| std::env::var(name).unwrap_or_default();
        let name = variable("FOREBAY_FUZZ_TARGET");
        let Some(target) = find(&name) else {
            eprintln!("FOREBAY_FUZZ_TARGET is {name:?}, which is no target");
            std::process::exit(64);
        };
        if let Err(error) = write(target, Path::new(&variable("FOREBAY_FUZZ_SEEDS"))) {
            eprintln!("FOREBAY_FUZZ_SEEDS: {error}");
            std::process::exit(1);
        }
        TARGET.get_or_init(|| target);
    }

    fn write(target: &Target, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder.join("seeds"))?;
        std::fs::write(folder.join("words"), target.dictionary())?;
        for (number, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seeds/{number}")), seed)?;
        }
        Ok(())
    }

    libfuzzer_sys::fuzz_target!(init: begin(), |data: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.body)(data);
        }
    });
}

#[cfg(not(forebay_fuzz))]
fn main() -> std::process::ExitCode {
    use std::process::ExitCode;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, files) = match arguments.split_first() {
        Some((name, files)) if !files.is_empty() => (name, files),
        _ => {
            for target in forebay_fuzz::TARGETS {
                println!("{:<12} {}", target.name, target.about);
            }
            let asked = arguments == ["--list"];
            return ExitCode::from(if asked { 0 } else { 64 });
        }
    };
    let Some(target) = forebay_fuzz::find(name) else {
        eprintln!("no target {name:?}; --list shows them");
        return ExitCode::from(64);
    };
    for file in files {
        match std::fs::read(file) {
            Ok(bytes) => (target.body)(&bytes),
            Err(error) => {
                eprintln!("{file}: {error}");
                return ExitCode::FAILURE;
            }
        }
        println!("{file}: as it should be");
    }
    ExitCode::SUCCESS
}
