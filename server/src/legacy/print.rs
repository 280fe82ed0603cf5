//! From answers and faults to XML, in the elements of each version (L7, L9). SOAP puts the same
//! elements into an envelope.

use super::answer::{Answer, Grant, Message, Told};
use super::fault::Fault;
use super::version::{Generation, Version};
use crate::wire::Printed;
use crate::wire::query::{self, Xml};
use hyper::StatusCode;

/// `Content-Type` of answers.
pub const CONTENT_TYPE: &str = "text/xml";
/// Name space of answers about grants.
pub const GRANTS_NAMESPACE: &str = "http://access.amazonaws.com/doc/2006-01-01/";

/// The answer to a Query or REST request.
pub fn answer(version: Version, name: &str, answer: &Answer, request_id: &str) -> Printed {
    let mut xml = Xml::new();
    element(&mut xml, version, name, answer, request_id);
    printed(StatusCode::OK, xml)
}

/// The refusal of a Query or REST request.
pub fn fault(version: Version, fault: &Fault, request_id: &str) -> Printed {
    let mut xml = Xml::new();
    match version.generation() {
        Generation::First => first_fault(&mut xml, version, fault, request_id),
        Generation::Second => second_fault(&mut xml, version, fault, request_id),
    }
    let status = StatusCode::from_u16(fault.code.status(version));
    printed(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), xml)
}

fn printed(status: StatusCode, xml: Xml) -> Printed {
    Printed {
        status,
        content_type: Some(CONTENT_TYPE),
        query_error: None,
        body: xml.finish(),
    }
}

/// `<NameResponse>` with all that is in it.
pub fn element(xml: &mut Xml, version: Version, name: &str, answer: &Answer, request_id: &str) {
    match answer {
        Answer::First(told) if is_about_grants(name) => grants(xml, name, told),
        Answer::First(told) => first(xml, version, name, told, request_id),
        // L9.1: as today's, of which that of the version has no newer elements.
        Answer::Second(answer) => {
            query::element(xml, &version.namespace(), name, answer, request_id);
        }
    }
}

fn is_about_grants(name: &str) -> bool {
    matches!(name, "AddGrant" | "ListGrants" | "RemoveGrant")
}

/// L7.1, without the attributes of which L7.2 tells.
fn first(xml: &mut Xml, version: Version, name: &str, told: &Told, request_id: &str) {
    let response = format!("{name}Response");
    xml.open(&format!("{response} xmlns=\"{}\"", version.namespace()));
    match told {
        Told::Done | Told::Grants(_) => {}
        Told::QueueUrl(url) => xml.leaf("QueueUrl", url),
        // L7.3: without the wrapper of the guide's sample.
        Told::QueueUrls(urls) => urls.iter().for_each(|url| xml.leaf("QueueUrl", url)),
        Told::MessageId(id) => xml.leaf("MessageId", id),
        Told::Messages(messages) => messages.iter().for_each(|it| message(xml, it)),
        Told::VisibilityTimeout(seconds) => xml.leaf("VisibilityTimeout", &seconds.to_string()),
        Told::Attributes(list) => list.iter().for_each(|(name, value)| {
            xml.pair("AttributedValue", ("Attribute", name), ("Value", value));
        }),
    }
    xml.element("ResponseStatus", |xml| {
        xml.leaf("StatusCode", "Success");
        xml.leaf("RequestId", request_id);
    });
    xml.close(&response);
}

fn message(xml: &mut Xml, message: &Message) {
    xml.pair(
        "Message",
        ("MessageId", &message.id),
        ("MessageBody", &message.body),
    );
}

/// L6, as recorded: another name space, and a status without the request's id.
fn grants(xml: &mut Xml, name: &str, told: &Told) {
    let response = format!("{name}Response");
    xml.open(&format!("{response} xmlns=\"{GRANTS_NAMESPACE}\""));
    if let Told::Grants(list) = told {
        list.iter().for_each(|it| grant(xml, it));
    }
    xml.element("ResponseStatus", |xml| xml.leaf("StatusCode", "Success"));
    xml.close(&response);
}

fn grant(xml: &mut Xml, grant: &Grant) {
    xml.element("GrantList", |xml| {
        xml.open(
            "Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"CanonicalUser\"",
        );
        xml.leaf("ID", &grant.id);
        xml.leaf("DisplayName", &grant.display_name);
        xml.close("Grantee");
        xml.leaf("Permission", grant.permission.text());
    });
}

/// L7.4: no name space, and here the id is spelt `RequestID`.
fn first_fault(xml: &mut Xml, version: Version, fault: &Fault, request_id: &str) {
    xml.element("Response", |xml| {
        xml.element("Errors", |xml| {
            let code = fault.code.name(version);
            xml.pair("Error", ("Code", code), ("Message", &fault.text));
        });
        xml.leaf("RequestID", request_id);
    });
}

/// L9.2.
fn second_fault(xml: &mut Xml, version: Version, fault: &Fault, request_id: &str) {
    let side = match fault.code.is_sender_fault() {
        true => "Sender",
        false => "Receiver",
    };
    xml.open(&format!("ErrorResponse xmlns=\"{}\"", version.namespace()));
    xml.element("Error", |xml| {
        xml.leaf("Type", side);
        xml.leaf("Code", fault.code.name(version));
        xml.leaf("Message", &fault.text);
        xml.empty("Detail");
    });
    xml.leaf("RequestId", request_id);
    xml.close("ErrorResponse");
}
