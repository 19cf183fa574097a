//! What became of a commit: the log's answers to an append, followed to a definite end where there is one.

use std::time::{Duration, Instant};

use crmconf_events::commit::Commit;
use crmconf_events::log::{AppendOutcome, EventLog, Health};

/// How long the fate of a commit is looked for before callers are told that it is not known.
const SETTLE_MAX: Duration = Duration::from_secs(5);
/// How long to wait between two looks.
const SETTLE_PAUSE: Duration = Duration::from_millis(20);

/// What became of a commit.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is in the log.
    Stands,
    /// Another commit stands in its place: catch up and decide again.
    Lost,
    /// It is not in the log, for sure; decided again later it may go in.
    NotAppended(String),
    /// Not known yet. Nothing else is decided until it is.
    Unknown(String),
}

/// Follows commits to their fate, and holds the one whose fate is not known.
pub(super) struct Resolver {
    pending: Option<Commit>,
    /// How long to look before giving an answer.
    pub(super) settle_max: Duration,
}

impl Default for Resolver {
    fn default() -> Self {
        Self { pending: None, settle_max: SETTLE_MAX }
    }
}

impl Resolver {
    /// Appends a commit and finds out what became of it.
    pub(super) fn append(&mut self, log: &dyn EventLog, commit: &Commit) -> Fate {
        let fate = match log.append(commit.clone()) {
            AppendOutcome::Appended | AppendOutcome::Duplicate => Fate::Stands,
            AppendOutcome::Conflict { .. } => conflict(log, commit).unwrap_or_else(Fate::Unknown),
            AppendOutcome::Unavailable { why } => Fate::NotAppended(why),
            AppendOutcome::Unknown { .. } => self.look_for(log, commit),
        };
        self.pending = matches!(fate, Fate::Unknown(_)).then(|| commit.clone());
        fate
    }

    /// Finds out about the commit whose fate is not known, if there is one.
    ///
    /// # Errors
    /// Why it is still not known: nothing may be decided.
    pub(super) fn settle(&mut self, log: &dyn EventLog) -> Result<(), String> {
        let Some(commit) = self.pending.take() else { return Ok(()) };
        match self.look_for(log, &commit) {
            Fate::Stands | Fate::Lost => Ok(()),
            Fate::NotAppended(why) | Fate::Unknown(why) => {
                self.pending = Some(commit);
                Err(why)
            }
        }
    }

    /// Looks past the known head: this commit's hash, another commit, or nothing, upon which the identical bytes are
    /// appended again. A log that takes no appends until it is opened again ends the search at once.
    fn look_for(&self, log: &dyn EventLog, commit: &Commit) -> Fate {
        let deadline = Instant::now() + self.settle_max;
        loop {
            if let Health::ReadOnly { why } = log.health() {
                return Fate::Unknown(why);
            }
            if let Ok(Some(fate)) = found(log, commit) {
                return fate;
            }
            let why = match log.append(commit.clone()) {
                AppendOutcome::Appended | AppendOutcome::Duplicate => return Fate::Stands,
                AppendOutcome::Conflict { .. } => match conflict(log, commit) {
                    Ok(fate) => return fate,
                    Err(why) => why,
                },
                AppendOutcome::Unavailable { why } | AppendOutcome::Unknown { why } => why,
            };
            if Instant::now() >= deadline {
                return Fate::Unknown(why);
            }
            std::thread::sleep(SETTLE_PAUSE);
        }
    }
}

/// What a conflict means: our own commit stands after all, or another's does. The error says why that cannot be read;
/// to take it for another's would have our own commands decided a second time, on top of themselves.
fn conflict(log: &dyn EventLog, commit: &Commit) -> Result<Fate, String> {
    Ok(found(log, commit)?.unwrap_or(Fate::Lost))
}

/// What stands in a commit's place, if anything does.
fn found(log: &dyn EventLog, commit: &Commit) -> Result<Option<Fate>, String> {
    match log.read_commit(commit.first()) {
        Ok(Some(standing)) if standing.hash() == commit.hash() => Ok(Some(Fate::Stands)),
        Ok(Some(_)) => Ok(Some(Fate::Lost)),
        Ok(None) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}
