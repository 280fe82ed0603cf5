//! How a store is opened.

use crate::error::OrRaise;
use crate::given::with;
use crate::numbers;
use crate::store::Store;
use forebay_ffi::api::{ClockMode, Durability, OpenOptions};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::time::Duration;

/// Opens a store: a directory, which is made if it is absent, or "mem:" for a private one that
/// ends with its last handle. What is None is the library's default.
///
/// durability: "full" (the default), "strict" or "os". clock: "system", or "manual" for one that
/// stands still until `Store.advance`; a new store then starts at `clock_start_ms`. sqs_limits:
/// SQS's own limits hold, as over the wire. sixty_second_rules: SQS's pauses after a deletion
/// and a purge hold. create=False: the store must exist. lock_timeout: seconds to wait for a
/// lock of another process. segment_bytes, reserve_bytes: see docs/FORMAT.md.
#[pyfunction]
#[pyo3(signature = (
    location, *, durability=None, clock=None, clock_start_ms=0, account=None, region=None,
    sqs_limits=None, sixty_second_rules=None, create=None, allow_network_file_system=None,
    lock_timeout=None, segment_bytes=None, reserve_bytes=None
))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python")]
pub fn open(
    py: Python<'_>,
    location: PathBuf,
    durability: Option<&str>,
    clock: Option<&str>,
    #[pyo3(from_py_with = numbers::clock_start_ms)] clock_start_ms: u64,
    account: Option<String>,
    region: Option<String>,
    sqs_limits: Option<bool>,
    sixty_second_rules: Option<bool>,
    create: Option<bool>,
    allow_network_file_system: Option<bool>,
    lock_timeout: Option<f64>,
    #[pyo3(from_py_with = numbers::segment_bytes)] segment_bytes: Option<u64>,
    #[pyo3(from_py_with = numbers::reserve_bytes)] reserve_bytes: Option<u64>,
) -> PyResult<Store> {
    let durability = durability.map(durability_of).transpose()?;
    let clock = clock.map(|clock| clock_of(clock, clock_start_ms));
    let timeout = lock_timeout.map(|seconds| {
        Duration::try_from_secs_f64(seconds).map_err(|_| {
            let text = format!("lock_timeout is {seconds} s; it must be 0 or more, and finite");
            PyValueError::new_err(text)
        })
    });
    let mut options = OpenOptions::new();
    options = with(options, durability, OpenOptions::durability);
    options = with(options, clock.transpose()?, OpenOptions::clock);
    options = with(options, account, OpenOptions::account);
    options = with(options, region, OpenOptions::region);
    options = with(options, sqs_limits, OpenOptions::sqs_limits);
    options = with(options, sixty_second_rules, OpenOptions::sixty_second_rules);
    options = with(options, create, OpenOptions::create);
    let network = allow_network_file_system;
    options = with(options, network, OpenOptions::allow_network_file_system);
    options = with(options, timeout.transpose()?, OpenOptions::lock_timeout);
    options = with(options, segment_bytes, OpenOptions::segment_bytes);
    options = with(options, reserve_bytes, OpenOptions::reserve_bytes);
    let store = py.detach(|| options.open(&location)).or_raise(py)?;
    Ok(Store::new(store, location.to_string_lossy().into_owned()))
}

fn durability_of(name: &str) -> PyResult<Durability> {
    match name {
        "full" => Ok(Durability::Full),
        "strict" => Ok(Durability::Strict),
        "os" => Ok(Durability::Os),
        _ => Err(PyValueError::new_err(format!(
            "durability {name:?} is none of \"full\", \"strict\" and \"os\""
        ))),
    }
}

fn clock_of(name: &str, start_ms: u64) -> PyResult<ClockMode> {
    match name {
        "system" => Ok(ClockMode::System),
        "manual" => Ok(ClockMode::Manual { start_ms }),
        _ => Err(PyValueError::new_err(format!(
            "clock {name:?} is neither \"system\" nor \"manual\""
        ))),
    }
}
