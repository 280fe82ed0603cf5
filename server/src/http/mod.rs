//! HTTP: connections, their bounds, and what is served beside the queues.

mod activity;
pub mod body;
pub mod connection;
pub mod head;
mod health;
mod histogram;
pub mod metrics;
mod respond;
pub mod room;
pub mod tls;

use crate::ServeError;
use crate::service::Service;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Pause after a failed accept: it fails again at once while there are no file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections until `shutdown` is ready, then lets the running requests end.
pub async fn serve(
    listener: TcpListener,
    service: Arc<Service>,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServeError> {
    let failed = |error| ServeError::Io("cannot use the listener".into(), error);
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(failed)?;
    if let Some(tls) = &service.tls {
        tls::Tls::watch(tls);
    }
    let limit = Arc::new(Semaphore::new(service.config.limits.connections));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&listener, &limit) => accepted,
            // Ended ones are forgotten as they end.
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer, permit)) => {
                let service = service.clone();
                connections.spawn(async move {
                    connection::serve(stream, peer, service).await;
                    drop(permit);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    end(listener);
    service.drain();
    let patience = Duration::from_secs(service.config.limits.shutdown_s);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(patience, ended).await.is_err() {
        tracing::warn!(
            connections = connections.len(),
            "connections cut off at shutdown"
        );
        connections.shutdown().await;
    }
    Ok(())
}

/// Ends the listening of the socket itself, and not only of this copy: a child that was forked
/// would otherwise go on to take connections that nobody serves.
fn end(listener: tokio::net::TcpListener) {
    #[cfg(unix)]
    if let Ok(listener) = listener.into_std() {
        let socket = std::net::TcpStream::from(std::os::fd::OwnedFd::from(listener));
        // There is nothing to do about a failure, and the copy is closed all the same.
        let _ = socket.shutdown(std::net::Shutdown::Both);
    }
    #[cfg(not(unix))]
    drop(listener);
}

/// Takes a connection when there is room for one.
async fn accept(
    listener: &tokio::net::TcpListener,
    limit: &Arc<Semaphore>,
) -> std::io::Result<(
    tokio::net::TcpStream,
    std::net::SocketAddr,
    tokio::sync::OwnedSemaphorePermit,
)> {
    let permit = limit.clone().acquire_owned().await;
    let permit = permit.map_err(std::io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, peer, permit))
}
