//! `cargo xtask header [--check]`: include/forebay.h from the sources of ffi/src/capi, and
//! ffi/exports.txt, the list of functions that the library gives to C.

use crate::place::root;
use std::fs;
use std::path::Path;

const HEADER: &str = "include/forebay.h";
const EXPORTS: &str = "ffi/exports.txt";

/// Writes both files, or with `--check` only compares them with the sources.
pub fn run(args: &[String]) -> crate::Outcome {
    let check = match args {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return Err(format!("arguments are {args:?}; only --check is known")),
    };
    let root = root();
    let header = generate(&root)?;
    let exports = exported_functions(&header);
    for (name, text) in [(HEADER, &header), (EXPORTS, &exports)] {
        let path = root.join(name);
        if check {
            compare(&path, name, text)?;
        } else {
            fs::create_dir_all(path.parent().unwrap_or(&root))
                .and_then(|()| fs::write(&path, text))
                .map_err(|error| format!("write {name}: {error}"))?;
        }
    }
    let verb = if check { "match" } else { "written from" };
    println!("{HEADER} and {EXPORTS} {verb} the sources");
    Ok(())
}

fn compare(path: &Path, name: &str, wanted: &str) -> Result<(), String> {
    let found = fs::read_to_string(path).map_err(|error| format!("read {name}: {error}"))?;
    if found == wanted {
        return Ok(());
    }
    let line = found
        .lines()
        .zip(wanted.lines())
        .position(|(found, wanted)| found != wanted)
        .unwrap_or_else(|| found.lines().count().min(wanted.lines().count()));
    Err(format!(
        "{name} differs from ffi/src/capi at line {}: run `cargo xtask header` and commit it",
        line + 1
    ))
}

/// The header's text.
fn generate(root: &Path) -> Result<String, String> {
    let folder = root.join("ffi");
    let mut config = cbindgen::Config::from_file(folder.join("cbindgen.toml"))?;
    let macros = config.after_includes.take().unwrap_or_default();
    config.after_includes = Some(format!("{}\n{}", version_macros(), macros.trim()));
    let mut text = Vec::new();
    cbindgen::Builder::new()
        .with_crate(&folder)
        .with_config(config)
        .generate()
        .map_err(|error| format!("cbindgen: {error}"))?
        .write(&mut text);
    let text =
        String::from_utf8(text).map_err(|error| format!("cbindgen wrote no UTF-8: {error}"))?;
    Ok(without_safety_sections(&text))
}

/// What Rust's documentation calls "Safety" goes without saying in C.
fn without_safety_sections(header: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut in_section = false;
    for line in header.lines() {
        if line.trim() == "* # Safety" {
            in_section = true;
            if kept.last().is_some_and(|line| line.trim() == "*") {
                kept.pop();
            }
        } else if line.trim() == "*/" {
            in_section = false;
        }
        if !in_section {
            kept.push(line);
        }
    }
    kept.join("\n") + "\n"
}

/// Generated, as typed ones drift.
fn version_macros() -> String {
    let [major, minor, patch] = [
        env!("CARGO_PKG_VERSION_MAJOR"),
        env!("CARGO_PKG_VERSION_MINOR"),
        env!("CARGO_PKG_VERSION_PATCH"),
    ];
    format!(
        "\n#define FOREBAY_VERSION \"{major}.{minor}.{patch}\"\n\
         #define FOREBAY_VERSION_MAJOR {major}\n\
         #define FOREBAY_VERSION_MINOR {minor}\n\
         #define FOREBAY_VERSION_PATCH {patch}\n"
    )
}

/// The names of the header's functions, sorted, one a line.
fn exported_functions(header: &str) -> String {
    let mut names: Vec<&str> = header
        .lines()
        .filter(|line| !line.starts_with([' ', '/', '#', '*']))
        .filter_map(|line| {
            let before = line.split_once('(')?.0;
            let start = before.rfind("forebay_")?;
            let name = &before[start..];
            let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            (name.bytes().all(word) && !line.starts_with("typedef")).then_some(name)
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| format!("{name}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn safety_sections_go_and_the_rest_stays() {
        let header = "/**\n * A.\n *\n * # Safety\n * B.\n */\nint f(void);\n";
        let kept = "/**\n * A.\n */\nint f(void);\n";
        assert_eq!(without_safety_sections(header), kept);
        assert_eq!(without_safety_sections(kept), kept);
    }

    #[test]
    fn functions_are_found_and_types_are_not() {
        let header = "typedef void (*forebay_receive_callback)(void *user);\n\
                      FOREBAY_MUST_USE forebay_status forebay_b(int a);\n\
                      const char *forebay_a(void);\n * forebay_c(1)\n\
                      forebay_status forebay_d(forebay_queue *queue,\n\
                      \x20                        int (*forebay_e)(void));\n";
        assert_eq!(
            exported_functions(header),
            "forebay_a\nforebay_b\nforebay_d\n"
        );
    }
}
