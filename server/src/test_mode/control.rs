//! The pages of the test mode, JSON in and out.

use super::faults::Fault;
use super::{TestMode, waiting};
use crate::actions::{self, Call};
use crate::wire::{Printed, Refusal};
use forebay::Store;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::watch;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    ms: u64,
}

/// Answers a request to the page `page`. `scopes` are the accounts and regions that were used.
pub async fn answer(
    test: &TestMode,
    store: &Store,
    call: &Call,
    scopes: Vec<(String, String)>,
    (method, page): (&Method, &str),
    body: &[u8],
    draining: watch::Receiver<bool>,
) -> Printed {
    let answer = match (method.as_str(), page) {
        ("GET", "clock") => clock(test).await,
        ("POST", "clock/advance") => advance(test, body).await,
        ("POST", "clock/freeze") => run(test, false).await,
        ("POST", "clock/run") => run(test, true).await,
        ("POST", "reset") => reset(test, store, scopes).await,
        ("POST", "wait") => wait(store, call, body, draining).await,
        ("POST", "disorder") => read(body).map(|degree| {
            test.disorder.set(degree);
            json!(degree)
        }),
        ("GET", "faults") => Ok(json!(test.faults.list())),
        ("POST", "faults") => add_fault(test, body),
        ("DELETE", "faults") => {
            test.faults.clear();
            Ok(json!([]))
        }
        _ => Err(Refusal::new(
            "NotFound",
            "NotFound",
            404,
            "There is no such page.",
        )),
    };
    match answer {
        Ok(value) => page_of(&value),
        Err(refusal) => {
            let text = json!({ "error": refusal.code(), "message": refusal.text() });
            let status = StatusCode::from_u16(refusal.status());
            Printed {
                status: status.unwrap_or(StatusCode::BAD_REQUEST),
                ..page_of(&text)
            }
        }
    }
}

/// A page with this content.
pub fn page_of(value: &Value) -> Printed {
    Printed {
        status: StatusCode::OK,
        content_type: Some("application/json"),
        query_error: None,
        body: value.to_string().into_bytes(),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::serialization(error.to_string()))
}

fn add_fault(test: &TestMode, body: &[u8]) -> Result<Value, Refusal> {
    let fault: Fault = read(body)?;
    if fault.count == 0 {
        return Err(Refusal::serialization("count is 0; it must be 1 at least"));
    }
    test.faults.add(fault);
    Ok(json!(test.faults.list()))
}

async fn clock(test: &TestMode) -> Result<Value, Refusal> {
    let (now_ms, running) = test.clock.read().await?;
    Ok(json!({ "now_ms": now_ms, "running": running }))
}

async fn run(test: &TestMode, running: bool) -> Result<Value, Refusal> {
    test.clock.set_running(running).await;
    clock(test).await
}

async fn advance(test: &TestMode, body: &[u8]) -> Result<Value, Refusal> {
    let Advance { ms } = read(body)?;
    let now_ms = test.clock.advance(ms).await?;
    Ok(json!({ "now_ms": now_ms }))
}

/// Deletes every queue and forgets every fault; the clock stays.
async fn reset(
    test: &TestMode,
    store: &Store,
    scopes: Vec<(String, String)>,
) -> Result<Value, Refusal> {
    test.faults.clear();
    test.disorder.set(Default::default());
    let store = store.clone();
    let deleted = actions::blocking(move || -> forebay::Result<usize> {
        let mut deleted = 0;
        for (account, region) in scopes {
            let scope = store.scope(&account, &region);
            for name in scope.list_queues("")? {
                scope.delete_queue(&name)?;
                deleted += 1;
            }
        }
        Ok(deleted)
    });
    Ok(json!({ "deleted": deleted.await?? }))
}

async fn wait(
    store: &Store,
    call: &Call,
    body: &[u8],
    draining: watch::Receiver<bool>,
) -> Result<Value, Refusal> {
    let (counts, reached) = waiting::wait(store, call, read(body)?, draining).await?;
    Ok(json!({
        "reached": reached,
        "visible": counts.visible,
        "in_flight": counts.in_flight,
        "delayed": counts.delayed,
    }))
}
