//! Who calls: the signatures of old (L5, L8, L10).
//!
//! Versions 0 and 1 of Query, and those of REST and SOAP, are weak: they leave out the body or the
//! parameters, or join them without marks between. They hold only where the configuration says so.

use super::fault::{Code, Fault};
use super::version::Version;
use crate::auth::sigv2::hmac_sha1;
use crate::auth::{Authenticator, Identity, Signed, equal_in_constant_time, refusals, time};
use crate::http::head::Head;
use crate::wire::query::{Params, percent_decode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What a request shows of its caller.
#[derive(Debug, Clone, Copy)]
pub enum Proof<'a> {
    /// Parameters of a Query request.
    Query {
        /// All of them.
        params: &'a Params,
        /// The body, as sent.
        body: &'a [u8],
        /// Whether the body is the message, which only Signature V4 covers then.
        has_message: bool,
    },
    /// Headers of a REST request.
    Rest,
    /// Elements of a SOAP request, in its body or its header.
    Soap {
        /// Name of the action.
        action: &'a str,
        /// `AWSAccessKeyId`.
        key_id: Option<&'a str>,
        /// `Timestamp`, exactly as sent.
        timestamp: Option<&'a str>,
        /// `Signature`.
        signature: Option<&'a str>,
    },
}

/// Decides who calls, and which region is meant.
#[derive(Clone, Copy)]
pub struct Verifier<'a> {
    /// The access keys.
    pub auth: &'a Authenticator,
    /// Whether weak signatures hold.
    pub weak: bool,
    /// The version that is spoken.
    pub version: Version,
    /// The request.
    pub head: &'a Head,
    /// The server's clock, seconds since the epoch.
    pub now_s: u64,
}

impl Verifier<'_> {
    /// Who calls. Without credentials in the configuration anyone is believed.
    ///
    /// Errors: those of L7 and L9.
    pub fn identify(&self, proof: Proof<'_>) -> Result<(Identity, String), Fault> {
        let region = self.auth.region_of(self.head);
        match proof {
            Proof::Query {
                params,
                body,
                has_message,
            } => self.query(params, body, has_message),
            Proof::Rest if !self.auth.verifies() => {
                let id = authorization(self.head).map(|(id, _)| id);
                Ok((self.auth.claimed_by(id.unwrap_or_default()), region))
            }
            Proof::Soap { key_id, .. } if !self.auth.verifies() => {
                Ok((self.auth.claimed_by(key_id.unwrap_or_default()), region))
            }
            Proof::Rest => Ok((self.rest()?, region)),
            Proof::Soap {
                action,
                key_id,
                timestamp,
                signature,
            } => {
                let given = key_id.zip(timestamp).zip(signature);
                let ((id, timestamp), signature) = given.ok_or_else(no_credentials)?;
                self.allow_weak("of SOAP")?;
                self.soap(action, id, timestamp, signature)
                    .map(|identity| (identity, region))
            }
        }
    }

    fn query(
        &self,
        params: &Params,
        body: &[u8],
        has_message: bool,
    ) -> Result<(Identity, String), Fault> {
        let signed = Signed {
            head: self.head,
            params,
            body,
            now_s: self.now_s,
        };
        let is_newer =
            self.head.header("authorization").is_some() || params.get("X-Amz-Algorithm").is_some();
        let has_id = params.get("AWSAccessKeyId").is_some();
        if self.auth.verifies() && !is_newer {
            match params.get("SignatureVersion") {
                // L9.5: policies of the second generation can open a queue to everybody.
                _ if !has_id && self.version.is_first() => return Err(no_credentials()),
                _ if !has_id => {}
                None | Some("0") => return self.old(params, "0", version_0(params)),
                Some("1") => return self.old(params, "1", Some(version_1(params))),
                Some("2") if has_message => {
                    self.allow_weak("that leave the message out")?;
                    self.check_time(params)?;
                }
                Some("2") => self.check_time(params)?,
                Some(other) => {
                    let reason = "Must be 0, 1 or 2.";
                    return Err(Fault::bad_value(other, "SignatureVersion", reason));
                }
            }
        }
        self.auth.identify(signed).map_err(|refusal| {
            let fault = Fault::from(refusal);
            match fault.code {
                // In the first generation the name of a fault of SOAP.
                Code::InvalidSecurity if self.version.is_first() => Fault {
                    code: Code::WrongSignature,
                    ..fault
                },
                _ => fault,
            }
        })
    }

    /// Versions 0 and 1.
    fn old(
        &self,
        params: &Params,
        which: &str,
        text: Option<String>,
    ) -> Result<(Identity, String), Fault> {
        self.allow_weak(&format!("version {which}"))?;
        let id = params.get("AWSAccessKeyId").unwrap_or_default();
        let signature = params.get("Signature");
        let signature = signature.ok_or_else(|| Fault::missing("Signature"))?;
        self.check_time(params)?;
        // There is a time.
        let text = text.ok_or_else(|| Fault::missing("Action"))?;
        let token = params.get("SecurityToken");
        let identity = self.verify(id, token, signature, &[text])?;
        Ok((identity, self.auth.region_of(self.head)))
    }

    fn rest(&self) -> Result<Identity, Fault> {
        if self.head.header("authorization").is_none() {
            return Err(no_credentials());
        }
        let (id, signature) = authorization(self.head).ok_or_else(|| {
            bad_header("authorization is not of the form AWS AccessKeyId:Signature")
        })?;
        self.allow_weak("of REST")?;
        let date = self.head.header("date");
        let date = date.ok_or_else(|| bad_header("The header date is missing"))?;
        let date_s =
            time::parse_any(date).ok_or_else(|| bad_header("Invalid date in header date"))?;
        self.check_near(date_s)?;
        self.verify(id, None, signature, &rest_texts(self.head, date))
    }

    fn soap(
        &self,
        action: &str,
        id: &str,
        timestamp: &str,
        signature: &str,
    ) -> Result<Identity, Fault> {
        let fresh = time::parse_iso(timestamp)
            .is_some_and(|time_s| time_s.abs_diff(self.now_s) <= refusals::SKEW_S);
        if !fresh {
            let text = format!("The Timestamp {timestamp} is more than 15 minutes away from now.");
            return Err(Fault::new(Code::InvalidSecurity, text));
        }
        self.verify(id, None, signature, &[format!("{action}{timestamp}")])
    }

    /// Whether `signature` is that of one of `texts`.
    fn verify(
        &self,
        id: &str,
        token: Option<&str>,
        signature: &str,
        texts: &[String],
    ) -> Result<Identity, Fault> {
        let key = self.auth.keys().find(id, token, self.now_s)?;
        // L10.9: some clients leave a plus as it is, which then was decoded to a space; the first
        // character may be one, the last is always an equals sign.
        let signature = signature.trim_end().replace(' ', "+");
        let secret = key.secret_access_key.as_bytes();
        let fits = |text: &String| {
            let own = STANDARD.encode(hmac_sha1(secret, text.as_bytes()));
            equal_in_constant_time(own.as_bytes(), signature.as_bytes())
        };
        match texts.iter().any(fits) {
            true => Ok(Identity::of(key)),
            false => Err(self.wrong_signature()),
        }
    }

    /// L10.6: `Timestamp` within 15 minutes, or `Expires` to come; not both.
    fn check_time(&self, params: &Params) -> Result<(), Fault> {
        let read = |name: &str, text: &str| {
            let reason = "Must be a time such as 2007-05-01T23:59:59Z.";
            time::parse_iso(text).ok_or_else(|| Fault::bad_value(text, name, reason))
        };
        match (params.get("Timestamp"), params.get("Expires")) {
            (Some(_), Some(_)) => Err(Fault::new(
                Code::InvalidParameterCombination,
                "Timestamp and Expires cannot be given together.",
            )),
            (None, None) => Err(Fault::missing("Timestamp")),
            (Some(timestamp), None) => self.check_near(read("Timestamp", timestamp)?),
            (None, Some(expires)) => match read("Expires", expires)? > self.now_s {
                true => Ok(()),
                false => Err(expired()),
            },
        }
    }

    fn check_near(&self, time_s: u64) -> Result<(), Fault> {
        match time_s.abs_diff(self.now_s) <= refusals::SKEW_S {
            true => Ok(()),
            false => Err(expired()),
        }
    }

    fn allow_weak(&self, which: &str) -> Result<(), Fault> {
        if self.weak {
            return Ok(());
        }
        let code = match self.version.is_first() {
            true => Code::WrongSignature,
            false => Code::InvalidSecurity,
        };
        let text = format!(
            "Signatures {which} are weak and not accepted here. Sign with version 2 of Query, or \
             let the server accept them with --legacy."
        );
        Err(Fault::new(code, text))
    }

    /// L5, L9: as recorded.
    fn wrong_signature(&self) -> Fault {
        match self.version.is_first() {
            true => Fault::new(
                Code::WrongSignature,
                "The provided signature is not valid for this access token",
            ),
            false => refusals::wrong_signature().into(),
        }
    }
}

fn no_credentials() -> Fault {
    let text = "AWS was not able to authenticate the request: access credentials are missing";
    Fault::new(Code::NoCredentials, text)
}

fn expired() -> Fault {
    let text = "Request has expired: its time is more than 15 minutes away from now, or over.";
    Fault::new(Code::RequestExpired, text)
}

fn bad_header(reason: &str) -> Fault {
    let text = format!("The HTTP request is invalid. Reason: {reason}");
    Fault::new(Code::InvalidHttpRequest, text)
}

/// Id and signature of a REST request.
fn authorization(head: &Head) -> Option<(&str, &str)> {
    let rest = head.header("authorization")?.strip_prefix("AWS ")?;
    rest.trim().rsplit_once(':')
}

/// The value of Action and that of Timestamp or Expires.
fn version_0(params: &Params) -> Option<String> {
    let time = params.get("Timestamp").or_else(|| params.get("Expires"))?;
    Some(format!("{}{time}", params.get("Action")?))
}

/// Names and values without marks between, in the order of the names in small letters (L10.2).
fn version_1(params: &Params) -> String {
    let mut pairs: Vec<(&str, &str)> = params
        .iter()
        .filter(|(name, _)| *name != "Signature")
        .collect();
    pairs.sort_by_key(|(name, _)| (name.to_lowercase(), *name));
    pairs
        .iter()
        .map(|(name, value)| format!("{name}{value}"))
        .collect()
}

/// L5: what may have been signed. Clients differ in whether the path was escaped, and one adds
/// the headers of a later service.
fn rest_texts(head: &Head, date: &str) -> Vec<String> {
    let value = |name: &str| head.header(name).unwrap_or_default();
    let (md5, kind) = (value("content-md5"), value("content-type"));
    let plain = percent_decode(head.path.as_bytes(), false)
        .and_then(|path| String::from_utf8(path).ok())
        .unwrap_or_else(|| head.path.clone());
    let mut names: Vec<&str> = head.headers.keys().map(|name| name.as_str()).collect();
    names.retain(|name| name.starts_with("x-amz-"));
    names.sort_unstable();
    let extra: String = names
        .iter()
        .map(|name| format!("{name}:{}\n", value(name)))
        .collect();
    let mut texts = Vec::new();
    for path in [&head.path, &plain] {
        for extra in ["", &extra] {
            let verb = &head.method;
            texts.push(format!("{verb}\n{md5}\n{kind}\n{date}\n{extra}{path}"));
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(form: &str) -> Params {
        let mut params = Params::default();
        params.add(form.as_bytes()).unwrap();
        params
    }

    #[test]
    fn l10_version_0_is_action_and_time() {
        let timestamp = params("Action=ListQueues&Timestamp=2007-05-01T12:00:00Z&Extra=x");
        let text = "ListQueues2007-05-01T12:00:00Z";
        assert_eq!(version_0(&timestamp).as_deref(), Some(text));
        let expires = params("Action=ListQueues&Expires=2007-05-01T12:00:00Z");
        assert_eq!(version_0(&expires).as_deref(), Some(text));
        assert_eq!(version_0(&params("Action=ListQueues")), None);
    }

    #[test]
    fn l10_version_1_sorts_without_regard_to_case() {
        // Both orders were recorded in a client's own tests.
        assert_eq!(version_1(&params("B=B&a=a&Signature=x")), "aaBB");
        let fruit = params("oranges=s&apple=Orange&Apricot=s");
        assert_eq!(version_1(&fruit), "appleOrangeApricotsorangess");
        assert_eq!(version_1(&params("a=2&A=1")), "A1a2", "L10.2");
    }
}
