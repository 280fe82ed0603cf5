//! What conditions can ask about a request (U8.7).

use super::pattern::Pattern;
use std::collections::BTreeMap;

/// Values by key, in small letters. A key that is absent has no value here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    values: BTreeMap<String, Vec<String>>,
}

impl Context {
    /// Sets the value of a key.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values
            .insert(key.to_ascii_lowercase(), vec![value.into()]);
    }

    /// Sets the values of a key that has several.
    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.values.insert(key.to_ascii_lowercase(), values);
    }

    /// The values of a key; `None` if it is absent.
    pub fn get(&self, key: &str) -> Option<&[String]> {
        self.values
            .get(&key.to_ascii_lowercase())
            .map(Vec::as_slice)
    }

    /// Reads a pattern. With variables, values stand in the place of `${key}` and
    /// `${key, 'default'}`, and what they hold is meant as it is, as are `${*}`, `${?}` and `${$}`:
    /// nobody can widen a policy by what he is called. `None` if a key is absent and has no
    /// default: then nothing matches.
    pub fn pattern(&self, text: &str, has_variables: bool) -> Option<Pattern> {
        let mut pattern = Pattern::default();
        let mut rest = text;
        while has_variables && let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            pattern.push(before);
            match name {
                "*" | "?" | "$" => pattern.push_literal(name),
                _ => pattern.push_literal(self.value(name)?),
            }
            rest = behind;
        }
        pattern.push(rest);
        Some(pattern)
    }

    /// The only value of a variable, or its default.
    fn value<'a>(&'a self, variable: &'a str) -> Option<&'a str> {
        let (key, default) = match variable.split_once(',') {
            Some((key, default)) => (key.trim(), Some(default.trim().trim_matches('\''))),
            None => (variable.trim(), None),
        };
        match self.get(key) {
            Some([value]) => Some(value),
            _ => default,
        }
    }
}
