//! The point up to which `replay` reads: a sequence or a time.

use std::str::FromStr;

use crmconf_events::{Sequence, Timestamp};

/// The last point of the log to include.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// After the event with this sequence.
    Sequence(Sequence),
    /// After the last commit made at or before this time.
    Time(Timestamp),
}

/// Length of a date such as `2026-03-03`.
const DATE_CHARS: usize = 10;

impl FromStr for Until {
    type Err = String;

    /// Digits alone are a sequence; a date means the end of that day in UTC; all else must be RFC 3339, zone included:
    /// a time without one would mean another moment on another machine.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return sequence(text);
        }
        let date = text.len() == DATE_CHARS && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let moment = if date { format!("{text}T23:59:59.999999Z") } else { text.to_owned() };
        match moment.parse::<jiff::Timestamp>() {
            Ok(time) => Ok(Self::Time(Timestamp::from_micros(time.as_microsecond()))),
            Err(cause) => Err(format!(
                "neither a sequence (such as 1200), nor a date (2026-03-03: the end of that day in UTC), \
                 nor an RFC 3339 time (2026-03-03T09:30:00Z): {cause}"
            )),
        }
    }
}

fn sequence(digits: &str) -> Result<Until, String> {
    let number = digits.parse().map_err(|_| "a sequence fits in 64 bits; this number does not".to_owned())?;
    let sequence = Sequence::new(number).ok_or("sequences count from 1: 0 is none")?;
    Ok(Until::Sequence(sequence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        match text.parse() {
            Ok(Until::Time(time)) => time.as_micros(),
            other => panic!("{text:?} gave {other:?}"),
        }
    }

    #[test]
    fn digits_are_a_sequence_even_where_they_could_be_a_date() {
        assert_eq!("1200".parse(), Ok(Until::Sequence(Sequence::new(1200).unwrap())));
        assert_eq!("20260303".parse(), Ok(Until::Sequence(Sequence::new(20_260_303).unwrap())));
    }

    #[test]
    fn zero_and_numbers_beyond_64_bits_are_refused() {
        assert!("0".parse::<Until>().unwrap_err().contains("count from 1"));
        assert!("18446744073709551616".parse::<Until>().unwrap_err().contains("64 bits"));
    }

    #[test]
    fn an_rfc_3339_time_is_that_moment_whatever_its_zone() {
        assert_eq!(micros("1970-01-01T00:00:01.5Z"), 1_500_000);
        assert_eq!(micros("2026-03-03T10:30:00+01:00"), micros("2026-03-03T09:30:00Z"));
    }

    #[test]
    fn a_date_is_the_last_microsecond_of_that_day_in_utc() {
        assert_eq!(micros("2026-03-03") + 1, micros("2026-03-04T00:00:00Z"));
        assert_eq!(micros("1970-01-01"), 86_400_000_000 - 1);
    }

    #[test]
    fn a_time_without_a_zone_and_impossible_dates_are_refused_with_examples() {
        for text in
            ["", "yesterday", "2026-03-03T10:30:00", "2026-02-30", "2026-03", "12a", "-5", "2026-03-03Z"]
        {
            let message = text.parse::<Until>().unwrap_err();
            assert!(message.contains("2026-03-03T09:30:00Z"), "{text:?}: {message}");
        }
    }
}
