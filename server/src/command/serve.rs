//! `forebay serve`.

use crate::cli::{DONE, FAILED, print};
use crate::{Config, config};
use clap::Args;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Serves queues to SQS clients.
#[derive(Debug, Args)]
pub struct Serve {
    /// Where the queues are: a directory, or mem:
    #[arg(long, env = "FOREBAY_STORE", value_name = "LOCATION")]
    store: Option<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "FOREBAY_LISTEN", default_value = "127.0.0.1:9324")]
    listen: SocketAddr,
    /// TOML file with queues, credentials and limits
    #[arg(long, env = "FOREBAY_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Accept anyone on an address that others can reach
    #[arg(long)]
    insecure: bool,
    /// Accept the weak signatures of 2006 to 2008: Query versions 0 and 1, REST, SOAP
    #[arg(long)]
    legacy: bool,
    /// Serve tests: a clock that can be moved, reset, faults, below /_forebay/test/
    #[arg(long)]
    test: bool,
    /// With --test: let the clock stand still until it is moved
    #[arg(long, requires = "test")]
    frozen: bool,
    /// What is logged: error, warn, info, debug or trace
    #[arg(
        long,
        env = "FOREBAY_LOG",
        default_value = "info",
        value_name = "LEVEL",
        value_parser = log_filter
    )]
    log: String,
    /// Log lines of JSON
    #[arg(long)]
    log_json: bool,
}

/// A level, or filters such as `forebay_server=debug,hyper=warn`. A single word that is no level
/// would be taken for the name of a module, and nothing be logged at all.
fn log_filter(text: &str) -> Result<String, String> {
    let mut parts = text.split(',').map(str::trim);
    let no_level = |part: &&str| !part.contains('=') && part.parse::<LevelFilter>().is_err();
    if let Some(bad) = parts.find(no_level) {
        return Err(format!(
            "{bad:?} is no level; there are error, warn, info, debug, trace and off"
        ));
    }
    match EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

/// Runs until SIGINT or SIGTERM.
pub fn run(arguments: &Serve) -> u8 {
    start_logs(arguments);
    match serve(arguments) {
        Ok(()) => DONE,
        Err(text) => {
            print::complain(&format!("forebay serve: {text}"));
            FAILED
        }
    }
}

fn start_logs(arguments: &Serve) {
    let filter = EnvFilter::new(&arguments.log);
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // A line that cannot be written is lost. To tell of that would be a panic where standard
        // error takes no more, and the request that the line is about would end by it.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    match arguments.log_json {
        true => logs.json().init(),
        false => logs.init(),
    }
}

fn serve(arguments: &Serve) -> Result<(), String> {
    let mut config = match &arguments.config {
        Some(path) => config::read(path)?,
        None => Config::default(),
    };
    if let Some(location) = &arguments.store {
        config.store.location = location.clone();
    }
    config.legacy.weak_signatures |= arguments.legacy;
    if arguments.test {
        prepare_test(&mut config, arguments);
    }
    if !arguments.insecure {
        config.check_exposure(arguments.listen, "say --insecure")?;
    }
    raise_file_limit(config.limits.connections);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(config.limits.threads)
        .build()
        .map_err(|error| format!("cannot start threads: {error}"))?;
    let listener = TcpListener::bind(arguments.listen)
        .map_err(|error| format!("cannot listen on {}: {error}", arguments.listen))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    // The one line on standard output: whoever started this with port 0 reads it.
    print::text(&format!("{}\n", config.url(address)))?;
    let store = forebay::handle::show_location(&config.store.location);
    tracing::info!(%address, %store, "serving");
    runtime
        .block_on(crate::run(listener, config, signal()))
        .map_err(|error| error.to_string())?;
    tracing::info!("stopped");
    Ok(())
}

/// Every connection is a file, and shells allow 1,024 of them: as many as the machine grants.
fn raise_file_limit(connections: usize) {
    /// Files of the store, the runtime and the logs.
    const OTHERS: u64 = 1_000;
    let wanted = connections as u64 + OTHERS;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(granted) if granted >= wanted => {}
        Ok(granted) => tracing::info!(granted, wanted, "the machine allows fewer open files"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}

/// A server for tests keeps nothing and makes nobody wait, unless it is told to.
fn prepare_test(config: &mut Config, arguments: &Serve) {
    let test = config.test.get_or_insert_default();
    test.frozen |= arguments.frozen;
    if arguments.store.is_none() && arguments.config.is_none() {
        config.store.location = "mem:".into();
    }
    if arguments.config.is_none() {
        config.sixty_second_rules = false;
    }
}

/// Ready at the first SIGINT or SIGTERM.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = terminate.recv() => return,
                _ = tokio::signal::ctrl_c() => return,
            }
        }
    }
    // Without a handler for signals the process ends by the signal itself.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_are_no_level_are_named() {
        for good in ["info", "WARN", "off", "error,forebay_server=debug"] {
            assert_eq!(log_filter(good), Ok(good.to_owned()));
        }
        for (bad, named) in [
            ("loud", "loud"),
            ("info,verbose", "verbose"),
            ("a=loud", ""),
        ] {
            let error = log_filter(bad).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }
}
