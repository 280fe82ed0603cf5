//! `forebay completions` and `man`.

use super::{Ending, Outcome};
use clap::Args;
use clap_complete::Shell;

/// Prints the completions of a shell
#[derive(Debug, Args)]
pub struct Completions {
    shell: Shell,
}

pub fn completions(arguments: &Completions, mut whole: clap::Command) -> Outcome {
    clap_complete::generate(
        arguments.shell,
        &mut whole,
        "forebay",
        &mut std::io::stdout(),
    );
    Ok(Ending::Done)
}

/// Prints the manual page: forebay man | man -l -
#[derive(Debug, Args)]
pub struct Man;

pub fn man(whole: clap::Command) -> Outcome {
    clap_mangen::Man::new(whole)
        .render(&mut std::io::stdout())
        .map_err(|error| format!("write to standard output: {error}"))?;
    Ok(Ending::Done)
}
