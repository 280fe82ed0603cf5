//! Calls in SOAP envelopes: read as an action's parameters, or refused with a fault that another
//! parser reads.

use crate::Target;
use forebay_server::legacy::Action;
use forebay_server::legacy::soap::envelope::{Envelope, Soap};
use forebay_server::legacy::soap::refused::Refused;
use forebay_server::legacy::soap::request::Request;
use forebay_server::legacy::soap::xml::Limits;
use roxmltree::Document;

/// Calls over SOAP.
pub const TARGET: Target = Target {
    name: "soap_calls",
    about: "calls in SOAP envelopes: parameters of an action, or a fault",
    body,
    seeds,
    words: &[
        "http://schemas.xmlsoap.org/soap/envelope/",
        "http://www.w3.org/2003/05/soap-envelope",
        "http://queue.amazonaws.com/doc/2007-05-01/",
        "http://access.amazonaws.com/doc/2006-01-01/",
        "<s:Header>",
        "</s:Header>",
        "<s:Body>",
        "</s:Body>",
        " s:mustUnderstand=\"1\"",
        "<MessageId>",
        "</MessageId>",
        "<Attribute>",
        "</Attribute>",
        "<Request>",
        "</Request>",
        "<Signature>a</Signature>",
        "&#1;",
        "%7C",
    ],
    bytes_max: 2_048,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let call = |namespace: &str, header: &str, action: &str, parameters: &str| {
        format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\">{header}<s:Body>\
             <{action} xmlns=\"http://{namespace}/\">{parameters}</{action}></s:Body></s:Envelope>"
        )
    };
    let header = "<s:Header><a:Timestamp xmlns:a=\"http://security.amazonaws.com/doc/2007-01-01/\" \
                  s:mustUnderstand=\"1\">2008-01-01T00:00:00Z</a:Timestamp></s:Header>";
    let queue = "queue.amazonaws.com/doc";
    let grant = "<Request><Grantee><ID>a</ID></Grantee><Permission>SendMessage</Permission>\
                 </Request>";
    let set = "<Attribute><Name>VisibilityTimeout</Name><Value>30</Value></Attribute>";
    let message = "<MessageBody>a&lt;<![CDATA[b]]></MessageBody>";
    let soap = [
        call(&format!("{queue}/2006-04-01"), "", "SendMessage", message),
        call(
            &format!("{queue}/2007-05-01"),
            "",
            "PeekMessage",
            "<MessageId>A%7CB</MessageId>",
        ),
        call(&format!("{queue}/2008-01-01"), header, "ListQueues", ""),
        call(
            &format!("{queue}/2009-02-01"),
            header,
            "SetQueueAttributes",
            set,
        ),
        call("access.amazonaws.com/doc/2006-01-01", "", "AddGrant", grant),
    ];
    soap.into_iter().map(String::into_bytes).collect()
}

fn body(document: &[u8]) {
    let request = match Envelope::read(document, &Limits::default()) {
        Ok(envelope) => Request::read(&envelope, None),
        Err((_, refused)) => Err(refused),
    };
    match request {
        Ok(request) => {
            assert!(request.version.action(request.action).is_some());
            // Whatever the parameters are: an action, or a refusal of it.
            let path = "/000000000000/q";
            let _ = Action::read(request.version, request.action, &request.params, path);
        }
        Err(refused) => check_fault(&refused),
    }
}

fn check_fault(refused: &Refused) {
    for soap in [Soap::V11, Soap::V12] {
        let printed = refused.print(soap, "the-id");
        let status = printed.status.as_u16();
        assert!(status == 200 || (400..600).contains(&status), "{status}");
        let body = String::from_utf8(printed.body).unwrap();
        let document = Document::parse(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
        let mut all = document.root_element().descendants();
        let fault = all.find(|it| it.has_tag_name((soap.namespace(), "Fault")));
        assert!(fault.is_some(), "{body}");
    }
}
