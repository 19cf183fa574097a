//! Whether the clock can be believed: a wrong one must not destroy keys before their time.

use std::time::Instant;

use crmconf_events::Timestamp;

/// How far the clock may be from what is expected of it before it is in doubt.
const APART_MICROS_MAX: u64 = 24 * 60 * 60 * 1_000_000;

/// Watches the clock. When the process starts only the log's last commit can vouch for it; once the two agree, the time that
/// the process itself has measured since vouches for it, so that a store in which nothing is changed for days gives no cause
/// for doubt.
///
/// What the clock is held against stays the same until a doubt is settled: many small leaps add up to a large one. While the
/// machine sleeps the process measures no time, so that waking up after a day or more looks like a leap too.
#[derive(Debug)]
pub(super) struct ClockWatch {
    /// What is expected: this time, and when that was by the process' own measure, which setting the clock does not move.
    expected: (Timestamp, Instant),
    /// Whether the clock was ever believed. Until then the log's last commit is what is expected.
    agreed: bool,
}

impl ClockWatch {
    /// Begins to watch. `head` is when the log's last commit was made; an empty log has nothing to say.
    pub(super) fn begin(clock: Timestamp, measured: Instant, head: Option<Timestamp>) -> Self {
        let mut watch = Self { expected: (head.unwrap_or(clock), measured), agreed: false };
        watch.is_in_doubt(clock, measured);
        watch
    }

    /// Looks at the clock; returns whether it is in doubt. It stays so until the clock is right again, or
    /// [`ClockWatch::believe`] is called.
    pub(super) fn is_in_doubt(&mut self, clock: Timestamp, measured: Instant) -> bool {
        let apart = self.is_apart(clock, measured);
        if !self.agreed && !apart {
            self.believe(clock, measured);
        }
        apart
    }

    /// Whether a time that the clock showed a moment ago is far from what is expected.
    pub(super) fn is_apart(&self, clock: Timestamp, measured: Instant) -> bool {
        let (expected, at) = self.expected;
        let since = i64::try_from(measured.saturating_duration_since(at).as_micros()).unwrap_or(i64::MAX);
        expected.as_micros().saturating_add(since).abs_diff(clock.as_micros()) > APART_MICROS_MAX
    }

    /// Believes the clock from here on: the doubt is recorded, or there is nothing that it could harm.
    pub(super) fn believe(&mut self, clock: Timestamp, measured: Instant) {
        *self = Self { expected: (clock, measured), agreed: true };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: i64 = 60 * 60 * 1_000_000;
    const DAY: i64 = 24 * HOUR;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    fn hours(hours: u64) -> Duration {
        Duration::from_secs(hours * 60 * 60)
    }

    #[test]
    fn at_first_the_log_vouches_for_the_clock() {
        let now = Instant::now();
        for (clock, doubt) in [
            (10 * DAY, false),
            (11 * DAY, false),
            (11 * DAY + 1, true),
            (9 * DAY, false),
            (9 * DAY - 1, true),
        ] {
            let mut watch = ClockWatch::begin(at(clock), now, Some(at(10 * DAY)));
            assert_eq!(watch.is_in_doubt(at(clock), now), doubt, "{clock}");
        }
        let mut watch = ClockWatch::begin(at(0), now, None);
        assert!(!watch.is_in_doubt(at(0), now), "an empty log has nothing to say");
    }

    #[test]
    fn then_the_time_that_the_process_measured_does() {
        let begun = Instant::now();
        let mut watch = ClockWatch::begin(at(10 * DAY), begun, Some(at(10 * DAY)));
        let later = begun + hours(40 * 24);
        assert!(!watch.is_in_doubt(at(50 * DAY), later), "a quiet store of forty days");
        assert!(watch.is_in_doubt(at(52 * DAY), later), "a leap");
        assert!(watch.is_in_doubt(at(52 * DAY), later + hours(1)), "until it is settled");
        assert!(!watch.is_in_doubt(at(50 * DAY + 2 * HOUR), later + hours(2)), "or the clock is right again");
        assert!(watch.is_apart(at(52 * DAY), later + hours(2)), "what it showed before stays wrong");
        watch.believe(at(52 * DAY), later + hours(3));
        assert!(!watch.is_in_doubt(at(52 * DAY + HOUR), later + hours(4)));
        assert!(watch.is_in_doubt(at(50 * DAY + 5 * HOUR), later + hours(5)), "and back");
    }

    #[test]
    fn a_clock_that_is_wrong_at_the_start_is_in_doubt_until_it_is_set_right() {
        let begun = Instant::now();
        let mut watch = ClockWatch::begin(at(0), begun, Some(at(10 * DAY)));
        assert!(watch.is_in_doubt(at(HOUR), begun + hours(1)));
        assert!(
            !watch.is_in_doubt(at(10 * DAY + 20 * HOUR), begun + hours(2)),
            "as the log has it, and two hours"
        );
        assert!(
            !watch.is_in_doubt(at(11 * DAY + 10 * HOUR), begun + hours(16)),
            "and believed from there on"
        );
    }

    #[test]
    fn a_log_whose_last_commit_is_hours_old_costs_no_tolerance_later() {
        let begun = Instant::now();
        let mut watch = ClockWatch::begin(at(10 * DAY + 23 * HOUR), begun, Some(at(10 * DAY)));
        assert!(!watch.is_in_doubt(at(10 * DAY + 23 * HOUR + 20 * HOUR), begun));
    }

    #[test]
    fn small_leaps_add_up() {
        let begun = Instant::now();
        let mut watch = ClockWatch::begin(at(0), begun, None);
        let doubts: Vec<_> = (1..=4).map(|leap| watch.is_in_doubt(at(leap * 10 * HOUR), begun)).collect();
        assert_eq!(doubts, [false, false, true, true]);
    }
}
