//! REST requests of 2006-04-01 and 2007-05-01 (L4, L5).

use super::sign::Proof;
use super::version::Version;
use super::{Action, Answer, Caller, Code, Fault, action, print};
use crate::http::body::Body;
use crate::http::head::Head;
use crate::service::Service;
use crate::wire::Printed;
use crate::wire::query::{Params, percent_decode};
use hyper::Method;

/// Last segments of a queue's path that are no message ids (L4.4).
const BACK: &str = "back";
const FRONT: &str = "front";

/// True for a request with one of the headers of REST (L4.9). Today's signature also begins with
/// `AWS`, and a 4 after it.
pub fn is_spoken(head: &Head) -> bool {
    let authorization = head.header("authorization").unwrap_or_default();
    head.headers.contains_key("aws-version") || authorization.starts_with("AWS ")
}

/// What a request is about: the action's name, its parameters, and the path of its queue.
#[derive(Debug)]
pub struct Read {
    /// The action.
    pub name: &'static str,
    /// Its parameters, by their Query names.
    pub params: Params,
    /// The queue's path; `/` for none.
    pub path: String,
}

/// Answers a request. `None`: a test lets the answer get lost.
pub async fn answer(
    service: &Service,
    head: &Head,
    body: &Body,
    request_id: &str,
) -> Option<Printed> {
    let version = match version(head) {
        Ok(version) => version,
        Err(fault) => return Some(print::fault(Version::V2007, &fault, request_id)),
    };
    let read = read(head, &body.plain);
    let name = read.as_ref().map_or("unknown", |read| read.name);
    let outcome = service.legacy(version, name, request_id, async {
        // Who calls comes first: others learn nothing.
        let (identity, region) = service.verifier(version, head).identify(Proof::Rest)?;
        let caller = Caller {
            service,
            head,
            identity: &identity,
            region: &region,
        };
        carry_out(version, caller, read?).await
    });
    Some(match outcome.await? {
        Ok((name, answer)) => print::answer(version, name, &answer, request_id),
        Err(fault) => print::fault(version, &fault, request_id),
    })
}

async fn carry_out(
    version: Version,
    caller: Caller<'_>,
    read: Read,
) -> Result<(&'static str, Answer), Fault> {
    let action = Action::read(version, read.name, &read.params, &read.path)?;
    let name = action.name;
    Ok((name, super::perform(version, caller, action).await?))
}

/// `AWS-Version`: later versions have no REST.
fn version(head: &Head) -> Result<Version, Fault> {
    let date = head.header("aws-version");
    let date = date.ok_or_else(|| Fault::missing("AWS-Version"))?;
    let known = Version::parse(date).filter(|version| version.is_first());
    known.ok_or_else(|| {
        let text = format!("There is no REST of version {date}; of 2006-04-01 and 2007-05-01.");
        Fault::new(Code::NoSuchVersion, text)
    })
}

/// Reads method, path, query string and body as an action.
///
/// Errors: `InvalidURI`, `InvalidHttpRequest` for a method that a path does not have,
/// `InvalidMessageContents`, and `InvalidParameterCombination` for a mixture with Query.
pub fn read(head: &Head, body: &[u8]) -> Result<Read, Fault> {
    let mut params = Params::default();
    params.add(head.query.as_bytes())?;
    for name in ["Action", "Version"] {
        if params.get(name).is_some() {
            let text = format!("A REST request cannot have the parameter {name} of Query.");
            return Err(Fault::new(Code::InvalidParameterCombination, text));
        }
    }
    let segments = segments(&head.path)?;
    let queue = |count: usize| format!("/{}", segments[..count].join("/"));
    let (name, path) = match segments.len() {
        0 => (of_service(&head.method), "/".into()),
        2 => (of_queue(&head.method, &params), queue(2)),
        3 => {
            let name = of_message(&head.method, &segments[2], body, &mut params)?;
            (name, queue(2))
        }
        _ => return Err(invalid_uri(&head.path)),
    };
    let name = name.ok_or_else(|| {
        let text = format!(
            "The HTTP request is invalid. Reason: {} is not possible at {}",
            head.method, head.path
        );
        Fault::new(Code::InvalidHttpRequest, text)
    })?;
    Ok(Read { name, params, path })
}

/// The decoded segments of a path; a slash at the end means nothing.
fn segments(path: &str) -> Result<Vec<String>, Fault> {
    let inner = path.strip_prefix('/').unwrap_or(path);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if inner.is_empty() {
        return Ok(Vec::new());
    }
    let decode = |segment: &str| {
        let bytes = percent_decode(segment.as_bytes(), false)?;
        let text = String::from_utf8(bytes).ok()?;
        // Put together with slashes again, these would begin or end something else.
        (!text.is_empty() && !text.contains(['/', '?', '#'])).then_some(text)
    };
    let segments: Option<Vec<String>> = inner.split('/').map(decode).collect();
    segments.ok_or_else(|| invalid_uri(path))
}

fn invalid_uri(path: &str) -> Fault {
    let text = format!("The address {path} is not that of a queue or message.");
    Fault::new(Code::InvalidUri, text)
}

fn of_service(method: &Method) -> Option<&'static str> {
    match *method {
        Method::GET => Some("ListQueues"),
        Method::POST => Some("CreateQueue"),
        _ => None,
    }
}

fn of_queue(method: &Method, params: &Params) -> Option<&'static str> {
    match *method {
        Method::GET => Some("GetVisibilityTimeout"),
        Method::PUT if params.get("Attribute").is_some() => Some("SetQueueAttributes"),
        Method::PUT => Some("SetVisibilityTimeout"),
        Method::DELETE => Some("DeleteQueue"),
        _ => None,
    }
}

/// `back`, `front`, or a message's id.
fn of_message(
    method: &Method,
    last: &str,
    body: &[u8],
    params: &mut Params,
) -> Result<Option<&'static str>, Fault> {
    Ok(match (last, method) {
        (BACK, &Method::PUT) => {
            send(body, params)?;
            Some("SendMessage")
        }
        (FRONT, &Method::GET) => Some("ReceiveMessage"),
        (BACK | FRONT, _) => None,
        (id, &Method::GET) => {
            params.insert("MessageId", id)?;
            Some("PeekMessage")
        }
        (id, &Method::DELETE) => {
            params.insert("MessageId", id)?;
            Some("DeleteMessage")
        }
        _ => None,
    })
}

/// L4.5: the whole body is the message.
fn send(body: &[u8], params: &mut Params) -> Result<(), Fault> {
    if body.is_empty() {
        return Err(Fault::missing("MessageBody"));
    }
    params.insert("MessageBody", action::message_text(body)?)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::connection::Peer;
    use hyper::Request;
    use proptest::prelude::*;

    fn head(method: &str, address: &str) -> Option<Head> {
        let request = Request::builder()
            .method(method)
            .uri(address)
            .body(())
            .ok()?;
        let peer = Peer {
            address: ([127, 0, 0, 1], 1).into(),
            secure: false,
        };
        Some(Head::new(request.into_parts().0, peer, false))
    }

    #[test]
    fn l4_every_line_of_the_table() {
        for (method, address, name, path) in [
            ("POST", "/?QueueName=n", "CreateQueue", "/"),
            ("GET", "/", "ListQueues", "/"),
            ("GET", "/?QueueNamePrefix=p", "ListQueues", "/"),
            ("PUT", "/t/q/back", "SendMessage", "/t/q"),
            (
                "PUT",
                "/t/q?VisibilityTimeout=1",
                "SetVisibilityTimeout",
                "/t/q",
            ),
            (
                "PUT",
                "/t/q?Attribute=a&Value=1",
                "SetQueueAttributes",
                "/t/q",
            ),
            (
                "PUT",
                "/t/q/back?VisibilityTimeout=1",
                "SendMessage",
                "/t/q",
            ),
            ("GET", "/t/q/front", "ReceiveMessage", "/t/q"),
            ("GET", "/t/q", "GetVisibilityTimeout", "/t/q"),
            ("GET", "/t/q/", "GetVisibilityTimeout", "/t/q"),
            ("GET", "/t/q/a%7Cb%7Cc", "PeekMessage", "/t/q"),
            ("DELETE", "/t/q/a%7Cb%7Cc", "DeleteMessage", "/t/q"),
            ("DELETE", "/t/q?ForceDeletion=true", "DeleteQueue", "/t/q"),
        ] {
            let read = read(&head(method, address).unwrap(), b"body").unwrap();
            assert_eq!((read.name, &*read.path), (name, path), "{method} {address}");
            let id = read.params.get("MessageId");
            assert!(id.is_none_or(|id| id == "a|b|c"), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn any_request_is_read_or_refused(
            method in "GET|PUT|POST|DELETE|HEAD|X",
            address in "/([a-z%0-9|/]{0,12}/){0,3}(front|back|%7C|%|)([?]([A-Za-z=&%+]{0,20}))?",
            body in proptest::collection::vec(any::<u8>(), 0..20),
        ) {
            if let Some(head) = head(&method, &address)
                && let Ok(read) = read(&head, &body)
            {
                prop_assert!(Version::V2007.action(read.name).is_some());
            }
        }
    }
}
