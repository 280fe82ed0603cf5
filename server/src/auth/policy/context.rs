//! What conditions can ask about a request (U8.7).

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

    /// Puts values in the place of `${key}`, `${key, 'default'}`, `${*}`, `${?}` and `${$}`.
    /// `None` if a key is absent and has no default: then nothing matches.
    pub fn substitute(&self, text: &str) -> Option<String> {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}')?;
            result.push_str(before);
            match name {
                "*" | "?" | "$" => result.push_str(name),
                _ => {
                    let (key, default) = match name.split_once(',') {
                        Some((key, default)) => (key.trim(), Some(default.trim())),
                        None => (name.trim(), None),
                    };
                    match (self.get(key), default) {
                        (Some([value]), _) => result.push_str(value),
                        (_, Some(default)) => result.push_str(default.trim_matches('\'')),
                        _ => return None,
                    }
                }
            }
            rest = behind;
        }
        result.push_str(rest);
        Some(result)
    }
}
