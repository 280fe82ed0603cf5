#![allow(clippy::unwrap_used)]
use super::*;

const GOOD: &str = r#"{"name": "a", "rule": "S2.4", "requires": ["manual_clock"], "steps": [
    {"create_queue": {"name": "q", "attributes": {"VisibilityTimeout": "30"}}},
    {"send": {"queue": "q", "body": "hello"}, "as": "m"},
    {"advance_ms": 1000},
    {"receive": {"queue": "q"}, "expect": {"count": 1, "id": "$m.id"}, "as": "r"},
    {"delete": {"queue": "q", "receipt": "$r.receipt"}, "expect": {"code": "OK"}}]}"#;

#[test]
fn a_good_file_is_read() {
    let scenario = parse("s02/a.json", GOOD).unwrap();
    assert_eq!(scenario.rules, ["S2.4"]);
    assert_eq!(scenario.steps.len(), 5);
}

/// Each slip would otherwise leave a test that proves less than it says.
#[test]
fn slips_are_refused() {
    for (from, to, error) in [
        ("\"name\": \"a\"", "\"name\": \"b\"", "the file is \"a\""),
        ("\"rule\": \"S2.4\"", "\"rule\": \"S2.99\"", "is not a rule"),
        ("\"rule\": \"S2.4\"", "\"rules\": []", "rules is empty"),
        (
            "\"requires\": [\"manual_clock\"], ",
            "",
            "needs \"manual_clock\"",
        ),
        ("manual_clock", "manual_clok", "which is none of"),
        ("\"steps\"", "\"step\"", "unknown key \"step\""),
        (
            "\"attributes\"",
            "\"atributes\"",
            "unknown key \"atributes\"",
        ),
        (
            "{\"send\": {\"queue\": \"q\", ",
            "{\"send\": {",
            "queue is missing",
        ),
        ("\"send\"", "\"sned\"", "\"sned\" is not a verb"),
        (
            "\"expect\": {\"count\": 1",
            "\"expcet\": {\"count\": 1",
            "a step has one verb",
        ),
        ("\"count\": 1", "\"conut\": 1", "\"conut\" is not a field"),
        (
            "\"count\": 1, ",
            "\"count\": 1, \"count\": 2, ",
            "given twice",
        ),
        (
            "\"code\": \"OK\"",
            "\"code\": \"Okay\"",
            "is not the name of an error",
        ),
        ("{\"code\": \"OK\"}", "{}", "expect is empty"),
        ("$m.id", "$n.id", "is not the name of a step before"),
        ("$m.id", "$m", "needs a field"),
        (
            "$r.receipt",
            "$s.receipt",
            "is not the name of a step before",
        ),
        ("\"30\"", "30", "not a string"),
        ("1000", "\"1000\"", "needs milliseconds"),
    ] {
        let text = GOOD.replacen(from, to, 1);
        assert_ne!(text, GOOD, "{from}");
        let found = parse("s02/a.json", &text).unwrap_err();
        assert!(found.contains(error), "{from} -> {to}: {found}");
    }
}

#[test]
fn a_file_without_an_expectation_is_refused() {
    let text = r#"{"name": "a", "rule": "S2.4", "steps": [{"create_queue": {"name": "q"}}]}"#;
    assert_eq!(
        parse("a.json", text).unwrap_err(),
        "no step has an expectation"
    );
}
