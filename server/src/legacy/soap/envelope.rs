//! Envelopes of both versions of SOAP: what they carry, and whether they may be read at all.

use super::names::{NEXT_11, NEXT_12, SECURITY, SOAP_11, SOAP_12, ULTIMATE_12};
use super::refused::Refused;
use super::table::CREDENTIALS;
use super::xml::{self, Element, Limits};

/// A version of SOAP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Soap {
    /// 1.1.
    V11,
    /// 1.2.
    V12,
}

impl Soap {
    /// The namespace of its envelope.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V11 => SOAP_11,
            Self::V12 => SOAP_12,
        }
    }

    /// `Content-Type` of its answers.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml; charset=utf-8",
            Self::V12 => "application/soap+xml; charset=utf-8",
        }
    }

    fn of_namespace(namespace: &str) -> Option<Self> {
        [Self::V11, Self::V12]
            .into_iter()
            .find(|soap| soap.namespace() == namespace)
    }
}

/// What an envelope carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Its version of SOAP, in which the answer comes.
    pub soap: Soap,
    /// The entries of its header.
    pub headers: Vec<Element>,
    /// The one element of its body.
    pub call: Element,
}

impl Envelope {
    /// Reads an envelope. The error is with the version of SOAP in which to tell it.
    pub fn read(document: &[u8], limits: &Limits) -> Result<Self, (Soap, Refused)> {
        let root = xml::parse(document, limits)
            .map_err(|error| (Soap::V11, Refused::Malformed(error.to_string())))?;
        if root.name != "Envelope" {
            let text = format!("The document is <{}>, not a SOAP Envelope.", root.name);
            return Err((Soap::V11, Refused::Malformed(text)));
        }
        // SOAP 1.2, appendix A: who does not know the envelope answers in the older version.
        let namespace = root.namespace.as_deref().unwrap_or_default();
        let soap = Soap::of_namespace(namespace).ok_or_else(|| {
            let text = format!("'{namespace}' is not the namespace of SOAP 1.1 or 1.2.");
            (Soap::V11, Refused::VersionMismatch(text))
        })?;
        let (headers, call) = contents(root, soap).map_err(|text| {
            let text = format!("The SOAP envelope is malformed: {text}.");
            (soap, Refused::Malformed(text))
        })?;
        Ok(Self {
            soap,
            headers,
            call,
        })
    }

    /// The names of headers that must be understood by us and are not. `credentials` tells
    /// whether those of generation 2 are understood.
    pub fn not_understood(&self, credentials: bool) -> Vec<(String, String)> {
        let ours = |header: &&Element| self.is_for_us(header) && self.must_be_understood(header);
        let known = |header: &Element| {
            let name = header.name.as_str();
            credentials && header.namespace.as_deref() == Some(SECURITY) && is_credential(name)
        };
        let unknown = self.headers.iter().filter(ours).filter(|it| !known(it));
        let name = |it: &Element| (it.namespace.clone().unwrap_or_default(), it.name.clone());
        unknown.map(name).collect()
    }

    fn must_be_understood(&self, header: &Element) -> bool {
        let value = header.attribute(Some(self.soap.namespace()), "mustUnderstand");
        matches!(value.map(str::trim), Some("1" | "true"))
    }

    fn is_for_us(&self, header: &Element) -> bool {
        let namespace = Some(self.soap.namespace());
        let role = match self.soap {
            Soap::V11 => header.attribute(namespace, "actor"),
            Soap::V12 => header.attribute(namespace, "role"),
        };
        matches!(role, None | Some("" | NEXT_11 | NEXT_12 | ULTIMATE_12))
    }
}

/// One of the names of credentials; the guide of 2006 spells the first in two ways (L8).
pub fn is_credential(name: &str) -> bool {
    name == "AWSAccessKeyID" || CREDENTIALS.contains(&name)
}

/// The header's entries and the body's element. The error is the end of a sentence.
fn contents(mut root: Element, soap: Soap) -> Result<(Vec<Element>, Element), String> {
    only_elements(&root)?;
    let is = |element: &Element, name| element.is(soap.namespace(), name);
    let mut children = root.children.drain(..).peekable();
    let mut headers = Vec::new();
    if let Some(header) = children.next_if(|child| is(child, "Header")) {
        only_elements(&header)?;
        headers = header.children;
    }
    let body = children.next().filter(|child| is(child, "Body"));
    let mut body = body.ok_or("there is no Body after the Header, or instead of it")?;
    if let Some(more) = children.next() {
        return Err(format!("<{}> follows the Body", more.name));
    }
    only_elements(&body)?;
    match (body.children.pop(), body.children.len()) {
        (Some(call), 0) => Ok((headers, call)),
        (None, _) => Err("the Body is empty".into()),
        (Some(_), more) => Err(format!("the Body has {} elements, not one", more + 1)),
    }
}

fn only_elements(element: &Element) -> Result<(), String> {
    match element.is_blank() {
        true => Ok(()),
        false => Err(format!("text stands in <{}>", element.name)),
    }
}
