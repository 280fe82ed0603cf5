//! From the arguments of a step to the line that a driver reads.

use crate::scenario::{Arg, Args};
use crate::template::Names;
use forebay_scenario_driver::wire::Line;

/// The line of `verb` with `args`, results of earlier steps put in.
pub fn line(verb: &str, args: &Args, names: &mut Names) -> Result<Line, String> {
    let mut line = Line::new(verb);
    put_args(&mut line, "", args, names)?;
    Ok(line)
}

fn put_args(line: &mut Line, prefix: &str, args: &Args, names: &mut Names) -> Result<(), String> {
    for (name, arg) in args {
        put(line, &format!("{prefix}{name}"), arg, names)?;
    }
    Ok(())
}

fn put(line: &mut Line, key: &str, arg: &Arg, names: &mut Names) -> Result<(), String> {
    let count = match arg {
        Arg::Value(template) => {
            line.put(key, template.resolve(names)?);
            return Ok(());
        }
        Arg::Texts(list) => {
            for (index, template) in list.iter().enumerate() {
                line.put(format!("{key}.{}", index + 1), template.resolve(names)?);
            }
            list.len()
        }
        Arg::Map(entries) => {
            for (index, (name, value)) in entries.iter().enumerate() {
                line.put(format!("{key}.{}.name", index + 1), name.resolve(names)?);
                line.put(format!("{key}.{}.value", index + 1), value.resolve(names)?);
            }
            entries.len()
        }
        Arg::Attributes(entries) => {
            for (index, (name, kind, value)) in entries.iter().enumerate() {
                let key = format!("{key}.{}", index + 1);
                line.put(format!("{key}.name"), name.resolve(names)?);
                line.put(format!("{key}.type"), kind.resolve(names)?);
                line.put(format!("{key}.value"), value.resolve(names)?);
            }
            entries.len()
        }
        Arg::List(records) => {
            for (index, record) in records.iter().enumerate() {
                put_args(line, &format!("{key}.{}.", index + 1), record, names)?;
            }
            records.len()
        }
        Arg::Generated(count, record) => {
            let outer = names.turn;
            for index in 1..=*count {
                names.turn = Some(index);
                put_args(line, &format!("{key}.{index}."), record, names)?;
            }
            names.turn = outer;
            usize::try_from(*count).map_err(|_| "count is too large")?
        }
    };
    line.put(format!("{key}.count"), count.to_string());
    Ok(())
}
