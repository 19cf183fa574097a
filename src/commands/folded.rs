//! The state that a journal adds up to, for the commands that look at a store from outside.

use std::path::Path;

use crmconf_events::commit::Commit;
use crmconf_events::event::decode;
use crmconf_events::log::JournalReader;
use crmconf_projections::Projector;

use super::{Failure, unreadable};
use crate::cli::Until;
use crate::progress::Progress;

/// Folds the journal up to a point, or all of it. Reads the journal alone, and writes nothing.
///
/// # Errors
/// [`Failure`]: what cannot be read, and where.
pub(super) fn folded(data: &Path, until: Option<Until>, title: &str) -> Result<Projector, Failure> {
    let mut reader = JournalReader::open(data).map_err(|error| unreadable(data, &error))?;
    let mut projector = Projector::default();
    let mut bar = Progress::new(title, reader.commits_at_least().unwrap_or(0));
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
    Ok(projector)
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
