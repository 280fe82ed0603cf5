//! HTTPS, and a certificate that is read anew.

use super::support::{Server, config, until};
use forebay_server::config::TlsConfig;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Makes a self-signed certificate for `localhost` that can be told by its common name.
fn certify(folder: &Path, common_name: &str) -> Option<TlsConfig> {
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

/// The first line of the answer, if the server shows this certificate.
fn fetch(server: &Server, certificate: &Path) -> Result<String, String> {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject;
    use std::io::{Read, Write};
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
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let request = b"GET /?Action=GetQueueUrl&QueueName=q HTTP/1.1\r\nhost: localhost\r\n\
        connection: close\r\n\r\n";
    tls.write_all(request).map_err(|error| error.to_string())?;
    let mut text = String::new();
    match tls.read_to_string(&mut text) {
        Err(error) if text.is_empty() => Err(error.to_string()),
        _ => Ok(text),
    }
}

#[test]
fn https_with_a_certificate_that_changes() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(files) = certify(folder.path(), "first") else {
        return;
    };
    let first = other.path().join("first.pem");
    std::fs::copy(&files.certificate, &first).unwrap();
    let mut secure = config();
    secure.tls = Some(files.clone());
    secure.queues = vec![forebay_server::config::QueueConfig {
        name: "q".into(),
        ..Default::default()
    }];
    let server = Server::start(secure);
    let text = fetch(&server, &first).unwrap();
    assert!(
        text.contains("<QueueUrl>https://localhost/000000000000/q</QueueUrl>"),
        "{text}"
    );
    std::fs::write(&files.certificate, "no certificate").unwrap();
    certify(folder.path(), "second").unwrap();
    until("the new certificate is shown", || {
        fetch(&server, &files.certificate).is_ok()
    });
    assert!(fetch(&server, &first).is_err());
}

#[test]
fn files_that_are_no_certificate_are_named() {
    let mut secure = config();
    secure.tls = Some(TlsConfig {
        certificate: "/nowhere/cert.pem".into(),
        key: "/nowhere/key.pem".into(),
    });
    let error = Server::start(secure).stop().unwrap_err().to_string();
    assert!(error.contains("/nowhere/cert.pem"), "{error}");
}
