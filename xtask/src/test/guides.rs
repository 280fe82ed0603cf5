//! The guides for C and C++: what they show are parts of the programs in bindings/*/examples, and
//! these are built as a user does and print what their first comment says.

use super::consumers;
use super::stage::Stage;
use crate::place;
use crate::shell::Call;
use crate::tally::Tally;
use crate::tools;
use std::fs;
use std::path::{Path, PathBuf};

const GUIDES: [&str; 2] = ["docs/C-API.md", "bindings/cpp/README.md"];

/// Examples that need what may not be on the machine.
const OPTIONAL: [&str; 1] = ["asio"];

pub fn run() -> Result<Tally, String> {
    let mut tally = Tally::default();
    for guide in GUIDES {
        tally += check_excerpts(guide)?;
    }
    let stage = Stage::new("guides")?;
    for source in sources("bindings/c/examples", "c")? {
        let program = compile_c(&stage, &source);
        tally += judge(&source, program, &stage);
    }
    let Some(cmake) = tools::cmake()? else {
        println!("skipped: cmake is not on this machine and could not be installed");
        tally.skipped += sources("bindings/cpp/examples", "cpp")?.len() as u64;
        return Ok(tally);
    };
    let build = stage.folder.join("cpp");
    let project = place::root().join("bindings/cpp/examples");
    let prefix = format!("-DCMAKE_PREFIX_PATH={}", stage.prefix.display());
    let made = consumers::make(&cmake, &project, &build, &[prefix]);
    for source in sources("bindings/cpp/examples", "cpp")? {
        let name = source.file_stem().unwrap_or_default();
        let program = made.clone().map(|()| build.join(name));
        if OPTIONAL.iter().any(|optional| name == *optional) && !build.join(name).exists() {
            println!(
                "skipped: {} needs a library that is not here",
                source.display()
            );
            tally.skipped += 1;
            continue;
        }
        tally += judge(&source, program, &stage);
    }
    Ok(tally)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()))
}

/// The source files of a folder of the workspace, sorted.
fn sources(folder: &str, extension: &str) -> Result<Vec<PathBuf>, String> {
    let folder = place::root().join(folder);
    let entries = fs::read_dir(&folder);
    let entries = entries.map_err(|error| format!("list {}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|own| own == extension))
        .collect();
    files.sort();
    Ok(files)
}

/// Every block of C or C++ names its file and is part of it.
fn check_excerpts(guide: &str) -> Result<Tally, String> {
    let text = read(&place::root().join(guide))?;
    let mut tally = Tally::default();
    for excerpt in excerpts(&text) {
        let outcome = excerpt.and_then(|(file, block)| {
            if read(&place::root().join(file))?.contains(&block) {
                return Ok(());
            }
            Err(format!("{file} has not the lines {block:?}"))
        });
        if let Err(text) = &outcome {
            println!("{guide}: {text}");
        }
        tally += Tally::one(outcome.is_ok());
    }
    println!("{guide}: {} excerpts", tally.passed + tally.failed);
    Ok(tally)
}

/// The blocks of C and C++ with the file that the line before them names.
fn excerpts(text: &str) -> Vec<Result<(&str, String), String>> {
    let mut found = Vec::new();
    let mut before = "";
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == "```c" || line == "```cpp" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let file = before
                .strip_prefix("<!-- ")
                .and_then(|rest| rest.strip_suffix(" -->"));
            found.push(match file {
                Some(file) => Ok((file, block.join("\n") + "\n")),
                None => Err(format!("no <!-- FILE --> before the block {block:?}")),
            });
        }
        before = line;
    }
    found
}

fn compile_c(stage: &Stage, source: &Path) -> Result<PathBuf, String> {
    let program = stage.folder.join(source.file_stem().unwrap_or_default());
    let library = stage.library();
    Call::new(tools::c_compiler())
        .args([
            "-std=c99",
            "-D_XOPEN_SOURCE=700",
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
        ])
        .arg(format!("-I{}", stage.prefix.join("include").display()))
        .arg(source)
        .arg("-o")
        .arg(&program)
        .arg(format!("-L{}", library.display()))
        .arg(format!("-Wl,-rpath,{}", library.display()))
        .args(["-lforebay", "-lpthread"])
        .run()?;
    Ok(program)
}

/// Runs a program in a folder of its own and compares what it prints.
fn judge(source: &Path, program: Result<PathBuf, String>, stage: &Stage) -> Tally {
    let name = source.file_name().unwrap_or_default();
    let outcome = program.and_then(|program| {
        let folder = stage.folder.join("run").join(name);
        fs::create_dir_all(&folder).map_err(|error| format!("make {folder:?}: {error}"))?;
        let printed = Call::new(program).dir(&folder).output()?;
        let expected = promised(&read(source)?);
        if printed == expected && !expected.is_empty() {
            return Ok(());
        }
        Err(format!("printed {printed:?} instead of {expected:?}"))
    });
    match &outcome {
        Ok(()) => println!("{}: prints what it says", name.to_string_lossy()),
        Err(text) => println!("{}: {text}", name.to_string_lossy()),
    }
    Tally::one(outcome.is_ok())
}

/// The indented lines after `Prints:` in the first comment.
fn promised(source: &str) -> String {
    source
        .lines()
        .skip_while(|line| !line.ends_with(" Prints:") && *line != "// Prints:")
        .skip(1)
        .map_while(|line| line.get(2..)?.strip_prefix("     "))
        .map(|line| line.to_owned() + "\n")
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_their_files() {
        let text = "<!-- a.c -->\n```c\nint x;\n```\n```text\nno\n```\n\n```cpp\nint y;\n```\n";
        let found = excerpts(text);
        assert_eq!(found[0], Ok(("a.c", "int x;\n".to_owned())));
        assert!(found[1].is_err() && found.len() == 2);
    }

    #[test]
    fn what_a_program_prints_stands_in_its_first_comment() {
        assert_eq!(
            promised("// A.\n//\n// Prints:\n//     a\n//     b c\n#include"),
            "a\nb c\n"
        );
        assert_eq!(promised("/* A.\n *\n * Prints:\n *     a\n */\n"), "a\n");
        assert_eq!(promised("int main() {}"), "");
    }
}
