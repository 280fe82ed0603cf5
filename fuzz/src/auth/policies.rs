//! Queue policies: any text is read or refused; a policy says what its statements say one by one,
//! a Deny wins, and patterns match as a plain matcher says.

use crate::{Input, Target};
use forebay::key::QueueKey;
use forebay_server::auth::policy::{
    Context, Decision, Policy, Question, add_permission, decide, parse, remove_permission,
};
use forebay_server::auth::{Identity, Kind};
use serde_json::{Value, json};

/// Policies, callers and requests.
pub const TARGET: Target = Target {
    name: "policies",
    about: "queue policies: a Deny wins, order means nothing, patterns match what they say",
    body,
    seeds,
    words: &[
        "\"Statement\":",
        "\"Effect\":\"Allow\"",
        "\"Effect\":\"Deny\"",
        "\"Principal\":\"*\"",
        "\"NotPrincipal\":",
        "{\"AWS\":\"222222222222\"}",
        "\"Action\":\"sqs:*\"",
        "\"NotAction\":",
        "\"Resource\":",
        "\"NotResource\":",
        "\"Condition\":",
        "\"Sid\":",
        "\"StringLike\":",
        "\"IpAddress\":",
        "\"aws:SourceIp\":",
        "\"Version\":\"2012-10-17\"",
        "${aws:username}",
        "\"DateLessThan\":",
        "\"NumericEquals\":",
        "IfExists",
        "ForAllValues:",
        "\"Null\":",
    ],
    bytes_max: 4_096,
    mutations: 2_000,
};

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";
const ACTIONS: [&str; 4] = [
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "PurgeQueue",
];

fn queue() -> QueueKey {
    QueueKey::new(OWNER, "us-east-1", "q")
}

fn seeds() -> Vec<Vec<u8>> {
    let allow = json!({ "Sid": "a", "Effect": "Allow", "Principal": "*", "Action": "sqs:*" });
    let deny = json!({ "Effect": "Deny", "Principal": { "AWS": OTHER }, "Action": "sqs:Send*",
        "Resource": queue().arn() });
    let conditions = json!({ "Effect": "Allow", "NotPrincipal": { "AWS": ["1"] }, "NotAction": "x",
        "Principal": { "AWS": [OTHER, "arn:aws:iam::222222222222:user/bob"] }, "Condition": {
            "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "::1/64"] },
            "StringLikeIfExists": { "aws:username": ["b?b", "${aws:userid, 'x'}*"] },
            "DateGreaterThan": { "aws:CurrentTime": "2020-01-01T00:00:00Z" },
            "ForAnyValue:NumericLessThan": { "n": 5 },
            "Null": { "aws:Referer": true } } });
    let policy = |statements: Value| {
        let text = json!({ "Version": "2012-10-17", "Id": "i", "Statement": statements });
        [b"\0", text.to_string().as_bytes()].concat()
    };
    let script = |mode: u8| [&[mode][..], &b"\x01\x02\x03ab\x07\x04x*y\x05".repeat(30)].concat();
    vec![
        policy(json!([allow, deny])),
        policy(deny.clone()),
        policy(json!([conditions])),
        script(1),
        script(2),
    ]
}

fn body(data: &[u8]) {
    let input = &mut Input::new(data);
    match input.byte() % 3 {
        0 => {
            let text = String::from_utf8_lossy(input.rest());
            judged(&text, &Context::default());
        }
        1 => {
            let context = context(input);
            let statements = input.list(6, statement);
            let version = if input.flag() {
                "2012-10-17"
            } else {
                "2008-10-17"
            };
            let text = json!({ "Version": version, "Statement": statements }).to_string();
            judged(&text, &context);
        }
        _ => patterns(input),
    }
}

fn context(input: &mut Input<'_>) -> Context {
    let mut context = Context::default();
    let keys = [
        "aws:SourceIp",
        "aws:username",
        "aws:CurrentTime",
        "n",
        "aws:UserAgent",
    ];
    for (key, value) in input.list(5, |input| (input.one(&keys), word(input))) {
        context.set(key, value);
    }
    if input.flag() {
        context.set_all("aws:TagKeys", input.list(3, word));
    }
    context
}

/// A value that conditions may be about.
fn word(input: &mut Input<'_>) -> String {
    let words = [
        "10.1.2.3",
        "10.0.0.0/8",
        "::1",
        "::ffff:10.1.2.3",
        "bob",
        "b*",
        "${aws:username}",
        "5",
        "2025-01-01T00:00:00Z",
        "true",
        "-1e3",
        "*",
    ];
    match input.flag() {
        true => input.one(&words).to_owned(),
        false => input.text(),
    }
}

fn statement(input: &mut Input<'_>) -> Value {
    let arn = queue().arn();
    let mut statement = json!({ "Effect": input.one(&["Allow", "Deny"]) });
    let principals = [
        json!("*"),
        json!({ "AWS": OTHER }),
        json!({ "AWS": ["*"] }),
        json!({ "AWS": [OWNER, "arn:aws:iam::222222222222:user/bob"] }),
        json!({ "AWS": "arn:aws:iam::222222222222:role/admin" }),
        json!({ "Service": "sns.amazonaws.com" }),
    ];
    let name = input
        .one(&["Principal", "Principal", "NotPrincipal"])
        .to_owned();
    statement[name] = principals[input.below(principals.len())].clone();
    let name = input.one(&["Action", "Action", "NotAction"]).to_owned();
    let actions = [
        "sqs:*",
        "*",
        "SQS:SendMessage",
        "sqs:?eceive*",
        "sqs:Delete*",
        "sqs:x",
    ];
    statement[name] = json!(input.list(3, |input| input.one(&actions).to_owned()));
    let name = input
        .one(&["Resource", "Resource", "NotResource"])
        .to_owned();
    let resources = [
        "*",
        arn.as_str(),
        "arn:aws:sqs:*:*:?",
        "arn:aws:sqs:*:*:other",
    ];
    if input.flag() {
        statement[name] = json!(input.one(&resources));
    }
    if input.flag() {
        let operators = [
            "StringEquals",
            "StringNotLike",
            "StringLike",
            "IpAddress",
            "NotIpAddress",
            "NumericLessThan",
            "DateGreaterThanEquals",
            "Null",
            "BoolIfExists",
            "ArnLike",
            "ForAllValues:StringLike",
            "ForAnyValue:StringEquals",
            "StringNotEqualsIgnoreCase",
        ];
        let keys = [
            "aws:SourceIp",
            "aws:username",
            "aws:CurrentTime",
            "n",
            "aws:TagKeys",
        ];
        let operator = input.one(&operators).to_owned();
        let key = input.one(&keys).to_owned();
        statement["Condition"] = json!({ operator: { key: input.list(3, word) } });
    }
    statement
}

fn callers() -> Vec<Identity> {
    let mut user = Identity::root(OTHER);
    user.kind = Kind::User("bob".into());
    let mut role = Identity::root(OTHER);
    role.kind = Kind::Role("admin".into(), "s".into());
    let roots = [OWNER, OTHER, "333333333333"].map(Identity::root);
    roots
        .into_iter()
        .chain([user, role, Identity::anonymous()])
        .collect()
}

/// What a policy says to every caller about every action.
fn decisions(policy: &Policy, context: &Context) -> Vec<Decision> {
    let arn = queue().arn();
    let callers = callers();
    let one = |caller: &Identity, action: &str| {
        let question = Question {
            caller,
            action,
            resource: &arn,
            context,
        };
        decide(policy, question)
    };
    let of = |caller| ACTIONS.map(|action| one(caller, action));
    callers.iter().flat_map(of).collect()
}

fn judged(text: &str, context: &Context) {
    let policy = match parse(text) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(
                error
                    .text()
                    .starts_with("Invalid value for the parameter Policy.")
            );
            return;
        }
    };
    let all = decisions(&policy, context);
    let mut backwards = policy.clone();
    backwards.statements.reverse();
    assert_eq!(decisions(&backwards, context), all, "in another order");
    let mut singly = vec![Decision::Silent; all.len()];
    for statement in &policy.statements {
        let one = Policy {
            statements: vec![statement.clone()],
        };
        for (sum, said) in singly.iter_mut().zip(decisions(&one, context)) {
            *sum = match (*sum, said) {
                (Decision::Deny, _) | (_, Decision::Deny) => Decision::Deny,
                (Decision::Allow, _) | (_, Decision::Allow) => Decision::Allow,
                _ => Decision::Silent,
            };
        }
    }
    assert_eq!(singly, all, "statement by statement");
    let deny = r#"{"Statement":{"Effect":"Deny","Principal":"*","Action":"*"}}"#;
    let mut denied = policy;
    denied.statements.extend(parse(deny).unwrap().statements);
    assert!(
        decisions(&denied, context)
            .iter()
            .all(|it| *it == Decision::Deny)
    );
    permissions(text, context, &all);
}

/// AddPermission adds exactly what it says, and RemovePermission takes it away again.
fn permissions(text: &str, context: &Context, before: &[Decision]) {
    let label = "a-label-of-no-other";
    let accounts = ["333333333333".to_owned()];
    let actions = ["SendMessage".to_owned()];
    let Ok(more) = add_permission(Some(text), &queue(), label, &accounts, &actions) else {
        // It had as many statements, or as much text, as a policy may have.
        return;
    };
    let added = decisions(&parse(&more).unwrap(), context);
    let granted = 2 * ACTIONS.len();
    for (at, (now, before)) in added.iter().zip(before).enumerate() {
        match at == granted && *before == Decision::Silent {
            true => assert_eq!(*now, Decision::Allow),
            false => assert_eq!(now, before),
        }
    }
    match remove_permission(Some(&more), label).unwrap() {
        None => assert!(before.iter().all(|it| *it == Decision::Silent)),
        Some(text) => assert_eq!(decisions(&parse(&text).unwrap(), context), before),
    }
}

/// What a pattern means.
#[derive(Debug, Clone, PartialEq)]
enum Part {
    One(char),
    Any,
    Many,
}

/// Conditions with patterns and variables against [`fits`].
fn patterns(input: &mut Input<'_>) {
    let plain = |text: String| text.replace(['*', '?', '$', '{', '}'], "-");
    let (value, variable) = (input.text(), input.text());
    let (mut pattern, mut parts) = (String::new(), Vec::new());
    for _ in 0..input.below(6) {
        let literal = |text: &str| text.chars().map(Part::One).collect::<Vec<_>>();
        let (text, meaning) = match input.byte() % 7 {
            0 => ("*".to_owned(), vec![Part::Many]),
            1 => ("?".to_owned(), vec![Part::Any]),
            2 => ("${v}".to_owned(), literal(&variable)),
            3 => ("${*}".to_owned(), literal("*")),
            4 => ("${?}".to_owned(), literal("?")),
            5 => ("${absent, 'x*'}".to_owned(), literal("x*")),
            _ => {
                let text = plain(input.text());
                let meaning = literal(&text);
                (text, meaning)
            }
        };
        pattern += &text;
        parts.extend(meaning);
    }
    let mut context = Context::default();
    context.set("k", value.clone());
    context.set("v", variable);
    let says = |operator: &str| {
        let text = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
            "Principal": "*", "Action": "*", "Condition": { operator: { "k": pattern } } } });
        let policy = parse(&text.to_string());
        policy
            .ok()
            .map(|policy| decisions(&policy, &context)[0] == Decision::Allow)
    };
    let characters: Vec<char> = value.chars().collect();
    let like = says("StringLike");
    assert!(
        like.is_none() || like == Some(fits(&parts, &characters)),
        "{pattern:?} {context:?}"
    );
    let not_like = says("StringNotLike");
    assert_eq!(not_like, like.map(|like| !like), "{pattern:?} {context:?}");
}

/// A plain matcher: for each beginning of the pattern, the beginnings of the text that fit.
fn fits(parts: &[Part], text: &[char]) -> bool {
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for part in parts {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            let before = at > 0 && ends[at - 1];
            next[at] = match part {
                Part::Many => ends[at] || (at > 0 && next[at - 1]),
                Part::Any => before,
                Part::One(character) => before && text[at - 1] == *character,
            };
        }
        ends = next;
    }
    ends[text.len()]
}
