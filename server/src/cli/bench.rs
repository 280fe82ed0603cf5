//! `forebay bench`: how fast a server of SQS is, as a table for people or as lines of JSON.

use super::{Ending, Outcome, both, print};
use crate::client::{Endpoint, Key};
use crate::load::{Plan, Row};
use clap::Args;
use serde_json::json;
use std::time::Duration;

/// No server that works needs longer for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

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
    let plan = arguments.plan()?;
    // Where the limit stays low, the connection that is one too many says so.
    let _ = rlimit::increase_nofile_limit(u64::MAX);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let (head, row): (_, fn(&Row) -> String) = match arguments.json {
        true => (arguments.json_head(), json_row),
        false => (arguments.table_head(), table_row),
    };
    print::text(&format!("{head}\n"))?;
    let mut failed = 0;
    let mut written = Ok(());
    runtime.block_on(plan.measure(|measured| {
        failed += usize::from(measured.failure.is_some());
        if written.is_ok() {
            written = print::text(&format!("{}\n", row(&measured)));
        }
    }));
    let measured = match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} measurements failed; their lines say why")),
    };
    both(measured, written).map(|()| Ending::Done)
}

impl Bench {
    fn plan(&self) -> Result<Plan, String> {
        Ok(Plan {
            endpoint: Endpoint::parse(&self.endpoint)?,
            key: Key {
                id: self.access_key_id.clone(),
                secret: self.secret_access_key.clone(),
                region: self.region.clone(),
            },
            connections: self.connections.iter().map(|it| usize::from(*it)).collect(),
            batches: self.batch.iter().map(|it| usize::from(*it)).collect(),
            body_bytes: self.body_bytes as usize,
            time: Duration::from_secs_f64(self.seconds),
            warm_up: Duration::from_secs_f64(self.warm_up),
            patience: PATIENCE,
        })
    }

    fn table_head(&self) -> String {
        format!(
            "{}: bodies of {} bytes, up to {} s a step, every request signed\n\
             {:<9}{:>12}{:>7}{:>13}{:>11}{:>11}",
            self.endpoint,
            self.body_bytes,
            self.seconds,
            "step",
            "connections",
            "batch",
            "messages/s",
            "p50 ms",
            "p99 ms"
        )
    }

    fn json_head(&self) -> String {
        let head = json!({
            "endpoint": self.endpoint,
            "body_bytes": self.body_bytes,
            "seconds": self.seconds,
        });
        head.to_string()
    }
}

fn table_row(row: &Row) -> String {
    let step = row.step.name();
    let cell = format!("{step:<9}{:>12}{:>7}", row.connections, row.batch);
    match &row.failure {
        Some(failure) => format!("{cell}  failed: {failure}"),
        None => format!(
            "{cell}{:>13.0}{:>11.2}{:>11.2}",
            row.rate(),
            row.p50_us / 1_000.0,
            row.p99_us / 1_000.0
        ),
    }
}

fn json_row(row: &Row) -> String {
    let line = json!({
        "step": row.step.name(),
        "connections": row.connections,
        "batch": row.batch,
        "messages": row.messages,
        "seconds": row.seconds,
        "rate": row.rate(),
        "p50_us": row.p50_us,
        "p99_us": row.p99_us,
        "failure": row.failure,
    });
    line.to_string()
}
