//! What a finished action adds to the counters.

use crate::http::metrics::Metrics;
use crate::wire::action::{Action, Batch, DeleteEntry};
use crate::wire::answer::{Answer, Sent};
use forebay::rules::receipt;
use std::sync::atomic::Ordering;

/// Receives that an action deletes by, milliseconds since the epoch; read before it is gone.
pub fn received_ms(action: &Action) -> Vec<u64> {
    let time = |handle: &Option<String>| {
        let receipt = receipt::decode(handle.as_deref()?).ok()?;
        Some(receipt.received_ms)
    };
    match action {
        Action::DeleteMessage(input) => time(&input.receipt_handle).into_iter().collect(),
        Action::DeleteMessageBatch(Batch {
            entries: Some(entries),
            ..
        }) => {
            let times = entries
                .iter()
                .map(|entry: &DeleteEntry| time(&entry.receipt_handle));
            times.flatten().collect()
        }
        _ => Vec::new(),
    }
}

/// Counts an answer.
pub fn answered(metrics: &Metrics, name: &str, answer: &Answer, received: &[u64], now_ms: u64) {
    let count = |counter: &std::sync::atomic::AtomicU64, more: usize| {
        counter.fetch_add(more as u64, Ordering::Relaxed);
    };
    let sent = |sent: &Sent| {
        count(&metrics.sent, 1);
        count(&metrics.deduplicated, usize::from(sent.duplicate));
    };
    match answer {
        Answer::Sent(message) => sent(message),
        Answer::SentBatch(batch) => batch.successful.iter().for_each(|it| sent(&it.sent)),
        Answer::Messages(messages) => {
            count(&metrics.received, messages.len());
            count(&metrics.empty_receives, usize::from(messages.is_empty()));
            let waits = messages.iter().filter_map(|message| message.dwell_ms);
            waits.for_each(|dwell_ms| metrics.dwell.observe_ms(dwell_ms));
        }
        Answer::Nothing if name == "DeleteMessage" => count(&metrics.deleted, 1),
        Answer::Batch(batch) if name == "DeleteMessageBatch" => {
            count(&metrics.deleted, batch.successful.len());
        }
        _ => {}
    }
    for received_ms in received {
        metrics
            .processing
            .observe_ms(now_ms.saturating_sub(*received_ms));
    }
}
