//! Conditions (U8.6): an operator, a key, and values of which one must fit.

use super::context::Context;
use super::document::{refuse, texts};
use super::pattern::Pattern;
use crate::auth::time::parse_iso;
use forebay::Result;
use serde_json::Value;
use std::cmp::Ordering;
use std::net::IpAddr;

/// One operator and one key.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    operator: Operator,
    negated: bool,
    if_exists: bool,
    quantifier: Quantifier,
    key: String,
    values: Vec<String>,
}

/// How one value of the request is compared with one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    StringEquals,
    StringEqualsIgnoreCase,
    StringLike,
    Arn,
    Numeric(Compare),
    Date(Compare),
    Bool,
    Address,
    Null,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// For keys with several values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    /// The key has one value; with several, one that fits is enough.
    One,
    /// Every value must fit; without any, true.
    All,
    /// One value must fit; without any, false.
    Any,
}

/// Reads `Condition`.
pub fn read(value: &Value) -> Result<Vec<Condition>> {
    let Value::Object(operators) = value else {
        return refuse("Condition must be an object.".into());
    };
    let mut conditions = Vec::new();
    for (name, keys) in operators {
        let Value::Object(keys) = keys else {
            return refuse(format!("The condition {name} must be an object of keys."));
        };
        for (key, values) in keys {
            conditions.push(read_one(name, key, texts(values, key)?)?);
        }
    }
    Ok(conditions)
}

fn read_one(name: &str, key: &str, values: Vec<String>) -> Result<Condition> {
    let (quantifier, rest) = match name.split_once(':') {
        Some(("ForAllValues", rest)) => (Quantifier::All, rest),
        Some(("ForAnyValue", rest)) => (Quantifier::Any, rest),
        _ => (Quantifier::One, name),
    };
    let (word, if_exists) = match rest.strip_suffix("IfExists") {
        Some(word) if word != "Null" => (word, true),
        _ => (rest, false),
    };
    let Some((operator, negated)) = operator(word) else {
        return refuse(format!("The condition {name:?} is not known."));
    };
    let readable = |value: &String| match operator {
        Operator::Numeric(_) => number(value).is_some(),
        Operator::Date(_) => date(value).is_some(),
        Operator::Bool | Operator::Null => flag(value).is_some(),
        Operator::Address => Network::read(value).is_some(),
        _ => true,
    };
    // A variable is put in when the policy is used.
    let bad = values
        .iter()
        .find(|value| !value.contains("${") && !readable(value));
    match bad {
        Some(bad) => refuse(format!(
            "The condition {name} cannot have the value {bad:?}."
        )),
        None => Ok(Condition {
            operator,
            negated,
            if_exists,
            quantifier,
            key: key.into(),
            values,
        }),
    }
}

fn operator(word: &str) -> Option<(Operator, bool)> {
    let compared = |rest: &str| {
        Some(match rest {
            "Equals" => (Compare::Equal, false),
            "NotEquals" => (Compare::Equal, true),
            "LessThan" => (Compare::Less, false),
            "LessThanEquals" => (Compare::LessOrEqual, false),
            "GreaterThan" => (Compare::Greater, false),
            "GreaterThanEquals" => (Compare::GreaterOrEqual, false),
            _ => return None,
        })
    };
    Some(match word {
        "StringEquals" | "BinaryEquals" => (Operator::StringEquals, false),
        "StringNotEquals" => (Operator::StringEquals, true),
        "StringEqualsIgnoreCase" => (Operator::StringEqualsIgnoreCase, false),
        "StringNotEqualsIgnoreCase" => (Operator::StringEqualsIgnoreCase, true),
        "StringLike" => (Operator::StringLike, false),
        "StringNotLike" => (Operator::StringLike, true),
        "ArnEquals" | "ArnLike" => (Operator::Arn, false),
        "ArnNotEquals" | "ArnNotLike" => (Operator::Arn, true),
        "Bool" => (Operator::Bool, false),
        "IpAddress" => (Operator::Address, false),
        "NotIpAddress" => (Operator::Address, true),
        "Null" => (Operator::Null, false),
        _ => match (word.strip_prefix("Numeric"), word.strip_prefix("Date")) {
            (Some(rest), _) => compared(rest).map(|(it, not)| (Operator::Numeric(it), not))?,
            (_, Some(rest)) => compared(rest).map(|(it, not)| (Operator::Date(it), not))?,
            _ => return None,
        },
    })
}

impl Condition {
    /// Whether it holds for a request.
    pub fn holds(&self, context: &Context, has_variables: bool) -> bool {
        let found = context.get(&self.key);
        if self.operator == Operator::Null {
            let absent = found.is_none();
            return self.values.iter().any(|value| flag(value) == Some(absent));
        }
        let Some(found) = found else {
            // A missing key makes a positive operator false and a negated one true.
            return self.if_exists
                || match self.quantifier {
                    Quantifier::One => self.negated,
                    Quantifier::All => true,
                    Quantifier::Any => false,
                };
        };
        let wanted: Vec<Pattern> = self
            .values
            .iter()
            .filter_map(|value| context.pattern(value, has_variables))
            .collect();
        // Values are alternatives; a negated operator must differ from each.
        let fits = |own: &String| {
            wanted
                .iter()
                .any(|wanted| self.operator.compare(own, wanted))
                != self.negated
        };
        match self.quantifier {
            Quantifier::All => found.iter().all(fits),
            Quantifier::Any => found.iter().any(fits),
            Quantifier::One if self.negated => found.iter().all(fits),
            Quantifier::One => found.iter().any(fits),
        }
    }
}

impl Operator {
    fn compare(self, own: &str, wanted: &Pattern) -> bool {
        let text = wanted.text();
        match self {
            Self::StringEquals => own == text,
            Self::StringEqualsIgnoreCase => own.to_lowercase() == text.to_lowercase(),
            Self::StringLike => wanted.fits(own),
            Self::Arn => wanted.fits_arn(own),
            Self::Bool => flag(own).is_some() && flag(own) == flag(&text),
            Self::Numeric(compare) => compare.holds(number(own), number(&text)),
            Self::Date(compare) => compare.holds(date(own), date(&text)),
            Self::Address => match (own.parse(), Network::read(&text)) {
                (Ok(address), Some(network)) => network.contains(address),
                _ => false,
            },
            // Decided before there are values to compare.
            Self::Null => false,
        }
    }
}

impl Compare {
    fn holds(self, own: Option<f64>, wanted: Option<f64>) -> bool {
        let (Some(own), Some(wanted)) = (own, wanted) else {
            return false;
        };
        let order = own.partial_cmp(&wanted);
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// ISO 8601, a plain day, or seconds since the epoch.
fn date(text: &str) -> Option<f64> {
    let iso = parse_iso(text).or_else(|| parse_iso(&format!("{text}T00:00:00Z")));
    iso.map(|time_s| time_s as f64).or_else(|| number(text))
}

/// Addresses with a common beginning.
struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    fn read(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(width);
        if bits > width {
            return None;
        }
        // A network of IPv4 in the writing of IPv6 is one of IPv4.
        Some(match address.to_canonical() {
            canonical if canonical != address && bits >= 96 => Self {
                address: canonical,
                bits: bits - 96,
            },
            _ => Self { address, bits },
        })
    }

    fn contains(&self, other: IpAddr) -> bool {
        let number = |address: IpAddr| match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, true),
            IpAddr::V6(address) => (address.to_bits(), false),
        };
        let ((own, v4), (other, other_v4)) = (number(self.address), number(other.to_canonical()));
        let differing = (own ^ other).checked_shr(128 - self.bits).unwrap_or(0);
        v4 == other_v4 && differing == 0
    }
}
