//! Numbers in capital letters and digits, as the first generation writes ids.

const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// `number` in `length` digits; what does not fit is cut off at the front.
pub fn encode(mut number: u128, length: usize) -> String {
    let mut digits = vec![b'0'; length];
    for digit in digits.iter_mut().rev() {
        // A remainder of 36 is an index of the table.
        *digit = DIGITS[(number % 36) as usize];
        number /= 36;
    }
    digits.into_iter().map(char::from).collect()
}

/// Reads digits; `None` for other characters, small letters too, and for more than fits.
pub fn decode(text: &str) -> Option<u128> {
    text.bytes().try_fold(0u128, |number, byte| {
        let digit = DIGITS.iter().position(|digit| *digit == byte)?;
        number.checked_mul(36)?.checked_add(digit as u128)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refusals() {
        for number in [0, 35, 36, u128::from(u64::MAX), 36u128.pow(20) - 1] {
            let text = encode(number, 20);
            assert_eq!(text.len(), 20);
            assert_eq!(decode(&text), Some(number));
        }
        for bad in ["a", "-1", "\u{e4}", &"Z".repeat(30)] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
