//! `forebay-test-postgres`: a private PostgreSQL server for programs that are not Rust. Prints the
//! location of a store in it, and ends it when standard input ends.

use forebay_test_postgres::{Cluster, programs};
use std::io::{Read, stdin};
use std::process::ExitCode;

fn main() -> ExitCode {
    if programs().is_none() {
        eprintln!("PostgreSQL is not installed");
        return ExitCode::FAILURE;
    }
    let cluster = match Cluster::start(&["fsync=off", "full_page_writes=off"]) {
        Ok(cluster) => cluster,
        Err(error) => {
            eprintln!("PostgreSQL does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", cluster.location("forebay"));
    // Whatever comes: the end is what is waited for.
    let _ = stdin().read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}
