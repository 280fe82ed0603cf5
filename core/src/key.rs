//! Who a queue is: account, region and name, and the ARN made of them.

use crate::error::{Error, ErrorKind, Result};
use crate::rules::names;
use std::fmt;

/// The account that a store uses unless told otherwise.
pub const DEFAULT_ACCOUNT: &str = "000000000000";
/// The region that a store uses unless told otherwise.
pub const DEFAULT_REGION: &str = "us-east-1";

/// The identity of a queue. Two queues of one name in two regions are different queues.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueKey {
    /// Account id, 12 digits.
    pub account: String,
    /// Region such as `us-east-1`: 1 to 64 of `[A-Za-z0-9._/-]`.
    pub region: String,
    /// Queue name (S11.1).
    pub name: String,
}

impl QueueKey {
    /// The key of `name` in `account` and `region`.
    pub fn new(account: &str, region: &str, name: &str) -> Self {
        Self {
            account: account.into(),
            region: region.into(),
            name: name.into(),
        }
    }

    /// `arn:aws:sqs:<region>:<account>:<name>`.
    pub fn arn(&self) -> String {
        format!("arn:aws:sqs:{}:{}:{}", self.region, self.account, self.name)
    }

    /// Reads an ARN in any partition. `parameter` is named in the error.
    ///
    /// Errors: `InvalidParameterValue` for what cannot be the ARN of a queue.
    pub fn from_arn(arn: &str, parameter: &str) -> Result<Self> {
        Self::parse_arn(arn).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidParameterValue,
                format!(
                    "You must use this format to specify the {parameter}: \
                     arn:<partition>:<service>:<region>:<account-id>:<resource-id>, not {arn:?}"
                ),
            )
        })
    }

    fn parse_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.split(':');
        let mut next = || parts.next();
        let (prefix, partition, service) = (next()?, next()?, next()?);
        let (region, account, name) = (next()?, next()?, next()?);
        let fits = next().is_none()
            && (prefix, service) == ("arn", "sqs")
            && names::check_region(partition).is_ok()
            && names::check_owner(account, region).is_ok()
            && names::check_queue_name(name).is_ok();
        fits.then(|| Self::new(account, region, name))
    }
}

impl fmt::Display for QueueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.arn())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arn_round_trip_and_refusals() {
        let key = QueueKey::new("123456789012", "eu-west-1", "a.fifo");
        assert_eq!(QueueKey::from_arn(&key.arn(), "SourceArn"), Ok(key));
        for bad in [
            "",
            "arn:aws:sqs:r:a",
            "arn:aws:sns:r:a:n",
            "arn:aws:sqs:r::n",
            "a:b:c:d:e:f",
        ] {
            let error = QueueKey::from_arn(bad, "SourceArn").unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidParameterValue);
            assert!(error.text().contains(&format!("{bad:?}")));
        }
    }
}
