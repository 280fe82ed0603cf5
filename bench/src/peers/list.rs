//! The file that names the peers: a line each, its words separated by tabs.

use crate::workloads::Failure;
use std::path::Path;

/// A peer in a class of durability.
pub struct Entry {
    /// Such as `huey (Python)`.
    pub name: String,
    /// `full` or `os`.
    pub class: String,
    /// Program and arguments; class and folder come behind them.
    pub command: Vec<String>,
}

/// What the file has.
#[derive(Default)]
pub struct List {
    pub entries: Vec<Entry>,
    /// Name, class and reason of what is not there.
    pub skipped: Vec<(String, String, String)>,
}

/// Reads lines `NAME CLASS PROGRAM ARGUMENT...` and `NAME CLASS - REASON`.
pub fn read(file: &Path) -> Result<List, Failure> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("read {}: {error}", file.display()))?;
    parse(&text)
}

fn parse(text: &str) -> Result<List, Failure> {
    let mut list = List::default();
    for line in text.lines() {
        let words: Vec<&str> = line.split('\t').collect();
        let [name, class, program, arguments @ ..] = words.as_slice() else {
            return Err(format!("{line:?} does not name a peer, its class and its program").into());
        };
        if *program == "-" {
            let reason = arguments.join(" ");
            list.skipped.push(((*name).into(), (*class).into(), reason));
            continue;
        }
        let arguments = arguments.iter().copied();
        list.entries.push(Entry {
            name: (*name).into(),
            class: (*class).into(),
            command: std::iter::once(*program)
                .chain(arguments)
                .map(str::to_owned)
                .collect(),
        });
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_and_reasons_are_read() {
        let list = parse("a (x)\tfull\tpy\tpeer.py\ta\nb\tos\t-\tnot here\n").unwrap();
        assert_eq!(list.entries[0].command, ["py", "peer.py", "a"]);
        assert_eq!(list.entries[0].class, "full");
        assert_eq!(list.skipped[0].2, "not here");
        assert!(parse("a\tfull\n").is_err());
    }
}
