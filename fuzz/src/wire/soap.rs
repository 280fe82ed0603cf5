//! SOAP: any document is read or refused, and what is read is what another parser reads.

use crate::Target;
use forebay_server::legacy::soap::xml::{Element, Limits, parse};
use roxmltree::{Document, Node};

/// Documents of SOAP requests.
pub const TARGET: Target = Target {
    name: "soap",
    about: "XML of SOAP requests: refused, or read as another parser reads it",
    body,
    seeds,
    words: &[
        "<a>",
        "</a>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "<!DOCTYPE a>",
        "&amp;",
        "&#65;",
        "&#x10ffff;",
        "xmlns=\"n\"",
        "xmlns:p=\"n\"",
        " p:a=\"\"",
        "<?xml version=\"1.0\"?>",
        "xml:lang",
        "\r\n",
    ],
    bytes_max: 1_024,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let envelope = "<?xml version='1.0' encoding='utf-8'?><s:Envelope xmlns:s=\
        \"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><SendMessage xmlns=\
        \"http://queue.amazonaws.com/doc/2008-01-01/\"><MessageBody>a &lt; b</MessageBody>\
        </SendMessage></s:Body></s:Envelope>";
    let texts = [
        envelope,
        "<a b='1' xmlns:p='n' p:b='2'>x<c/><![CDATA[<&]]>&#13;\r\ny<!-- z --></a>",
        "<p:a xmlns:p='n'><b xmlns='m'/></p:a>\n",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn body(data: &[u8]) {
    let limits = Limits {
        depth: 8,
        ..Limits::default()
    };
    let found = match parse(data, &limits) {
        Ok(found) => found,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let text = String::from_utf8_lossy(data);
    // The other parser refuses characters that we leave to the action.
    if let Ok(document) = Document::parse(&text) {
        same(&found, document.root_element());
    }
}

fn same(own: &Element, other: Node<'_, '_>) {
    assert_eq!(own.name, other.tag_name().name());
    // An empty namespace is none.
    let namespace = |name: Option<&str>| name.filter(|it| !it.is_empty()).map(String::from);
    let found = namespace(own.namespace.as_deref());
    assert_eq!(found, namespace(other.tag_name().namespace()));
    assert_eq!(own.attributes.len(), other.attributes().len());
    for (own, other) in own.attributes.iter().zip(other.attributes()) {
        assert_eq!((&*own.name, &*own.value), (other.name(), other.value()));
    }
    let text: String = other
        .children()
        .filter(Node::is_text)
        .filter_map(|it| it.text())
        .collect();
    assert_eq!(own.text, text);
    let children: Vec<_> = other.children().filter(Node::is_element).collect();
    assert_eq!(own.children.len(), children.len());
    for (own, other) in own.children.iter().zip(children) {
        same(own, other);
    }
}
