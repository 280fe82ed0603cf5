//! Certificate and key.

use serde::Deserialize;
use std::path::PathBuf;

/// Files of a TLS server, both PEM. They are read anew when they change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// The certificate and those of its issuers.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}
