//! `cargo xtask layout [--check]`: bindings/node/lib/layout.ts from src/layout.rs beside it, where
//! what both sides of Node's border must agree on is written once.

use crate::place::root;
use std::fs;

const SOURCE: &str = "bindings/node/src/layout.rs";
const TARGET: &str = "bindings/node/lib/layout.ts";

const HEAD: &str = "\
/**
 * Where things are in what crosses Node's border in one piece. `cargo xtask layout` made it of
 * `src/layout.rs`: change that.
 */
";

/// Writes the file, or with `--check` only compares it with its source.
pub fn run(arguments: &[String]) -> crate::Outcome {
    match arguments {
        [] => fs::write(root().join(TARGET), wanted()?)
            .map_err(|error| format!("write {TARGET}: {error}"))?,
        [flag] if flag == "--check" => check()?,
        _ => {
            return Err(format!(
                "arguments are {arguments:?}; only --check is known"
            ));
        }
    }
    println!("{TARGET} is what {SOURCE} says");
    Ok(())
}

/// An error if the file is not what its source makes it.
pub fn check() -> crate::Outcome {
    match read(TARGET)? == wanted()? {
        true => Ok(()),
        false => Err(format!(
            "{TARGET} differs from {SOURCE}: run `cargo xtask layout` and commit it"
        )),
    }
}

fn wanted() -> Result<String, String> {
    typescript(&read(SOURCE)?)
}

fn read(name: &str) -> Result<String, String> {
    fs::read_to_string(root().join(name)).map_err(|error| format!("read {name}: {error}"))
}

/// Modules of constants as enums of TypeScript, which its compiler puts in as the numbers they are.
/// Both languages write whole numbers and sums alike.
fn typescript(rust: &str) -> Result<String, String> {
    let mut text = HEAD.to_owned();
    let mut comment: Vec<&str> = Vec::new();
    for (index, line) in rust.lines().enumerate() {
        let indent = &line[..line.len() - line.trim_start().len()];
        let indent = &indent[indent.len() / 2..];
        let line = line.trim();
        if line.starts_with("//!") {
            continue;
        }
        if let Some(words) = line.strip_prefix("///") {
            comment.push(words);
            continue;
        }
        let made = match line {
            "" | "}" => line.to_owned(),
            _ => declaration(line).ok_or_else(|| {
                let line_number = index + 1;
                format!("{SOURCE}:{line_number}: {line:?} is no module and no whole constant")
            })?,
        };
        text += &block(indent, &comment);
        comment.clear();
        let indent = if made.is_empty() { "" } else { indent };
        text += &format!("{indent}{made}\n");
    }
    Ok(text)
}

/// The line that opens a module, or that of a constant.
fn declaration(line: &str) -> Option<String> {
    if let Some(module) = line.strip_prefix("pub mod ") {
        let name = module.strip_suffix(" {")?;
        let (first, rest) = name.split_at_checked(1)?;
        return Some(format!(
            "export const enum {}{rest} {{",
            first.to_uppercase()
        ));
    }
    let (name, typed) = line.strip_prefix("pub const ")?.split_once(": ")?;
    let (_, value) = typed.strip_suffix(';')?.split_once(" = ")?;
    let is_sum = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b' ' | b'+');
    value
        .bytes()
        .all(is_sum)
        .then(|| format!("{name} = {value},"))
}

/// A comment as TypeScript has it.
fn block(indent: &str, lines: &[&str]) -> String {
    match lines {
        [] => String::new(),
        [line] => format!("{indent}/**{line} */\n"),
        lines => {
            let lines = lines.iter().map(|line| format!("{indent} *{line}\n"));
            format!("{indent}/**\n{}{indent} */\n", lines.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_become_enums_and_nothing_else_is_taken() {
        let rust = "//! About.\n\n/// One\n/// two.\npub mod head {\n    /// Three.\n    \
                    pub const A_B: usize = 0xff_ff;\n    pub const C: u8 = A_B + 4;\n}\n";
        let made = "\n/**\n * One\n * two.\n */\nexport const enum Head {\n  /** Three. */\n  \
                    A_B = 0xff_ff,\n  C = A_B + 4,\n}\n";
        assert_eq!(typescript(rust).unwrap(), format!("{HEAD}{made}"));
        for line in ["pub const A: u8 = u8::MAX;", "fn f() {}", "pub mod a;"] {
            assert!(typescript(line).unwrap_err().contains(":1: "), "{line}");
        }
    }
}
