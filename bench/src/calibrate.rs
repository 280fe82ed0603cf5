//! What the disk under a directory can do, printed with every table: ratios to the floor carry
//! over to another machine, absolute numbers do not.

use crate::floor::Region;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// `fdatasync` calls a second after 4 KiB writes into a pre-written file under `dir`.
pub fn syncs_per_second(dir: &Path) -> io::Result<f64> {
    let private = tempfile::tempdir_in(dir)?;
    let region = Region::create(&private.path().join("ring"), 4 << 20)?;
    let block = [1u8; 4096];
    let started = Instant::now();
    let mut count = 0u64;
    while started.elapsed() < Duration::from_millis(300) {
        region.write(count * block.len() as u64, &block)?;
        region.sync()?;
        count += 1;
    }
    Ok(count as f64 / started.elapsed().as_secs_f64())
}

/// One line about the machine and the disk.
pub fn describe(dir: &Path) -> io::Result<String> {
    let rate = syncs_per_second(dir)?;
    let processors = std::thread::available_parallelism()?;
    Ok(format!(
        "{} processors; {}: {rate:.0} fdatasync/s ({:.0} us each)",
        processors,
        dir.display(),
        1e6 / rate
    ))
}
