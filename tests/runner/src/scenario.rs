//! Scenario files: reading them, and refusing whatever could make one prove less than it seems.

use crate::expect::Expect;
use crate::json;
use crate::schema::{self, CAPABILITIES, Kind, Param, Verb};
use crate::template::Template;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One scenario file.
#[derive(Debug)]
pub struct Scenario {
    /// Its path below `tests/scenarios`, with `/`.
    pub path: String,
    /// The file's stem.
    pub name: String,
    /// Rules that it proves, such as `S2.4`.
    pub rules: Vec<String>,
    /// Capabilities without which a driver skips it.
    pub requires: BTreeSet<String>,
    /// Options of the store.
    pub open: Args,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug)]
pub enum Step {
    /// A call through the driver.
    Call(Call),
    /// Moves the manual clock on, milliseconds.
    Advance(u64),
    /// Steps that run several times; `$i` is the number of the turn.
    Repeat(u64, Vec<Step>),
}

/// A call and what must come of it.
#[derive(Debug)]
pub struct Call {
    /// The verb.
    pub verb: &'static Verb,
    /// Its arguments.
    pub args: Args,
    /// Name under which later steps find the answer.
    pub save: Option<String>,
    /// What the answer must be; without it, any success.
    pub expect: Option<Expect>,
}

/// Arguments by parameter name.
pub type Args = Vec<(&'static str, Arg)>;

/// One argument.
#[derive(Debug)]
pub enum Arg {
    /// A text, number or flag.
    Value(Template),
    /// Texts.
    Texts(Vec<Template>),
    /// Names and values.
    Map(Vec<(Template, Template)>),
    /// Name, type and value of message attributes.
    Attributes(Vec<(Template, Template, Template)>),
    /// Records.
    List(Vec<Args>),
    /// One record so many times, with `$i`.
    Generated(u64, Args),
}

/// Reads every scenario below `root`, in the order of their paths.
pub fn read_all(root: &Path) -> Result<Vec<Scenario>, Vec<String>> {
    let mut files = Vec::new();
    if let Err(error) = find(root, &mut files) {
        return Err(vec![error]);
    }
    files.sort();
    let mut scenarios = Vec::new();
    let mut errors = Vec::new();
    for file in &files {
        let path = relative(root, file);
        let text = std::fs::read_to_string(file).map_err(|error| error.to_string());
        match text.and_then(|text| parse(&path, &text)) {
            Ok(scenario) => scenarios.push(scenario),
            Err(error) => errors.push(format!("{path}: {error}")),
        }
    }
    if errors.is_empty() {
        Ok(scenarios)
    } else {
        Err(errors)
    }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let show = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(show)? {
        let path = entry.map_err(show)?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            files.push(path);
        }
    }
    Ok(())
}

fn relative(root: &Path, file: &Path) -> String {
    let below = file.strip_prefix(root).unwrap_or(file);
    below.to_string_lossy().replace('\\', "/")
}

/// Reads one scenario.
pub fn parse(path: &str, text: &str) -> Result<Scenario, String> {
    let Value::Object(map) = json::parse(text)? else {
        return Err("a scenario is an object".into());
    };
    known(
        &map,
        &[
            "name", "about", "rule", "rules", "requires", "open", "steps",
        ],
    )?;
    let stem = path
        .rsplit('/')
        .next()
        .unwrap_or(path)
        .trim_end_matches(".json");
    let name = map
        .get("name")
        .and_then(Value::as_str)
        .ok_or("name is missing")?;
    if name != stem {
        return Err(format!("name is {name:?}, but the file is {stem:?}"));
    }
    if map.get("about").is_some_and(|about| !about.is_string()) {
        return Err("about needs a string".into());
    }
    let requires: BTreeSet<String> = match map.get("requires") {
        None => BTreeSet::new(),
        Some(list) => strings(list, "requires")?.into_iter().collect(),
    };
    for one in &requires {
        if !CAPABILITIES.iter().any(|(name, _)| name == one) {
            return Err(format!(
                "requires {one:?}, which is none of {CAPABILITIES:?}"
            ));
        }
    }
    let open = match map.get("open") {
        None => Vec::new(),
        Some(open) => args(object(open, "open")?, schema::OPEN)?,
    };
    let mut reader = Reader::default();
    let steps = reader.steps(map.get("steps").ok_or("steps are missing")?)?;
    if !reader.expects {
        return Err("no step has an expectation".into());
    }
    if map
        .get("open")
        .is_some_and(|open| open.get("sqs_limits") == Some(&Value::Bool(false)))
    {
        reader.needs.insert("no_limits");
    }
    reader.same_needs(&requires)?;
    Ok(Scenario {
        path: path.into(),
        name: name.into(),
        rules: rules(&map)?,
        requires,
        open,
        steps,
    })
}

fn rules(map: &Map<String, Value>) -> Result<Vec<String>, String> {
    let rules = match (map.get("rule"), map.get("rules")) {
        (Some(Value::String(rule)), None) => vec![rule.clone()],
        (None, Some(list)) => strings(list, "rules")?,
        _ => return Err("either rule or rules is needed".into()),
    };
    for rule in &rules {
        if !crate::semantics::is_rule(rule) {
            return Err(format!("{rule:?} is not a rule of docs/SEMANTICS.md"));
        }
    }
    if rules.is_empty() {
        Err("rules is empty".into())
    } else {
        Ok(rules)
    }
}

/// Reads steps and notes what they use.
#[derive(Default)]
struct Reader {
    saved: BTreeSet<String>,
    needs: BTreeSet<&'static str>,
    expects: bool,
}

impl Reader {
    fn steps(&mut self, value: &Value) -> Result<Vec<Step>, String> {
        let list = value.as_array().ok_or("steps need a list")?;
        list.iter()
            .enumerate()
            .map(|(index, step)| {
                self.step(step)
                    .map_err(|error| format!("step {}: {error}", index + 1))
            })
            .collect()
    }

    fn step(&mut self, value: &Value) -> Result<Step, String> {
        let mut map = object(value, "a step")?.clone();
        if let Some(about) = map.remove("about")
            && !about.is_string()
        {
            return Err("about needs a string".into());
        }
        let save = map.remove("as");
        let expect = map.remove("expect");
        let mut rest = map.into_iter();
        let (Some((word, body)), None) = (rest.next(), rest.next()) else {
            return Err("a step has one verb, and optionally expect, as and about".into());
        };
        let plain = save.is_none() && expect.is_none();
        match word.as_str() {
            "advance_ms" if plain => {
                self.needs.insert("manual_clock");
                body.as_u64()
                    .map(Step::Advance)
                    .ok_or("advance_ms needs milliseconds".into())
            }
            "repeat" if plain => self.repeat(object(&body, "repeat")?),
            "advance_ms" | "repeat" => Err(format!("{word} takes neither expect nor as")),
            _ => self
                .call(&word, &body, save.as_ref(), expect.as_ref())
                .map(Step::Call),
        }
    }

    fn repeat(&mut self, map: &Map<String, Value>) -> Result<Step, String> {
        known(map, &["times", "steps"])?;
        let times = map
            .get("times")
            .and_then(Value::as_u64)
            .filter(|times| *times > 0);
        let times = times.ok_or("times needs a number above 0")?;
        let steps = self.steps(map.get("steps").ok_or("repeat needs steps")?)?;
        Ok(Step::Repeat(times, steps))
    }

    fn call(
        &mut self,
        word: &str,
        body: &Value,
        save: Option<&Value>,
        expect: Option<&Value>,
    ) -> Result<Call, String> {
        let verb = schema::verb(word).ok_or_else(|| format!("{word:?} is not a verb"))?;
        let args = args(object(body, word)?, verb.params)?;
        self.needs.extend(verb.needs);
        for template in args.iter().flat_map(|(_, arg)| templates(arg)) {
            self.is_saved(template)?;
        }
        let codes: Vec<&str> = forebay::ErrorKind::ALL
            .iter()
            .map(|kind| kind.name())
            .collect();
        let expect = match expect {
            None => None,
            Some(value) => Some(Expect::parse(value, verb, &codes)?),
        };
        // An expectation may speak of the answer itself, so its name counts already.
        let save = match save {
            None => None,
            Some(Value::String(name)) if is_name(name) => Some(name.clone()),
            Some(other) => return Err(format!("as needs a name, not {other}")),
        };
        self.saved.extend(save.clone());
        if let Some(expect) = &expect {
            self.expects = true;
            for template in expect.templates() {
                self.is_saved(template)?;
            }
        }
        Ok(Call {
            verb,
            args,
            save,
            expect,
        })
    }

    fn is_saved(&self, template: &Template) -> Result<(), String> {
        for name in template.references() {
            if name != "i" && !self.saved.contains(name) {
                return Err(format!("${name} is not the name of a step before this one"));
            }
        }
        Ok(())
    }

    /// What the steps use must be required, so that a driver without it skips the scenario.
    fn same_needs(&self, requires: &BTreeSet<String>) -> Result<(), String> {
        match self.needs.iter().find(|need| !requires.contains(**need)) {
            None => Ok(()),
            Some(need) => Err(format!(
                "a step needs {need:?}, which requires does not list"
            )),
        }
    }
}

fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && name != "i" && name.chars().all(good)
}

fn known(map: &Map<String, Value>, keys: &[&str]) -> Result<(), String> {
    match map.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(format!("unknown key {key:?}; {keys:?} are known")),
    }
}

fn object<'a>(value: &'a Value, what: &str) -> Result<&'a Map<String, Value>, String> {
    value
        .as_object()
        .ok_or_else(|| format!("{what} needs an object"))
}

fn strings(value: &Value, what: &str) -> Result<Vec<String>, String> {
    let list = value
        .as_array()
        .ok_or_else(|| format!("{what} needs a list"))?;
    list.iter()
        .map(|item| match item.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(format!("{what} needs strings, not {item}")),
        })
        .collect()
}

fn args(map: &Map<String, Value>, params: &'static [Param]) -> Result<Args, String> {
    let names: Vec<&str> = params.iter().map(|param| param.name).collect();
    known(map, &names)?;
    let mut args = Vec::new();
    for param in params {
        match map.get(param.name) {
            Some(value) => {
                let arg = arg(value, param.kind);
                args.push((
                    param.name,
                    arg.map_err(|error| format!("{}: {error}", param.name))?,
                ));
            }
            None if param.required => return Err(format!("{} is missing", param.name)),
            None => {}
        }
    }
    Ok(args)
}

fn arg(value: &Value, kind: Kind) -> Result<Arg, String> {
    match kind {
        Kind::Text => match value {
            Value::String(_) | Value::Object(_) => Template::parse(value).map(Arg::Value),
            other => Err(format!("{other} is not a string")),
        },
        Kind::Number => Template::number(value).map(Arg::Value),
        Kind::Flag if value.is_boolean() => Template::parse(value).map(Arg::Value),
        Kind::Flag => Err(format!("{value} is neither true nor false")),
        Kind::Texts => match value.as_array() {
            Some(list) => {
                let texts = list.iter().map(Template::parse).collect::<Result<_, _>>()?;
                Ok(Arg::Texts(texts))
            }
            None => Err("a list of strings is needed".into()),
        },
        Kind::Map => map_arg(value),
        Kind::Attributes => attributes_arg(value),
        Kind::List(params) => list_arg(value, params),
    }
}

fn text(value: &str) -> Result<Template, String> {
    Template::parse(&Value::String(value.into()))
}

/// An object of strings.
fn map_arg(value: &Value) -> Result<Arg, String> {
    let map = object(value, "a map")?;
    let entries = map
        .iter()
        .map(|(name, value)| match value {
            Value::String(_) | Value::Object(_) => Ok((text(name)?, Template::parse(value)?)),
            other => Err(format!("the value of {name:?} is {other}, not a string")),
        })
        .collect::<Result<_, String>>()?;
    Ok(Arg::Map(entries))
}

/// `{"name": "text"}`, `{"name": {"type": ..., "value": ...}}`, or a list of
/// `{"name": ..., "type": ..., "value": ...}` where names repeat or are made.
fn attributes_arg(value: &Value) -> Result<Arg, String> {
    let entries = match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| attribute(text(name)?, value, &["type", "value"]))
            .collect::<Result<_, String>>()?,
        Value::Array(list) => list
            .iter()
            .map(|value| {
                let name = value.get("name").ok_or("an attribute needs a name")?;
                attribute(Template::parse(name)?, value, &["name", "type", "value"])
            })
            .collect::<Result<_, String>>()?,
        _ => return Err("attributes need an object or a list".into()),
    };
    Ok(Arg::Attributes(entries))
}

fn attribute(
    name: Template,
    value: &Value,
    keys: &[&str],
) -> Result<(Template, Template, Template), String> {
    match value {
        Value::String(_) => Ok((name, text("String")?, Template::parse(value)?)),
        Value::Object(map) => {
            known(map, keys)?;
            let kind = map.get("type").ok_or("an attribute needs a type")?;
            let value = map.get("value").ok_or("an attribute needs a value")?;
            Ok((name, Template::parse(kind)?, Template::parse(value)?))
        }
        other => Err(format!("{other} is not an attribute")),
    }
}

/// A list of records, or `{"count": N, "entry": record}` with `$i`.
fn list_arg(value: &Value, params: &'static [Param]) -> Result<Arg, String> {
    match value {
        Value::Array(list) => {
            let records = list
                .iter()
                .map(|record| args(object(record, "a record")?, params))
                .collect::<Result<_, _>>()?;
            Ok(Arg::List(records))
        }
        Value::Object(map) => {
            known(map, &["count", "entry"])?;
            let count = map
                .get("count")
                .and_then(Value::as_u64)
                .ok_or("count is missing")?;
            let entry = map.get("entry").ok_or("entry is missing")?;
            Ok(Arg::Generated(
                count,
                args(object(entry, "entry")?, params)?,
            ))
        }
        _ => Err("a list of records is needed".into()),
    }
}

fn templates(arg: &Arg) -> Vec<&Template> {
    match arg {
        Arg::Value(one) => vec![one],
        Arg::Texts(list) => list.iter().collect(),
        Arg::Map(entries) => entries
            .iter()
            .flat_map(|(name, value)| [name, value])
            .collect(),
        Arg::Attributes(entries) => entries
            .iter()
            .flat_map(|(name, kind, value)| [name, kind, value])
            .collect(),
        Arg::List(records) => records
            .iter()
            .flatten()
            .flat_map(|(_, arg)| templates(arg))
            .collect(),
        Arg::Generated(_, record) => record.iter().flat_map(|(_, arg)| templates(arg)).collect(),
    }
}

#[cfg(test)]
#[path = "scenario_tests.rs"]
mod tests;
