//! The programs of README.md, run one after the other in one folder: they share its queue.

use super::tiers;
use crate::place::{self, Profile};
use crate::shell::Call;
use crate::tally::Tally;
use std::fs;
use std::path::{Path, PathBuf};

/// What each of them prints.
const EXPECTED: &str = "any bytes\n";

/// The Rust program, where cargo builds it; README.md shows all of it but its first comment.
const RUST_PROGRAM: &str = "core/examples/ten_lines.rs";

pub fn run() -> Result<Tally, String> {
    tiers::build()?;
    let readme = read(&place::root().join("README.md"))?;
    let folder = place::fresh("readme")?;
    let mut tally = Tally::default();
    for (language, program) in [
        ("Rust", rust(&readme).map(Call::new)),
        ("C", compiled(&readme, "c", &folder).map(Call::new)),
        ("C++", compiled(&readme, "cpp", &folder).map(Call::new)),
        ("Python", python(&readme, &folder)),
        ("Node", node(&readme, &folder)),
    ] {
        let outcome = program.and_then(|program| judge(program, &folder));
        match &outcome {
            Ok(()) => println!("README.md, {language}: prints what it should"),
            Err(text) => println!("README.md, {language}: {text}"),
        }
        tally += Tally::one(outcome.is_ok());
    }
    Ok(tally)
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("read {}: {error}", path.display()))
}

fn rust(readme: &str) -> Result<PathBuf, String> {
    let shown = block(readme, "rust,no_run")?;
    let built = read(&place::root().join(RUST_PROGRAM))?;
    if built.split_once("\n\n").map(|(_, program)| program) != Some(shown) {
        return Err(format!("differs from {RUST_PROGRAM}; make both the same"));
    }
    Profile::Dev.program("examples/ten_lines")
}

/// Compiles the block of a language against the library of the workspace.
fn compiled(readme: &str, language: &str, folder: &Path) -> Result<PathBuf, String> {
    let (compiler, standard) = match language {
        "c" => (crate::tools::c_compiler(), "-std=c99"),
        _ => (crate::tools::cxx_compiler(), "-std=c++17"),
    };
    let source = folder.join(format!("ten_lines.{language}"));
    fs::write(&source, block(readme, language)?)
        .map_err(|error| format!("write {}: {error}", source.display()))?;
    let program = folder.join(format!("ten_lines_{language}"));
    let libraries = Profile::Dev.folder()?;
    Call::new(compiler)
        .args([
            standard,
            "-Wall",
            "-Wextra",
            "-Wpedantic",
            "-Werror",
            "-Iinclude",
        ])
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .arg("-L")
        .arg(&libraries)
        .arg(format!("-Wl,-rpath,{}", libraries.display()))
        .arg("-lforebay")
        .run()?;
    Ok(program)
}

/// The block in Python, with the package as it stands in the tree.
fn python(readme: &str, folder: &Path) -> Result<Call, String> {
    let name = "ten_lines.py";
    fs::write(folder.join(name), block(readme, "python")?)
        .map_err(|error| format!("write {name}: {error}"))?;
    let site = crate::python::site(Profile::Dev)?;
    Ok(crate::python::call(Path::new("python3"), &site).arg(name))
}

/// The block in JavaScript, in a folder that has the package.
fn node(readme: &str, folder: &Path) -> Result<Call, String> {
    crate::node::build()?;
    let name = "ten_lines.mjs";
    fs::write(folder.join(name), block(readme, "js")?)
        .map_err(|error| format!("write {name}: {error}"))?;
    Call::new("ln")
        .args(["-s", "-T"])
        .arg(crate::node::folder())
        .arg(crate::node::modules(folder)?)
        .run()?;
    let native = crate::node::native(Profile::Dev)?;
    Ok(Call::new("node").arg(name).env("FOREBAY_NATIVE", native))
}

fn judge(program: Call, folder: &Path) -> Result<(), String> {
    let printed = program.dir(folder).output()?;
    if printed == EXPECTED {
        return Ok(());
    }
    Err(format!("printed {printed:?} instead of {EXPECTED:?}"))
}

/// The text of the only code block of a language.
fn block<'a>(readme: &'a str, language: &str) -> Result<&'a str, String> {
    let open = format!("```{language}\n");
    let mut parts = readme.split(&*open);
    let (_, after, more) = (parts.next(), parts.next(), parts.next());
    after
        .filter(|_| more.is_none())
        .and_then(|text| text.split_once("```"))
        .map(|(text, _)| text)
        .ok_or_else(|| format!("README.md needs exactly one block {open:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_block_of_a_language_is_taken() {
        let text = "a\n```c\nint x;\n```\nb\n```cpp\nint y;\n```\n";
        assert_eq!(block(text, "c"), Ok("int x;\n"));
        assert_eq!(block(text, "cpp"), Ok("int y;\n"));
        assert!(block(text, "rust").is_err());
        assert!(block(&text.repeat(2), "c").is_err());
    }
}
