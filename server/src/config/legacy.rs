//! The versions of 2006 to 2011: which signatures hold, who is meant by an e-mail address.

use super::check_account;
use serde::Deserialize;
use std::collections::BTreeSet;

/// How the versions before 2012-11-05 are served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LegacyConfig {
    /// True: signatures count that do not cover the whole request, or join what they cover without
    /// marks between: versions 0 and 1 of Query, and those of REST and SOAP. Default false.
    /// `--legacy` sets it.
    pub weak_signatures: bool,
    /// Whether 2006 and 2007 have queues of their own. Default `shared`.
    pub names: Names,
    /// Accounts that grants can name by an e-mail address.
    pub accounts: Vec<LegacyAccount>,
}

/// Who sees which queues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Names {
    /// All versions see the same queues.
    #[default]
    Shared,
    /// 2006 and 2007 see their own, as they did.
    Separate,
}

/// Whom an e-mail address names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LegacyAccount {
    /// The address; case does not matter.
    pub email: String,
    /// The account, 12 digits.
    pub account: String,
}

impl LegacyConfig {
    /// Addresses must look like some, and be distinct.
    pub fn check(&self) -> Result<(), String> {
        let mut seen = BTreeSet::new();
        for LegacyAccount { email, account } in &self.accounts {
            let parts = email.split_once('@');
            if !parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
                return Err(format!(
                    "legacy.accounts: email is {email:?}; it must be name@host"
                ));
            }
            check_account(account, &format!("legacy.accounts: account of {email:?}"))?;
            if !seen.insert(email.to_ascii_lowercase()) {
                return Err(format!("legacy.accounts: {email:?} is given twice"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<LegacyConfig, String> {
        let config: LegacyConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    #[test]
    fn weak_signatures_are_off_and_names_shared_by_default() {
        let config = read("").unwrap();
        assert!(!config.weak_signatures);
        assert_eq!(config.names, Names::Shared);
        let config = read("weak_signatures = true\nnames = \"separate\"").unwrap();
        assert!(config.weak_signatures);
        assert_eq!(config.names, Names::Separate);
    }

    #[test]
    fn mistakes_are_named() {
        let account = |email: &str, number: &str| {
            format!("[[accounts]]\nemail = {email:?}\naccount = {number:?}\n")
        };
        let (good, number) = ("a@example.com", "111111111111");
        assert!(read(&account(good, number)).is_ok());
        let twice = account(good, number) + &account("A@EXAMPLE.com", number);
        for (text, named) in [
            (account("a", number), "\"a\""),
            (account("@b", number), "\"@b\""),
            (account(good, "1"), "12 digits"),
            (twice, "given twice"),
            ("names = \"both\"".into(), "both"),
            ("weak = true".into(), "weak"),
        ] {
            let error = read(&text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
