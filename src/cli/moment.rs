//! The time of a commit as people and other programs read it.

use crmconf_events::Timestamp;

/// The time by RFC 3339, in UTC and to the microsecond; `None` beyond the year 9999, which has no such form.
#[must_use]
pub fn rfc3339(time: Timestamp) -> Option<String> {
    let moment = jiff::Timestamp::from_microsecond(time.as_micros()).ok()?;
    let text = format!("{moment:.6}");
    // Years before 0 and after 9999 would stand with a sign.
    text.starts_with(|first: char| first.is_ascii_digit()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_stand_behind_the_second_whatever_they_are() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_772_530_200_123_456, "2026-03-03T09:30:00.123456Z"),
            (1_772_530_200_100_000, "2026-03-03T09:30:00.100000Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(rfc3339(Timestamp::from_micros(micros)).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_has_no_such_form_is_not_made_up() {
        for micros in [i64::MAX, i64::MIN, -100_000_000_000_000_000] {
            assert_eq!(rfc3339(Timestamp::from_micros(micros)), None, "{micros}");
        }
    }
}
