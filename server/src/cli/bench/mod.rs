//! `forebay bench`: how fast a server of SQS is, ours or any other, from one thread of raw HTTP.

mod messages;
mod report;
mod steps;

use super::{Ending, Outcome};
use crate::client::{Connection, Endpoint, Key};
use clap::Args;
use report::{Row, Style};
use serde_json::json;
use std::time::Duration;
use steps::{Cell, Step};

/// In flight at a time: SQS allows 120,000.
const MESSAGES_MAX: i64 = 100_000;
/// Connections of the warm-up.
const WARM_UP_CONNECTIONS: usize = 16;

/// Measures an SQS server: messages a second, and how long requests take
#[derive(Debug, Args)]
pub struct Bench {
    /// The server, http://HOST[:PORT]
    #[arg(long, env = "AWS_ENDPOINT_URL_SQS", value_name = "URL")]
    endpoint: String,
    /// Access key that signs the requests
    #[arg(
        long,
        env = "AWS_ACCESS_KEY_ID",
        default_value = "AKIDEXAMPLE",
        value_name = "ID"
    )]
    access_key_id: String,
    /// Its secret
    #[arg(
        long,
        env = "AWS_SECRET_ACCESS_KEY",
        default_value = "secret",
        value_name = "SECRET",
        hide_env_values = true
    )]
    secret_access_key: String,
    /// Region that they are signed for
    #[arg(
        long,
        env = "AWS_REGION",
        default_value = "us-east-1",
        value_name = "NAME"
    )]
    region: String,
    /// Connections at a time, a measurement each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,16,128",
        value_name = "N,...",
        value_parser = clap::value_parser!(u16).range(1..=10_000)
    )]
    connections: Vec<u16>,
    /// Messages in a request, a measurement each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,10",
        value_name = "N,...",
        value_parser = clap::value_parser!(u8).range(1..=10)
    )]
    batch: Vec<u8>,
    /// Length of a body, bytes
    #[arg(
        long,
        default_value_t = 256,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    body_bytes: u32,
    /// Longest time of a step, seconds
    #[arg(long, default_value_t = 1.0, value_name = "S", value_parser = seconds)]
    seconds: f64,
    /// Seconds of work before the first measurement
    #[arg(long, default_value_t = 0.5, value_name = "S", value_parser = seconds)]
    warm_up: f64,
    /// A line of JSON for each measurement
    #[arg(long)]
    json: bool,
}

fn seconds(text: &str) -> Result<f64, String> {
    let parsed = text.parse::<f64>().ok();
    let parsed = parsed.filter(|seconds| (0.0..=600.0).contains(seconds));
    parsed.ok_or_else(|| "it must be from 0 to 600".into())
}

/// Measures; fails if any step failed, after all others were measured.
pub fn run(arguments: &Bench) -> Outcome {
    let endpoint = Endpoint::parse(&arguments.endpoint)?;
    // Where the limit stays low, the connection that is one too many says so.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let style = match arguments.json {
        true => Style::Json,
        false => Style::Table,
    };
    println!(
        "{}",
        style.head(&arguments.endpoint, arguments.body_bytes, arguments.seconds)
    );
    let failed = runtime.block_on(measure(arguments, &endpoint, style))?;
    match failed {
        0 => Ok(Ending::Done),
        failed => Err(format!("{failed} measurements failed; the table says why")),
    }
}

/// All measurements; how many failed.
async fn measure(arguments: &Bench, endpoint: &Endpoint, style: Style) -> Result<usize, String> {
    if arguments.warm_up > 0.0 {
        let time = arguments.warm_up / Step::ALL.len() as f64;
        let cell = cell(arguments, endpoint, WARM_UP_CONNECTIONS, 1, time);
        // What fails here fails again below, and is told there.
        let _ = whole(cell).await;
    }
    let mut failed = 0;
    for connections in &arguments.connections {
        for batch in &arguments.batch {
            let (connections, batch) = (usize::from(*connections), usize::from(*batch));
            let cell = cell(arguments, endpoint, connections, batch, arguments.seconds);
            for row in whole(cell).await {
                failed += usize::from(row.failure.is_some());
                println!("{}", style.row(&row));
            }
        }
    }
    Ok(failed)
}

fn cell(
    arguments: &Bench,
    endpoint: &Endpoint,
    connections: usize,
    batch: usize,
    seconds: f64,
) -> Cell {
    Cell {
        endpoint: endpoint.clone(),
        key: Key {
            id: arguments.access_key_id.clone(),
            secret: arguments.secret_access_key.clone(),
            region: arguments.region.clone(),
        },
        url: String::new(),
        connections,
        batch,
        body_bytes: arguments.body_bytes as usize,
        time: Duration::from_secs_f64(seconds),
        messages_max: MESSAGES_MAX,
    }
}

/// The steps of a cell, on a queue of its own. What could not be measured is a row that says why.
async fn whole(mut cell: Cell) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Err(error) = try_whole(&mut cell, &mut rows).await {
        let failed = Step::ALL.get(rows.len()).copied().unwrap_or(Step::Delete);
        rows.push(Row::failed(failed, &cell, error.to_string()));
    }
    rows
}

async fn try_whole(cell: &mut Cell, rows: &mut Vec<Row>) -> std::io::Result<()> {
    let mut control = Connection::open(&cell.endpoint, &cell.key).await?;
    let name = queue_name();
    let create = json!({ "QueueName": name, "Attributes": { "VisibilityTimeout": "3600" } });
    let answer = control
        .call("CreateQueue", create.to_string().as_bytes())
        .await?;
    cell.url = messages::queue_url(&answer.ok()?)?;
    let measured = steps::run(cell, rows).await;
    let delete = json!({ "QueueUrl": cell.url }).to_string();
    let deleted = control.call("DeleteQueue", delete.as_bytes()).await;
    measured?;
    deleted?.ok().map(drop)
}

/// A name that no other run takes.
fn queue_name() -> String {
    let mut random = [0; 8];
    // Without random numbers two runs at a time could meet; nothing else.
    let _ = getrandom::fill(&mut random);
    format!("forebay-bench-{:016x}", u64::from_le_bytes(random))
}
