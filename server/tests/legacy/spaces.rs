//! Name spaces of the two generations (L1.3), and addresses (L2).

use super::support::{Server, config};
use super::xml::{create, ok, path, refused, send, text, texts};
use forebay_server::Config;
use forebay_server::config::{LegacyConfig, Names};

fn separate() -> Config {
    Config {
        legacy: LegacyConfig {
            names: Names::Separate,
            ..LegacyConfig::default()
        },
        ..config()
    }
}

fn count(server: &Server, version: &str) -> usize {
    texts(&ok(server, version, "/", "ListQueues", &[]), "QueueUrl").len()
}

#[test]
fn l1_3_shared_by_default() {
    let server = Server::start(config());
    let queue = create(&server, "2006-04-01", "q");
    for version in [
        "2006-04-01",
        "2007-05-01",
        "2008-01-01",
        "2009-02-01",
        "2011-10-01",
    ] {
        assert_eq!(count(&server, version), 1, "{version}");
    }
    send(&server, "2007-05-01", &queue, "m");
    let received = ok(&server, "2009-02-01", &queue, "ReceiveMessage", &[]);
    assert_eq!(text(&received, "Body"), "m");
}

#[test]
fn l1_3_separate_if_configured() {
    let server = Server::start(separate());
    let old = create(&server, "2006-04-01", "old");
    let new = create(&server, "2008-01-01", "new");
    for (version, names) in [
        ("2006-04-01", ["/old"]),
        ("2007-05-01", ["/old"]),
        ("2008-01-01", ["/new"]),
        ("2009-02-01", ["/new"]),
        ("2011-10-01", ["/new"]),
    ] {
        let urls = texts(&ok(&server, version, "/", "ListQueues", &[]), "QueueUrl");
        let ends = urls
            .iter()
            .zip(names)
            .all(|(url, name)| url.ends_with(name));
        assert!(urls.len() == 1 && ends, "{version} {urls:?}");
    }
    for (version, queue) in [("2008-01-01", &old), ("2007-05-01", &new)] {
        let code = refused(
            &server,
            version,
            queue,
            "SendMessage",
            &[("MessageBody", "m")],
        );
        assert_eq!(
            code, "400 AWS.SimpleQueueService.NonExistentQueue",
            "{version}"
        );
    }
    // The same name twice, with other messages.
    create(&server, "2007-05-01", "both");
    let both = create(&server, "2009-02-01", "both");
    send(&server, "2007-05-01", &both, "old");
    let received = ok(&server, "2009-02-01", &both, "ReceiveMessage", &[]);
    assert!(texts(&received, "Body").is_empty());
    assert_eq!(
        server.json("ListQueues", "{}").json()["QueueUrls"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn l2_addresses_of_either_form_in_every_version() {
    let server = Server::start(config());
    let token = create(&server, "2007-05-01", "q");
    let created = ok(
        &server,
        "2009-02-01",
        "/",
        "CreateQueue",
        &[("QueueName", "q")],
    );
    let digits = path(&text(&created, "QueueUrl"));
    assert_eq!(digits, "/000000000000/q");
    assert_ne!(token, digits);
    for version in [
        "2006-04-01",
        "2007-05-01",
        "2008-01-01",
        "2009-02-01",
        "2011-10-01",
    ] {
        for address in [&token, &digits, &format!("{digits}/")] {
            send(&server, version, address, "m");
        }
    }
}

#[test]
fn l2_message_ids_by_version() {
    let server = Server::start(config());
    let queue = create(&server, "2007-05-01", "q");
    let uuid = |id: &str| id.len() == 36 && id.matches('-').count() == 4;
    for version in [
        "2006-04-01",
        "2007-05-01",
        "2008-01-01",
        "2009-02-01",
        "2011-10-01",
    ] {
        let id = send(&server, version, &queue, "m");
        match version {
            "2006-04-01" | "2007-05-01" => assert_eq!(id.matches('|').count(), 2),
            "2008-01-01" => {
                use base64::Engine;
                let inner = base64::engine::general_purpose::STANDARD
                    .decode(&id)
                    .unwrap();
                let inner = String::from_utf8(inner).unwrap();
                let shown = ok(
                    &server,
                    "2007-05-01",
                    &queue,
                    "PeekMessage",
                    &[("MessageId", &inner)],
                );
                assert_eq!(
                    text(&shown, "MessageBody"),
                    "m",
                    "the key of the first generation"
                );
            }
            _ => assert!(uuid(&id), "{id}"),
        }
    }
}
