//! The AWS SDK for Rust against a server: `forebay-client-rust ENDPOINT`. The last line printed
//! is the sum.

mod cases;
mod queues;

use aws_sdk_sqs::config::{Credentials, Region};
use aws_sdk_sqs::{Client, Config};
use std::future::Future;
use std::pin::Pin;

/// Why a case failed.
type Failure = Box<dyn std::error::Error>;
/// How a case ends.
type Outcome = Result<(), Failure>;
/// A case that runs.
type Running<'a> = Pin<Box<dyn Future<Output = Outcome> + 'a>>;

/// A list of cases: each function's name, and the function.
macro_rules! cases {
    ($($name:path),* $(,)?) => {
        [$((stringify!($name), (|sqs| Box::pin($name(sqs))) as fn(&Client) -> Running<'_>)),*]
    };
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::process::ExitCode {
    let Some(endpoint) = std::env::args().nth(1) else {
        eprintln!("usage: forebay-client-rust ENDPOINT");
        return 2.into();
    };
    let client = connect(&endpoint);
    let all = cases![
        cases::a_message_with_attributes,
        cases::batches,
        cases::a_fifo_queue,
        cases::visibility,
        cases::a_long_poll,
        cases::dead_letters_and_redrive,
        queues::attributes,
        queues::tags,
        queues::lists_in_pages,
        queues::purge_and_deletion,
        queues::errors_are_typed,
    ];
    let mut failed = 0;
    for (name, case) in all {
        if let Err(error) = case(&client).await {
            println!("FAILED {name}: {error}");
            failed += 1;
        }
    }
    println!("{} passed, {failed} failed, 0 skipped", all.len() - failed);
    u8::from(failed > 0).into()
}

fn connect(endpoint: &str) -> Client {
    let config = Config::builder()
        .endpoint_url(endpoint)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new(
            "AKIDEXAMPLE",
            "secret",
            None,
            None,
            "test",
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .behavior_version_latest()
        .build();
    Client::from_conf(config)
}

/// A new queue's URL.
async fn new_queue(
    sqs: &Client,
    name: &str,
    attributes: &[(&str, &str)],
) -> Result<String, Failure> {
    let name = format!("rust-{}-{name}", std::process::id());
    let mut create = sqs.create_queue().queue_name(name);
    for (name, value) in attributes {
        create = create.attributes((*name).into(), *value);
    }
    Ok(create.send().await?.queue_url.ok_or("no QueueUrl")?)
}

/// Fails with both values if they differ.
fn equal<T: PartialEq<U> + std::fmt::Debug, U: std::fmt::Debug>(found: T, expected: U) -> Outcome {
    match found == expected {
        true => Ok(()),
        false => Err(format!("found {found:?}, expected {expected:?}").into()),
    }
}
