//! How fast a server of SQS is, ours or any other: one thread of raw HTTP sends, receives and
//! deletes on some connections at a time. `forebay bench` prints what this measures.

mod messages;
mod row;
mod steps;

pub use row::Row;
pub use steps::Step;

use crate::client::{Connection, Endpoint, Key};
use serde_json::json;
use std::future::Future;
use std::time::Duration;
use steps::Cell;

/// In flight at a time: SQS allows 120,000.
const MESSAGES_MAX: i64 = 100_000;
/// Connections of the warm-up.
const WARM_UP_CONNECTIONS: usize = 16;

/// What is measured: every number of connections with every size of batch.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server.
    pub endpoint: Endpoint,
    /// Signs the requests.
    pub key: Key,
    /// Connections at a time.
    pub connections: Vec<usize>,
    /// Messages in a request, 1 to 10.
    pub batches: Vec<usize>,
    /// Length of a body.
    pub body_bytes: usize,
    /// Longest time of a step.
    pub time: Duration,
    /// Of work before the first measurement.
    pub warm_up: Duration,
    /// A request that is still under way so long after the end of its step has failed.
    pub patience: Duration,
}

impl Plan {
    /// Measures, and tells of each step as it ends. What could not be measured is a row that
    /// says why.
    pub async fn measure(&self, mut tell: impl FnMut(Row)) {
        if !self.warm_up.is_zero() {
            let time = self.warm_up / Step::ALL.len() as u32;
            // What fails here fails again below, and is told there.
            let _ = whole(self.cell(WARM_UP_CONNECTIONS, 1, time)).await;
        }
        for connections in &self.connections {
            for batch in &self.batches {
                let rows = whole(self.cell(*connections, *batch, self.time)).await;
                rows.into_iter().for_each(&mut tell);
            }
        }
    }

    fn cell(&self, connections: usize, batch: usize, time: Duration) -> Cell {
        Cell {
            endpoint: self.endpoint.clone(),
            key: self.key.clone(),
            url: String::new(),
            connections,
            batch,
            body_bytes: self.body_bytes,
            time,
            patience: self.patience,
            messages_max: MESSAGES_MAX,
        }
    }
}

/// Waits no longer than `patience`.
async fn within<T>(
    patience: Duration,
    work: impl Future<Output = std::io::Result<T>>,
) -> std::io::Result<T> {
    let late = |_| std::io::Error::other(format!("no answer within {patience:?}"));
    tokio::time::timeout(patience, work).await.map_err(late)?
}

/// The steps of a cell, on a queue of its own.
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
    let create = json!({ "QueueName": name(), "Attributes": { "VisibilityTimeout": "3600" } });
    let create = create.to_string();
    let answer = within(
        cell.patience,
        control.call("CreateQueue", create.as_bytes()),
    )
    .await?;
    cell.url = messages::queue_url(&answer.ok()?)?;
    let measured = steps::run(cell, rows).await;
    let delete = json!({ "QueueUrl": cell.url }).to_string();
    let deleted = within(
        cell.patience,
        control.call("DeleteQueue", delete.as_bytes()),
    )
    .await;
    measured?;
    deleted?.ok().map(drop)
}

/// A queue's name that no other run takes.
fn name() -> String {
    let mut random = [0; 8];
    // Without random numbers two runs at a time could meet; nothing else.
    let _ = getrandom::fill(&mut random);
    format!("forebay-bench-{:016x}", u64::from_le_bytes(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_never_answers_is_a_row_that_says_so() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Plan {
            endpoint: Endpoint::parse(&format!("http://{address}")).unwrap(),
            key: Key::default(),
            connections: vec![1],
            batches: vec![1],
            body_bytes: 1,
            time: Duration::from_millis(10),
            warm_up: Duration::ZERO,
            patience: Duration::from_millis(50),
        };
        let mut rows = Vec::new();
        plan.measure(|row| rows.push(row)).await;
        assert_eq!(rows.len(), 1);
        let failure = rows[0].failure.as_deref().unwrap();
        assert!(failure.contains("no answer within 50ms"), "{failure}");
    }
}
