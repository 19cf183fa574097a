//! `crmconf replay`: prints the state folded from the journal up to a point.

mod json;

use crmconf_events::commit::Commit;
use crmconf_events::event::decode;
use crmconf_events::log::JournalReader;
use crmconf_projections::{Projector, ReadModel};

use super::{Failure, print, unreadable};
use crate::cli::moment::rfc3339;
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
    let mut whole = true;
    while let Some(commit) = reader.next() {
        let commit = match commit {
            Ok(commit) => commit,
            Err(fault) if reader.ends_with_torn_commit(&fault) => break,
            Err(fault) => return Err(Failure::new(fault.to_string())),
        };
        bar.at(commit.number());
        whole = take_in(&mut projector, &commit, until)?;
        if !whole {
            break;
        }
    }
    if whole {
        bar.finish();
    } else {
        bar.stop();
    }
    let view = projector.view();
    if let (Some(Until::Sequence(asked)), Some(last)) = (until, view.last)
        && last < asked
    {
        output::note(&format_args!(
            "event {asked} is not there yet: this is the state after event {last}, the last"
        ));
    }
    let text = match format {
        ReplayFormat::Text => as_of(view) + &output::printable(&view.to_string()),
        ReplayFormat::Json => json::render(view),
    };
    print(&text)
}

/// When the state was that of the log, as people read a time.
fn as_of(view: &ReadModel) -> String {
    let time = view.last.and_then(|_| rfc3339(view.time));
    time.map(|time| format!("as of {time}\n")).unwrap_or_default()
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
