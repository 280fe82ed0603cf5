//! The configuration: any text is read or refused, and what passes the check can be used.

use crate::Target;
use forebay_server::Config;

/// Configuration files.
pub const TARGET: Target = Target {
    name: "config",
    about: "configuration files: read, checked or refused",
    body,
    seeds,
    words: &[
        "[[queues]]\n",
        "name = ",
        "attributes = {",
        "[limits]\n",
        "[store]\n",
        "[tls]\n",
        "[[credentials]]\n",
        "access_key_id = ",
        "secret_access_key = ",
        "account = ",
        "[test]\n",
        "\"000000000000\"",
        "base_url = ",
        "dead_letter = ",
        "max_receives = ",
        "true",
        "'''",
    ],
    bytes_max: 2_048,
    mutations: 2_000,
};

const FULL: &str = r#"
account = "123456789012"
region = "eu-west-1"
base_url = "https://q.example"
trust_proxy = true
accepted_hosts = ["a:1"]
sixty_second_rules = false
[store]
location = "mem:"
durability = "strict"
[limits]
connections = 10
header_bytes = 8192
body_timeout_s = 5
[[credentials]]
access_key_id = "AK"
secret_access_key = "s"
account = "123456789012"
role = "r/s"
expires_at = 5
[[queues]]
name = "a.fifo"
dead_letter = "b.fifo"
max_receives = 3
attributes = { ContentBasedDeduplication = true, DelaySeconds = 5, Policy = "" }
tags = { k = "v" }
[test]
frozen = true
seed = 4
"#;

fn seeds() -> Vec<Vec<u8>> {
    let short = [
        "",
        "account = \"1\"",
        "[[queues]]\nname = \"q\"\n[queues.tags]\n\"a b\" = \"\"\n",
    ];
    let texts = std::iter::once(FULL).chain(short);
    texts.map(|text| text.as_bytes().to_vec()).collect()
}

fn body(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(config) = toml::from_str::<Config>(&text) else {
        return;
    };
    let secret = config
        .credentials
        .first()
        .map(|it| it.secret_access_key.clone());
    if let Some(secret) = secret.filter(|it| it.len() > 20) {
        assert!(
            !format!("{config:?}").contains(&secret),
            "a secret is printed"
        );
    }
    match config.check() {
        Ok(()) => {
            assert_eq!(config.account.len(), 12);
            assert!(config.limits.connections > 0 && config.limits.threads > 0);
            assert!(config.queues.iter().all(|queue| !queue.name.is_empty()));
        }
        Err(reason) => assert!(!reason.is_empty()),
    }
}
