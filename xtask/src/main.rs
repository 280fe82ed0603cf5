//! `cargo xtask <command>`: every command of this repository, one file each.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod bench;
mod compatibility;
mod crash;
mod demo;
mod fuzz;
mod header;
mod install;
mod layout;
mod model;
mod node;
mod package;
mod place;
mod portable;
mod postgres;
mod python;
mod scenarios;
mod shell;
mod tally;
mod test;
mod tidy;
mod tools;
mod whole;

use std::process::ExitCode;

/// What a command answers; the text of a failure says what to do next. It is empty where all
/// has been said.
type Outcome = Result<(), String>;

struct Command {
    name: &'static str,
    usage: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "demo",
        usage: "demo [DIR...] [--files N]",
        about: "count the words of real files with programs in five languages, one worker killed",
        run: demo::run,
    },
    Command {
        name: "test",
        usage: "test [TIER...] | --list",
        about: "everything that must hold, or only some tiers of it",
        run: test::run,
    },
    Command {
        name: "bench",
        usage: "bench [--quick] | --peers | --servers | --postgres | --polls | --python | --node",
        about: "speed as a ratio to the floor, measured in the same run",
        run: bench::run,
    },
    Command {
        name: "model",
        usage: "model [--histories N] [--seed S] [--operations N] [--large] \
                [--power | --postgres | --show-bugs]",
        about: "random histories, every store against the reference",
        run: model::run,
    },
    Command {
        name: "scenarios",
        usage: "scenarios [--all | --driver NAME...] [--store postgres] [--only PART]",
        about: "the rules of docs/SEMANTICS.md through every language, also on PostgreSQL",
        run: scenarios::run,
    },
    Command {
        name: "crash",
        usage: "crash [TRIAL] [--kills N] [--times N]",
        about: "processes, servers and databases killed under load, audited from outside",
        run: crash::run,
    },
    Command {
        name: "postgres",
        usage: "postgres [VERSION...] [--postgres-bin DIR]",
        about: "the PostgreSQL store on 14, 16, 17 and 18, or on the programs in DIR",
        run: postgres::run,
    },
    Command {
        name: "fuzz",
        usage: "fuzz [TARGET...] [--seconds N]",
        about: "inputs guided by coverage, for whatever reads bytes of others",
        run: fuzz::run,
    },
    Command {
        name: "portable",
        usage: "portable [TEST]",
        about: "the core's tests on the calls that other systems than Linux fall back to",
        run: portable::run,
    },
    Command {
        name: "header",
        usage: "header [--check]",
        about: "write include/forebay.h from ffi/src/capi, or compare it",
        run: header::run,
    },
    Command {
        name: "layout",
        usage: "layout [--check]",
        about: "write bindings/node/lib/layout.ts from src/layout.rs beside it, or compare it",
        run: layout::run,
    },
    Command {
        name: "install",
        usage: "install --prefix DIR [--release]",
        about: "the C and C++ library: headers, libraries, pkg-config, CMake",
        run: install::run,
    },
    Command {
        name: "package",
        usage: "package [python] [node]",
        about: "what users install, for release, tried out in empty projects",
        run: package::run,
    },
    Command {
        name: "compatibility",
        usage: "compatibility [--check]",
        about: "write docs/COMPATIBILITY.md from the scenarios over HTTP, or compare it",
        run: compatibility::run,
    },
    Command {
        name: "tidy",
        usage: "tidy",
        about: "lengths, characters, leftovers, and where unsafe may stand",
        run: tidy::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print!("{}", help());
        return ExitCode::from(2);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprint!("xtask: no command {name:?}\n\n{}", help());
        return ExitCode::from(2);
    };
    if rest.iter().any(|word| word == "--help" || word == "-h") {
        println!("cargo xtask {}\n    {}", command.usage, command.about);
        return ExitCode::SUCCESS;
    }
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            if !text.is_empty() {
                eprintln!("xtask {name}: {text}");
            }
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut text = String::from("cargo xtask <command>\n\n");
    for command in COMMANDS {
        text += &format!("  {:<34} {}\n", command.usage, command.about);
    }
    text
}
