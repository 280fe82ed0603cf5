//! What HTTP itself allows: keep-alive, pipelining, chunks, 100-continue, gzip, HTTP/2.

use super::support::{Server, config, test_config};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

const LIST: &str = "GET /?Action=ListQueues HTTP/1.1\r\nhost: h\r\n\r\n";

#[test]
fn one_connection_carries_many_requests_also_at_once() {
    let server = Server::start(config());
    let mut client = server.connect();
    for _ in 0..3 {
        assert_eq!(client.json("ListQueues", "{}").status, 200);
    }
    client.write(LIST.repeat(5).as_bytes());
    for _ in 0..5 {
        assert_eq!(client.read().unwrap().status, 200);
    }
}

#[test]
fn bodies_come_in_chunks_and_on_demand() {
    let server = Server::start(config());
    let head = "POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.CreateQueue\r\n";
    let mut client = server.connect();
    client.write(format!("{head}transfer-encoding: chunked\r\n\r\n").as_bytes());
    client.write(b"f\r\n{\"QueueName\":\"a\r\n2\r\n\"}\r\n0\r\n\r\n");
    assert_eq!(client.read().unwrap().status, 200);
    let body = "{\"QueueName\":\"b\"}";
    let length = body.len();
    let expects = format!("{head}expect: 100-continue\r\ncontent-length: {length}\r\n\r\n");
    client.write(expects.as_bytes());
    assert_eq!(client.read().unwrap().status, 100);
    client.write(body.as_bytes());
    assert_eq!(client.read().unwrap().status, 200);
}

#[test]
fn who_asks_whether_to_send_too_much_is_not_told_to_go_on() {
    let mut small = config();
    small.limits.body_bytes = 2_000;
    let server = Server::start(small);
    let mut client = server.connect();
    client.write(
        b"POST / HTTP/1.1\r\nhost: h\r\nx-amz-target: AmazonSQS.CreateQueue\r\n\
          expect: 100-continue\r\ncontent-length: 2001\r\n\r\n",
    );
    let refused = client.read().unwrap();
    assert_eq!(refused.refusal(), "413 RequestEntityTooLarge");
    assert!(client.is_closed());
}

#[test]
fn gzip_bodies_are_read() {
    let server = Server::start(config());
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"{\"QueueName\":\"a\"}").unwrap();
    let body = encoder.finish().unwrap();
    let headers = "x-amz-target: AmazonSQS.CreateQueue\r\ncontent-encoding: gzip\r\n";
    assert_eq!(
        server.connect().call("POST", "/", headers, &body).status,
        200
    );
    for name in ["GZIP", "x-gzip"] {
        let headers = headers.replace("gzip", name);
        assert_eq!(
            server.connect().call("POST", "/", &headers, &body).status,
            200,
            "{name}"
        );
    }
    let headers = headers.replace("gzip", "br");
    assert_eq!(
        server.connect().call("POST", "/", &headers, &body).status,
        400
    );
}

#[test]
fn http_2_over_a_plain_connection() {
    let server = Server::start(config());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(server.address)
            .await
            .unwrap();
        let stream = hyper_util::rt::TokioIo::new(stream);
        let executor = hyper_util::rt::TokioExecutor::new();
        let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, stream)
            .await
            .unwrap();
        let running = tokio::spawn(connection);
        let uri = format!("http://{}/?Action=ListQueues", server.address);
        let request = || {
            let empty = http_body_util::Empty::<bytes::Bytes>::new();
            hyper::Request::get(&uri).body(empty).unwrap()
        };
        let both = tokio::join!(sender.send_request(request()), async {});
        assert_eq!(both.0.unwrap().status(), 200);
        assert_eq!(sender.send_request(request()).await.unwrap().status(), 200);
        drop(sender);
        running.await.unwrap().unwrap();
    });
}

/// RFC 9112, 3.2.
#[test]
fn a_request_names_one_host() {
    let server = Server::start(config());
    let list = "GET /?Action=ListQueues";
    for (line, hosts) in [
        (format!("{list} HTTP/1.1"), ""),
        (format!("{list} HTTP/1.1"), "host: a\r\nhost: b\r\n"),
        (format!("{list} HTTP/1.1"), "host: a\r\nhost: a\r\n"),
        (format!("{list} HTTP/1.0"), "host: a\r\nhost: b\r\n"),
        (format!("{list} HTTP/1.1"), "host:\r\n"),
        (format!("{list} HTTP/1.1"), "host: a/b\r\n"),
        (format!("{list} HTTP/1.1"), "host: u@a\r\n"),
        (format!("{list} HTTP/1.1"), "host: a\"<b>\r\n"),
        (format!("{list} HTTP/1.1"), "host: a b\r\n"),
        (format!("{list} HTTP/1.1"), "host: \u{e4}\r\n"),
        ("GET http://a/?Action=ListQueues HTTP/1.1".into(), ""),
        ("GET /livez HTTP/1.1".into(), ""),
    ] {
        let mut client = server.connect();
        let answer = client.ask(format!("{line}\r\n{hosts}\r\n").as_bytes());
        assert_eq!(answer.refusal(), "400 InvalidHttpRequest", "{line} {hosts}");
    }
    for (line, hosts) in [
        (format!("{list} HTTP/1.0"), ""),
        (format!("{list} HTTP/1.1"), "host: [::1]:9324\r\n"),
        (format!("{list} HTTP/1.1"), "host: my_queue.example\r\n"),
        (
            "GET http://a/?Action=ListQueues HTTP/1.1".into(),
            "host: b\r\n",
        ),
    ] {
        let mut client = server.connect();
        let answer = client.ask(format!("{line}\r\n{hosts}\r\n").as_bytes());
        assert_eq!(answer.status, 200, "{line} {hosts}");
    }
}

/// Scripts of any web page can send requests to loopback addresses, and one name of theirs can lead
/// there too.
#[test]
fn web_pages_are_refused_where_nobody_is_asked_who_he_is() {
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let of_pages = [
        "origin: http://evil.example\r\n",
        "origin: null\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
        // Under a name of the page's own that leads to this machine.
        "sec-fetch-site: same-origin\r\n",
    ];
    let open = Server::start(config());
    let testing = Server::start(test_config());
    let create = b"Action=CreateQueue&Version=2012-11-05&QueueName=made";
    for header in of_pages {
        let headers = format!("{form}{header}");
        let refused = open.connect().call("POST", "/", &headers, create);
        assert_eq!(refused.refusal(), "403 AccessDenied", "{header}");
        let reset = "/_forebay/test/v1/reset";
        let refused = testing.connect().call("POST", reset, &headers, b"");
        assert_eq!(refused.status, 403, "{header}");
        let list = "/?Action=ListQueues&Version=2008-01-01";
        assert_eq!(open.connect().call("GET", list, header, b"").status, 403);
        let soap = format!("{header}content-type: text/xml\r\nsoapaction: \"\"\r\n");
        assert_eq!(open.connect().call("POST", "/", &soap, b"<a/>").status, 403);
        assert_eq!(
            open.connect().call("GET", "/livez", header, b"").status,
            200
        );
    }
    // An address that somebody typed in, and clients that are no browsers.
    for header in ["sec-fetch-site: none\r\n", "sec-fetch-mode: cors\r\n", ""] {
        let headers = format!("{form}{header}");
        let made = open.connect().call("POST", "/", &headers, create);
        assert_eq!(made.status, 200, "{header}");
    }
}
