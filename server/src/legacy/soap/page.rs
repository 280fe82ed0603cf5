//! XML pages for people and tools, as WSDL and schemas: a tree that prints itself with indents.

use quick_xml::escape::escape;

/// An element while a page is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Node>,
}

impl Node {
    /// An element of that name, prefix included.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            text: String::new(),
            children: Vec::new(),
        }
    }

    /// With an attribute.
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// With text, and so without children.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// With another child.
    pub fn child(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// With more children.
    pub fn children(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The page whose root this is.
    pub fn page(&self) -> String {
        let mut page = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        self.print(&mut page, 0);
        page
    }

    fn print(&self, page: &mut String, depth: usize) {
        let indent = "  ".repeat(depth);
        page.push_str(&format!("{indent}<{}", self.name));
        for (name, value) in &self.attributes {
            page.push_str(&format!(" {name}=\"{}\"", escape(value)));
        }
        if self.children.is_empty() {
            match self.text.is_empty() {
                true => page.push_str("/>\n"),
                false => page.push_str(&format!(">{}</{}>\n", escape(&self.text), self.name)),
            }
            return;
        }
        page.push_str(">\n");
        for child in &self.children {
            child.print(page, depth + 1);
        }
        page.push_str(&format!("{indent}</{}>\n", self.name));
    }
}
