//! What a `postgres://` location says: the parameters of libpq that matter, and our own.

use crate::error::{Error, ErrorKind, Result};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};

/// Connections of a store in one process unless the location says `pool_size`.
const POOL_SIZE: usize = 8;
const POOL_SIZE_MAX: usize = 256;
const SCHEMA: &str = "forebay";
/// How long a host may take to answer a connection, unless the location says `connect_timeout`:
/// the only one, and each of several, where the next one may be the primary.
const CONNECT: Duration = Duration::from_secs(5);
const CONNECT_ONE_OF_SEVERAL: Duration = Duration::from_secs(2);
/// A host that acknowledges nothing for so long is given up, unless the location says
/// `tcp_user_timeout`: soon enough for commands to go on at the standby that was promoted.
const SILENCE: Duration = Duration::from_secs(10);
/// PostgreSQL cuts longer names.
const SCHEMA_BYTES_MAX: usize = 48;

/// How the server's certificate is looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// `sslmode` up to `require` without `sslrootcert`: encrypted, not verified, as libpq does.
    Anyone,
    /// `verify-ca`, or `require` with `sslrootcert`: signed by one of these authorities.
    Authority(PathBuf),
    /// `verify-full`: and made out to the host.
    Full(PathBuf),
}

/// A location, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// What the client needs.
    pub config: Config,
    /// How the server is verified where the connection is encrypted.
    pub trust: Trust,
    /// The schema of the tables.
    pub schema: String,
    /// Connections at the most, beside the one that listens.
    pub pool_size: usize,
    /// False where `LISTEN` does not work, as behind a pooler in transaction mode: waits then
    /// look once a second.
    pub listen: bool,
}

impl Location {
    /// Reads a URL. Errors name the parameter, never the password.
    pub fn parse(url: &str) -> Result<Self> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let mut own = Own::default();
        let mut rest = String::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if !own.take(name, &decode(name, value)?)? {
                rest.push(if rest.is_empty() { '?' } else { '&' });
                rest.push_str(pair);
            }
        }
        let mut config = Config::from_str(&format!("{base}{rest}"))
            .map_err(|error| bad(&format!("{error}{}", cause(&error))))?;
        if config.get_hosts().is_empty() {
            return Err(bad("it names no host"));
        }
        if config.get_application_name().is_none() {
            config.application_name("forebay");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(match config.get_hosts().len() {
                1 => CONNECT,
                _ => CONNECT_ONE_OF_SEVERAL,
            });
        }
        config
            .keepalives_idle(Duration::from_secs(4))
            .keepalives_interval(Duration::from_secs(2))
            .keepalives_retries(3)
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.tcp_user_timeout(own.silence.unwrap_or(SILENCE));
        let trust = own.settle(&mut config)?;
        Ok(Self {
            config,
            trust,
            schema: own.schema.unwrap_or_else(|| SCHEMA.into()),
            pool_size: own.pool_size.unwrap_or(POOL_SIZE),
            listen: own.listen.unwrap_or(true),
        })
    }
}

/// The parameters that the client library does not know.
#[derive(Default)]
struct Own {
    schema: Option<String>,
    pool_size: Option<usize>,
    listen: Option<bool>,
    ssl_mode: Option<String>,
    root: Option<PathBuf>,
    silence: Option<Duration>,
}

impl Own {
    fn take(&mut self, name: &str, value: &str) -> Result<bool> {
        match name {
            "schema" => self.schema = Some(check_schema(value)?),
            "pool_size" => {
                let size = value.parse().ok();
                let size = size.filter(|size| (1..=POOL_SIZE_MAX).contains(size));
                let text = format!("pool_size {value:?} is not 1 to {POOL_SIZE_MAX}");
                self.pool_size = Some(size.ok_or_else(|| bad(&text))?);
            }
            "listen" => {
                self.listen = Some(match value {
                    "on" => true,
                    "off" => false,
                    _ => return Err(bad(&format!("listen {value:?} is neither on nor off"))),
                });
            }
            // The client library would take it for seconds; libpq has milliseconds, and 0 is its
            // default.
            "tcp_user_timeout" => {
                let text = format!("tcp_user_timeout {value:?} is not a number of milliseconds");
                let silence_ms: u32 = value.parse().map_err(|_| bad(&text))?;
                self.silence = Some(Duration::from_millis(silence_ms.into()))
                    .filter(|silence| !silence.is_zero());
            }
            "sslmode" => self.ssl_mode = Some(value.into()),
            "sslrootcert" => self.root = Some(value.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// libpq's `sslmode`, of which the client library has the first three.
    fn settle(&mut self, config: &mut Config) -> Result<Trust> {
        let mode = self.ssl_mode.as_deref().unwrap_or("prefer");
        let client = match mode {
            "disable" => SslMode::Disable,
            "allow" | "prefer" => SslMode::Prefer,
            "require" | "verify-ca" | "verify-full" => SslMode::Require,
            other => {
                return Err(bad(&format!(
                    "sslmode {other:?} is not disable, allow, prefer, require, verify-ca or \
                     verify-full"
                )));
            }
        };
        config.ssl_mode(client);
        match (mode, self.root.take()) {
            ("verify-full", Some(root)) => Ok(Trust::Full(root)),
            ("verify-ca" | "require", Some(root)) => Ok(Trust::Authority(root)),
            ("verify-full" | "verify-ca", None) => Err(bad(&format!(
                "sslmode {mode} needs sslrootcert, a file of certificates in PEM form"
            ))),
            _ => Ok(Trust::Anyone),
        }
    }
}

fn check_schema(name: &str) -> Result<String> {
    let fits = (1..=SCHEMA_BYTES_MAX).contains(&name.len())
        && !name.starts_with("pg_")
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if fits {
        return Ok(name.into());
    }
    Err(bad(&format!(
        "schema {name:?} is not 1 to {SCHEMA_BYTES_MAX} of a-z, 0-9 and _ that begin with neither \
         a digit nor pg_"
    )))
}

/// Percent-decoding.
fn decode(name: &str, value: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let decoded = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(decoded.ok_or_else(|| bad(&format!("{name} has a bad percent sign")))?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).map_err(|_| bad(&format!("{name} is not UTF-8")))
}

fn cause(error: &dyn std::error::Error) -> String {
    error
        .source()
        .map_or_else(String::new, |source| format!(": {source}"))
}

fn bad(why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("the location is not of the form postgres://user@host/database?schema=S: {why}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_parameters_and_those_of_libpq() {
        let url = "postgres://u:p%40w@h1:5433,h2/db?schema=other&pool_size=3&listen=off\
                   &sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem&application_name=a\
                   &tcp_user_timeout=1500";
        let location = Location::parse(url).unwrap();
        assert_eq!(location.schema, "other");
        assert_eq!(location.pool_size, 3);
        assert!(!location.listen);
        assert_eq!(location.trust, Trust::Full("/etc/ca.pem".into()));
        assert_eq!(location.config.get_password(), Some(&b"p@w"[..]));
        assert_eq!(location.config.get_hosts().len(), 2);
        let connect = location.config.get_connect_timeout();
        assert_eq!(connect, Some(&CONNECT_ONE_OF_SEVERAL));
        assert_eq!(location.config.get_application_name(), Some("a"));
        let silence = location.config.get_tcp_user_timeout();
        assert_eq!(silence, Some(&Duration::from_millis(1500)));
        assert_eq!(location.config.get_ssl_mode(), SslMode::Require);
        let plain = Location::parse("postgresql://u@h/db").unwrap();
        assert_eq!(plain.schema, "forebay");
        assert_eq!(plain.trust, Trust::Anyone);
        assert_eq!(plain.config.get_ssl_mode(), SslMode::Prefer);
    }

    #[test]
    fn refusals_name_the_parameter_and_no_password() {
        for (query, part) in [
            ("schema=Q", "schema \"Q\""),
            ("schema=pg_x", "pg_x"),
            ("pool_size=0", "pool_size \"0\""),
            ("listen=maybe", "listen \"maybe\""),
            ("tcp_user_timeout=1s", "milliseconds"),
            ("sslmode=x", "sslmode \"x\""),
            ("sslmode=verify-ca", "sslrootcert"),
            ("nonsense=1", "nonsense"),
            ("schema=%zz", "percent"),
        ] {
            let error = Location::parse(&format!("postgres://u:secret@h/d?{query}")).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.text().contains(part), "{error}");
            assert!(!error.text().contains("secret"), "{error}");
        }
        assert!(Location::parse("postgres:///db").is_err());
    }
}
