//! From the element of a call to parameters with the names that Query has (L8.1).

use super::envelope::{Envelope, Soap, is_credential};
use super::names::{ACCESS, SECURITY};
use super::refused::Refused;
use super::table::{CREDENTIALS, Kind, Occurs, Operation, Part, Space, operations, parts_in};
use super::xml::Element;
use crate::legacy::fault::{Code, Fault};
use crate::legacy::version::Version;
use crate::wire::query::Params;

/// XML Schema in documents; `xsi:nil` says that an element is not there.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The version that its namespace names.
    pub version: Version,
    /// The action's name.
    pub action: &'static str,
    /// What it takes.
    pub params: Params,
    /// Who says to call.
    pub credentials: Credentials,
}

/// What signs a call; texts exactly as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// `AWSAccessKeyId`.
    pub key_id: Option<String>,
    /// `Timestamp`.
    pub timestamp: Option<String>,
    /// `Signature`.
    pub signature: Option<String>,
}

impl Request {
    /// Reads the call in an envelope. `soap_action` is the name that `SOAPAction` gives, if any.
    ///
    /// Errors: of SOAP for headers and versions that are not spoken; `NoSuchVersion`,
    /// `InvalidAction`, and `InvalidRequest` for what is not the operation's.
    pub fn read(envelope: &Envelope, soap_action: Option<&str>) -> Result<Self, Refused> {
        let call = &envelope.call;
        let version = version_of(call)?;
        if version.is_first() && envelope.soap == Soap::V12 {
            let text = format!("Version {} speaks SOAP 1.1 only.", version.date());
            return Err(Refused::VersionMismatch(text));
        }
        let unknown = envelope.not_understood(!version.is_first());
        if !unknown.is_empty() {
            return Err(Refused::NotUnderstood(unknown));
        }
        let refuse = |fault| Refused::Fault(version, fault);
        let is_access = call.namespace.as_deref() == Some(ACCESS);
        let operation = operations(version)
            .find(|it| it.name == call.name && (it.space == Space::Access) == is_access)
            .ok_or_else(|| refuse(Fault::invalid_action(&call.name, version)))?;
        check_soap_action(soap_action, version, operation.name).map_err(refuse)?;
        check_namespaces(call, call, version).map_err(refuse)?;
        // L8: children of the action first, headers later.
        let holders: Vec<&Element> = match version.is_first() {
            true => call.children.iter().collect(),
            false => {
                let headers = envelope.headers.iter();
                headers
                    .filter(|it| it.namespace.as_deref() == Some(SECURITY))
                    .collect()
            }
        };
        Ok(Self {
            version,
            action: operation.name,
            params: params(call, operation, version).map_err(refuse)?,
            credentials: credentials(&holders).map_err(refuse)?,
        })
    }
}

/// The version that the namespace of a call names. Grants have one of their own, and are the same
/// in both versions that have them.
fn version_of(call: &Element) -> Result<Version, Refused> {
    let namespace = call.namespace.as_deref().unwrap_or_default();
    let known = match namespace {
        ACCESS => Some(Version::V2007),
        _ => Version::of_namespace(namespace),
    };
    known
        .filter(|version| operations(*version).next().is_some())
        .ok_or_else(|| {
            let text = format!(
                "'{namespace}' is not the namespace of a version that speaks SOAP: \
                 http://queue.amazonaws.com/doc/<version>/ with 2006-04-01, 2007-05-01, \
                 2008-01-01 or 2009-02-01."
            );
            Refused::Fault(Version::V2009, Fault::new(Code::NoSuchVersion, text))
        })
}

fn invalid(text: impl Into<String>) -> Fault {
    Fault::new(Code::InvalidRequest, text)
}

/// The header may say what it likes, but for the name or the version of another action.
fn check_soap_action(given: Option<&str>, version: Version, action: &str) -> Result<(), Fault> {
    let Some(given) = given else {
        return Ok(());
    };
    let last = given.rsplit(['/', '#', ':']).next().unwrap_or(given);
    let is_action = Version::ALL.iter().any(|it| it.action(last).is_some());
    let before = given.strip_suffix(last).unwrap_or_default();
    let other_version = Version::of_namespace(before).is_some_and(|it| it != version);
    match (is_action && last != action) || other_version {
        true => Err(invalid(format!(
            "The header SOAPAction is '{given}', the Body asks for {action} of {}.",
            version.date()
        ))),
        false => Ok(()),
    }
}

/// Parameters, and what is in them, are in the namespace of the call or in none.
fn check_namespaces(of: &Element, call: &Element, version: Version) -> Result<(), Fault> {
    for child in &of.children {
        if child.namespace.is_some() && child.namespace != call.namespace {
            let other = child.namespace.as_deref().unwrap_or_default();
            let whose = match Version::of_namespace(other) {
                Some(other) => format!("version {}", other.date()),
                None => format!("the namespace '{other}'"),
            };
            let own = version.date();
            return Err(invalid(format!(
                "<{}> is of {whose}, in a request of version {own}.",
                child.name
            )));
        }
        check_namespaces(child, call, version)?;
    }
    Ok(())
}

/// What the operation takes, under the names of Query. Other elements are passed over, as Query
/// passes over other parameters (L3.4).
fn params(
    call: &Element,
    operation: &'static Operation,
    version: Version,
) -> Result<Params, Fault> {
    if !call.is_blank() {
        return Err(invalid(format!("Text stands in <{}>.", call.name)));
    }
    let mut params = Params::default();
    for part in parts_in(operation.input, version) {
        let elements = call.children.iter();
        let elements = elements.filter(|it| it.name == part.name && !is_nil(it));
        for (index, element) in elements.enumerate() {
            let key = match part.occurs {
                Occurs::Any => format!("{}.{}", part.name, index + 1),
                Occurs::Once | Occurs::Optional => part.name.to_owned(),
            };
            match (part.kind, part.occurs) {
                (Kind::Type(_), Occurs::Any) => nested(element, &format!("{key}."), &mut params)?,
                // The wrapper of grants has no name in Query.
                (Kind::Type(_), _) => nested(element, "", &mut params)?,
                _ => set(&mut params, key, value(element, part)?)?,
            }
        }
    }
    Ok(params)
}

/// XML Schema's way to say that an element is not there.
fn is_nil(element: &Element) -> bool {
    let nil = element.attribute(Some(XSI), "nil");
    matches!(nil.map(str::trim), Some("true" | "1"))
}

fn nested(element: &Element, prefix: &str, params: &mut Params) -> Result<(), Fault> {
    if !element.is_blank() {
        return Err(invalid(format!("Text stands in <{}>.", element.name)));
    }
    for child in element.children.iter().filter(|it| !is_nil(it)) {
        let key = format!("{prefix}{}", child.name);
        match child.children.is_empty() {
            true => set(params, key, child.text.clone())?,
            false => nested(child, &format!("{key}."), params)?,
        }
    }
    Ok(())
}

/// What is given twice is refused: nobody can say which of them was meant.
fn set(params: &mut Params, key: String, value: String) -> Result<(), Fault> {
    match params.get(&key) {
        None => params.insert(&key, &value)?,
        Some(_) => return Err(invalid(format!("<{key}> is given twice."))),
    }
    Ok(())
}

/// The text of a parameter.
fn value(element: &Element, part: &Part) -> Result<String, Fault> {
    let text = text(element)?;
    Ok(match part.kind {
        Kind::Integer => text.trim().to_owned(),
        // XML Schema has numbers for these, too.
        Kind::Boolean => match text.trim() {
            "1" => "true".into(),
            "0" => "false".into(),
            other => other.to_owned(),
        },
        // L8.2: an id may come as it stands in URLs.
        _ if part.name == "MessageId" => text.replace("%7C", "|").replace("%7c", "|"),
        _ => text.to_owned(),
    })
}

/// L8.2: the guide also shows an element inside another of its name.
fn text(element: &Element) -> Result<&str, Fault> {
    match &element.children[..] {
        [] => Ok(&element.text),
        [inner] if inner.name == element.name && element.is_blank() => match inner.children[..] {
            [] => Ok(&inner.text),
            [..] => Err(has_elements(element)),
        },
        [..] => Err(has_elements(element)),
    }
}

fn has_elements(element: &Element) -> Fault {
    invalid(format!(
        "<{}> must hold text, and holds elements.",
        element.name
    ))
}

fn credentials(holders: &[&Element]) -> Result<Credentials, Fault> {
    let find = |wanted: &str| {
        let mut found = holders.iter().filter(|it| {
            let name = it.name.as_str();
            name == wanted || (name.eq_ignore_ascii_case(wanted) && is_credential(name))
        });
        let first = found.next().map(|it| text(it).map(String::from));
        match found.next() {
            Some(_) => Err(invalid(format!("<{wanted}> is given twice."))),
            None => first.transpose(),
        }
    };
    let [key_id, timestamp, signature] = CREDENTIALS;
    Ok(Credentials {
        key_id: find(key_id)?.map(|it| it.trim().to_owned()),
        timestamp: find(timestamp)?,
        signature: find(signature)?.map(|it| it.trim().to_owned()),
    })
}

#[cfg(test)]
mod tests;
