//! A server in this process, and the command line.

use crate::answer::Answer;
use crate::port::Port;
use crate::store::NativeStore;
use forebay_ffi::api::Store;
use forebay_server::embed::{Running, Source, Start};
use forebay_server::program;
use napi_derive::napi;
use std::sync::Arc;

/// Where a server listens, and how it serves.
#[napi(object, object_to_js = false)]
pub struct ServeInput {
    pub host: String,
    pub port: u16,
    /// JSON with the names of docs/SERVER.md.
    pub options: String,
    pub insecure: bool,
}

/// Starts a server over what `location` names, on threads of its own.
#[napi]
pub fn serve(port: &Port, id: u32, location: String, input: ServeInput) -> Option<Answer> {
    start(port, id, Source::At(location.into()), input)
}

/// Starts a server over an open store.
pub fn serve_store(port: &Port, id: u32, store: Store, input: ServeInput) -> Option<Answer> {
    start(port, id, Source::Open(store), input)
}

fn start(port: &Port, id: u32, source: Source, input: ServeInput) -> Option<Answer> {
    let start = Start {
        source,
        host: input.host,
        port: input.port,
        options: input.options,
        insecure: input.insecure,
    };
    port.apart(id, move || {
        let running = Arc::new(start.start()?);
        Ok(Answer::Server(NativeServer { running }))
    })
}

/// A server in this process. It stops with this object, at the latest.
#[napi]
pub struct NativeServer {
    running: Arc<Running>,
}

#[napi]
impl NativeServer {
    #[napi(getter)]
    pub fn url(&self) -> &str {
        self.running.url()
    }

    #[napi(getter)]
    pub fn port(&self) -> u16 {
        self.running.address().port()
    }

    #[napi]
    pub fn store(&self) -> NativeStore {
        NativeStore::new(self.running.store().clone())
    }

    /// A request to a page of the test mode; its answer.
    #[napi]
    pub fn control(
        &self,
        port: &Port,
        id: u32,
        method: String,
        page: String,
        body: String,
    ) -> Option<Answer> {
        let running = self.running.clone();
        port.apart(id, move || {
            let answer = running.control(&method, &page, body.as_bytes());
            answer.map(Answer::Text)
        })
    }

    #[napi]
    pub fn stop(&self, port: &Port, id: u32) -> Option<Answer> {
        let running = self.running.clone();
        port.apart(id, move || {
            running.stop()?;
            Ok(Answer::Nothing)
        })
    }
}

/// Runs a command line of the program `forebay`, on JavaScript's own thread: nothing else is to
/// happen meanwhile. Returns the exit status.
#[napi(js_name = "program")]
pub fn run_program(arguments: Vec<String>) -> u32 {
    program::run(arguments.into_iter().map(Into::into)).into()
}
