//! TLS: certificate and key from files, read anew when they change.

use crate::ServeError;
use crate::config::TlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::{Duration, SystemTime};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The protocols that clients can choose, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The certificate in use.
pub struct Tls {
    files: TlsConfig,
    current: RwLock<(Arc<ServerConfig>, Times)>,
}

/// When both files were last changed.
type Times = [Option<SystemTime>; 2];

impl Tls {
    /// Reads the files.
    pub fn new(files: &TlsConfig) -> Result<Self, ServeError> {
        let config = read(files).map_err(ServeError::Config)?;
        Ok(Self {
            files: files.clone(),
            current: RwLock::new((Arc::new(config), times(files))),
        })
    }

    /// Accepts with the certificate of now.
    pub fn acceptor(&self) -> TlsAcceptor {
        let current = self
            .current
            .read()
            .unwrap_or_else(|broken| broken.into_inner());
        TlsAcceptor::from(current.0.clone())
    }

    /// Reads the files if they changed. Those that do not fit together are logged, and the
    /// certificate stays; a later look may find them whole.
    fn look(&self) {
        let now = times(&self.files);
        let known = self
            .current
            .read()
            .unwrap_or_else(|broken| broken.into_inner())
            .1;
        if now == known {
            return;
        }
        match read(&self.files) {
            Ok(config) => {
                let mut current = self
                    .current
                    .write()
                    .unwrap_or_else(|broken| broken.into_inner());
                *current = (Arc::new(config), now);
                tracing::info!("the certificate was read anew");
            }
            Err(error) => tracing::warn!(%error, "the certificate stays as it is"),
        }
    }

    /// Looks at the files for as long as they are used.
    pub fn watch(this: &Arc<Self>) {
        let this = Arc::downgrade(this);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let Some(tls) = this.upgrade() else {
                    return;
                };
                // Files may be on a slow disk; an error there shows as an unchanged time.
                let _ = tokio::task::spawn_blocking(move || tls.look()).await;
            }
        });
    }
}

fn times(files: &TlsConfig) -> Times {
    let time = |path: &Path| std::fs::metadata(path).and_then(|it| it.modified()).ok();
    [time(&files.certificate), time(&files.key)]
}

fn read(files: &TlsConfig) -> Result<ServerConfig, String> {
    let name = |path: &Path| path.display().to_string();
    let certificates = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("certificate {}: {error}", name(&files.certificate)))?;
    if certificates.is_empty() {
        return Err(format!("{} has no certificate", name(&files.certificate)));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| format!("key {}: {error}", name(&files.key)))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| format!("{}: {error}", name(&files.certificate)))?;
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok(config)
}
