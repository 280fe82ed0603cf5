//! The C and C++ programs of tests/, compiled against an installation as a user has it.

use super::stage::Stage;
use crate::place;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

const C_STANDARDS: [&str; 2] = ["c99", "c11"];
const CPP_STANDARDS: [&str; 3] = ["c++17", "c++20", "c++23"];
const WARNINGS: [&str; 6] = [
    "-g",
    "-Wall",
    "-Wextra",
    "-Wpedantic",
    "-Wshadow",
    "-Werror",
];
/// The C++ header converts between the types of two languages, so nothing there may be silent.
const CPP_WARNINGS: [&str; 2] = ["-Wconversion", "-Wsign-conversion"];

/// Where a program keeps its queues.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Places {
    /// The reference store, `mem:` and a directory, one run each.
    Every,
    /// A directory: the program starts other processes.
    Directory,
    /// It chooses for itself.
    Own,
}

struct Program {
    name: &'static str,
    sources: &'static [&'static str],
    flags: &'static [&'static str],
    places: Places,
    /// Takes ffi/exports.txt as its last argument.
    exports: bool,
}

const fn program(
    name: &'static str,
    sources: &'static [&'static str],
    flags: &'static [&'static str],
    places: Places,
) -> Program {
    Program {
        name,
        sources,
        flags,
        places,
        exports: false,
    }
}

const C_PROGRAMS: [Program; 6] = [
    program("queues", &["queues.c"], &["-Wconversion"], Places::Every),
    program(
        "messages",
        &["messages.c"],
        &["-Wconversion"],
        Places::Every,
    ),
    program("tickets", &["tickets.c"], &["-Wconversion"], Places::Every),
    program("threads", &["threads.c"], &["-Wconversion"], Places::Every),
    program(
        "processes",
        &["processes.c"],
        &["-Wconversion"],
        Places::Directory,
    ),
    Program {
        name: "misuse",
        sources: &[
            "misuse.c",
            "misuse_store.c",
            "misuse_queue.c",
            "misuse_results.c",
        ],
        flags: &[],
        places: Places::Every,
        exports: true,
    },
];

const CPP_PROGRAMS: [Program; 4] = [
    program("throwing", &["throwing.cpp"], &[], Places::Every),
    program("streams", &["streams.cpp"], &[], Places::Every),
    program(
        "results",
        &["results.cpp"],
        &["-fno-exceptions"],
        Places::Every,
    ),
    program("twice", &["twice_a.cpp", "twice_b.cpp"], &[], Places::Own),
];

impl Stage {
    /// The compiler of a standard, with what every program is compiled with.
    fn compiler(&self, standard: &str) -> Call {
        let cpp = standard.starts_with("c++");
        let compiler = if cpp {
            tools::cxx_compiler()
        } else {
            tools::c_compiler()
        };
        let call = Call::new(compiler)
            .arg(format!("-std={standard}"))
            .args(WARNINGS)
            .arg(format!("-I{}", self.prefix.join("include").display()));
        match cpp {
            true => call.args(CPP_WARNINGS),
            false => call,
        }
    }

    /// Completes the call that makes a program.
    fn link(&self, call: Call, path: &Path) -> Result<(), String> {
        let library = self.library();
        call.arg("-o")
            .arg(path)
            .arg(format!("-L{}", library.display()))
            .arg(format!("-Wl,-rpath,{}", library.display()))
            .args(["-lforebay", "-lpthread"])
            .run()
    }

    /// Compiles a program of C or C++; returns its path.
    fn compile(&self, program: &Program, standard: &str) -> Result<PathBuf, String> {
        let cpp = standard.starts_with("c++");
        let sources = place::root().join(if cpp { "tests/cpp" } else { "tests/c" });
        let path = self.folder.join(format!("{}-{standard}", program.name));
        let mut call = self.compiler(standard).args(program.flags);
        for source in program.sources {
            call = call.arg(sources.join(source));
        }
        self.link(call, &path)?;
        Ok(path)
    }

    /// One program of parts that are compiled as two standards: they share the classes of the
    /// header, and the linker keeps one copy of each method.
    fn mixed(&self, standards: [&str; 2]) -> Result<Tally, String> {
        let [first, second] = standards;
        let path = self.folder.join(format!("mixed-{first}-{second}"));
        let mut program = Call::new(tools::cxx_compiler());
        for (standard, source) in [(first, "mixed_a"), (second, "mixed_b")] {
            let object = path.with_extension(format!("{source}.o"));
            let text = place::root().join("tests/cpp").join(source);
            self.compiler(standard)
                .arg("-c")
                .arg(text.with_extension("cpp"))
                .arg("-o")
                .arg(&object)
                .run()?;
            program = program.arg(object);
        }
        self.link(program, &path)?;
        Call::new(path).counted()
    }

    /// The arguments of each run of a program.
    fn runs(&self, program: &Program, path: &Path) -> Vec<Vec<String>> {
        let directory = format!("{}.queues", path.display());
        let locations = match program.places {
            Places::Every => vec!["model:".into(), "mem:".into(), directory],
            Places::Directory => vec![directory],
            Places::Own => return vec![Vec::new()],
        };
        let exports = place::root().join("ffi/exports.txt").display().to_string();
        let more = program.exports.then_some(exports);
        locations
            .into_iter()
            .map(|location| std::iter::once(location).chain(more.clone()).collect())
            .collect()
    }

    /// Compiles and runs a program, alone or under `tool`.
    fn test(&self, program: &Program, standard: &str, tool: &[String]) -> Tally {
        let path = match self.compile(program, standard) {
            Ok(path) => path,
            Err(text) => {
                println!("{text}");
                return Tally::one(false);
            }
        };
        let mut tally = Tally::default();
        for arguments in self.runs(program, &path) {
            let call = match tool.split_first() {
                Some((tool, rest)) => Call::new(tool).args(rest).arg(&path),
                None => Call::new(&path),
            };
            tally += call.args(arguments).counted().unwrap_or_else(|text| {
                println!("{text}");
                Tally::one(false)
            });
        }
        tally
    }
}

/// The committed header and list of exports are those of the sources, the library gives C these
/// functions and no others, and each header compiles alone.
pub fn headers() -> Result<Tally, String> {
    let stage = Stage::new("headers")?;
    let mut tally = Tally::default();
    let mut note = |what: &str, outcome: Result<(), String>| {
        match &outcome {
            Ok(()) => println!("{what}: good"),
            Err(text) => println!("{what}: {text}"),
        }
        tally += Tally::one(outcome.is_ok());
    };
    note("header", crate::header::run(&["--check".into()]));
    note("exports", exports(&stage));
    for (standards, compiler, header) in [
        (&["c99", "c11", "c17"][..], tools::c_compiler(), "forebay.h"),
        (&CPP_STANDARDS[..], tools::cxx_compiler(), "forebay.h"),
        (&CPP_STANDARDS[..], tools::cxx_compiler(), "forebay.hpp"),
    ] {
        for standard in standards {
            let outcome = alone(&stage, &compiler, standard, header);
            note(&format!("{header} alone as {standard}"), outcome);
        }
    }
    Ok(tally)
}

fn exports(stage: &Stage) -> Result<(), String> {
    let path = place::root().join("ffi/exports.txt");
    let listed = fs::read_to_string(&path).map_err(|error| format!("read exports: {error}"))?;
    let library = stage.library().join("libforebay.so");
    let symbols = Call::new("nm")
        .args(["-D", "--defined-only"])
        .arg(library)
        .output()?;
    let mut found: Vec<&str> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    found.sort_unstable();
    let listed: Vec<&str> = listed.lines().collect();
    let odd = |of: &[&str], other: &[&str]| -> Vec<String> {
        let missing = of.iter().filter(|name| !other.contains(name));
        missing.map(|name| (*name).to_owned()).collect()
    };
    let (missing, extra) = (odd(&listed, &found), odd(&found, &listed));
    if missing.is_empty() && extra.is_empty() {
        return Ok(());
    }
    Err(format!(
        "the library lacks {missing:?} of ffi/exports.txt and has also {extra:?}"
    ))
}

fn alone(stage: &Stage, compiler: &str, standard: &str, header: &str) -> Result<(), String> {
    let cpp = standard.starts_with("c++");
    let source = stage.folder.join(if cpp { "alone.cpp" } else { "alone.c" });
    let text = format!("#include <{header}>\nint main(void) {{ return 0; }}\n");
    fs::write(&source, text).map_err(|error| format!("write {}: {error}", source.display()))?;
    Call::new(compiler)
        .arg(format!("-std={standard}"))
        .args(WARNINGS)
        .arg(format!("-I{}", stage.prefix.join("include").display()))
        .arg("-fsyntax-only")
        .arg(source)
        .run()
}

/// Every program in every language standard, on every kind of store.
pub fn programs() -> Result<Tally, String> {
    let stage = Stage::new("native")?;
    let mut tally = Tally::default();
    for program in &C_PROGRAMS {
        for standard in C_STANDARDS {
            tally += stage.test(program, standard, &[]);
        }
    }
    for program in &CPP_PROGRAMS {
        for standard in CPP_STANDARDS {
            tally += stage.test(program, standard, &[]);
        }
    }
    for standards in [["c++17", "c++20"], ["c++20", "c++17"]] {
        tally += stage.mixed(standards).unwrap_or_else(|text| {
            println!("{text}");
            Tally::one(false)
        });
    }
    Ok(tally)
}

/// Every program again, without a leak, a wrong access or an undefined value.
pub fn memory() -> Result<Tally, String> {
    if !tools::has("valgrind") {
        println!("skipped: valgrind is not on this machine and could not be installed");
        return Ok(Tally {
            skipped: (C_PROGRAMS.len() + CPP_PROGRAMS.len()) as u64,
            ..Tally::default()
        });
    }
    let stage = Stage::new("memory")?;
    let mut tally = Tally::default();
    for program in &C_PROGRAMS {
        tally += stage.test(program, C_STANDARDS[0], &valgrind(program));
    }
    for program in &CPP_PROGRAMS {
        tally += stage.test(program, CPP_STANDARDS[0], &valgrind(program));
    }
    Ok(tally)
}

fn valgrind(program: &Program) -> Vec<String> {
    let suppressions = place::root().join("tests/c/valgrind.supp");
    let leaks = match program.places {
        // What the threads of the parent owned is lost in a forked child, where they are not.
        Places::Directory => "--leak-check=no",
        Places::Every | Places::Own => "--leak-check=full",
    };
    vec![
        "valgrind".into(),
        "--quiet".into(),
        "--error-exitcode=1".into(),
        format!("--suppressions={}", suppressions.display()),
        leaks.into(),
        // "Possibly" is what Rust's own handles of threads look like: pointers to their inside.
        "--show-leak-kinds=definite,indirect".into(),
        "--errors-for-leak-kinds=definite,indirect".into(),
    ]
}
