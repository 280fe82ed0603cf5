//! Medians and percentiles.

/// The middle value; the mean of the two middle ones of an even count; 0 of none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => 0.0,
        count if count % 2 == 1 => sorted[middle],
        _ => (sorted[middle - 1] + sorted[middle]) / 2.0,
    }
}

/// Durations of single calls, in nanoseconds.
#[derive(Debug, Default, Clone)]
pub struct Latencies(Vec<u32>);

impl Latencies {
    /// Adds one; anything over four seconds counts as four.
    pub fn add(&mut self, time: std::time::Duration) {
        self.0
            .push(u32::try_from(time.as_nanos()).unwrap_or(u32::MAX));
    }

    /// Adds one given in nanoseconds.
    pub fn add_ns(&mut self, ns: u32) {
        self.0.push(ns);
    }

    /// Takes over those of another thread, process or round.
    pub fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// The value that `share` (0 to 1) of all stay below or at, in microseconds; 0 of none.
    pub fn percentile_us(&mut self, share: f64) -> f64 {
        if self.0.is_empty() {
            return 0.0;
        }
        self.0.sort_unstable();
        let last = self.0.len() - 1;
        f64::from(self.0[(last as f64 * share).round() as usize]) / 1_000.0
    }

    /// All of them, nanoseconds.
    pub fn all(&self) -> &[u32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&[]), 0.0);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let mut latencies = Latencies::default();
        for us in (1..=100u32).rev() {
            latencies.add_ns(us * 1_000);
        }
        assert_eq!(latencies.percentile_us(0.0), 1.0);
        assert_eq!(latencies.percentile_us(0.5), 51.0);
        assert_eq!(latencies.percentile_us(0.99), 99.0);
        assert_eq!(latencies.percentile_us(1.0), 100.0);
    }
}
