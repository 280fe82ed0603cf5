//! Names, tokens, handles and texts that no caller means well with: each is refused with an error
//! that says so, or is nobody's, and the store goes on. Texts with NUL and texts that are longer
//! than any key are what an index cannot hold.

use forebay::message::Attribute;
use forebay::rules::{paging, receipt, redrive};
use forebay::{
    DeleteRequest, Error, ErrorKind, Message, OpenOptions, PeekOptions, QueueOptions,
    ReceiveOptions, SendRequest, Store, VisibilityRequest,
};

/// Texts that cannot be part of a name.
fn bad_names() -> Vec<String> {
    let long = [600, 1_000_000].map(|length| "a".repeat(length));
    let mut texts = vec![
        String::new(),
        "\0".into(),
        "q\0".into(),
        "\u{1}\u{7f}".into(),
        "q'; drop table q; --".into(),
        "%_*\\".into(),
        "\u{e4}\u{10ffff}".into(),
    ];
    texts.extend(long);
    texts
}

fn refused<T>(kind: ErrorKind, answer: Result<T, Error>, what: &str) {
    let what = &what[..what.len().min(40)];
    match answer {
        Ok(_) => panic!("{what:?} should be refused"),
        Err(error) => {
            assert_eq!(error.kind(), kind, "{what:?}: {error}");
            assert!(error.text().len() < 4_096, "{what:?}: a long text");
        }
    }
}

/// All of it on a store that may have queues of its own.
pub fn everything_hostile(store: &Store) {
    let queue = store.create_queue("q", &QueueOptions::new()).unwrap();
    queue.send("kept").unwrap();
    let before = store.list_queues("").unwrap();
    names(store);
    owners(store);
    pages(store, &before);
    queue_attributes(store);
    sends(store);
    peeks(store);
    handles(store);
    assert_eq!(store.list_queues("").unwrap(), before);
    let kept = queue.receive(&ReceiveOptions::new()).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].body(), b"kept".as_slice());
    kept[0].delete().unwrap();
    store.delete_queue("q").unwrap();
}

fn names(store: &Store) {
    use ErrorKind::{InvalidParameterValue, QueueDoesNotExist};
    for name in &bad_names() {
        let options = QueueOptions::new();
        refused(
            InvalidParameterValue,
            store.create_queue(name, &options),
            name,
        );
        refused(InvalidParameterValue, store.queue(name), name);
        refused(QueueDoesNotExist, store.get_queue(name), name);
        refused(QueueDoesNotExist, store.delete_queue(name), name);
        let answer = store.start_move_task(name, None, None);
        refused(InvalidParameterValue, answer, name);
        let answer = store.start_move_task("q", Some(name), None);
        refused(InvalidParameterValue, answer, name);
        refused(InvalidParameterValue, store.list_move_tasks(name, 1), name);
        let dead_letter = QueueOptions::new().dead_letter(name, 1);
        let answer = store.create_queue("other", &dead_letter);
        refused(InvalidParameterValue, answer, name);
    }
}

/// Two queues of one long region were one queue of the index.
fn owners(store: &Store) {
    let regions = bad_names();
    let accounts = bad_names().into_iter().chain(["1".repeat(13)]);
    let account = store.account().to_owned();
    let scopes = regions.into_iter().map(|region| (account.clone(), region));
    let others = accounts.map(|account| (account, "us-east-1".to_owned()));
    for (account, region) in scopes.chain(others) {
        let kind = ErrorKind::InvalidParameterValue;
        let scope = store.scope(&account, &region);
        let what = format!("{account}/{region}");
        refused(kind, scope.create_queue("q", &QueueOptions::new()), &what);
        refused(kind, scope.get_queue("q"), &what);
        refused(kind, scope.queue("q"), &what);
        refused(kind, scope.delete_queue("q"), &what);
        refused(kind, scope.list_queues(""), &what);
        let options = OpenOptions::new().account(&account).region(&region);
        refused(kind, options.open("mem:"), &what);
        refused(kind, options.open_beside(store), &what);
        let arn = format!("arn:aws:sqs:{region}:{account}:q");
        refused(kind, store.start_move_task(&arn, None, None), &what);
        let dead_letter = QueueOptions::new().dead_letter(&arn, 1);
        refused(kind, store.create_queue("other", &dead_letter), &what);
        let allow = serde_json::json!({
            "redrivePermission": "byQueue", "sourceQueueArns": [arn],
        });
        let options = QueueOptions::new().attribute("RedriveAllowPolicy", allow.to_string());
        refused(kind, store.create_queue("other", &options), &what);
    }
}

fn pages(store: &Store, all: &[String]) {
    for text in &bad_names() {
        let expected: &[String] = if text.is_empty() { all } else { &[] };
        assert_eq!(store.list_queues(text).unwrap(), expected);
        for token in [text.clone(), paging::encode_token(text)] {
            let answer = store.list_queues_page("", 10, Some(&token));
            refused(ErrorKind::InvalidParameterValue, answer, text);
        }
    }
}

fn queue_attributes(store: &Store) {
    let kind = ErrorKind::InvalidAttributeValue;
    for text in ["\0".to_owned(), "k".repeat(2_049), "k".repeat(1_000_000)] {
        let options = QueueOptions::new().attribute("KmsMasterKeyId", &text);
        refused(kind, store.create_queue("other", &options), &text);
        let queue = store.queue("q").unwrap();
        let answer = queue.set_attributes([("KmsMasterKeyId", &*text)]);
        refused(kind, answer, &text);
        let answer = queue.set_attributes([(&*text, "1")]);
        refused(ErrorKind::InvalidAttributeName, answer, &text);
        for (key, value) in [(&*text, "v"), ("k", &*text)] {
            let options = QueueOptions::new().tag(key, value);
            let answer = store.create_queue("other", &options);
            refused(ErrorKind::InvalidParameterValue, answer, &text);
            refused(
                ErrorKind::InvalidParameterValue,
                queue.tag([(key, value)]),
                &text,
            );
        }
        // Nobody's tag.
        queue.untag([&*text]).unwrap();
    }
}

fn sends(store: &Store) {
    let queue = store.queue("q").unwrap();
    let long = "x".repeat(15 << 20);
    let nul = "\0";
    let plain = || SendRequest::new("x");
    let typed = |data_type: &str| Attribute {
        data_type: data_type.into(),
        ..Attribute::text("a", "1")
    };
    for text in [nul, &long] {
        for request in [
            plain().trace_header(text),
            plain().sender(text),
            plain().group(text),
            plain().deduplication(text),
            plain().attribute(Attribute::text("a", text)),
            plain().attribute(Attribute::text(text, "v")),
            plain().attribute(typed(text)),
            plain().attribute(typed(&format!("String.{text}"))),
        ] {
            let kind = ErrorKind::InvalidParameterValue;
            refused(kind, queue.send(request.clone()), text);
            let answers = queue.send_batch([request, plain()]);
            // As a part of a batch that is too long, all of it is refused.
            match answers {
                Ok(mut answers) => {
                    assert!(answers.pop().unwrap().is_ok());
                    refused(kind, answers.pop().unwrap(), text);
                    let found = queue.receive(&ReceiveOptions::new().max(2)).unwrap();
                    let other = found.iter().find(|it| it.body() == b"x".as_slice());
                    other.unwrap().delete().unwrap();
                    for message in found.iter().filter(|it| it.body() != b"x".as_slice()) {
                        message.change_visibility(0).unwrap();
                    }
                }
                Err(error) => panic!("{error}"),
            }
        }
    }
}

fn peeks(store: &Store) {
    let queue = store.queue("q").unwrap();
    for text in bad_names()
        .iter()
        .filter(|it| it.contains('\0') || it.len() > 200)
    {
        let answer = queue.peek(&PeekOptions::new().group(text));
        refused(ErrorKind::InvalidParameterValue, answer, text);
    }
    for after in [u64::MAX, 1 << 63, i64::MAX as u64] {
        let found = queue.peek(&PeekOptions::new().after(after)).unwrap();
        assert!(found.is_empty(), "after {after}");
    }
}

/// Done, or a refusal of the handle; never a failure of the store.
fn answered_or_refused(answer: Result<(), Error>) {
    let refusals = [
        ErrorKind::ReceiptHandleIsInvalid,
        ErrorKind::InvalidParameterValue,
        ErrorKind::MessageNotInflight,
    ];
    if let Err(error) = answer {
        assert!(refusals.contains(&error.kind()), "{error}");
    }
}

fn handles(store: &Store) {
    let queue = store.queue("q").unwrap();
    let found: Vec<Message> = queue.receive(&ReceiveOptions::new()).unwrap();
    let good = found[0].raw_receipt();
    for number in [u64::MAX, 1 << 63, i64::MAX as u64, 0] {
        let mut forged = [good; 4];
        forged[0].sequence = number;
        forged[1].queue_uid = number;
        forged[2].receive = number as u32;
        forged[2].sequence += 1_000;
        for receipt in &forged[..3] {
            let handle = receipt::encode(receipt);
            answered_or_refused(queue.delete(&*handle));
            let [delete, again] = ["a", "b"].map(|id| DeleteRequest::new(&*handle).id(id));
            for answer in queue.delete_batch([delete, again]).unwrap() {
                answered_or_refused(answer);
            }
        }
        // A time that is not the receive's names the same receive.
        forged[3].received_ms = number;
        let handle = receipt::encode(&forged[3]);
        let request = VisibilityRequest::new(&*handle, 100);
        answered_or_refused(queue.change_visibility(request));
    }
    for handle in bad_names() {
        let kind = ErrorKind::ReceiptHandleIsInvalid;
        refused(kind, queue.delete(&*handle), &handle);
    }
    found[0].change_visibility(0).unwrap();
    let key = store.key("q").unwrap();
    for task in [0, 1, i64::MAX as u64, 1 << 63, u64::MAX] {
        let handle = redrive::encode_task(&key, task);
        let answer = store.cancel_move_task(&handle);
        refused(ErrorKind::ResourceNotFound, answer, &handle);
    }
    for text in bad_names() {
        let answer = store.cancel_move_task(&text);
        refused(ErrorKind::InvalidParameterValue, answer, &text);
    }
}
