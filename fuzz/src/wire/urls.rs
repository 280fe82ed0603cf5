//! Queue URLs: what was made names its queue in every form that clients keep.

use crate::{Input, Target};
use forebay_server::wire::url::{UrlBase, parse, region_of_host};

/// Queue URLs, paths and host names.
pub const TARGET: Target = Target {
    name: "urls",
    about: "queue URLs: what was made names its queue, whatever stands around it",
    body,
    seeds,
    words: &[
        "://",
        "/queue/",
        "sqs.",
        ".queue.",
        "us-east-1",
        "..",
        "?",
        "#",
        "//",
    ],
    bytes_max: 512,
    mutations: 4_000,
};

fn seeds() -> Vec<Vec<u8>> {
    let urls = [
        "https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
        "http://[::1]:9324/prefix/123456789012/q/?a=b#c",
        "http://h/queue/eu-west-1/1/q",
        "eu-west-1.queue.amazonaws.com",
        "q",
        "",
    ];
    urls.iter().map(|url| url.as_bytes().to_vec()).collect()
}

fn body(data: &[u8]) {
    let given = String::from_utf8_lossy(data);
    if let Some(queue) = parse(&given) {
        assert!(!queue.name.is_empty() && !queue.name.contains(['/', '?', '#']));
        assert!(given.contains(&queue.name));
        assert!(queue.account.as_ref().is_none_or(|it| !it.is_empty()));
        assert!(queue.region.is_none() || queue.account.is_some());
    }
    if let Some(region) = region_of_host(&given) {
        assert!(given.contains(region) && region.contains('-') && !region.contains(['.', ':']));
    }
    let input = &mut Input::new(data);
    let account = format!("{:012}", u64::from(input.u32()));
    let name = valid_name(input.bytes());
    let host = host(input.bytes());
    let scheme = input.one(&["http", "https"]);
    let url = UrlBase::from_host(scheme, &host).queue(&account, &name);
    let path = format!("/{account}/{name}");
    let forms = [
        url.clone(),
        format!("{url}/"),
        format!("{url}?{given}"),
        format!("{url}#{given}"),
        path.clone(),
        path[1..].to_owned(),
        format!("{scheme}://{host}/some/prefix{path}"),
        UrlBase::configured(&format!("{scheme}://{host}/base/")).queue(&account, &name),
    ];
    for form in &forms {
        let queue = parse(form).unwrap();
        assert_eq!(queue.account.as_deref(), Some(&*account), "{form}");
        assert_eq!((queue.name, queue.region), (name.clone(), None), "{form}");
    }
}

/// A name of 1 to 80 of the characters that queues may have.
fn valid_name(bytes: &[u8]) -> String {
    const ALL: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let one = |byte: &u8| char::from(ALL[usize::from(*byte) % ALL.len()]);
    let name: String = bytes.iter().take(75).map(one).collect();
    match bytes.len() % 3 {
        0 => format!("q{name}.fifo"),
        _ => format!("q{name}"),
    }
}

/// A host, with or without a port: no characters that end one.
fn host(bytes: &[u8]) -> String {
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | ':' | '[' | ']');
    let text = String::from_utf8_lossy(bytes);
    format!("h{}", text.chars().filter(kept).collect::<String>())
}
