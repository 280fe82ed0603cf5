//! Reading XML as the server writes it: elements and text, no attributes that mean anything.

/// An element.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its text, if it has no elements.
    pub text: String,
    /// Its elements.
    pub children: Vec<Element>,
}

impl Element {
    /// Its first element of that name.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

/// Reads a document: the declaration and one element.
pub fn parse(text: &str) -> Result<Element, String> {
    let rest = match text.strip_prefix("<?") {
        Some(rest) => {
            rest.split_once("?>")
                .ok_or("the declaration does not end")?
                .1
        }
        None => text,
    };
    let (element, rest) = element(rest)?;
    match rest.is_empty() {
        true => Ok(element),
        false => Err(format!("{rest:?} after the end")),
    }
}

fn element(text: &str) -> Result<(Element, &str), String> {
    let text = text.strip_prefix('<').ok_or("no element")?;
    let (tag, mut rest) = text.split_once('>').ok_or("a tag does not end")?;
    let (tag, is_empty) = match tag.strip_suffix('/') {
        Some(tag) => (tag, true),
        None => (tag, false),
    };
    let mut element = Element {
        name: tag.split(' ').next().unwrap_or(tag).to_owned(),
        ..Element::default()
    };
    if is_empty {
        return Ok((element, rest));
    }
    let end = format!("</{}>", element.name);
    loop {
        if let Some(rest) = rest.strip_prefix(&end) {
            return Ok((element, rest));
        }
        if rest.starts_with('<') {
            let (child, after) = self::element(rest)?;
            element.children.push(child);
            rest = after;
        } else {
            let at = rest.find('<').ok_or("text does not end")?;
            element.text += &unescaped(&rest[..at])?;
            rest = &rest[at..];
        }
    }
}

fn unescaped(text: &str) -> Result<String, String> {
    let mut parts = text.split('&');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';').ok_or("an escape does not end")?;
        result += match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "#13" => "\r",
            other => return Err(format!("the escape {other:?} is not known")),
        };
        result += rest;
    }
    Ok(result)
}
