//! Bodies that are, or become, larger than any request needs.

use super::server::{Server, json};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const TARGET: &str = "AmazonSQS.SendMessage";
/// What a bomb becomes, MiB; a server that unpacks it whole shows it.
const BOMB_MIB: usize = 256;
/// At once.
const BOMBS: usize = 8;
/// By which the server may grow, KiB: the limit of 4 MiB for each, and buffers.
const GROWTH_KIB: u64 = 100 << 10;

#[test]
fn decompression_bombs_are_not_unpacked() {
    let server = Server::start("");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..BOMB_MIB {
        encoder.write_all(&[b' '; 1 << 20]).unwrap();
    }
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 4 << 20);
    let request = json(TARGET, "content-encoding: gzip\r\n", &bomb);
    server.is_well();
    let before = server.resident_kib();
    let mut clients: Vec<_> = (0..BOMBS).map(|_| server.connect()).collect();
    for client in &mut clients {
        // It may be refused before all of it was read.
        let _ = client.try_write(&request);
    }
    for client in &mut clients {
        let answer = client.read().unwrap();
        assert_eq!(
            (answer.status, answer.code()),
            (413, Some("RequestEntityTooLarge"))
        );
    }
    if let (Some(before), Some(after)) = (before, server.resident_kib()) {
        println!("{before} KiB before {BOMBS} bombs of {BOMB_MIB} MiB, {after} KiB after");
        assert!(after < before + GROWTH_KIB, "from {before} to {after} KiB");
    }
    server.is_well();
}

/// Two bytes of the body for a message, and few more for an attribute of one.
#[test]
fn lists_of_nothing_stay_small() {
    let server = Server::start("");
    server.is_well();
    let before = server.peak_kib();
    let fill = |start: &str, one: &str, end: &str| {
        let count = ((4 << 20) - start.len() - end.len()) / (one.len() + 1);
        let list = vec![one; count].join(",");
        format!("{start}{list}{end}").into_bytes()
    };
    for (action, body) in [
        ("SendMessageBatch", fill("{\"Entries\":[", "{}", "]}")),
        (
            "SendMessageBatch",
            fill("{\"Entries\":[{\"MessageAttributes\":{", "\"\":{}", "}}]}"),
        ),
        (
            "ReceiveMessage",
            fill("{\"AttributeNames\":[", "\"\"", "]}"),
        ),
    ] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&body).unwrap();
        let packed = encoder.finish().unwrap();
        assert!(packed.len() < 100 << 10, "{} bytes", packed.len());
        let target = format!("AmazonSQS.{action}");
        let request = json(&target, "content-encoding: gzip\r\n", &packed);
        let mut clients: Vec<_> = (0..BOMBS).map(|_| server.connect()).collect();
        clients.iter_mut().for_each(|client| client.write(&request));
        for client in &mut clients {
            let answer = client.read().unwrap();
            assert_eq!(
                (answer.status, answer.code()),
                (400, Some("SerializationException"))
            );
        }
    }
    if let (Some(before), Some(after)) = (before, server.peak_kib()) {
        println!("{before} KiB at most before, {after} KiB at most in all");
        assert!(after < before + GROWTH_KIB, "from {before} to {after} KiB");
    }
    server.is_well();
}

/// A byte of a body takes a byte, in however many pieces it comes.
#[test]
fn bodies_in_the_smallest_pieces_stay_small() {
    const PIECES: usize = 1 << 20;
    let server = Server::start("");
    server.is_well();
    let before = server.peak_kib();
    let head = format!("POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: {TARGET}\r\n");
    let mut client = server.connect();
    client.write(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes());
    let pieces = b"1\r\nx\r\n".repeat(1 << 10);
    for _ in 0..PIECES >> 10 {
        client.write(&pieces);
    }
    client.write(b"0\r\n\r\n");
    let answer = client.read().unwrap();
    assert_eq!(
        (answer.status, answer.code()),
        (400, Some("SerializationException"))
    );
    if let (Some(before), Some(after)) = (before, server.peak_kib()) {
        println!("{before} KiB at most before {PIECES} pieces, {after} KiB in all");
        assert!(after < before + (16 << 10), "from {before} to {after} KiB");
    }
    server.is_well();
}

#[test]
fn endless_bodies_are_cut_off() {
    let server = Server::start("body_bytes = 100000");
    let head = format!("POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: {TARGET}\r\n");
    let chunk = [b"4000\r\n", &[b'x'; 0x4000][..], b"\r\n"].concat();
    for (kind, piece) in [
        ("content-length: 1000000000000", &[b'x'; 0x4000][..]),
        ("transfer-encoding: chunked", &chunk),
    ] {
        let mut client = server.connect();
        client.write(format!("{head}{kind}\r\n\r\n").as_bytes());
        let mut pieces = 0;
        // It closes after its answer, and then writing fails.
        while pieces < 10_000 && client.try_write(piece).is_ok() {
            pieces += 1;
        }
        assert!(pieces < 10_000, "{kind}: {pieces} pieces were taken");
        if let Some(answer) = client.read() {
            assert_eq!(answer.status, 413, "{kind}");
        }
    }
    server.is_well();
}
