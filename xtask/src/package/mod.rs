//! `cargo xtask package`: what users install, built for release, and tried out in empty projects.

mod emulated;
pub mod node;
mod python;

/// A language and what makes its packages.
type Part = (&'static str, fn() -> crate::Outcome);

const PARTS: &[Part] = &[("node", node::run), ("python", python::run)];

pub fn run(arguments: &[String]) -> crate::Outcome {
    let known = || {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        names.join(", ")
    };
    for word in arguments {
        if !PARTS.iter().any(|(name, _)| name == word) {
            return Err(format!("no package {word:?}; there are {}", known()));
        }
    }
    for (name, make) in PARTS {
        if arguments.is_empty() || arguments.iter().any(|word| word == name) {
            make()?;
        }
    }
    Ok(())
}
