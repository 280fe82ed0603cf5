//! A process that is stopped while it holds a lock: others say who it is, and go on when it does.

#![cfg(unix)]

use super::{Place, body, options, queue};
use forebay::store::Durability;
use forebay::{ErrorKind, OpenOptions};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PLACE: &str = "FOREBAY_HAZARD_PLACE";
const WATCHDOG: Duration = Duration::from_secs(60);

fn fast() -> OpenOptions {
    options()
        .durability(Durability::Os)
        .lock_timeout(Duration::from_millis(100))
}

#[test]
#[ignore = "what the child process of the other test runs"]
fn child() {
    let store = fast().open(std::env::var(PLACE).unwrap()).unwrap();
    let queue = queue(&store);
    println!("child: ready");
    loop {
        // While the parent has the lock, or the child was stopped in its turn to wait.
        match queue.send(body(1)) {
            Err(error) if error.kind() != ErrorKind::Busy => panic!("{error}"),
            _ => {}
        }
    }
}

fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([name, &child.id().to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn a_stopped_lock_holder_is_named() {
    let place = Place::new();
    let store = fast().open(&place.store).unwrap();
    let queue = queue(&store);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "stopped::child", "--nocapture"])
        .env(PLACE, &place.store)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("child: ready") {}
    let started = Instant::now();
    // It holds the lock most of the time, so some stop meets it with the lock.
    let error = loop {
        assert!(started.elapsed() < WATCHDOG, "never stopped with the lock");
        std::thread::sleep(Duration::from_millis(7));
        signal(&child, "-STOP");
        let result = queue.send(body(2));
        if let Err(error) = result {
            break error;
        }
        signal(&child, "-CONT");
    };
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.retryable());
    let name = format!("process {}", child.id());
    assert!(error.text().contains(&name), "{error}");
    signal(&child, "-CONT");
    while queue.send(body(3)).is_err() {
        assert!(started.elapsed() < WATCHDOG, "did not go on");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    queue.send(body(4)).unwrap();
    assert_eq!(store.check().unwrap().problems, Vec::<String>::new());
}
