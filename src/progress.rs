//! Progress of long work: a bar on a terminal, and a plain line now and then everywhere else.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::cli::output;

/// Longest silence between plain lines.
const LINE_INTERVAL: Duration = Duration::from_secs(5);

/// A plain line is written each time this much more of the work is done.
const LINE_PERCENT: u64 = 10;

/// Shows how far a piece of work of known size is. Everything goes to standard error.
///
/// ```
/// let mut progress = crmconf::progress::Progress::new("checking the journal", 4_000);
/// progress.at(1_000);
/// progress.finish();
/// ```
#[derive(Debug)]
pub struct Progress {
    title: String,
    total: u64,
    display: Display,
}

#[derive(Debug)]
enum Display {
    Bar(ProgressBar),
    Lines(Cadence),
    Nothing,
}

/// Decides when a plain line is due.
#[derive(Debug)]
struct Cadence {
    last_percent: u64,
    last_time: Instant,
}

impl Progress {
    /// Begins to show work of `total` steps, of whatever kind the title says; 0 where their number is not known.
    #[must_use]
    pub fn new(title: &str, total: u64) -> Self {
        let display = if std::io::stderr().is_terminal() {
            Display::Bar(bar(title, total))
        } else {
            Display::Lines(Cadence { last_percent: 0, last_time: Instant::now() })
        };
        Self { title: title.to_owned(), total, display }
    }

    /// As [`new`](Self::new), for work beside which plain lines would only disturb: a bar on a terminal or nothing.
    #[must_use]
    pub fn at_terminal(title: &str, total: u64) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let display = if terminal { Display::Bar(bar(title, total)) } else { Display::Nothing };
        Self { title: title.to_owned(), total, display }
    }

    /// As [`at_terminal`](Self::at_terminal), for work that writes to standard output meanwhile: a bar would stand
    /// between its lines where both are one terminal.
    #[must_use]
    pub fn beside_output(title: &str, total: u64) -> Self {
        if std::io::stdout().is_terminal() {
            return Self { title: title.to_owned(), total, display: Display::Nothing };
        }
        Self::at_terminal(title, total)
    }

    /// Says that `done` steps of the total are behind us. Cheap enough to be called for each of them.
    pub fn at(&mut self, done: u64) {
        match &mut self.display {
            Display::Bar(bar) => bar.set_position(done),
            Display::Lines(cadence) => {
                let percent = percent(done, self.total);
                if cadence.is_due(percent, Instant::now()) {
                    output::note(&line(&self.title, done, self.total, percent));
                }
            }
            Display::Nothing => {}
        }
    }

    /// The work is done to its end: takes the bar away, or makes the last line one that says so. What came of the
    /// work is the caller's to say.
    pub fn finish(self) {
        if let Display::Lines(cadence) = &self.display
            && cadence.stopped_short()
        {
            output::note(&line(&self.title, self.total, self.total, 100));
        }
        self.stop();
    }

    /// The work has ended somewhere: takes the bar away.
    pub fn stop(self) {
        match self.display {
            Display::Bar(bar) => bar.finish_and_clear(),
            Display::Lines(_) | Display::Nothing => {}
        }
    }
}

impl Cadence {
    /// Whether lines were written, and the last of them did not say that all is done.
    fn stopped_short(&self) -> bool {
        (1..100).contains(&self.last_percent)
    }

    fn is_due(&mut self, percent: u64, now: Instant) -> bool {
        let due = percent / LINE_PERCENT > self.last_percent / LINE_PERCENT
            || now.saturating_duration_since(self.last_time) >= LINE_INTERVAL;
        if due {
            self.last_percent = percent;
            self.last_time = now;
        }
        due
    }
}

fn bar(title: &str, total: u64) -> ProgressBar {
    let size = (total > 0).then_some(total);
    let bar = ProgressBar::with_draw_target(size, ProgressDrawTarget::stderr());
    let template =
        if total > 0 { "{msg} [{wide_bar}] {percent}% ({eta} left)" } else { "{msg}: {human_pos} so far" };
    // The templates are constants; were one ever wrong, indicatif's own style shows progress as well.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(title.to_owned());
    bar
}

/// Of work whose size is not known, no part is known to be done.
fn percent(done: u64, total: u64) -> u64 {
    let share = u128::from(done.min(total)) * 100 / u128::from(total.max(1));
    u64::try_from(share).unwrap_or(100)
}

fn line(title: &str, done: u64, total: u64, percent: u64) -> String {
    if total == 0 {
        return format!("{title}: {done} so far");
    }
    format!("{title}: {percent} % ({done} of {total})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_lines_at_most_when_the_work_is_quick() {
        let start = Instant::now();
        let mut cadence = Cadence { last_percent: 0, last_time: start };
        let lines = (0..=1_000).filter(|done| cadence.is_due(percent(*done, 1_000), start)).count();
        assert_eq!(lines, 10);
    }

    #[test]
    fn work_that_tells_its_steps_seldom_still_ends_with_all_of_it() {
        let start = Instant::now();
        let mut cadence = Cadence { last_percent: 0, last_time: start };
        assert!(!cadence.stopped_short(), "nothing was said of work that was too quick for it");
        assert!(cadence.is_due(percent(1, 2), start) && cadence.stopped_short());
        assert!(cadence.is_due(percent(2, 2), start) && !cadence.stopped_short());
    }

    #[test]
    fn a_line_every_few_seconds_when_it_is_slow() {
        let start = Instant::now();
        let mut cadence = Cadence { last_percent: 0, last_time: start };
        assert!(!cadence.is_due(1, start + LINE_INTERVAL - Duration::from_millis(1)));
        assert!(cadence.is_due(1, start + LINE_INTERVAL));
        assert!(!cadence.is_due(1, start + LINE_INTERVAL));
        assert!(cadence.is_due(1, start + LINE_INTERVAL * 2));
    }

    #[test]
    fn percentages_hold_at_the_edges() {
        assert_eq!(percent(7, 0), 0);
        assert_eq!(line("checking", 7, 0, percent(7, 0)), "checking: 7 so far");
        assert_eq!(percent(5, 3), 100);
        assert_eq!(percent(u64::MAX / 2, u64::MAX), 49);
        assert_eq!(line("checking", 1, 4, percent(1, 4)), "checking: 25 % (1 of 4)");
    }
}
