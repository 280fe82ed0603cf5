use super::*;
use crate::legacy::soap::xml::Limits;

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

fn read_as(document: &str, action: Option<&str>) -> Result<Request, Refused> {
    let envelope = Envelope::read(document.as_bytes(), &Limits::default());
    Request::read(&envelope.map_err(|(_, refused)| refused)?, action)
}

fn read(document: &str) -> Result<Request, Refused> {
    read_as(document, None)
}

fn envelope(soap: &str, header: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<s:Envelope xmlns:s=\"{soap}\">\n  \
         {header}\n  <s:Body>\n    {body}\n  </s:Body>\n</s:Envelope>\n"
    )
}

/// A call of `version` without a header.
fn call(version: &str, action: &str, parameters: &str) -> String {
    let namespace = format!("http://queue.amazonaws.com/doc/{version}/");
    let body = format!("<{action} xmlns=\"{namespace}\">{parameters}</{action}>");
    envelope(SOAP_11, "", &body)
}

fn params_of(document: &str) -> Vec<(String, String)> {
    let request = read(document).unwrap();
    let pairs = request.params.iter();
    pairs
        .map(|(name, value)| (name.into(), value.into()))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    expected.iter().map(owned).collect()
}

/// The code of a refusal, as SOAP 1.1 says it, and its sentence.
fn refusal(document: &str) -> (&'static str, String) {
    let refused = read(document).unwrap_err();
    let text = match &refused {
        Refused::VersionMismatch(text) | Refused::Malformed(text) => text.clone(),
        Refused::NotUnderstood(headers) => headers[0].1.clone(),
        Refused::Fault(_, fault) => fault.text.clone(),
    };
    (refused.name(), text)
}

#[test]
fn l8_the_namespace_of_the_action_is_the_version() {
    for version in ["2006-04-01", "2007-05-01", "2008-01-01", "2009-02-01"] {
        let request = read(&call(version, "ListQueues", "")).unwrap();
        assert_eq!(request.version.date(), version);
        assert_eq!(request.action, "ListQueues");
    }
    for version in ["2011-10-01", "2012-11-05", "2006-04-02", ""] {
        assert_eq!(
            refusal(&call(version, "ListQueues", "")).0,
            "NoSuchVersion",
            "{version}"
        );
    }
    let none = envelope(SOAP_11, "", "<ListQueues/>");
    assert_eq!(refusal(&none).0, "NoSuchVersion");
    // A slash at the end may be missing.
    let document = call("2007-05-01", "ListQueues", "").replace("-01/\"", "-01\"");
    assert_eq!(read(&document).unwrap().version, Version::V2007);
}

#[test]
fn l8_actions_are_those_of_the_version() {
    for (version, action) in [
        ("2006-04-01", "ChangeMessageVisibility"),
        ("2006-04-01", "GetQueueAttributes"),
        ("2008-01-01", "PeekMessage"),
        ("2008-01-01", "ChangeMessageVisibility"),
        ("2008-01-01", "AddPermission"),
        ("2009-02-01", "GetVisibilityTimeout"),
        ("2009-02-01", "SendMessageBatch"),
        ("2007-05-01", "AddGrant"),
        ("2007-05-01", "createQueue"),
    ] {
        let refused = refusal(&call(version, action, ""));
        assert_eq!(refused.0, "InvalidAction", "{version} {action}");
    }
}

#[test]
fn l8_1_parameters_are_elements_with_the_names_of_query() {
    let document = call(
        "2009-02-01",
        "CreateQueue",
        "<QueueName>q</QueueName>\n<DefaultVisibilityTimeout> 30 </DefaultVisibilityTimeout>\
         <Attribute><Name>a</Name><Value>1</Value></Attribute>\
         <Attribute><Name>b</Name><Value></Value></Attribute><Unknown>x</Unknown>",
    );
    let expected = [
        ("Attribute.1.Name", "a"),
        ("Attribute.1.Value", "1"),
        ("Attribute.2.Name", "b"),
        ("Attribute.2.Value", ""),
        ("DefaultVisibilityTimeout", "30"),
        ("QueueName", "q"),
    ];
    assert_eq!(params_of(&document), pairs(&expected));
}

#[test]
fn l8_1_lists_repeat_their_element() {
    let lists = "<Attribute>a</Attribute><Attribute>b</Attribute>";
    let document = call("2007-05-01", "GetQueueAttributes", lists);
    let expected = [("Attribute.1", "a"), ("Attribute.2", "b")];
    assert_eq!(params_of(&document), pairs(&expected));
    let document = call(
        "2009-02-01",
        "AddPermission",
        "<Label>l</Label><AWSAccountId>1</AWSAccountId><ActionName>x</ActionName>\
         <AWSAccountId>2</AWSAccountId>",
    );
    let expected = [
        ("AWSAccountId.1", "1"),
        ("AWSAccountId.2", "2"),
        ("ActionName.1", "x"),
        ("Label", "l"),
    ];
    assert_eq!(params_of(&document), pairs(&expected));
}

#[test]
fn l8_1_bodies_stay_as_they_are() {
    let escaped = " &lt;a>&lt;b/&gt;&lt;/a>&#13;\n&#13;\t";
    let body = format!("<MessageBody>{escaped}</MessageBody>");
    let document = call("2009-02-01", "SendMessage", &body);
    assert_eq!(
        params_of(&document),
        pairs(&[("MessageBody", " <a><b/></a>\r\n\r\t")])
    );
    let document = call(
        "2007-05-01",
        "SendMessage",
        "<MessageBody><![CDATA[<a>&amp;</a>]]>&#1;</MessageBody>",
    );
    assert_eq!(
        params_of(&document),
        pairs(&[("MessageBody", "<a>&amp;</a>\u{1}")])
    );
}

#[test]
fn l8_2_ids_nested_or_escaped() {
    for id in [
        "A|B|C",
        "A%7CB%7cC",
        "<MessageId>A|B|C</MessageId>",
        "\n<MessageId>A%7CB%7CC</MessageId>\n",
    ] {
        let document = call(
            "2006-04-01",
            "PeekMessage",
            &format!("<MessageId>{id}</MessageId>"),
        );
        assert_eq!(
            params_of(&document),
            pairs(&[("MessageId", "A|B|C")]),
            "{id}"
        );
    }
    // Bodies are no ids.
    let document = call(
        "2006-04-01",
        "SendMessage",
        "<MessageBody>%7C</MessageBody>",
    );
    assert_eq!(params_of(&document), pairs(&[("MessageBody", "%7C")]));
}

#[test]
fn elements_without_namespace_or_with_a_prefix_are_parameters_too() {
    let namespace = "http://queue.amazonaws.com/doc/2007-05-01/";
    let body = format!(
        "<q:DeleteQueue xmlns:q=\"{namespace}\"><q:ForceDeletion>1</q:ForceDeletion>\
         <Timestamp>t</Timestamp></q:DeleteQueue>"
    );
    let request = read(&envelope(SOAP_11, "<s:Header/>", &body)).unwrap();
    assert_eq!(request.params.get("ForceDeletion"), Some("true"));
    assert_eq!(request.credentials.timestamp.as_deref(), Some("t"));
    // 2006 had no such parameter.
    let body = body.replace("2007-05-01", "2006-04-01");
    assert!(params_of(&envelope(SOAP_11, "", &body)).is_empty());
}

#[test]
fn what_is_nil_is_not_there() {
    let parameters = "<QueueName>q</QueueName><DefaultVisibilityTimeout \
                      xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'/>";
    let document = call("2008-01-01", "CreateQueue", parameters);
    assert_eq!(params_of(&document), pairs(&[("QueueName", "q")]));
}

#[test]
fn l8_credentials_of_the_first_generation_are_in_the_body() {
    for id in ["AWSAccessKeyId", "AWSAccessKeyID"] {
        let own = format!(
            "<{id}>\nk</{id}><Timestamp>2007-05-01T23:59:59.183Z</Timestamp>\
             <Signature>s+/=\n</Signature>"
        );
        let request = read(&call("2006-04-01", "ListQueues", &own)).unwrap();
        let expected = Credentials {
            key_id: Some("k".into()),
            timestamp: Some("2007-05-01T23:59:59.183Z".into()),
            signature: Some("s+/=".into()),
        };
        assert_eq!(request.credentials, expected);
        assert_eq!(request.params, Params::default());
        // Later they are headers only.
        let request = read(&call("2008-01-01", "ListQueues", &own)).unwrap();
        assert_eq!(request.credentials, Credentials::default());
    }
}

#[test]
fn l8_credentials_of_the_second_generation_are_headers() {
    let header = "<s:Header xmlns:a='http://security.amazonaws.com/doc/2007-01-01/'>\
                  <a:AWSAccessKeyId s:mustUnderstand='1'>k</a:AWSAccessKeyId>\
                  <a:Timestamp> t </a:Timestamp><a:Signature>s</a:Signature>\
                  <Timestamp>other</Timestamp></s:Header>";
    for soap in [SOAP_11, SOAP_12] {
        let body = "<ListQueues xmlns='http://queue.amazonaws.com/doc/2009-02-01/'/>";
        let request = read(&envelope(soap, header, body)).unwrap();
        let expected = Credentials {
            key_id: Some("k".into()),
            timestamp: Some(" t ".into()),
            signature: Some("s".into()),
        };
        assert_eq!(request.credentials, expected);
    }
    // The first generation does not know these headers.
    let body = "<ListQueues xmlns='http://queue.amazonaws.com/doc/2007-05-01/'/>";
    let (code, text) = refusal(&envelope(SOAP_11, header, body));
    assert_eq!((code, &*text), ("MustUnderstand", "AWSAccessKeyId"));
}

#[test]
fn l8_grants_have_their_own_namespace_and_a_wrapper() {
    let access = "http://access.amazonaws.com/doc/2006-01-01/";
    let body = format!(
        "<ac:AddGrant xmlns:ac=\"{access}\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">\
         <ac:AWSAccessKeyId>k</ac:AWSAccessKeyId><ac:Request><ac:Grantee \
         xsi:type=\"ac:AmazonCustomerByEmail\"><ac:EmailAddress>a@b</ac:EmailAddress>\
         </ac:Grantee><ac:Permission>FullControl</ac:Permission></ac:Request></ac:AddGrant>"
    );
    let request = read(&envelope(SOAP_11, "", &body)).unwrap();
    assert_eq!(
        (request.version, request.action),
        (Version::V2007, "AddGrant")
    );
    assert_eq!(request.credentials.key_id.as_deref(), Some("k"));
    let expected = [
        ("Grantee.EmailAddress", "a@b"),
        ("Permission", "FullControl"),
    ];
    let document = envelope(SOAP_11, "", &body);
    assert_eq!(params_of(&document), pairs(&expected));
    let document = document
        .replace("AddGrant", "ListGrants")
        .replace("ac:AmazonCustomerByEmail", "ac:CanonicalUser")
        .replace("ac:EmailAddress", "ac:ID");
    let expected = [("Grantee.ID", "a@b"), ("Permission", "FullControl")];
    assert_eq!(params_of(&document), pairs(&expected));
    let body = format!("<ListGrants xmlns=\"{access}\"/>");
    assert!(params_of(&envelope(SOAP_11, "", &body)).is_empty());
    // Only grants are in that namespace.
    let body = format!("<ListQueues xmlns=\"{access}\"/>");
    assert_eq!(refusal(&envelope(SOAP_11, "", &body)).0, "InvalidAction");
}

#[test]
fn versions_do_not_mix() {
    let other = "<QueueName xmlns='http://queue.amazonaws.com/doc/2008-01-01/'>q</QueueName>";
    let (code, text) = refusal(&call("2009-02-01", "CreateQueue", other));
    assert_eq!(code, "InvalidRequest");
    let expected = "<QueueName> is of version 2008-01-01, in a request of version 2009-02-01.";
    assert_eq!(text, expected);
    let foreign = "<Attribute><Name>a</Name><Value xmlns='urn:x'>1</Value></Attribute>";
    let (code, text) = refusal(&call("2009-02-01", "SetQueueAttributes", foreign));
    assert_eq!(code, "InvalidRequest");
    let expected = "<Value> is of the namespace 'urn:x', in a request of version 2009-02-01.";
    assert_eq!(text, expected);
    // Generation 1 calls it InvalidHttpRequest.
    let foreign = "<QueueName xmlns='urn:x'>q</QueueName>";
    assert_eq!(
        refusal(&call("2007-05-01", "CreateQueue", foreign)).0,
        "InvalidHttpRequest"
    );
}

#[test]
fn nothing_is_given_twice() {
    for (action, parameters) in [
        (
            "CreateQueue",
            "<QueueName>a</QueueName><QueueName>b</QueueName>",
        ),
        (
            "SetQueueAttributes",
            "<Attribute><Name>a</Name><Name>b</Name></Attribute>",
        ),
        ("SendMessage", "text"),
        ("SendMessage", "<MessageBody>a<b/></MessageBody>"),
        (
            "SendMessage",
            "<MessageBody><MessageBody><b/></MessageBody></MessageBody>",
        ),
        ("SendMessage", "<MessageBody><x>y</x></MessageBody>"),
        ("SetQueueAttributes", "<Attribute>a</Attribute>"),
    ] {
        let refused = refusal(&call("2009-02-01", action, parameters));
        assert_eq!(refused.0, "InvalidRequest", "{action} {parameters}");
    }
    let twice = "<Signature>a</Signature><Signature>b</Signature>";
    assert_eq!(
        refusal(&call("2006-04-01", "ListQueues", twice)).0,
        "InvalidHttpRequest"
    );
    let twice = "<AWSAccessKeyId>a</AWSAccessKeyId><AWSAccessKeyID>b</AWSAccessKeyID>";
    assert_eq!(
        refusal(&call("2006-04-01", "ListQueues", twice)).0,
        "InvalidHttpRequest"
    );
}

#[test]
fn l8_soap_1_2_from_2008_only() {
    for (version, code) in [
        ("2006-04-01", Some("VersionMismatch")),
        ("2007-05-01", Some("VersionMismatch")),
        ("2008-01-01", None),
        ("2009-02-01", None),
    ] {
        let document = call(version, "ListQueues", "").replace(SOAP_11, SOAP_12);
        let refused = read(&document).err().map(|refused| refused.name());
        assert_eq!(refused, code, "{version}");
    }
    let document = call("2009-02-01", "ListQueues", "");
    let other = document.replace(SOAP_11, "http://www.w3.org/2001/12/soap-envelope");
    assert_eq!(refusal(&other).0, "VersionMismatch");
    assert_eq!(
        refusal("<Envelope><Body><a/></Body></Envelope>").0,
        "VersionMismatch"
    );
}

#[test]
fn headers_that_must_be_understood_are() {
    let with = |soap: &str, attributes: &str| {
        let header = format!("<s:Header><x:y xmlns:x='urn:x' {attributes}/></s:Header>");
        let body = "<ListQueues xmlns='http://queue.amazonaws.com/doc/2009-02-01/'/>";
        read(&envelope(soap, &header, body)).err()
    };
    let refused = Some(Refused::NotUnderstood(vec![("urn:x".into(), "y".into())]));
    let next_11 = "http://schemas.xmlsoap.org/soap/actor/next";
    let next_12 = format!("{SOAP_12}/role/next");
    let cases = [
        (SOAP_11, String::new(), false),
        (SOAP_11, "s:mustUnderstand='0'".into(), false),
        (SOAP_11, "mustUnderstand='1'".into(), false),
        (SOAP_11, "s:mustUnderstand='1'".into(), true),
        (
            SOAP_11,
            format!("s:mustUnderstand='1' s:actor='{next_11}'"),
            true,
        ),
        (
            SOAP_11,
            "s:mustUnderstand='1' s:actor='urn:other'".into(),
            false,
        ),
        (SOAP_12, "s:mustUnderstand='true'".into(), true),
        (
            SOAP_12,
            format!("s:mustUnderstand='true' s:role='{next_12}'"),
            true,
        ),
        (
            SOAP_12,
            "s:mustUnderstand='true' s:role='urn:other'".into(),
            false,
        ),
    ];
    for (soap, attributes, must) in cases {
        assert_eq!(
            with(soap, &attributes),
            refused.clone().filter(|_| must),
            "{attributes}"
        );
    }
}

#[test]
fn l8_soap_action_is_optional_and_must_not_contradict() {
    let document = call("2007-05-01", "ListQueues", "");
    for right in [
        "",
        "ListQueues",
        "http://queue.amazonaws.com/doc/2007-05-01/ListQueues",
        "http://queue.amazonaws.com/",
        "urn:anything",
    ] {
        assert!(read_as(&document, Some(right)).is_ok(), "{right}");
    }
    for wrong in [
        "DeleteQueue",
        "urn:x#DeleteQueue",
        "http://queue.amazonaws.com/doc/2007-05-01/DeleteQueue",
        "http://queue.amazonaws.com/doc/2006-04-01/ListQueues",
    ] {
        let refused = read_as(&document, Some(wrong)).unwrap_err();
        assert_eq!(refused.name(), "InvalidHttpRequest", "{wrong}");
    }
}

#[test]
fn what_is_no_envelope_is_malformed() {
    let good = call("2009-02-01", "ListQueues", "");
    let namespace = "http://queue.amazonaws.com/doc/2009-02-01/";
    for document in [
        "<a/>".to_owned(),
        "no XML".into(),
        envelope(SOAP_11, "", ""),
        envelope(SOAP_11, "text", "<a/>"),
        envelope(SOAP_11, "<s:Header>text</s:Header>", "<a/>"),
        envelope(SOAP_11, "<s:Header/><s:Header/>", "<a/>"),
        envelope(SOAP_11, "", "<a/><b/>"),
        envelope(
            SOAP_11,
            "",
            &format!("text<ListQueues xmlns=\"{namespace}\"/>"),
        ),
        good.replace("</s:Body>", "</s:Body><s:Body/>"),
        good.replace("<s:Body>", "<s:body>")
            .replace("</s:Body>", "</s:body>"),
        good.replace("<s:Body>", "<Body>")
            .replace("</s:Body>", "</Body>"),
        good.replace("?>\n", "?>\n<!DOCTYPE a>"),
        good.replace("</s:Envelope>", ""),
    ] {
        assert_eq!(refusal(&document).0, "Malformed", "{document}");
    }
}

/// Documents to change at random.
fn seeds() -> Vec<String> {
    let security = "http://security.amazonaws.com/doc/2007-01-01/";
    let header = format!(
        "<s:Header><a:AWSAccessKeyId xmlns:a=\"{security}\" s:mustUnderstand=\"1\">k\
         </a:AWSAccessKeyId></s:Header>"
    );
    let access = "http://access.amazonaws.com/doc/2006-01-01/";
    let grant = format!(
        "<AddGrant xmlns=\"{access}\"><Request><Grantee><ID>a</ID></Grantee>\
         <Permission>SendMessage</Permission></Request></AddGrant>"
    );
    let set = "<Attribute><Name>VisibilityTimeout</Name><Value>1</Value></Attribute>";
    let new = call("2009-02-01", "SetQueueAttributes", set);
    vec![
        call(
            "2006-04-01",
            "SendMessage",
            "<MessageBody>a&lt;<![CDATA[b]]></MessageBody>",
        ),
        call(
            "2007-05-01",
            "PeekMessage",
            "<MessageId>A%7CB|C</MessageId>",
        ),
        call("2008-01-01", "ListQueues", "").replace("<s:Body>", &format!("{header}<s:Body>")),
        new.replace(SOAP_11, SOAP_12),
        envelope(SOAP_11, &header, &grant),
    ]
}

/// A change: bytes from a place on go away, and a word or a piece of the document comes there.
type Change = (usize, usize, usize, usize);

fn changed(mut document: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    const WORDS: [&str; 12] = [
        "",
        "<",
        ">",
        "/",
        "\"",
        "&",
        "s:",
        "<a>",
        "</s:Body>",
        "<!DOCTYPE a>",
        "&#0;",
        "\u{ff}",
    ];
    for (at, gone, word, copied) in changes {
        let at = at % (document.len() + 1);
        let end = (at + gone % 40).min(document.len());
        let from = copied % (document.len() + 1);
        let to = (from + copied % 60).min(document.len());
        let piece = [WORDS[word % WORDS.len()].as_bytes(), &document[from..to]].concat();
        let piece = if copied % 2 == 0 {
            &piece[..]
        } else {
            WORDS[word % WORDS.len()].as_bytes()
        };
        document.splice(at..end, piece.to_vec());
    }
    document
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(2_000))]

    #[test]
    fn whatever_comes_is_a_call_of_its_version_or_gets_a_fault(
        seed in 0_usize..5,
        changes in proptest::collection::vec(proptest::prelude::any::<Change>(), 0..5),
    ) {
        let document = changed(seeds()[seed].clone().into_bytes(), &changes);
        let read = match Envelope::read(&document, &Limits::default()) {
            Ok(envelope) => Request::read(&envelope, None),
            Err((_, refused)) => Err(refused),
        };
        match read {
            Ok(request) => assert!(request.version.action(request.action).is_some()),
            Err(refused) => for soap in [Soap::V11, Soap::V12] {
                let printed = refused.print(soap, "id");
                let root = crate::legacy::soap::xml::parse(&printed.body, &Limits::default());
                let root = root.unwrap();
                let body = root.child(soap.namespace(), "Body").unwrap();
                assert!(body.child(soap.namespace(), "Fault").is_some());
            },
        }
    }
}
