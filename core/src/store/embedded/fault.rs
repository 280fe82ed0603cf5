//! Fault points: named places between the steps of the write path. With the feature `faults`, a
//! process whose environment says `FOREBAY_FAULT=name:n` kills itself there at the n-th pass, as
//! SIGKILL would; without the feature they are nothing.

/// All fault points.
pub const NAMES: &[&str] = &[
    "locked",
    "index-begun",
    "record-applied",
    "log-written",
    "index-committed",
    "unlocked",
    "sync-locked",
    "synced",
    "sync-published",
    "reclaim-copied",
    "reclaim-segment-done",
    "reclaim-recycled",
    "spare-made",
    "open-locked",
    "rebuild-begun",
    "rebuild-applied",
];

/// Passes the fault point `name`.
#[cfg(not(feature = "faults"))]
#[inline(always)]
pub fn point(_name: &'static str) {}

/// Passes the fault point `name`.
#[cfg(feature = "faults")]
pub fn point(name: &'static str) {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static PLAN: OnceLock<Option<(String, u64)>> = OnceLock::new();
    static PASSES: AtomicU64 = AtomicU64::new(0);
    let plan = PLAN.get_or_init(|| {
        let text = std::env::var("FOREBAY_FAULT").ok()?;
        let (name, pass) = text.split_once(':')?;
        Some((name.to_owned(), pass.parse().ok()?))
    });
    if let Some((planned, pass)) = plan
        && planned == name
        && PASSES.fetch_add(1, Ordering::Relaxed) + 1 == *pass
    {
        crate::sys::process::kill_self();
    }
}
