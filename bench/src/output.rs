//! How results are printed and written.

use crate::workloads::Row;

/// The head of the workloads' table.
pub const ROW_HEAD: &str = "\
workload/body/durability     cycles/s   syncs/s    floor/s   syncs/s   ratio   send p50    p99 us";

/// What the table's words mean.
pub const LEGEND: &str = "\
A cycle is one message sent, received and deleted. full: sends and deletes survive power loss
before they are answered. os: they survive the process only. The floor syncs send, receive and
delete in the rows with full, and nothing in the rows with os.";

/// One line of the workloads' table.
pub fn row_line(row: &Row) -> String {
    format!(
        "{:<26} {:>10.0} {:>9.0} {:>10.0} {:>9.0} {:>7.2} {:>10.1} {:>9.1}",
        row.name,
        row.rate,
        row.syncs,
        row.floor,
        row.floor_syncs,
        row.ratio,
        row.p50_us,
        row.p99_us
    )
}

/// The rows as JSON. Names are ASCII without quotes, so nothing needs escaping.
pub fn rows_json(rows: &[Row]) -> String {
    let rows: Vec<String> = rows
        .iter()
        .map(|row| {
            format!(
                "{{\"name\":\"{}\",\"rate\":{:.1},\"floor\":{:.1},\"ratio\":{:.4},\
                 \"p50_us\":{:.2},\"p99_us\":{:.2}}}",
                row.name, row.rate, row.floor, row.ratio, row.p50_us, row.p99_us
            )
        })
        .collect();
    format!("{{\"rows\":[\n{}\n]}}\n", rows.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_the_documented_form() {
        let row = Row {
            name: "threads1/256B/full".into(),
            rate: 1234.56,
            floor: 1000.0,
            ratio: 1.23456,
            syncs: 1.0,
            floor_syncs: 2.0,
            p50_us: 120.0,
            p99_us: 300.5,
        };
        assert_eq!(
            rows_json(&[row]),
            "{\"rows\":[\n{\"name\":\"threads1/256B/full\",\"rate\":1234.6,\"floor\":1000.0,\
             \"ratio\":1.2346,\"p50_us\":120.00,\"p99_us\":300.50}\n]}\n"
        );
    }
}
