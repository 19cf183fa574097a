//! `Figures`: how many a second, and how long one took.

use std::time::Duration;

/// What came out of a measurement.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Figures {
    /// How many a second.
    pub(crate) per_second: f64,
    /// Median time of one, in microseconds.
    pub(crate) p50_us: u32,
    /// The time that 99 of 100 kept within, in microseconds.
    pub(crate) p99_us: u32,
}

impl Figures {
    /// Of all times measured within a duration.
    pub(crate) fn of(mut times_us: Vec<u32>, duration: Duration) -> Self {
        times_us.sort_unstable();
        let count = times_us.len();
        let at = |percent: usize| {
            let rank = (count * percent).div_ceil(100).saturating_sub(1);
            times_us.get(rank).copied().unwrap_or_default()
        };
        let answers = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Self { per_second: answers / duration.as_secs_f64(), p50_us: at(50), p99_us: at(99) }
    }
}

/// A duration in whole microseconds.
pub(crate) fn micros(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// So much for each of `count`.
pub(crate) fn per(whole: u64, count: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "figures of a benchmark are shown with few digits")]
    let (whole, count) = (whole as f64, count.max(1) as f64);
    whole / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let figures = Figures::of((1..=200).rev().collect(), Duration::from_secs(2));
        assert_eq!(figures, Figures { per_second: 100.0, p50_us: 100, p99_us: 198 });
        assert_eq!(Figures::of(Vec::new(), Duration::from_secs(1)), Figures::default());
    }
}
