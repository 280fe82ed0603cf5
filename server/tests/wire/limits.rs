//! Bounds: long heads and bodies, slow clients, many connections.

use super::support::{Server, WATCHDOG, config, until};

#[test]
fn long_bodies_are_refused() {
    let mut small = config();
    small.limits.body_bytes = 2_000;
    let server = Server::start(small);
    let long = "x".repeat(2_001);
    let answer = server.json("SendMessage", &long);
    assert_eq!(answer.refusal(), "413 RequestEntityTooLarge");
    assert_eq!(answer.header("connection"), Some("close"));
    let answer = server.form("/", &long);
    assert_eq!(answer.refusal(), "413 RequestEntityTooLarge");
    assert!(answer.text().contains("<Code>RequestEntityTooLarge</Code>"));
    assert_eq!(server.json("ListQueues", "{}").status, 200);
}

#[test]
fn long_heads_are_refused() {
    let mut small = config();
    small.limits.header_bytes = 8_192;
    let server = Server::start(small);
    let mut client = server.connect();
    let head = format!(
        "GET / HTTP/1.1\r\nhost: h\r\nx-long: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    // It may close before it has read all.
    let _ = client.try_write(head.as_bytes());
    assert!(client.read().is_none_or(|answer| answer.status == 431));
    assert_eq!(server.json("ListQueues", "{}").status, 200);
}

/// What all bodies take together is bounded, and the last quarter of it is for short ones.
#[test]
fn long_bodies_leave_room_for_short_ones() {
    const LONG: usize = 100_000;
    let mut small = config();
    small.limits.body_bytes = LONG;
    small.limits.bodies_bytes = 1 << 20;
    let server = Server::start(small);
    let head = format!(
        "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ListQueues\r\n\
         content-length: {LONG}\r\n\r\n"
    );
    // None sends its last byte.
    let begun = [head.as_bytes(), &[b' '; LONG - 1][..]].concat();
    let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &mut clients {
        // It may be refused before it has sent all.
        let _ = client.try_write(&begun);
    }
    let fit = (3 << 18) / (LONG - 1);
    let mut waiting = clients;
    let mut refused = 0;
    until("those are refused for whom there is no room", || {
        let before = waiting.len();
        waiting.retain_mut(|client| !client.is_closed_by_now());
        refused += before - waiting.len();
        waiting.len() <= fit
    });
    assert!(refused >= 20 - fit);
    assert_eq!(server.json("ListQueues", "{}").status, 200);
    // Who was taken in goes on, and what was taken is given back.
    let mut done = 0;
    for client in &mut waiting {
        if client.try_write(b" ").is_ok()
            && let Some(answer) = client.read()
            && answer.status != 503
        {
            assert_eq!(answer.refusal(), "400 SerializationException");
            done += 1;
        }
    }
    assert!(done > 0);
    for _ in 0..20 {
        let body = format!("{{}}{}", " ".repeat(LONG - 2));
        assert_eq!(server.json("ListQueues", &body).status, 200);
    }
}

#[test]
fn who_finds_no_room_is_told_to_try_again() {
    let mut small = config();
    small.limits.body_bytes = 1 << 20;
    small.limits.bodies_bytes = 2 << 20;
    let server = Server::start(small);
    let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ListQueues\r\n";
    let begun = format!(
        "{head}content-length: 1048576\r\n\r\n{}",
        " ".repeat(1_000_000)
    );
    let mut first = server.connect();
    first.write(begun.as_bytes());
    let mut second = server.connect();
    let _ = second.try_write(begun.as_bytes());
    let mut clients = [first, second];
    let mut found = None;
    until("one of both is refused", || {
        found = clients.iter_mut().position(|client| client.has_answer());
        found.is_some()
    });
    let refused = clients[found.unwrap()].read().unwrap();
    assert_eq!(refused.refusal(), "503 ServiceUnavailable");
    assert_eq!(refused.header("connection"), Some("close"));
}

#[test]
fn who_asks_whether_to_send_what_finds_no_room_is_not_told_to_go_on() {
    let mut small = config();
    small.limits.body_bytes = 1 << 20;
    small.limits.bodies_bytes = 2 << 20;
    let server = Server::start(small);
    let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ListQueues\r\n\
                content-length: 1048576\r\n";
    let mut first = server.connect();
    first.write(format!("{head}\r\n{}", " ".repeat(1_000_000)).as_bytes());
    until("what was sent has been read", || {
        let mut second = server.connect();
        second.write(format!("{head}expect: 100-continue\r\n\r\n").as_bytes());
        second.read().unwrap().refusal() == "503 ServiceUnavailable"
    });
    // A shorter one is.
    let mut third = server.connect();
    third.write(
        b"POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.ListQueues\r\n\
          content-length: 2\r\nexpect: 100-continue\r\n\r\n",
    );
    assert_eq!(third.read().unwrap().status, 100);
}

#[test]
fn slow_clients_are_cut_off() {
    let mut short = config();
    short.limits.header_timeout_s = 1;
    short.limits.body_timeout_s = 1;
    let server = Server::start(short);
    let mut silent = server.connect();
    let mut in_preface = server.connect();
    in_preface.write(b"PRI");
    let mut in_head = server.connect();
    in_head.write(b"GET / HTTP/1.1\r\nhost:");
    let mut in_body = server.connect();
    in_body.write(b"POST /?Action=ListQueues HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\nx");
    assert_eq!(in_body.read().unwrap().refusal(), "408 RequestTimeout");
    for client in [&mut silent, &mut in_preface] {
        assert!(client.is_closed());
    }
    // hyper says so before it closes.
    assert!(in_head.read().is_none_or(|answer| answer.status == 408));
    assert_eq!(server.json("ListQueues", "{}").status, 200);
}

#[test]
fn clients_of_http_2_that_never_begin_are_cut_off() {
    let mut short = config();
    short.limits.header_timeout_s = 1;
    let server = Server::start(short);
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    // A frame of settings that breaks off, and one that is whole with nothing behind it.
    for more in ["", "\0\0", "\0\0\0\u{4}\0\0\0\0\0"] {
        for length in [14, 20, preface.len()] {
            let mut client = server.connect();
            client.write(&preface.as_bytes()[..length]);
            if length == preface.len() {
                client.write(more.as_bytes());
            }
            until("it is cut off", || client.is_closed_by_now());
        }
    }
    assert_eq!(server.json("ListQueues", "{}").status, 200);
}

#[test]
fn idle_connections_of_http_2_end_and_waiting_ones_do_not() {
    let mut short = config();
    short.limits.header_timeout_s = 1;
    let server = Server::start(short);
    server.queue("q");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await;
        let stream = hyper_util::rt::TokioIo::new(stream.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, stream)
            .await
            .unwrap();
        let running = tokio::spawn(connection);
        let poll = "/000000000000/q?Action=ReceiveMessage&WaitTimeSeconds=4";
        let empty = http_body_util::Empty::<bytes::Bytes>::new();
        let uri = format!("http://{}{poll}", server.address);
        let request = hyper::Request::get(uri).body(empty).unwrap();
        assert_eq!(sender.send_request(request).await.unwrap().status(), 200);
        // Its pings are answered all the while.
        let ended = tokio::time::timeout(WATCHDOG, running).await;
        ended.expect("an idle connection ends").unwrap().unwrap();
    });
}

#[test]
fn clients_of_http_2_that_take_no_answer_are_cut_off() {
    let mut short = config();
    short.limits.header_timeout_s = 1;
    short.limits.body_timeout_s = 1;
    let server = Server::start(short);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address).await;
        let stream = hyper_util::rt::TokioIo::new(stream.unwrap());
        let executor = hyper_util::rt::TokioExecutor::new();
        // It lets one byte of an answer come, and never asks for the next.
        let (mut sender, connection) = hyper::client::conn::http2::Builder::new(executor)
            .initial_stream_window_size(1)
            .handshake(stream)
            .await
            .unwrap();
        let running = tokio::spawn(connection);
        let empty = http_body_util::Empty::<bytes::Bytes>::new();
        let uri = format!("http://{}/?Action=ListQueues", server.address);
        let request = hyper::Request::get(uri).body(empty).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        let ended = tokio::time::timeout(WATCHDOG, running).await;
        let _ = ended.expect("the connection ends").unwrap();
        drop(answer);
    });
}

#[test]
fn connections_over_the_limit_wait() {
    let mut few = config();
    few.limits.connections = 2;
    let server = Server::start(few);
    let mut first = server.connect();
    let mut second = server.connect();
    assert_eq!(first.json("ListQueues", "{}").status, 200);
    assert_eq!(second.json("ListQueues", "{}").status, 200);
    let address = server.address;
    let third = std::thread::spawn(move || {
        let server = address;
        let stream = std::net::TcpStream::connect(server).unwrap();
        use std::io::{Read, Write};
        let mut stream = stream;
        stream
            .write_all(b"GET /livez HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    });
    assert_eq!(first.json("ListQueues", "{}").status, 200);
    drop(first);
    until("the third connection is served", || third.is_finished());
    assert!(third.join().unwrap().contains("200 OK"));
}
