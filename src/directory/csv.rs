//! Reads CSV by RFC 4180, to the letter: what a lenient reader would guess at is told as a fault.

use crmconf_events::command::ListedEntry;

use super::Faults;
use super::row::{self, COLUMNS};

/// What programs for tables put before UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';
const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// Reads the rows below the header. Empty lines are skipped.
pub(super) fn read(text: &str, faults: &mut Faults) -> Vec<ListedEntry> {
    let mut entries = Vec::new();
    let mut header = None;
    for_each_record(text, |line, is_exact, record| {
        let is_header = header.is_none();
        if !is_exact {
            let rule = "a field with a quote, a comma or a line end stands in quotes, quotes in it doubled, and nothing \
                        stands beside them";
            faults.add(line, rule);
        } else if is_header {
            let is_ours = record.iter().eq(COLUMNS);
            header = Some(is_ours);
            return is_ours;
        } else if let Ok(row) = <[&str; 5]>::try_from(record.iter().collect::<Vec<_>>()) {
            entries.extend(row::entry(row, line, faults));
        } else {
            faults.add(line, format!("it has {} fields; {} belong there", record.len(), COLUMNS.len()));
        }
        header.get_or_insert(true);
        true
    });
    if header != Some(true) {
        faults.add(1, format!("the header must be {}", COLUMNS.join(",")));
    }
    entries
}

/// Hands on each record with its line, and whether it is written as RFC 4180 has it, as long as more is asked for.
pub(super) fn for_each_record(text: &str, mut take: impl FnMut(u64, bool, &csv::StringRecord) -> bool) {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    // A text is UTF-8 and in memory: reading it does not fail.
    while reader.read_record(&mut record).unwrap_or(false) {
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let (line, raw) = lines.take_until(end);
        if !take(line, is_exact(raw, &record), &record) {
            return;
        }
    }
}

/// Counts lines, and cuts the text into records as they are written.
struct Lines<'a> {
    text: &'a str,
    /// What was counted so far, in bytes.
    at: usize,
    /// The line there, from 1.
    line: u64,
}

impl<'a> Lines<'a> {
    /// The record that the reader has read up to here, without the line ends around it, and its line. The reader takes
    /// the second half of a line end, and empty lines, together with the record behind them.
    fn take_until(&mut self, end: usize) -> (u64, &'a str) {
        let record = self.text.get(self.at..end).unwrap_or_default().trim_start_matches(LINE_ENDS);
        self.count_until(end.saturating_sub(record.len()));
        let line = self.line;
        self.count_until(end);
        (line, record.trim_end_matches(LINE_ENDS))
    }

    /// A CR before an LF is no line end of its own.
    fn count_until(&mut self, end: usize) {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let next = rest.iter().skip(1).map(Some).chain([None]);
        let pairs = rest.iter().zip(next).take(end.saturating_sub(self.at));
        let ends = pairs.filter(|(byte, next)| **byte == b'\n' || (**byte == b'\r' && *next != Some(&b'\n')));
        self.line = self.line.saturating_add(ends.count() as u64);
        self.at = end;
    }
}

/// Whether a record is written as RFC 4180 has it.
fn is_exact(raw: &str, record: &csv::StringRecord) -> bool {
    let mut rest = raw;
    for (place, field) in record.iter().enumerate() {
        let begun = if place == 0 { Some(rest) } else { rest.strip_prefix(',') };
        let after = begun.and_then(|begun| match begun.strip_prefix('"') {
            Some(quoted) => after_quoted(quoted, field),
            None if field.contains('"') => None,
            None => begun.strip_prefix(field),
        });
        let Some(after) = after else { return false };
        rest = after;
    }
    rest.is_empty()
}

/// What stands behind a field in quotes, the first of which was taken.
fn after_quoted<'a>(quoted: &'a str, field: &str) -> Option<&'a str> {
    let mut rest = quoted;
    for (place, run) in field.split('"').enumerate() {
        if place > 0 {
            rest = rest.strip_prefix("\"\"")?;
        }
        rest = rest.strip_prefix(run)?;
    }
    rest.strip_prefix('"')
}
