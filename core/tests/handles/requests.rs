//! Sending, deleting and changing visibility: single and in batches.

use crate::support::{Backend, bodies, fifo, manual, on_every_store, queue, short, take};
use forebay::{
    DeleteRequest, ErrorKind, Message, Result, SendReceipt, SendRequest, Store, VisibilityRequest,
};

on_every_store! {
    a_batch_answers_in_order_and_entry_by_entry,
    a_batch_of_bad_entries_only_stores_nothing,
    batch_ids_are_checked_where_given,
    sqs_limits_hold_only_where_asked_for,
    receipts_of_sends_tell_what_sqs_tells,
    a_duplicate_is_told,
    deletes_take_text_and_messages,
    visibility_changes_take_text_and_messages,
    garbage_is_no_receipt,
    a_receipt_of_another_queue_is_refused,
    batches_report_unreadable_receipts_in_place,
}

fn kinds<T>(results: &[Result<T>]) -> Vec<Option<ErrorKind>> {
    let kind = |result: &Result<T>| result.as_ref().err().map(forebay::Error::kind);
    results.iter().map(kind).collect()
}

fn a_batch_answers_in_order_and_entry_by_entry(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let results = queue
        .send_batch([
            SendRequest::new("a"),
            SendRequest::new(""),
            SendRequest::new("c").delay(901),
            SendRequest::new("d"),
            SendRequest::new("e").deduplication("x"),
        ])
        .unwrap();
    assert_eq!(
        kinds(&results),
        [
            None,
            Some(ErrorKind::MissingParameter),
            Some(ErrorKind::InvalidParameterValue),
            None,
            Some(ErrorKind::InvalidParameterValue),
        ]
    );
    let messages = queue.receive(&short().max(10)).unwrap();
    assert_eq!(bodies(&messages), ["a", "d"]);
    let ids = [&results[0], &results[3]].map(|sent| sent.as_ref().unwrap().message_id());
    assert_eq!(messages.iter().map(Message::id).collect::<Vec<_>>(), ids);
}

fn a_batch_of_bad_entries_only_stores_nothing(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let results = queue.send_batch(["", ""]).unwrap();
    assert_eq!(kinds(&results), [Some(ErrorKind::MissingParameter); 2]);
    assert_eq!(queue.counts().unwrap(), Default::default());
    let single = queue.send("").unwrap_err();
    assert_eq!(
        single.text(),
        "The request must contain the parameter MessageBody."
    );
}

fn batch_ids_are_checked_where_given(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let send = |ids: [Option<&str>; 2]| -> Option<ErrorKind> {
        let requests = ids.map(|id| match id {
            Some(id) => SendRequest::new("x").id(id),
            None => SendRequest::new("x"),
        });
        queue.send_batch(requests).err().map(|error| error.kind())
    };
    assert_eq!(send([None, None]), None);
    assert_eq!(send([Some("a"), Some("b")]), None);
    assert_eq!(
        send([Some("a"), Some("a")]),
        Some(ErrorKind::BatchEntryIdsNotDistinct)
    );
    assert_eq!(
        send([Some("a"), None]),
        Some(ErrorKind::InvalidBatchEntryId)
    );
    assert_eq!(
        send([Some("a"), Some("b c")]),
        Some(ErrorKind::InvalidBatchEntryId)
    );

    let messages = queue.receive(&short().max(2)).unwrap();
    let receipts: Vec<String> = messages.iter().map(Message::receipt).collect();
    let twice = [0, 1].map(|n| DeleteRequest::new(&*receipts[n]).id("same"));
    let error = queue.delete_batch(twice).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BatchEntryIdsNotDistinct);
    let twice = [0, 1].map(|n| VisibilityRequest::new(&*receipts[n], 0).id("same"));
    let error = queue.change_visibility_batch(twice).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BatchEntryIdsNotDistinct);
    let same_handle = ["1", "2"].map(|id| DeleteRequest::new(&*receipts[0]).id(id));
    assert_eq!(kinds(&queue.delete_batch(same_handle).unwrap()), [None; 2]);
}

fn sqs_limits_hold_only_where_asked_for(backend: Backend) {
    let eleven = || vec!["x"; 11];
    let check = |store: &Store, strict: bool| {
        let queue = queue(store);
        let too_many = Some(ErrorKind::TooManyEntriesInBatchRequest).filter(|_| strict);
        let sent = queue.send_batch(eleven());
        assert_eq!(sent.as_ref().err().map(forebay::Error::kind), too_many);
        let received = queue.receive(&short().max(11));
        let refused = Some(ErrorKind::InvalidParameterValue).filter(|_| strict);
        assert_eq!(received.err().map(|error| error.kind()), refused);
        let binary = queue.send(vec![0xff_u8, 0x00]);
        let contents = Some(ErrorKind::InvalidMessageContents).filter(|_| strict);
        assert_eq!(binary.err().map(|error| error.kind()), contents);
        let receipts = vec!["r"; 11];
        let deleted = queue.delete_batch(receipts.clone());
        assert_eq!(deleted.err().map(|error| error.kind()), too_many);
        let changes = receipts.into_iter().map(|receipt| (receipt, 1));
        let changed = queue.change_visibility_batch(changes);
        assert_eq!(changed.err().map(|error| error.kind()), too_many);
        let none: [&str; 0] = [];
        let empty = queue.send_batch(none).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::EmptyBatchRequest);
        let empty = queue.delete_batch(none).unwrap_err();
        assert_eq!(empty.kind(), ErrorKind::EmptyBatchRequest);
    };
    check(&backend.manual(), false);
    check(&backend.open(&manual().sqs_limits(true)), true);
}

fn receipts_of_sends_tell_what_sqs_tells(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let request = SendRequest::new("test")
        .attribute(forebay::message::Attribute::text("Foo", "Bar"))
        .trace_header("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1");
    let sent = queue.send(request).unwrap();
    assert_eq!(sent.md5_of_body(), "098f6bcd4621d373cade4e832627b4f6");
    let digest = "ae7155c6026991b6d54b11589678bf9c";
    assert_eq!(sent.md5_of_attributes().as_deref(), Some(digest));
    let system = "5ae4d5d7636402d80f4eb6d213245a88";
    assert_eq!(sent.md5_of_system_attributes().as_deref(), Some(system));
    assert_eq!(sent.sequence_number(), None);
    assert_eq!(sent.message_id().to_string().len(), 36);

    let plain = queue.send("test").unwrap();
    assert_eq!(plain.md5_of_attributes(), None);
    assert_eq!(plain.md5_of_system_attributes(), None);
}

fn a_duplicate_is_told(backend: Backend) {
    let store = backend.manual();
    let queue = fifo(&store);
    let send = |body: &str| -> SendReceipt {
        let request = SendRequest::new(body.to_string())
            .group("g")
            .deduplication("once");
        queue.send(request).unwrap()
    };
    let (first, second) = (send("1"), send("2"));
    assert!(!first.is_duplicate());
    assert!(second.is_duplicate());
    assert_eq!(first.message_id(), second.message_id());
    assert_eq!(first.sequence_number(), second.sequence_number());
    assert_eq!(first.sequence_number().unwrap().len(), 20);
    assert_eq!(take(&queue, 10), ["1"]);
}

fn deletes_take_text_and_messages(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send_batch(["a", "b", "c", "d", "e"]).unwrap();
    let messages = queue.receive(&short().max(5)).unwrap();
    messages[0].delete().unwrap();
    queue.delete(&messages[1]).unwrap();
    queue.delete(messages[2].receipt()).unwrap();
    assert_eq!(
        kinds(&queue.delete_batch(&messages[3..]).unwrap()),
        [None; 2]
    );
    assert_eq!(queue.counts().unwrap(), Default::default());
    messages[0]
        .delete()
        .expect("deleting again succeeds (S2.16)");
}

fn visibility_changes_take_text_and_messages(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send_batch(["a", "b", "c", "d"]).unwrap();
    let messages = queue.receive(&short().max(4)).unwrap();
    messages[0].change_visibility(0).unwrap();
    queue.change_visibility((&messages[1], 0)).unwrap();
    queue.change_visibility((messages[2].receipt(), 0)).unwrap();
    let batch = queue.change_visibility_batch([(&messages[3], 0)]).unwrap();
    assert_eq!(kinds(&batch), [None]);
    assert_eq!(take(&queue, 10).len(), 4);
    let error = messages[0].change_visibility(43_201).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
    assert!(error.text().contains("43201") && error.text().contains("43200"));
}

fn garbage_is_no_receipt(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    for result in [
        queue.delete("garbage"),
        queue.change_visibility(("garbage", 1)),
    ] {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ReceiptHandleIsInvalid);
        assert!(error.text().contains("garbage"));
    }
}

fn a_receipt_of_another_queue_is_refused(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    let other = store.create_queue("other", &Default::default()).unwrap();
    queue.send("a").unwrap();
    let message = queue.receive(&short()).unwrap().remove(0);
    for result in [
        other.delete(&message),
        other.delete(message.receipt()),
        other.change_visibility((&message, 0)),
    ] {
        assert_eq!(
            result.unwrap_err().kind(),
            ErrorKind::ReceiptHandleIsInvalid
        );
    }
    message.delete().unwrap();
}

fn batches_report_unreadable_receipts_in_place(backend: Backend) {
    let store = backend.manual();
    let queue = queue(&store);
    queue.send_batch(["a", "b"]).unwrap();
    let messages = queue.receive(&short().max(2)).unwrap();
    let invalid = Some(ErrorKind::ReceiptHandleIsInvalid);
    let out_of_range = Some(ErrorKind::InvalidParameterValue);
    let changes = [
        (messages[0].receipt(), 1),
        ("?".to_string(), 1),
        (messages[1].receipt(), 43_201),
        (messages[1].receipt(), 2),
    ];
    let changed = queue.change_visibility_batch(changes).unwrap();
    assert_eq!(kinds(&changed), [None, invalid, out_of_range, None]);
    let receipts = [
        "?".to_string(),
        messages[0].receipt(),
        messages[1].receipt(),
    ];
    let deleted = queue.delete_batch(receipts).unwrap();
    assert_eq!(kinds(&deleted), [invalid, None, None]);
    assert_eq!(
        kinds(&queue.delete_batch(["?", "!"]).unwrap()),
        [invalid; 2]
    );
    assert_eq!(queue.counts().unwrap(), Default::default());
}
