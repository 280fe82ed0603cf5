//! What was measured, as a table for people or as lines of JSON.

use super::steps::{Cell, Step};
use serde_json::json;

/// A step of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    step: Step,
    connections: usize,
    batch: usize,
    messages: u64,
    seconds: f64,
    p50_us: f64,
    p99_us: f64,
    /// Why it could not be measured.
    pub failure: Option<String>,
}

impl Row {
    /// Of a step that moved `messages` in `seconds`; `times_ns` are those of its requests.
    pub fn new(
        step: Step,
        cell: &Cell,
        messages: u64,
        seconds: f64,
        mut times_ns: Vec<u64>,
    ) -> Self {
        times_ns.sort_unstable();
        Self {
            messages,
            seconds,
            p50_us: percentile_us(&times_ns, 0.5),
            p99_us: percentile_us(&times_ns, 0.99),
            failure: None,
            ..Self::failed(step, cell, String::new())
        }
    }

    /// Of a step that failed.
    pub fn failed(step: Step, cell: &Cell, failure: String) -> Self {
        Self {
            step,
            connections: cell.connections,
            batch: cell.batch,
            messages: 0,
            seconds: 0.0,
            p50_us: 0.0,
            p99_us: 0.0,
            failure: Some(failure),
        }
    }

    /// Messages a second.
    fn rate(&self) -> f64 {
        match self.seconds > 0.0 {
            true => self.messages as f64 / self.seconds,
            false => 0.0,
        }
    }
}

/// The value of a sorted list that `share` of it stay below or at, microseconds; 0 of none.
fn percentile_us(sorted_ns: &[u64], share: f64) -> f64 {
    let last = sorted_ns.len().saturating_sub(1);
    let index = (last as f64 * share).round() as usize;
    sorted_ns.get(index).map_or(0.0, |ns| *ns as f64 / 1_000.0)
}

/// How rows are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    Table,
    Json,
}

impl Style {
    /// What stands before the rows.
    pub fn head(self, endpoint: &str, body_bytes: u32, seconds: f64) -> String {
        match self {
            Self::Table => format!(
                "{endpoint}: bodies of {body_bytes} bytes, up to {seconds} s a step, every request \
                 signed\n{:<9}{:>12}{:>7}{:>13}{:>11}{:>11}",
                "step", "connections", "batch", "messages/s", "p50 ms", "p99 ms"
            ),
            Self::Json => {
                let head = json!({
                    "endpoint": endpoint, "body_bytes": body_bytes, "seconds": seconds,
                });
                head.to_string()
            }
        }
    }

    /// A row.
    pub fn row(self, row: &Row) -> String {
        let step = row.step.name();
        match (self, &row.failure) {
            (Self::Table, None) => format!(
                "{step:<9}{:>12}{:>7}{:>13.0}{:>11.2}{:>11.2}",
                row.connections,
                row.batch,
                row.rate(),
                row.p50_us / 1_000.0,
                row.p99_us / 1_000.0
            ),
            (Self::Table, Some(failure)) => {
                format!(
                    "{step:<9}{:>12}{:>7}  failed: {failure}",
                    row.connections, row.batch
                )
            }
            (Self::Json, failure) => {
                let line = json!({
                    "step": step,
                    "connections": row.connections,
                    "batch": row.batch,
                    "messages": row.messages,
                    "seconds": row.seconds,
                    "rate": row.rate(),
                    "p50_us": row.p50_us,
                    "p99_us": row.p99_us,
                    "failure": failure,
                });
                line.to_string()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let times: Vec<u64> = (1..=100).map(|us| us * 1_000).collect();
        assert_eq!(percentile_us(&times, 0.5), 51.0);
        assert_eq!(percentile_us(&times, 0.99), 99.0);
        assert_eq!(percentile_us(&times, 1.0), 100.0);
        assert_eq!(percentile_us(&[], 0.5), 0.0);
    }
}
