//! The wall clock goes back by an hour: while the store is open, and across a start of the
//! machine.

use super::{Place, body, drain, queue};
use forebay::store::StoreOptions;
use forebay::store::embedded::{Surroundings, open_on};
use forebay::{OpenOptions, Store};

const HOUR_MS: u64 = 3_600_000;
const NOON_MS: u64 = 1_700_000_000_000;

fn open(place: &Place, boot: u8, wall_ms: u64) -> Store {
    let surroundings = Surroundings {
        boot: Some([boot; 16]),
        wall_ms: Some(wall_ms),
        ..Surroundings::default()
    };
    std::fs::create_dir_all(&place.store).unwrap();
    let storage = open_on(&place.store, &StoreOptions::default(), &surroundings).unwrap();
    OpenOptions::new().open_storage(storage).unwrap()
}

#[test]
fn time_never_goes_back_when_the_store_is_opened_again() {
    let place = Place::new();
    let before = {
        let store = open(&place, 1, NOON_MS);
        queue(&store).send(body(1)).unwrap();
        let now_ms = store.now_ms().unwrap();
        assert!((NOON_MS..NOON_MS + 60_000).contains(&now_ms), "{now_ms}");
        now_ms
    };
    for boot in [1, 2] {
        let store = open(&place, boot, NOON_MS - HOUR_MS);
        let now_ms = store.now_ms().unwrap();
        assert!(now_ms >= before, "boot {boot}: {now_ms} after {before}");
        queue(&store).send(body(2)).unwrap();
    }
    let store = open(&place, 3, NOON_MS - HOUR_MS);
    assert_eq!(drain(&queue(&store)), [1, 2, 2]);
}

#[test]
fn a_timeout_does_not_grow_by_the_hour_that_the_clock_lost() {
    let place = Place::new();
    {
        let store = open(&place, 1, NOON_MS);
        let queue = queue(&store);
        queue.send(body(1)).unwrap();
        let options = forebay::ReceiveOptions::new().visibility_timeout(60);
        assert_eq!(queue.receive(&options).unwrap().len(), 1);
    }
    let store = open(&place, 2, NOON_MS - HOUR_MS);
    let peeked = queue(&store)
        .peek(&forebay::PeekOptions::new())
        .unwrap()
        .remove(0);
    let left_ms = peeked
        .visible_ms
        .unwrap()
        .saturating_sub(store.now_ms().unwrap());
    assert!(left_ms <= 60_000, "{left_ms} ms are left of 60 s");
}
