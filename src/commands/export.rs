//! `crmconf export`: the journal's events as JSON lines, for auditors and other programs.
//!
//! Each line holds the event's stored bytes as they are, so that whoever reads it can make the event's hash again, and
//! from a commit's lines the commit's. `docs/check_export.py` does both without this code.

mod sink;

use std::io::{self, Write};

use crmconf_events::Sequence;
use crmconf_events::commit::{Commit, event_hash};
use crmconf_events::log::{Fault, JournalReader};
use serde_json::value::RawValue;

use self::sink::Sink;
use super::verify::doubt;
use super::{Failure, unreadable};
use crate::cli::moment::rfc3339;
use crate::cli::{ExportArgs, ExportOutput, Status, Until, output};
use crate::progress::Progress;

/// Writes the events that were asked for. Reads the journal alone, writes nothing to the store, and holds one file of
/// the journal in memory, however long that is.
///
/// # Errors
/// [`Failure`]: what cannot be read or written, and where. What stands before damage was written.
pub fn run(args: ExportArgs) -> Result<Status, Failure> {
    let ExportArgs { data, from, until, output } = args;
    let mut reader = JournalReader::open(&data).map_err(|error| unreadable(&data, &error))?;
    let mut sink = Sink::open(&output, &data)?;
    let mut bar = bar(&output, &reader);
    let ended = lines(&mut reader, from, until, &mut sink, &mut bar);
    bar.stop();
    let (torn, wrong) = match ended {
        Err(Stop::Sink(cause)) => return sink.failed(&cause),
        Err(Stop::Event(why)) => (None, Some(why)),
        Ok(Some(fault)) if reader.ends_with_torn_commit(&fault) => (Some(fault), None),
        Ok(Some(fault)) => (None, Some(fault.to_string())),
        Ok(None) => (None, None),
    };
    if reader.head().is_none() {
        return Err(Failure::new(wrong.unwrap_or_else(|| format!("{} holds no commit", data.display()))));
    }
    let status = sink.close(wrong.is_some())?;
    if let Some(wrong) = wrong {
        return Err(Failure::new(wrong));
    }
    if let Some(torn) = torn {
        output::note(&format_args!("half written, or being written, and left out: {torn}"));
    }
    tell_end(&reader, from, until);
    Ok(status)
}

/// A bar only where it disturbs nothing: on a terminal that the lines do not go to.
fn bar(output: &ExportOutput, reader: &JournalReader) -> Progress {
    let total = reader.commits_at_least().unwrap_or(0);
    match output {
        ExportOutput::StandardOutput => Progress::beside_output("exporting commits", total),
        ExportOutput::File { .. } => Progress::at_terminal("exporting commits", total),
    }
}

/// What keeps lines from being written.
enum Stop {
    /// They cannot be written.
    Sink(io::Error),
    /// An event cannot stand in one.
    Event(String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Sink(error)
    }
}

/// Writes the lines, up to the point, the end, or the first fault of the journal.
fn lines(
    reader: &mut JournalReader,
    from: Option<Sequence>,
    until: Option<Until>,
    out: &mut impl Write,
    bar: &mut Progress,
) -> Result<Option<Fault>, Stop> {
    for commit in reader.by_ref() {
        let commit = match commit {
            Ok(commit) => commit,
            Err(fault) => return Ok(Some(fault)),
        };
        bar.at(commit.number());
        let beyond = match until {
            None => false,
            Some(Until::Sequence(last)) => commit.first() > last,
            Some(Until::Time(time)) => commit.time() > time,
        };
        if beyond {
            break;
        }
        write_commit(&commit, from, until, out)?;
    }
    Ok(None)
}

fn write_commit(
    commit: &Commit,
    from: Option<Sequence>,
    until: Option<Until>,
    out: &mut impl Write,
) -> Result<(), Stop> {
    let asked = |sequence: Sequence| {
        from.is_none_or(|first| sequence >= first)
            && !matches!(until, Some(Until::Sequence(last)) if sequence > last)
    };
    let time = rfc3339(commit.time()).map_or_else(|| "null".to_owned(), |time| format!("\"{time}\""));
    let (time_us, number, hash) = (commit.time().as_micros(), commit.number(), commit.hash());
    for (sequence, bytes) in commit.numbered().filter(|(sequence, _)| asked(*sequence)) {
        if !is_one_line_of_json(bytes) {
            return Err(Stop::Event(format!("event {sequence} of commit {number} is no line of JSON")));
        }
        write!(
            out,
            "{{\"sequence\":{sequence},\"time\":{time},\"time_us\":{time_us},\"commit\":{number},\
             \"commit_hash\":\"{hash}\",\"event_hash\":\"{}\",\"event\":",
            event_hash(bytes)
        )?;
        out.write_all(bytes)?;
        out.write_all(b"}\n")?;
    }
    Ok(())
}

/// Whether the bytes can stand in a line as they are. Events of kinds that only a newer version knows can.
fn is_one_line_of_json(bytes: &[u8]) -> bool {
    !bytes.iter().any(u8::is_ascii_control) && serde_json::from_slice::<&RawValue>(bytes).is_ok()
}

/// Says what the lines cannot: that there is less than was asked for, or that nothing tells whether it is all.
fn tell_end(reader: &JournalReader, from: Option<Sequence>, until: Option<Until>) {
    let Some(last) = reader.head().and_then(|head| head.last) else { return };
    let asked = match until {
        Some(Until::Sequence(asked)) => Some(asked),
        Some(Until::Time(_)) | None => from,
    };
    if let Some(asked) = asked.filter(|asked| *asked > last) {
        output::note(&format_args!("event {asked} is not there yet: the last is {last}"));
    }
    if let Some(doubt) = doubt(reader.witness()) {
        output::note(&doubt);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_one_line_of_json_goes_into_a_line() {
        assert!(is_one_line_of_json("{\"tag\":\"Späteres\",\"text\":\"a\\nb\"}".as_bytes()));
        for bytes in
            [&b"{\"a\":1}\n"[..], b"{\"a\":\n1}", b"{\"a\":1", b"", b"{}{}", b"\"\xff\"", b"\"\x01\""]
        {
            assert!(!is_one_line_of_json(bytes), "{bytes:?}");
        }
    }
}
