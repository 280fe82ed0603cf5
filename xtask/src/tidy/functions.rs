//! How long functions are, told from the layout that the formatters give.

use super::Fault;

const FUNCTION_LINES_MAX: usize = 70;

/// Rust: from `fn` to the closing brace of the same indentation.
pub fn check_rust(text: &str, faults: &mut Vec<Fault>) {
    let lines: Vec<&str> = text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        if !is_rust_function(line) {
            continue;
        }
        let Some(open) = (start..lines.len()).find(|at| lines[*at].ends_with(['{', ';', '}']))
        else {
            continue;
        };
        if lines[open].ends_with('{') {
            measure(&lines, start, open, faults);
        }
    }
}

/// C and C++: from the line that opens a parameter list to the closing brace of its
/// indentation.
pub fn check_c(text: &str, faults: &mut Vec<Fault>) {
    let lines: Vec<&str> = text.lines().collect();
    for (open, line) in lines.iter().enumerate() {
        let own_line = line.trim() == "{";
        let last = if own_line { open.wrapping_sub(1) } else { open };
        let Some(signature) = lines.get(last) else {
            continue;
        };
        let opens = own_line || line.ends_with('{');
        if !opens || !signature.contains(')') {
            continue;
        }
        let Some(start) = signature_start(&lines, last) else {
            continue;
        };
        if !is_control(lines[start]) {
            measure(&lines, start, open, faults);
        }
    }
}

fn measure(lines: &[&str], start: usize, open: usize, faults: &mut Vec<Fault>) {
    let indent = indent_of(lines[start]);
    let end = (open + 1..lines.len())
        .find(|at| lines[*at].trim_start().starts_with('}') && indent_of(lines[*at]) == indent);
    let Some(end) = end else { return };
    let length = end - start + 1;
    if length > FUNCTION_LINES_MAX {
        let text = format!("a function of {length} lines; at most {FUNCTION_LINES_MAX}");
        faults.push(Fault::new(start + 1, text));
    }
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

fn is_rust_function(line: &str) -> bool {
    let mut rest = line.trim_start();
    loop {
        if rest.starts_with("fn ") {
            return true;
        }
        let Some((word, after)) = rest.split_once(' ') else {
            return false;
        };
        let qualifier = matches!(word, "const" | "async" | "extern" | "\"C\"")
            || word == concat!("un", "safe")
            || word.starts_with("pub");
        if !qualifier {
            return false;
        }
        rest = after;
    }
}

/// The line whose opening parenthesis is closed on line `last`.
fn signature_start(lines: &[&str], last: usize) -> Option<usize> {
    let mut depth = 0_i64;
    for at in (0..=last).rev() {
        for character in lines[at].chars() {
            match character {
                ')' => depth += 1,
                '(' => depth -= 1,
                _ => {}
            }
        }
        if depth <= 0 {
            return Some(at);
        }
    }
    None
}

fn is_control(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("} ");
    ["if", "for", "while", "switch", "else", "do", "catch", "try"]
        .iter()
        .any(|word| {
            line.strip_prefix(word)
                .is_some_and(|rest| rest.starts_with([' ', '(', '{']))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn starts(check: fn(&str, &mut Vec<Fault>), text: &str) -> Vec<usize> {
        let mut faults = Vec::new();
        check(text, &mut faults);
        faults.into_iter().map(|fault| fault.line).collect()
    }

    fn body(lines: usize) -> String {
        "        call();\n".repeat(lines)
    }

    #[test]
    fn rust_functions_are_measured_to_their_own_brace() {
        let fits = format!("impl A {{\n    fn a() {{\n{}    }}\n}}\n", body(68));
        assert_eq!(starts(check_rust, &fits), Vec::<usize>::new());
        let long = format!(
            "impl A {{\n    pub const fn a() {{\n{}    }}\n}}\n",
            body(69)
        );
        assert_eq!(starts(check_rust, &long), [2]);
        let declared = format!("trait A {{\n    fn a();\n{}}}\n", body(100));
        assert_eq!(starts(check_rust, &declared), Vec::<usize>::new());
        let split = format!("fn a(\n    b: u8,\n) {{\n{}}}\n", body(67));
        assert_eq!(starts(check_rust, &split), [1]);
    }

    #[test]
    fn c_functions_are_measured_from_their_signature() {
        let fits = format!("int a(void) {{\n{}}}\n", body(68));
        assert_eq!(starts(check_c, &fits), Vec::<usize>::new());
        let long = format!("x;\nint a(void)\n{{\n{}}}\n", body(68));
        assert_eq!(starts(check_c, &long), [2]);
        let split = format!("int a(int b,\n      int c) {{\n{}}}\n", body(68));
        assert_eq!(starts(check_c, &split), [1]);
        let method = format!("class A {{\n  int a() const {{\n{}  }}\n}};\n", body(69));
        assert_eq!(starts(check_c, &method), [2]);
        let branch = format!("    if (a) {{\n{}    }}\n", body(90));
        assert_eq!(starts(check_c, &branch), Vec::<usize>::new());
    }
}
