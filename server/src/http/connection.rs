//! One connection: which version of HTTP it speaks, and its requests.

use super::activity::Activity;
use super::respond::respond;
use crate::config::Limits;
use crate::service::Service;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::server::TlsStream;

/// First bytes of HTTP/2 over a plain connection.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// First pause between two looks at a preface that comes in pieces; each is twice as long as the
/// one before, so that thousands who never send the rest cost nothing.
const PEEK_PAUSE: Duration = Duration::from_millis(5);
/// Longest of these pauses.
const PEEK_PAUSE_MAX: Duration = Duration::from_millis(320);
/// How long a connection of HTTP/2 that had no request may take to end once it shall.
const GOODBYE: Duration = Duration::from_secs(1);

/// What a connection is to its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The other end.
    pub address: SocketAddr,
    /// True over TLS.
    pub secure: bool,
}

/// Serves a connection until either side ends it or the server drains.
pub async fn serve(stream: TcpStream, address: SocketAddr, service: Arc<Service>) {
    // Small answers are sent at once; without it each would wait for an acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection ended at once");
        return;
    }
    let timeout = Duration::from_secs(service.config.limits.header_timeout_s);
    let peer = |secure| Peer { address, secure };
    let mut draining = service.draining();
    let beginning = async {
        match &service.tls {
            None => Ok(Begun::Plain(speaks_http2(&stream).await?, stream)),
            Some(tls) => Ok(Begun::Secure(Box::new(
                tls.acceptor().accept(stream).await?,
            ))),
        }
    };
    let begun: std::io::Result<Begun> = tokio::select! {
        begun = tokio::time::timeout(timeout, beginning) => match begun {
            Ok(begun) => begun,
            Err(_) => return,
        },
        // Nobody is cut off in a request that has not begun.
        _ = draining.wait_for(|draining| *draining) => return,
    };
    match begun {
        Ok(Begun::Plain(http2, stream)) => serve_http(stream, http2, peer(false), service).await,
        Ok(Begun::Secure(stream)) => {
            let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            serve_http(stream, http2, peer(true), service).await;
        }
        Err(error) => tracing::debug!(%error, peer = %address, "a connection did not begin"),
    }
}

/// A connection whose version of HTTP is known, or was agreed on.
enum Begun {
    Plain(bool, TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// Reads nothing: the bytes stay for the parser.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut seen = [0; HTTP2_PREFACE.len()];
    let mut pause = PEEK_PAUSE;
    loop {
        let length = stream.peek(&mut seen).await?;
        let same = HTTP2_PREFACE.starts_with(&seen[..length]);
        if !same || length == seen.len() || length == 0 {
            return Ok(same && length > 0);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PEEK_PAUSE_MAX);
    }
}

/// Serves HTTP over whatever carries it.
pub async fn serve_http(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    http2: bool,
    peer: Peer,
    service: Arc<Service>,
) {
    let limits = service.config.limits;
    let draining = service.draining();
    let body_timeout = Duration::from_secs(limits.body_timeout_s);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(body_timeout));
    let stream = TokioIo::new(Box::pin(stream));
    let ended = match http2 {
        true => {
            let activity = Arc::new(Activity::default());
            let own = activity.clone();
            let handler = service_fn(move |request: Request<Incoming>| {
                Activity::during(&own, respond(request, peer, service.clone()))
            });
            let connection = http2_builder(limits).serve_connection(stream, handler);
            let bounds = Bounds {
                idle: Duration::from_secs(limits.header_timeout_s),
                body: body_timeout,
            };
            until_unused(connection, draining, &activity, bounds, |it| {
                it.graceful_shutdown();
            })
            .await
        }
        false => {
            let handler = service_fn(move |request: Request<Incoming>| {
                respond(request, peer, service.clone())
            });
            let connection = http1_builder(limits).serve_connection(stream, handler);
            until_drained(connection, draining, |it| it.graceful_shutdown()).await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, peer = %peer.address, "a connection broke");
    }
}

fn http1_builder(limits: Limits) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(limits.header_timeout_s))
        .max_buf_size(limits.header_bytes)
        .pipeline_flush(true);
    builder
}

fn http2_builder(limits: Limits) -> hyper::server::conn::http2::Builder<TokioExecutor> {
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    let idle = Duration::from_secs(limits.header_timeout_s);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        // The type is wide enough for any sensible number of bytes.
        .max_header_list_size(limits.header_bytes.min(u32::MAX as usize) as u32)
        .keep_alive_interval(idle)
        .keep_alive_timeout(idle);
    builder
}

/// Runs a connection; when the server drains it ends after the requests that it has.
async fn until_drained<C: Future>(
    connection: C,
    mut draining: tokio::sync::watch::Receiver<bool>,
    end: impl FnOnce(Pin<&mut C>),
) -> C::Output {
    tokio::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = draining.wait_for(|draining| *draining) => {}
    }
    end(connection.as_mut());
    connection.await
}

/// Times of a connection of HTTP/2.
struct Bounds {
    /// So long it may have no request.
    idle: Duration,
    /// So long after that its client may take to read the answers that are left.
    body: Duration,
}

/// As [`until_drained`], for HTTP/2; a connection that is idle also ends. One that never had a
/// request is not waited for: its client may never say a word.
async fn until_unused<C: Future<Output = hyper::Result<()>>>(
    connection: C,
    mut draining: tokio::sync::watch::Receiver<bool>,
    activity: &Activity,
    bounds: Bounds,
    end: impl FnOnce(Pin<&mut C>),
) -> C::Output {
    tokio::pin!(connection);
    let is_idle = tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = draining.wait_for(|draining| *draining) => false,
        () = activity.none_for(bounds.idle) => true,
    };
    end(connection.as_mut());
    let had_begun = activity.has_begun();
    let patience = match had_begun {
        false => GOODBYE,
        true if is_idle => bounds.body,
        true => return connection.await,
    };
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = tokio::time::sleep(patience) => {}
    }
    // Its first request may have come meanwhile.
    match activity.has_begun() && !had_begun {
        true => connection.await,
        false => Ok(()),
    }
}
