//! Queue policies (U7 to U9): reading them, deciding by them, and the statements that
//! AddPermission writes. A policy's text is a queue attribute, kept as it was given.

mod condition;
mod context;
mod decide;
mod document;
mod json;
mod pattern;
mod permissions;
mod principal;

pub use context::Context;
pub use decide::{Decision, Question, decide};
pub use document::{Policy, parse};
pub use permissions::{add_permission, remove_permission};

#[cfg(test)]
mod tests;
