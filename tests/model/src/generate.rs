//! Random histories, weighted towards what queues get wrong: groups, deadlines, returns.

use crate::history::{
    Entry, Flaw, History, Identity, Op, Pick, QUEUES, Reopen, Scale, Setting, Shape,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;

/// Histories of a shape.
pub fn history(shape: Shape) -> impl Strategy<Value = History> {
    let Shape { operations, scale } = shape;
    (setup(), vec(ops(scale), operations)).prop_map(move |(mut ops, more)| {
        ops.extend(more.into_iter().flatten().take(operations));
        History { ops }
    })
}

/// Creates every queue and links them, chains included.
fn setup() -> impl Strategy<Value = Vec<Op>> {
    let count = QUEUES.len();
    (
        vec(vec(first_setting(), 0..4), count),
        vec(weighted(0.7, 1..4_u32), count),
    )
        .prop_map(|(settings, links)| {
            let creations = settings
                .into_iter()
                .enumerate()
                .map(|(queue, settings)| Op::Create {
                    queue,
                    settings,
                    strict: false,
                });
            // a and b send to dead, dead to b: a chain, and a circle when b has a policy too.
            let targets = [2, 2, 1, 5, 5, 4];
            let links = links
                .into_iter()
                .enumerate()
                .filter_map(|(queue, max_receives)| {
                    Some(Op::Set {
                        queue,
                        settings: vec![Setting::Redrive(Some((targets[queue], max_receives?)))],
                    })
                });
            creations.chain(links).collect()
        })
}

/// One operation, or some that belong together.
fn ops(scale: Scale) -> impl Strategy<Value = Vec<Op>> {
    prop_oneof![
        50 => op(scale).prop_map(|op| vec![op]),
        1 => drain(),
        1 => recreate(scale),
    ]
}

/// A queue is emptied, or nearly.
fn drain() -> impl Strategy<Value = Vec<Op>> {
    (queue(), 1..100_u32, 0..100_usize).prop_map(|(queue, max, deleted)| {
        let receive = Op::Receive {
            queue,
            max,
            visibility_s: Some(30),
            attempt: None,
            wait_s: Some(0),
        };
        let picks = (0..deleted.min(max as usize)).map(|back| Pick {
            back,
            any_queue: false,
        });
        let picks = picks.collect();
        vec![receive, Op::Delete { queue, picks }]
    })
}

/// A queue is deleted and another one of that name takes its place.
fn recreate(scale: Scale) -> impl Strategy<Value = Vec<Op>> {
    let again = (queue(), vec(first_setting(), 0..3), vec(entry(scale), 1..5));
    (vec(again, 1..4), any::<bool>()).prop_map(|(queues, sends)| {
        let one = |(queue, settings, entries)| {
            let gone = Op::DeleteQueue {
                queue,
                only_if_empty: false,
            };
            let created = Op::Create {
                queue,
                settings,
                strict: false,
            };
            let sent = sends.then_some(Op::Send { queue, entries });
            [gone, created].into_iter().chain(sent)
        };
        queues.into_iter().flat_map(one).collect()
    })
}

fn op(scale: Scale) -> impl Strategy<Value = Op> {
    Union::new_weighted(vec![
        (28, send(scale).boxed()),
        (2, flood(scale).boxed()),
        (24, receive().boxed()),
        (10, delete().boxed()),
        (9, change().boxed()),
        (14, advance().boxed()),
        (3, peek().boxed()),
        (7, administration().boxed()),
        (5, move_task().boxed()),
        (4, Just(Op::Switch).boxed()),
        (
            1,
            select(vec![
                Op::Reopen(Reopen::Plain),
                Op::Reopen(Reopen::WithoutIndex),
                Op::Reopen(Reopen::FromBackup),
            ])
            .boxed(),
        ),
    ])
}

fn queue() -> impl Strategy<Value = usize> {
    // Dead-letter queues fill by themselves; the others are addressed more often.
    select(vec![0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5])
}

fn send(scale: Scale) -> impl Strategy<Value = Op> {
    (queue(), vec(entry(scale), 1..5)).prop_map(|(queue, entries)| Op::Send { queue, entries })
}

fn entry(scale: Scale) -> impl Strategy<Value = Entry> {
    let identity = prop_oneof![
        6 => Just(Identity::Unique),
        3 => (0..4_u8).prop_map(Identity::Repeated),
        1 => (0..3_u8).prop_map(Identity::Content),
    ];
    let flaw = select(vec![
        Flaw::TooLong,
        Flaw::BadGroup,
        Flaw::NoGroup,
        Flaw::WrongKind,
    ]);
    let delay_s = select(vec![0, 1, 2, 5, 901]);
    (
        weighted(0.8, 0..4_u8),
        identity,
        weighted(0.25, delay_s),
        padding(scale),
        attributes(),
        weighted(0.02, flaw),
    )
        .prop_map(
            |(group, identity, delay_s, padding, attributes, flaw)| Entry {
                group,
                identity,
                delay_s,
                padding,
                attributes,
                flaw,
            },
        )
}

/// With the smallest segments these make reclamation work, and some leave much of a segment unused
/// behind them. With its attributes the longest message just fits one.
fn padding(scale: Scale) -> impl Strategy<Value = usize> {
    let (short, long, longest): (usize, usize, usize) = match scale {
        Scale::Small => (2_000, 42_000, 53_000),
        Scale::Large => (40_000, 800_000, 1_030_000),
    };
    prop_oneof![
        60 => Just(0),
        20 => 1..short,
        14 => short..long,
        5 => long..longest,
    ]
}

fn attributes() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        30 => Just(Vec::new()),
        4 => vec(1..100_usize, 1..10),
        1 => vec(1..3_000_usize, 1..5),
    ]
}

fn flood(scale: Scale) -> impl Strategy<Value = Op> {
    let (many, long) = match scale {
        Scale::Small => (100..400_usize, 1_000..9_000_usize),
        // Of more than a thousand that are due at once a store may have done a part when the next
        // command comes: in a standard queue, or among groups, that can be another order.
        Scale::Large => (400..900_usize, 20_000..180_000_usize),
    };
    let size = prop_oneof![
        8 => (25..45_usize, Just(0)),
        1 => (many.clone(), Just(0)),
        1 => (many, 1..300_usize),
        2 => (25..45_usize, long),
    ];
    (queue(), 0..4_u8, size).prop_map(|(queue, group, (count, padding))| Op::Flood {
        queue,
        group,
        count,
        padding,
    })
}

fn receive() -> impl Strategy<Value = Op> {
    let max = prop_oneof![9 => 1..11_u32, 1 => 11..60_u32];
    let visibility_s = select(vec![0, 0, 1, 2, 5, 30, 43_200]);
    (
        queue(),
        max,
        weighted(0.5, visibility_s),
        weighted(0.15, 0..3_u8),
        select(vec![Some(0), Some(20), None]),
    )
        .prop_map(|(queue, max, visibility_s, attempt, wait_s)| Op::Receive {
            queue,
            max,
            visibility_s,
            attempt,
            wait_s,
        })
}

fn pick() -> impl Strategy<Value = Pick> {
    let back = prop_oneof![3 => 0..4_usize, 1 => 0..40_usize];
    (back, proptest::bool::weighted(0.05)).prop_map(|(back, any_queue)| Pick { back, any_queue })
}

fn delete() -> impl Strategy<Value = Op> {
    (queue(), vec(pick(), 1..4)).prop_map(|(queue, picks)| Op::Delete { queue, picks })
}

fn change() -> impl Strategy<Value = Op> {
    let seconds = select(vec![0, 0, 1, 2, 5, 30, 43_200]);
    (queue(), vec((pick(), seconds), 1..4))
        .prop_map(|(queue, entries)| Op::Change { queue, entries })
}

fn advance() -> impl Strategy<Value = Op> {
    let by_ms = select(vec![
        0, 1, 500, 999, 1_000, 2_000, 5_000, 30_000, 60_000, 300_000,
    ]);
    prop_oneof![
        2 => by_ms.prop_map(|by_ms| Op::Advance { by_ms }),
        3 => (0..6_usize, -1..2_i64)
            .prop_map(|(pick, offset_ms)| Op::AdvanceTo { pick, offset_ms }),
    ]
}

fn peek() -> impl Strategy<Value = Op> {
    let limit = select(vec![1, 3, 1_000]);
    (
        queue(),
        any::<bool>(),
        weighted(0.3, 0..4_u8),
        0..10_u64,
        limit,
    )
        .prop_map(|(queue, in_flight, group, after, limit)| Op::Peek {
            queue,
            in_flight,
            group,
            after,
            limit,
        })
}

fn administration() -> impl Strategy<Value = Op> {
    let limit = || select(vec![1, 2, 1_000]);
    let settings = || vec(setting(), 0..3);
    prop_oneof![
        3 => (queue(), settings()).prop_map(|(queue, settings)| Op::Set { queue, settings }),
        3 => (queue(), settings(), any::<bool>())
            .prop_map(|(queue, settings, strict)| Op::Create { queue, settings, strict }),
        1 => queue().prop_map(|queue| Op::DeleteQueue { queue, only_if_empty: false }),
        1 => queue().prop_map(|queue| Op::DeleteQueue { queue, only_if_empty: true }),
        1 => (queue(), any::<bool>()).prop_map(|(queue, strict)| Op::Purge { queue, strict }),
        3 => queue().prop_map(|queue| Op::Get { queue }),
        1 => (queue(), 0..4_usize).prop_map(|(queue, key)| Op::Tag { queue, key }),
        1 => (queue(), 0..4_usize).prop_map(|(queue, key)| Op::Untag { queue, key }),
        1 => (select(vec!["", "a", "dead"]), limit())
            .prop_map(|(prefix, limit)| Op::List { prefix, limit }),
        1 => (queue(), limit()).prop_map(|(queue, limit)| Op::ListSources { queue, limit }),
    ]
}

fn move_task() -> impl Strategy<Value = Op> {
    // Mostly from the dead-letter queues, which can be sources.
    let source = || select(vec![2, 2, 2, 5, 5, 5, 1, 4, 0]);
    let rate = select(vec![1, 3, 500, 501]);
    prop_oneof![
        3 => (source(), weighted(0.5, queue()), weighted(0.5, rate)).prop_map(
            |(queue, destination, rate)| Op::StartTask { queue, destination, rate }
        ),
        1 => (source(), 0..2_u64).prop_map(|(queue, back)| Op::CancelTask { queue, back }),
        2 => source().prop_map(|queue| Op::ListTasks { queue }),
        2 => Just(Op::Work),
    ]
}

/// Settings that any queue accepts.
fn first_setting() -> impl Strategy<Value = Setting> {
    prop_oneof![
        1 => select(vec![0, 1, 3]).prop_map(Setting::Delay),
        1 => select(vec![60, 120, 345_600]).prop_map(Setting::Retention),
        2 => select(vec![0, 1, 2, 5, 30]).prop_map(Setting::Visibility),
        1 => select(vec![0, 20]).prop_map(Setting::Wait),
        1 => any::<bool>().prop_map(Setting::GroupScope),
        1 => any::<bool>().prop_map(Setting::Content),
    ]
}

fn setting() -> impl Strategy<Value = Setting> {
    prop_oneof![
        6 => first_setting(),
        1 => select(vec![1_024, 1_048_576, 1_023]).prop_map(Setting::SizeMax),
        1 => Just(Setting::Delay(901)),
        2 => weighted(0.8, (0..QUEUES.len(), 1..4_u32)).prop_map(Setting::Redrive),
        1 => any::<bool>().prop_map(Setting::Allow),
    ]
}
