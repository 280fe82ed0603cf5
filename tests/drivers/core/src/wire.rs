//! The line protocol between the scenario runner and a driver: one request a line, one answer a
//! line, `word key=value key=value ...`, values percent-encoded. tests/scenarios/README.md tells it
//! to authors of drivers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A request or an answer: its first word and its fields. Values are bytes: a body need not be
/// UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    /// The verb of a request; `ok` or `error` of an answer.
    pub word: String,
    /// Fields by key, such as `messages.2.body`.
    pub fields: BTreeMap<String, Vec<u8>>,
}

impl Line {
    /// A line without fields.
    pub fn new(word: &str) -> Self {
        Self {
            word: word.into(),
            fields: BTreeMap::new(),
        }
    }

    /// Adds a field; numbers in decimal, booleans as `0` and `1`.
    pub fn put(&mut self, key: impl Into<String>, value: impl AsRef<[u8]>) {
        self.fields.insert(key.into(), value.as_ref().to_vec());
    }

    /// A field's bytes.
    pub fn bytes(&self, key: &str) -> Option<&[u8]> {
        self.fields.get(key).map(Vec::as_slice)
    }

    /// A field as text; an error names the key if it is not UTF-8.
    pub fn text(&self, key: &str) -> Result<Option<&str>, String> {
        match self.fields.get(key) {
            None => Ok(None),
            Some(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(_) => Err(format!("{key} is not UTF-8")),
            },
        }
    }

    /// A field that must be there, as text.
    pub fn required(&self, key: &str) -> Result<&str, String> {
        self.text(key)?
            .ok_or_else(|| format!("{} needs {key}", self.word))
    }

    /// A field as a number.
    pub fn number<N: std::str::FromStr>(&self, key: &str) -> Result<Option<N>, String> {
        match self.text(key)? {
            None => Ok(None),
            Some(text) => match text.parse() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(format!("{key}={text} is not a number in range")),
            },
        }
    }

    /// A field as a boolean; absent is false.
    pub fn flag(&self, key: &str) -> Result<bool, String> {
        match self.text(key)? {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => Err(format!("{key}={other} is neither 0 nor 1")),
        }
    }

    /// Length of the list `key`: the field `key.count`, 0 if absent.
    pub fn count(&self, key: &str) -> Result<usize, String> {
        Ok(self.number(&format!("{key}.count"))?.unwrap_or(0))
    }

    /// The list of texts `key.1`, `key.2`, ...
    pub fn texts(&self, key: &str) -> Result<Vec<String>, String> {
        (1..=self.count(key)?)
            .map(|index| Ok(self.required(&format!("{key}.{index}"))?.to_string()))
            .collect()
    }

    /// The map `key.1.name`, `key.1.value`, ...
    pub fn map(&self, key: &str) -> Result<BTreeMap<String, String>, String> {
        (1..=self.count(key)?)
            .map(|index| {
                let name = self.required(&format!("{key}.{index}.name"))?;
                let value = self.required(&format!("{key}.{index}.value"))?;
                Ok((name.to_string(), value.to_string()))
            })
            .collect()
    }

    /// Writes the map `key.1.name`, `key.1.value`, ... and its count.
    pub fn put_map<'a>(
        &mut self,
        key: &str,
        entries: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let mut count = 0;
        for (name, value) in entries {
            count += 1;
            self.put(format!("{key}.{count}.name"), name);
            self.put(format!("{key}.{count}.value"), value);
        }
        self.put(format!("{key}.count"), count.to_string());
    }

    /// The line without its newline.
    pub fn print(&self) -> String {
        let mut line = self.word.clone();
        for (key, value) in &self.fields {
            line.push(' ');
            line.push_str(key);
            line.push('=');
            encode(value, &mut line);
        }
        line
    }

    /// Reads a line.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.trim_end_matches(['\n', '\r']).split(' ');
        let mut parsed = Self::new(words.next().unwrap_or_default());
        if parsed.word == "error" {
            return Self::parse_error(words);
        }
        for word in words {
            let Some((key, value)) = word.split_once('=') else {
                return Err(format!("{word:?} is not key=value"));
            };
            if parsed.fields.insert(key.into(), decode(value)?).is_some() {
                return Err(format!("{key} is given twice"));
            }
        }
        Ok(parsed)
    }

    /// An answer `error <number> <name> <text>`.
    pub fn error(number: i32, name: &str, text: &str) -> String {
        let mut line = format!("error {number} {name} ");
        encode(text.as_bytes(), &mut line);
        line
    }

    fn parse_error<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut parsed = Self::new("error");
        for key in ["number", "name", "text"] {
            let word = words.next().ok_or_else(|| format!("error without {key}"))?;
            parsed.fields.insert(key.into(), decode(word)?);
        }
        match words.next() {
            None => Ok(parsed),
            Some(word) => Err(format!("{word:?} after the text of an error")),
        }
    }
}

/// Appends `bytes` with everything but letters, digits and `-._~:/` as `%XX`.
fn encode(bytes: &[u8], line: &mut String) {
    for byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'/' => {
                line.push(char::from(*byte));
            }
            // Writing into a String cannot fail.
            _ => {
                let _ = write!(line, "%{byte:02X}");
            }
        }
    }
}

fn decode(value: &str) -> Result<Vec<u8>, String> {
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'%' {
            let digits = value.get(at + 1..at + 3).unwrap_or_default();
            match u8::from_str_radix(digits, 16) {
                Ok(byte) if digits.len() == 2 => decoded.push(byte),
                _ => return Err(format!("%{digits} is not a percent-encoded byte")),
            }
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_byte_survives_a_round_trip() {
        let mut line = Line::new("send");
        line.put("body", (0..=255).collect::<Vec<u8>>());
        line.put("empty", "");
        line.put_map("tags", [("a b", "c=d"), ("\u{e9}", "%41")]);
        assert_eq!(Line::parse(&line.print()).unwrap(), line);
        assert_eq!(line.map("tags").unwrap()["a b"], "c=d");
    }

    #[test]
    fn broken_lines_are_refused() {
        for bad in [
            "ok a",
            "ok a=%4",
            "ok a=%zz",
            "ok a=1 a=2",
            "error 1 name",
            "error 1 n t x",
        ] {
            assert!(Line::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_keep_number_name_and_text() {
        let line = Line::parse(&Line::error(6, "InvalidParameterValue", "Value 1 2%")).unwrap();
        assert_eq!(line.word, "error");
        assert_eq!(line.required("number").unwrap(), "6");
        assert_eq!(line.required("text").unwrap(), "Value 1 2%");
    }
}
