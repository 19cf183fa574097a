//! The table that a run prints.

use std::fmt::Write as _;
use std::io::Write as _;

use super::requests::Source;
use crate::figures::{Figures, per};
use crate::machine;
use crate::written::Written;

/// What has been measured so far.
pub(super) struct Report {
    head: String,
    floors: Vec<(&'static str, Figures)>,
    rows: Vec<Row>,
}

/// A measurement beside the bare handler's.
pub(super) struct Row {
    /// The operation.
    pub(super) name: &'static str,
    /// How many connections.
    pub(super) connections: u16,
    /// What crmconf did.
    pub(super) own: Figures,
    /// What the bare handler did with the same requests.
    pub(super) bare: Figures,
    /// What was written from before the warm-up until everything was synced after it.
    pub(super) written: Written,
    /// How many requests crmconf answered in that time.
    pub(super) requests: usize,
}

impl Report {
    /// Begins the table.
    pub(super) fn begin(seconds: u64, warm_up: u64, workers: usize) -> Self {
        let mut report = Self { head: String::new(), floors: Vec::new(), rows: Vec::new() };
        report.say("How many Adds and Infos a second does crmconf answer over HTTP, beside a bare handler and the raw disk?");
        report.say(&format!("Before: {}.", machine::line()));
        report.say(&format!(
            "{seconds} s each after {warm_up} s of warm-up, {workers} HTTP workers, client on the same cores; every answer was compared."
        ));
        report
    }

    /// Says how large the messages are.
    pub(super) fn sizes(&mut self, add: &Source, info: &Source) {
        self.say(&format!(
            "Bodies in bytes: Add {}, answered with {}; Info {}, answered with {}.",
            add.body_bytes(),
            add.first_answer().len(),
            info.body_bytes(),
            info.first_answer().len()
        ));
        self.say(
            "of floor: of the better floor. Written for each Add, journal, sled and log lines together, warm-up included: disk,\n\
             by the disk itself, whoever writes; /proc, by the server's /proc/<pid>/io, which counts large pieces of files as a whole.",
        );
    }

    /// Adds the raw floor.
    pub(super) fn floor(&mut self, when: &'static str, figures: Figures) {
        self.floors.push((when, figures));
    }

    /// Adds a measurement.
    pub(super) fn row(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Prints it.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn print(mut self) -> std::io::Result<()> {
        self.say("");
        self.say(&format!(
            "{:<26} {:>10} {:>7} {:>7}   {:>8} {:>7} {:>7}   {:>7} {:>8}   {:>7} {:>8}",
            "",
            "requests/s",
            "p50 µs",
            "p99 µs",
            "bare/s",
            "p50 µs",
            "p99 µs",
            "of bare",
            "of floor",
            "disk",
            "/proc"
        ));
        // The disk may be shared: the better floor is nearer to what it can do.
        let floor = self.floors.iter().map(|(_, figures)| figures.per_second).fold(0.0, f64::max);
        for row in std::mem::take(&mut self.rows) {
            self.say(&row.line(floor));
        }
        for (when, floor) in std::mem::take(&mut self.floors) {
            let name = format!("raw 1 KB + fdatasync, {when}");
            let Figures { per_second, p50_us, p99_us } = floor;
            self.say(&format!("{name:<26} {per_second:>10.0} {p50_us:>7} {p99_us:>7}"));
        }
        self.say(&format!("After: {}.", machine::line()));
        std::io::stdout().lock().write_all(self.head.as_bytes())
    }

    fn say(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.head, "{line}");
    }
}

impl Row {
    fn line(&self, floor: f64) -> String {
        let Self { name, connections, own, bare, written, requests } = self;
        let of = |whole: f64| if whole > 0.0 { own.per_second / whole } else { 0.0 };
        let each = |bytes| format!("{:.0}", per(bytes, *requests as u64));
        // Reads touch no disk, log lines apart: ratios to it would say nothing.
        let [floor, disk, process] = if *name == "Add" {
            let disk = written.disk.map_or_else(|| "-".to_owned(), each);
            [format!("{:.2}", of(floor)), disk, each(written.process)]
        } else {
            ["-", "-", "-"].map(str::to_owned)
        };
        let name = format!("{name}, {connections} connection(s)");
        format!(
            "{name:<26} {:>10.0} {:>7} {:>7}   {:>8.0} {:>7} {:>7}   {:>7.2} {floor:>8}   {disk:>7} {process:>8}",
            own.per_second,
            own.p50_us,
            own.p99_us,
            bare.per_second,
            bare.p50_us,
            bare.p99_us,
            of(bare.per_second),
        )
    }
}
