//! The operations of each version: where they are addressed, what they take and what they answer.
//!
//! One table gives the WSDL and the schemas, and tells the reader which element is a parameter.
//! Facts are those of L3, L8 and L9; the order of elements in requests is never enforced (L8.3).

use crate::legacy::version::Version::{self, V2006, V2007, V2008, V2009};

/// What an operation is sent to (L8). Generation 2 has one port type for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Port {
    /// The service itself, `/`.
    Service,
    /// A queue's URL.
    Queue,
}

/// The namespace of an operation's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// That of the version.
    Queue,
    /// That of grants.
    Access,
}

/// How often an element is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occurs {
    /// Once.
    Once,
    /// At most once.
    Optional,
    /// Any number, or none.
    Any,
}

/// What an element holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Other elements: a type of [`TYPES`], by name.
    Type(&'static str),
}

/// An element of a request, of an answer or of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How often it is there.
    pub occurs: Occurs,
    /// Versions that have it, of those that have the operation.
    pub since: Version,
}

/// An operation in the versions that have it.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The action's name, which is that of its element.
    pub name: &'static str,
    /// Where it is sent.
    pub port: Port,
    /// The namespace of its elements.
    pub space: Space,
    /// The first and the last version that has it.
    pub versions: (Version, Version),
    /// What it takes, besides credentials.
    pub input: &'static [Part],
    /// What it answers, besides status or metadata.
    pub output: &'static [Part],
}

impl Operation {
    /// True if `version` has it.
    pub fn is_in(&self, version: Version) -> bool {
        (self.versions.0..=self.versions.1).contains(&version)
    }
}

/// The parts that `version` has.
pub fn parts_in(parts: &'static [Part], version: Version) -> impl Iterator<Item = &'static Part> {
    parts.iter().filter(move |part| part.since <= version)
}

/// The operations of a version.
pub fn operations(version: Version) -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().filter(move |it| it.is_in(version))
}

/// A type that several operations use.
#[derive(Debug, Clone, Copy)]
pub struct Type {
    /// Its name.
    pub name: &'static str,
    /// The namespace of its elements.
    pub space: Space,
    /// The first and the last version that has it.
    pub versions: (Version, Version),
    /// The type that it is a kind of; `xsi:type` then tells which one an element has.
    pub base: Option<&'static str>,
    /// Its elements.
    pub parts: &'static [Part],
}

const GEN1: (Version, Version) = (V2006, V2007);
const GEN2: (Version, Version) = (V2008, V2009);
const ONLY_2007: (Version, Version) = (V2007, V2007);
const ONLY_2009: (Version, Version) = (V2009, V2009);

const fn part(name: &'static str, kind: Kind, occurs: Occurs) -> Part {
    Part {
        name,
        kind,
        occurs,
        since: V2006,
    }
}

const fn text(name: &'static str) -> Part {
    part(name, Kind::Text, Occurs::Once)
}

const fn optional_text(name: &'static str) -> Part {
    part(name, Kind::Text, Occurs::Optional)
}

const fn texts(name: &'static str) -> Part {
    part(name, Kind::Text, Occurs::Any)
}

const fn number(name: &'static str) -> Part {
    part(name, Kind::Integer, Occurs::Once)
}

const fn optional_number(name: &'static str) -> Part {
    part(name, Kind::Integer, Occurs::Optional)
}

const fn typed(name: &'static str, of: &'static str, occurs: Occurs) -> Part {
    part(name, Kind::Type(of), occurs)
}

const fn since(version: Version, part: Part) -> Part {
    Part {
        since: version,
        ..part
    }
}

const fn service(
    name: &'static str,
    versions: (Version, Version),
    input: &'static [Part],
    output: &'static [Part],
) -> Operation {
    Operation {
        name,
        port: Port::Service,
        space: Space::Queue,
        versions,
        input,
        output,
    }
}

const fn queue(
    name: &'static str,
    versions: (Version, Version),
    input: &'static [Part],
    output: &'static [Part],
) -> Operation {
    Operation {
        port: Port::Queue,
        ..service(name, versions, input, output)
    }
}

const fn grant(name: &'static str, input: &'static [Part], output: &'static [Part]) -> Operation {
    Operation {
        space: Space::Access,
        ..queue(name, GEN1, input, output)
    }
}

const VISIBILITY: Part = number("VisibilityTimeout");
const OPTIONAL_VISIBILITY: Part = optional_number("VisibilityTimeout");
const GRANT: &[Part] = &[typed("Request", "GrantRequest", Occurs::Once)];
const ATTRIBUTES: Part = typed("Attribute", "Attribute", Occurs::Any);

/// Credentials: of generation 1 the first children of the action, of generation 2 headers (L8).
pub const CREDENTIALS: [&str; 3] = ["AWSAccessKeyId", "Timestamp", "Signature"];

/// Every operation.
pub const OPERATIONS: &[Operation] = &[
    service(
        "CreateQueue",
        (V2006, V2009),
        &[
            text("QueueName"),
            optional_number("DefaultVisibilityTimeout"),
            since(V2009, ATTRIBUTES),
        ],
        &[text("QueueUrl")],
    ),
    service(
        "ListQueues",
        (V2006, V2009),
        &[optional_text("QueueNamePrefix"), since(V2009, ATTRIBUTES)],
        &[texts("QueueUrl")],
    ),
    queue(
        "DeleteQueue",
        GEN1,
        &[since(
            V2007,
            part("ForceDeletion", Kind::Boolean, Occurs::Optional),
        )],
        &[],
    ),
    queue("DeleteQueue", GEN2, &[], &[]),
    queue(
        "SendMessage",
        GEN1,
        &[text("MessageBody")],
        &[text("MessageId")],
    ),
    queue(
        "SendMessage",
        GEN2,
        &[text("MessageBody")],
        &[text("MessageId"), text("MD5OfMessageBody")],
    ),
    queue(
        "ReceiveMessage",
        GEN1,
        &[optional_number("NumberOfMessages"), OPTIONAL_VISIBILITY],
        &[typed("Message", "Message", Occurs::Any)],
    ),
    queue(
        "ReceiveMessage",
        GEN2,
        &[
            optional_number("MaxNumberOfMessages"),
            OPTIONAL_VISIBILITY,
            since(V2009, texts("AttributeName")),
        ],
        &[typed("Message", "Message", Occurs::Any)],
    ),
    queue(
        "PeekMessage",
        GEN1,
        &[text("MessageId")],
        &[typed("Message", "Message", Occurs::Once)],
    ),
    queue("DeleteMessage", GEN1, &[text("MessageId")], &[]),
    queue("DeleteMessage", GEN2, &[text("ReceiptHandle")], &[]),
    queue(
        "ChangeMessageVisibility",
        ONLY_2007,
        &[text("MessageId"), VISIBILITY],
        &[],
    ),
    queue(
        "ChangeMessageVisibility",
        ONLY_2009,
        &[text("ReceiptHandle"), VISIBILITY],
        &[],
    ),
    queue("GetVisibilityTimeout", GEN1, &[], &[VISIBILITY]),
    queue("SetVisibilityTimeout", GEN1, &[VISIBILITY], &[]),
    queue(
        "GetQueueAttributes",
        ONLY_2007,
        &[texts("Attribute")],
        &[typed("AttributedValue", "AttributedValue", Occurs::Any)],
    ),
    queue(
        "GetQueueAttributes",
        GEN2,
        &[texts("AttributeName")],
        &[ATTRIBUTES],
    ),
    queue(
        "SetQueueAttributes",
        ONLY_2007,
        &[text("Attribute"), text("Value")],
        &[],
    ),
    queue("SetQueueAttributes", GEN2, &[ATTRIBUTES], &[]),
    queue(
        "AddPermission",
        ONLY_2009,
        &[text("Label"), texts("AWSAccountId"), texts("ActionName")],
        &[],
    ),
    queue("RemovePermission", ONLY_2009, &[text("Label")], &[]),
    grant("AddGrant", GRANT, &[]),
    grant("RemoveGrant", GRANT, &[]),
    grant(
        "ListGrants",
        &[typed("Request", "GrantFilter", Occurs::Optional)],
        &[typed("GrantList", "Grant", Occurs::Any)],
    ),
];

const fn plain_type(
    name: &'static str,
    versions: (Version, Version),
    parts: &'static [Part],
) -> Type {
    Type {
        name,
        space: Space::Queue,
        versions,
        base: None,
        parts,
    }
}

const fn access_type(
    name: &'static str,
    base: Option<&'static str>,
    parts: &'static [Part],
) -> Type {
    Type {
        space: Space::Access,
        base,
        ..plain_type(name, GEN1, parts)
    }
}

/// The type that has no elements of its own, but kinds.
pub const ABSTRACT: &str = "Grantee";

/// Every type.
pub const TYPES: &[Type] = &[
    plain_type("Message", GEN1, &[text("MessageId"), text("MessageBody")]),
    plain_type(
        "Message",
        GEN2,
        &[
            text("MessageId"),
            text("ReceiptHandle"),
            text("MD5OfBody"),
            text("Body"),
            since(V2009, ATTRIBUTES),
        ],
    ),
    plain_type("Attribute", GEN2, &[text("Name"), text("Value")]),
    plain_type(
        "AttributedValue",
        ONLY_2007,
        &[text("Attribute"), text("Value")],
    ),
    plain_type(
        "ResponseStatus",
        GEN1,
        &[text("StatusCode"), text("RequestId")],
    ),
    plain_type("ResponseMetadata", GEN2, &[text("RequestId")]),
    access_type(ABSTRACT, None, &[]),
    access_type(
        "CanonicalUser",
        Some(ABSTRACT),
        &[text("ID"), optional_text("DisplayName")],
    ),
    access_type(
        "AmazonCustomerByEmail",
        Some(ABSTRACT),
        &[text("EmailAddress")],
    ),
    access_type(
        "GrantRequest",
        None,
        &[typed("Grantee", ABSTRACT, Occurs::Once), text("Permission")],
    ),
    access_type(
        "GrantFilter",
        None,
        &[
            typed("Grantee", ABSTRACT, Occurs::Optional),
            optional_text("Permission"),
        ],
    ),
    access_type(
        "Grant",
        None,
        &[typed("Grantee", ABSTRACT, Occurs::Once), text("Permission")],
    ),
    access_type("ResponseStatus", None, &[text("StatusCode")]),
];
