//! What is checked of every pair.

mod content;
mod order;
mod settling;

use crate::pair::Pair;

/// One check; each uses a queue of its own name.
pub struct Check {
    pub name: &'static str,
    /// Capabilities that both drivers must have.
    pub needs: &'static [&'static str],
    pub run: fn(&mut Pair<'_>) -> Result<(), String>,
}

/// In the order they run.
pub const ALL: &[Check] = &[
    check("queues", &[], content::queues),
    check("bodies", &["no_limits"], content::bodies),
    check("attributes", &["no_limits"], content::attributes),
    check("fifo order", &[], order::groups_keep_their_order),
    check("deduplication", &[], order::duplicates_are_known),
    check("receipts", &[], settling::receipts_travel),
    check("dead letters", &[], settling::dead_letters_keep_their_story),
    check("wake-up", &["tickets"], settling::a_send_wakes_the_other),
    check("in flight", &[], settling::what_one_holds_the_other_misses),
];

const fn check(
    name: &'static str,
    needs: &'static [&'static str],
    run: fn(&mut Pair<'_>) -> Result<(), String>,
) -> Check {
    Check { name, needs, run }
}
