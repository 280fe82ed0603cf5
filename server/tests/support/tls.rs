//! Certificates, and requests over TLS.

use forebay_server::config::TlsConfig;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Makes a self-signed certificate for `localhost` that can be told by its common name.
pub fn certify(folder: &Path, common_name: &str) -> Option<TlsConfig> {
    let files = TlsConfig {
        certificate: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    };
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-quiet",
    ]);
    openssl.args(["-subj", &format!("/CN={common_name}")]);
    openssl.args(["-addext", "subjectAltName=DNS:localhost"]);
    openssl.arg("-keyout").arg(folder.join("new-key.pem"));
    openssl.arg("-out").arg(folder.join("new-cert.pem"));
    if !openssl.output().is_ok_and(|it| it.status.success()) {
        println!("skipped: no openssl to make a certificate with");
        return None;
    }
    std::fs::rename(folder.join("new-key.pem"), &files.key).unwrap();
    std::fs::rename(folder.join("new-cert.pem"), &files.certificate).unwrap();
    Some(files)
}

/// What comes back until the server closes, if it shows this certificate.
pub fn exchange(address: SocketAddr, certificate: &Path, request: &[u8]) -> Result<String, String> {
    let mut roots = rustls::RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    roots.add(certificate).map_err(|error| error.to_string())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "localhost".try_into().unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    tls.write_all(request).map_err(|error| error.to_string())?;
    let mut text = String::new();
    match tls.read_to_string(&mut text) {
        Err(error) if text.is_empty() => Err(error.to_string()),
        _ => Ok(text),
    }
}
