//! The table that a run prints.

use std::fmt::Write as _;
use std::io::Write as _;

use super::load::Figures;

/// What has been measured so far, as text.
pub(super) struct Report {
    text: String,
    floor: Option<Figures>,
}

impl Report {
    /// Begins the table.
    pub(super) fn begin(seconds: u64, warm_up: u64, workers: usize) -> Self {
        let text = format!(
            "How many Adds and Infos a second does crmconf answer over HTTP, beside a bare handler and the raw disk?\n\
             {seconds} s each after {warm_up} s of warm-up, {workers} HTTP workers, client on the same machine; every answer was a Success.\n"
        );
        Self { text, floor: None }
    }

    /// Says how large the messages are.
    pub(super) fn sizes(&mut self, add: &[u8], added: &[u8], info: &[u8], informed: &[u8]) {
        let body = |request: &[u8]| {
            request.windows(4).position(|bytes| bytes == b"\r\n\r\n").map_or(0, |at| request.len() - at - 4)
        };
        let (add, info) = (body(add), body(info));
        self.line(&format!(
            "Bodies in bytes: Add {add}, answered with {}; Info {info}, answered with {}.",
            added.len(),
            informed.len()
        ));
        self.line("");
        self.line(&format!(
            "{:<26} {:>10} {:>9} {:>9}   {:>12} {:>9} {:>9}   {:>8} {:>8}",
            "", "requests/s", "p50 µs", "p99 µs", "bare actix/s", "p50 µs", "p99 µs", "of bare", "of floor"
        ));
    }

    /// Adds the raw floor.
    pub(super) fn floor(&mut self, when: &str, figures: Figures) {
        let name = format!("raw 1 KB + fdatasync, {when}");
        self.line(&format!(
            "{name:<26} {:>10.0} {:>9} {:>9}",
            figures.per_second, figures.p50_us, figures.p99_us
        ));
        self.floor.get_or_insert(figures);
    }

    /// Adds a measurement beside the bare handler's.
    pub(super) fn row(&mut self, name: &str, connections: u16, own: Figures, bare: Figures) {
        let name = format!("{name}, {connections} connection(s)");
        let of = |whole: f64| if whole > 0.0 { own.per_second / whole } else { 0.0 };
        // Reads touch no disk: a ratio to the floor would say nothing.
        let floor = match self.floor {
            Some(floor) if name.starts_with("Add") => format!("{:.2}", of(floor.per_second)),
            Some(_) | None => "-".to_owned(),
        };
        self.line(&format!(
            "{name:<26} {:>10.0} {:>9} {:>9}   {:>12.0} {:>9} {:>9}   {:>8.2} {floor:>8}",
            own.per_second,
            own.p50_us,
            own.p99_us,
            bare.per_second,
            bare.p50_us,
            bare.p99_us,
            of(bare.per_second)
        ));
    }

    /// Prints it.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn print(&self) -> std::io::Result<()> {
        std::io::stdout().lock().write_all(self.text.as_bytes())
    }

    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }
}
