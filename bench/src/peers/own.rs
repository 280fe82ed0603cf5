//! This library in Rust, as a peer: what the bindings of the other languages can be compared with.

use crate::workloads::{Failure, durability_from_name};
use forebay::{OpenOptions, Queue, QueueOptions, ReceiveOptions};
use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

const BODY: [u8; 256] = [b'x'; 256];
const BATCH: u32 = 10;

/// `CLASS FOLDER`: answers commands until the input ends.
pub fn serve(words: &[String]) -> Result<(), Failure> {
    let [class, folder] = words else {
        return Err("a peer needs its class and its folder".into());
    };
    let store = OpenOptions::new()
        .durability(durability_from_name(class)?)
        .open(Path::new(folder).join("queues"))?;
    let queue = store.create_queue("bench", &QueueOptions::new())?;
    println!("ready {}; durability={class}", env!("CARGO_PKG_VERSION"));
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, number) = line.split_once(' ').ok_or("a command needs a number")?;
        let number: u64 = number.parse()?;
        let start = Instant::now();
        let whole = |count: u64| (count, start.elapsed());
        let (count, time) = match command {
            "cycle" => whole(cycle(&queue, Duration::from_millis(number))?),
            "batch" => whole(batch(&queue, Duration::from_millis(number))?),
            "produce" => whole(produce(&queue, number)?),
            "consume" => whole(consume(&queue, number)?),
            "pair" => timed(number, || pair(&queue))?,
            "ten" => timed(number, || ten(&queue))?,
            _ => return Err(format!("no command {command:?}").into()),
        };
        println!("done {count} {}", time.as_nanos());
    }
    Ok(())
}

fn cycle(queue: &Queue, time: Duration) -> Result<u64, Failure> {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < time {
        queue.send(BODY.to_vec())?;
        for message in queue.receive(&ReceiveOptions::new())? {
            message.delete()?;
            count += 1;
        }
    }
    Ok(count)
}

/// As `cycle`, ten messages at a time; counts batches.
fn batch(queue: &Queue, time: Duration) -> Result<u64, Failure> {
    let start = Instant::now();
    let mut count = 0;
    while start.elapsed() < time {
        queue.send_batch((0..10).map(|_| BODY.to_vec()))?;
        let messages = queue.receive(&ReceiveOptions::new().max(10))?;
        queue.delete_batch(messages.iter())?;
        count += 1;
    }
    Ok(count)
}

/// `count` turns of work that says itself how long it took.
fn timed(
    count: u64,
    turn: impl Fn() -> Result<Duration, Failure>,
) -> Result<(u64, Duration), Failure> {
    let mut time = Duration::ZERO;
    for _ in 0..count {
        time += turn()?;
    }
    Ok((count, time))
}

/// A send and a receive. The delete is not counted.
fn pair(queue: &Queue) -> Result<Duration, Failure> {
    let start = Instant::now();
    queue.send(BODY.to_vec())?;
    let messages = queue.receive(&ReceiveOptions::new())?;
    let time = start.elapsed();
    messages.iter().try_for_each(forebay::Message::delete)?;
    Ok(time)
}

/// Ten messages sent in one call and received in one.
fn ten(queue: &Queue) -> Result<Duration, Failure> {
    let start = Instant::now();
    for receipt in queue.send_batch((0..BATCH).map(|_| BODY.to_vec()))? {
        receipt?;
    }
    let messages = queue.receive(&ReceiveOptions::new().max(BATCH))?;
    let time = start.elapsed();
    for deleted in queue.delete_batch(&messages)? {
        deleted?;
    }
    Ok(time)
}

fn produce(queue: &Queue, count: u64) -> Result<u64, Failure> {
    for _ in 0..count {
        queue.send(BODY.to_vec())?;
    }
    Ok(count)
}

fn consume(queue: &Queue, count: u64) -> Result<u64, Failure> {
    let mut done = 0;
    while done < count {
        for message in queue.receive(&ReceiveOptions::new().wait(1))? {
            message.delete()?;
            done += 1;
        }
    }
    Ok(done)
}
