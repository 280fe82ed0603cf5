//! The workload of several processes: this program starts itself, and its members wait for the
//! word on their standard input, so that store and floor alternate between the same processes.

use super::cell::{Cell, durability_from_name, durability_name};
use super::shape::Sample;
use super::subject::{Failure, Library, Subject};
use crate::floor::SharedFloor;
use crate::stats::Latencies;
use bytes::Bytes;
use forebay::OpenOptions;
use forebay::store::Durability;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Which of the two a round runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Store,
    Floor,
}

/// The processes of one workload.
pub struct Members(Vec<Member>);

struct Member {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Members {
    /// Starts `count` processes on the store and ring of `cell` and waits until all are open.
    pub fn start(count: usize, cell: &Cell, store: &Path, ring: &Path) -> Result<Self, Failure> {
        let program = std::env::current_exe()?;
        let mut members = Vec::new();
        for _ in 0..count {
            let mut child = Command::new(&program)
                .arg("member")
                .args([store.as_os_str(), ring.as_os_str()])
                .arg(durability_name(cell.durability))
                .arg(cell.bytes.to_string())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let input = child.stdin.take().ok_or("no standard input")?;
            let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
            members.push(Member {
                child,
                input,
                output,
            });
        }
        let mut members = Self(members);
        for member in &mut members.0 {
            member.read_line()?;
        }
        Ok(members)
    }

    /// Lets all of them run for `time` and adds up what they did.
    pub fn run(&mut self, side: Side, time: Duration) -> Result<Sample, Failure> {
        for member in &mut self.0 {
            writeln!(member.input, "{side:?} {}", time.as_millis())?;
        }
        let mut sum = Sample::default();
        for member in &mut self.0 {
            let line = member.read_line()?;
            let mut words = line.split_whitespace();
            let mut next = || words.next().ok_or("a member's answer is too short");
            sum.rate += next()?.parse::<f64>()?;
            sum.syncs += next()?.parse::<f64>()?;
            for ns in words {
                sum.sends.add_ns(ns.parse()?);
            }
        }
        Ok(sum)
    }
}

impl Member {
    fn read_line(&mut self) -> Result<String, Failure> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            let status = self.child.wait()?;
            return Err(format!("a member process ended with {status}").into());
        }
        Ok(line)
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        for member in &mut self.0 {
            // It may have ended by itself; either way it must not outlive the workload.
            let _ = member.child.kill();
            let _ = member.child.wait();
        }
    }
}

/// What a member process does: answers each line of its standard input with a run.
pub fn serve(words: &[String]) -> Result<(), Failure> {
    let [store, ring, durability, bytes] = words else {
        return Err("a member is started by the benchmark itself".into());
    };
    let durability = durability_from_name(durability)?;
    let body = Bytes::from(vec![b'x'; bytes.parse()?]);
    let open = OpenOptions::new().durability(durability).open(store)?;
    let library = Library::new(open, "bench")?;
    let mut floor = SharedFloor::open(Path::new(ring), durability == Durability::Full)?;
    println!("ready");
    for line in std::io::stdin().lines() {
        let line = line?;
        let (side, time) = line.split_once(' ').ok_or("a command without a time")?;
        let time = Duration::from_millis(time.parse()?);
        let sample = match side {
            "Store" => run_store(&library, &body, time)?,
            _ => run_floor(&mut floor, &body, time)?,
        };
        let mut answer = format!("{} {}", sample.rate, sample.syncs);
        for ns in sample.sends.all() {
            answer.push_str(&format!(" {ns}"));
        }
        println!("{answer}");
    }
    Ok(())
}

/// As on one thread, but what is received may be another process's message, or none.
fn run_store(library: &Library, body: &Bytes, time: Duration) -> Result<Sample, Failure> {
    let bodies = [body.clone()];
    let syncs = library.syncs()?;
    let mut sends = Latencies::default();
    let mut cycles = 0u64;
    let started = Instant::now();
    while started.elapsed() < time {
        let before = Instant::now();
        library.send(&bodies)?;
        sends.add(before.elapsed());
        let taken = library.receive(1, false)?;
        library.delete(&taken)?;
        cycles += taken.len() as u64;
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Sample {
        rate: cycles as f64 / seconds,
        syncs: (library.syncs()? - syncs) as f64 / seconds,
        sends,
    })
}

fn run_floor(floor: &mut SharedFloor, body: &Bytes, time: Duration) -> Result<Sample, Failure> {
    let syncs = floor.syncs();
    let mut sends = Latencies::default();
    let mut cycles = 0u64;
    let started = Instant::now();
    while started.elapsed() < time {
        let before = Instant::now();
        floor.send(body)?;
        sends.add(before.elapsed());
        if let Some(id) = floor.receive()? {
            floor.delete(id)?;
            cycles += 1;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    Ok(Sample {
        rate: cycles as f64 / seconds,
        syncs: (floor.syncs() - syncs) as f64 / seconds,
        sends,
    })
}
