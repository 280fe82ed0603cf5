//! Four processes under load, of which one is killed every 50 to 150 ms.

use crate::Failure;
use crate::audit::Findings;
use crate::fleet::Fleet;
use crate::random::Random;
use std::path::Path;
use std::time::Duration;

/// Processes under load.
const WORKERS: usize = 4;

/// Runs `kills` kills on a store under `dir` and returns the auditor's findings.
pub fn run(program: &Path, dir: &Path, kills: u64, seed: u64) -> Result<Findings, Failure> {
    let mut random = Random::new(seed);
    let mut fleet = Fleet::new(program, dir, seed)?;
    for _ in 0..WORKERS {
        fleet.start()?;
    }
    fleet.wait_progress()?;
    for _ in 0..kills {
        std::thread::sleep(Duration::from_millis(50 + random.below(101)));
        fleet.check_running()?;
        fleet.kill(random.below(WORKERS as u64) as usize)?;
        fleet.start()?;
    }
    fleet.wait_progress()?;
    fleet.finish()
}
