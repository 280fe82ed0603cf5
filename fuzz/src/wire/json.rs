//! AWS JSON: any body is read or refused, and the refusal is JSON that names itself.

use super::answers::check_refusal;
use crate::{Input, Target};
use forebay_server::wire::Protocol;
use forebay_server::wire::action::NAMES;
use forebay_server::wire::json::read;

/// Bodies of JSON requests.
pub const TARGET: Target = Target {
    name: "json",
    about: "bodies of AWS JSON: read, or refused in JSON",
    body,
    seeds,
    words: super::twins::MEMBERS,
    bytes_max: 2_048,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let bodies = [
        (
            17,
            r#"{"QueueUrl":"http://h/1/q","MessageBody":"a\u20ac","DelaySeconds":5}"#,
        ),
        (
            17,
            r#"{"MessageAttributes":{"a":{"DataType":"String","StringValue":"\n"}}}"#,
        ),
        (
            18,
            r#"{"QueueUrl":"q","Entries":[{"Id":"a","MessageBody":"b"},{}]}"#,
        ),
        (
            15,
            r#"{"MaxNumberOfMessages":10,"AttributeNames":["All"],"WaitTimeSeconds":-1}"#,
        ),
        (
            4,
            r#"{"QueueName":"q","Attributes":{"FifoQueue":"true"},"tags":{"k":"v"}}"#,
        ),
        (
            0,
            r#"{"Label":"l","AWSAccountIds":["1"],"Actions":["*"],"Other":[{"x":null}]}"#,
        ),
    ];
    let seed = |(action, body): (u8, &str)| [&[action], body.as_bytes()].concat();
    bodies.into_iter().map(seed).collect()
}

fn body(data: &[u8]) {
    let mut input = Input::new(data);
    let name = NAMES[usize::from(input.byte()) % NAMES.len()];
    let body = input.rest();
    match read(name, body) {
        Ok(action) => {
            assert_eq!(read(name, body).as_ref(), Ok(&action));
            // White space around it changes nothing.
            let spaced = [b" \r\n\t", body, b"\n "].concat();
            if !body.is_empty() {
                assert_eq!(read(name, &spaced), Ok(action));
            }
        }
        Err(refusal) => {
            assert_eq!(refusal.code(), "SerializationException");
            check_refusal(Protocol::Json, &refusal);
            check_refusal(Protocol::Query, &refusal);
        }
    }
    let unknown = String::from_utf8_lossy(body);
    if !NAMES.contains(&&*unknown) {
        let refusal = read(&unknown, b"{}").unwrap_err();
        assert_eq!(refusal.code(), "InvalidAction");
        check_refusal(Protocol::Json, &refusal);
    }
}
