//! The interface before 2012-11-05: versions 2006-04-01, 2007-05-01, 2008-01-01, 2009-02-01 and
//! 2011-10-01, over Query, REST and SOAP, on the same queues as today's protocols.
//!
//! A protocol finds [`Version`], [`sign::Proof`] and parameters in a request; [`Verifier`] says who
//! calls, [`Action::read`] what is asked; [`perform`] carries it out on the handles and actions of
//! today; [`print`] writes the elements of the answer.

pub mod action;
pub mod answer;
mod base36;
pub mod fault;
mod first;
mod key;
pub mod owner;
pub mod print;
pub mod query;
pub mod rest;
mod second;
pub mod sign;
pub mod soap;
mod space;
pub mod version;

pub use action::Action;
pub use answer::Answer;
pub use fault::{Code, Fault};
pub use sign::{Proof, Verifier};
pub use version::Version;

use crate::auth::Identity;
use crate::http::head::Head;
use crate::service::Service;
use action::Verb;

/// A request whose caller is known.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The server.
    pub service: &'a Service,
    /// The request's head.
    pub head: &'a Head,
    /// Who calls.
    pub identity: &'a Identity,
    /// The region that is meant.
    pub region: &'a str,
}

/// Carries out an action, if its caller may.
pub async fn perform(
    version: Version,
    caller: Caller<'_>,
    action: Action,
) -> Result<Answer, Fault> {
    let name = action.name;
    match action.verb {
        Verb::First(verb) => first::perform(version, caller, verb)
            .await
            .map(Answer::First),
        Verb::Second(action) => second::perform(version, caller, name, action)
            .await
            .map(Answer::Second),
    }
}

/// How a request of an old protocol speaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Protocol {
    /// REST.
    Rest,
    /// Query, with the version that it names.
    Query(Version),
    /// SOAP, whose version is in the body.
    Soap,
}

/// Which old protocol a request speaks; `None` if it is one of today's (L4.9).
pub fn spoken(head: &Head, body: &[u8]) -> Option<Protocol> {
    if soap::is_spoken(head) {
        return Some(Protocol::Soap);
    }
    if rest::is_spoken(head) {
        return Some(Protocol::Rest);
    }
    query::spoken(head, body).map(Protocol::Query)
}
