//! Values of a scenario that are known only when it runs: `$m.id`, `${r.receipt}` inside a text,
//! and generators for what is too long or too odd to write out.

use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Results that steps named with `as`, and the number of the turn in a `repeat`.
#[derive(Debug, Default)]
pub struct Names {
    /// Fields of each named result.
    pub results: BTreeMap<String, BTreeMap<String, Vec<u8>>>,
    /// `$i`, from 1.
    pub turn: Option<u64>,
}

impl Names {
    fn look_up(&self, name: &str) -> Result<Vec<u8>, String> {
        if name == "i" {
            return match self.turn {
                Some(turn) => Ok(turn.to_string().into_bytes()),
                None => Err("$i is used outside a repeat".into()),
            };
        }
        let (result, field) = split(name)?;
        let Some(fields) = self.results.get(result) else {
            return Err(format!("no step before this one is named {result:?}"));
        };
        match fields.get(field) {
            Some(value) => Ok(value.clone()),
            None => Err(format!(
                "{result:?} has no field {field:?}, only {:?}",
                fields.keys().take(40).collect::<Vec<_>>()
            )),
        }
    }
}

fn split(name: &str) -> Result<(&str, &str), String> {
    name.split_once('.')
        .ok_or_else(|| format!("${name} needs a field, as in ${name}.id"))
}

/// A value, or how to make it.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// Text with the results of earlier steps put in.
    Text(Vec<Part>),
    /// A template so many times.
    Repeat(Box<Template>, usize),
    /// Bytes that are not text.
    Bytes(Vec<u8>),
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// As it stands.
    Literal(String),
    /// `result.field`, or `i`.
    Reference(String),
}

impl Template {
    /// Reads a string, number, boolean or generator.
    pub fn parse(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Text(parts(text)?)),
            Value::Number(number) if !number.is_f64() => Ok(Self::literal(number.to_string())),
            Value::Bool(flag) => Ok(Self::literal(u8::from(*flag).to_string())),
            Value::Object(map) => Self::generator(map),
            other => Err(format!("{other} is not a value")),
        }
    }

    /// A whole number, or a reference to one.
    pub fn number(value: &Value) -> Result<Self, String> {
        match value {
            Value::Number(number) if !number.is_f64() => Self::parse(value),
            Value::String(text) if text.starts_with('$') => Self::parse(value),
            other => Err(format!("{other} is not a whole number")),
        }
    }

    fn literal(text: String) -> Self {
        Self::Text(vec![Part::Literal(text)])
    }

    fn generator(map: &Map<String, Value>) -> Result<Self, String> {
        let keys: Vec<&str> = map.keys().map(String::as_str).collect();
        match keys.as_slice() {
            ["hex"] => {
                let digits = map["hex"].as_str().ok_or("hex needs a string")?;
                unhex(digits).map(Self::Bytes)
            }
            ["repeat", "times"] => {
                let times = map["times"].as_u64().ok_or("times needs a whole number")?;
                let times = usize::try_from(times).map_err(|_| "times is too large")?;
                Ok(Self::Repeat(Box::new(Self::parse(&map["repeat"])?), times))
            }
            _ => Err(format!(
                "{keys:?} is no generator: {{\"repeat\", \"times\"}} and {{\"hex\"}} are"
            )),
        }
    }

    /// The value.
    pub fn resolve(&self, names: &Names) -> Result<Vec<u8>, String> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::Repeat(inner, times) => Ok(inner.resolve(names)?.repeat(*times)),
            Self::Text(parts) => {
                let mut value = Vec::new();
                for part in parts {
                    match part {
                        Part::Literal(text) => value.extend_from_slice(text.as_bytes()),
                        Part::Reference(name) => value.extend(names.look_up(name)?),
                    }
                }
                Ok(value)
            }
        }
    }

    /// Names of results that the template refers to.
    pub fn references(&self) -> Vec<&str> {
        match self {
            Self::Bytes(_) => Vec::new(),
            Self::Repeat(inner, _) => inner.references(),
            Self::Text(parts) => parts
                .iter()
                .filter_map(|part| match part {
                    Part::Reference(name) => Some(name.split('.').next().unwrap_or(name)),
                    Part::Literal(_) => None,
                })
                .collect(),
        }
    }
}

/// `$a.b` as a whole text, `${a.b}` anywhere, `$$` for a dollar sign.
fn parts(text: &str) -> Result<Vec<Part>, String> {
    if let Some(name) = text.strip_prefix('$')
        && !name.starts_with(['{', '$'])
    {
        return Ok(vec![Part::Reference(reference(name)?)]);
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        let mut literal = before.to_owned();
        if let Some(after) = from.strip_prefix("$$") {
            literal.push('$');
            rest = after;
            parts.push(Part::Literal(literal));
            continue;
        }
        parts.push(Part::Literal(literal));
        let inside = from
            .strip_prefix("${")
            .and_then(|after| after.split_once('}'));
        let (name, after) =
            inside.ok_or_else(|| format!("a single $ in {text:?}: write $$ or ${{...}}"))?;
        parts.push(Part::Reference(reference(name)?));
        rest = after;
    }
    parts.push(Part::Literal(rest.to_owned()));
    Ok(parts)
}

fn reference(name: &str) -> Result<String, String> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if name.is_empty() || !name.chars().all(good) {
        return Err(format!("${name} is not a reference such as $r1.receipt"));
    }
    if name != "i" {
        split(name)?;
    }
    Ok(name.to_owned())
}

/// Bytes of hexadecimal digits.
fn unhex(digits: &str) -> Result<Vec<u8>, String> {
    let bad = || format!("{digits:?} is not an even number of hexadecimal digits");
    if !digits.len().is_multiple_of(2) {
        return Err(bad());
    }
    (0..digits.len() / 2)
        .map(|index| {
            let pair = digits.get(2 * index..2 * index + 2).ok_or_else(bad)?;
            u8::from_str_radix(pair, 16).map_err(|_| bad())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    fn resolve(value: Value) -> Result<String, String> {
        let mut names = Names {
            turn: Some(7),
            ..Names::default()
        };
        names.results.insert(
            "m".into(),
            BTreeMap::from([
                ("id".into(), b"abc".to_vec()),
                ("2.id".into(), b"d".to_vec()),
            ]),
        );
        let value = Template::parse(&value)?.resolve(&names)?;
        Ok(String::from_utf8(value).unwrap())
    }

    #[test]
    fn references_and_generators_resolve() {
        assert_eq!(resolve(json!("$m.id")).unwrap(), "abc");
        assert_eq!(resolve(json!("$m.2.id")).unwrap(), "d");
        assert_eq!(resolve(json!("a ${m.id}, ${i}$$")).unwrap(), "a abc, 7$");
        assert_eq!(resolve(json!("$$m.id")).unwrap(), "$m.id");
        assert_eq!(
            resolve(json!({"repeat": "x${i}", "times": 2})).unwrap(),
            "x7x7"
        );
        assert_eq!(resolve(json!({"hex": "0a41"})).unwrap(), "\nA");
        assert_eq!(resolve(json!(true)).unwrap(), "1");
    }

    #[test]
    fn slips_are_errors() {
        for bad in [
            json!("$m.nothing"),
            json!("$other.id"),
            json!("$m"),
            json!("costs 5$"),
            json!("${m.id"),
            json!({"repeat": "x"}),
            json!({"hex": "0"}),
            json!({"hex": "zz"}),
            json!({"rpeat": "x", "times": 2}),
            json!(0.5),
            json!(null),
        ] {
            assert!(resolve(bad.clone()).is_err(), "{bad}");
        }
    }
}
