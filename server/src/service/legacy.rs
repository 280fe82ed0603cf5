//! Requests of the versions before 2012-11-05: their way to an answer, and what they share with
//! those of today.

use super::policies::Rules;
use super::{Service, context};
use crate::actions::Call;
use crate::auth::policy::Context;
use crate::auth::{Identity, time};
use crate::http::body::Body;
use crate::http::head::Head;
use crate::legacy::{Caller, Code, Fault, Protocol, Verifier, Version, query, rest, soap};
use crate::test_mode::Effect;
use crate::wire::{Action, Printed};
use forebay::key::QueueKey;
use std::future::Future;
use std::sync::Arc;

impl Service {
    /// Answers a request of an old protocol. `None`: the connection ends without an answer, which
    /// only tests ask for.
    pub(super) async fn answer_legacy(
        &self,
        protocol: Protocol,
        head: &Head,
        body: &Body,
        request_id: &str,
    ) -> Option<Printed> {
        match protocol {
            Protocol::Rest => rest::answer(self, head, body, request_id).await,
            Protocol::Query(version) => query::answer(self, head, body, version, request_id).await,
            Protocol::Soap => soap::answer(self, head, body, request_id).await,
        }
    }

    /// Runs an action of an old version, counts it, and lets it fail where a test asked for that.
    /// `None`: its answer gets lost.
    pub async fn legacy<T>(
        &self,
        version: Version,
        name: &str,
        request_id: &str,
        outcome: impl Future<Output = Result<T, Fault>>,
    ) -> Option<Result<T, Fault>> {
        let test = self.test.as_ref();
        let effect = test.and_then(|test| test.faults.next(name));
        let outcome = match effect.and_then(Effect::refusal) {
            Some(refusal) => Err(Fault::from(refusal)),
            None => outcome.await,
        };
        if effect == Some(Effect::LostAnswer) {
            return None;
        }
        let known = version.action(name).unwrap_or("unknown");
        let code = outcome.as_ref().err().map(|fault| fault.code);
        let code_name = code.map_or("OK", |code| code.name(version));
        self.metrics.requests.add(known, code_name);
        let date = version.date();
        tracing::debug!(
            request_id,
            action = known,
            version = date,
            code = code_name,
            "request"
        );
        if code == Some(Code::InternalError)
            && let Err(fault) = &outcome
        {
            tracing::error!(
                request_id,
                action = known,
                version = date,
                fault.text,
                "a request failed"
            );
        }
        Some(outcome)
    }

    /// Who may call with which signature.
    pub fn verifier<'a>(&'a self, version: Version, head: &'a Head) -> Verifier<'a> {
        Verifier {
            auth: &self.auth,
            weak: self.config.legacy.weak_signatures,
            version,
            head,
            now_s: time::now_s(),
        }
    }

    /// True if signatures are verified, and callers asked for permissions.
    pub fn verifies(&self) -> bool {
        self.auth.verifies()
    }

    /// What decides about a queue.
    pub(crate) async fn rules(&self, key: &QueueKey) -> Result<Arc<Rules>, Fault> {
        Ok(self.policies.of(&self.store, key).await?)
    }

    /// The policy of a queue is another.
    pub(crate) fn forget_rules(&self, key: &QueueKey) {
        self.policies.forget(key);
    }

    /// What conditions of its policy can ask about a request.
    pub(crate) fn context(&self, head: &Head, caller: &Identity, rules: &Rules) -> Context {
        context::without_tags(head, caller, rules)
    }

    /// Whether the caller of a request of the second generation may do what it asks.
    pub(crate) async fn allow(
        &self,
        caller: Caller<'_>,
        call: &Call,
        name: &'static str,
        action: &Action,
    ) -> Result<(), Fault> {
        if self.auth.verifies() {
            let (head, identity) = (caller.head, caller.identity);
            self.authorize(head, identity, call, name, action).await?;
        }
        Ok(())
    }
}
