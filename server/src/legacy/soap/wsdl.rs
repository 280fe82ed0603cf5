//! The WSDL of a version, made of the table of operations.
//!
//! Amazon's own files could not be found again; docs/LEGACY.md says what is ours in these.

use super::names::{HTTP_TRANSPORT, WSDL, WSDL_SOAP_11, WSDL_SOAP_12, XML_SCHEMA};
use super::page::Node;
use super::schema::Schema;
use super::table::{CREDENTIALS, Operation, Port, operations};
use crate::legacy::version::{Generation, Version};

/// The file that has a version's WSDL.
pub const FILE: &str = "QueueService.wsdl";

/// The message whose parts are the headers.
const HEADERS: &str = "Credentials";

/// A binding: port type, version of SOAP, and the port that speaks it.
struct Binding {
    port_type: &'static str,
    /// `None`: the port type has all operations.
    of: Option<Port>,
    name: &'static str,
    port: &'static str,
    soap_12: bool,
}

impl Binding {
    fn operations(&self, version: Version) -> impl Iterator<Item = &'static Operation> {
        let of = self.of;
        operations(version).filter(move |it| of.is_none_or(|port| it.port == port))
    }

    /// The prefix of WSDL's own elements for that version of SOAP.
    fn prefix(&self) -> &'static str {
        match self.soap_12 {
            false => "soap",
            true => "soap12",
        }
    }
}

const SERVICE: &str = "QueueService";
const FIRST: [Binding; 2] = [
    Binding {
        port_type: "QueueService",
        of: Some(Port::Service),
        name: "QueueServiceBinding",
        port: "QueueServicePort",
        soap_12: false,
    },
    Binding {
        port_type: "MessageQueue",
        of: Some(Port::Queue),
        name: "MessageQueueBinding",
        port: "MessageQueuePort",
        soap_12: false,
    },
];
const SECOND: [Binding; 2] = [
    Binding {
        port_type: "QueueService",
        of: None,
        name: "QueueServiceBinding",
        port: "QueueServicePort",
        soap_12: false,
    },
    Binding {
        port_type: "QueueService",
        of: None,
        name: "QueueServiceBinding12",
        port: "QueueServicePort12",
        soap_12: true,
    },
];

/// The WSDL of a version; `base` is the scheme and host of the service, without a slash.
pub fn wsdl(version: Version, base: &str) -> String {
    let bindings = match version.generation() {
        Generation::First => &FIRST,
        Generation::Second => &SECOND,
    };
    let mut port_types: Vec<&Binding> = bindings.iter().collect();
    port_types.dedup_by_key(|binding| binding.port_type);
    let mut root = Node::new("wsdl:definitions")
        .with("name", SERVICE)
        .with("targetNamespace", version.namespace())
        .with("xmlns:xs", XML_SCHEMA)
        .with("xmlns:wsdl", WSDL)
        .with("xmlns:soap", WSDL_SOAP_11)
        .with("xmlns:soap12", WSDL_SOAP_12);
    for schema in Schema::of(version) {
        root = root.with(
            format!("xmlns:{}", schema.prefix()),
            schema.namespace(version),
        );
    }
    root.child(types(version, base))
        .children(credentials(version))
        .children(operations(version).flat_map(messages))
        .children(port_types.into_iter().map(|it| port_type(it, version)))
        .children(bindings.iter().map(|it| binding_node(it, version)))
        .child(service(bindings, base))
        .page()
}

/// The schemas: from 2009 in the WSDL itself, before that beside it (L8).
fn types(version: Version, base: &str) -> Node {
    let schemas = Schema::of(version).into_iter();
    let types = Node::new("wsdl:types");
    if version >= Version::V2009 {
        return types.children(schemas.map(|it| it.node(version)));
    }
    let imports = schemas.map(|it| {
        let location = format!("{base}/doc/{}/{}", version.date(), it.file());
        Node::new("xs:import")
            .with("namespace", it.namespace(version))
            .with("schemaLocation", location)
    });
    types.child(Node::new("xs:schema").children(imports))
}

/// The headers of generation 2, as parts of one message.
fn credentials(version: Version) -> Option<Node> {
    let headers = || {
        let prefix = Schema::Security.prefix();
        let parts = CREDENTIALS.map(|name| message_part(name, format!("{prefix}:{name}")));
        Node::new("wsdl:message")
            .with("name", HEADERS)
            .children(parts)
    };
    (!version.is_first()).then(headers)
}

fn message_part(name: &str, element: String) -> Node {
    Node::new("wsdl:part")
        .with("name", name)
        .with("element", element)
}

/// The message of a request and that of its answer.
fn messages(operation: &'static Operation) -> [Node; 2] {
    let prefix = Schema::from(operation.space).prefix();
    let message = |kind: &str, element: String| {
        // The name of the part is what makes toolkits leave the wrapping element out.
        let part = message_part("parameters", format!("{prefix}:{element}"));
        let name = format!("{}{kind}", operation.name);
        Node::new("wsdl:message").with("name", name).child(part)
    };
    [
        message("Request", operation.name.into()),
        message("Response", format!("{}Response", operation.name)),
    ]
}

fn own(name: &str) -> String {
    format!("{}:{name}", Schema::Queue.prefix())
}

fn port_type(binding: &Binding, version: Version) -> Node {
    let operations = binding.operations(version).map(|operation| {
        let message = |element: &str, kind: &str| {
            Node::new(element).with("message", own(&format!("{}{kind}", operation.name)))
        };
        Node::new("wsdl:operation")
            .with("name", operation.name)
            .child(message("wsdl:input", "Request"))
            .child(message("wsdl:output", "Response"))
    });
    Node::new("wsdl:portType")
        .with("name", binding.port_type)
        .children(operations)
}

fn binding_node(binding: &Binding, version: Version) -> Node {
    let prefix = binding.prefix();
    let transport = Node::new(format!("{prefix}:binding"))
        .with("style", "document")
        .with("transport", HTTP_TRANSPORT);
    let body = || Node::new(format!("{prefix}:body")).with("use", "literal");
    let headers = || {
        CREDENTIALS.map(|name| {
            Node::new(format!("{prefix}:header"))
                .with("message", own(HEADERS))
                .with("part", name)
                .with("use", "literal")
        })
    };
    let operations = binding.operations(version).map(|operation| {
        let action = Node::new(format!("{prefix}:operation")).with("soapAction", operation.name);
        let input = Node::new("wsdl:input");
        let input = match version.generation() {
            Generation::First => input,
            Generation::Second => input.children(headers()),
        };
        Node::new("wsdl:operation")
            .with("name", operation.name)
            .child(action)
            .child(input.child(body()))
            .child(Node::new("wsdl:output").child(body()))
    });
    Node::new("wsdl:binding")
        .with("name", binding.name)
        .with("type", own(binding.port_type))
        .child(transport)
        .children(operations)
}

fn service(bindings: &[Binding], base: &str) -> Node {
    let ports = bindings.iter().map(|binding| {
        let prefix = binding.prefix();
        let address = Node::new(format!("{prefix}:address")).with("location", format!("{base}/"));
        Node::new("wsdl:port")
            .with("name", binding.port)
            .with("binding", own(binding.name))
            .child(address)
    });
    let documentation = Node::new("wsdl:documentation").text(
        "CreateQueue and ListQueues go to the address of the port; every other operation goes to \
         the URL of its queue, as CreateQueue and ListQueues give it.",
    );
    Node::new("wsdl:service")
        .with("name", SERVICE)
        .child(documentation)
        .children(ports)
}

#[cfg(test)]
mod tests;
