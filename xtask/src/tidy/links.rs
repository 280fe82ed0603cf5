//! Links between the repository's own texts.

use super::Fault;
use std::path::Path;

/// Every relative link of a Markdown file in `folder` leads to a file that exists. In a block of
/// code `](` is no link.
pub fn check_links(folder: &Path, text: &str, faults: &mut Vec<Fault>) {
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        in_code ^= line.trim_start().starts_with("```");
        if in_code {
            continue;
        }
        for after in line.split("](").skip(1) {
            let Some((target, _)) = after.split_once(')') else {
                continue;
            };
            let file = target.split('#').next().unwrap_or(target);
            let own = !file.is_empty() && !file.contains("://");
            if own && !folder.join(file).exists() {
                faults.push(Fault::new(index + 1, format!("{target} does not exist")));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_to_nowhere_is_found() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        let text = "[a](Cargo.toml) [b](https://example.invalid/x)\n\
                    [c](src/no.rs#part) [d](#here)\n\
                    ```cpp\n[&](int no) {}\n```\n";
        let mut faults = Vec::new();
        check_links(own, text, &mut faults);
        assert_eq!(faults, [Fault::new(2, "src/no.rs#part does not exist")]);
    }
}
