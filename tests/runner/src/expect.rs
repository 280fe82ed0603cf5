//! Expectations: what a step's answer must be.

use crate::schema::{Field, Verb};
use crate::template::{Names, Template};
use forebay_scenario_driver::wire::Line;
use serde_json::{Map, Value};

/// What a step's answer must be. Every part must hold.
#[derive(Debug)]
pub struct Expect {
    /// `OK`, or the name of the error.
    pub code: String,
    /// The error's text.
    text: Option<Matcher>,
    checks: Vec<Check>,
}

/// What one value must be.
#[derive(Debug)]
pub enum Matcher {
    /// Equal to this; the plain form.
    Equals(Template),
    /// Not in the answer; `null`.
    Absent,
    /// In the answer, whatever it is.
    Present,
    /// In the answer, and not this.
    Not(Template),
    /// One of these.
    OneOf(Vec<Template>),
    /// A number of this or more.
    AtLeast(Template),
    /// A number of this or less.
    AtMost(Template),
    /// A number above this.
    Above(Template),
    /// A text with this in it.
    Contains(Template),
    /// So many bytes long.
    Length(usize),
    /// A UUID in lower case.
    Uuid,
}

/// One part of an expectation.
#[derive(Debug)]
enum Check {
    Value(String, Matcher),
    /// Field, entries, and whether there may be others.
    Map(String, Vec<(String, Matcher)>, bool),
    /// Field; name, type and value of each.
    Attributes(String, Vec<(String, Matcher, Matcher)>),
    Count(String, Matcher),
    /// Records of a list, in order.
    Records(String, Vec<Vec<Check>>),
    /// Holds for every record of a list, which must not be empty.
    All(String, Vec<Check>),
    /// Holds for the one record of a list.
    Single(String, Vec<Check>),
    /// One field of every record; in this order or in any.
    Column(String, &'static str, Vec<Template>, bool),
}

/// Short forms for one field of every record.
const COLUMNS: [(&str, &str); 4] = [
    ("bodies", "body"),
    ("names", "name"),
    ("codes", "code"),
    ("groups", "group"),
];

impl Expect {
    /// Reads the value of `expect` for an answer of `verb`.
    pub fn parse(value: &Value, verb: &Verb, codes: &[&str]) -> Result<Self, String> {
        let map = value.as_object().ok_or("expect needs an object")?;
        if map.is_empty() {
            return Err("expect is empty".into());
        }
        let code = match map.get("code") {
            None => "OK",
            Some(code) => code.as_str().ok_or("code needs a string")?,
        };
        if code != "OK" && !codes.contains(&code) {
            return Err(format!(
                "{code:?} is not the name of an error; OK or one of {codes:?}"
            ));
        }
        let text = map.get("text").map(Matcher::parse).transpose()?;
        let mut rest = map.clone();
        rest.remove("code");
        rest.remove("text");
        match code {
            "OK" if text.is_some() => return Err("text belongs to an error's code".into()),
            "OK" => {}
            _ if rest.is_empty() => {}
            _ => return Err("an error has no fields but code and text".into()),
        }
        Ok(Self {
            code: code.to_owned(),
            text,
            checks: parse_answer(&rest, verb)?,
        })
    }

    /// Compares an answer. An error says what was expected and what came.
    pub fn check(&self, answer: &Line, names: &Names) -> Result<(), String> {
        let code = if answer.word == "error" {
            answer.required("name")?
        } else {
            "OK"
        };
        if code != self.code {
            let text = answer.text("text")?.unwrap_or_default();
            return Err(format!("code {}, but {code} came {text:?}", self.code));
        }
        if let Some(text) = &self.text {
            text.check("text", answer.bytes("text"), names)?;
        }
        check_all(&self.checks, answer, "", names)
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let mut found = Vec::new();
        found.extend(self.text.iter().flat_map(Matcher::templates));
        self.checks
            .iter()
            .for_each(|check| check.templates(&mut found));
        found
    }
}

fn parse_answer(map: &Map<String, Value>, verb: &Verb) -> Result<Vec<Check>, String> {
    let Some((list, fields)) = verb.list() else {
        return parse_record(map, verb.fields);
    };
    let mut checks = Vec::new();
    let mut single = Map::new();
    for (key, value) in map {
        let (plain, any_order) = match key.strip_suffix("_any_order") {
            Some(plain) => (plain, true),
            None => (key.as_str(), false),
        };
        let column = COLUMNS.iter().find(|(short, field)| {
            *short == plain && fields.iter().any(|one| one.name() == *field)
        });
        if key == "count" {
            checks.push(Check::Count(list.into(), Matcher::parse(value)?));
        } else if key == "all" {
            let map = value.as_object().ok_or("all needs an object")?;
            checks.push(Check::All(list.into(), parse_record(map, fields)?));
        } else if key == list {
            let records = value
                .as_array()
                .ok_or_else(|| format!("{list} needs a list"))?;
            let records = records
                .iter()
                .map(|record| {
                    parse_record(
                        record.as_object().ok_or("a record needs an object")?,
                        fields,
                    )
                })
                .collect::<Result<_, String>>()?;
            checks.push(Check::Records(list.into(), records));
        } else if let Some((_, field)) = column {
            let values = templates(value)?;
            checks.push(Check::Column(list.into(), field, values, any_order));
        } else if verb.fields[1..].iter().any(|field| field.name() == key) {
            checks.push(Check::Value(key.clone(), Matcher::parse(value)?));
        } else {
            single.insert(key.clone(), value.clone());
        }
    }
    if !single.is_empty() {
        checks.push(Check::Single(list.into(), parse_record(&single, fields)?));
    }
    Ok(checks)
}

fn parse_record(map: &Map<String, Value>, fields: &[Field]) -> Result<Vec<Check>, String> {
    map.iter()
        .map(|(key, value)| {
            let (plain, part) = match key.strip_suffix("_include") {
                Some(plain) => (plain, true),
                None => (key.as_str(), false),
            };
            match fields.iter().find(|field| field.name() == plain) {
                Some(Field::Value(name)) if !part => {
                    Ok(Check::Value((*name).into(), Matcher::parse(value)?))
                }
                Some(Field::Map(name)) => Ok(Check::Map((*name).into(), matchers(value)?, part)),
                Some(Field::Attributes(name)) if !part => {
                    Ok(Check::Attributes((*name).into(), attributes(value)?))
                }
                _ => Err(format!(
                    "{key:?} is not a field of this answer; {:?} are",
                    fields.iter().map(|field| field.name()).collect::<Vec<_>>()
                )),
            }
        })
        .collect()
}

fn templates(value: &Value) -> Result<Vec<Template>, String> {
    let list = value.as_array().ok_or("a list of values is needed")?;
    list.iter().map(Template::parse).collect()
}

fn matchers(value: &Value) -> Result<Vec<(String, Matcher)>, String> {
    let map = value.as_object().ok_or("an object of values is needed")?;
    map.iter()
        .map(|(name, value)| Ok((name.clone(), Matcher::parse(value)?)))
        .collect()
}

fn attributes(value: &Value) -> Result<Vec<(String, Matcher, Matcher)>, String> {
    let map = value.as_object().ok_or("attributes need an object")?;
    map.iter()
        .map(|(name, value)| match value {
            Value::Object(pair) if pair.contains_key("type") => {
                if pair.len() != 2 || !pair.contains_key("value") {
                    return Err(format!("attribute {name:?} needs type and value only"));
                }
                let kind = Matcher::parse(&pair["type"])?;
                Ok((name.clone(), kind, Matcher::parse(&pair["value"])?))
            }
            _ => {
                let kind = Matcher::parse(&Value::String("String".into()))?;
                Ok((name.clone(), kind, Matcher::parse(value)?))
            }
        })
        .collect()
}

impl Matcher {
    fn parse(value: &Value) -> Result<Self, String> {
        let Value::Object(map) = value else {
            return match value {
                Value::Null => Ok(Self::Absent),
                _ => Template::parse(value).map(Self::Equals),
            };
        };
        let Some((key, inner)) = map.iter().next().filter(|_| map.len() == 1) else {
            return Template::parse(value).map(Self::Equals);
        };
        match key.as_str() {
            "not" => Ok(Self::Not(Template::parse(inner)?)),
            "one_of" => templates(inner).map(Self::OneOf),
            "at_least" => Ok(Self::AtLeast(Template::number(inner)?)),
            "at_most" => Ok(Self::AtMost(Template::number(inner)?)),
            "above" => Ok(Self::Above(Template::number(inner)?)),
            "contains" => Ok(Self::Contains(Template::parse(inner)?)),
            "length" => match inner
                .as_u64()
                .and_then(|length| usize::try_from(length).ok())
            {
                Some(length) => Ok(Self::Length(length)),
                None => Err("length needs a whole number".into()),
            },
            "is" => match inner.as_str() {
                Some("present") => Ok(Self::Present),
                Some("uuid") => Ok(Self::Uuid),
                _ => Err(format!("{inner} is not one of present, uuid")),
            },
            _ => Template::parse(value).map(Self::Equals),
        }
    }

    fn check(&self, field: &str, value: Option<&[u8]>, names: &Names) -> Result<(), String> {
        let Some(value) = value else {
            return match self {
                Self::Absent => Ok(()),
                _ => Err(format!("{field} is absent, expected {self:?}")),
            };
        };
        let holds = match self {
            Self::Absent => false,
            Self::Present => true,
            Self::Equals(template) => template.resolve(names)? == value,
            Self::Not(template) => template.resolve(names)? != value,
            Self::OneOf(list) => {
                let mut found = false;
                for template in list {
                    found |= template.resolve(names)? == value;
                }
                found
            }
            Self::AtLeast(template) => number(value)? >= number(&template.resolve(names)?)?,
            Self::AtMost(template) => number(value)? <= number(&template.resolve(names)?)?,
            Self::Above(template) => number(value)? > number(&template.resolve(names)?)?,
            Self::Contains(template) => {
                let part = template.resolve(names)?;
                value
                    .windows(part.len().max(1))
                    .any(|window| window == part)
            }
            Self::Length(length) => value.len() == *length,
            Self::Uuid => is_uuid(value),
        };
        if holds {
            return Ok(());
        }
        Err(format!(
            "{field} is {}, expected {}",
            show(value),
            self.describe(names)
        ))
    }

    fn describe(&self, names: &Names) -> String {
        match self {
            Self::Equals(template) => match template.resolve(names) {
                Ok(value) => show(&value),
                Err(error) => error,
            },
            other => format!("{other:?}"),
        }
    }

    fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Absent | Self::Present | Self::Length(_) | Self::Uuid => Vec::new(),
            Self::OneOf(list) => list.iter().collect(),
            Self::Equals(one)
            | Self::Not(one)
            | Self::AtLeast(one)
            | Self::AtMost(one)
            | Self::Above(one)
            | Self::Contains(one) => vec![one],
        }
    }
}

fn number(value: &[u8]) -> Result<u128, String> {
    let text = String::from_utf8_lossy(value);
    text.parse()
        .map_err(|_| format!("{text:?} is not a whole number"))
}

fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// A value as a message shows it: text, cut where it is long.
pub fn show(value: &[u8]) -> String {
    const SHOWN_MAX: usize = 300;
    let shown = String::from_utf8_lossy(&value[..value.len().min(SHOWN_MAX)]);
    if value.len() > SHOWN_MAX {
        format!("{shown:?}... ({} bytes)", value.len())
    } else {
        format!("{shown:?}")
    }
}

fn check_all(checks: &[Check], answer: &Line, prefix: &str, names: &Names) -> Result<(), String> {
    checks
        .iter()
        .try_for_each(|check| check.check(answer, prefix, names))
}

impl Check {
    fn check(&self, answer: &Line, prefix: &str, names: &Names) -> Result<(), String> {
        match self {
            Self::Value(name, matcher) => {
                let key = format!("{prefix}{name}");
                matcher.check(&key, answer.bytes(&key), names)
            }
            Self::Map(name, entries, part) => {
                let key = format!("{prefix}{name}");
                check_map(answer, &key, entries, *part, names)
            }
            Self::Attributes(name, entries) => {
                let key = format!("{prefix}{name}");
                let kinds: Vec<_> = entries.iter().map(|(name, kind, _)| (name, kind)).collect();
                let values: Vec<_> = entries
                    .iter()
                    .map(|(name, _, value)| (name, value))
                    .collect();
                check_entries(answer, &key, "type", &kinds, false, names)?;
                check_entries(answer, &key, "value", &values, false, names)
            }
            Self::Count(list, matcher) => {
                let count = answer.count(list)?.to_string();
                matcher.check(&format!("count of {list}"), Some(count.as_bytes()), names)
            }
            Self::Records(list, records) => {
                same_count(answer, list, records.len())?;
                for (index, checks) in records.iter().enumerate() {
                    check_all(checks, answer, &format!("{list}.{}.", index + 1), names)?;
                }
                Ok(())
            }
            Self::All(list, checks) => {
                let count = answer.count(list)?;
                if count == 0 {
                    return Err(format!("{list} is empty, at least one is expected"));
                }
                (1..=count).try_for_each(|index| {
                    check_all(checks, answer, &format!("{list}.{index}."), names)
                })
            }
            Self::Single(list, checks) => {
                same_count(answer, list, 1)?;
                check_all(checks, answer, &format!("{list}.1."), names)
            }
            Self::Column(list, field, values, any_order) => {
                check_column(answer, list, field, values, *any_order, names)
            }
        }
    }

    fn templates<'a>(&'a self, found: &mut Vec<&'a Template>) {
        match self {
            Self::Value(_, matcher) | Self::Count(_, matcher) => found.extend(matcher.templates()),
            Self::Map(_, entries, _) => {
                found.extend(entries.iter().flat_map(|(_, matcher)| matcher.templates()));
            }
            Self::Attributes(_, entries) => {
                for (_, kind, value) in entries {
                    found.extend(kind.templates());
                    found.extend(value.templates());
                }
            }
            Self::Records(_, records) => {
                records
                    .iter()
                    .flatten()
                    .for_each(|check| check.templates(found));
            }
            Self::All(_, checks) | Self::Single(_, checks) => {
                checks.iter().for_each(|check| check.templates(found));
            }
            Self::Column(_, _, values, _) => found.extend(values),
        }
    }
}

fn same_count(answer: &Line, list: &str, wanted: usize) -> Result<(), String> {
    let count = answer.count(list)?;
    if count == wanted {
        return Ok(());
    }
    let shown: Vec<String> = answer
        .fields
        .iter()
        .filter(|(key, _)| {
            [".body", ".name", ".code"]
                .iter()
                .any(|end| key.ends_with(end))
        })
        .take(20)
        .map(|(key, value)| format!("{key}={}", show(value)))
        .collect();
    Err(format!(
        "{wanted} of {list} expected, {count} came: {}",
        shown.join(" ")
    ))
}

fn check_column(
    answer: &Line,
    list: &str,
    field: &str,
    values: &[Template],
    any_order: bool,
    names: &Names,
) -> Result<(), String> {
    same_count(answer, list, values.len())?;
    let mut wanted = Vec::new();
    let mut came = Vec::new();
    for (index, template) in values.iter().enumerate() {
        wanted.push(template.resolve(names)?);
        let value = answer.bytes(&format!("{list}.{}.{field}", index + 1));
        came.push(value.unwrap_or_default().to_vec());
    }
    if any_order {
        wanted.sort();
        came.sort();
    }
    if wanted == came {
        return Ok(());
    }
    let print = |values: &[Vec<u8>]| {
        let shown: Vec<String> = values.iter().map(|value| show(value)).collect();
        shown.join(", ")
    };
    Err(format!(
        "{field} of {list}: {} expected, {} came",
        print(&wanted),
        print(&came)
    ))
}

fn check_map(
    answer: &Line,
    key: &str,
    entries: &[(String, Matcher)],
    part: bool,
    names: &Names,
) -> Result<(), String> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(name, matcher)| (name, matcher))
        .collect();
    check_entries(answer, key, "value", &entries, part, names)
}

fn check_entries(
    answer: &Line,
    key: &str,
    field: &str,
    entries: &[(&String, &Matcher)],
    part: bool,
    names: &Names,
) -> Result<(), String> {
    let mut came = std::collections::BTreeMap::new();
    for index in 1..=answer.count(key)? {
        let name = answer.required(&format!("{key}.{index}.name"))?.to_owned();
        let value = answer.bytes(&format!("{key}.{index}.{field}"));
        if came
            .insert(name.clone(), value.unwrap_or_default())
            .is_some()
        {
            return Err(format!("{key} has {name:?} twice"));
        }
    }
    for (name, matcher) in entries {
        matcher.check(&format!("{key}.{name}"), came.get(*name).copied(), names)?;
    }
    if part {
        return Ok(());
    }
    match came
        .keys()
        .find(|name| !entries.iter().any(|(wanted, _)| wanted == name))
    {
        None => Ok(()),
        Some(name) => Err(format!("{key} has {name:?}, which is not expected")),
    }
}

#[cfg(test)]
#[path = "expect_tests.rs"]
mod tests;
