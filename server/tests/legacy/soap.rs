//! SOAP of 2006-04-01 to 2009-02-01 (L8): calls that succeed, and the pages that describe them.

use super::support::tls::{certify, exchange};
use super::support::{Response, Server, config};
use super::xml::path;
use forebay::Store;
use forebay_server::Config;
use forebay_server::config::{LegacyAccount, StoreConfig};
use forebay_server::legacy::soap::xml::{Element, Limits, parse};

pub const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";
const ACCESS: &str = "http://access.amazonaws.com/doc/2006-01-01/";
const FIRST: [&str; 2] = ["2006-04-01", "2007-05-01"];
const SECOND: [&str; 2] = ["2008-01-01", "2009-02-01"];

/// Every version with every version of SOAP that it speaks.
pub const SPOKEN: [(&str, &str); 6] = [
    (FIRST[0], SOAP_11),
    (FIRST[1], SOAP_11),
    (SECOND[0], SOAP_11),
    (SECOND[0], SOAP_12),
    (SECOND[1], SOAP_11),
    (SECOND[1], SOAP_12),
];

pub fn is_first(version: &str) -> bool {
    FIRST.contains(&version)
}

pub fn namespace(version: &str) -> String {
    format!("http://queue.amazonaws.com/doc/{version}/")
}

/// Text inside an element.
pub fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('\r', "&#13;")
}

/// An envelope around a body, and a header if that is not empty.
pub fn envelope(soap: &str, header: &str, body: &str) -> String {
    let header = match header {
        "" => String::new(),
        header => format!("<s:Header>{header}</s:Header>"),
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><s:Envelope xmlns:s=\"{soap}\">{header}\
         <s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// The element of a call, with parameters as XML.
pub fn element(version: &str, action: &str, parameters: &str) -> String {
    let namespace = namespace(version);
    format!("<{action} xmlns=\"{namespace}\">{parameters}</{action}>")
}

/// Sends a document as its version of SOAP asks.
pub fn post(server: &Server, path: &str, document: &str) -> Response {
    let headers = match document.contains(SOAP_12) {
        true => "content-type: application/soap+xml; charset=utf-8\r\n",
        false => "content-type: text/xml; charset=utf-8\r\nsoapaction: \"\"\r\n",
    };
    let mut client = server.connect();
    client.call("POST", path, headers, document.as_bytes())
}

/// The one element in the body of an answer, which has the type of its version of SOAP.
pub fn content(response: &Response, soap: &str) -> Element {
    let kind = match soap {
        SOAP_12 => "application/soap+xml; charset=utf-8",
        _ => "text/xml; charset=utf-8",
    };
    assert_eq!(response.header("content-type"), Some(kind));
    let mut root = parse(&response.body, &Limits::default()).unwrap();
    assert!(root.is(soap, "Envelope"), "{}", response.text());
    let mut body = root.children.pop().unwrap();
    assert!(body.is(soap, "Body"));
    assert_eq!(body.children.len(), 1);
    body.children.remove(0)
}

/// A call that succeeds: what it answers.
pub fn ok(
    server: &Server,
    (version, soap): (&str, &str),
    path: &str,
    action: &str,
    parameters: &str,
) -> Element {
    let document = envelope(soap, "", &element(version, action, parameters));
    let response = post(server, path, &document);
    assert_eq!(response.status, 200, "{}", response.text());
    let answer = content(&response, soap);
    assert!(answer.is(&namespace(version), &format!("{action}Response")));
    answer
}

/// The texts of all elements of that name, wherever they are.
pub fn texts(of: &Element, name: &str) -> Vec<String> {
    let own = (of.name == name).then(|| of.text.clone());
    let inner = of.children.iter().flat_map(|child| texts(child, name));
    own.into_iter().chain(inner).collect()
}

pub fn text(of: &Element, name: &str) -> String {
    let texts = texts(of, name);
    assert_eq!(texts.len(), 1, "{name} in {of:?}");
    texts[0].clone()
}

/// Creates a queue; its path.
pub fn create(server: &Server, spoken: (&str, &str), name: &str) -> String {
    let parameters = format!("<QueueName>{name}</QueueName>");
    let answer = ok(server, spoken, "/", "CreateQueue", &parameters);
    path(&text(&answer, "QueueUrl"))
}

pub fn send(server: &Server, spoken: (&str, &str), queue: &str, body: &str) -> Element {
    let parameters = format!("<MessageBody>{}</MessageBody>", escape(body));
    ok(server, spoken, queue, "SendMessage", &parameters)
}

/// Receives what there is: keys for deleting, and bodies.
pub fn receive(server: &Server, spoken: (&str, &str), queue: &str) -> Vec<(String, String)> {
    let names = match is_first(spoken.0) {
        true => ["NumberOfMessages", "MessageId", "MessageBody"],
        false => ["MaxNumberOfMessages", "ReceiptHandle", "Body"],
    };
    let parameters = format!("<{0}>10</{0}>", names[0]);
    let answer = ok(server, spoken, queue, "ReceiveMessage", &parameters);
    let keys = texts(&answer, names[1]).into_iter();
    keys.zip(texts(&answer, names[2])).collect()
}

#[test]
fn l7_6_an_answer_is_the_element_of_query_in_an_envelope() {
    let server = Server::start(config());
    for (version, soap) in SPOKEN {
        let document = envelope(soap, "", &element(version, "ListQueues", ""));
        let response = post(&server, "/", &document);
        let namespace = namespace(version);
        let id = response.header("x-amzn-requestid").unwrap();
        let content = match is_first(version) {
            true => format!(
                "<ResponseStatus><StatusCode>Success</StatusCode><RequestId>{id}</RequestId>\
                 </ResponseStatus>"
            ),
            false => format!(
                "<ListQueuesResult/><ResponseMetadata><RequestId>{id}</RequestId>\
                 </ResponseMetadata>"
            ),
        };
        let expected = format!(
            "<?xml version=\"1.0\"?><soap:Envelope xmlns:soap=\"{soap}\"><soap:Body>\
             <ListQueuesResponse xmlns=\"{namespace}\">{content}</ListQueuesResponse>\
             </soap:Body></soap:Envelope>"
        );
        assert_eq!(response.text(), expected);
    }
}

#[test]
fn l8_soap_is_recognised_by_its_header_or_its_type() {
    let server = Server::start(config());
    let document = envelope(SOAP_11, "", &element("2009-02-01", "ListQueues", ""));
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    for (headers, is_soap) in [
        ("soapaction: \"\"\r\n".to_owned(), true),
        ("SOAPAction: ListQueues\r\n".into(), true),
        (format!("{form}soapaction: urn:x\r\n"), true),
        ("content-type: text/xml\r\n".into(), true),
        ("content-type: text-xml-SOAP\r\n".into(), true),
        (
            "content-type: Application/SOAP+XML;action=\"ListQueues\"\r\n".into(),
            true,
        ),
        (form.into(), false),
        (String::new(), false),
    ] {
        let mut client = server.connect();
        let response = client.call("POST", "/", &headers, document.as_bytes());
        let answered = response.text().contains("ListQueuesResponse");
        assert_eq!(answered, is_soap, "{headers}: {}", response.text());
    }
    // A GET is none, whatever its headers say.
    let headers = "content-type: text/xml\r\nsoapaction: \"\"\r\n";
    let query = "/?Action=ListQueues&Version=2012-11-05";
    let response = server.connect().call("GET", query, headers, b"");
    assert_eq!(response.status, 200);
    assert!(!response.text().contains("Envelope"));
}

#[test]
fn l8_soap_over_tls_too() {
    let folder = tempfile::tempdir().unwrap();
    let Some(files) = certify(folder.path(), "soap") else {
        return;
    };
    let certificate = files.certificate.clone();
    let server = Server::start(Config {
        tls: Some(files),
        ..config()
    });
    for (version, soap) in SPOKEN {
        let document = envelope(soap, "", &element(version, "ListQueues", ""));
        let request = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nsoapaction: \"\"\r\n\
             content-length: {}\r\n\r\n{document}",
            document.len()
        );
        let answer = exchange(server.address, &certificate, request.as_bytes()).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{version} {answer}");
        assert!(answer.contains("ListQueuesResponse"), "{version} {answer}");
    }
}

#[test]
fn l8_the_first_generation_from_creation_to_deletion() {
    let server = Server::start(config());
    for spoken in &SPOKEN[..2] {
        let call = |path: &str, action: &str, parameters: &str| {
            ok(&server, *spoken, path, action, parameters)
        };
        let queue = create(&server, *spoken, &format!("q-{}", spoken.0));
        let listed = call("/", "ListQueues", "<QueueNamePrefix>q-</QueueNamePrefix>");
        assert!(
            texts(&listed, "QueueUrl")
                .iter()
                .any(|url| path(url) == queue)
        );
        let id = text(&send(&server, *spoken, &queue, "a"), "MessageId");
        let escaped = id.replace('|', "%7C");
        for id in [&id, &escaped, &format!("<MessageId>{id}</MessageId>")] {
            let peeked = call(
                &queue,
                "PeekMessage",
                &format!("<MessageId>{id}</MessageId>"),
            );
            assert_eq!(text(&peeked, "MessageBody"), "a");
        }
        assert_eq!(
            receive(&server, *spoken, &queue),
            [(id.clone(), "a".to_owned())]
        );
        assert_eq!(receive(&server, *spoken, &queue), []);
        call(
            &queue,
            "SetVisibilityTimeout",
            "<VisibilityTimeout>60</VisibilityTimeout>",
        );
        let timeout = call(&queue, "GetVisibilityTimeout", "");
        assert_eq!(text(&timeout, "VisibilityTimeout"), "60");
        if spoken.0 == "2007-05-01" {
            let list = "<Attribute>VisibilityTimeout</Attribute>\
                        <Attribute>ApproximateNumberOfMessages</Attribute>";
            let values = texts(&call(&queue, "GetQueueAttributes", list), "Value");
            assert_eq!(values.len(), 2, "L8.1: lists repeat the element");
            let change =
                format!("<MessageId>{id}</MessageId><VisibilityTimeout>0</VisibilityTimeout>");
            call(&queue, "ChangeMessageVisibility", &change);
            assert_eq!(receive(&server, *spoken, &queue).len(), 1);
        }
        call(
            &queue,
            "DeleteMessage",
            &format!("<MessageId>{id}</MessageId>"),
        );
        call(&queue, "DeleteQueue", "");
    }
}

#[test]
fn l8_the_second_generation_from_creation_to_deletion() {
    let server = Server::start(config());
    for (index, spoken) in SPOKEN[2..].iter().enumerate() {
        let call = |path: &str, action: &str, parameters: &str| {
            ok(&server, *spoken, path, action, parameters)
        };
        let queue = create(&server, *spoken, &format!("q-{index}"));
        let sent = send(&server, *spoken, &queue, "a");
        assert_eq!(
            text(&sent, "MD5OfMessageBody"),
            "0cc175b9c0f1b6a831c399e269772661"
        );
        let received = receive(&server, *spoken, &queue);
        assert_eq!(received[0].1, "a");
        let set = "<Attribute><Name>VisibilityTimeout</Name><Value>60</Value></Attribute>";
        call(&queue, "SetQueueAttributes", set);
        let list = "<AttributeName>VisibilityTimeout</AttributeName>";
        let answer = call(&queue, "GetQueueAttributes", list);
        assert_eq!(answer.children[0].name, "GetQueueAttributesResult", "L9");
        assert_eq!(texts(&answer, "Value"), ["60"]);
        let handle = format!("<ReceiptHandle>{}</ReceiptHandle>", received[0].0);
        if spoken.0 == "2009-02-01" {
            let change = format!("{handle}<VisibilityTimeout>0</VisibilityTimeout>");
            call(&queue, "ChangeMessageVisibility", &change);
            let names = "<AttributeName>SenderId</AttributeName>\
                         <AttributeName>SentTimestamp</AttributeName>";
            let answer = call(&queue, "ReceiveMessage", names);
            assert_eq!(texts(&answer, "Name"), ["SenderId", "SentTimestamp"]);
            let permission = "<Label>l</Label><AWSAccountId>111122223333</AWSAccountId>\
                              <ActionName>SendMessage</ActionName>";
            call(&queue, "AddPermission", permission);
            call(&queue, "RemovePermission", "<Label>l</Label>");
        }
        call(&queue, "DeleteMessage", &handle);
        call(&queue, "DeleteQueue", "");
    }
}

#[test]
fn l8_grants_in_their_own_namespace() {
    let mut config = config();
    config.legacy.accounts = vec![LegacyAccount {
        email: "wzph@example.com".into(),
        account: "111122223333".into(),
    }];
    let server = Server::start(config);
    let queue = create(&server, SPOKEN[1], "q");
    let call = |action: &str, request: &str| {
        let body = format!(
            "<ac:{action} xmlns:ac=\"{ACCESS}\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">{request}</ac:{action}>"
        );
        let response = post(&server, &queue, &envelope(SOAP_11, "", &body));
        assert_eq!(response.status, 200, "{}", response.text());
        let answer = content(&response, SOAP_11);
        assert!(answer.is(ACCESS, &format!("{action}Response")));
        answer
    };
    let grantee = "<ac:Grantee xsi:type=\"ac:AmazonCustomerByEmail\"><ac:EmailAddress>\
                   wzph@example.com</ac:EmailAddress></ac:Grantee>";
    let grant =
        format!("<ac:Request>{grantee}<ac:Permission>SendMessage</ac:Permission></ac:Request>");
    call("AddGrant", &grant);
    let listed = call("ListGrants", "");
    assert_eq!(texts(&listed, "Permission"), ["FULLCONTROL", "SENDMESSAGE"]);
    let listed = call("ListGrants", &format!("<ac:Request>{grantee}</ac:Request>"));
    assert_eq!(texts(&listed, "Permission"), ["SENDMESSAGE"]);
    assert_eq!(text(&listed, "DisplayName"), "wzph");
    let by_id = format!(
        "<ac:Request><ac:Grantee xsi:type=\"ac:CanonicalUser\"><ac:ID>{}</ac:ID></ac:Grantee>\
         <ac:Permission>SENDMESSAGE</ac:Permission></ac:Request>",
        text(&listed, "ID")
    );
    call("RemoveGrant", &by_id);
    assert_eq!(
        texts(&call("ListGrants", ""), "Permission"),
        ["FULLCONTROL"]
    );
}

#[test]
fn l8_1_bodies_come_back_byte_for_byte_in_every_version() {
    let server = Server::start(config());
    let url = server.queue("q");
    let queue = path(&url);
    let bodies = [
        " <a b=\"c\">&amp; ]]> </a>\r\n\r\t ",
        "\u{20ac}\u{1f600}\u{fffd}",
        &"\r".repeat(8_192),
    ];
    for writer in SPOKEN {
        for reader in SPOKEN {
            for body in bodies {
                send(&server, writer, &queue, body);
                let received = receive(&server, reader, &queue);
                assert_eq!(received.len(), 1);
                assert_eq!(received[0].1, body, "{writer:?} {reader:?}");
                let key = match is_first(reader.0) {
                    true => "MessageId",
                    false => "ReceiptHandle",
                };
                let key = format!("<{key}>{}</{key}>", received[0].0);
                ok(&server, reader, &queue, "DeleteMessage", &key);
            }
        }
    }
}

#[test]
fn l11_13_a_body_of_256_kib_however_it_is_escaped() {
    let server = Server::start(config());
    let queue = path(&server.queue("q"));
    let body = "\r".repeat(256 << 10);
    let document = element(
        "2007-05-01",
        "SendMessage",
        &format!(
            "<MessageBody>{}</MessageBody>",
            "&#x00000D;".repeat(256 << 10)
        ),
    );
    let response = post(&server, &queue, &envelope(SOAP_11, "", &document));
    assert_eq!(response.status, 200, "{}", response.text());
    assert!(receive(&server, SPOKEN[1], &queue)[0].1 == body);
}

/// A program that uses the library may store any bytes; XML has no place for all of them.
#[test]
fn bodies_that_xml_cannot_hold_come_in_base64() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().join("queues");
    let store = Config {
        store: StoreConfig {
            location: location.to_str().unwrap().into(),
            ..StoreConfig::default()
        },
        ..config()
    };
    let server = Server::start(store);
    let url = server.queue("q");
    let queue = Store::open(&location).unwrap().queue("q").unwrap();
    for spoken in SPOKEN {
        queue.send(&b"\x00\xff"[..]).unwrap();
        let received = receive(&server, spoken, &path(&url));
        assert_eq!(received[0].1, "AP8=", "{spoken:?}");
    }
}

#[test]
fn l8_wsdl_and_schemas_are_served_for_every_version() {
    let server = Server::start(config());
    for version in [FIRST, SECOND].concat() {
        let folder = format!("/doc/{version}/");
        let wsdl = server.get(&format!("{folder}QueueService.wsdl"));
        assert_eq!(wsdl.status, 200);
        assert_eq!(wsdl.header("content-type"), Some("text/xml; charset=utf-8"));
        let root = parse(&wsdl.body, &Limits::default()).unwrap();
        assert!(root.is("http://schemas.xmlsoap.org/wsdl/", "definitions"));
        let own = namespace(version);
        assert_eq!(root.attribute(None, "targetNamespace"), Some(&*own));
        // The address is the one that the caller used.
        assert!(wsdl.text().contains("location=\"http://q.example:1/\""));
        assert_eq!(server.get(&format!("{folder}?wsdl")).body, wsdl.body);
        let other = match is_first(version) {
            true => ("AccessControl.xsd", "Security.xsd"),
            false => ("Security.xsd", "AccessControl.xsd"),
        };
        for file in ["QueueService.xsd", other.0] {
            let schema = server.get(&format!("{folder}{file}"));
            let root = parse(&schema.body, &Limits::default()).unwrap();
            assert!(
                root.is("http://www.w3.org/2001/XMLSchema", "schema"),
                "{file}"
            );
        }
        assert_eq!(server.get(&format!("{folder}{}", other.1)).status, 404);
    }
    let newest = server.get("/doc/2009-02-01/QueueService.wsdl");
    assert_eq!(server.get("/?WSDL").body, newest.body);
    for none in [
        "/doc/2011-10-01/QueueService.wsdl",
        "/doc/2012-11-05/QueueService.wsdl",
        "/doc/2009-02-01/other.wsdl",
        "/doc/2009-02-01/",
        "/doc/",
    ] {
        assert_eq!(server.get(none).status, 404, "{none}");
    }
}

#[test]
fn l8_the_address_in_a_wsdl_can_be_configured() {
    let server = Server::start(Config {
        base_url: Some("https://queues.example/at/".into()),
        ..config()
    });
    let wsdl = server.get("/doc/2007-05-01/QueueService.wsdl").text();
    assert!(wsdl.contains("location=\"https://queues.example/at/\""));
    let schema = "schemaLocation=\"https://queues.example/at/doc/2007-05-01/QueueService.xsd\"";
    assert!(wsdl.contains(schema));
}
