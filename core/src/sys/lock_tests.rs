//! Locks between real processes: this test program starts itself again.

use super::super::shared::PageState;
use super::*;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

/// Role and directory of a child process.
const ROLE: &str = "FOREBAY_LOCK_TEST_ROLE";
const DIRECTORY: &str = "FOREBAY_LOCK_TEST_DIRECTORY";
const LONG: Duration = Duration::from_secs(60);

fn writer_lock(directory: &Path) -> KernelLock {
    let file = LockFile::open(&directory.join("lock")).unwrap();
    let page = match SharedPage::open(&directory.join("shared")).unwrap() {
        PageState::Usable(page) => page,
        other => panic!("{other:?}"),
    };
    KernelLock::with_page(file, LockByte::Writer, Arc::new(page))
}

fn place() -> (tempfile::TempDir, KernelLock) {
    let directory = tempfile::tempdir().unwrap();
    drop(SharedPage::create(&directory.path().join("shared"), [1; 16], 1).unwrap());
    let lock = writer_lock(directory.path());
    (directory, lock)
}

/// A child that is killed with the test.
struct Process(Child);

impl Process {
    fn start(role: &str, directory: &Path) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "sys::lock::tests::child",
                "--ignored",
                "--nocapture",
            ])
            .env(ROLE, role)
            .env(DIRECTORY, directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self(child)
    }

    /// Reads on to the next line that the child itself wrote.
    fn line(&mut self) -> String {
        let lines = BufReader::with_capacity(1, self.0.stdout.as_mut().unwrap()).lines();
        for line in lines {
            // The test harness may have begun the line.
            if let Some((_, text)) = line.unwrap().split_once("child: ") {
                return text.to_owned();
            }
        }
        panic!("the child ended");
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that is no child of ours and has to end with the test.
struct Stray(u32);

impl Drop for Stray {
    fn drop(&mut self) {
        send_signal(self.0, libc::SIGKILL);
    }
}

fn send_signal(pid: u32, signal: libc::c_int) {
    // SAFETY: only numbers are passed; the process was started by this test and still runs.
    assert_eq!(unsafe { libc::kill(pid as libc::pid_t, signal) }, 0);
}

#[test]
#[ignore = "what the child processes of the other tests run"]
fn child() {
    let (Ok(role), Ok(directory)) = (std::env::var(ROLE), std::env::var(DIRECTORY)) else {
        return;
    };
    let lock = writer_lock(Path::new(&directory));
    match role.as_str() {
        "hold" => {
            lock.acquire(LONG).unwrap();
            println!("child: held");
            wait_for_end();
        }
        "loop" => loop_until_end(&lock),
        "fork" => {
            lock.acquire(LONG).unwrap();
            // SAFETY: the child of the fork only sleeps, which is safe in any state of memory.
            match unsafe { libc::fork() } {
                0 => loop {
                    // SAFETY: takes and returns nothing.
                    unsafe { libc::pause() };
                },
                grandchild => println!("child: {grandchild}"),
            }
            wait_for_end();
        }
        other => panic!("{other}"),
    }
}

fn wait_for_end() {
    let _ = std::io::stdin().read(&mut [0]);
}

/// Takes and releases without a pause, and reports how often and the longest time without.
fn loop_until_end(lock: &KernelLock) {
    let ended = Arc::new(std::sync::atomic::AtomicBool::new(false));
    {
        let ended = ended.clone();
        std::thread::spawn(move || {
            wait_for_end();
            ended.store(true, Ordering::SeqCst);
        });
    }
    println!("child: running");
    let (mut count, mut longest) = (0_u64, Duration::ZERO);
    let mut last = Instant::now();
    while !ended.load(Ordering::SeqCst) {
        lock.acquire(LONG).unwrap();
        longest = longest.max(last.elapsed());
        last = Instant::now();
        count += 1;
        lock.release();
    }
    println!("child: {count} {}", longest.as_micros());
}

#[test]
fn one_description_excludes_another() {
    let (directory, first) = place();
    let second = writer_lock(directory.path());
    assert!(first.try_acquire().unwrap());
    assert!(!second.try_acquire().unwrap());
    let error = second.acquire(Duration::from_millis(10)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(
        error
            .text()
            .contains(&format!("process {} ", process::pid()))
    );
    first.release();
    second.acquire(LONG).unwrap();
    assert!(!first.try_acquire().unwrap());
    drop(second);
    assert!(first.try_acquire().unwrap());
}

#[test]
fn bytes_are_independent() {
    let (directory, writer) = place();
    let other = LockFile::open(&directory.path().join("lock")).unwrap();
    assert!(writer.try_acquire().unwrap());
    let open = KernelLock::new(other, LockByte::Open);
    assert!(open.try_acquire().unwrap());
    assert!(
        !KernelLock::new(writer.file.clone(), LockByte::Open)
            .try_acquire()
            .unwrap()
    );
    open.release();
    assert!(
        KernelLock::new(writer.file.clone(), LockByte::Open)
            .acquire(LONG)
            .is_ok()
    );
}

#[test]
fn presence_is_shared_or_alone() {
    let (directory, lock) = place();
    let path = directory.path().join("lock");
    let first = KernelLock::new(lock.file.clone(), LockByte::Presence);
    let second = KernelLock::new(LockFile::open(&path).unwrap(), LockByte::Presence);
    first.acquire_shared(LONG).unwrap();
    second.acquire_shared(LONG).unwrap();
    assert!(!first.try_acquire().unwrap());
    second.release();
    assert!(first.try_acquire().unwrap());
    assert!(!second.try_acquire_shared().unwrap());
    let error = second.acquire_shared(Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(first.try_acquire_shared().unwrap());
    assert!(second.try_acquire_shared().unwrap());
}

#[test]
fn a_killed_holder_lets_others_go_on() {
    let (directory, mut lock) = place();
    for _ in 0..5 {
        let mut holder = Process::start("hold", directory.path());
        assert_eq!(holder.line(), "held");
        assert!(!lock.try_acquire().unwrap());
        let waiter = std::thread::spawn(move || {
            lock.acquire(LONG).unwrap();
            (lock, Instant::now())
        });
        std::thread::sleep(Duration::from_millis(20));
        let killed = Instant::now();
        holder.kill();
        let (taken, at) = waiter.join().unwrap();
        println!("taken {} us after the kill", (at - killed).as_micros());
        taken.release();
        lock = taken;
    }
}

#[test]
fn a_stopped_holder_is_named() {
    let (directory, lock) = place();
    let mut holder = Process::start("hold", directory.path());
    assert_eq!(holder.line(), "held");
    send_signal(holder.0.id(), libc::SIGSTOP);
    let error = lock.acquire(Duration::from_millis(50)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    let name = format!("process {} holds the writer lock", holder.0.id());
    assert!(error.text().contains(&name), "{error}");
    holder.kill();
    lock.acquire(LONG).unwrap();
}

#[test]
fn a_forked_copy_keeps_no_lock_alive() {
    let (directory, lock) = place();
    let mut holder = Process::start("fork", directory.path());
    let grandchild = Stray(holder.line().parse().unwrap());
    // Closing its copies in the grandchild has not released the lock of its parent.
    assert!(!lock.try_acquire().unwrap());
    holder.kill();
    assert!(process::alive(grandchild.0));
    lock.acquire(LONG).unwrap();
}

/// How often each of four processes had the lock in a second in which all want it all the time.
fn turns_of_four_tight_loops() -> Vec<u64> {
    let (directory, _lock) = place();
    let mut loops: Vec<Process> = (0..4)
        .map(|_| Process::start("loop", directory.path()))
        .collect();
    for process in &mut loops {
        assert_eq!(process.line(), "running");
    }
    std::thread::sleep(Duration::from_millis(1_000));
    for process in &mut loops {
        drop(process.0.stdin.take());
    }
    let mut counts = Vec::new();
    for process in &mut loops {
        let line = process.line();
        let (count, longest_us) = line.split_once(' ').unwrap();
        println!("{count} times, longest wait {longest_us} us");
        counts.push(count.parse::<u64>().unwrap());
    }
    counts
}

/// A lock that lets one starve does so every time; a busy machine, which keeps one from a
/// processor for most of a second, does not.
#[test]
fn nobody_starves_among_four_tight_loops() {
    let is_fair = || {
        let counts = turns_of_four_tight_loops();
        let all: u64 = counts.iter().sum();
        counts.iter().all(|count| count * 40 > all)
    };
    assert!((0..5).any(|_| is_fair()), "in none of five seconds");
}

#[test]
fn a_killed_waiter_stops_nobody() {
    let (directory, lock) = place();
    lock.acquire(LONG).unwrap();
    let mut waiter = Process::start("loop", directory.path());
    assert_eq!(waiter.line(), "running");
    while lock.words().unwrap().hungry.waiters() == 0 {
        std::thread::yield_now();
    }
    waiter.kill();
    lock.release();
    for _ in 0..1_000 {
        lock.acquire(LONG).unwrap();
        lock.release();
    }
    assert_eq!(lock.words().unwrap().hungry.waiters(), 0);
}

#[test]
fn a_hungry_waiter_goes_first_until_its_note_runs_out() {
    let (_directory, lock) = place();
    let words = lock.words().unwrap();
    words
        .hungry_ns
        .store(clock::boottime_ns(), Ordering::Relaxed);
    let start = Instant::now();
    lock.acquire(LONG).unwrap();
    assert!(start.elapsed() >= HUNGRY_AFTER);
    lock.release();
    // The free lock is taken all the same where there is no time for manners.
    words
        .hungry_ns
        .store(clock::boottime_ns(), Ordering::Relaxed);
    lock.acquire(Duration::ZERO).unwrap();
}
