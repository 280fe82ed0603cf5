//! Requests and answers byte by byte, in both protocols (A0, A2, A7).

use super::support::{Response, Server, config};
use serde_json::json;

const ACCOUNT: &str = "000000000000";

/// The XML answer without what differs every time.
fn xml(response: &Response) -> String {
    let mut text = response.text();
    for name in ["RequestId", "MessageId", "ReceiptHandle"] {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut at = 0;
        while let Some(start) = text[at..].find(&open) {
            let start = at + start + open.len();
            let end = start + text[start..].find(&close).unwrap();
            text.replace_range(start..end, "*");
            at = start;
        }
    }
    let head = "<?xml version=\"1.0\"?>";
    let rest = text.strip_prefix(head).expect("a declaration");
    rest.replace(" xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"", "")
}

fn metadata() -> &'static str {
    "<ResponseMetadata><RequestId>*</RequestId></ResponseMetadata>"
}

#[test]
fn a7_send_and_receive_in_json() {
    let server = Server::start(config());
    let created = server.json("CreateQueue", r#"{"QueueName":"q","tags":{"a":"b"}}"#);
    let url = format!("http://q.example:1/{ACCOUNT}/q");
    assert_eq!(created.text(), format!("{{\"QueueUrl\":\"{url}\"}}"));
    assert_eq!(
        created.header("content-type"),
        Some("application/x-amz-json-1.0")
    );
    assert_eq!(created.header("x-amzn-requestid").unwrap().len(), 36);
    let input = json!({ "QueueUrl": url, "MessageBody": "test",
        "MessageAttributes": { "Foo": { "DataType": "String", "StringValue": "Bar" } } });
    let sent = server.json("SendMessage", &input.to_string()).json();
    let id = sent["MessageId"].as_str().unwrap();
    let expected = json!({ "MD5OfMessageBody": "098f6bcd4621d373cade4e832627b4f6",
        "MD5OfMessageAttributes": "ae7155c6026991b6d54b11589678bf9c", "MessageId": id });
    assert_eq!(sent, expected);
    let input = json!({ "QueueUrl": url, "MessageAttributeNames": ["All"],
        "AttributeNames": ["ApproximateReceiveCount"],
        "MessageSystemAttributeNames": ["SenderId"] });
    let mut found = server.json("ReceiveMessage", &input.to_string()).json();
    let handle = found["Messages"][0]["ReceiptHandle"].take();
    let expected = json!({ "Messages": [{ "MessageId": id, "ReceiptHandle": null,
        "MD5OfBody": "098f6bcd4621d373cade4e832627b4f6", "Body": "test",
        "Attributes": { "ApproximateReceiveCount": "1", "SenderId": ACCOUNT },
        "MD5OfMessageAttributes": "ae7155c6026991b6d54b11589678bf9c",
        "MessageAttributes": { "Foo": { "DataType": "String", "StringValue": "Bar" } } }] });
    assert_eq!(found, expected);
    let input = json!({ "QueueUrl": url });
    assert_eq!(
        server.json("ReceiveMessage", &input.to_string()).text(),
        "{}"
    );
    let input = json!({ "QueueUrl": url, "ReceiptHandle": handle });
    let deleted = server.json("DeleteMessage", &input.to_string());
    assert_eq!((deleted.status, deleted.body.len()), (200, 0));
    assert_eq!(deleted.header("content-length"), Some("0"));
}

#[test]
fn a7_send_and_receive_in_query() {
    let server = Server::start(config());
    let created = server.form("/", "Action=CreateQueue&Version=2012-11-05&QueueName=q");
    let url = format!("http://q.example:1/{ACCOUNT}/q");
    assert_eq!(created.header("content-type"), Some("text/xml"));
    let expected = format!(
        "<CreateQueueResponse><CreateQueueResult><QueueUrl>{url}</QueueUrl></CreateQueueResult>{}\
         </CreateQueueResponse>",
        metadata()
    );
    assert_eq!(xml(&created), expected);
    let form = "Action=SendMessage&MessageBody=test&MessageAttribute.1.Name=Foo\
        &MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=Bar";
    let sent = server.form(&format!("/{ACCOUNT}/q/"), form);
    let expected = format!(
        "<SendMessageResponse><SendMessageResult><MessageId>*</MessageId>\
         <MD5OfMessageBody>098f6bcd4621d373cade4e832627b4f6</MD5OfMessageBody>\
         <MD5OfMessageAttributes>ae7155c6026991b6d54b11589678bf9c</MD5OfMessageAttributes>\
         </SendMessageResult>{}</SendMessageResponse>",
        metadata()
    );
    assert_eq!(xml(&sent), expected);
    let path = format!(
        "/{ACCOUNT}/q?Action=ReceiveMessage&AttributeName=ApproximateReceiveCount\
         &MessageAttributeName.1=Foo"
    );
    let expected = format!(
        "<ReceiveMessageResponse><ReceiveMessageResult><Message><MessageId>*</MessageId>\
         <ReceiptHandle>*</ReceiptHandle><MD5OfBody>098f6bcd4621d373cade4e832627b4f6</MD5OfBody>\
         <Body>test</Body><Attribute><Name>ApproximateReceiveCount</Name><Value>1</Value>\
         </Attribute><MD5OfMessageAttributes>ae7155c6026991b6d54b11589678bf9c\
         </MD5OfMessageAttributes><MessageAttribute><Name>Foo</Name><Value>\
         <StringValue>Bar</StringValue><DataType>String</DataType></Value></MessageAttribute>\
         </Message></ReceiveMessageResult>{}</ReceiveMessageResponse>",
        metadata()
    );
    assert_eq!(xml(&server.get(&path)), expected);
    let empty = format!(
        "<ReceiveMessageResponse><ReceiveMessageResult/>{}</ReceiveMessageResponse>",
        metadata()
    );
    assert_eq!(xml(&server.get(&path)), empty);
}

/// SDKs post to the path of a queue's URL, and leave its name out of the parameters: also where
/// the URL is one that ElasticMQ gave, or names the region.
#[test]
fn a5_the_path_of_any_queue_url_names_the_queue() {
    let server = Server::start(config());
    server.queue("q");
    for path in [
        "/queue/q",
        "/queue/q/",
        "/behind/a/proxy/queue/q",
        "/queue/us-east-1/000000000000/q",
    ] {
        let sent = server.form(path, "Action=SendMessage&MessageBody=m");
        assert_eq!(sent.status, 200, "{path} {}", sent.text());
        let received = server.get(&format!("{path}?Action=ReceiveMessage"));
        assert!(received.text().contains("<Body>m</Body>"), "{path}");
        let list = server.get(&format!("{path}?Action=ListQueues"));
        assert_eq!(list.refusal(), "400 InvalidAction", "{path}");
    }
    for path in ["/", "/queue", "/queue/", "/q"] {
        let sent = server.form(path, "Action=SendMessage&MessageBody=m");
        assert_eq!(sent.refusal(), "400 MissingParameter", "{path}");
    }
}

/// Half of a pair is refused, and never taken as if it were not there, or empty.
#[test]
fn a1_names_and_values_come_in_pairs() {
    let server = Server::start(config());
    server.queue("q");
    let path = format!("/{ACCOUNT}/q");
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"SQS:SendMessage"}]}"#;
    let input = json!({ "QueueUrl": path, "Attributes": { "Policy": policy } });
    let set = server.json("SetQueueAttributes", &input.to_string());
    assert_eq!(set.status, 200, "{}", set.text());
    let batch = "SendMessageBatchRequestEntry.1";
    for (action, form, missing) in [
        (
            "SetQueueAttributes",
            "Attribute.Name=Policy",
            "Attribute.Value",
        ),
        (
            "SetQueueAttributes",
            "Attribute.1.Name=Policy",
            "Attribute.1.Value",
        ),
        ("SetQueueAttributes", "Attribute.Value=1", "Attribute.Name"),
        (
            "SetQueueAttributes",
            "Attribute.1.Name=DelaySeconds&Attribute.1.Value=1&Attribute.2.Value=1",
            "Attribute.2.Name",
        ),
        (
            "CreateQueue",
            "QueueName=r&Attribute.3.Value=1",
            "Attribute.3.Name",
        ),
        ("CreateQueue", "QueueName=r&Tag.1.Value=1", "Tag.1.Key"),
        ("TagQueue", "Tag.1.Value=1", "Tag.1.Key"),
        ("TagQueue", "Tag.1.Key=1", "Tag.1.Value"),
        (
            "SendMessage",
            "MessageBody=m&MessageAttribute.1.Value.DataType=String\
             &MessageAttribute.1.Value.StringValue=a",
            "MessageAttribute.1.Name",
        ),
        (
            "SendMessage",
            "MessageBody=m&MessageSystemAttribute.1.Value.DataType=String",
            "MessageSystemAttribute.1.Name",
        ),
        (
            "SendMessageBatch",
            &format!(
                "{batch}.Id=a&{batch}.MessageBody=m&{batch}.MessageAttribute.2.Value.DataType=x"
            ),
            &format!("{batch}.MessageAttribute.2.Name"),
        ),
    ] {
        let at = if action == "CreateQueue" { "/" } else { &path };
        let refused = server.form(at, &format!("Action={action}&{form}"));
        assert_eq!(refused.refusal(), "400 MissingParameter", "{form}");
        let sentence = format!("<Message>The request must contain the parameter {missing}.<");
        assert!(refused.text().contains(&sentence), "{}", refused.text());
    }
    // An empty value is one.
    let empty = server.form(&path, "Action=TagQueue&Tag.1.Key=k&Tag.1.Value=");
    assert_eq!(empty.status, 200);
    let shown = format!("{path}?Action=GetQueueAttributes&AttributeName=All");
    let shown = server.get(&shown).text();
    assert!(shown.contains("SQS:SendMessage"), "{shown}");
    let counts = "<Name>ApproximateNumberOfMessages</Name><Value>0</Value>";
    assert!(shown.contains(counts), "{shown}");
    assert_eq!(server.get("/?Action=GetQueueUrl&QueueName=r").status, 400);
}

#[test]
fn a4_one_refusal_in_both_protocols() {
    let server = Server::start(config());
    let json = server.json("GetQueueUrl", r#"{"QueueName":"absent"}"#);
    assert_eq!(json.status, 400);
    let header = "AWS.SimpleQueueService.NonExistentQueue;Sender";
    assert_eq!(json.header("x-amzn-query-error"), Some(header));
    let expected = json!({ "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist." });
    assert_eq!(json.json(), expected);
    let query = server.get("/?Action=GetQueueUrl&QueueName=absent");
    assert_eq!(query.status, 400);
    assert_eq!(query.header("x-amzn-query-error"), Some(header));
    assert_eq!(
        xml(&query),
        "<ErrorResponse><Error><Type>Sender</Type>\
         <Code>AWS.SimpleQueueService.NonExistentQueue</Code>\
         <Message>The specified queue does not exist for this wsdl version.</Message><Detail/>\
         </Error><RequestId>*</RequestId></ErrorResponse>"
    );
    let id = query.header("x-amzn-requestid").unwrap();
    assert!(
        query
            .text()
            .contains(&format!("<RequestId>{id}</RequestId>"))
    );
}

/// Action, input with `URL` for the queue's, status and code.
const REFUSALS: &str = r#"
SendMessage|{}|400 MissingParameter
SendMessage|{"QueueUrl":"URL"}|400 MissingParameter
SendMessage|{"QueueUrl":"URL","MessageBody":1}|400 SerializationException
ReceiveMessage|{"QueueUrl":""}|400 MissingParameter
ReceiveMessage|{"QueueUrl":"http://h/"}|404 InvalidAddress
ReceiveMessage|{"QueueUrl":"a b"}|400 AWS.SimpleQueueService.NonExistentQueue
DeleteMessageBatch|{"QueueUrl":"URL"}|400 MissingParameter
DeleteMessageBatch|{"QueueUrl":"URL","Entries":[]}|400 AWS.SimpleQueueService.EmptyBatchRequest
DeleteMessage|{"QueueUrl":"URL","ReceiptHandle":"x"}|404 ReceiptHandleIsInvalid
StartMessageMoveTask|{"SourceArn":"arn:aws:sqs:r:000000000000:n"}|404 ResourceNotFoundException
StartMessageMoveTask|{"SourceArn":"q"}|400 InvalidParameterValue
ListQueues|{"MaxResults":0}|400 InvalidParameterValue
ListQueues|{"NextToken":"x"}|400 InvalidParameterValue
SetQueueAttributes|{"QueueUrl":"URL","Attributes":{"Policy":"{}"}}|400 InvalidAttributeValue
PurgeQueue|{"QueueUrl":"URL"}|200 none
PurgeQueue|{"QueueUrl":"URL"}|403 AWS.SimpleQueueService.PurgeQueueInProgress
Fly|{}|400 InvalidAction
"#;

#[test]
fn a4_codes_and_statuses() {
    let server = Server::start(config());
    let url = server.queue("q");
    for line in REFUSALS.trim().lines() {
        let parts: Vec<&str> = line.split('|').collect();
        let input = parts[1].replace("URL", &url);
        assert_eq!(server.json(parts[0], &input).refusal(), parts[2], "{line}");
    }
}

#[test]
fn a0_7_actions_and_addresses_of_query() {
    let server = Server::start(config());
    server.queue("q");
    let at_queue = server.get(&format!("/{ACCOUNT}/q?Action=ListQueues"));
    assert_eq!(at_queue.refusal(), "400 InvalidAction");
    let text = "The action ListQueues is not valid for this endpoint.";
    assert!(at_queue.text().contains(text));
    let found = server.get(&format!("/{ACCOUNT}/q?Action=GetQueueUrl&QueueName=q"));
    assert_eq!(found.status, 200);
    let neither = server.get(&format!("/{ACCOUNT}/q"));
    assert_eq!(neither.status, 404);
    assert!(neither.text().contains("<UnknownOperationException/>"));
    let put = server.connect().call("PUT", "/?Action=ListQueues", "", b"");
    assert_eq!(put.refusal(), "400 InvalidAction");
}

#[test]
fn a5_2_urls_echo_what_the_caller_used() {
    let server = Server::start(config());
    server.queue("q");
    let forwarded = "x-forwarded-host: public.example\r\nx-forwarded-proto: https\r\n";
    let path = "/?Action=GetQueueUrl&QueueName=q";
    let url = |server: &Server, headers: &str| {
        let text = server.connect().call("GET", path, headers, b"").text();
        let start = text.find("<QueueUrl>").unwrap() + 10;
        text[start..text.find("</QueueUrl>").unwrap()].to_owned()
    };
    assert_eq!(
        url(&server, forwarded),
        format!("http://q.example:1/{ACCOUNT}/q")
    );
    let mut trusting = config();
    trusting.trust_proxy = true;
    let server = Server::start(trusting);
    server.queue("q");
    assert_eq!(
        url(&server, forwarded),
        format!("https://public.example/{ACCOUNT}/q")
    );
    let mut fixed = config();
    fixed.base_url = Some("https://fixed.example/base/".into());
    let server = Server::start(fixed);
    server.queue("q");
    assert_eq!(
        url(&server, forwarded),
        format!("https://fixed.example/base/{ACCOUNT}/q")
    );
}

#[test]
fn bodies_that_the_wire_cannot_carry_come_in_base64() {
    let folder = tempfile::tempdir().unwrap();
    let mut shared = config();
    shared.store.location = folder.path().join("queues");
    let server = Server::start(shared);
    let url = server.queue("q");
    let store = forebay::Store::open(folder.path().join("queues")).unwrap();
    store
        .get_queue("q")
        .unwrap()
        .send(&b"\xff\x00"[..])
        .unwrap();
    let found = server
        .json("ReceiveMessage", &json!({ "QueueUrl": url }).to_string())
        .json();
    let message = &found["Messages"][0];
    assert_eq!(message["Body"], "/wA=");
    let encoding = json!({ "DataType": "String", "StringValue": "base64" });
    assert_eq!(
        message["MessageAttributes"]["forebay.BodyEncoding"],
        encoding
    );
}
