//! Writing XML: elements, text, and the characters that need an escape (A0.6).

/// An XML document while it is written.
pub struct Xml {
    text: String,
}

impl Default for Xml {
    fn default() -> Self {
        Self::new()
    }
}

impl Xml {
    /// A document that begins with the declaration.
    pub fn new() -> Self {
        Self {
            text: "<?xml version=\"1.0\"?>".into(),
        }
    }

    /// `<name>`, which may carry attributes.
    pub fn open(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push('>');
    }

    /// `</name>`.
    pub fn close(&mut self, name: &str) {
        self.text.push_str("</");
        self.text.push_str(name);
        self.text.push('>');
    }

    /// `<name>` with what `content` writes in it.
    pub fn element(&mut self, name: &str, content: impl FnOnce(&mut Self)) {
        self.open(name);
        content(self);
        self.close(name);
    }

    /// As [`Xml::open`], with attributes.
    pub fn open_with(&mut self, name: &str, attributes: &[(&str, &str)]) {
        self.text.push('<');
        self.text.push_str(name);
        for (attribute, value) in attributes {
            self.text.push_str(&format!(" {attribute}=\""));
            self.text(value);
            self.text.push('"');
        }
        self.text.push('>');
    }

    /// `<name>text</name>`.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.element(name, |xml| xml.text(text));
    }

    /// As [`Xml::leaf`] if there is a text.
    pub fn some(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.leaf(name, text);
        }
    }

    /// `<name><key_name>..</key_name><value_name>..</value_name></name>`.
    pub fn pair(&mut self, name: &str, key: (&str, &str), value: (&str, &str)) {
        self.element(name, |xml| {
            xml.leaf(key.0, key.1);
            xml.leaf(value.0, value.1);
        });
    }

    /// `<name/>`.
    pub fn empty(&mut self, name: &str) {
        self.text.push('<');
        self.text.push_str(name);
        self.text.push_str("/>");
    }

    /// Text. A parser makes one newline of a carriage return and a newline unless the first is
    /// escaped. Characters that XML does not have at all become U+FFFD: they can come in the
    /// names of refused requests only.
    pub fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\r' => self.text.push_str("&#13;"),
                '\t' | '\n' => self.text.push(character),
                '\u{fffe}' | '\u{ffff}' => self.text.push('\u{fffd}'),
                other if other < ' ' => self.text.push('\u{fffd}'),
                other => self.text.push(other),
            }
        }
    }

    /// The document.
    pub fn finish(self) -> Vec<u8> {
        self.text.into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a0_6_what_is_escaped() {
        let mut xml = Xml::new();
        xml.leaf("a", "<&>\" '\r\n\t\u{1}\u{ffff}\u{20ac}");
        let text = String::from_utf8(xml.finish()).unwrap();
        assert!(text.ends_with("<a>&lt;&amp;&gt;&quot; '&#13;\n\t\u{fffd}\u{fffd}\u{20ac}</a>"));
    }
}
