//! Query of 2008-01-01, 2009-02-01 and 2011-10-01 (L9).

use super::support::{Server, config};
use super::xml::{call, ok, path, text, texts};

const SECOND: [&str; 3] = ["2008-01-01", "2009-02-01", "2011-10-01"];

#[test]
fn l9_1_the_envelope_and_a_message() {
    let server = Server::start(config());
    for version in SECOND {
        let created = ok(&server, version, "/", "CreateQueue", &[("QueueName", "q")]);
        let queue = path(&text(&created, "QueueUrl"));
        let start = format!(
            "<?xml version=\"1.0\"?><CreateQueueResponse \
             xmlns=\"http://queue.amazonaws.com/doc/{version}/\"><CreateQueueResult><QueueUrl>"
        );
        assert!(created.starts_with(&start), "{created}");
        let sent = ok(
            &server,
            version,
            &queue,
            "SendMessage",
            &[("MessageBody", "m")],
        );
        text(&sent, "MessageId");
        text(&sent, "MD5OfMessageBody");
        let received = ok(&server, version, &queue, "ReceiveMessage", &[]);
        assert_eq!(text(&received, "Body"), "m");
        let handle = text(&received, "ReceiptHandle");
        let deleted = ok(
            &server,
            version,
            &queue,
            "DeleteMessage",
            &[("ReceiptHandle", &handle)],
        );
        assert!(texts(&deleted, "DeleteMessageResult").is_empty());
    }
}

#[test]
fn l9_2_a_refusal() {
    let server = Server::start(config());
    let refused = call(
        &server,
        "2009-02-01",
        "/000000000000/none",
        "DeleteQueue",
        &[],
    );
    let xml = refused.text();
    let id = text(&xml, "RequestId");
    assert_eq!(refused.status, 400);
    assert_eq!(
        xml,
        format!(
            "<?xml version=\"1.0\"?><ErrorResponse \
             xmlns=\"http://queue.amazonaws.com/doc/2009-02-01/\"><Error><Type>Sender</Type>\
             <Code>AWS.SimpleQueueService.NonExistentQueue</Code><Message>The specified queue does \
             not exist for this wsdl version.</Message><Detail/></Error><RequestId>{id}</RequestId>\
             </ErrorResponse>"
        )
    );
}
