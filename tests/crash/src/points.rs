//! A process killed at each named point of the write path, of reclamation and of opening, while
//! others go on.

use crate::Failure;
use crate::audit::Findings;
use crate::fleet::Fleet;
use std::path::Path;

/// Processes that go on.
const OTHERS: usize = 2;
/// Calls after which a process that should have died is given up. What reclaims does so once in a
/// megabyte of log, about 4,000 calls of all, and any of the three processes may be the one: of
/// 20,000 calls one run in a hundred saw none.
const FIRST_DEATH_OPERATIONS_MAX: u64 = 200_000;
/// The same once a process died at the point: not every pass of it is reached in every scene.
const NEXT_DEATH_OPERATIONS_MAX: u64 = 20_000;

/// In which situation the doomed process is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// Others use the store.
    Joining,
    /// The directory does not exist.
    Founding,
    /// There is no index any more.
    Rebuilding,
}

/// What came of one point.
#[derive(Debug)]
pub struct Report {
    pub name: &'static str,
    /// Passes at which a process died, with the scene.
    pub deaths: Vec<(u64, Scene)>,
    pub findings: Findings,
}

impl Report {
    /// Reached at least once, with nothing found.
    pub fn good(&self) -> bool {
        !self.deaths.is_empty() && self.findings.clean()
    }
}

/// Dies at every pass of `passes` of the point `name`, in a fresh store under `dir`.
pub fn run(
    program: &Path,
    dir: &Path,
    name: &'static str,
    passes: &[u64],
    seed: u64,
) -> Result<Report, Failure> {
    let mut fleet = Fleet::new(program, dir, seed)?;
    let mut deaths = Vec::new();
    for pass in passes {
        let fault = format!("{name}:{pass}");
        for scene in [Scene::Founding, Scene::Rebuilding, Scene::Joining] {
            let operations = match (scene, deaths.is_empty()) {
                (Scene::Joining, true) => FIRST_DEATH_OPERATIONS_MAX,
                (Scene::Joining, false) => NEXT_DEATH_OPERATIONS_MAX,
                (Scene::Founding | Scene::Rebuilding, _) => 50,
            };
            if die(&mut fleet, scene, &fault, operations)? {
                deaths.push((*pass, scene));
            }
        }
    }
    let findings = fleet.finish()?;
    Ok(Report {
        name,
        deaths,
        findings,
    })
}

/// True if the doomed process died at its point.
fn die(fleet: &mut Fleet, scene: Scene, fault: &str, operations: u64) -> Result<bool, Failure> {
    match scene {
        // Only once: a store that exists cannot be founded again, and its notes stay valid.
        Scene::Founding if fleet.store().exists() => return Ok(false),
        Scene::Founding => {}
        Scene::Joining => {
            while fleet.members.len() < OTHERS {
                fleet.start()?;
            }
            fleet.wait_progress()?;
        }
        Scene::Rebuilding => {
            while !fleet.members.is_empty() {
                fleet.kill(0)?;
            }
            let index = fleet.store().join("index");
            // A founder may have died before it made one.
            if index.exists() {
                std::fs::remove_dir_all(index)?;
            }
        }
    }
    let doomed = fleet.spawn(operations, Some(fault))?;
    let died = fleet
        .wait(doomed)
        .map_err(|error| format!("{scene:?}, {fault}: {error}"))?;
    // The others, or whoever comes next, must be able to go on from here.
    fleet.wait_progress()?;
    Ok(died)
}
