//! Two opens of one directory in one process share one store.

use super::{Place, body, drain, queue};
use forebay::Store;

#[test]
fn two_opens_share_one_store() {
    let place = Place::new();
    let first = place.open();
    let second = place.open();
    queue(&first).send(body(1)).unwrap();
    assert_eq!(drain(&queue(&second)), [1]);
    first.close();
    queue(&second).send(body(2)).unwrap();
    assert_eq!(drain(&queue(&second)), [2]);
}

#[test]
fn another_name_of_the_directory_is_the_same_store() {
    let place = Place::new();
    let first = place.open();
    queue(&first).send(body(1)).unwrap();
    let link = place.store.with_file_name("link");
    #[cfg(unix)]
    std::os::unix::fs::symlink(&place.store, &link).unwrap();
    #[cfg(not(unix))]
    let link = place.store.join("..").join("store");
    let second = Store::open(&link).unwrap();
    assert_eq!(drain(&queue(&second)), [1]);
    let dotted = place.store.join("..").join("store");
    let third = Store::open(dotted).unwrap();
    queue(&third).send(body(2)).unwrap();
    assert_eq!(drain(&queue(&first)), [2]);
}

#[test]
fn opens_and_closes_at_once_lose_nothing() {
    let place = Place::new();
    let counted = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|worker| {
                let place = &place;
                scope.spawn(move || {
                    for round in 0..25 {
                        let store = place.open();
                        queue(&store).send(body(worker * 100 + round)).unwrap();
                        store.close();
                    }
                    25
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum::<usize>()
    });
    let mut numbers = drain(&queue(&place.open()));
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), counted);
}
