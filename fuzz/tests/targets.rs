//! Every target on its seeds and on mutations of them, the same each time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use forebay_fuzz::{Mutator, TARGETS, find};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Prints an input so that it can be put into a file.
fn run(body: fn(&[u8]), input: &[u8], which: &str) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| body(input))) {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{which}: xxd -r -p <<< {hex}");
        eprintln!("as text: {:?}", String::from_utf8_lossy(input));
        resume_unwind(panic);
    }
}

fn check(name: &str) {
    let target = find(name).unwrap();
    let seeds = (target.seeds)();
    for (number, seed) in seeds.iter().enumerate() {
        assert!(seed.len() <= target.bytes_max, "seed {number} is too long");
        run(target.body, seed, &format!("{name}, seed {number}"));
    }
    run(target.body, &[], &format!("{name}, nothing"));
    let mut mutator = Mutator::new(1);
    for number in 0..target.mutations {
        let input = mutator.input(&seeds, target.words, target.bytes_max);
        run(target.body, &input, &format!("{name}, mutation {number}"));
    }
}

macro_rules! targets {
    ($($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_target_has_its_test() {
            let mut tested = vec![$(stringify!($name)),*];
            let mut known: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            tested.sort_unstable();
            known.sort_unstable();
            assert_eq!(tested, known);
        }
    };
}

targets!(
    records, content, log, index, receipts, rules, json, query, twins, xml, soap, soap_calls, urls,
    request, rest, signatures, policies, times, config, elasticmq,
);
