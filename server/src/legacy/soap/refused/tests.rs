use super::*;
use crate::legacy::soap::names::{SOAP_11, SOAP_12};
use crate::legacy::soap::xml::{self, Element, Limits};

const VERSIONS: [Version; 4] = [
    Version::V2006,
    Version::V2007,
    Version::V2008,
    Version::V2009,
];

fn printed(refused: &Refused, soap: Soap) -> (u16, Element) {
    let printed = refused.print(soap, "id");
    assert_eq!(printed.content_type, Some(soap.content_type()));
    let root = xml::parse(&printed.body, &Limits::default()).unwrap();
    assert!(root.is(soap.namespace(), "Envelope"));
    (printed.status.as_u16(), root)
}

fn fault(root: &Element, soap: Soap) -> &Element {
    let body = root.child(soap.namespace(), "Body").unwrap();
    assert_eq!(body.children.len(), 1);
    body.child(soap.namespace(), "Fault").unwrap()
}

/// The code that a client sees, without the prefix.
fn code(fault: &Element, soap: Soap) -> String {
    let code = match soap {
        Soap::V11 => &fault.children[0],
        Soap::V12 => {
            let code = fault.child(SOAP_12, "Code").unwrap();
            let subcode = code.child(SOAP_12, "Subcode").unwrap_or(code);
            subcode.child(SOAP_12, "Value").unwrap()
        }
    };
    code.text.split_once(':').unwrap().1.to_owned()
}

#[test]
fn l8_4_a_fault_of_soap_1_1_as_it_was_reconstructed() {
    let missing = Refused::Fault(Version::V2007, Fault::missing("QueueName"));
    let printed = missing.print(Soap::V11, "uuid");
    assert_eq!(
        String::from_utf8(printed.body).unwrap(),
        "<?xml version=\"1.0\"?><soap:Envelope \
         xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:aws=\"http://webservices.amazon.com/AWSFault/2005-15-09\"><soap:Body>\
         <soap:Fault><faultcode>aws:MissingParameter</faultcode>\
         <faultstring>The request must contain the parameter QueueName.</faultstring>\
         <detail><aws:RequestId>uuid</aws:RequestId></detail></soap:Fault></soap:Body>\
         </soap:Envelope>"
    );
}

#[test]
fn l8_a_fault_of_soap_1_2() {
    let missing = Refused::Fault(Version::V2008, Fault::missing("QueueName"));
    let printed = missing.print(Soap::V12, "uuid");
    assert_eq!(
        String::from_utf8(printed.body).unwrap(),
        "<?xml version=\"1.0\"?><soap:Envelope \
         xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:aws=\"http://webservices.amazon.com/AWSFault/2005-15-09\"><soap:Body>\
         <soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>\
         <soap:Value>aws:MissingParameter</soap:Value></soap:Subcode></soap:Code>\
         <soap:Reason><soap:Text xml:lang=\"en\">The request must contain the parameter \
         QueueName.</soap:Text></soap:Reason><soap:Detail><aws:RequestId>uuid\
         </aws:RequestId></soap:Detail></soap:Fault></soap:Body></soap:Envelope>"
    );
}

#[test]
fn l8_every_code_has_its_name_and_the_status_of_its_version_of_soap() {
    for version in VERSIONS {
        for own in Code::ALL {
            let refused = Refused::Fault(version, Fault::new(own, "text <&> \u{1}"));
            for soap in [Soap::V11, Soap::V12] {
                let (status, root) = printed(&refused, soap);
                assert_eq!(code(fault(&root, soap), soap), own.name(version));
                let expected = match soap {
                    // DG07: this fault came with success.
                    Soap::V11 if version.is_first() && own == Code::InvalidSecurity => 200,
                    Soap::V11 => 500,
                    Soap::V12 => own.status(version),
                };
                assert_eq!(status, expected, "{version:?} {own:?} {soap:?}");
            }
        }
    }
}

#[test]
fn the_server_s_own_failures_are_receiver_faults() {
    for (own, side) in [
        (Code::InternalError, "soap:Receiver"),
        (Code::ServiceUnavailable, "soap:Receiver"),
        (Code::NonExistentQueue, "soap:Sender"),
    ] {
        let refused = Refused::Fault(Version::V2009, Fault::new(own, "text"));
        let (_, root) = printed(&refused, Soap::V12);
        let code = fault(&root, Soap::V12).child(SOAP_12, "Code").unwrap();
        assert_eq!(code.child(SOAP_12, "Value").unwrap().text, side);
    }
}

#[test]
fn faults_of_soap_itself() {
    let headers = vec![("urn:\"<x&".to_owned(), "y".to_owned())];
    for (refused, codes, statuses) in [
        (
            Refused::Malformed("text".into()),
            ["Client", "Sender"],
            [500, 400],
        ),
        (
            Refused::VersionMismatch("text".into()),
            ["VersionMismatch", "VersionMismatch"],
            [500, 500],
        ),
        (
            Refused::NotUnderstood(headers),
            ["MustUnderstand", "MustUnderstand"],
            [500, 500],
        ),
    ] {
        for (index, soap) in [Soap::V11, Soap::V12].into_iter().enumerate() {
            let (status, root) = printed(&refused, soap);
            assert_eq!(status, statuses[index]);
            assert_eq!(code(fault(&root, soap), soap), codes[index]);
            let details = ["detail", "Detail"];
            let mut children = fault(&root, soap).children.iter();
            let has_detail = children.any(|it| details.contains(&it.name.as_str()));
            assert_eq!(has_detail, !matches!(refused, Refused::NotUnderstood(_)));
            let header = root.child(SOAP_12, "Header");
            let names = header.map(|it| it.children[0].attribute(None, "qname").unwrap());
            let told = soap == Soap::V12 && matches!(refused, Refused::NotUnderstood(_));
            assert_eq!(names, told.then_some("q:y"));
        }
    }
    assert_ne!(SOAP_11, SOAP_12);
}
