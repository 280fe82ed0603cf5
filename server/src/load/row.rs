//! What was measured.

use super::steps::{Cell, Step};

/// A step on a number of connections with a size of batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The step.
    pub step: Step,
    /// Connections at a time.
    pub connections: usize,
    /// Messages in a request.
    pub batch: usize,
    /// Messages that were moved.
    pub messages: u64,
    /// Until the last of them was.
    pub seconds: f64,
    /// Median of the requests, microseconds.
    pub p50_us: f64,
    /// Their 99th percentile.
    pub p99_us: f64,
    /// Why it could not be measured; the numbers are 0 then.
    pub failure: Option<String>,
}

impl Row {
    /// Of a step that moved `messages` in `seconds`; `times_ns` are those of its requests.
    pub(super) fn new(
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
    pub(super) fn failed(step: Step, cell: &Cell, failure: String) -> Self {
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
    pub fn rate(&self) -> f64 {
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
