//! REST of 2006 and 2007: a request is refused, or it is an action of the version, read alike
//! however its address is written.

use crate::{Input, Target};
use forebay_server::http::connection::Peer;
use forebay_server::http::head::Head;
use forebay_server::legacy::rest::{Read, read};
use forebay_server::legacy::{Action, Version};
use hyper::Request;

/// Method, address and body of a REST request.
pub const TARGET: Target = Target {
    name: "rest",
    about: "REST of 2006 and 2007: refused, or an action of the version, however it is written",
    body,
    seeds,
    words: &[
        "/000000000000/q",
        "/back",
        "/front",
        "%7C",
        "|",
        "?VisibilityTimeout=",
        "&NumberOfMessages=256",
        "ForceDeletion=true",
        "Attribute=VisibilityTimeout&Value=",
        "QueueNamePrefix=",
        "Action=",
        "Version=",
    ],
    bytes_max: 1_024,
    mutations: 3_000,
};

const METHODS: [&str; 6] = ["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH"];

fn seeds() -> Vec<Vec<u8>> {
    let requests: [(u8, &str); 9] = [
        (0, "/"),
        (2, "/?QueueName=q&DefaultVisibilityTimeout=30"),
        (1, "/000000000000/q/back?VisibilityTimeout=3"),
        (
            0,
            "/000000000000/q/front?NumberOfMessages=2&VisibilityTimeout=3",
        ),
        (0, "/000000000000/q/"),
        (1, "/000000000000/q?VisibilityTimeout=3"),
        (1, "/000000000000/q?Attribute=VisibilityTimeout&Value=60"),
        (3, "/000000000000/q/A%7CB%7CC"),
        (3, "/000000000000/q?ForceDeletion=true"),
    ];
    let seed = |(method, address): &(u8, &str)| {
        [&[*method, address.len() as u8], address.as_bytes(), b"body"].concat()
    };
    requests.iter().map(seed).collect()
}

fn head(method: &str, address: &str) -> Option<Head> {
    let request = Request::builder().method(method).uri(address);
    let parts = request.body(()).ok()?.into_parts().0;
    let peer = Peer {
        address: ([127, 0, 0, 1], 1).into(),
        secure: false,
    };
    Some(Head::new(parts, peer, false))
}

fn body(data: &[u8]) {
    let input = &mut Input::new(data);
    let method = input.one(&METHODS);
    let address = String::from_utf8_lossy(input.bytes()).into_owned();
    let body = input.rest();
    // Of proxies' forms of an address only the path would be written anew.
    let Some(head) = head(method, &address).filter(|head| head.path.starts_with('/')) else {
        return;
    };
    let Ok(found) = read(&head, body) else {
        return;
    };
    assert!(Version::V2007.action(found.name).is_some());
    if found.name == "SendMessage" {
        let given = std::str::from_utf8(body).unwrap();
        assert_eq!(found.params.get("MessageBody"), Some(given));
    }
    for version in [Version::V2006, Version::V2007] {
        let action = Action::read(version, found.name, &found.params, &found.path);
        if let Ok(action) = &action {
            assert_eq!(version.action(action.name), Some(found.name));
        }
        // Escaped letter by letter the address means the same.
        let again = escaped(method, &head, body);
        let same = Action::read(version, again.name, &again.params, &again.path);
        assert_eq!(format!("{action:?}"), format!("{same:?}"));
    }
}

/// The same request with every character of its path's segments escaped.
fn escaped(method: &str, head: &Head, body: &[u8]) -> Read {
    let mut path = String::new();
    let mut bytes = head.path.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'/' => path.push('/'),
            b'%' => {
                path.push('%');
                path.extend(bytes.by_ref().take(2).map(char::from));
            }
            other => path.push_str(&format!("%{other:02x}")),
        }
    }
    let address = match head.query.is_empty() {
        true => path,
        false => format!("{path}?{}", head.query),
    };
    let head = self::head(method, &address).unwrap();
    read(&head, body).unwrap()
}
