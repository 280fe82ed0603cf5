//! The PostgreSQL store on a primary and a synchronous standby: the primary is lost over and over
//! and the standby takes its place; the way to both is cut, slowed and closed by half. Clients go
//! on by themselves, and what was acknowledged to them is audited as everywhere.

mod recovery;
mod scene;

use crate::Failure;
use crate::audit::Findings;
use crate::random::Random;
use recovery::{Recovery, Spread};
use scene::{HTTP_CLIENTS, LIBRARY_CLIENTS, Scene};
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

/// Troubles of the way between two losses of the primary.
const TROUBLES_PER_LOSS: u64 = 40;
/// Troubles between two looks whether every client goes on.
const TROUBLES_PER_LOOK: u64 = 8;

/// What was found.
#[derive(Debug)]
pub struct Report {
    /// Primaries that were killed.
    pub losses: u64,
    /// Connections that were cut or closed by half.
    pub cuts: u64,
    /// From each kill until the standby took writes.
    pub promoted_ms: Vec<u64>,
    pub recovery: Recovery,
    pub findings: Findings,
}

impl Report {
    /// True if nothing was found that must not be.
    pub fn good(&self) -> bool {
        self.findings.clean() && self.findings.deleted > 0
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} primaries lost and {} connections cut under {HTTP_CLIENTS} clients of two servers \
             and {LIBRARY_CLIENTS} of the library",
            self.losses, self.cuts
        )?;
        for (what, times) in [
            ("the standby was promoted", &self.promoted_ms),
            (
                "a send begun after it was acknowledged",
                &self.recovery.first_send_ms,
            ),
            ("every client had an answer", &self.recovery.all_clients_ms),
        ] {
            writeln!(f, "from the loss until {what}: {}", Spread(times))?;
        }
        write!(f, "{}", self.findings)
    }
}

/// Loses the primary so many times. `program` is the `forebay-crash` binary.
pub fn run(program: &Path, dir: &Path, times: u64, seed: u64) -> Result<Report, Failure> {
    let mut scene = Scene::start(program, dir, seed, false)?;
    let mut random = Random::new(seed);
    let mut promoted_ms = Vec::new();
    for _ in 0..times {
        std::thread::sleep(Duration::from_millis(random.below(500)));
        promoted_ms.push(lose(&mut scene)?);
    }
    report(scene, promoted_ms, seed)
}

/// Makes so many troubles on the way to the databases, and loses a primary now and then.
pub fn run_cuts(program: &Path, dir: &Path, times: u64, seed: u64) -> Result<Report, Failure> {
    let mut scene = Scene::start(program, dir, seed, true)?;
    let mut random = Random::new(seed);
    let mut promoted_ms = Vec::new();
    for done in 1..=times {
        std::thread::sleep(Duration::from_millis(random.below(100)));
        trouble(&scene, &mut random);
        if done % TROUBLES_PER_LOSS == 0 {
            promoted_ms.push(lose(&mut scene)?);
        }
        if done % TROUBLES_PER_LOOK == 0 {
            scene.wait_all()?;
        }
    }
    report(scene, promoted_ms, seed)
}

/// Milliseconds from the kill to the promotion.
fn lose(scene: &mut Scene) -> Result<u64, Failure> {
    let begun = Instant::now();
    scene.fail_over()?;
    let promoted_ms = begun.elapsed().as_millis() as u64;
    scene.wait_all()?;
    scene.pair.rebuild()?;
    Ok(promoted_ms)
}

/// One trouble, on the way to both databases: clients use the primary alone.
fn trouble(scene: &Scene, random: &mut Random) {
    let kind = random.below(5);
    let span = Duration::from_millis(50 + random.below(300));
    let bytes = random.below(3_000) as i64;
    for proxy in &scene.proxies {
        match kind {
            0 => proxy.cut(),
            1 => proxy.half_close(bytes % 2 == 0),
            2 => proxy.cut_after(bytes),
            3 => proxy.delay(Duration::from_millis(1 + bytes as u64 % 40)),
            _ => proxy.silence(true),
        }
    }
    if kind >= 3 {
        std::thread::sleep(span);
    }
    for proxy in &scene.proxies {
        proxy.delay(Duration::ZERO);
        proxy.silence(false);
        // What was silent is gone in the end, as when a machine comes back.
        if kind == 4 {
            proxy.cut();
        }
    }
}

fn report(scene: Scene, promoted_ms: Vec<u64>, seed: u64) -> Result<Report, Failure> {
    let cuts = scene.proxies.iter().map(|proxy| proxy.cuts() as u64).sum();
    let (findings, notes) = scene.finish(seed)?;
    Ok(Report {
        losses: promoted_ms.len() as u64,
        cuts,
        promoted_ms,
        recovery: Recovery::of(&notes),
        findings,
    })
}
