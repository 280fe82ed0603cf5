//! Short runs of what `cargo xtask model` does at length.

use forebay::store::model::Bug;
use forebay_model::history::{Scale, Shape};
use forebay_model::search;
use forebay_model::subject::{InMemory, OnDisk, OnPostgres, Subject};

fn reference() -> forebay::Result<Box<dyn Subject>> {
    Ok(Box::new(InMemory::reference()))
}

#[test]
fn the_reference_equals_itself() {
    search::many(1..101, Shape::USUAL, &reference, &|| {}).unwrap();
}

#[test]
fn the_embedded_store_equals_the_reference_also_when_reopened_and_rebuilt() {
    let embedded =
        || -> forebay::Result<Box<dyn Subject>> { Ok(Box::new(OnDisk::open(Scale::Small)?)) };
    if let Err(found) = search::many(1..201, Shape::USUAL, &embedded, &|| {}) {
        panic!("{found}");
    }
}

#[test]
fn the_embedded_store_equals_the_reference_with_long_messages_and_large_batches() {
    let embedded =
        || -> forebay::Result<Box<dyn Subject>> { Ok(Box::new(OnDisk::open(Scale::Large)?)) };
    let shape = Shape {
        scale: Scale::Large,
        ..Shape::USUAL
    };
    if let Err(found) = search::many(1..21, shape, &embedded, &|| {}) {
        panic!("{found}");
    }
}

#[test]
fn the_embedded_store_equals_the_reference_after_power_cuts() {
    let embedded = || -> forebay::Result<Box<dyn Subject>> {
        Ok(Box::new(OnDisk::open_to_cut(Scale::Small)?))
    };
    if let Err(found) = search::many(1..101, Shape::USUAL, &embedded, &|| {}) {
        panic!("{found}");
    }
}

#[test]
fn the_store_on_postgres_equals_the_reference_also_when_reopened() {
    if forebay_test_postgres::shared().is_none() {
        return;
    }
    let postgres = || -> forebay::Result<Box<dyn Subject>> { Ok(Box::new(OnPostgres::open()?)) };
    if let Err(found) = search::many(1..41, Shape::USUAL, &postgres, &|| {}) {
        panic!("{found}");
    }
}

#[test]
fn a_seed_makes_one_history() {
    let open = || -> forebay::Result<Box<dyn Subject>> {
        Ok(Box::new(InMemory::with_bug(Bug::OneReceiveTooMany)))
    };
    let find = || {
        (1..)
            .find_map(|seed| search::one(seed, Shape::USUAL, &open).err())
            .unwrap()
    };
    let (first, second) = (find(), find());
    assert_eq!(first.seed, second.seed);
    assert_eq!(first.to_string(), second.to_string());
}

#[test]
fn the_comparison_finds_mistakes_and_makes_them_small() {
    for bug in Bug::ALL {
        let open =
            || -> forebay::Result<Box<dyn Subject>> { Ok(Box::new(InMemory::with_bug(bug))) };
        let found = (1..100).find_map(|seed| search::one(seed, Shape::USUAL, &open).err());
        let found = found.unwrap_or_else(|| panic!("{bug:?} was not found"));
        assert!(found.history.ops.len() < 20, "{found}");
    }
}
