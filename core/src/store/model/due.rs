//! What time alone changes (D1).

use super::Bug;
use super::state::{Queue, Standing};

impl Queue {
    /// First retention: a message older than the queue's period is gone, whatever it was doing
    /// (S6.1, S6.2). Then the delays and visibility timeouts that ended, in the order in which
    /// they did (S2.4). An end equal to `now_ms` has passed.
    pub fn handle_due(&mut self, now_ms: u64, bug: Option<Bug>) {
        let retention_ms = u64::from(self.attributes.retention_s) * 1000;
        let expired: Vec<u64> = self
            .messages
            .values()
            .filter(|entry| entry.message.sent_ms + retention_ms <= now_ms)
            .map(|entry| entry.message.sequence)
            .collect();
        for sequence in expired {
            self.remove(sequence, bug);
        }
        let mut ended: Vec<(u64, u64)> = self
            .messages
            .values()
            .filter_map(|entry| Some((self.deadline_ms(entry)?, entry.message.sequence)))
            .filter(|(deadline_ms, _)| *deadline_ms <= now_ms)
            .collect();
        ended.sort_unstable();
        for (_, sequence) in ended {
            self.stand(sequence, Standing::Returned, bug);
        }
    }
}
