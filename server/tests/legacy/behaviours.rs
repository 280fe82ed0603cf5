//! What a client of the first generation needs from a server (L11.1 to L11.14), over Query.

use super::queue::Queue;
use super::support::{Server, config, test_config};
use super::xml::{FIRST, call, ok, text, texts};
use std::sync::Barrier;

const V2007: &str = "2007-05-01";

fn advance(server: &Server, ms: u64) {
    let body = format!("{{\"ms\":{ms}}}");
    let path = "/_forebay/test/clock/advance";
    let moved = server.connect().call("POST", path, "", body.as_bytes());
    assert_eq!(moved.status, 200);
}

#[test]
fn l11_1_create_again_finds_the_queue() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        assert_eq!(Queue::create(&server, version, "q").path, queue.path);
        let other = [("QueueName", "q"), ("DefaultVisibilityTimeout", "99")];
        let again = call(&server, version, "/", "CreateQueue", &other);
        assert_eq!(again.status, 200);
        let timeout = queue.ok("GetVisibilityTimeout", &[]);
        assert_eq!(text(&timeout, "VisibilityTimeout"), "30");
    }
}

#[test]
fn l11_2_a_new_queue_is_listed_at_once() {
    let server = Server::start(config());
    for version in FIRST {
        Queue::create(&server, version, &format!("new-{version}"));
        let xml = ok(
            &server,
            version,
            "/",
            "ListQueues",
            &[("QueueNamePrefix", "new-")],
        );
        assert!(
            texts(&xml, "QueueUrl")
                .iter()
                .any(|url| url.ends_with(version))
        );
    }
}

#[test]
fn l11_3_peek_at_once_and_in_flight() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let id = queue.send("m");
        assert_eq!(id.matches('|').count(), 2);
        for _ in 0..2 {
            assert_eq!(queue.peek(&id), "m");
            queue.receive();
        }
        queue.delete(&id);
    }
}

#[test]
fn l3_7_receives_can_miss_messages() {
    let server = Server::start(test_config());
    for version in FIRST {
        let queue = Queue::create(&server, version, version);
        queue.send("m");
        let disorder = |miss: u32| {
            let body = format!("{{\"miss\":{miss},\"reorder\":0,\"duplicate\":0,\"seed\":1}}");
            let path = "/_forebay/test/disorder";
            server
                .connect()
                .call("POST", path, "", body.as_bytes())
                .status
        };
        assert_eq!(disorder(100), 200);
        assert!(queue.receive().is_empty());
        assert_eq!(disorder(0), 200);
        assert_eq!(queue.receive(), ["m"]);
    }
}

#[test]
fn l3_8_a_peek_shows_delayed_messages_and_hides_none() {
    let server = Server::start(test_config());
    let queue = Queue::create(&server, V2007, "q");
    let delay =
        "{\"QueueUrl\":\"http://h/000000000000/q\",\"Attributes\":{\"DelaySeconds\":\"60\"}}";
    assert_eq!(server.json("SetQueueAttributes", delay).status, 200);
    let id = queue.send("m");
    assert_eq!(queue.peek(&id), "m");
    assert!(queue.receive().is_empty());
    advance(&server, 60_000);
    assert_eq!(queue.peek(&id), "m");
    assert_eq!(queue.receive(), ["m"]);
}

#[test]
fn l11_4_a_message_has_an_id_and_a_body_only() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let id = queue.send("m");
        let xml = queue.ok("ReceiveMessage", &[]);
        let message = text(&xml, "Message");
        let expected = format!("<MessageId>{id}</MessageId><MessageBody>m</MessageBody>");
        assert_eq!(message, expected);
        queue.delete(&id);
    }
}

#[test]
fn l11_5_an_empty_receive_has_no_message_element() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        // A wait of the queue is newer: an old receive never waits.
        let wait = "{\"QueueUrl\":\"http://h/000000000000/q\",\
                    \"Attributes\":{\"ReceiveMessageWaitTimeSeconds\":\"20\"}}";
        assert_eq!(server.json("SetQueueAttributes", wait).status, 200);
        let xml = queue.ok("ReceiveMessage", &[]);
        assert!(!xml.contains("<Message"), "{xml}");
    }
}

#[test]
fn l11_6_delete_by_id_whoever_holds_the_message() {
    let server = Server::start(test_config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        let id = queue.send("m");
        let timeout = [("VisibilityTimeout", "10")];
        queue.ok("ReceiveMessage", &timeout);
        advance(&server, 10_000);
        assert_eq!(queue.receive(), ["m"], "another reader");
        queue.delete(&id);
        advance(&server, 60_000);
        assert!(queue.receive().is_empty());
    }
    let queue = Queue::create(&server, V2007, "q");
    let id = queue.send("m");
    for _ in 0..2 {
        queue.delete(&id);
    }
}

#[test]
fn l11_7_a_visibility_of_zero_gives_the_message_back() {
    let server = Server::start(config());
    let queue = Queue::create(&server, V2007, "q");
    let id = queue.send("m");
    assert_eq!(queue.receive(), ["m"]);
    assert!(queue.receive().is_empty());
    let zero = [("MessageId", &*id), ("VisibilityTimeout", "0")];
    queue.ok("ChangeMessageVisibility", &zero);
    assert_eq!(queue.receive(), ["m"]);
}

#[test]
fn l3_9_10_timeouts_of_one_receive_and_of_the_queue() {
    let server = Server::start(test_config());
    for version in FIRST {
        let queue = Queue::create(&server, version, version);
        queue.send("m");
        let once = [("VisibilityTimeout", "100")];
        queue.ok("ReceiveMessage", &once);
        // L3.10: the queue's timeout does not touch what is in flight.
        let shorter = [("VisibilityTimeout", "5")];
        queue.ok("SetVisibilityTimeout", &shorter);
        advance(&server, 99_000);
        assert!(queue.receive().is_empty());
        advance(&server, 1_000);
        assert_eq!(queue.receive(), ["m"]);
        // L3.9: it holds again for the next receive.
        advance(&server, 5_000);
        assert_eq!(queue.receive(), ["m"]);
    }
}

#[test]
fn l11_8_a_queue_with_messages_is_not_deleted() {
    let server = Server::start(config());
    let queue = Queue::create(&server, V2007, "q");
    queue.send("m");
    let code = queue.refused("DeleteQueue", &[]);
    assert_eq!(code, "400 AWS.SimpleQueueService.NonEmptyQueue");
    assert_eq!(queue.receive(), ["m"], "nothing changed");
    queue.ok("DeleteQueue", &[("ForceDeletion", "true")]);
}

#[test]
fn l11_9_messages_in_flight_count() {
    let server = Server::start(config());
    for (version, code) in FIRST.iter().zip([
        "400 NonEmptyQueue",
        "400 AWS.SimpleQueueService.NonEmptyQueue",
    ]) {
        let queue = Queue::create(&server, version, version);
        queue.send("m");
        assert_eq!(queue.receive(), ["m"]);
        assert_eq!(queue.refused("DeleteQueue", &[]), code);
    }
}

/// Whichever comes first decides: the message keeps the queue, or finds none any more.
#[test]
fn l11_8_a_message_that_is_sent_meanwhile_is_never_lost() {
    let server = Server::start(test_config());
    for round in 0..200 {
        let version = FIRST[round % 2];
        let queue = Queue::create(&server, version, &format!("q{round}"));
        let start = Barrier::new(2);
        let (sent, deleted) = std::thread::scope(|scope| {
            let sender = scope.spawn(|| {
                start.wait();
                let body = [("MessageBody", "m")];
                queue.call("SendMessage", &body).status
            });
            start.wait();
            let deleted = queue.call("DeleteQueue", &[]).status;
            (sender.join().unwrap(), deleted)
        });
        match sent {
            200 => assert_eq!(deleted, 400, "round {round}: an accepted message is gone"),
            _ => assert_eq!((sent, deleted), (400, 200), "round {round}"),
        }
    }
}

#[test]
fn l11_11_attributes_hold_at_once() {
    let server = Server::start(config());
    let queue = Queue::create(&server, V2007, "q");
    let pairs = [("Attribute", "VisibilityTimeout"), ("Value", "61")];
    queue.ok("SetQueueAttributes", &pairs);
    let name = [("Attribute", "VisibilityTimeout")];
    let xml = queue.ok("GetQueueAttributes", &name);
    assert_eq!(text(&xml, "Value"), "61");
}

#[test]
fn l11_12_bodies_stay_as_they_are() {
    let server = Server::start(config());
    for version in FIRST {
        let queue = Queue::create(&server, version, "q");
        for body in [
            "aGVsbG8=",
            " spaces ",
            "<Message>x</Message>",
            "a+b%20c&d=\u{1f600}",
        ] {
            let id = queue.send(body);
            assert_eq!(queue.receive(), [body]);
            queue.delete(&id);
        }
    }
}

#[test]
fn l2_ids_of_a_deleted_queue_are_not_those_of_its_successor() {
    let server = Server::start(test_config());
    let queue = Queue::create(&server, V2007, "q");
    let id = queue.send("old");
    queue.ok("DeleteQueue", &[("ForceDeletion", "true")]);
    Queue::create(&server, V2007, "q");
    queue.send("new");
    queue.delete(&id);
    let code = queue.refused("PeekMessage", &[("MessageId", &id)]);
    assert_eq!(code, "404 MessageNotFound");
    assert_eq!(queue.receive(), ["new"]);
}
