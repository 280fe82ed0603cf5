//! docs/COMPATIBILITY.md, printed from what the scenarios gave over HTTP.

use crate::run::Verdict;
use crate::scenario::{Scenario, Step};
use crate::semantics;
use std::collections::BTreeSet;
use std::fmt::Write;

/// The drivers whose results are shown, in the order of the columns.
pub const DRIVERS: [&str; 2] = ["http-json", "http-query"];

/// The start of the document.
const HEAD: &str = "\
# Compatibility

Printed by `cargo xtask compatibility` from the results of the scenarios over HTTP, in AWS JSON 1.0
and in Query with XML (2012-11-05); `cargo test -p forebay-scenarios` compares. `ok`: every scenario
passed. Clients that others wrote run against the server in `cargo xtask test clients`: boto3 of
2026 (JSON) and of 2023 (Query), aiobotocore, the AWS command line, the AWS SDKs for JavaScript and
for Rust, sqs-consumer, and a Celery worker. The bytes on the wire, signatures and policies are
tested in `server/tests/wire`.
";

/// What is known to differ from SQS, beyond what the rules below say.
const DEVIATIONS: &[&str] = &[
    "Texts of refusals are those recorded from SQS; some say in a further sentence which value was \
     sent.",
    "`Accept: application/json` on a Query call changes nothing: the answer is XML.",
    "The versions of 2006 to 2011 are described in LEGACY.md; what follows is about 2012-11-05.",
    "Signature V2 is accepted, where SQS by now answers `InvalidSecurity`; versions 0 and 1 are \
     refused.",
    "There are no identity policies: an account's root and its users may do all with its own \
     queues, unless the queue's policy denies it. A caller of another account needs the queue's \
     policy only.",
    "Principals of services, federations and canonical users are read and never match, since no \
     such caller exists here.",
    "A stored policy that cannot be read, as one set through the library, allows nothing.",
    "KMS keys are kept and returned, and nothing is done with them; there are no KMS errors.",
    "Any 12 digits are an account.",
    "Without credentials in the configuration anyone is accepted, and policies are not evaluated.",
    "A body that was stored through the library and has characters outside SQS's set comes in \
     base64, with the message attribute `forebay.BodyEncoding`.",
];

/// An action, the verb of scenarios that calls it, and a test where none does.
const ACTIONS: [(&str, &str); 23] = [
    ("AddPermission", "server/tests/wire/auth.rs"),
    ("CancelMessageMoveTask", "cancel_move_task"),
    ("ChangeMessageVisibility", "change_visibility"),
    ("ChangeMessageVisibilityBatch", "change_visibility_batch"),
    ("CreateQueue", "create_queue"),
    ("DeleteMessage", "delete"),
    ("DeleteMessageBatch", "delete_batch"),
    ("DeleteQueue", "delete_queue"),
    ("GetQueueAttributes", "get_attributes"),
    ("GetQueueUrl", "get_queue"),
    ("ListDeadLetterSourceQueues", "dead_letter_sources"),
    ("ListMessageMoveTasks", "list_move_tasks"),
    ("ListQueueTags", "list_tags"),
    ("ListQueues", "list_queues"),
    ("PurgeQueue", "purge"),
    ("ReceiveMessage", "receive"),
    ("RemovePermission", "server/tests/wire/auth.rs"),
    ("SendMessage", "send"),
    ("SendMessageBatch", "send_batch"),
    ("SetQueueAttributes", "set_attributes"),
    ("StartMessageMoveTask", "start_move_task"),
    ("TagQueue", "tag"),
    ("UntagQueue", "untag"),
];

/// The document. `columns` are the verdicts of [`DRIVERS`] for every scenario.
pub fn print(semantics: &str, scenarios: &[Scenario], columns: [&[Verdict]; 2]) -> String {
    let mut text = HEAD.to_owned();
    line(&mut text, "\n## Known deviations\n");
    for deviation in DEVIATIONS {
        line(&mut text, &format!("- {deviation}"));
    }
    line(&mut text, "\n## Actions\n");
    line(&mut text, "| action | JSON | Query | scenarios |");
    line(&mut text, "|---|---|---|---|");
    for (action, verb) in ACTIONS {
        let chosen: Vec<usize> = (0..scenarios.len())
            .filter(|index| calls(&scenarios[*index].steps, verb))
            .collect();
        let proof = match chosen.is_empty() {
            true => format!("`{verb}`"),
            false => chosen.len().to_string(),
        };
        let [json, query] = columns.map(|verdicts| sum(&chosen, verdicts));
        line(
            &mut text,
            &format!("| {action} | {json} | {query} | {proof} |"),
        );
    }
    line(&mut text, "\n## Rules\n");
    line(&mut text, "| rule | here | JSON | Query |");
    line(&mut text, "|---|---|---|---|");
    for (rule, decision) in semantics::decisions(semantics) {
        let chosen: Vec<usize> = (0..scenarios.len())
            .filter(|index| scenarios[*index].rules.contains(&rule))
            .collect();
        let [json, query] = columns.map(|verdicts| sum(&chosen, verdicts));
        line(
            &mut text,
            &format!("| {rule} | {decision} | {json} | {query} |"),
        );
    }
    text
}

/// Whether a step of these, or of a repetition in them, is this verb.
fn calls(steps: &[Step], verb: &str) -> bool {
    steps.iter().any(|step| match step {
        Step::Call(call) => call.verb.name == verb,
        Step::Repeat(_, steps) => calls(steps, verb),
        Step::Advance(_) => false,
    })
}

/// One word for the verdicts of several scenarios.
fn sum(chosen: &[usize], verdicts: &[Verdict]) -> String {
    let own = || chosen.iter().filter_map(|index| verdicts.get(*index));
    if own().any(|verdict| matches!(verdict, Verdict::Failed(_))) {
        return "FAILED".into();
    }
    if own().any(|verdict| *verdict == Verdict::Passed) {
        return "ok".into();
    }
    let reasons: BTreeSet<&str> = own()
        .filter_map(|verdict| match verdict {
            Verdict::Skipped(reason) => Some(reason.as_str()),
            _ => None,
        })
        .collect();
    match reasons.is_empty() {
        true => "other tests".into(),
        false => reasons.into_iter().collect::<Vec<_>>().join(", "),
    }
}

fn line(text: &mut String, content: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(text, "{content}");
}
