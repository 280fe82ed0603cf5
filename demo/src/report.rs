//! What came out, beside what one process counts without any queue.

use crate::count::{Counts, count_file, kind_of};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// File types with a line of their own; the rest is summed up.
const KINDS_SHOWN: usize = 16;

/// The direct count: what must come out.
pub struct Audit {
    counts: BTreeMap<Vec<u8>, Counts>,
    poison: BTreeSet<PathBuf>,
    took: Duration,
}

impl Audit {
    /// Counts every file in this process. Files that cannot be read belong to the poison.
    pub fn new(files: &[PathBuf], planted: &[PathBuf]) -> Self {
        let start = Instant::now();
        let mut counts = BTreeMap::new();
        let mut poison: BTreeSet<PathBuf> = planted.iter().cloned().collect();
        for path in files {
            match count_file(path) {
                Ok(found) => {
                    counts.insert(path.as_os_str().as_bytes().to_vec(), found);
                }
                Err(_) => {
                    poison.insert(path.clone());
                }
            }
        }
        Self {
            counts,
            poison,
            took: start.elapsed(),
        }
    }
}

/// What the run brought.
pub struct Report {
    /// Counts by path.
    pub results: BTreeMap<Vec<u8>, Counts>,
    /// Paths in the dead-letter queue.
    pub poison: BTreeSet<PathBuf>,
    /// Tasks still in their queue.
    pub left: u64,
    /// Results that the aggregator received twice.
    pub results_twice: u64,
    /// Tasks done that had been received before.
    pub again: u64,
    /// Results that were there already and were not stored again.
    pub results_refused: u64,
    /// Waits for the disk, of all processes but the killed one.
    pub syncs: u64,
    /// Tasks and results sent.
    pub messages: u64,
    /// From the first send to the last result.
    pub took: Duration,
    /// False if the run gave up.
    pub finished: bool,
}

/// Sums of one file type.
#[derive(Clone, Copy, Default)]
struct Row {
    files: u64,
    queued: Counts,
    direct: Counts,
    wrong: u64,
}

impl Row {
    fn add(&mut self, other: &Row) {
        self.files += other.files;
        self.queued.add(&other.queued);
        self.direct.add(&other.direct);
        self.wrong += other.wrong;
    }
}

impl Report {
    /// Prints the tables; true if all is as it must be.
    pub fn print(&self, audit: &Audit) -> bool {
        let rows = self.rows(audit);
        print_table(&rows);
        let mut all = Row::default();
        rows.values().for_each(|row| all.add(row));
        let lost = audit
            .counts
            .keys()
            .filter(|path| !self.results.contains_key(*path))
            .count();
        let foreign = self
            .results
            .keys()
            .filter(|path| !audit.counts.contains_key(*path))
            .count();
        let poison_right = self.poison == audit.poison;
        let seconds = self.took.as_secs_f64();
        let rate = |count: u64| grouped((count as f64 / seconds) as u64);
        println!();
        println!("lost           {lost}");
        println!(
            "came twice     {} tasks, of which {} had their result already; results: {}",
            self.again, self.results_refused, self.results_twice
        );
        println!("wrong counts   {}", all.wrong);
        let verdict = if poison_right {
            "as planted"
        } else {
            "NOT what was planted"
        };
        println!(
            "poison         {} in the dead-letter queue, {verdict}",
            self.poison.len()
        );
        println!(
            "messages       {} a second in {seconds:.1} s",
            rate(self.messages)
        );
        println!(
            "syncs          {} a second, without the killed worker's",
            rate(self.syncs)
        );
        println!(
            "one process    {:.1} s without queues",
            audit.took.as_secs_f64()
        );
        if !self.finished {
            println!("gave up: nothing moved any more");
        }
        if self.left > 0 || foreign > 0 {
            println!("{} tasks left, {foreign} results of no file", self.left);
        }
        let clean = lost == 0 && foreign == 0 && all.wrong == 0 && self.left == 0;
        clean && self.finished && poison_right
    }

    fn rows(&self, audit: &Audit) -> BTreeMap<String, Row> {
        let mut rows: BTreeMap<String, Row> = BTreeMap::new();
        for (path, direct) in &audit.counts {
            let row = rows.entry(kind_of(path)).or_default();
            let queued = self.results.get(path).copied().unwrap_or_default();
            row.files += 1;
            row.direct.add(direct);
            row.queued.add(&queued);
            row.wrong += u64::from(queued != *direct && self.results.contains_key(path));
        }
        rows
    }
}

fn print_table(rows: &BTreeMap<String, Row>) {
    let mut order: Vec<(&str, Row)> = rows.iter().map(|(kind, row)| (&**kind, *row)).collect();
    order.sort_by_key(|(_, row)| std::cmp::Reverse(row.files));
    let mut others = Row::default();
    let mut all = Row::default();
    order.iter().for_each(|(_, row)| all.add(row));
    order
        .iter()
        .skip(KINDS_SHOWN)
        .for_each(|(_, row)| others.add(row));
    let more = format!("{} others", order.len().saturating_sub(KINDS_SHOWN));
    order.truncate(KINDS_SHOWN);
    if others.files > 0 {
        order.push((&more, others));
    }
    order.push(("all", all));
    println!();
    println!(
        "{:<14}{:>8}{:>34}{:>34}",
        "", "", "through queues", "one process"
    );
    println!(
        "{:<14}{:>8}{:>18}{:>16}{:>18}{:>16}",
        "type", "files", "words", "lines", "words", "lines"
    );
    for (kind, row) in order {
        let mark = if row.queued == row.direct {
            ""
        } else {
            "  DIFFERS"
        };
        println!(
            "{kind:<14}{:>8}{:>18}{:>16}{:>18}{:>16}{mark}",
            grouped(row.files),
            grouped(row.queued.words),
            grouped(row.queued.lines),
            grouped(row.direct.words),
            grouped(row.direct.lines),
        );
    }
}

/// A number with a comma between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(audit: &Audit) -> Report {
        Report {
            results: audit.counts.clone(),
            poison: audit.poison.clone(),
            left: 0,
            results_twice: 0,
            again: 3,
            results_refused: 2,
            syncs: 10,
            messages: 20,
            took: Duration::from_secs(1),
            finished: true,
        }
    }

    #[test]
    fn a_lost_or_wrong_result_is_a_failure() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let missing = PathBuf::from("/no/such/file.txt");
        let audit = Audit::new(&[path.clone(), missing.clone()], &[]);
        assert_eq!(audit.poison, BTreeSet::from([missing]));
        let key = path.as_os_str().as_bytes().to_vec();
        assert!(report(&audit).print(&audit));
        let spoil: [fn(&mut Report, Vec<u8>); 5] = [
            |report, key| report.results.retain(|path, _| *path != key),
            |report, key| report.results.entry(key).or_default().words += 1,
            |report, _| {
                report
                    .results
                    .extend([(b"/other".to_vec(), Counts::default())])
            },
            |report, _| report.poison.clear(),
            |report, _| report.left = 1,
        ];
        for change in spoil {
            let mut report = report(&audit);
            change(&mut report, key.clone());
            assert!(!report.print(&audit));
        }
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
