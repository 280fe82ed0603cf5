//! S11, S12, S14: queues themselves.

use super::*;
use std::time::Duration;

#[test]
fn s11_2_s18_14_s19_12_creating_again_compares_with_current_values() {
    let fixture = Fixture::standard(&[("VisibilityTimeout", "10")]);
    let uid = fixture.view("q").unwrap().uid;
    assert_eq!(fixture.create("q", &[]).uid, uid);
    assert_eq!(fixture.create("q", &[("VisibilityTimeout", "10")]).uid, uid);
    fixture.set("q", &[("VisibilityTimeout", "20")]).unwrap();
    let original = fixture.try_create("q", &[("VisibilityTimeout", "10")], FREE);
    assert_eq!(kind(original), ErrorKind::QueueNameExists);
}

#[test]
fn s11_5_s11_6_sixty_seconds_after_a_deletion() {
    let fixture = Fixture::standard(&[]);
    fixture.delete_queue("q").unwrap();
    fixture.advance(59_999);
    fixture.delete_queue("q").unwrap();
    assert_eq!(kind(fixture.view("q")), ErrorKind::QueueDoesNotExist);
    let early = fixture.try_create("q", &[], STRICT);
    assert_eq!(kind(early), ErrorKind::QueueDeletedRecently);
    fixture.advance(1);
    assert_eq!(
        kind(fixture.delete_queue("q")),
        ErrorKind::QueueDoesNotExist
    );
    fixture.try_create("q", &[], STRICT).unwrap();
}

#[test]
fn s11_5_a_store_without_the_pause() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "m");
    fixture.delete_queue("q").unwrap();
    let view = fixture.create("q", &[]);
    assert_eq!((view.uid, view.counts.visible), (2, 0));
}

#[test]
fn s11_8_purge_empties_and_waits_sixty_seconds() {
    let fixture = Fixture::standard(&[]);
    fixture.send("q", "a");
    let received = fixture.receive("q", 1).remove(0);
    fixture.send("q", "b");
    fixture.send_delayed("q", "c", 9);
    fixture.purge("q", STRICT).unwrap();
    assert_eq!(fixture.counts("q"), (0, 0, 0));
    fixture.delete("q", &received).unwrap();
    assert_eq!(fixture.send("q", "d").sequence, 4, "the sequence goes on");
    fixture.advance(59_999);
    assert_eq!(
        kind(fixture.purge("q", STRICT)),
        ErrorKind::PurgeQueueInProgress
    );
    fixture.purge("q", FREE).unwrap();
    fixture.advance(60_000);
    fixture.purge("q", STRICT).unwrap();
}

#[test]
fn s11_9_s11_10_lists_by_name_within_account_and_region() {
    let fixture = Fixture::new();
    for name in ["b", "a1", "B", "a2"] {
        fixture.create(name, &[]);
    }
    let elsewhere = QueueKey::new(DEFAULT_ACCOUNT, "eu-west-1", "a9");
    let command = Command::CreateQueue {
        queue: elsewhere,
        attributes: BTreeMap::new(),
        tags: BTreeMap::new(),
        strictness: FREE,
    };
    fixture.execute(command).unwrap();
    let list = |prefix: &str, after: Option<&str>, limit| {
        let command = Command::ListQueues {
            prefix: key(prefix),
            after: after.map(String::from),
            limit,
        };
        match fixture.execute(command).unwrap() {
            Outcome::Names { names, more } => (names.join(" "), more),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(list("", None, 1000), ("B a1 a2 b".into(), false));
    assert_eq!(list("a", None, 1), ("a1".into(), true));
    assert_eq!(list("a", Some("a1"), 1), ("a2".into(), false));
}

#[test]
fn s12_4_s12_5_changing_attributes() {
    let fixture = Fixture::standard(&[]);
    fixture.advance(1_000);
    assert!(
        fixture
            .set("q", &[("DelaySeconds", "5"), ("WaitX", "1")])
            .is_err()
    );
    let view = fixture.view("q").unwrap();
    assert_eq!((view.attributes.delay_s, view.modified_ms), (0, START_MS));
    fixture.set("q", &[("DelaySeconds", "5")]).unwrap();
    let view = fixture.view("q").unwrap();
    assert_eq!(
        (view.attributes.delay_s, view.modified_ms),
        (5, START_MS + 1_000)
    );
    assert_eq!(view.created_ms, START_MS);
}

#[test]
fn s14_1_s14_2_tags() {
    let fixture = Fixture::standard(&[]);
    let tag = |pairs: &[(&str, &str)]| {
        fixture.execute(Command::Tag {
            queue: key("q"),
            tags: map(pairs),
        })
    };
    tag(&[("a", "1"), ("b", "")]).unwrap();
    tag(&[("a", "2")]).unwrap();
    assert!(tag(&[("", "x")]).is_err());
    let untag = Command::Untag {
        queue: key("q"),
        keys: vec!["b".into(), "absent".into()],
    };
    fixture.execute(untag).unwrap();
    assert_eq!(fixture.view("q").unwrap().tags, map(&[("a", "2")]));
}

#[test]
fn d15_every_command_on_a_missing_queue() {
    let fixture = Fixture::new();
    assert_eq!(kind(fixture.view("q")), ErrorKind::QueueDoesNotExist);
    assert_eq!(kind(fixture.set("q", &[])), ErrorKind::QueueDoesNotExist);
    assert_eq!(kind(fixture.purge("q", FREE)), ErrorKind::QueueDoesNotExist);
    assert_eq!(
        kind(fixture.delete_queue("q")),
        ErrorKind::QueueDoesNotExist
    );
    let receive = fixture.try_receive("q", 1, None, Some("attempt"));
    assert_eq!(kind(receive), ErrorKind::QueueDoesNotExist);
    let sources = fixture.execute(Command::ListDeadLetterSources {
        queue: key("q"),
        after: None,
        limit: 1,
    });
    assert_eq!(kind(sources), ErrorKind::QueueDoesNotExist);
}

#[test]
fn a_wait_ends_on_a_change_and_on_an_interrupt() {
    let fixture = Fixture::standard(&[]);
    let long = Duration::from_secs(60);
    for wake in [
        (|model: &Model| drop(model.advance_ms(1))) as fn(&Model),
        |model| model.interrupt(),
    ] {
        let seen = fixture.model.generation();
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| fixture.model.wait_change(seen, long));
            wake(&fixture.model);
            waiter.join().unwrap();
        });
        assert_ne!(fixture.model.generation(), seen);
        fixture.model.wait_change(seen, long);
    }
}

#[test]
fn an_empty_receive_changes_no_generation() {
    let fixture = Fixture::standard(&[]);
    let before = fixture.model.generation();
    fixture.receive("q", 1);
    fixture.peek("q");
    assert_eq!(
        fixture.model.generation(),
        before,
        "or waiters would wake each other for ever"
    );
}

#[test]
fn only_a_manual_clock_can_be_advanced() {
    let model = Model::new(ClockMode::System);
    assert_eq!(kind(model.advance_ms(1)), ErrorKind::UnsupportedOperation);
    assert_eq!(
        kind(model.backup("x".as_ref())),
        ErrorKind::UnsupportedOperation
    );
}
