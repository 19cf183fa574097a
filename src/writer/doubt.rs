//! Whether the clock can be believed: a wrong one must not destroy keys before their time.

use std::time::Instant;

use crmconf_events::Timestamp;

/// How far the clock may be from what is expected of it before it is in doubt.
const APART_MICROS_MAX: u64 = 24 * 60 * 60 * 1_000_000;

/// Watches the clock. At first only the log's last commit can vouch for it; from then on the time that the process itself has
/// measured does, so that a store in which nothing is changed for days gives no cause for doubt.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    last: Option<(Timestamp, Instant)>,
}

impl ClockWatch {
    /// Looks at the clock; returns whether it is in doubt. `head` is when the log's last commit was made.
    pub(super) fn is_in_doubt(&mut self, clock: Timestamp, measured: Instant, head: Option<Timestamp>) -> bool {
        let expected = match self.last {
            Some((seen, at)) => {
                let since = i64::try_from(measured.saturating_duration_since(at).as_micros()).unwrap_or(i64::MAX);
                Some(Timestamp::from_micros(seen.as_micros().saturating_add(since)))
            }
            None => head,
        };
        self.last = Some((clock, measured));
        expected.is_some_and(|expected| expected.as_micros().abs_diff(clock.as_micros()) > APART_MICROS_MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    #[test]
    fn at_first_the_log_vouches_for_the_clock() {
        let now = Instant::now();
        for (clock, doubt) in
            [(10 * DAY, false), (11 * DAY, false), (11 * DAY + 1, true), (9 * DAY, false), (9 * DAY - 1, true)]
        {
            assert_eq!(ClockWatch::default().is_in_doubt(at(clock), now, Some(at(10 * DAY))), doubt, "{clock}");
        }
        assert!(!ClockWatch::default().is_in_doubt(at(0), now, None), "an empty log has nothing to say");
    }

    #[test]
    fn then_the_time_that_the_process_measured_does() {
        let (mut watch, begun) = (ClockWatch::default(), Instant::now());
        let head = Some(at(10 * DAY));
        assert!(!watch.is_in_doubt(at(10 * DAY), begun, head));
        let later = begun + Duration::from_secs(40 * 24 * 60 * 60);
        assert!(!watch.is_in_doubt(at(50 * DAY), later, head), "a quiet store of forty days");
        assert!(watch.is_in_doubt(at(52 * DAY), later + Duration::from_secs(1), head), "a leap");
        assert!(!watch.is_in_doubt(at(52 * DAY), later + Duration::from_secs(2), head), "told once");
        assert!(watch.is_in_doubt(at(50 * DAY), later + Duration::from_secs(3), head), "and back");
    }
}
