//! What the server counts, as Prometheus reads it. Base units, `_total` on counters; queues as
//! labels only while they are few, groups never.

use super::histogram::Histogram;
use crate::service::Service;
use forebay::command::Counts;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Accounts and regions that are remembered; further ones are served and not shown.
const SCOPES_MAX: usize = 10_000;

/// All counters.
#[derive(Debug, Default)]
pub struct Metrics {
    /// Requests by action and code.
    pub requests: Requests,
    /// Messages accepted.
    pub sent: AtomicU64,
    /// Messages received.
    pub received: AtomicU64,
    /// Messages deleted.
    pub deleted: AtomicU64,
    /// Sends that were duplicates (S7.11).
    pub deduplicated: AtomicU64,
    /// Receives without a message.
    pub empty_receives: AtomicU64,
    /// Receives that wait now.
    pub waiting: Arc<AtomicU64>,
    /// From the send to the first receive.
    pub dwell: Histogram,
    /// From a receive to the delete.
    pub processing: Histogram,
    scopes: Mutex<BTreeSet<(String, String)>>,
}

/// Requests by action and code; both come from fixed lists.
#[derive(Debug, Default)]
pub struct Requests(Mutex<BTreeMap<(&'static str, &'static str), u64>>);

impl Requests {
    /// Counts a request.
    pub fn add(&self, action: &'static str, code: &'static str) {
        // A counter is right also after a panic elsewhere.
        let mut counts = self.0.lock().unwrap_or_else(|broken| broken.into_inner());
        *counts.entry((action, code)).or_default() += 1;
    }
}

impl Metrics {
    /// Remembers an account and region, whose queues are then counted.
    pub fn see(&self, account: &str, region: &str) {
        let mut scopes = self
            .scopes
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        let scope = (account.to_owned(), region.to_owned());
        if scopes.len() < SCOPES_MAX && !scopes.contains(&scope) {
            scopes.insert(scope);
        }
    }

    /// The accounts and regions that were used.
    pub fn scopes(&self) -> Vec<(String, String)> {
        let scopes = self
            .scopes
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        scopes.iter().cloned().collect()
    }

    /// The page. Asks the store about its queues.
    pub fn print(&self, service: &Service) -> String {
        let mut page = String::new();
        self.print_requests(&mut page);
        self.print_counters(&mut page);
        let help = "From the send of a message to its first receive.";
        self.dwell
            .print(&mut page, "forebay_dwell_time_seconds", help);
        let help = "From a receive of a message to its delete.";
        self.processing
            .print(&mut page, "forebay_processing_time_seconds", help);
        self.print_store(&mut page, service);
        self.print_queues(&mut page, service);
        page
    }

    fn print_requests(&self, page: &mut String) {
        let counts = self
            .requests
            .0
            .lock()
            .unwrap_or_else(|broken| broken.into_inner());
        head(
            page,
            "forebay_requests_total",
            "counter",
            "Requests by action and code.",
        );
        for ((action, code), count) in &*counts {
            let labels = format!("action=\"{action}\",code=\"{code}\"");
            let _ = writeln!(page, "forebay_requests_total{{{labels}}} {count}");
        }
    }

    fn print_counters(&self, page: &mut String) {
        let counters = [
            ("messages_sent_total", &self.sent, "Messages accepted."),
            (
                "messages_received_total",
                &self.received,
                "Messages received.",
            ),
            ("messages_deleted_total", &self.deleted, "Messages deleted."),
            (
                "messages_deduplicated_total",
                &self.deduplicated,
                "Sends that were duplicates.",
            ),
            (
                "empty_receives_total",
                &self.empty_receives,
                "Receives without a message.",
            ),
        ];
        for (name, counter, help) in counters {
            value(page, name, "counter", help, counter.load(Ordering::Relaxed));
        }
        let waiting = self.waiting.load(Ordering::Relaxed);
        value(
            page,
            "waiting_receives",
            "gauge",
            "Receives that wait now.",
            waiting,
        );
    }

    fn print_store(&self, page: &mut String, service: &Service) {
        let Ok(numbers) = service.store.statistics() else {
            return;
        };
        let counters = [
            ("commands_total", numbers.commands, "Commands of the store."),
            (
                "transactions_total",
                numbers.transactions,
                "Transactions that they were combined into.",
            ),
            ("syncs_total", numbers.syncs, "Waits for the disk."),
            (
                "log_bytes_total",
                numbers.log_bytes,
                "Bytes appended to the log.",
            ),
        ];
        for (name, number, help) in counters {
            value(page, name, "counter", help, number);
        }
        let help = "Bytes that the log takes on disk.";
        value(page, "store_bytes", "gauge", help, numbers.disk_bytes);
    }

    fn print_queues(&self, page: &mut String, service: &Service) {
        let scopes = self.scopes();
        let mut total = 0_u64;
        let mut shown = Vec::new();
        for (account, region) in scopes {
            let scope = service.store.scope(&account, &region);
            let names = scope.list_queues("").unwrap_or_default();
            total += names.len() as u64;
            let room = service
                .config
                .limits
                .metrics_queues
                .saturating_sub(shown.len());
            for name in names.into_iter().take(room) {
                let counts = scope.queue(&name).and_then(|queue| queue.counts());
                if let Ok(counts) = counts {
                    shown.push((account.clone(), region.clone(), name, counts));
                }
            }
        }
        value(
            page,
            "queues",
            "gauge",
            "Queues of the accounts that called.",
            total,
        );
        if total > service.config.limits.metrics_queues as u64 {
            return;
        }
        head(
            page,
            "forebay_messages",
            "gauge",
            "Messages by queue and state.",
        );
        for (account, region, name, counts) in shown {
            let labels = format!("account=\"{account}\",region=\"{region}\",queue=\"{name}\"");
            for (state, count) in states(counts) {
                let labels = format!("{labels},state=\"{state}\"");
                let _ = writeln!(page, "forebay_messages{{{labels}}} {count}");
            }
        }
    }
}

fn states(counts: Counts) -> [(&'static str, u64); 3] {
    [
        ("visible", counts.visible),
        ("in_flight", counts.in_flight),
        ("delayed", counts.delayed),
    ]
}

fn head(page: &mut String, name: &str, kind: &str, help: &str) {
    // Writing into a String cannot fail.
    let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn value(page: &mut String, name: &str, kind: &str, help: &str, number: u64) {
    let name = format!("forebay_{name}");
    head(page, &name, kind, help);
    let _ = writeln!(page, "{name} {number}");
}
