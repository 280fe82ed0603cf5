//! SQS servers beside ours, measured alike. `bench/servers/README.md` says what is measured.

mod process;
mod table;

use crate::args::Args;
use crate::calibrate;
use crate::peers::list;
use crate::stats::median;
use crate::workloads::Failure;
use forebay_server::client::{Endpoint, Key};
use forebay_server::load::{Plan, Row, Step};
use process::Server;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Length of a body.
const BODY_BYTES: usize = 256;

/// A server that takes longer for an answer has failed: others wait for their turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is measured: step, messages in a request, connections.
type Cell = (Step, usize, usize);

/// A server and what was measured of it.
struct Entrant {
    name: String,
    /// What an acknowledgement has survived.
    class: String,
    server: Server,
    seen: BTreeMap<Cell, Seen>,
    /// What went wrong first.
    failure: Option<String>,
}

/// The rounds of a cell.
#[derive(Default)]
struct Seen {
    rates: Vec<f64>,
    p50s_us: Vec<f64>,
    p99s_us: Vec<f64>,
}

/// Medians of the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Medians {
    /// Messages a second.
    rate: f64,
    p50_us: f64,
    p99_us: f64,
}

/// Measures every server of the file `names`, and prints one table.
pub fn run(names: &Path, args: &Args) -> Result<(), Failure> {
    let list = list::read(names)?;
    println!("{}", calibrate::describe(&args.dir)?);
    println!("{}", pinning(args));
    let private = tempfile::tempdir_in(&args.dir)?;
    let mut skipped = list.skipped;
    let mut entrants = Vec::new();
    for (number, entry) in list.entries.into_iter().enumerate() {
        let folder = private.path().join(number.to_string());
        match Server::start(&entry.command, &folder, args.server_processor) {
            Ok(server) => entrants.push(Entrant {
                name: entry.name,
                class: entry.class,
                server,
                seen: BTreeMap::new(),
                failure: None,
            }),
            Err(error) => skipped.push((entry.name, entry.class, error.to_string())),
        }
    }
    measure(&mut entrants, args)?;
    print!("{}", table::print(&entrants)?);
    for (name, class, reason) in skipped {
        println!("skipped: {name} ({class}): {reason}");
    }
    Ok(())
}

fn pinning(args: &Args) -> String {
    let place = match args.server_processor {
        Some(processor) => format!("every server alone on processor {processor}"),
        None => "servers and generator share all processors".into(),
    };
    format!(
        "{} rounds, medians; up to {:?} a step; bodies of {BODY_BYTES} bytes; one generator for \
         all, keep-alive, signed; {place}",
        args.rounds, args.time
    )
}

/// A round that warms up and is not counted, then those that are; each begins with another server.
fn measure(entrants: &mut [Entrant], args: &Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let count = entrants.len();
    for round in 0..=args.rounds {
        for index in 0..count {
            let entrant = &mut entrants[(round + index) % count];
            let plan = plan(entrant.server.endpoint(), args.time, round == 0);
            runtime.block_on(plan.measure(|row| entrant.take(row, round > 0)));
        }
    }
    Ok(())
}

fn plan(endpoint: Endpoint, time: Duration, is_warm_up: bool) -> Plan {
    Plan {
        endpoint,
        key: Key::default(),
        // What compiles itself while it runs gets something to compile.
        connections: if is_warm_up {
            vec![16]
        } else {
            vec![1, 16, 128]
        },
        batches: vec![1, 10],
        body_bytes: BODY_BYTES,
        time: if is_warm_up { time * 2 } else { time },
        warm_up: Duration::ZERO,
        patience: PATIENCE,
    }
}

impl Entrant {
    fn take(&mut self, row: Row, counted: bool) {
        if let Some(failure) = row.failure {
            let cell = format!(
                "{}, {} a request, {} connections",
                row.step.name(),
                row.batch,
                row.connections
            );
            self.failure.get_or_insert(format!("{cell}: {failure}"));
        } else if counted {
            let cell = (row.step, row.batch, row.connections);
            let seen = self.seen.entry(cell).or_default();
            seen.rates.push(row.rate());
            seen.p50s_us.push(row.p50_us);
            seen.p99s_us.push(row.p99_us);
        }
    }

    /// What was measured of a cell; none if no round went well.
    fn medians(&self, cell: Cell) -> Option<Medians> {
        let seen = self.seen.get(&cell)?;
        Some(Medians {
            rate: median(&seen.rates),
            p50_us: median(&seen.p50s_us),
            p99_us: median(&seen.p99s_us),
        })
    }
}
