//! The server that all are measured on.

use crate::workloads::Failure;
use forebay_test_postgres::{Cluster, query};
use std::path::Path;
use std::time::Duration;

/// Beside PostgreSQL's defaults, for all: memory as its documentation advises for a small machine,
/// and room for 64 connections of each subject.
/// `fsync`, `synchronous_commit` and autovacuum are as they come: on.
const SETTINGS: [&str; 4] = [
    "shared_buffers=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=15min",
    "max_connections=500",
];

/// A running server.
pub struct Server {
    cluster: Cluster,
    /// Its version and settings.
    pub about: String,
}

impl Server {
    /// Starts a fresh one with its files below `folder`.
    pub fn start(folder: &Path) -> Result<Self, Failure> {
        let cluster = Cluster::start_in(folder, &SETTINGS)?;
        let version = cluster.query("SHOW server_version")?;
        let version = first(&version).unwrap_or("unknown").to_owned();
        Ok(Self {
            cluster,
            about: format!("PostgreSQL {version}, {}", SETTINGS.join(", ")),
        })
    }

    /// The location of a store.
    pub fn location(&self, schema: &str) -> String {
        self.cluster.location(schema)
    }

    /// The same for clients that know of no schema.
    pub fn plain_location(&self) -> String {
        let location = self.cluster.location("-");
        location.split("&schema").next().unwrap_or_default().into()
    }

    /// Carries out statements.
    pub fn run(&self, sql: &str) -> Result<(), Failure> {
        Ok(self.cluster.run(sql)?)
    }

    /// The rows of the answer, their values as text.
    pub fn rows(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Failure> {
        Ok(query(&self.plain_location(), sql)?)
    }

    /// Processor time that its processes which run now have used; `None` where Linux does not say.
    pub fn processor_time(&self) -> Option<Duration> {
        self.cluster.processor_time()
    }

    /// The first value of the answer, as a number.
    pub fn number(&self, sql: &str) -> Result<f64, Failure> {
        let rows = self.rows(sql)?;
        let value = first(&rows).ok_or_else(|| format!("no answer to {sql}"))?;
        Ok(value.parse()?)
    }
}

fn first(rows: &[Vec<Option<String>>]) -> Option<&str> {
    rows.first()?.first()?.as_deref()
}
