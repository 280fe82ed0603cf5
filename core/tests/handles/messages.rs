//! What a received message tells, and what a peek shows.

use crate::support::{Backend, START_MS, fifo, manual, on_every_store, queue, short};
use forebay::message::{Attribute, AttributeValue, MessageState};
use forebay::{Bytes, PeekOptions, SendRequest};

on_every_store! {
    a_message_tells_all_about_itself,
    a_fifo_message_tells_its_place,
    attributes_can_be_selected,
    a_peek_shows_and_changes_nothing,
    a_peek_pages_and_filters,
}

fn a_message_tells_all_about_itself(backend: Backend) {
    let store = backend.open(&manual().account("123456789012").region("eu-west-1"));
    let queue = queue(&store);
    assert_eq!(queue.arn(), "arn:aws:sqs:eu-west-1:123456789012:q");
    let sent = queue.send(Bytes::from_static(b"\x00\xff")).unwrap();
    store.advance(1_000).unwrap();
    let message = queue
        .receive(&short().visibility_timeout(5))
        .unwrap()
        .remove(0);
    assert_eq!(message.id(), sent.message_id());
    assert_eq!(message.body().as_ref(), b"\x00\xff");
    assert_eq!(message.queue().name(), "q");
    assert_eq!(message.receive_count(), 1);
    assert_eq!(message.sent_ms(), START_MS);
    assert_eq!(message.first_receive_ms(), Some(START_MS + 1_000));
    assert_eq!(message.visible_ms(), START_MS + 6_000);
    assert_eq!(message.sender(), "123456789012");
    assert_eq!(message.group(), None);
    assert_eq!(message.deduplication(), None);
    assert_eq!(message.sequence_number(), None);
    assert_eq!(message.trace_header(), None);
    assert_eq!(message.dead_letter_source(), None);
    assert_eq!(message.md5_of_attributes(&["All"]), None);
    store.advance(5_000).unwrap();
    let again = queue.receive(&short()).unwrap().remove(0);
    assert_eq!(again.receive_count(), 2);
    assert_eq!(again.first_receive_ms(), message.first_receive_ms());
    assert_ne!(again.receipt(), message.receipt());
}

fn a_fifo_message_tells_its_place(backend: Backend) {
    let store = backend.manual();
    let queue = fifo(&store);
    let request = SendRequest::new("1")
        .group("g")
        .deduplication("d")
        .sender("AIDAEXAMPLE")
        .trace_header("Root=1-5759e988-bd862e3fe1be46a994272793");
    let sent = queue.send(request).unwrap();
    let message = queue.receive(&short()).unwrap().remove(0);
    assert_eq!(message.group(), Some("g"));
    assert_eq!(message.deduplication(), Some("d"));
    assert_eq!(message.sender(), "AIDAEXAMPLE");
    assert_eq!(message.sequence_number(), sent.sequence_number());
    assert!(message.trace_header().unwrap().starts_with("Root="));
    let system = message.system_attributes(&["SequenceNumber", "MessageGroupId", "Nonsense"]);
    let number = sent.sequence_number().unwrap();
    assert!(system.contains(&("SequenceNumber", number)));
    assert!(system.contains(&("MessageGroupId", "g".to_string())));
    assert_eq!(system.len(), 2);
}

fn attributes_can_be_selected(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let attributes = [
        Attribute::text("Hello", "There"),
        Attribute::text("Help.Me", "Me"),
        Attribute {
            name: "raw".into(),
            data_type: "Binary.gif".into(),
            value: AttributeValue::Binary(Bytes::from_static(b"\x01\x02")),
        },
    ];
    let request = SendRequest::new("x").attributes(attributes.clone());
    queue.send(request).unwrap();
    let message = queue.receive(&short()).unwrap().remove(0);
    assert_eq!(message.attributes(), attributes);
    assert_eq!(message.attribute("raw"), Some(&attributes[2]));
    assert_eq!(message.attribute("RAW"), None);
    assert_eq!(message.select_attributes(&["Hel.*"]).len(), 2);
    let two = "83fee93c1bcd8b9a5a923ffacdc636c7";
    assert_eq!(
        message.md5_of_attributes(&["Hello", "Help.Me"]).as_deref(),
        Some(two)
    );
    assert_eq!(message.md5_of_attributes(&["none"]), None);
    assert_eq!(message.md5_of_body(), "9dd4e461268c8034f5c8564e155c67a6");
}

fn a_peek_shows_and_changes_nothing(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send("flies").unwrap();
    queue.send("rests").unwrap();
    queue.send(SendRequest::new("waits").delay(9)).unwrap();
    queue.receive(&short().visibility_timeout(5)).unwrap();
    for _ in 0..2 {
        let seen = queue.peek(&PeekOptions::new()).unwrap();
        let states: Vec<_> = seen
            .iter()
            .map(|peeked| (peeked.state, peeked.visible_ms))
            .collect();
        assert_eq!(
            states,
            [
                (MessageState::InFlight, Some(START_MS + 5_000)),
                (MessageState::Visible, None),
                (MessageState::Delayed, Some(START_MS + 9_000)),
            ]
        );
        assert_eq!(seen[0].message.receive_count, 1);
        assert_eq!(seen[1].message.receive_count, 0);
    }
}

fn a_peek_pages_and_filters(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    for n in 0..25 {
        let group = if n % 2 == 0 { "even" } else { "odd" };
        queue
            .send(SendRequest::new(n.to_string()).group(group))
            .unwrap();
    }
    let mut pages = Vec::new();
    let mut after = 0;
    loop {
        let page = queue.peek(&PeekOptions::new().after(after)).unwrap();
        let Some(last) = page.last() else { break };
        after = last.message.sequence;
        pages.push(page.len());
    }
    assert_eq!(pages, [10, 10, 5]);
    let odd = queue
        .peek(&PeekOptions::new().group("odd").limit(100))
        .unwrap();
    assert_eq!(odd.len(), 12);
    let none = PeekOptions::new().state(MessageState::InFlight);
    assert!(queue.peek(&none).unwrap().is_empty());
    assert!(queue.peek(&PeekOptions::new().limit(0)).is_err());
    assert!(queue.peek(&PeekOptions::new().limit(10_001)).is_err());
}
