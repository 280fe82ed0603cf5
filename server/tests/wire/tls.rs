//! HTTPS, and a certificate that is read anew.

use super::support::tls::{certify, exchange};
use super::support::{Server, config, until};
use forebay_server::config::TlsConfig;
use std::path::Path;

/// The answer, if the server shows this certificate.
fn fetch(server: &Server, certificate: &Path) -> Result<String, String> {
    let request = b"GET /?Action=GetQueueUrl&QueueName=q HTTP/1.1\r\nhost: localhost\r\n\
        connection: close\r\n\r\n";
    exchange(server.address, certificate, request)
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
