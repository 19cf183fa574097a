//! The table that a run prints, one for each size of commits.

use std::fmt::Write as _;
use std::io::Write as _;

use super::events::EVENT_BYTES;
use super::run::Outcome;
use crate::error::BenchError;
use crate::figures::per;
use crate::machine;

/// What a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// As many bytes, overwritten in a zero-filled file and synced each time.
    Floor,
    /// The log with memory in sled's place.
    JournalAlone,
    /// The log with sled, set this way.
    Sled { segment_kib: usize, flush_ms: u64, cache_mib: u64 },
}

/// What has been measured so far, of one size of commits.
#[derive(Default)]
pub(super) struct Report {
    rows: Vec<(Row, Vec<Outcome>)>,
}

/// What the rows after them are compared with.
#[derive(Default)]
struct Beside {
    floor_per_second: Option<f64>,
    journal_disk: Option<f64>,
}

/// Prints what is asked and how.
pub(super) fn title(mib: u64, rounds: u16) -> Result<(), BenchError> {
    show(&format!(
        "How many commits a second does the log make durable, and what does it write, by how sled is set?\n\
         Before: {}.\n\
         {mib} MiB of events of {EVENT_BYTES} bytes each time, one writer, median of {rounds} (least to most).\n\
         Every event was read back as it was appended.\n\
         disk: bytes that the disk wrote for one event until all was closed and synced, whoever wrote them, least\n  \
         of {rounds}; of it sled: what is more than the journal's alone.\n\
         /proc: write_bytes in /proc/self/io for one event, which counts large pieces of files as a whole.\n\
         folders: bytes on the disk for one event. start: opening it again, which compares sled with the journal.\n",
        machine::line()
    ))
}

impl Report {
    /// Adds a run.
    pub(super) fn row(&mut self, row: Row, outcome: Outcome) {
        match self.rows.iter_mut().find(|(known, _)| *known == row) {
            Some((_, outcomes)) => outcomes.push(outcome),
            None => self.rows.push((row, vec![outcome])),
        }
    }

    /// Prints the table.
    pub(super) fn print(self, wanted: u32) -> Result<(), BenchError> {
        let Some(first) = self.rows.first().and_then(|(_, outcomes)| outcomes.first()) else { return Ok(()) };
        let events = first.events.div_ceil(first.commits.max(1));
        let fewer = if events < u64::from(wanted) { ", as many as there is room for" } else { "" };
        let mut text = format!("\n{events} events in a commit of {} bytes{fewer}\n", first.commit_bytes);
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{:<30} {:>9} {:>16} {:>9} {:>7} {:>7} {:>8}  {:>6} {:>10} {:>8}  {:>15} {:>8}",
            "",
            "commits/s",
            "(least to most)",
            "events/s",
            "p50 µs",
            "p99 µs",
            "of floor",
            "disk",
            "of it sled",
            "/proc",
            "journal + sled",
            "start ms"
        );
        let mut beside = Beside::default();
        for (row, outcomes) in self.rows {
            text.push_str(&line(row, outcomes, &mut beside));
        }
        show(&text)
    }
}

fn line(row: Row, mut outcomes: Vec<Outcome>, beside: &mut Beside) -> String {
    outcomes.sort_by(|a, b| a.figures.per_second.total_cmp(&b.figures.per_second));
    let (Some(least), Some(median), Some(most)) =
        (outcomes.first(), outcomes.get(outcomes.len() / 2), outcomes.last())
    else {
        return String::new();
    };
    let figures = median.figures;
    let range = format!("({:.0} to {:.0})", least.figures.per_second, most.figures.per_second);
    let events_in_commit = per(median.events, median.commits);
    let disk = outcomes.iter().filter_map(|outcome| outcome.written.disk).min();
    let disk = disk.map(|bytes| per(bytes, median.events));
    let mut of_sled = None;
    let mut closed = ["-".to_owned(), "-".to_owned()];
    match row {
        Row::Floor => beside.floor_per_second = Some(figures.per_second),
        Row::JournalAlone | Row::Sled { .. } => {
            let [journal, sled] = median.folders_bytes.map(|bytes| per(bytes, median.events));
            closed = [format!("{journal:.0} + {sled:.0}"), median.start.as_millis().to_string()];
            if row == Row::JournalAlone {
                beside.journal_disk = disk;
            } else {
                of_sled = disk.zip(beside.journal_disk).map(|(all, journal)| all - journal);
            }
        }
    }
    let [folders, start] = closed;
    format!(
        "{:<30} {:>9.0} {range:>16} {:>9.0} {:>7} {:>7} {:>8}  {:>6} {:>10} {:>8.0}  {folders:>15} {start:>8}\n",
        row.name(),
        figures.per_second,
        figures.per_second * events_in_commit,
        figures.p50_us,
        figures.p99_us,
        beside.floor_per_second.map_or_else(dash, |floor| format!("{:.2}", figures.per_second / floor)),
        disk.map_or_else(dash, whole),
        of_sled.map_or_else(dash, whole),
        per(median.written.process, median.events),
    )
}

fn dash() -> String {
    "-".to_owned()
}

fn whole(number: f64) -> String {
    format!("{number:.0}")
}

impl Row {
    fn name(self) -> String {
        match self {
            Self::Floor => "raw write + fdatasync".to_owned(),
            Self::JournalAlone => "log, journal alone".to_owned(),
            Self::Sled { segment_kib, flush_ms, cache_mib } => {
                format!("log, {segment_kib} KiB, {flush_ms} ms, {cache_mib} MiB")
            }
        }
    }
}

fn show(text: &str) -> Result<(), BenchError> {
    std::io::stdout()
        .lock()
        .write_all(text.as_bytes())
        .map_err(BenchError::system("the table cannot be written"))
}
