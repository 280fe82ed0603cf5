#![allow(clippy::unwrap_used)]
use super::*;
use crate::schema::verb;
use serde_json::json;

const ANSWER: &str = "ok messages.count=2 messages.1.body=a messages.1.receive_count=1 \
    messages.1.system.count=1 messages.1.system.1.name=SentTimestamp \
    messages.1.system.1.value=5 messages.1.attributes.count=1 \
    messages.1.attributes.1.name=n messages.1.attributes.1.type=Number \
    messages.1.attributes.1.value=7 messages.2.body=b messages.2.receive_count=2 \
    messages.2.id=3a2c0000-0000-4000-8000-00000000000f";

fn check(expect: Value) -> Result<(), String> {
    let codes = ["InvalidParameterValue"];
    let expect = Expect::parse(&expect, verb("receive").unwrap(), &codes)?;
    expect.check(&Line::parse(ANSWER).unwrap(), &Names::default())
}

#[test]
fn what_holds_passes() {
    for good in [
        json!({"count": 2}),
        json!({"count": {"at_least": 1}, "bodies": ["a", "b"]}),
        json!({"bodies_any_order": ["b", "a"]}),
        json!({"all": {"receive_count": {"at_most": 2}, "group": null}}),
        json!({"messages": [{"body": "a", "system": {"SentTimestamp": "5"}}, {}]}),
        json!({"messages": [{"attributes": {"n": {"type": "Number", "value": "7"}}},
                            {"id": {"is": "uuid"}, "attributes": {}}]}),
        json!({"messages": [{"system_include": {"Other": null}}, {"body": {"not": "a"}}]}),
        json!({"messages": [{"receive_count": {"above": 0}}, {"body": {"one_of": ["b", "c"]}}]}),
        json!({"messages": [{"body": {"length": 1}}, {"id": {"contains": "2c00"}}]}),
    ] {
        assert_eq!(check(good.clone()), Ok(()), "{good}");
    }
}

#[test]
fn what_does_not_hold_fails() {
    for bad in [
        json!({"code": "InvalidParameterValue"}),
        json!({"count": 1}),
        json!({"body": "a"}),
        json!({"bodies": ["b", "a"]}),
        json!({"bodies": ["a"]}),
        json!({"bodies_any_order": ["a", "a"]}),
        json!({"all": {"receive_count": 1}}),
        json!({"all": {"group": {"is": "present"}}}),
        json!({"messages": [{}, {}, {}]}),
        json!({"messages": [{"system": {}}, {}]}),
        json!({"messages": [{"system_include": {"Other": "1"}}, {}]}),
        json!({"messages": [{"attributes": {"n": "7"}}, {}]}),
        json!({"messages": [{"attributes": {}}, {}]}),
        json!({"messages": [{"body": null}, {}]}),
        json!({"messages": [{"id": {"is": "uuid"}}, {}]}),
        json!({"messages": [{"receive_count": {"above": 1}}, {}]}),
        json!({"messages": [{"body": {"above": 1}}, {}]}),
        json!({"messages": [{"body": {"length": 2}}, {}]}),
    ] {
        assert!(check(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn an_error_is_compared_by_name_and_text() {
    let codes = ["InvalidParameterValue"];
    let parse = |value: Value| Expect::parse(&value, verb("delete").unwrap(), &codes);
    let answer = Line::parse("error 6 InvalidParameterValue Value%20x").unwrap();
    let names = Names::default();
    let good = json!({"code": "InvalidParameterValue", "text": "Value x"});
    assert_eq!(parse(good).unwrap().check(&answer, &names), Ok(()));
    for bad in [
        json!({"code": "OK"}),
        json!({"code": "InvalidParameterValue", "text": "Value y"}),
        json!({"code": "InvalidParameterValue", "text": {"contains": "y"}}),
    ] {
        assert!(
            parse(bad.clone()).unwrap().check(&answer, &names).is_err(),
            "{bad}"
        );
    }
    assert!(parse(json!({"code": "OK", "text": "x"})).is_err());
    assert!(parse(json!({"code": "InvalidParameterValue", "id": "x"})).is_err());
}
