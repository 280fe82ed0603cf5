//! `cargo xtask test`: every tier, a table of them, and one closing line.

mod background;
mod clients;
mod consumers;
mod guides;
mod legacy;
mod native;
mod node;
mod postgres;
mod python;
mod readme;
mod stage;
mod tiers;

use crate::tally::Tally;
use std::time::{Duration, Instant};
use tiers::Tier;

/// How a tier ended.
struct Result {
    name: &'static str,
    tally: Tally,
    took: Duration,
}

pub fn run(arguments: &[String]) -> crate::Outcome {
    if arguments == ["--list"] {
        for tier in tiers::ALL {
            println!("{:<12} {}", tier.name, tier.about);
        }
        return Ok(());
    }
    let chosen = choose(arguments)?;
    crate::tools::prepare()?;
    let results: Vec<Result> = chosen.into_iter().map(run_tier).collect();
    conclude(&results)
}

fn choose(names: &[String]) -> std::result::Result<Vec<&'static Tier>, String> {
    if names.is_empty() {
        return Ok(tiers::ALL.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            let known = || {
                tiers::ALL
                    .iter()
                    .map(|tier| tier.name)
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            tiers::ALL
                .iter()
                .find(|tier| tier.name == name)
                .ok_or_else(|| format!("no tier {name:?}; there are {}", known()))
        })
        .collect()
}

fn run_tier(tier: &'static Tier) -> Result {
    println!("\n== {}: {}", tier.name, tier.about);
    let start = Instant::now();
    let tally = (tier.run)().unwrap_or_else(|text| {
        println!("{text}");
        Tally::one(false)
    });
    Result {
        name: tier.name,
        tally,
        took: start.elapsed(),
    }
}

/// Prints the table and, alone on the last line, the sum; nothing may be printed after it.
fn conclude(results: &[Result]) -> crate::Outcome {
    let mut sum = Tally::default();
    println!();
    for result in results {
        let seconds = result.took.as_secs_f64();
        println!("{:<12} {:>7.1} s  {}", result.name, seconds, result.tally);
        sum += result.tally;
    }
    let failed: Vec<&str> = results
        .iter()
        .filter(|result| result.tally.failed > 0)
        .map(|result| result.name)
        .collect();
    if !failed.is_empty() {
        println!(
            "to repeat what failed: cargo xtask test {}",
            failed.join(" ")
        );
    }
    println!("{sum}");
    if failed.is_empty() {
        return Ok(());
    }
    Err(String::new())
}
