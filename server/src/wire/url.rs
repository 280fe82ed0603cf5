//! Queue URLs: made from what the caller called us, read by account and name only (A5).

/// A queue as a URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueName {
    /// The account, if the URL has one.
    pub account: Option<String>,
    /// The region, of the form `/queue/<region>/<account>/<name>` only.
    pub region: Option<String>,
    /// The name.
    pub name: String,
}

/// Path segments before the name of URLs that carry no account, as ElasticMQ writes them.
const NO_ACCOUNT: &str = "queue";

/// A5.3: reads a queue URL, a path, or a bare name. Scheme and host, a query string, and a slash
/// at the end mean nothing. `None` if there is no name.
pub fn parse(url: &str) -> Option<QueueName> {
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => url,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments = path.rsplit('/').skip_while(|segment| segment.is_empty());
    let name = segments.next()?.to_owned();
    let account = segments
        .next()
        .filter(|segment| !segment.is_empty() && *segment != NO_ACCOUNT)
        .map(String::from);
    let region = match (segments.next(), segments.next()) {
        (Some(region), Some(NO_ACCOUNT)) if account.is_some() && !region.is_empty() => {
            Some(region.to_owned())
        }
        _ => None,
    };
    Some(QueueName {
        account,
        region,
        name,
    })
}

/// Whether a request's path is that of a queue URL: a name alone could be anything.
pub fn is_queue(path: &str) -> bool {
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let behind = segments.nth(1);
    behind == Some(NO_ACCOUNT) || parse(path).is_some_and(|queue| queue.account.is_some())
}

/// Makes queue URLs for one request: `scheme://host/<account>/<name>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlBase(String);

impl UrlBase {
    /// From a configured base such as `https://queues.example.com`.
    pub fn configured(base: &str) -> Self {
        Self(base.trim_end_matches('/').to_owned())
    }

    /// A5.2: from the scheme and host that the client used.
    pub fn from_host(scheme: &str, host: &str) -> Self {
        Self(format!("{scheme}://{host}"))
    }

    /// The URL of a queue.
    pub fn queue(&self, account: &str, name: &str) -> String {
        format!("{}/{account}/{name}", self.0)
    }
}

/// The region in a host name of AWS's forms: `sqs.<region>.<rest>` and `<region>.queue.<rest>`.
pub fn region_of_host(host: &str) -> Option<&str> {
    let name = host.split(':').next().unwrap_or(host);
    let mut labels = name.split('.');
    let region = match (labels.next(), labels.next(), labels.next()) {
        (Some("sqs" | "sqs-fips"), Some(region), Some(_)) => region,
        (Some(region), Some("queue"), Some(_)) => region,
        _ => return None,
    };
    // Every region's name has a number at the end; `sqs.example.com` names none.
    let like_region = region.contains('-') && region.ends_with(|c: char| c.is_ascii_digit());
    like_region.then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> (Option<String>, Option<String>, String) {
        let queue = parse(url).unwrap();
        (queue.account, queue.region, queue.name)
    }

    #[test]
    fn a5_3_the_last_two_segments_count() {
        let plain = (Some("123456789012".to_owned()), None, "q.fifo".to_owned());
        for url in [
            "https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
            "http://localhost:9324/123456789012/q.fifo/",
            "http://[::1]:9324/prefix/of/proxy/123456789012/q.fifo?a=b",
            "/123456789012/q.fifo",
            "123456789012/q.fifo",
        ] {
            assert_eq!(read(url), plain, "{url}");
        }
        assert_eq!(read("q"), (None, None, "q".into()));
        assert_eq!(read("http://h/q"), (None, None, "q".into()));
        assert_eq!(read("http://h/queue/q"), (None, None, "q".into()));
        let region = (Some("1".into()), Some("eu-west-1".into()), "q".into());
        assert_eq!(read("http://h/queue/eu-west-1/1/q"), region);
        for none in ["", "/", "http://h", "http://h/", "http://h//"] {
            assert_eq!(parse(none), None, "{none}");
        }
    }

    #[test]
    fn a5_2_urls_echo_the_host() {
        let base = UrlBase::from_host("http", "h:1");
        assert_eq!(base.queue("1", "q"), "http://h:1/1/q");
        let base = UrlBase::configured("https://e/x/");
        assert_eq!(base.queue("1", "q"), "https://e/x/1/q");
    }

    #[test]
    fn a5_regions_of_hosts() {
        for (host, region) in [
            ("sqs.eu-west-1.localhost:9324", Some("eu-west-1")),
            ("eu-west-1.queue.amazonaws.com", Some("eu-west-1")),
            (
                "sqs-fips.us-gov-west-1.amazonaws.com",
                Some("us-gov-west-1"),
            ),
            ("queue.amazonaws.com", None),
            ("sqs.example.com", None),
            ("localhost:9324", None),
            ("127.0.0.1", None),
        ] {
            assert_eq!(region_of_host(host), region, "{host}");
        }
    }
}
