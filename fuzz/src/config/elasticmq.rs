//! Files of ElasticMQ: any text is converted or refused, and what is converted is a configuration
//! with the same queues.

use crate::Target;
use forebay_server::Config;
use forebay_server::config::elasticmq::convert;

/// ElasticMQ's configuration files.
pub const TARGET: Target = Target {
    name: "elasticmq",
    about: "files of ElasticMQ: refused, or converted to a configuration that can be read",
    body,
    seeds,
    words: &[
        "queues {",
        "queues.",
        "defaultVisibilityTimeout = ",
        "delay = ",
        "10 seconds",
        "1500 ms",
        "deadLettersQueue {",
        "maxReceiveCount = ",
        "fifo = true",
        "tags {",
        "include ",
        "copyTo",
        "contentBasedDeduplication",
        "//",
        "#",
        "\\u0001",
        "\"",
        "a.a.a.a.a.a.a.a.",
        "= {",
    ],
    bytes_max: 4_096,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let full = r#"
        include classpath("application.conf")
        // A comment.
        node-address { protocol = http, host = "*", port = 9324, context-path = "" }
        rest-sqs.enabled = true
        queues {
          orders {
            defaultVisibilityTimeout = 10 seconds
            delay = 1500 ms
            receiveMessageWait = 0 seconds
            deadLettersQueue { name = "orders-dead", maxReceiveCount = 3 # from 1 to 1000
            }
            fifo = false
            copyTo = "audit"
            tags { team = "a b", "k.x" : v }
          }
          events { fifo = true, contentBasedDeduplication = true }
        }
        queues.late.delay = 2m
    "#;
    let short = [
        "queues {}",
        "queues { \"a\\\"b\" { tags { x = \"\u{1}\\\\\" } } }",
        "{queues:{q:{}}}",
    ];
    let texts = std::iter::once(full).chain(short);
    texts.map(|text| text.as_bytes().to_vec()).collect()
}

fn body(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(converted) = convert(&text) else {
        return;
    };
    let config = toml::from_str::<Config>(&converted.toml);
    let config = match config {
        Ok(config) => config,
        Err(error) => panic!("{error}\nin\n{}\nfrom\n{text}", converted.toml),
    };
    let sections = converted
        .toml
        .lines()
        .filter(|line| *line == "[[queues]]")
        .count();
    assert_eq!(config.queues.len(), sections);
}
