//! The tiers, quickest first. All that is compiled shares one profile and one set of features,
//! so that nothing is compiled twice.

use crate::place::Profile;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;
use crate::whole::SELECTION;

/// One kind of check.
pub struct Tier {
    /// What `cargo xtask test` takes.
    pub name: &'static str,
    /// What it proves.
    pub about: &'static str,
    /// Runs it; an error counts as one failure.
    pub run: fn() -> Result<Tally, String>,
}

/// Everything, in the order it runs.
pub const ALL: &[Tier] = &[
    Tier {
        name: "format",
        about: "rustfmt changes nothing",
        run: format,
    },
    Tier {
        name: "tidy",
        about: "lengths, characters, leftovers, and where unsafe may stand",
        run: crate::tidy::check,
    },
    Tier {
        name: "clippy",
        about: "no warning in any target",
        run: clippy,
    },
    Tier {
        name: "build",
        about: "libraries, programs, tests and examples",
        run: build,
    },
    Tier {
        name: "rust",
        about: "unit and integration tests of all crates",
        run: rust,
    },
    Tier {
        name: "doc",
        about: "examples in documentation and in README.md",
        run: doc,
    },
    Tier {
        name: "interop",
        about: "written by one language, read by another, for every pair of drivers",
        run: interop,
    },
    Tier {
        name: "demo",
        about: "a thousand files through every language, one worker killed, nothing lost",
        run: demo,
    },
    Tier {
        name: "headers",
        about: "the C header, its exports, and that each header compiles alone",
        run: super::native::headers,
    },
    Tier {
        name: "native",
        about: "the C and C++ programs of tests/, as C99, C11, C++17, C++20 and C++23",
        run: super::native::programs,
    },
    Tier {
        name: "memory",
        about: "the same programs under valgrind",
        run: super::native::memory,
    },
    Tier {
        name: "consumers",
        about: "programs outside the tree, through pkg-config and CMake",
        run: super::consumers::run,
    },
    Tier {
        name: "guides",
        about: "docs/C-API.md and bindings/cpp/README.md show parts of programs that work",
        run: super::guides::run,
    },
    Tier {
        name: "node",
        about: "the npm package on the machine's Node and on a current one",
        run: super::node::run,
    },
    Tier {
        name: "readme",
        about: "the programs of README.md, in Rust, C and C++",
        run: super::readme::run,
    },
    Tier {
        name: "python",
        about: "the Python package: pytest, mypy and stubtest",
        run: super::python::run,
    },
    Tier {
        name: "clients",
        about: "SQS clients that others wrote, unmodified, against the server",
        run: super::clients::run,
    },
    Tier {
        name: "postgres",
        about: "scenarios in every language, and SQS clients, on queues in PostgreSQL",
        run: super::postgres::run,
    },
];

fn whole(call: &Call) -> Result<Tally, String> {
    call.run().map(|()| Tally::one(true))
}

fn format() -> Result<Tally, String> {
    // The second is a workspace of its own.
    let own = ["fmt", "--all", "--check"];
    let client = [
        "fmt",
        "--check",
        "--manifest-path",
        "tests/clients/rust/Cargo.toml",
    ];
    whole(&Call::cargo().args(own))?;
    whole(&Call::cargo().args(client))
}

fn clippy() -> Result<Tally, String> {
    let call = Call::cargo().arg("clippy").args(SELECTION);
    whole(&call.args(["--all-targets", "--quiet", "--", "-D", "warnings"]))
}

/// Nothing to do where it has been done.
pub fn build() -> Result<Tally, String> {
    crate::whole::build().map(|()| Tally::one(true))
}

fn rust() -> Result<Tally, String> {
    let call = Call::cargo().arg("test").args(SELECTION).args([
        "--lib",
        "--bins",
        "--tests",
        "--examples",
        "--no-fail-fast",
    ]);
    let (name, part) = match (tools::has_postgres(), tools::has_pooler()) {
        (true, true) => return call.counted(),
        (true, false) => ("PgBouncer", "pooler"),
        (false, _) => ("PostgreSQL", "postgres"),
    };
    println!("skipped: {name} is not on this machine and could not be installed");
    let mut tally = call.args(["--", "--skip", part]).counted()?;
    tally.skipped += 1;
    Ok(tally)
}

fn interop() -> Result<Tally, String> {
    build()?;
    Call::new(Profile::Dev.program("forebay-interop")?).counted()
}

fn demo() -> Result<Tally, String> {
    let arguments = ["--dev", "--files", "1000"].map(str::to_owned);
    crate::demo::run(&arguments).map(|()| Tally::one(true))
}

fn doc() -> Result<Tally, String> {
    Call::cargo()
        .arg("test")
        .args(SELECTION)
        .args(["--doc", "--no-fail-fast"])
        .counted()
}
