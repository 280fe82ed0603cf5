//! Numbers of languages whose numbers have other bounds than the core's.

use forebay_core::error::{Error, ErrorKind, Result};
use forebay_core::rules::{attributes, batch, move_tasks, paging, redrive, send, time};
use std::collections::BTreeMap;

/// A number that calls take. Its range is the core's matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Seconds before a message can be received.
    Delay,
    /// Items of a page.
    Limit,
    /// Messages of a receive.
    Max,
    /// Receives before a message moves to a dead-letter queue.
    MaxReceives,
    /// Messages that a move task moves in a second.
    Rate,
    /// Seconds for which a message is hidden.
    Visibility,
    /// Seconds that a receive waits.
    Wait,
    /// An attribute of a queue, by its SQS name.
    Attribute(&'static str),
}

/// Outside every range.
const NONE: i64 = -1;

impl Number {
    /// The number for the core, which checks its range.
    ///
    /// Errors: those of the core's own check, for what the core's type cannot hold.
    pub fn whole<T: TryFrom<i64>>(self, value: i64) -> Result<T> {
        T::try_from(value).map_err(|_| self.refusal(&value.to_string()))
    }

    /// What the core says of a number outside the range, with `shown` for the number: a fraction,
    /// say, or one that is larger than all that there are here.
    pub fn refusal(self, shown: &str) -> Error {
        let checked = match self {
            Self::Delay => send::check_delay(NONE),
            Self::Limit => paging::check_limit(NONE, forebay_core::limits::LIST_PAGE_MAX),
            Self::Max => batch::check_receive_max(NONE, false),
            Self::MaxReceives => redrive::parse_policy(&format!(
                "{{\"deadLetterTargetArn\":\"arn:aws:sqs:r:000000000000:q\",\
                 \"maxReceiveCount\":{NONE}}}"
            ))
            .map(drop),
            Self::Rate => move_tasks::check_rate(NONE),
            Self::Visibility => time::check_visibility(NONE),
            Self::Wait => time::check_wait(NONE),
            Self::Attribute(name) => {
                let given = BTreeMap::from([(name.to_owned(), NONE.to_string())]);
                attributes::create("q", &given).map(drop)
            }
        };
        let Err(error) = checked else {
            let text = format!("{self:?} cannot be {shown}");
            return Error::new(ErrorKind::InvalidParameterValue, text);
        };
        let none = NONE.to_string();
        let text = match error.text().contains(&none) {
            true => error.text().replace(&none, shown),
            false => format!("{} It is {shown}.", error.text()),
        };
        Error::new(error.kind(), text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_the_core_can_hold_is_for_the_core_to_check() {
        assert_eq!(Number::Wait.whole::<u32>(21), Ok(21));
        assert_eq!(Number::Limit.whole::<usize>(0), Ok(0));
    }

    #[test]
    fn refusals_name_the_value_and_the_range() {
        for (number, kind, range) in [
            (Number::Delay, ErrorKind::InvalidParameterValue, "900"),
            (
                Number::Limit,
                ErrorKind::InvalidParameterValue,
                "1 and 1000",
            ),
            (Number::Max, ErrorKind::InvalidParameterValue, "1 and 10000"),
            (
                Number::MaxReceives,
                ErrorKind::InvalidParameterValue,
                "1 to 1000",
            ),
            (Number::Rate, ErrorKind::InvalidParameterValue, "1 and 500"),
            (
                Number::Visibility,
                ErrorKind::InvalidParameterValue,
                "43200",
            ),
            (Number::Wait, ErrorKind::InvalidParameterValue, "20"),
            (
                Number::Attribute("DelaySeconds"),
                ErrorKind::InvalidAttributeValue,
                "900",
            ),
        ] {
            for value in [-7, i64::MIN, i64::MAX] {
                let error = number.whole::<u32>(value).unwrap_err();
                assert_eq!(error.kind(), kind);
                let text = error.text();
                assert!(text.contains(&value.to_string()), "{text}");
                assert!(text.contains(range), "{text}");
            }
            assert!(number.refusal("NaN").text().contains("NaN"));
        }
    }
}
