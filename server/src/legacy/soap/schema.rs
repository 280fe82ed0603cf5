//! The XML schemas of a version: its own elements, those of grants, and those of credentials.

use super::names::{ACCESS, SECURITY, XML_SCHEMA};
use super::page::Node;
use super::table::{
    ABSTRACT, CREDENTIALS, Kind, Occurs, Operation, Part, Space, TYPES, Type, operations, parts_in,
};
use crate::legacy::version::{Generation, Version};

/// A schema of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// The operations'.
    Queue,
    /// That of grants, of generation 1.
    Access,
    /// That of credentials in headers, of generation 2.
    Security,
}

impl Schema {
    /// The schemas of a version.
    pub fn of(version: Version) -> [Self; 2] {
        match version.generation() {
            Generation::First => [Self::Queue, Self::Access],
            Generation::Second => [Self::Queue, Self::Security],
        }
    }

    /// The file that has it, beside the WSDL.
    pub fn file(self) -> &'static str {
        match self {
            Self::Queue => "QueueService.xsd",
            Self::Access => "AccessControl.xsd",
            Self::Security => "Security.xsd",
        }
    }

    /// The prefix of its namespace, in it and in the WSDL.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Queue => "sqs",
            Self::Access => "access",
            Self::Security => "security",
        }
    }

    /// Its namespace.
    pub fn namespace(self, version: Version) -> String {
        match self {
            Self::Queue => version.namespace(),
            Self::Access => ACCESS.to_owned(),
            Self::Security => SECURITY.to_owned(),
        }
    }

    /// The schema itself.
    pub fn node(self, version: Version) -> Node {
        let namespace = self.namespace(version);
        let schema = Node::new("xs:schema")
            .with("xmlns:xs", XML_SCHEMA)
            .with("targetNamespace", &*namespace)
            .with("elementFormDefault", "qualified")
            .with(format!("xmlns:{}", self.prefix()), namespace);
        let space = match self {
            Self::Queue => Space::Queue,
            Self::Access => Space::Access,
            Self::Security => {
                let text = |name| leaf(name, "xs:string", Occurs::Once);
                return schema.children(CREDENTIALS.map(text));
            }
        };
        let types = TYPES
            .iter()
            .filter(|it| it.space == space && is_in(it, version));
        let operations = operations(version).filter(|it| it.space == space);
        schema
            .children(types.map(|it| type_node(it, version)))
            .children(operations.flat_map(|it| elements(it, version)))
    }
}

impl From<Space> for Schema {
    fn from(space: Space) -> Self {
        match space {
            Space::Queue => Self::Queue,
            Space::Access => Self::Access,
        }
    }
}

fn is_in(of: &Type, version: Version) -> bool {
    (of.versions.0..=of.versions.1).contains(&version)
}

/// `name` with the prefix of that namespace.
fn qualified(space: Space, name: &str) -> String {
    format!("{}:{name}", Schema::from(space).prefix())
}

fn type_node(of: &Type, version: Version) -> Node {
    let node = Node::new("xs:complexType").with("name", of.name);
    let elements = parts_in(of.parts, version).map(|part| element(part, of.space));
    let sequence = Node::new("xs:sequence").children(elements);
    match of.base {
        _ if of.name == ABSTRACT => node.with("abstract", "true"),
        None => node.child(sequence),
        Some(base) => {
            let base = qualified(of.space, base);
            let extension = Node::new("xs:extension").with("base", base);
            node.child(Node::new("xs:complexContent").child(extension.child(sequence)))
        }
    }
}

/// The element of a request and that of its answer.
fn elements(operation: &'static Operation, version: Version) -> [Node; 2] {
    let space = operation.space;
    let input = parts_in(operation.input, version).map(|part| element(part, space));
    let credentials: Vec<Node> = match version.generation() {
        Generation::First => CREDENTIALS
            .map(|name| leaf(name, "xs:string", Occurs::Optional))
            .into(),
        Generation::Second => Vec::new(),
    };
    let request = global(operation.name.into(), credentials.into_iter().chain(input));
    let output = parts_in(operation.output, version).map(|part| element(part, space));
    let response = format!("{}Response", operation.name);
    let own = |name: &str| qualified(space, name);
    let response = match version.generation() {
        Generation::First => {
            let status = leaf("ResponseStatus", &own("ResponseStatus"), Occurs::Once);
            global(response, output.chain([status]))
        }
        Generation::Second => {
            let metadata = leaf("ResponseMetadata", &own("ResponseMetadata"), Occurs::Once);
            // L9.1: what answers nothing has no result.
            let result = (!operation.output.is_empty())
                .then(|| global(format!("{}Result", operation.name), output));
            global(response, result.into_iter().chain([metadata]))
        }
    };
    [request, response]
}

/// An element with a sequence of others.
fn global(name: String, elements: impl IntoIterator<Item = Node>) -> Node {
    let sequence = Node::new("xs:sequence").children(elements);
    Node::new("xs:element")
        .with("name", name)
        .child(Node::new("xs:complexType").child(sequence))
}

fn element(part: &Part, space: Space) -> Node {
    let of = match part.kind {
        Kind::Text => "xs:string".to_owned(),
        Kind::Integer => "xs:integer".to_owned(),
        Kind::Boolean => "xs:boolean".to_owned(),
        Kind::Type(name) => qualified(space, name),
    };
    leaf(part.name, &of, part.occurs)
}

fn leaf(name: &str, of: &str, occurs: Occurs) -> Node {
    let node = Node::new("xs:element").with("name", name).with("type", of);
    match occurs {
        Occurs::Once => node,
        Occurs::Optional => node.with("minOccurs", "0"),
        Occurs::Any => node.with("minOccurs", "0").with("maxOccurs", "unbounded"),
    }
}
