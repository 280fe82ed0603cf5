//! Which queues a version sees, and the addresses of queues in its answers (L1.3, L2).

use super::owner;
use super::version::Version;
use crate::config::{LegacyConfig, Names};
use crate::wire::url::UrlBase;

/// Stands before the region of queues that only 2006 and 2007 see. No region of a signature or a
/// host name can have it.
const FIRST: &str = "2006/";

/// The region under which the store keeps the queues that `version` sees.
pub fn region(config: &LegacyConfig, version: Version, region: &str) -> String {
    match config.names {
        Names::Separate if version.is_first() => format!("{FIRST}{region}"),
        _ => region.to_owned(),
    }
}

/// The URL of a queue: with an owner token in the first generation, with 12 digits after it.
pub fn url(urls: &UrlBase, version: Version, account: &str, name: &str) -> String {
    let token = owner::token(account).filter(|_| version.is_first());
    urls.queue(token.as_deref().unwrap_or(account), name)
}
