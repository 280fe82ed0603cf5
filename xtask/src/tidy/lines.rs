//! Rules about single lines and whole files.

use super::Fault;
use std::path::Path;

const COLUMNS_MAX: usize = 100;
const FILE_LINES_MAX: usize = 800;

/// Words that mark unfinished work; written in halves so that this file has none.
const LEFTOVERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("HA", "CK"),
];

/// Source files that hold characters outside ASCII, because these are what they are about.
const NOT_ASCII: &[&str] = &[];

/// Where `unsafe` may stand; every block there has its SAFETY line, which clippy enforces.
const UNSAFE_ALLOWED: &[&str] = &[
    "bindings/node/src/answer.rs",
    "core/src/sys/",
    "core/src/store/embedded/index/lmdb.rs",
    "ffi/src/capi/",
];

/// Rules for every text.
pub fn check_text(text: &str, faults: &mut Vec<Fault>) {
    for (index, line) in text.lines().enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            faults.push(Fault::new(index + 1, "white space at the end of the line"));
        }
        if ["<<<<<<< ", ">>>>>>> "]
            .iter()
            .any(|mark| line.starts_with(mark))
        {
            faults.push(Fault::new(index + 1, "a merge that was not finished"));
        }
    }
    if !text.is_empty() && !text.ends_with('\n') {
        faults.push(Fault::new(
            text.lines().count(),
            "no newline at the end of the file",
        ));
    }
}

/// Rules for source of any language.
pub fn check_source(name: &Path, text: &str, faults: &mut Vec<Fault>) {
    let ascii_only = !NOT_ASCII.iter().any(|other| name == Path::new(other));
    for (index, line) in text.lines().enumerate() {
        let columns = line.chars().count();
        if columns > COLUMNS_MAX {
            let text = format!("{columns} columns; at most {COLUMNS_MAX}");
            faults.push(Fault::new(index + 1, text));
        }
        if let Some(character) = line.chars().find(|c| !c.is_ascii()).filter(|_| ascii_only) {
            let text = format!("{character:?} is not ASCII; write it in ASCII or as an escape");
            faults.push(Fault::new(index + 1, text));
        }
        if let Some(word) = LEFTOVERS.iter().find(|word| has_word(line, word)) {
            faults.push(Fault::new(
                index + 1,
                format!("{word}: finish it or file an issue"),
            ));
        }
    }
    let lines = text.lines().count();
    if lines > FILE_LINES_MAX {
        let text = format!("{lines} lines; at most {FILE_LINES_MAX}: split the file by ideas");
        faults.push(Fault::new(lines, text));
    }
}

/// `unsafe` only where it is allowed.
pub fn check_unsafe(name: &Path, text: &str, faults: &mut Vec<Fault>) {
    let name = name.to_string_lossy();
    if UNSAFE_ALLOWED
        .iter()
        .any(|allowed| name.starts_with(allowed))
    {
        return;
    }
    for (index, line) in text.lines().enumerate() {
        if has_word(&code_of(line), concat!("un", "safe")) {
            let text = format!("unsafe is allowed only in {}", UNSAFE_ALLOWED.join(", "));
            faults.push(Fault::new(index + 1, text));
        }
    }
}

/// Every dependency of the workspace has its reason beside it.
pub fn check_reasons(text: &str, faults: &mut Vec<Fault>) {
    let mut section = "";
    for (index, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            section = line.trim();
        } else if section == "[workspace.dependencies]"
            && line.contains('=')
            && !line.contains("path =")
            && !line.contains("# ")
        {
            faults.push(Fault::new(
                index + 1,
                "a dependency without its reason beside it",
            ));
        }
    }
}

/// The line without strings and comments, roughly: quotes inside a string end it early.
fn code_of(line: &str) -> String {
    let mut code = String::new();
    let mut in_string = false;
    let mut before = ' ';
    for character in line.chars() {
        match character {
            '"' if before != '\\' => in_string = !in_string,
            '/' if !in_string && before == '/' => return code,
            _ if !in_string => code.push(character),
            _ => {}
        }
        before = character;
    }
    code
}

fn has_word(line: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(part_of_word) && !after.is_some_and(part_of_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(check: impl FnOnce(&mut Vec<Fault>)) -> Vec<(usize, String)> {
        let mut faults = Vec::new();
        check(&mut faults);
        faults
            .into_iter()
            .map(|fault| (fault.line, fault.text))
            .collect()
    }

    #[test]
    fn every_line_rule_finds_its_fault() {
        assert_eq!(texts(|faults| check_text("a\nb\n", faults)), []);
        for (bad, line) in [
            ("a \n", 1),
            ("a\nb\t\n", 2),
            ("a\n<<<<<<< x\n", 2),
            ("a\nb", 2),
        ] {
            let found = texts(|faults| check_text(bad, faults));
            assert_eq!(found.len(), 1, "{bad:?}");
            assert_eq!(found[0].0, line, "{bad:?}");
        }
    }

    #[test]
    fn every_source_rule_finds_its_fault() {
        let check = |text: &str| texts(|faults| check_source(Path::new("a.rs"), text, faults));
        assert_eq!(check(&"x".repeat(100)), []);
        assert!(check(&"x".repeat(101))[0].1.starts_with("101 columns"));
        assert!(check("caf\u{e9}")[0].1.contains("not ASCII"));
        for word in LEFTOVERS {
            assert!(check(&format!("// {word}: later"))[0].1.starts_with(word));
            assert_eq!(check(&format!("let {word}S = 1;")), []);
        }
        assert_eq!(check(&"x\n".repeat(800)), []);
        assert!(check(&"x\n".repeat(801))[0].1.starts_with("801 lines"));
    }

    #[test]
    fn unsafe_is_found_in_code_but_not_in_text() {
        let word = concat!("un", "safe");
        let check = |name: &str, text: &str| {
            texts(|faults| check_unsafe(Path::new(name), text, faults)).len()
        };
        assert_eq!(
            check("core/src/lib.rs", &format!("x\n{word} {{ y() }}\n")),
            1
        );
        assert_eq!(
            check("core/src/sys/map.rs", &format!("{word} {{ y() }}\n")),
            0
        );
        assert_eq!(
            check(
                "core/src/lib.rs",
                &format!("// {word}\n\"{word}\"\n{word}_op\n")
            ),
            0
        );
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        let text = "[package]\nname = \"a\"\n[workspace.dependencies]\nown = { path = \"o\" }\n\
                    good = \"1\" # why\nbad = \"1\"\n";
        assert_eq!(texts(|faults| check_reasons(text, faults))[0].0, 6);
    }
}
