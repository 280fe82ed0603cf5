//! A bounded reader of XML: one document becomes a small tree, or is refused.
//!
//! What an attacker could use is not there: no document type, so no entities but the five of XML;
//! no processing instructions; and a bound on everything that can be long, many or deep, which
//! holds while the document is read. Only UTF-8 is read.
//!
//! One thing is let through that XML forbids: characters outside its set, as such or as `&#1;`.
//! They are those that SQS forbids in messages (S5.7), so the action refuses them by the name of
//! the parameter, which says more than "not well-formed".

use quick_xml::XmlVersion;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, NamespaceResolver, PrefixDeclaration, QName, ResolveResult};
use quick_xml::reader::Reader;
use std::fmt;

/// Bounds of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
    /// Attributes of one element, declarations of namespaces included.
    pub attributes: usize,
    /// Bytes of a name, prefix included.
    pub name_bytes: usize,
    /// Bytes of an attribute's value, and so of a namespace.
    pub value_bytes: usize,
}

impl Default for Limits {
    /// Several times what a request of SQS needs. A body of 256 KiB fits however it is escaped.
    fn default() -> Self {
        Self {
            bytes: 4 << 20,
            depth: 16,
            elements: 4_096,
            attributes: 32,
            name_bytes: 256,
            value_bytes: 1_024,
        }
    }
}

/// An element with all that is in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Element {
    /// The namespace that its prefix, or the default, stands for.
    pub namespace: Option<String>,
    /// The name without prefix.
    pub name: String,
    /// Attributes, without declarations of namespaces.
    pub attributes: Vec<Attribute>,
    /// Elements directly in it, in their order.
    pub children: Vec<Element>,
    /// Characters directly in it, pieces joined; every end of line is `\n`.
    pub text: String,
}

/// An attribute. One without a prefix is in no namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// The namespace that its prefix stands for.
    pub namespace: Option<String>,
    /// The name without prefix.
    pub name: String,
    /// The value.
    pub value: String,
}

impl Element {
    /// True if this is the element `name` of `namespace`.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.namespace.as_deref() == Some(namespace) && self.name == name
    }

    /// The first child of that namespace and name.
    pub fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    /// The value of an attribute of that namespace.
    pub fn attribute(&self, namespace: Option<&str>, name: &str) -> Option<&str> {
        let mut attributes = self.attributes.iter();
        let found = attributes.find(|it| it.namespace.as_deref() == namespace && it.name == name);
        found.map(|attribute| attribute.value.as_str())
    }

    /// True if there are no characters but white space directly in it.
    pub fn is_blank(&self) -> bool {
        self.text.chars().all(is_space)
    }
}

/// Why a document is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum XmlError {
    /// A bound of [`Limits`]: what it counts, and the most that may be.
    TooMuch(&'static str, usize),
    /// A document type, which could declare entities.
    DocumentType,
    /// An entity that is not one of XML's five.
    Entity(String),
    /// Another encoding than UTF-8, by name or by its bytes.
    Encoding(String),
    /// No XML, or XML that SOAP does not allow; the byte where that was seen.
    Malformed(String, u64),
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMuch(what, limit) => {
                write!(f, "The XML document has more than {limit} {what}.")
            }
            Self::DocumentType => f.write_str("The XML document must not have a document type."),
            Self::Entity(name) => write!(
                f,
                "The XML document has the entity '{name}'; only amp, lt, gt, apos and quot may be \
                 used."
            ),
            Self::Encoding(name) => {
                write!(f, "The XML document is in {name}; it must be in UTF-8.")
            }
            Self::Malformed(text, at) => {
                write!(
                    f,
                    "The XML document is not well-formed at byte {at}: {text}."
                )
            }
        }
    }
}

impl std::error::Error for XmlError {}

/// Reads a document.
pub fn parse(document: &[u8], limits: &Limits) -> Result<Element, XmlError> {
    if document.len() > limits.bytes {
        return Err(XmlError::TooMuch("bytes", limits.bytes));
    }
    if document.starts_with(b"\xff\xfe") || document.starts_with(b"\xfe\xff") {
        return Err(XmlError::Encoding("UTF-16".into()));
    }
    let text = std::str::from_utf8(document)
        .map_err(|_| XmlError::Encoding("bytes that are no UTF-8".into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    Builder {
        reader,
        spaces: NamespaceResolver::default(),
        limits,
        open: Vec::new(),
        root: None,
        elements: 0,
    }
    .read()
}

/// A document while it is read.
struct Builder<'a> {
    reader: Reader<&'a [u8]>,
    /// What prefixes stand for. Not the reader's own, which takes namespaces as they are escaped.
    spaces: NamespaceResolver,
    limits: &'a Limits,
    /// The elements that are not closed yet, the root first.
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
}

impl Builder<'_> {
    fn read(mut self) -> Result<Element, XmlError> {
        loop {
            let at = self.reader.buffer_position();
            let event = self.reader.read_event();
            match event.map_err(|error| self.malformed(error))? {
                Event::Start(start) => self.start(&start)?,
                Event::End(_) => self.end()?,
                Event::Text(text) => {
                    if text.contains("]]>") {
                        return Err(self.malformed("]]> stands in text"));
                    }
                    self.text(&text.xml10_content())?;
                }
                Event::CData(text) => {
                    let text = text.xml10_content();
                    match self.open.is_empty() {
                        true => return Err(self.malformed("CDATA outside the root element")),
                        false => self.text(&text)?,
                    }
                }
                Event::GeneralRef(reference) => {
                    let character = self.reference(&reference)?;
                    match self.open.last_mut() {
                        Some(element) => element.text.push(character),
                        None => return Err(self.malformed("text outside the root element")),
                    }
                }
                Event::Decl(declaration) if at == 0 => self.declaration(&declaration)?,
                Event::Decl(_) => return Err(self.malformed("a declaration after the beginning")),
                Event::DocType(_) => return Err(XmlError::DocumentType),
                Event::PI(_) => return Err(self.malformed("a processing instruction")),
                // Text on both sides of a comment is one text.
                Event::Comment(_) => {}
                Event::Empty(_) => return Err(self.malformed("an element that never began")),
                Event::Eof => return self.finish(),
            }
        }
    }

    fn finish(mut self) -> Result<Element, XmlError> {
        match (self.open.pop(), self.root.take()) {
            (Some(open), _) => Err(self.malformed(format!("<{}> is not closed", open.name))),
            (None, Some(root)) => Ok(root),
            (None, None) => Err(self.malformed("there is no element")),
        }
    }

    fn malformed(&self, error: impl fmt::Display) -> XmlError {
        XmlError::Malformed(error.to_string(), self.reader.buffer_position())
    }

    fn declaration(&self, declaration: &BytesDecl<'_>) -> Result<(), XmlError> {
        let version = declaration.xml_version();
        if !matches!(version, Ok(XmlVersion::Explicit1_0)) {
            return Err(self.malformed("only XML 1.0 is read"));
        }
        let content = BytesStart::from_content(&**declaration, "xml".len());
        let mut known = ["version", "encoding", "standalone"].into_iter();
        for attribute in content.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            // In this order.
            if !known.any(|name| name == attribute.key.as_ref()) {
                let name: &str = attribute.key.as_ref();
                return Err(self.malformed(format!("'{}' in the declaration", cut(name))));
            }
        }
        if !is_spaced(content.attributes_raw()) {
            return Err(self.malformed("no space in the declaration"));
        }
        let Some(encoding) = declaration.encoding() else {
            return Ok(());
        };
        let encoding = encoding.map_err(|error| self.malformed(error))?;
        match is_read(&encoding) {
            true => Ok(()),
            false => Err(XmlError::Encoding(encoding.into_owned())),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), XmlError> {
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.malformed("a second root element"));
        }
        if self.open.len() >= self.limits.depth {
            let what = "elements inside each other";
            return Err(XmlError::TooMuch(what, self.limits.depth));
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(XmlError::TooMuch("elements", self.limits.elements));
        }
        self.check_name(start.name().as_ref())?;
        let given = self.attributes(start)?;
        self.declare(&given)?;
        let (bound, local) = self.spaces.resolve_element(start.name());
        let mut element = Element {
            namespace: self.namespace(bound)?,
            name: local.as_ref().to_owned(),
            ..Element::default()
        };
        for (key, value) in given {
            if key.as_namespace_binding().is_some() {
                continue;
            }
            let (bound, local) = self.spaces.resolve_attribute(key);
            let (namespace, name) = (self.namespace(bound)?, local.as_ref().to_owned());
            if element.attribute(namespace.as_deref(), &name).is_some() {
                return Err(self.malformed(format!("{name} is given twice")));
            }
            element.attributes.push(Attribute {
                namespace,
                name,
                value,
            });
        }
        self.open.push(element);
        Ok(())
    }

    /// Names and values of the attributes of a tag.
    fn attributes<'s>(
        &self,
        start: &'s BytesStart<'_>,
    ) -> Result<Vec<(QName<'s>, String)>, XmlError> {
        // Unchecked: the check costs the square of what is not bounded yet.
        let mut attributes = start.attributes();
        if attributes.with_checks(false).count() > self.limits.attributes {
            let what = "attributes in one element";
            return Err(XmlError::TooMuch(what, self.limits.attributes));
        }
        if !is_spaced(start.attributes_raw()) {
            return Err(self.malformed("no space between attributes"));
        }
        let mut given = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| self.malformed(error))?;
            self.check_name(attribute.key.as_ref())?;
            if attribute.value.len() > self.limits.value_bytes {
                let what = "bytes in an attribute's value";
                return Err(XmlError::TooMuch(what, self.limits.value_bytes));
            }
            if attribute.value.contains('<') {
                return Err(self.malformed("< stands in an attribute"));
            }
            let value = attribute.normalized_value(XmlVersion::Explicit1_0);
            let value = value.map_err(|error| self.malformed(error))?;
            given.push((attribute.key, value.into_owned()));
        }
        Ok(given)
    }

    /// The namespaces that a tag declares, for it and what is in it.
    fn declare(&mut self, given: &[(QName<'_>, String)]) -> Result<(), XmlError> {
        self.at_level(self.open.len() + 1);
        for (key, value) in given {
            if let Some(prefix) = key.as_namespace_binding() {
                if value.is_empty() && prefix != PrefixDeclaration::Default {
                    return Err(self.malformed("a prefix stands for nothing"));
                }
                let declared = self.spaces.add(prefix, Namespace(value));
                declared.map_err(|error| self.malformed(error))?;
            }
        }
        Ok(())
    }

    /// Forgets what was declared deeper.
    fn at_level(&mut self, level: usize) {
        // The bound on depth is far below.
        self.spaces
            .set_level(u16::try_from(level).unwrap_or(u16::MAX));
    }

    fn namespace(&self, bound: ResolveResult<'_>) -> Result<Option<String>, XmlError> {
        match bound {
            ResolveResult::Bound(namespace) => Ok(Some(namespace.as_ref().to_owned())),
            ResolveResult::Unbound => Ok(None),
            ResolveResult::Unknown(prefix) => {
                Err(self.malformed(format!("the prefix '{prefix}' is not declared")))
            }
        }
    }

    fn end(&mut self) -> Result<(), XmlError> {
        let Some(closed) = self.open.pop() else {
            return Err(self.malformed("an element ends that never began"));
        };
        self.at_level(self.open.len());
        match self.open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => self.root = Some(closed),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if text.chars().all(is_space) => {}
            None => return Err(self.malformed("text outside the root element")),
        }
        Ok(())
    }

    /// A character by its number or by one of the five names.
    fn reference(&self, reference: &BytesRef<'_>) -> Result<char, XmlError> {
        let name: &str = reference;
        let Some(number) = name.strip_prefix('#') else {
            return match name {
                "amp" => Ok('&'),
                "lt" => Ok('<'),
                "gt" => Ok('>'),
                "apos" => Ok('\''),
                "quot" => Ok('"'),
                _ => Err(XmlError::Entity(cut(name))),
            };
        };
        let (digits, radix) = match number.strip_prefix('x') {
            Some(digits) => (digits, 16),
            None => (number, 10),
        };
        let plain = digits.chars().all(|digit| digit.is_digit(radix));
        let number = u32::from_str_radix(digits, radix).ok().filter(|_| plain);
        number
            .and_then(char::from_u32)
            .ok_or_else(|| self.malformed(format!("&{}; is no character", cut(name))))
    }

    /// A name with one prefix at most, of letters, digits and the few signs that XML has.
    fn check_name(&self, name: &str) -> Result<(), XmlError> {
        if name.len() > self.limits.name_bytes {
            let what = "bytes in a name";
            return Err(XmlError::TooMuch(what, self.limits.name_bytes));
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("_", name));
        match is_plain_name(prefix) && is_plain_name(local) {
            true => Ok(()),
            false => Err(self.malformed(format!("'{name}' is no name"))),
        }
    }
}

/// Whether documents in an encoding of that name are read: what is ASCII is UTF-8.
pub fn is_read(encoding: &str) -> bool {
    let known = ["utf-8", "utf8", "us-ascii", "ascii"];
    known.iter().any(|it| encoding.eq_ignore_ascii_case(it))
}

/// Space as XML has it.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// A name without a prefix. Letters beyond ASCII are not told from other characters there.
fn is_plain_name(name: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii();
    name.starts_with(begins)
        && name
            .chars()
            .all(|c| begins(c) || c.is_ascii_digit() || matches!(c, '-' | '.'))
}

/// Whether space follows every attribute but the last, which the library does not ask for.
fn is_spaced(attributes: &str) -> bool {
    let mut quote = None;
    let mut characters = attributes.chars().peekable();
    while let Some(character) = characters.next() {
        match quote {
            None if matches!(character, '"' | '\'') => quote = Some(character),
            Some(own) if own == character => {
                quote = None;
                if characters.peek().is_some_and(|next| !is_space(*next)) {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}

/// The beginning of what may be long.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests;
