//! `crmconf replay`: prints the state folded from the journal up to a point.

mod json;

use crmconf_events::commit::Commit;
use crmconf_events::event::decode;
use crmconf_events::log::JournalReader;
use crmconf_projections::Projector;

use super::{Failure, unreadable};
use crate::cli::{ReplayArgs, ReplayFormat, Status, Until, output};
use crate::progress::Progress;

/// Prints the state folded from the journal up to a point. Reads the journal alone and writes nothing.
///
/// # Errors
/// [`Failure`]: what cannot be read, and where.
pub fn run(args: ReplayArgs) -> Result<Status, Failure> {
    let ReplayArgs { data, until, format } = args;
    let mut reader = JournalReader::open(&data).map_err(|error| unreadable(&data, &error))?;
    let mut projector = Projector::default();
    let mut bar = Progress::new("replaying commits", reader.commits_at_least().unwrap_or(0));
    while let Some(commit) = reader.next() {
        let commit = match commit {
            Ok(commit) => commit,
            Err(fault) if reader.ends_with_torn_commit(&fault) => break,
            Err(fault) => return Err(Failure::new(fault.to_string())),
        };
        bar.at(commit.number());
        if !take_in(&mut projector, &commit, until)? {
            break;
        }
    }
    bar.finish();
    let view = projector.view();
    if let (Some(Until::Sequence(asked)), Some(last)) = (until, view.last)
        && last < asked
    {
        output::note(&format_args!(
            "event {asked} is not there yet: this is the state after event {last}, the last"
        ));
    }
    let text = match format {
        ReplayFormat::Text => printable(&view.to_string()),
        ReplayFormat::Json => json::render(view),
    };
    output::result(&text)
        .map_err(|error| Failure::new(format!("the state could not be printed: {error}")))?;
    Ok(Status::Done)
}

/// The text with control characters, and those that turn the direction of writing round, as escapes: what somebody wrote
/// into a configuration must not steer the terminal of whoever looks at it.
pub(super) fn printable(text: &str) -> String {
    let steers =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if (c.is_control() && c != '\n') || steers(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// Takes in a commit up to the point; `false` when the point is reached.
fn take_in(projector: &mut Projector, commit: &Commit, until: Option<Until>) -> Result<bool, Failure> {
    if let Some(Until::Time(time)) = until
        && commit.time() > time
    {
        return Ok(false);
    }
    for (sequence, bytes) in commit.numbered() {
        if let Some(Until::Sequence(last)) = until
            && sequence > last
        {
            return Ok(false);
        }
        let envelope = decode(sequence, commit.time(), bytes)
            .map_err(|error| Failure::new(format!("event {sequence}: {error}")))?;
        projector.apply(&envelope).map_err(|error| Failure::new(error.to_string()))?;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_steer_a_terminal_is_escaped_and_everything_else_stays() {
        let text = "a\u{9b}31m\u{202e}b\tc\nd \u{e9}\u{1f600} \\u{7}";
        assert_eq!(printable(text), "a\\u{9b}31m\\u{202e}b\\u{9}c\nd \u{e9}\u{1f600} \\u{7}");
    }
}
