//! One request written in both protocols is the same action.

use super::query::encode;
use crate::{Input, Target};
use forebay_server::wire::action::NAMES;
use forebay_server::wire::query::Params;
use forebay_server::wire::{json, query};
use serde_json::json;

/// Requests, whatever is in their members.
pub const TARGET: Target = Target {
    name: "twins",
    about: "one request in JSON and in Query is one action",
    body,
    seeds,
    words: &["&", "=", "%", "+", "\"", "\\u0000", "."],
    bytes_max: 1_024,
    mutations: 4_000,
};

/// What the JSON protocol calls members.
pub const MEMBERS: &[&str] = &[
    "\"QueueUrl\":",
    "\"QueueName\":",
    "\"MessageBody\":",
    "\"Attributes\":",
    "\"Entries\":",
    "\"Id\":",
    "\"ReceiptHandle\":",
    "\"VisibilityTimeout\":",
    "\"DelaySeconds\":",
    "\"MessageAttributes\":",
    "\"DataType\":",
    "\"StringValue\":",
    "\"BinaryValue\":",
    "\"MessageSystemAttributes\":",
    "\"StringListValues\":",
    "\"AWSAccountIds\":",
    "\"MaxNumberOfMessages\":",
    "\"AttributeNames\":",
    "\"tags\":",
    "\"TagKeys\":",
    "null",
    "true",
    "-1",
    "1e9",
    "\\ud800",
    "\"AWSTraceHeader\":",
];

/// What the Query protocol calls parameters.
pub const PARAMETERS: &[&str] = &[
    "QueueUrl=",
    "QueueName=",
    "MessageBody=",
    "Attribute.1.Name=",
    "Attribute.1.Value=",
    "SendMessageBatchRequestEntry.1.Id=",
    "DeleteMessageBatchRequestEntry.1.ReceiptHandle=",
    "VisibilityTimeout=",
    "DelaySeconds=",
    "MessageAttribute.1.Name=",
    ".Value.DataType=",
    ".Value.StringValue=",
    ".Value.BinaryValue=",
    "MessageSystemAttribute.1.",
    "Tag.1.Key=",
    "Tag.1.Value=",
    "TagKey.1=",
    "ActionName.1=",
    "AWSAccountId.1=",
    "MaxResults=",
    "&",
    "%00",
    "+",
    "%E2%82%AC",
    "-9223372036854775808",
    ".4294967295.",
];

/// A member: its names in JSON and in Query, and what it holds.
type Member = (&'static str, &'static str, Kind);

#[derive(Debug, Clone, Copy)]
enum Kind {
    Text,
    Number,
    List,
    /// With the names that Query gives keys and values.
    Map(&'static str, &'static str),
    Attributes,
    Entries(&'static [Member]),
}

use Kind::{Attributes, Entries, List, Map, Number, Text};

const URL: Member = ("QueueUrl", "QueueUrl", Text);
const ID: Member = ("Id", "Id", Text);
const RECEIPT: Member = ("ReceiptHandle", "ReceiptHandle", Text);
const TIMEOUT: Member = ("VisibilityTimeout", "VisibilityTimeout", Number);
const LABEL: Member = ("Label", "Label", Text);
const NAME: Member = ("QueueName", "QueueName", Text);
const RESULTS: Member = ("MaxResults", "MaxResults", Number);
const TOKEN: Member = ("NextToken", "NextToken", Text);
const SOURCE: Member = ("SourceArn", "SourceArn", Text);
const ATTRIBUTES: Member = ("Attributes", "Attribute", Map("Name", "Value"));
const TAGS: Kind = Map("Key", "Value");
const BODY: Member = ("MessageBody", "MessageBody", Text);
const DELAY: Member = ("DelaySeconds", "DelaySeconds", Number);
const OWN: Member = ("MessageAttributes", "MessageAttribute", Attributes);
const SYSTEM: Member = (
    "MessageSystemAttributes",
    "MessageSystemAttribute",
    Attributes,
);
const DEDUPLICATION: Member = ("MessageDeduplicationId", "MessageDeduplicationId", Text);
const GROUP: Member = ("MessageGroupId", "MessageGroupId", Text);
const RATE: &str = "MaxNumberOfMessagesPerSecond";
const SYSTEM_NAMES: &str = "MessageSystemAttributeName";

fn members(action: &str) -> &'static [Member] {
    match action {
        "AddPermission" => &[
            URL,
            LABEL,
            ("AWSAccountIds", "AWSAccountId", List),
            ("Actions", "ActionName", List),
        ],
        "RemovePermission" => &[URL, LABEL],
        "CreateQueue" => &[NAME, ATTRIBUTES, ("tags", "Tag", TAGS)],
        "GetQueueUrl" => &[
            NAME,
            ("QueueOwnerAWSAccountId", "QueueOwnerAWSAccountId", Text),
        ],
        "ListQueues" => &[("QueueNamePrefix", "QueueNamePrefix", Text), RESULTS, TOKEN],
        "ListDeadLetterSourceQueues" => &[URL, RESULTS, TOKEN],
        "GetQueueAttributes" => &[URL, ("AttributeNames", "AttributeName", List)],
        "SetQueueAttributes" => &[URL, ATTRIBUTES],
        "TagQueue" => &[URL, ("Tags", "Tag", TAGS)],
        "UntagQueue" => &[URL, ("TagKeys", "TagKey", List)],
        "SendMessage" => &[URL, BODY, DELAY, OWN, SYSTEM, DEDUPLICATION, GROUP],
        "SendMessageBatch" => &[
            URL,
            (
                "Entries",
                "SendMessageBatchRequestEntry",
                Entries(&[ID, BODY, DELAY, OWN, SYSTEM, DEDUPLICATION, GROUP]),
            ),
        ],
        "ReceiveMessage" => &[
            URL,
            TIMEOUT,
            ("MaxNumberOfMessages", "MaxNumberOfMessages", Number),
            ("WaitTimeSeconds", "WaitTimeSeconds", Number),
            ("AttributeNames", "AttributeName", List),
            ("MessageSystemAttributeNames", SYSTEM_NAMES, List),
            ("MessageAttributeNames", "MessageAttributeName", List),
            ("ReceiveRequestAttemptId", "ReceiveRequestAttemptId", Text),
        ],
        "DeleteMessage" => &[URL, RECEIPT],
        "DeleteMessageBatch" => &[
            URL,
            (
                "Entries",
                "DeleteMessageBatchRequestEntry",
                Entries(&[ID, RECEIPT]),
            ),
        ],
        "ChangeMessageVisibility" => &[URL, RECEIPT, TIMEOUT],
        "ChangeMessageVisibilityBatch" => &[
            URL,
            (
                "Entries",
                "ChangeMessageVisibilityBatchRequestEntry",
                Entries(&[ID, RECEIPT, TIMEOUT]),
            ),
        ],
        "StartMessageMoveTask" => &[
            SOURCE,
            ("DestinationArn", "DestinationArn", Text),
            (RATE, RATE, Number),
        ],
        "CancelMessageMoveTask" => &[("TaskHandle", "TaskHandle", Text)],
        "ListMessageMoveTasks" => &[SOURCE, RESULTS],
        // DeleteQueue, PurgeQueue, ListQueueTags.
        _ => &[URL],
    }
}

fn seeds() -> Vec<Vec<u8>> {
    let script = |action: u8| [&[action][..], &[1, 3, b'a', b'&', 7, 1, 2].repeat(30)].concat();
    (0..NAMES.len() as u8).map(script).collect()
}

fn body(data: &[u8]) {
    let input = &mut Input::new(data);
    let name = NAMES[usize::from(input.byte()) % NAMES.len()];
    let turn = usize::from(input.byte());
    let mut form = Vec::new();
    let text = write(input, members(name), "", &mut form);
    let turn = turn % form.len().max(1);
    form.rotate_left(turn);
    let form: Vec<String> = form
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let mut params = Params::default();
    assert_eq!(params.add(form.join("&").as_bytes()), Ok(()));
    let of_json = json::read(name, text.as_bytes());
    assert!(of_json.is_ok(), "{of_json:?}: {text}");
    assert_eq!(of_json, query::read(name, &params, None), "{text}");
}

/// Writes some of `all`: returned in JSON, added to the form with `prefix` before the names.
fn write(
    input: &mut Input<'_>,
    all: &[Member],
    prefix: &str,
    form: &mut Vec<(String, String)>,
) -> String {
    let mut object = Vec::new();
    for (in_json, in_query, kind) in all {
        // Query does not tell an empty batch from none.
        let always = matches!(kind, Entries(_));
        if !input.flag() && !always {
            continue;
        }
        let name = format!("{prefix}{in_query}");
        if let Some(value) = value(input, *kind, &name, form) {
            object.push(format!("{}:{value}", json!(in_json)));
        }
    }
    format!("{{{}}}", object.join(","))
}

/// `None` for what is empty: Query cannot say that.
fn value(
    input: &mut Input<'_>,
    kind: Kind,
    name: &str,
    form: &mut Vec<(String, String)>,
) -> Option<String> {
    let mut number = 0;
    let mut next = |input: &mut Input<'_>| {
        number += 1 + u32::from(input.byte() % 3);
        format!("{name}.{number}")
    };
    Some(match kind {
        Text => {
            let text = input.text();
            form.push((name.into(), text.clone()));
            json!(text).to_string()
        }
        Number => {
            let value = input.u64() as i64;
            form.push((name.into(), value.to_string()));
            value.to_string()
        }
        List => {
            let texts = input.list(4, Input::text);
            for text in &texts {
                form.push((next(input), text.clone()));
            }
            (!texts.is_empty()).then(|| json!(texts).to_string())?
        }
        Map(key, value) => {
            let pairs = input.list(4, |input| (input.text(), input.text()));
            let mut members = Vec::new();
            for (own_key, own_value) in &pairs {
                let entry = next(input);
                form.push((format!("{entry}.{key}"), own_key.clone()));
                form.push((format!("{entry}.{value}"), own_value.clone()));
                members.push(format!("{}:{}", json!(own_key), json!(own_value)));
            }
            (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))?
        }
        Attributes => {
            let count = input.below(4);
            let members: Vec<String> = (0..count)
                .map(|_| {
                    let entry = next(input);
                    let name = input.text();
                    form.push((format!("{entry}.Name"), name.clone()));
                    format!("{}:{}", json!(name), attribute(input, &entry, form))
                })
                .collect();
            (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))?
        }
        Entries(all) => {
            let count = input.below(4);
            let entries: Vec<String> = (0..count)
                .filter_map(|_| {
                    let (entry, before) = (next(input), form.len());
                    let text = write(input, all, &format!("{entry}."), form);
                    // Without a parameter there is no entry.
                    (form.len() > before).then_some(text)
                })
                .collect();
            format!("[{}]", entries.join(","))
        }
    })
}

fn attribute(input: &mut Input<'_>, entry: &str, form: &mut Vec<(String, String)>) -> String {
    const ALL: &[Member] = &[
        ("DataType", "DataType", Text),
        ("StringValue", "StringValue", Text),
        ("BinaryValue", "BinaryValue", Text),
        ("StringListValues", "StringListValue", List),
        ("BinaryListValues", "BinaryListValue", List),
    ];
    write(input, ALL, &format!("{entry}.Value."), form)
}
