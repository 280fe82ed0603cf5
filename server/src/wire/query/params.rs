//! Parameters of a query string or form body, and the flattened lists in them (A1).

use crate::wire::Refusal;
use std::collections::{BTreeMap, BTreeSet};

/// Parameters of one request at the most; the largest batch has fewer than 700.
const PARAMETERS_MAX: usize = 5_000;

/// Decoded parameters. Of a name given twice the last one holds, as in AWS's own parser.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    values: BTreeMap<String, String>,
}

impl Params {
    /// Adds the parameters of a query string or form.
    ///
    /// Errors: `MalformedQueryString` for what does not decode to UTF-8, and for too many.
    pub fn add(&mut self, form: &[u8]) -> Result<(), Refusal> {
        for pair in form.split(|byte| *byte == b'&').filter(|it| !it.is_empty()) {
            let mut parts = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(parts.next().unwrap_or_default())?;
            let value = decode(parts.next().unwrap_or_default())?;
            self.insert(name, value)?;
        }
        Ok(())
    }

    /// Adds a decoded parameter.
    ///
    /// Errors: `MalformedQueryString` for too many.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<(), Refusal> {
        self.values.insert(name.into(), value.into());
        if self.values.len() > PARAMETERS_MAX {
            let text = format!("More than {PARAMETERS_MAX} parameters.");
            return Err(malformed(text));
        }
        Ok(())
    }

    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// All parameters, in the order of their names' bytes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.values.iter();
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A parameter as owned text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).cloned()
    }

    /// A parameter as a whole number.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let number = text.parse().map_err(|_| {
            let parameter = name.rsplit('.').next().unwrap_or(name);
            let reason = "Must be an integer.";
            Refusal::from(forebay::Error::bad_value(text, parameter, reason))
        })?;
        Ok(Some(number))
    }

    /// The list `name.1`, `name.2`, ..., and the unnumbered `name`; `None` if there is none.
    pub fn list(&self, name: &str) -> Option<Vec<String>> {
        let mut list: Vec<String> = self.get(name).map(String::from).into_iter().collect();
        for prefix in self.numbered(name) {
            list.extend(self.text(&prefix));
        }
        (!list.is_empty()).then_some(list)
    }

    /// The map `name.1.<key>`, `name.1.<value>`, ..., and the unnumbered pair.
    ///
    /// Errors: `MissingParameter` for half of a pair.
    pub fn map(
        &self,
        name: &str,
        key: &str,
        value: &str,
    ) -> Result<Option<BTreeMap<String, String>>, Refusal> {
        let mut map = BTreeMap::new();
        let prefixes = std::iter::once(name.to_owned()).chain(self.numbered(name));
        for prefix in prefixes {
            let (key, value) = (format!("{prefix}.{key}"), format!("{prefix}.{value}"));
            match (self.text(&key), self.text(&value)) {
                (None, None) => {}
                (Some(key), Some(value)) => {
                    map.insert(key, value);
                }
                (None, Some(_)) => return Err(Refusal::missing(&key)),
                (Some(_), None) => return Err(Refusal::missing(&value)),
            }
        }
        Ok((!map.is_empty()).then_some(map))
    }

    /// The prefixes `name.1`, `name.2`, ... that have a parameter, in the order of the numbers,
    /// which start at 1 and may have gaps (A1.1).
    pub fn numbered(&self, name: &str) -> Vec<String> {
        let start = format!("{name}.");
        let number = |parameter: &str| -> Option<u32> {
            let rest = parameter.strip_prefix(&start)?;
            let digits = rest.split('.').next().unwrap_or(rest);
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse().ok().filter(|number| plain && *number > 0)
        };
        let numbers: BTreeSet<u32> = self
            .values
            .range(start.clone()..)
            .take_while(|(parameter, _)| parameter.starts_with(&start))
            .filter_map(|(parameter, _)| number(parameter))
            .collect();
        let prefix = |number: u32| format!("{start}{number}");
        numbers.into_iter().map(prefix).collect()
    }
}

fn malformed(text: impl Into<String>) -> Refusal {
    let name = "MalformedQueryString";
    Refusal::new(name, name, 400, text)
}

fn decode(text: &[u8]) -> Result<String, Refusal> {
    let bytes = percent_decode(text, true)
        .ok_or_else(|| malformed("A parameter has a % that is not followed by two hex digits."))?;
    String::from_utf8(bytes).map_err(|_| malformed("A parameter is not UTF-8."))
}

/// Decodes `%XX`, and `+` as a space where `plus` says so. `None` for a broken escape.
pub fn percent_decode(text: &[u8], plus: bool) -> Option<Vec<u8>> {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let (high, low) = (hex(bytes.next()?)?, hex(bytes.next()?)?);
                // Two hex digits are below 256.
                (high * 16 + low) as u8
            }
            b'+' if plus => b' ',
            other => other,
        });
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(form: &str) -> Params {
        let mut params = Params::default();
        params.add(form.as_bytes()).unwrap();
        params
    }

    #[test]
    fn forms_are_decoded() {
        let params = params("a=x+y%20z&b=%E2%82%AC&empty=&bare&&c=1=2");
        assert_eq!(params.get("a"), Some("x y z"));
        assert_eq!(params.get("b"), Some("\u{20ac}"));
        assert_eq!(params.get("empty"), Some(""));
        assert_eq!(params.get("bare"), Some(""));
        assert_eq!(params.get("c"), Some("1=2"));
        for bad in ["a=%4", "a=%zz", "%=1", "a=%ff"] {
            assert!(Params::default().add(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    #[test]
    fn a1_1_numbers_have_gaps_and_an_order_of_numbers() {
        let params = params("T.10=c&T.2=b&T.1=a&T.x=no&T.0=no&T.+3=no&Tag.1=no");
        let list = params.list("T");
        assert_eq!(list, Some(vec!["a".into(), "b".into(), "c".into()]));
        assert_eq!(params.list("U"), None);
    }

    #[test]
    fn maps_take_numbered_and_plain_pairs() {
        let params = params("A.1.Name=x&A.1.Value=1&A.3.Name=y&A.3.Value=&A.Name=z&A.Value=3&A.4=");
        let map = params.map("A", "Name", "Value").unwrap().unwrap();
        let pairs: Vec<_> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs, [("x", "1"), ("y", ""), ("z", "3")]);
    }

    #[test]
    fn numbers_name_themselves_when_refused() {
        let params = params("DelaySeconds=x&E.1.DelaySeconds=1.5");
        for name in ["DelaySeconds", "E.1.DelaySeconds"] {
            let error = params.integer(name).unwrap_err();
            assert!(error.text().contains("for parameter DelaySeconds"));
        }
    }

    #[test]
    fn too_many_parameters_are_refused() {
        let form: String = (0..=PARAMETERS_MAX).map(|n| format!("p{n}=&")).collect();
        assert!(Params::default().add(form.as_bytes()).is_err());
    }
}
