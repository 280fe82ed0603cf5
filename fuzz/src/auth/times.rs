//! Times of signed requests: what is printed is read as the same second.

use crate::{Input, Target};
use forebay_server::auth::time::{amz_text, parse_any, parse_iso};

/// Dates of any form.
pub const TARGET: Target = Target {
    name: "times",
    about: "dates of signed requests: what is printed is read as the same second",
    body,
    seeds,
    words: &["GMT", "Sun, ", "T", "Z", "+02:00", "-", ":", "9999", "0000"],
    bytes_max: 64,
    mutations: 4_000,
};

/// The last second of the year 9999.
const LATEST_S: u64 = 253_402_300_799;

fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "20150830T123600Z",
        "2015-08-30T12:36:00.123+02:00",
        "Sun, 30 Aug 2015 12:36:00 GMT",
        "9999-12-31T23:59:59-23:59",
        "1970-01-01T00:00:00+99:99",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn body(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(time_s) = parse_any(&text)
        && time_s <= LATEST_S
    {
        assert_eq!(parse_iso(&amz_text(time_s)), Some(time_s), "{text}");
    }
    let time_s = Input::new(data).u64() % (LATEST_S + 1);
    assert_eq!(parse_iso(&amz_text(time_s)), Some(time_s));
}
