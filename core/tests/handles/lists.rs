//! Queues and move tasks: finding, listing, naming them.

use crate::support::{Backend, bodies, long, manual, on_every_store, queue, short, take};
use forebay::command::MoveStatus;
use forebay::limits;
use forebay::store::ClockMode;
use forebay::{ErrorKind, OpenOptions, QueueOptions, SendRequest, Store};

on_every_store! {
    queues_are_listed_in_byte_order_and_in_pages,
    bad_pages_are_refused,
    other_accounts_and_regions_are_other_queues,
    hostile_texts_are_refused_and_change_nothing,
    a_manual_clock_has_an_end,
    a_handle_goes_by_its_name,
    attributes_and_tags_go_in_and_out,
    what_is_due_keeps_nobody_from_looking_a_queue_up,
    dead_letter_names_become_policies,
    dead_letter_sources_are_listed,
    a_move_task_follows_the_clock,
    a_move_task_can_be_cancelled,
    bad_move_tasks_are_refused,
    the_sixty_second_rules_can_be_switched_off,
    a_clock_moves_only_where_it_is_manual,
}

fn create(store: &Store, name: &str) -> forebay::Queue {
    store.create_queue(name, &QueueOptions::new()).unwrap()
}

fn queues_are_listed_in_byte_order_and_in_pages(backend: Backend) {
    let store = backend.manual();
    for name in ["b", "a-2", "B", "a_1", "a-1", "c"] {
        create(&store, name);
    }
    assert_eq!(
        store.list_queues("").unwrap(),
        ["B", "a-1", "a-2", "a_1", "b", "c"]
    );
    assert_eq!(store.list_queues("a-").unwrap(), ["a-1", "a-2"]);
    assert!(store.list_queues("x").unwrap().is_empty());

    let first = store.list_queues_page("", 4, None).unwrap();
    assert_eq!(first.names, ["B", "a-1", "a-2", "a_1"]);
    let token = first.next_token.unwrap();
    let second = store.list_queues_page("", 4, Some(&token)).unwrap();
    assert_eq!(second.names, ["b", "c"]);
    assert_eq!(second.next_token, None);
    let exact = store.list_queues_page("", 6, None).unwrap();
    assert_eq!(exact.next_token, None);
}

fn bad_pages_are_refused(backend: Backend) {
    let store = backend.manual();
    for (limit, token) in [(0, None), (1_001, None), (1, Some("garbage"))] {
        let error = store.list_queues_page("", limit, token).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
    }
}

fn other_accounts_and_regions_are_other_queues(backend: Backend) {
    let store = backend.open(&manual().account("111111111111"));
    let there = store.scope("111111111111", "eu-west-1");
    let mine = create(&store, "q");
    let theirs = create(&there, "q");
    mine.send("mine").unwrap();
    assert!(take(&theirs, 1).is_empty());
    assert_eq!(take(&mine, 1), ["mine"]);
    there.delete_queue("q").unwrap();
    assert_eq!(store.list_queues("").unwrap(), ["q"]);
    assert!(there.list_queues("").unwrap().is_empty());
    assert_eq!(there.region(), "eu-west-1");
    assert_eq!(there.account(), "111111111111");
}

fn hostile_texts_are_refused_and_change_nothing(backend: Backend) {
    crate::hostile::everything_hostile(&backend.real());
}

/// No deadline is beyond what a time can be.
fn a_manual_clock_has_an_end(backend: Backend) {
    const END_MS: u64 = limits::MANUAL_CLOCK_MS_MAX;
    for start_ms in [END_MS + 1, u64::MAX] {
        let options = OpenOptions::new().clock(ClockMode::Manual { start_ms });
        let error = options.open("mem:").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
    let start_ms = END_MS - 2_000;
    let store = backend.open(&OpenOptions::new().clock(ClockMode::Manual { start_ms }));
    let queue = create(&store, "q");
    for by_ms in [2_001, u64::MAX - start_ms, u64::MAX] {
        let error = store.advance(by_ms).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{by_ms}");
        assert!(error.text().contains("9999"), "{error}");
    }
    assert_eq!(store.now_ms().unwrap(), start_ms);
    assert_eq!(store.advance(2_000).unwrap(), END_MS);
    queue.send(SendRequest::new("late").delay(900)).unwrap();
    queue.send("now").unwrap();
    assert_eq!(take(&queue, 10), ["now"]);
    assert!(store.advance(1).is_err());
}

fn a_handle_goes_by_its_name(backend: Backend) {
    let store = backend.open(&manual().sixty_second_rules(false));
    let queue = queue(&store);
    queue.send("old").unwrap();
    store.delete_queue("q").unwrap();
    let error = queue.send("none").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueueDoesNotExist);
    assert_eq!(store.get_queue("q").unwrap_err(), error);
    create(&store, "q");
    queue.send("new").unwrap();
    assert_eq!(take(&queue, 10), ["new"]);
}

fn attributes_and_tags_go_in_and_out(backend: Backend) {
    let store = backend.manual();
    let options = QueueOptions::new()
        .visibility_timeout(7)
        .delay(1)
        .retention(60)
        .receive_wait(2)
        .message_bytes_max(2_048)
        .tag("team", "blue");
    let queue = store.create_queue("q", &options).unwrap();
    let set = queue
        .attributes(&["VisibilityTimeout", "QueueArn"])
        .unwrap();
    assert_eq!(set["VisibilityTimeout"], "7");
    assert_eq!(set["QueueArn"], queue.arn());
    assert_eq!(set.len(), 2);
    queue
        .set_attributes([("VisibilityTimeout", "8"), ("DelaySeconds", "2")])
        .unwrap();
    let view = queue.view().unwrap();
    let attributes = view.attributes;
    assert_eq!((attributes.visibility_s, attributes.delay_s), (8, 2));
    assert_eq!((attributes.retention_s, attributes.wait_s), (60, 2));
    assert_eq!(attributes.message_bytes_max, 2_048);
    let error = queue
        .set_attributes([("DelaySeconds", "0"), ("Nope", "1")])
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidAttributeName);
    assert_eq!(queue.view().unwrap().attributes.delay_s, 2);
    assert!(queue.attributes(&["Nope"]).is_err());

    queue.tag([("team", "red"), ("stage", "test")]).unwrap();
    queue.untag(["absent", "stage"]).unwrap();
    let tags = queue.tags().unwrap();
    assert_eq!(
        tags.into_iter().collect::<Vec<_>>(),
        [("team".into(), "red".into())]
    );

    let other = QueueOptions::new().visibility_timeout(9);
    let error = store.create_queue("q", &other).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueueNameExists);
    assert!(error.text().contains("VisibilityTimeout"));
    let error = store
        .create_queue("no spaces", &QueueOptions::new())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
}

/// Where a million messages become visible at once, only who counts them waits for all of them.
fn what_is_due_keeps_nobody_from_looking_a_queue_up(backend: Backend) {
    const MESSAGES: u64 = 20_000;
    let store = backend.manual();
    let queue = queue(&store);
    for _ in 0..MESSAGES / 5_000 {
        let batch = (0..5_000).map(|_| SendRequest::new("m").delay(1));
        assert!(queue.send_batch(batch).unwrap().iter().all(Result::is_ok));
    }
    store.advance(1_000).unwrap();
    let before = store.statistics().unwrap().transactions;
    let queue = store.get_queue(queue.name()).unwrap();
    assert_eq!(queue.tags().unwrap().len(), 0);
    let attributes = queue.attributes(&["DelaySeconds"]).unwrap();
    assert_eq!(attributes["DelaySeconds"], "0");
    assert_eq!(take(&queue, 1), ["m"]);
    let transactions = store.statistics().unwrap().transactions - before;
    assert!(transactions < 8, "{transactions} transactions");
    assert_eq!(queue.counts().unwrap().visible, MESSAGES - 1);
}

fn dead_letter_names_become_policies(backend: Backend) {
    let store = backend.open(&manual().account("222222222222").region("r"));
    let dead = create(&store, "dead");
    let by_name = QueueOptions::new().dead_letter("dead", 3);
    let by_arn = QueueOptions::new().dead_letter(dead.arn(), 3);
    let queue = store.create_queue("by-name", &by_name).unwrap();
    store.create_queue("by-name", &by_arn).unwrap();
    let policy = queue.view().unwrap().attributes.redrive.unwrap();
    assert_eq!(policy.target, *dead.key());
    assert_eq!(policy.max_receives, 3);
    for bad in [
        QueueOptions::new().dead_letter("absent", 3),
        QueueOptions::new().dead_letter("dead", 0),
        QueueOptions::new().dead_letter("not a name", 3),
    ] {
        let error = store.create_queue("bad", &bad).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
    }
}

fn dead_letter_sources_are_listed(backend: Backend) {
    let store = backend.manual();
    let dead = create(&store, "dead");
    assert!(dead.dead_letter_sources().unwrap().is_empty());
    for name in ["c", "a", "b"] {
        let options = QueueOptions::new().dead_letter("dead", 1);
        store.create_queue(name, &options).unwrap();
    }
    assert_eq!(dead.dead_letter_sources().unwrap(), ["a", "b", "c"]);
    let page = dead.dead_letter_sources_page(2, None).unwrap();
    assert_eq!(page.names, ["a", "b"]);
    let rest = dead
        .dead_letter_sources_page(2, page.next_token.as_deref())
        .unwrap();
    assert_eq!(rest.names, ["c"]);
    assert_eq!(rest.next_token, None);
}

/// Queues `dead` and `source` with `messages` messages dead-lettered from one to the other.
fn dead_letters(store: &Store, messages: usize) -> (forebay::Queue, forebay::Queue) {
    let dead = create(store, "dead");
    let options = QueueOptions::new()
        .dead_letter("dead", 1)
        .visibility_timeout(0);
    let source = store.create_queue("source", &options).unwrap();
    source
        .send_batch((0..messages).map(|n| n.to_string()))
        .unwrap();
    assert_eq!(take(&source, messages as u32).len(), messages);
    assert!(take(&source, messages as u32).is_empty());
    assert_eq!(dead.counts().unwrap().visible, messages as u64);
    (dead, source)
}

fn a_move_task_follows_the_clock(backend: Backend) {
    let store = backend.manual();
    let (dead, source) = dead_letters(&store, 250);
    let wait = crate::support::Wait::start(&source, long());
    store.start_move_task("dead", None, Some(10)).unwrap();
    store.advance(99).unwrap();
    assert!(wait.now().is_none());
    store.advance(1).unwrap();
    assert_eq!(bodies(&wait.now().unwrap().unwrap()), ["0"]);
    store.advance(900).unwrap();
    let task = store.list_move_tasks("dead", 1).unwrap().remove(0);
    assert_eq!(*task.status(), MoveStatus::Running);
    assert_eq!(
        (task.moved(), task.to_move(), task.rate()),
        (10, 250, Some(10))
    );
    assert_eq!(task.source(), dead.key());
    assert!(task.handle().is_some());
    store.advance(1_000_000).unwrap();
    let task = store.list_move_tasks(&dead.arn(), 10).unwrap().remove(0);
    assert_eq!(*task.status(), MoveStatus::Completed);
    assert_eq!((task.moved(), task.handle()), (250, None));
    assert_eq!(dead.counts().unwrap().visible, 0);

    let (again, _) = (
        store.start_move_task("dead", Some("source"), None).unwrap(),
        (),
    );
    store.advance(0).unwrap();
    let error = store.cancel_move_task(&again).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedOperation);
}

fn a_move_task_can_be_cancelled(backend: Backend) {
    let store = backend.manual();
    let (dead, source) = dead_letters(&store, 20);
    let task = store
        .start_move_task("dead", Some("source"), Some(1))
        .unwrap();
    store.advance(5_000).unwrap();
    assert_eq!(store.cancel_move_task(&task).unwrap(), 5);
    store.advance(5_000).unwrap();
    let listed = store.list_move_tasks("dead", 10).unwrap();
    assert_eq!(*listed[0].status(), MoveStatus::Cancelled);
    assert_eq!(listed[0].destination(), Some(source.key()));
    assert_eq!(dead.counts().unwrap().visible, 15);
    assert_eq!(source.counts().unwrap().visible, 5);
}

fn bad_move_tasks_are_refused(backend: Backend) {
    let store = backend.manual();
    dead_letters(&store, 1);
    let start = |source: &str, destination: Option<&str>, rate: Option<u32>| {
        store
            .start_move_task(source, destination, rate)
            .unwrap_err()
            .kind()
    };
    assert_eq!(start("absent", None, None), ErrorKind::ResourceNotFound);
    assert_eq!(
        start("source", None, None),
        ErrorKind::InvalidParameterValue
    );
    assert_eq!(
        start("dead", Some("absent"), None),
        ErrorKind::ResourceNotFound
    );
    assert_eq!(
        start("dead", None, Some(0)),
        ErrorKind::InvalidParameterValue
    );
    assert_eq!(
        start("dead", None, Some(501)),
        ErrorKind::InvalidParameterValue
    );
    assert_eq!(
        start("arn:nonsense", None, None),
        ErrorKind::InvalidParameterValue
    );
    let cancel = |handle: &str| store.cancel_move_task(handle).unwrap_err().kind();
    assert_eq!(cancel("garbage"), ErrorKind::InvalidParameterValue);
    let unknown = forebay::rules::redrive::encode_task(&store.key("dead").unwrap(), 4);
    assert_eq!(cancel(&unknown), ErrorKind::ResourceNotFound);
    assert!(store.list_move_tasks("dead", 0).is_err());
    assert!(store.list_move_tasks("dead", 11).is_err());
}

fn the_sixty_second_rules_can_be_switched_off(backend: Backend) {
    let strict = backend.manual();
    let queue = queue(&strict);
    queue.purge().unwrap();
    let error = queue.purge().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PurgeQueueInProgress);
    strict.delete_queue("q").unwrap();
    let error = strict.create_queue("q", &QueueOptions::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QueueDeletedRecently);
    assert!(error.retryable());
    strict.advance(60_000).unwrap();
    create(&strict, "q").purge().unwrap();

    let free = backend.open(&manual().sixty_second_rules(false));
    let queue = create(&free, "q");
    queue.purge().unwrap();
    queue.purge().unwrap();
    free.delete_queue("q").unwrap();
    create(&free, "q");
}

fn a_clock_moves_only_where_it_is_manual(backend: Backend) {
    let store = backend.manual();
    assert_eq!(store.now_ms().unwrap(), crate::support::START_MS);
    assert_eq!(store.advance(5).unwrap(), crate::support::START_MS + 5);
    assert_eq!(store.now_ms().unwrap(), crate::support::START_MS + 5);
    let real = backend.real();
    let error = real.advance(5).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnsupportedOperation);
    assert!(queue(&real).receive(&short()).unwrap().is_empty());
}
