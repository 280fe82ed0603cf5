//! Reading answers.

use super::support::{Response, Server};

/// The texts of all elements of that name, unescaped, in order.
pub fn texts(xml: &str, name: &str) -> Vec<String> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let pieces = xml.split(&open).skip(1);
    pieces
        .map(|piece| {
            let text = piece.split(&close).next().unwrap();
            text.replace("&lt;", "<")
                .replace("&gt;", ">")
                .replace("&quot;", "\"")
                .replace("&#13;", "\r")
                .replace("&amp;", "&")
        })
        .collect()
}

/// The text of the one element of that name.
pub fn text(xml: &str, name: &str) -> String {
    let mut texts = texts(xml, name);
    assert_eq!(texts.len(), 1, "{name} in {xml}");
    texts.remove(0)
}

/// Text as a form or a query string carries it.
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let bytes = text.bytes().map(|byte| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    });
    bytes.collect()
}

/// Parameters as a query string.
pub fn form(pairs: &[(&str, &str)]) -> String {
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A Query call of a version by GET.
pub fn call(
    server: &Server,
    version: &str,
    path: &str,
    action: &str,
    pairs: &[(&str, &str)],
) -> Response {
    let common = [("Action", action), ("Version", version)];
    let query = form(&[&common, pairs].concat());
    server.get(&format!("{path}?{query}"))
}

/// As [`call`], of one that succeeds: its body.
pub fn ok(
    server: &Server,
    version: &str,
    path: &str,
    action: &str,
    pairs: &[(&str, &str)],
) -> String {
    let response = call(server, version, path, action, pairs);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.header("content-type"), Some("text/xml"));
    response.text()
}

/// As [`call`], of one that is refused: status and code.
pub fn refused(
    server: &Server,
    version: &str,
    path: &str,
    action: &str,
    pairs: &[(&str, &str)],
) -> String {
    let response = call(server, version, path, action, pairs);
    let code = text(&response.text(), "Code");
    format!("{} {code}", response.status)
}

/// The path of a URL.
pub fn path(url: &str) -> String {
    let rest = url.split_once("://").unwrap().1;
    format!("/{}", rest.split_once('/').unwrap().1)
}

/// The versions whose messages go by ids.
pub const FIRST: [&str; 2] = ["2006-04-01", "2007-05-01"];

/// Creates a queue; its path.
pub fn create(server: &Server, version: &str, name: &str) -> String {
    let xml = ok(server, version, "/", "CreateQueue", &[("QueueName", name)]);
    path(&text(&xml, "QueueUrl"))
}

/// Sends a message; its id.
pub fn send(server: &Server, version: &str, queue: &str, body: &str) -> String {
    let xml = ok(
        server,
        version,
        queue,
        "SendMessage",
        &[("MessageBody", body)],
    );
    text(&xml, "MessageId")
}
