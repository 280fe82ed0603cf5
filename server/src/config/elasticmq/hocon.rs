//! The part of HOCON that such files use: sections, dotted names, texts with and without quotes,
//! comments. Includes are passed over; substitutions and lists are kept as text.

use std::iter::Peekable;
use std::str::Chars;

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text, number or flag as written.
    Text(String),
    /// A section.
    Object(Object),
}

/// A section: names and values in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Value)>);

impl Object {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(own, _)| own == name)
            .map(|(_, value)| value)
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Puts a value at a path; sections of one name become one.
    fn put(&mut self, path: &[String], value: Value) {
        let [name, rest @ ..] = path else {
            return;
        };
        let position = self.0.iter().position(|(own, _)| own == name);
        let position = position.unwrap_or_else(|| {
            self.0
                .push((name.clone(), Value::Object(Object::default())));
            self.0.len() - 1
        });
        let entry = &mut self.0[position].1;
        match (rest.is_empty(), entry, value) {
            (false, Value::Object(inner), value) => inner.put(rest, value),
            (true, Value::Object(inner), Value::Object(more)) => {
                for (name, value) in more.0 {
                    inner.put(&[name], value);
                }
            }
            (true, entry, value) => *entry = value,
            (false, entry, value) => {
                let mut inner = Object::default();
                inner.put(rest, value);
                *entry = Value::Object(inner);
            }
        }
    }
}

/// How deep sections may be, and how many parts a name may have.
const DEPTH_MAX: usize = 32;

/// Reads a file. The error names the line.
pub fn parse(text: &str) -> Result<Object, String> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        line: 1,
    };
    let braced = reader.next_is('{');
    let object = reader.members(braced, 0);
    object.map_err(|error| format!("line {}: {error}", reader.line))
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.line += usize::from(next == Some('\n'));
        next
    }

    /// Passes over white space, line ends, commas and comments.
    fn skip(&mut self) {
        while let Some(&character) = self.rest.peek() {
            if character.is_whitespace() || character == ',' {
                self.next();
            } else if character == '#' || (character == '/' && self.is_comment()) {
                while self.rest.peek().is_some_and(|it| *it != '\n') {
                    self.next();
                }
            } else {
                return;
            }
        }
    }

    fn is_comment(&self) -> bool {
        let mut ahead = self.rest.clone();
        ahead.next() == Some('/') && ahead.next() == Some('/')
    }

    fn next_is(&mut self, wanted: char) -> bool {
        self.skip();
        let is = self.rest.peek() == Some(&wanted);
        if is {
            self.next();
        }
        is
    }

    fn members(&mut self, braced: bool, depth: usize) -> Result<Object, String> {
        if depth > DEPTH_MAX {
            return Err("sections are too deep".into());
        }
        let mut object = Object::default();
        loop {
            self.skip();
            match self.rest.peek() {
                None if braced => return Err("a section does not end".into()),
                None => return Ok(object),
                Some('}') if braced => {
                    self.next();
                    return Ok(object);
                }
                Some(_) => {}
            }
            let path = self.path()?;
            if path == ["include"] {
                self.unquoted("\n");
                continue;
            }
            let value = self.value(depth)?;
            object.put(&path, value);
        }
    }

    /// A name, quoted or dotted.
    fn path(&mut self) -> Result<Vec<String>, String> {
        let mut path = Vec::new();
        loop {
            let part = match self.rest.peek() {
                Some('"') => self.quoted()?,
                _ => self.unquoted(".=:{}\n\" \t"),
            };
            if part.is_empty() {
                return Err("a name is missing".into());
            }
            path.push(part);
            if path.len() > DEPTH_MAX {
                return Err("a name has too many parts".into());
            }
            if self.rest.peek() != Some(&'.') {
                return Ok(path);
            }
            self.next();
        }
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if self.next_is('{') {
            return Ok(Value::Object(self.members(true, depth + 1)?));
        }
        if !self.next_is('=') && !self.next_is(':') {
            return Err("a name has no value".into());
        }
        if self.next_is('{') {
            return Ok(Value::Object(self.members(true, depth + 1)?));
        }
        match self.rest.peek() {
            Some('"') => self.quoted().map(Value::Text),
            _ => Ok(Value::Text(self.unquoted("\n,}#/").trim().to_owned())),
        }
    }

    fn quoted(&mut self) -> Result<String, String> {
        self.next();
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.push(self.escaped()?),
                Some('\n') | None => return Err("a quoted text does not end".into()),
                Some(other) => text.push(other),
            }
        }
    }

    /// The character that an escape of JSON stands for.
    fn escaped(&mut self) -> Result<char, String> {
        let bad = || "an escape is none of JSON's".to_owned();
        Ok(match self.next().ok_or_else(bad)? {
            plain @ ('"' | '\\' | '/') => plain,
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let digits: String = (0..4).filter_map(|_| self.next()).collect();
                let number = u32::from_str_radix(&digits, 16);
                number.ok().and_then(char::from_u32).ok_or_else(bad)?
            }
            _ => return Err(bad()),
        })
    }

    /// A slash is an end where a comment begins.
    fn unquoted(&mut self, ends: &str) -> String {
        let mut text = String::new();
        while let Some(&character) = self.rest.peek() {
            if ends.contains(character) && (character != '/' || self.is_comment()) {
                break;
            }
            text.push(character);
            self.next();
        }
        text
    }
}
