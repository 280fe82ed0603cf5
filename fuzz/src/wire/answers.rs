//! Reading answers with parsers that others wrote.

use forebay_server::wire::{Protocol, Refusal};
use roxmltree::{Document, Node};
use serde_json::Value;

/// The namespace of answers in XML.
pub const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// Parses a document, whose root has the namespace and this name.
pub fn xml<'a>(text: &'a str, root: &str) -> Document<'a> {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => panic!("{error}: {text:?}"),
    };
    let name = document.root_element().tag_name();
    assert_eq!((name.name(), name.namespace()), (root, Some(NAMESPACE)));
    document
}

/// The child elements of that name.
pub fn children<'a, 'b: 'a>(node: Node<'a, 'b>, name: &'a str) -> Vec<Node<'a, 'b>> {
    node.children()
        .filter(|it| it.has_tag_name((NAMESPACE, name)))
        .collect()
}

/// The text of the only child element of that name; `None` without one.
pub fn text<'a, 'b: 'a>(node: Node<'a, 'b>, name: &'a str) -> Option<String> {
    let all = children(node, name);
    assert!(all.len() < 2, "{} elements {name}", all.len());
    let text =
        |node: &Node<'a, 'b>| -> String { node.children().filter_map(|it| it.text()).collect() };
    all.first().map(text)
}

/// What XML can say of a text: the characters it does not have become U+FFFD.
pub fn sayable(text: &str) -> String {
    let has = |c: char| {
        matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}')
            || c >= '\u{10000}'
    };
    text.chars()
        .map(|c| if has(c) { c } else { '\u{fffd}' })
        .collect()
}

/// A refusal is printed so that its code and sentence can be read back.
pub fn check_refusal(protocol: Protocol, refusal: &Refusal) {
    let printed = protocol.refuse(refusal, "the-id");
    assert_eq!(printed.status.as_u16(), refusal.status());
    assert!((400..600).contains(&refusal.status()));
    let side = if refusal.status() < 500 {
        "Sender"
    } else {
        "Receiver"
    };
    let header = format!("{};{side}", refusal.code());
    assert_eq!(printed.query_error, Some(header));
    let body = String::from_utf8(printed.body).unwrap();
    match protocol {
        Protocol::Json => {
            let value: Value = serde_json::from_str(&body).unwrap();
            let kind = format!("com.amazonaws.sqs#{}", refusal.shape());
            assert_eq!(value["__type"], kind);
            assert_eq!(value["message"], refusal.text());
        }
        Protocol::Query => {
            let document = xml(&body, "ErrorResponse");
            let root = document.root_element();
            let error = children(root, "Error")[0];
            assert_eq!(text(root, "RequestId").as_deref(), Some("the-id"));
            assert_eq!(text(error, "Type").as_deref(), Some(side));
            assert_eq!(text(error, "Code").as_deref(), Some(refusal.code()));
            let message = text(error, "Message");
            assert_eq!(message, Some(sayable(refusal.query_text())));
        }
    }
}
