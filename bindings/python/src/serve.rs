//! A server in this process, and the command line.

use crate::error::OrRaise;
use crate::store::Store;
use forebay_ffi::api::Error;
use forebay_server::embed::{self, Running, Start};
use forebay_server::program;
use pyo3::prelude::*;
use std::ffi::OsString;
use std::path::PathBuf;

/// What is served.
#[derive(FromPyObject)]
pub enum Source {
    Open(Py<Store>),
    At(PathBuf),
}

/// Starts a server on threads of its own; it answers when this returns. options: JSON with the
/// names of docs/SERVER.md.
#[pyfunction]
pub fn serve(
    py: Python<'_>,
    source: Source,
    host: String,
    port: u16,
    options: String,
    insecure: bool,
) -> PyResult<Server> {
    let (source, location) = match source {
        Source::Open(store) => store.get().served(),
        Source::At(path) => {
            let location = path.to_string_lossy().into_owned();
            (embed::Source::At(path), location)
        }
    };
    let start = Start {
        source,
        host,
        port,
        options,
        insecure,
    };
    let running = py.detach(|| start.start().map_err(Error::from));
    Ok(Server {
        running: running.or_raise(py)?,
        location,
    })
}

/// A server in this process. It stops with this object, at the latest.
#[pyclass(module = "forebay._native", frozen, weakref)]
pub struct Server {
    running: Running,
    location: String,
}

#[pymethods]
impl Server {
    /// Where clients find it.
    #[getter]
    fn url(&self) -> &str {
        self.running.url()
    }

    /// The address it listens at.
    #[getter]
    fn host(&self) -> String {
        self.running.address().ip().to_string()
    }

    /// The port it listens at.
    #[getter]
    fn port(&self) -> u16 {
        self.running.address().port()
    }

    /// What is served, without the limits of the wire.
    #[getter]
    fn store(&self) -> Store {
        Store::new(self.running.store().clone(), self.location.clone())
    }

    /// A request to a page of the test mode; its answer.
    fn control(&self, py: Python<'_>, method: &str, page: &str, body: &[u8]) -> PyResult<String> {
        let answer = py.detach(|| self.running.control(method, page, body));
        answer.or_raise(py)
    }

    /// Answers every waiting receive, lets running requests end, and stops.
    fn stop(&self, py: Python<'_>) -> PyResult<()> {
        let stopped = py.detach(|| self.running.stop().map_err(Error::from));
        stopped.or_raise(py)
    }
}

/// Runs a command line of the program `forebay`, and returns its exit status.
#[pyfunction(name = "program")]
pub fn run_program(py: Python<'_>, arguments: Vec<OsString>) -> u8 {
    py.detach(|| program::run(arguments))
}
