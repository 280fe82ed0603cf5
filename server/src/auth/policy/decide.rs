//! What a policy says about a request (U7).

use super::context::Context;
use super::document::{Effect, Listed, Policy, Statement};
use crate::auth::Identity;

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// A statement denies, whatever others say (U7.2).
    Deny,
    /// A statement allows.
    Allow,
    /// No statement is about this (U7.5).
    Silent,
}

/// A request as policies see it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// Who asks.
    pub caller: &'a Identity,
    /// Name of the single action, as `SendMessage` (A2.15).
    pub action: &'a str,
    /// ARN of the queue.
    pub resource: &'a str,
    /// What conditions can ask about.
    pub context: &'a Context,
}

/// Asks a policy.
pub fn decide(policy: &Policy, question: Question<'_>) -> Decision {
    let about = |effect: Effect| {
        let mut statements = policy.statements.iter();
        statements.any(|it| it.effect == effect && is_about(it, question))
    };
    if about(Effect::Deny) {
        Decision::Deny
    } else if about(Effect::Allow) {
        Decision::Allow
    } else {
        Decision::Silent
    }
}

fn is_about(statement: &Statement, question: Question<'_>) -> bool {
    let principals = match &statement.principals {
        Listed::Is(principals) => principals.include(question.caller),
        Listed::IsNot(principals) => !principals.include(question.caller),
    };
    let action = format!("sqs:{}", question.action.to_ascii_lowercase());
    let any = |patterns: &[String], text: &str, variables: bool| {
        patterns.iter().any(|pattern| {
            let pattern = question.context.pattern(pattern, variables);
            pattern.is_some_and(|pattern| pattern.fits(text))
        })
    };
    let actions = match &statement.actions {
        Listed::Is(patterns) => any(patterns, &action, false),
        Listed::IsNot(patterns) => !any(patterns, &action, false),
    };
    let resource = question.resource;
    let resources = match &statement.resources {
        None => true,
        Some(Listed::Is(patterns)) => any(patterns, resource, statement.has_variables),
        Some(Listed::IsNot(patterns)) => !any(patterns, resource, statement.has_variables),
    };
    let holds = |condition: &super::condition::Condition| {
        condition.holds(question.context, statement.has_variables)
    };
    principals && actions && resources && statement.conditions.iter().all(holds)
}
