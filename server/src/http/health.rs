//! `/livez`, `/readyz`, `/version` and `/metrics`: what operators and orchestrators ask.

use crate::actions::blocking;
use crate::service::Service;
use crate::wire::Printed;
use hyper::StatusCode;
use std::sync::Arc;
use std::time::Duration;

/// How long the store may take to show that it is well: a database that is away would be waited for
/// much longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The page at `path`, if it is one of these.
pub async fn page(service: &Arc<Service>, path: &str) -> Option<Printed> {
    Some(match path {
        "/livez" | "/health" => text(StatusCode::OK, "ok\n"),
        "/readyz" => ready(service).await,
        "/version" => text(StatusCode::OK, concat!(env!("CARGO_PKG_VERSION"), "\n")),
        "/metrics" => metrics(service).await,
        _ => return None,
    })
}

/// Ready while the store takes changes and the server does not end.
async fn ready(service: &Arc<Service>) -> Printed {
    if *service.draining().borrow() {
        return text(StatusCode::SERVICE_UNAVAILABLE, "shutting down\n");
    }
    let store = service.store.clone();
    let asked = blocking(move || store.list_queues_page("", 1, None).map(|_| ()));
    let Ok(answer) = tokio::time::timeout(PATIENCE, asked).await else {
        return text(
            StatusCode::SERVICE_UNAVAILABLE,
            "the store does not answer\n",
        );
    };
    match answer {
        Ok(Ok(())) => text(StatusCode::OK, "ok\n"),
        Ok(Err(error)) => text(StatusCode::SERVICE_UNAVAILABLE, &format!("{error}\n")),
        Err(refusal) => text(StatusCode::SERVICE_UNAVAILABLE, &format!("{refusal}\n")),
    }
}

async fn metrics(service: &Arc<Service>) -> Printed {
    let shared = service.clone();
    match blocking(move || shared.metrics.print(&shared)).await {
        Ok(page) => Printed {
            status: StatusCode::OK,
            content_type: Some("text/plain; version=0.0.4"),
            query_error: None,
            body: page.into_bytes(),
        },
        Err(refusal) => text(StatusCode::INTERNAL_SERVER_ERROR, &format!("{refusal}\n")),
    }
}

fn text(status: StatusCode, body: &str) -> Printed {
    Printed {
        status,
        content_type: Some("text/plain"),
        query_error: None,
        body: body.into(),
    }
}
