//! The shapes of load, and the runs inside one process.

use super::subject::{Failure, Subject};
use crate::stats::Latencies;
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Messages that producers may be ahead of consumers.
const AHEAD_MAX: i64 = 1_000;

/// Who does what at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// One thread; this many messages a call.
    Single { batch: usize },
    /// Half of the threads send, half receive and delete, one message a call.
    Threads(usize),
    /// Processes, each with one thread that sends, receives and deletes.
    Processes(usize),
}

impl Shape {
    /// All that are measured, with their names in the rows.
    pub const ALL: [(&'static str, Shape); 5] = [
        ("threads1", Shape::Single { batch: 1 }),
        ("batch10", Shape::Single { batch: 10 }),
        ("threads16", Shape::Threads(16)),
        ("threads64", Shape::Threads(64)),
        ("processes4", Shape::Processes(4)),
    ];
}

/// What one run gave.
#[derive(Debug, Default, Clone)]
pub struct Sample {
    /// Messages that were sent, received and deleted, a second.
    pub rate: f64,
    /// Waits for the disk, a second.
    pub syncs: f64,
    /// Of the send calls.
    pub sends: Latencies,
}

/// Runs cycles of a batch on one thread for `time`.
pub fn run_single<S: Subject>(
    subject: &S,
    batch: usize,
    body: &Bytes,
    time: Duration,
) -> Result<Sample, Failure> {
    let bodies = vec![body.clone(); batch];
    let syncs = subject.syncs()?;
    let started = Instant::now();
    let mut sends = Latencies::default();
    let mut cycles = 0usize;
    while started.elapsed() < time {
        let before = Instant::now();
        subject.send(&bodies)?;
        sends.add(before.elapsed());
        let taken = subject.receive(batch, false)?;
        if taken.len() != batch {
            return Err(format!("sent {batch} messages, received {}", taken.len()).into());
        }
        subject.delete(&taken)?;
        cycles += batch;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Sample {
        rate: cycles as f64 / seconds,
        syncs: (subject.syncs()? - syncs) as f64 / seconds,
        sends,
    })
}

struct Load {
    stop: AtomicBool,
    /// Messages sent and not yet taken.
    ahead: AtomicI64,
    deleted: AtomicU64,
}

/// Runs producers and consumers for `time`.
pub fn run_threads<S: Subject>(
    subject: &S,
    threads: usize,
    body: &Bytes,
    time: Duration,
) -> Result<Sample, Failure> {
    let load = Load {
        stop: AtomicBool::new(false),
        ahead: AtomicI64::new(0),
        deleted: AtomicU64::new(0),
    };
    let load = &load;
    std::thread::scope(|scope| {
        let producers: Vec<_> = (0..threads / 2)
            .map(|_| scope.spawn(move || produce(subject, body, load)))
            .collect();
        let consumers: Vec<_> = (0..threads / 2)
            .map(|_| scope.spawn(move || consume(subject, load)))
            .collect();
        std::thread::sleep(time / 10); // until the groups have found their size
        let syncs = subject.syncs()?;
        let deleted = load.deleted.load(Ordering::Relaxed);
        let started = Instant::now();
        std::thread::sleep(time);
        let seconds = started.elapsed().as_secs_f64();
        let mut sample = Sample {
            rate: (load.deleted.load(Ordering::Relaxed) - deleted) as f64 / seconds,
            syncs: (subject.syncs()? - syncs) as f64 / seconds,
            sends: Latencies::default(),
        };
        load.stop.store(true, Ordering::Relaxed);
        for producer in producers {
            let sends = producer.join().map_err(|_| "a producer panicked")??;
            sample.sends.append(sends);
        }
        for consumer in consumers {
            consumer.join().map_err(|_| "a consumer panicked")??;
        }
        Ok(sample)
    })
}

fn produce<S: Subject>(subject: &S, body: &Bytes, load: &Load) -> Result<Latencies, Failure> {
    let bodies = [body.clone()];
    let mut sends = Latencies::default();
    while !load.stop.load(Ordering::Relaxed) {
        if load.ahead.load(Ordering::Relaxed) >= AHEAD_MAX {
            std::thread::sleep(Duration::from_micros(100));
            continue;
        }
        let before = Instant::now();
        subject.send(&bodies)?;
        sends.add(before.elapsed());
        load.ahead.fetch_add(1, Ordering::Relaxed);
    }
    Ok(sends)
}

fn consume<S: Subject>(subject: &S, load: &Load) -> Result<(), Failure> {
    while !load.stop.load(Ordering::Relaxed) {
        let taken = subject.receive(1, true)?;
        load.ahead.fetch_sub(taken.len() as i64, Ordering::Relaxed);
        if !taken.is_empty() {
            subject.delete(&taken)?;
            load.deleted
                .fetch_add(taken.len() as u64, Ordering::Relaxed);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::{Floor, Region};

    const TIME: Duration = Duration::from_millis(30);

    fn runs<S: Subject>(subject: &S) {
        let body = Bytes::from_static(b"body");
        let single = run_single(subject, 10, &body, TIME).unwrap();
        assert!(single.rate > 0.0);
        assert!(!single.sends.all().is_empty());
        assert!(subject.receive(1, false).unwrap().is_empty());
        let threads = run_threads(subject, 4, &body, TIME).unwrap();
        assert!(threads.rate > 0.0);
        subject.clear().unwrap();
        assert!(subject.receive(1, false).unwrap().is_empty());
    }

    #[test]
    fn the_floor_runs_every_load() {
        let directory = tempfile::tempdir().unwrap();
        let region = Region::create(&directory.path().join("ring"), 1 << 20).unwrap();
        runs(&Floor::new(region, false));
    }
}
