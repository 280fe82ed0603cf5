//! How the first generation writes accounts: a token in queue URLs, and a canonical id in grants
//! (L2, L6). Both are made from the account's number, so that nothing is kept.

use super::base36;
use forebay::rules::names::is_account;
use sha2::{Digest, Sha256};

/// Characters of a token after the `A` that it begins with.
const DIGITS: usize = 12;
/// Tokens that can be written.
const SPACE: u128 = 36u128.pow(DIGITS as u32);
/// Spreads account numbers over the tokens. It shares no factor with 36, so each has its own.
const SPREAD: u128 = 2_718_281_828_459_045_233;

/// `SPREAD`'s inverse: their product is 1 in the space of tokens.
fn inverse() -> u128 {
    // Newton's doubling of correct digits, from one that is right for 2 and for 3: odd squares are
    // 1 modulo 8, and a square is 1 modulo 3.
    let mut inverse = SPREAD % SPACE;
    for _ in 0..6 {
        let error = multiply(SPREAD % SPACE, inverse);
        inverse = multiply(inverse, (2 + SPACE - error) % SPACE);
    }
    inverse
}

/// The product in the space of tokens; both factors are below it, which is below 2^63.
fn multiply(a: u128, b: u128) -> u128 {
    a * b % SPACE
}

/// The owner token of an account, 12 digits: `A` and 12 capital letters and digits.
pub fn token(account: &str) -> Option<String> {
    let number = number(account)?;
    let spread = multiply(SPREAD % SPACE, number);
    Some(format!("A{}", base36::encode(spread, DIGITS)))
}

/// The account that a segment of a queue's path names: 12 digits, or a token.
pub fn account(segment: &str) -> Option<String> {
    if number(segment).is_some() {
        return Some(segment.to_owned());
    }
    let digits = segment.strip_prefix('A').filter(|it| it.len() == DIGITS)?;
    let number = multiply(base36::decode(digits)?, inverse());
    (number < 10u128.pow(12)).then(|| format!("{number:012}"))
}

/// The canonical id of an account: 64 hex digits.
pub fn canonical_id(account: &str) -> String {
    let hash = Sha256::digest(format!("forebay canonical user {account}"));
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn number(account: &str) -> Option<u128> {
    is_account(account).then(|| account.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l2_tokens_round_trip() {
        assert_eq!(multiply(SPREAD % SPACE, inverse()), 1);
        for number in [
            "000000000000",
            "000000000001",
            "111122223333",
            "999999999999",
        ] {
            let token = token(number).unwrap();
            assert_eq!(token.len(), 13);
            assert!(token.starts_with('A'));
            assert_eq!(account(&token).as_deref(), Some(number));
            assert_eq!(account(number).as_deref(), Some(number));
        }
    }

    #[test]
    fn l2_other_segments_name_no_account() {
        for bad in [
            "",
            "A",
            "queue",
            "12345",
            "A29E9VSPHGOG23",
            "Aaaaaaaaaaaaa",
            "AZZZZZZZZZZZZ",
        ] {
            assert_eq!(account(bad), None, "{bad}");
        }
        assert_eq!(token("1"), None);
    }

    #[test]
    fn l6_canonical_ids_are_64_hex_digits() {
        let id = canonical_id("000000000000");
        assert_eq!(id.len(), 64);
        assert_ne!(id, canonical_id("000000000001"));
    }
}
