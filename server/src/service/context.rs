//! What conditions of policies can ask about a request (U8.7).

use super::policies::Rules;
use crate::auth::policy::Context;
use crate::auth::{Identity, Kind, time};
use crate::http::head::Head;
use crate::wire::Action;

/// The keys of one request on a queue with these rules.
pub fn context(head: &Head, caller: &Identity, action: &Action, rules: &Rules) -> Context {
    let mut context = without_tags(head, caller, rules);
    let tags = match action {
        Action::TagQueue(input) => input.tags.as_ref(),
        Action::CreateQueue(input) => input.tags.as_ref(),
        _ => None,
    };
    for (key, value) in tags.into_iter().flatten() {
        context.set(&format!("aws:RequestTag/{key}"), value);
    }
    let keys: Vec<String> = match action {
        Action::UntagQueue(input) => input.tag_keys.clone().unwrap_or_default(),
        _ => tags
            .into_iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect(),
    };
    if !keys.is_empty() {
        context.set_all("aws:TagKeys", keys);
    }
    context
}

/// The keys of a request that can carry no tags.
pub fn without_tags(head: &Head, caller: &Identity, rules: &Rules) -> Context {
    let mut context = Context::default();
    let now_s = time::now_s();
    context.set("aws:SourceIp", head.source.to_canonical().to_string());
    context.set("aws:SecureTransport", (head.scheme == "https").to_string());
    context.set("aws:CurrentTime", time::amz_text(now_s));
    context.set("aws:EpochTime", now_s.to_string());
    for (key, header) in [("aws:UserAgent", "user-agent"), ("aws:Referer", "referer")] {
        if let Some(value) = head.header(header) {
            context.set(key, value);
        }
    }
    if let Some(arn) = caller.arn() {
        context.set("aws:PrincipalArn", caller.role_arn().unwrap_or(arn));
        context.set("aws:PrincipalAccount", &*caller.account);
        context.set("aws:userid", &*caller.principal_id);
    }
    if let Kind::User(user) = &caller.kind {
        context.set("aws:username", user);
    }
    for (key, value) in &rules.tags {
        context.set(&format!("aws:ResourceTag/{key}"), value);
    }
    context
}
