//! Counting how long things take.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Upper ends of the buckets, seconds.
const BOUNDS_S: [f64; 12] = [
    0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3_600.0, 43_200.0,
];

/// A Prometheus histogram of times.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BOUNDS_S.len() + 1],
    sum_ms: AtomicU64,
}

impl Histogram {
    /// Counts a time, milliseconds.
    pub fn observe_ms(&self, ms: u64) {
        let seconds = ms as f64 / 1000.0;
        let bucket = BOUNDS_S.iter().position(|bound| seconds <= *bound);
        self.buckets[bucket.unwrap_or(BOUNDS_S.len())].fetch_add(1, Ordering::Relaxed);
        self.sum_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Writes the lines of this histogram.
    pub fn print(&self, page: &mut String, name: &str, help: &str) {
        // Writing into a String cannot fail.
        let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} histogram");
        let mut count = 0;
        for (index, bucket) in self.buckets.iter().enumerate() {
            count += bucket.load(Ordering::Relaxed);
            let bound = BOUNDS_S.get(index).map(f64::to_string);
            let bound = bound.unwrap_or_else(|| "+Inf".into());
            let _ = writeln!(page, "{name}_bucket{{le=\"{bound}\"}} {count}");
        }
        let sum = self.sum_ms.load(Ordering::Relaxed) as f64 / 1000.0;
        let _ = writeln!(page, "{name}_sum {sum}\n{name}_count {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_cumulative() {
        let histogram = Histogram::default();
        for ms in [0, 1, 2, 700, 100_000_000] {
            histogram.observe_ms(ms);
        }
        let mut page = String::new();
        histogram.print(&mut page, "x", "y");
        for line in [
            "x_bucket{le=\"0.001\"} 2",
            "x_bucket{le=\"0.005\"} 3",
            "x_bucket{le=\"1\"} 4",
            "x_bucket{le=\"43200\"} 4",
            "x_bucket{le=\"+Inf\"} 5",
            "x_count 5",
        ] {
            assert!(page.lines().any(|it| it == line), "{line}\n{page}");
        }
    }
}
