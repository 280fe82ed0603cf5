//! TLS to the database: what each `sslmode` accepts, and how it refuses.

use forebay::{ErrorKind, Store};
use forebay_test_postgres::{Cluster, shared};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::Command;

/// An authority, and the certificate of a server that is called localhost and nothing else.
fn make_certificates(folder: &Path) {
    let script = "set -e
        key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30'
        for name in authority stranger; do
            openssl req -x509 $key -keyout $name.key -out $name.pem -subj /CN=$name
        done
        openssl req $key -keyout server.key -out server.csr -subj /CN=server
        printf 'subjectAltName=DNS:localhost' >names
        openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -days 30 \\
            -extfile names -out server.pem";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output();
    let made = made.unwrap();
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl: {said}");
}

/// A server with TLS, whose certificates lie in its directory.
fn start() -> Cluster {
    let cluster = Cluster::start(&["fsync=off"]).unwrap();
    let folder = cluster.directory();
    make_certificates(folder);
    for name in ["server.key", "server.pem"] {
        let file = folder.join(name);
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = cluster.user() {
            chown(file, Some(uid), Some(gid)).unwrap();
        }
    }
    for (setting, value) in [
        ("ssl_cert_file", folder.join("server.pem")),
        ("ssl_key_file", folder.join("server.key")),
        ("ssl", "on".into()),
    ] {
        let text = format!("ALTER SYSTEM SET {setting} = '{}'", value.display());
        cluster.run(&text).unwrap();
    }
    cluster.run("SELECT pg_reload_conf()").unwrap();
    cluster
}

#[test]
fn postgres_certificates_are_verified_as_sslmode_says() {
    if shared().is_none() {
        return;
    }
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: no openssl to make certificates with");
        return;
    }
    let cluster = start();
    let file = |name: &str| cluster.directory().join(name).display().to_string();
    let (own, other) = (file("authority.pem"), file("stranger.pem"));
    let location = |host: &str, mode: &str, root: Option<&str>| {
        let root = root.map_or(String::new(), |root| format!("&sslrootcert={root}"));
        let port = cluster.port();
        format!("postgres://forebay@{host}:{port}/postgres?sslmode={mode}{root}")
    };
    let started = std::time::Instant::now();
    // The server takes up its new settings a moment after it was told.
    while let Err(error) = Store::open(location("localhost", "require", None)) {
        assert!(started.elapsed() < super::WATCHDOG, "{error}");
    }
    for (host, mode, root) in [
        ("localhost", "verify-full", Some(&own)),
        ("127.0.0.1", "verify-ca", Some(&own)),
        ("127.0.0.1", "require", Some(&own)),
        ("127.0.0.1", "require", None),
        ("127.0.0.1", "prefer", None),
    ] {
        let location = location(host, mode, root.map(String::as_str));
        let store = Store::open(&location).unwrap();
        store.list_queues("").unwrap();
        let encrypted = "SELECT bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a \
                         USING (pid) WHERE a.application_name = 'forebay'";
        let seen = cluster.query(encrypted).unwrap();
        assert_eq!(seen[0][0].as_deref(), Some("t"), "{location}");
    }
    for (host, mode, root, part) in [
        ("127.0.0.1", "verify-full", &own, "not valid for name"),
        ("localhost", "verify-full", &other, "UnknownIssuer"),
        ("localhost", "verify-ca", &other, "UnknownIssuer"),
        ("localhost", "require", &other, "UnknownIssuer"),
        (
            "localhost",
            "verify-full",
            &file("absent.pem"),
            "absent.pem",
        ),
        ("localhost", "verify-full", &file("names"), "no certificate"),
    ] {
        let error = Store::open(location(host, mode, Some(root))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{mode}: {error}");
        assert!(error.text().contains(part), "{mode}: {error}");
    }
    let error = Store::open(location("localhost", "verify-full", None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.text().contains("needs sslrootcert"), "{error}");
}
