//! `cargo xtask compatibility`: docs/COMPATIBILITY.md from the scenarios over HTTP.

use crate::place;

pub fn run(arguments: &[String]) -> crate::Outcome {
    let path = place::root().join("docs/COMPATIBILITY.md");
    let is_check = match arguments {
        [] => false,
        [word] if word == "--check" => true,
        other => return Err(format!("takes --check or nothing, not {other:?}")),
    };
    let printed = crate::scenarios::runner()?
        .arg("--compatibility")
        .output()?;
    if !is_check {
        return std::fs::write(&path, printed)
            .map_err(|error| format!("write {}: {error}", path.display()));
    }
    let committed = std::fs::read_to_string(&path)
        .map_err(|error| format!("read {}: {error}", path.display()))?;
    match committed == printed {
        true => Ok(()),
        false => {
            Err("docs/COMPATIBILITY.md is not what the tests give; run this without --check".into())
        }
    }
}
