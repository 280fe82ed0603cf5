//! Ten thousand connections that do nothing.

use super::server::{Server, json};
use super::support::Client;

const CONNECTIONS: usize = 10_000;
/// What each may cost, bytes: buffers of a request that is over must not stay.
const BYTES_MAX: u64 = 32 << 10;

#[test]
fn ten_thousand_idle_connections() {
    let files = rlimit::increase_nofile_limit(CONNECTIONS as u64 + 500).unwrap();
    assert!(
        files >= CONNECTIONS as u64 + 500,
        "this machine allows {files} open files; ten thousand connections need more"
    );
    let server = Server::start("header_timeout_s = 600");
    server.is_well();
    let before_kib = server.resident_kib();
    let list = json("AmazonSQS.ListQueues", "", b"{}");
    let mut clients: Vec<Client> = Vec::new();
    for number in 0..CONNECTIONS {
        let mut client = server.connect();
        // One half never says a word, the other had an answer and stays.
        if number % 2 == 0 {
            assert_eq!(client.ask(&list).status, 200);
        }
        clients.push(client);
    }
    // Connections are accepted in their order: with this one all the others are.
    server.is_well();
    if let (Some(before), Some(after)) = (before_kib, server.resident_kib()) {
        let bytes = after.saturating_sub(before) * 1_024 / CONNECTIONS as u64;
        println!("{bytes} bytes for each of {CONNECTIONS} idle connections");
        assert!(bytes < BYTES_MAX, "{bytes} bytes for each connection");
    }
    for number in (0..CONNECTIONS).step_by(1_001) {
        assert_eq!(
            clients[number].ask(&list).status,
            200,
            "connection {number}"
        );
    }
}
