//! Malformed requests: always an answer below 500, or the end of the connection; never a panic,
//! a hang, or a server that is gone.

use super::support::{Server, config};
use proptest::prelude::*;
use std::sync::OnceLock;

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let server = Server::start(config());
        server.queue("q");
        server
    })
}

/// JSON that is nearly right: any values under the names that actions know.
fn json_input() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|it| it.to_string()),
        any::<i64>().prop_map(|it| it.to_string()),
        any::<f64>().prop_map(|it| format!("{it:e}")),
        any::<String>().prop_map(|it| serde_json::json!(it).to_string()),
        Just("\"http://h/000000000000/q\"".to_owned()),
        Just("\"\\ud800\"".to_owned()),
    ];
    let value = scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|it| format!("[{}]", it.join(","))),
            prop::collection::vec((member(), inner), 0..4).prop_map(object),
        ]
    });
    prop::collection::vec((member(), value), 0..6).prop_map(object)
}

fn object(members: Vec<(&'static str, String)>) -> String {
    let members = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn member() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "QueueUrl",
        "QueueName",
        "MessageBody",
        "Attributes",
        "Entries",
        "Id",
        "ReceiptHandle",
        "VisibilityTimeout",
        "DelaySeconds",
        "MessageAttributes",
        "DataType",
        "StringValue",
        "BinaryValue",
        "Policy",
        "Label",
        "Actions",
        "AWSAccountIds",
        "SourceArn",
        "TaskHandle",
        "MaxResults",
        "NextToken",
        "Tags",
        "tags",
        "TagKeys",
        "MessageSystemAttributes",
        "AWSTraceHeader",
        "WaitTimeSeconds",
        "MaxNumberOfMessages",
        "AttributeNames",
    ])
}

fn action() -> impl Strategy<Value = &'static str> {
    prop::sample::select(forebay_server::wire::action::NAMES.to_vec())
}

/// Long waits are legal, and too slow for this.
fn hurried(body: &str) -> bool {
    !body.contains("WaitTimeSeconds")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn json_of_any_shape(action in action(), body in json_input()) {
        prop_assume!(hurried(&body));
        let answer = server().json(action, &body);
        prop_assert!(answer.status < 500, "{} {action} {body}", answer.status);
        prop_assert!(answer.status == 200 || answer.header("x-amzn-query-error").is_some());
    }

    #[test]
    fn any_bytes_as_json(action in action(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let headers = format!("x-amz-target: AmazonSQS.{action}\r\n");
        let answer = server().connect().call("POST", "/", &headers, &body);
        prop_assert!(answer.status < 500);
    }

    #[test]
    fn forms_of_any_shape(
        action in action(),
        pairs in prop::collection::vec((member(), 0..3_u32, "[ -~]{0,20}"), 0..8),
    ) {
        let mut form = format!("Action={action}");
        for (name, number, value) in pairs {
            let name = name.trim_end_matches('s');
            form += &match number {
                0 => format!("&{name}={value}"),
                _ => format!("&{name}.{number}.Name={value}&{name}.{number}.Value={value}"),
            };
        }
        prop_assume!(hurried(&form.replace("WaitTimeSecond", "WaitTimeSeconds")));
        let answer = server().form("/", &form);
        prop_assert!(answer.status < 500, "{} {form}", answer.status);
        let text = answer.text();
        prop_assert!(text.starts_with("<?xml") && text.ends_with('>'));
    }

    #[test]
    fn any_bytes_as_a_connection(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut client = server().connect();
        if client.try_write(&bytes).is_ok() && client.try_write(b"\r\n\r\n").is_ok() {
            // A body may be missing: the end of the connection tells.
            drop(client);
        }
        prop_assert_eq!(server().get("/livez").status, 200);
    }

    #[test]
    fn any_authorization(header in "[ -~]{0,120}", date in "[ -~]{0,20}") {
        let headers = format!(
            "authorization: AWS4-HMAC-SHA256 {header}\r\nx-amz-date: {date}\r\n"
        );
        let path = "/?Action=ListQueues";
        let answer = server().connect().call("GET", path, &headers, b"");
        prop_assert!(answer.status < 500);
    }
}
