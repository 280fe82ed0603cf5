//! Times as signatures write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Days before the first of March of the year 0 of a month, counted from March.
const MONTH_DAYS: [u64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

/// Days from 1970-01-01; `None` for a date that is none or lies before.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month < 3 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let of_years = year * 365 + year / 4 - year / 100 + year / 400;
    // 719,468 days lie between March of the year 0 and 1970-01-01.
    (of_years + MONTH_DAYS[month as usize] + day - 1).checked_sub(719_468)
}

/// Year, month and day of a number of days since 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = MONTH_DAYS
        .iter()
        .rposition(|start| *start <= of_year)
        .unwrap_or(0) as u64;
    let day = of_year - MONTH_DAYS[month as usize] + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 3, day)
    } else {
        (year + 1, month - 9, day)
    }
}

/// `yyyymmddThhmmssZ`, seconds since the epoch.
pub fn amz_text(time_s: u64) -> String {
    let (year, month, day) = date(time_s / 86_400);
    let of_day = time_s % 86_400;
    let (hour, minute, second) = (of_day / 3_600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Reads `yyyymmddThhmmssZ`, and ISO 8601 with separators, with or without fractions and with a
/// zone of `Z` or `+hh:mm`.
pub fn parse_iso(text: &str) -> Option<u64> {
    let (date, time) = text.split_once('T')?;
    let date: String = date.chars().filter(|c| *c != '-').collect();
    let (clock, offset_s) = match time.find(['Z', '+', '-']) {
        Some(at) => (&time[..at], offset(&time[at..])?),
        None => (time, 0),
    };
    let clock: String = clock
        .split('.')
        .next()?
        .chars()
        .filter(|c| *c != ':')
        .collect();
    let number = |text: &str, at: usize, length: usize| -> Option<u64> {
        let digits = text.get(at..at + length)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    if date.len() != 8 || clock.len() != 6 {
        return None;
    }
    let (hour, minute) = (number(&clock, 0, 2)?, number(&clock, 2, 2)?);
    let second = number(&clock, 4, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days(
        number(&date, 0, 4)?,
        number(&date, 4, 2)?,
        number(&date, 6, 2)?,
    )?;
    let time_s = days * 86_400 + hour * 3_600 + minute * 60 + second;
    time_s.checked_add_signed(-offset_s)
}

/// Seconds of a zone east of Greenwich.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let digits: String = zone[1..].chars().filter(|c| *c != ':').collect();
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    let seconds = number / 100 * 3_600 + number % 100 * 60;
    Some(if zone.starts_with('-') {
        -seconds
    } else {
        seconds
    })
}

/// Reads any form of date that signed requests carry: ISO, or RFC 1123 as in `Date`.
pub fn parse_any(text: &str) -> Option<u64> {
    parse_iso(text).or_else(|| {
        let time = httpdate::parse_http_date(text).ok()?;
        Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
    })
}

/// The clock of the machine, seconds since the epoch.
pub fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.unwrap_or(Duration::ZERO).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_texts() {
        for (time_s, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_440_938_160, "20150830T123600Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(amz_text(time_s), text);
            assert_eq!(parse_iso(text), Some(time_s));
        }
        let time = Some(1_440_938_160);
        for text in [
            "2015-08-30T12:36:00Z",
            "2015-08-30T12:36:00.123Z",
            "2015-08-30T14:36:00+02:00",
            "2015-08-30T12:36:00",
            "Sun, 30 Aug 2015 12:36:00 GMT",
        ] {
            assert_eq!(parse_any(text), time, "{text}");
        }
        for bad in [
            "",
            "T",
            "20150830",
            "20151330T123600Z",
            "2015083xT123600Z",
            "20150830T1236Z",
        ] {
            assert_eq!(parse_any(bad), None, "{bad}");
        }
    }

    #[test]
    fn every_day_of_centuries_survives_a_round_trip() {
        for day in 0..60_000 {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
    }
}
