//! The Query protocol: any form is read or refused, and the refusal is XML that says why.

use super::answers::check_refusal;
use crate::{Input, Target};
use forebay_server::wire::Protocol;
use forebay_server::wire::action::NAMES;
use forebay_server::wire::query::{Params, percent_decode, read};

/// Forms and query strings.
pub const TARGET: Target = Target {
    name: "query",
    about: "forms of the Query protocol: read, or refused in XML",
    body,
    seeds,
    words: super::twins::PARAMETERS,
    bytes_max: 2_048,
    mutations: 3_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let forms = [
        (
            17,
            "QueueUrl=http%3A%2F%2Fh%2F1%2Fq&MessageBody=a+b%2B%E2%82%AC&DelaySeconds=5",
        ),
        (
            17,
            "MessageAttribute.1.Name=a&MessageAttribute.1.Value.DataType=String",
        ),
        (
            18,
            "SendMessageBatchRequestEntry.2.Id=a&SendMessageBatchRequestEntry.1.Id=b",
        ),
        (
            15,
            "AttributeName.1=All&MaxNumberOfMessages=10&WaitTimeSeconds=-1",
        ),
        (
            4,
            "QueueName=q&Attribute.1.Name=FifoQueue&Attribute.1.Value=true&Tag.1.Key=k",
        ),
        (0, "Label=l&AWSAccountId.1=1&ActionName.1=*&&=&a"),
    ];
    let seed = |(action, form): (u8, &str)| [&[action], form.as_bytes()].concat();
    forms.into_iter().map(seed).collect()
}

fn body(data: &[u8]) {
    let mut input = Input::new(data);
    let name = NAMES[usize::from(input.byte()) % NAMES.len()];
    let form = input.rest();
    let mut params = Params::default();
    if let Err(refusal) = params.add(form) {
        assert_eq!(refusal.code(), "MalformedQueryString");
        return check_refusal(Protocol::Query, &refusal);
    }
    // Writing all of it anew changes nothing, and neither does the order of different names.
    let mut again = Params::default();
    let pairs: Vec<String> = params
        .iter()
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    let backwards: Vec<&str> = pairs.iter().rev().map(String::as_str).collect();
    assert_eq!(again.add(backwards.join("&").as_bytes()), Ok(()));
    assert_eq!(again, params);
    match read(name, &params, Some("/1/q".into())) {
        Ok(action) => assert_eq!(read(name, &again, Some("/1/q".into())), Ok(action)),
        Err(refusal) => {
            // A number that is none, or half of a pair.
            let codes = ["InvalidParameterValue", "MissingParameter"];
            assert!(codes.contains(&refusal.code()), "{}", refusal.code());
            assert_eq!(
                read(name, &again, Some("/1/q".into())),
                Err(refusal.clone())
            );
            check_refusal(Protocol::Query, &refusal);
        }
    }
    if let Some(decoded) = percent_decode(form, false) {
        let text: String = decoded.iter().map(|byte| format!("%{byte:02x}")).collect();
        assert_eq!(percent_decode(text.as_bytes(), true), Some(decoded));
    }
}

/// As clients encode parameters.
pub fn encode(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    text.bytes().map(one).collect()
}
