//! What the server is told: by flags, environment and one TOML file, which has these names.

mod credential;
pub mod elasticmq;
mod file;
mod legacy;
mod limits;
pub mod queues;
mod test;
mod tls;

pub use credential::{Credential, Principal};
pub use file::read;
pub use legacy::{LegacyAccount, LegacyConfig, Names};
pub use limits::Limits;
pub use queues::QueueConfig;
pub use test::TestConfig;
pub use tls::TlsConfig;

use forebay::key::{DEFAULT_ACCOUNT, DEFAULT_REGION};
use forebay::rules::names;
use forebay::store;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the queues are.
    pub store: StoreConfig,
    /// Account of callers that name none: 12 digits. Default `000000000000`.
    pub account: String,
    /// Region of callers that name none. Default `us-east-1`.
    pub region: String,
    /// Start of all queue URLs, such as `https://queues.example.com`. Without it they begin with
    /// the scheme and host of each request.
    pub base_url: Option<String>,
    /// True: `X-Forwarded-Host`, `X-Forwarded-Proto` and `X-Forwarded-For` of a proxy count; of the
    /// last the address at its end, which the proxy added. Default false: anybody can send them.
    pub trust_proxy: bool,
    /// Host names, with their ports, that requests may be signed for beside the one that they
    /// carry: for proxies that change it.
    pub accepted_hosts: Vec<String>,
    /// True, the default: the pauses of 60 s after a deletion and a purge (S11.5, S11.8).
    pub sixty_second_rules: bool,
    /// Bounds of connections and requests.
    pub limits: Limits,
    /// Who may call. Empty: anyone, whatever the signature.
    pub credentials: Vec<Credential>,
    /// Queues that exist when the server is ready.
    pub queues: Vec<QueueConfig>,
    /// Serves HTTPS. Default: HTTP.
    pub tls: Option<TlsConfig>,
    /// Serves tests: see `test_mode`. Default: it does not.
    pub test: Option<TestConfig>,
    /// The versions of 2006 to 2011.
    pub legacy: LegacyConfig,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            store: StoreConfig::default(),
            account: DEFAULT_ACCOUNT.into(),
            region: DEFAULT_REGION.into(),
            base_url: None,
            trust_proxy: false,
            accepted_hosts: Vec::new(),
            sixty_second_rules: true,
            limits: Limits::default(),
            credentials: Vec::new(),
            queues: Vec::new(),
            tls: None,
            test: None,
            legacy: LegacyConfig::default(),
        }
    }
}

/// Where the queues are.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreConfig {
    /// A directory, or `mem:`. Default `./queues`.
    pub location: PathBuf,
    /// What an answer has survived. Default `full`.
    pub durability: Durability,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            location: "./queues".into(),
            durability: Durability::Full,
        }
    }
}

/// [`store::Durability`] as the file writes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Durability {
    /// Sends and deletes survive power loss.
    #[default]
    Full,
    /// Receives too.
    Strict,
    /// Crashes of processes only.
    Os,
}

impl From<Durability> for store::Durability {
    fn from(durability: Durability) -> Self {
        match durability {
            Durability::Full => Self::Full,
            Durability::Strict => Self::Strict,
            Durability::Os => Self::Os,
        }
    }
}

impl Config {
    /// Finds contradictions; the sentence names the value and what would be right.
    pub fn check(&self) -> Result<(), String> {
        check_account(&self.account, "account")?;
        if let Err(error) = names::check_region(&self.region) {
            return Err(error.text().into());
        }
        if let Some(base) = &self.base_url
            && !is_base(base)
        {
            return Err(format!(
                "base_url is {base:?}; it must be http:// or https://, a host and perhaps a path"
            ));
        }
        if let Some(bad) = self.accepted_hosts.iter().find(|host| !is_host(host)) {
            return Err(format!(
                "accepted_hosts has {bad:?}; it must be a host and perhaps a port, as q.example:80"
            ));
        }
        self.limits.check()?;
        credential::check(&self.credentials)?;
        self.legacy.check()?;
        for queue in &self.queues {
            queue.check()?;
        }
        Ok(())
    }
}

impl Config {
    /// Without credentials anyone may call, so only this machine may reach the server. `remedy`
    /// says how whoever starts it overrules that.
    pub fn check_exposure(&self, address: SocketAddr, remedy: &str) -> Result<(), String> {
        if !self.credentials.is_empty() || address.ip().is_loopback() {
            return Ok(());
        }
        Err(format!(
            "{address} can be reached from elsewhere and there are no credentials: anyone could \
             use the queues. Add credentials to the configuration, listen on 127.0.0.1, or {remedy}"
        ))
    }

    /// What clients take as their endpoint when the server listens at `address`.
    pub fn url(&self, address: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{address}")
    }
}

/// What a queue's path can stand behind.
fn is_base(base: &str) -> bool {
    let rest = base
        .strip_prefix("http://")
        .or_else(|| base.strip_prefix("https://"));
    rest.is_some_and(|rest| {
        let host = rest.split('/').next().unwrap_or_default();
        is_host(host) && !rest.contains(['?', '#']) && !rest.contains(char::is_whitespace)
    })
}

/// What can stand in a header `Host`.
pub fn is_host(host: &str) -> bool {
    // RFC 3986: these stand nowhere in a URL, or end or begin another part of it.
    let other = "/?#@\"<>\\^`{|}";
    let fits = |character: char| character.is_ascii_graphic() && !other.contains(character);
    !host.is_empty() && host.chars().all(fits)
}

/// An account is 12 digits.
fn check_account(account: &str, what: &str) -> Result<(), String> {
    match names::is_account(account) {
        true => Ok(()),
        false => Err(format!("{what} is {account:?}; it must be 12 digits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<(), String> {
        toml::from_str::<Config>(line).unwrap().check()
    }

    #[test]
    fn addresses_that_can_be_none_are_named() {
        for good in [
            "http://h",
            "https://q.example:8443/base/",
            "http://[::1]:80",
        ] {
            assert_eq!(check(&format!("base_url = {good:?}")), Ok(()));
        }
        for bad in [
            "",
            "q.example",
            "ftp://h",
            "http://",
            "http:///a",
            "http://h?a",
            "http://h b",
        ] {
            let error = check(&format!("base_url = {bad:?}")).unwrap_err();
            assert!(
                error.starts_with(&format!("base_url is {bad:?}; ")),
                "{error}"
            );
        }
        assert_eq!(
            check(r#"accepted_hosts = ["q.example", "[::1]:80"]"#),
            Ok(())
        );
        for bad in ["", "https://q.example", "q.example/", "a b"] {
            let error = check(&format!("accepted_hosts = [{bad:?}]")).unwrap_err();
            assert!(
                error.starts_with(&format!("accepted_hosts has {bad:?}; ")),
                "{error}"
            );
        }
    }
}
