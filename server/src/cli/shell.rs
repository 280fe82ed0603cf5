//! `forebay completions` and `man`.

use super::{Ending, Outcome, print};
use clap::Args;
use clap_complete::Shell;

/// Prints the completions of a shell
#[derive(Debug, Args)]
pub struct Completions {
    shell: Shell,
}

pub fn completions(arguments: &Completions, mut whole: clap::Command) -> Outcome {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut whole, "forebay", &mut text);
    print::text(&String::from_utf8_lossy(&text))?;
    Ok(Ending::Done)
}

/// Prints the manual page: forebay man | man -l -
#[derive(Debug, Args)]
pub struct Man;

pub fn man(whole: clap::Command) -> Outcome {
    let mut text = Vec::new();
    clap_mangen::Man::new(whole)
        .render(&mut text)
        .map_err(|error| format!("render the manual: {error}"))?;
    print::text(&String::from_utf8_lossy(&text))?;
    Ok(Ending::Done)
}
