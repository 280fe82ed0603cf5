//! One request from its head and body to its answer: protocol, caller, action, answer.

mod context;
mod legacy;
mod observe;
mod policies;

use crate::ServeError;
use crate::actions::{self, Backend, Call};
use crate::auth::authorize::{judge, needs};
use crate::auth::{Authenticator, Identity, Signed, time};
use crate::config::Config;
use crate::http::body::Body;
use crate::http::head::Head;
use crate::http::metrics::Metrics;
use crate::http::room::Room;
use crate::http::tls::Tls;
use crate::test_mode::{self, Effect, TestMode};
use crate::wire::query::Params;
use crate::wire::url::{self, UrlBase};
use crate::wire::{Action, Answer, Printed, Protocol, Refusal, action, json, query};
use forebay::Store;
use forebay::key::QueueKey;
use hyper::{Method, StatusCode};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;
use tokio::sync::watch;

/// What all requests share.
pub struct Service {
    /// The queues.
    pub store: Store,
    /// What the server was told.
    pub config: Config,
    /// What it counts.
    pub metrics: Metrics,
    /// What the bodies of requests may take.
    pub room: Arc<Room>,
    auth: Authenticator,
    policies: policies::Policies,
    pub(crate) backend: Backend,
    /// What a server for tests has beside the queues.
    pub test: Option<TestMode>,
    /// Certificate and key of a server of HTTPS.
    pub tls: Option<Arc<Tls>>,
    draining: watch::Sender<bool>,
}

/// A request whose protocol is known.
struct Spoken {
    protocol: Protocol,
    /// Name of the action, as sent.
    action: String,
    params: Params,
}

impl Service {
    /// A service over an open store.
    pub fn new(store: Store, config: Config) -> Result<Self, ServeError> {
        let (sender, draining) = watch::channel(false);
        let test = config.test.as_ref().map(|test| TestMode::new(&store, test));
        let tls = config.tls.as_ref().map(Tls::new).transpose()?;
        let metrics = Metrics::default();
        let backend = Backend {
            store: store.clone(),
            draining,
            waiting: metrics.waiting.clone(),
            disorder: test.as_ref().map(|test| test.disorder.clone()),
        };
        metrics.see(&config.account, &config.region);
        for queue in &config.queues {
            let account = queue.account.as_ref().unwrap_or(&config.account);
            metrics.see(account, queue.region.as_ref().unwrap_or(&config.region));
        }
        Ok(Self {
            store,
            auth: Authenticator::new(&config),
            policies: policies::Policies::default(),
            backend,
            test,
            tls: tls.map(Arc::new),
            room: Room::new(&config.limits),
            config,
            metrics,
            draining: sender,
        })
    }

    /// Turns true when the server ends.
    pub fn draining(&self) -> watch::Receiver<bool> {
        self.draining.subscribe()
    }

    /// Begins to end: waits are answered.
    pub fn drain(&self) {
        self.draining.send_replace(true);
    }

    /// Answers one request of a client. `None`: the connection ends without an answer, which
    /// only tests ask for.
    pub async fn answer(&self, head: &Head, body: &Body, request_id: &str) -> Option<Printed> {
        if let Some(protocol) = crate::legacy::spoken(head, &body.plain) {
            return self.answer_legacy(protocol, head, body, request_id).await;
        }
        let start = Instant::now();
        let spoken = match self.listen(head, &body.plain) {
            Ok(Some(spoken)) => spoken,
            Ok(None) => return Some(unknown_operation()),
            Err((protocol, refusal)) => return Some(protocol.refuse(&refusal, request_id)),
        };
        let effect = self
            .test
            .as_ref()
            .and_then(|test| test.faults.next(&spoken.action));
        let outcome = match effect.and_then(Effect::refusal) {
            Some(refusal) => Err(refusal),
            None => self.carry_out(head, &spoken, body).await,
        };
        if effect == Some(Effect::LostAnswer) {
            return None;
        }
        let name = action::known(&spoken.action).unwrap_or("unknown");
        let code = outcome.as_ref().map_or_else(Refusal::code, |_| "OK");
        self.metrics.requests.add(name, code);
        tracing::debug!(
            request_id,
            action = name,
            code,
            micros = start.elapsed().as_micros() as u64,
            "request"
        );
        Some(match outcome {
            Ok(answer) => spoken.protocol.print(name, &answer, request_id),
            Err(refusal) => {
                if !refusal.is_sender_fault() {
                    tracing::error!(request_id, action = name, %refusal, "a request failed");
                }
                spoken.protocol.refuse(&refusal, request_id)
            }
        })
    }

    /// Answers a request to a page of the test mode; `None` if there is no test mode.
    pub async fn answer_test(&self, method: &Method, page: &str, body: &[u8]) -> Option<Printed> {
        let test = self.test.as_ref()?;
        // Its pages name queues and show no URL of one.
        let call = Call {
            account: self.config.account.clone(),
            region: self.config.region.clone(),
            sender: self.config.account.clone(),
            urls: UrlBase::configured(""),
        };
        if page == "waits" {
            let waiting = self.metrics.waiting.load(Ordering::Acquire);
            return Some(test_mode::page(&serde_json::json!({ "waiting": waiting })));
        }
        let scopes = self.metrics.scopes();
        let request = (method, page);
        let draining = self.draining();
        let answer = test_mode::answer(test, &self.store, &call, scopes, request, body, draining);
        let answer = answer.await;
        if page == "reset" {
            self.policies.forget_all();
        }
        Some(answer)
    }

    /// A0.1: which protocol a request speaks. `None` for neither.
    fn listen(&self, head: &Head, body: &[u8]) -> Result<Option<Spoken>, (Protocol, Refusal)> {
        let mut params = Params::default();
        let query = head.query.as_bytes();
        if let Some(target) = head.header("x-amz-target") {
            // A presigned request has its signature in the query string.
            params.add(query).map_err(|error| (Protocol::Json, error))?;
            let action = target.strip_prefix(json::TARGET_PREFIX);
            let action = action.ok_or_else(|| {
                let refusal = Refusal::invalid_action(target);
                (Protocol::Json, refusal)
            })?;
            return Ok(Some(Spoken {
                protocol: Protocol::Json,
                action: action.into(),
                params,
            }));
        }
        let read = params.add(query).and_then(|()| match head.is_form() {
            true => params.add(body),
            false => Ok(()),
        });
        read.map_err(|error| (Protocol::Query, error))?;
        let action = params.text("Action");
        Ok(action.map(|action| Spoken {
            protocol: Protocol::Query,
            action,
            params,
        }))
    }

    async fn carry_out(
        &self,
        head: &Head,
        spoken: &Spoken,
        body: &Body,
    ) -> Result<Answer, Refusal> {
        let (caller, region) = self.auth.identify(Signed {
            head,
            params: &spoken.params,
            body: &body.sent,
            now_s: time::now_s(),
        })?;
        let call = self.call(head, &caller, region);
        let name = action::known(&spoken.action);
        let name = name.ok_or_else(|| Refusal::invalid_action(&spoken.action))?;
        let action = self.read(head, spoken, &body.plain)?;
        if self.auth.verifies() {
            self.authorize(head, &caller, &call, name, &action).await?;
        }
        self.act(&call, name, action).await
    }

    /// Carries out what the caller may do.
    pub(crate) async fn act(
        &self,
        call: &Call,
        name: &'static str,
        action: Action,
    ) -> Result<Answer, Refusal> {
        let received = observe::received_ms(&action);
        let target = match &action {
            Action::CreateQueue(input) => {
                let name = input.queue_name.as_deref();
                name.map(|name| QueueKey::new(&call.account, &call.region, name))
            }
            other => call.target(other.queue_url()).ok(),
        };
        let answer = actions::perform(&self.backend, call, action).await?;
        // Only where a queue is: anybody can name any region.
        if let Some(key) = &target {
            self.metrics.see(&key.account, &key.region);
        }
        if let Some(key) = target.filter(|_| changes_rules(name)) {
            self.policies.forget(&key);
        }
        let now_ms = self.store.now_ms().unwrap_or_default();
        observe::answered(&self.metrics, name, &answer, &received, now_ms);
        Ok(answer)
    }

    /// U7: every permission that the action needs.
    async fn authorize(
        &self,
        head: &Head,
        caller: &Identity,
        call: &Call,
        name: &'static str,
        action: &Action,
    ) -> Result<(), Refusal> {
        for need in needs(name, action, call) {
            let rules = match &need.queue {
                Some(key) => self.policies.of(&self.store, key).await?,
                None => Default::default(),
            };
            let context = context::context(head, caller, action, &rules);
            judge(caller, &need, rules.policy.as_ref(), &context)?;
        }
        Ok(())
    }

    fn read(&self, head: &Head, spoken: &Spoken, body: &[u8]) -> Result<Action, Refusal> {
        if head.method != Method::POST && head.method != Method::GET {
            return Err(Refusal::invalid_action(&spoken.action));
        }
        match spoken.protocol {
            Protocol::Json => json::read(&spoken.action, body),
            Protocol::Query => {
                let at_queue = url::is_queue(&head.path);
                // A0.7: what is about no queue is not at a queue's address.
                if at_queue && matches!(&*spoken.action, "CreateQueue" | "ListQueues") {
                    return Err(Refusal::invalid_action(&spoken.action));
                }
                let address = at_queue.then(|| head.path.clone());
                query::read(&spoken.action, &spoken.params, address)
            }
        }
    }

    /// What an action needs to know of its request.
    pub fn call(&self, head: &Head, caller: &Identity, region: String) -> Call {
        let account = match caller.is_anonymous() {
            true => self.config.account.clone(),
            false => caller.account.clone(),
        };
        Call {
            account,
            region,
            sender: caller.principal_id.clone(),
            urls: match &self.config.base_url {
                Some(base) => UrlBase::configured(base),
                None => UrlBase::from_host(head.scheme, &head.host),
            },
        }
    }
}

/// Actions after which a queue's policy or tags may be others.
fn changes_rules(name: &str) -> bool {
    matches!(
        name,
        "AddPermission"
            | "RemovePermission"
            | "SetQueueAttributes"
            | "TagQueue"
            | "UntagQueue"
            | "CreateQueue"
            | "DeleteQueue"
    )
}

/// A0.1: neither protocol (recorded).
fn unknown_operation() -> Printed {
    Printed {
        status: StatusCode::NOT_FOUND,
        content_type: Some("application/xml"),
        query_error: None,
        body: b"<UnknownOperationException/>\n".to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connection::Peer;
    use bytes::Bytes;

    /// The status of a Query request that is signed for `region`.
    fn call(service: &Service, uri: &str, region: &str) -> StatusCode {
        let credential = format!("Credential=1/20250101/{region}/sqs/aws4_request");
        let request = hyper::Request::get(uri)
            .header("host", "h")
            .header("authorization", format!("AWS4-HMAC-SHA256 {credential}"));
        let peer = Peer {
            address: ([127, 0, 0, 1], 1).into(),
            secure: false,
        };
        let head = Head::new(request.body(()).unwrap().into_parts().0, peer, false);
        let body = Body {
            sent: Bytes::new(),
            plain: Bytes::new(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let answer = runtime
            .unwrap()
            .block_on(service.answer(&head, &body, "id"));
        answer.unwrap().status
    }

    #[test]
    fn regions_without_a_queue_are_not_remembered() {
        let store = Store::open("mem:").unwrap();
        let service = Service::new(store, Config::default()).unwrap();
        let own = service.metrics.scopes();
        for number in 0..50 {
            let region = format!("region-{number}");
            assert_eq!(call(&service, "/?Action=ListQueues", &region), 200);
            let purge = "/000000000000/q?Action=PurgeQueue";
            assert_eq!(call(&service, purge, &region), 400);
        }
        assert_eq!(service.metrics.scopes(), own);
        let create = "/?Action=CreateQueue&QueueName=q";
        assert_eq!(call(&service, create, "region-7"), 200);
        assert_eq!(service.metrics.scopes().len(), own.len() + 1);
    }

    #[test]
    fn regions_that_cannot_be_one_are_refused() {
        let store = Store::open("mem:").unwrap();
        let service = Service::new(store, Config::default()).unwrap();
        let own = service.metrics.scopes();
        for region in ["a:b", "a\"b", &"r".repeat(65), &"r".repeat(5_000)] {
            for action in ["CreateQueue&QueueName=q", "ListQueues"] {
                let uri = format!("/?Action={action}");
                assert_eq!(call(&service, &uri, region), 400, "{action} {region:?}");
            }
            let purge = "/000000000000/q?Action=PurgeQueue";
            assert_eq!(call(&service, purge, region), 400, "{region:?}");
        }
        assert_eq!(service.metrics.scopes(), own);
    }
}
