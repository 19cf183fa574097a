//! Opening a store: the log first, then its vault, then everything folded from the log, and then the two are compared.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use crmconf_events::commit::Commit;
use crmconf_events::event::decode;
use crmconf_events::log::{self, EventLog, LocalLog, LocalOptions, OpenError};
use crmconf_events::state::{State, evolve};
use crmconf_events::{KeyId, Sequence};
use crmconf_projections::Projector;

use super::found::refuse_lost_journal;
use super::{Store, StoreError, VAULT_FOLDER, master_keys, reconcile};
use crate::settings::MasterKeySources;
use crate::vault::Vault;
use crate::writer::{self, Origin, Owner, Pending};

/// Folding tells how far it is every so many commits.
const FOLDED_EVERY: u64 = 1_000;

/// How far opening is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// What is being done.
    pub step: Step,
    /// Commits that this was done with; none where commits do not count.
    pub commits: Option<u64>,
}

/// What opening does, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The data folder is locked, and sled opened.
    Sled,
    /// The log is checked and put right.
    Log(log::Step),
    /// Decision state and read models are folded from the log.
    Folding,
    /// The vault is opened.
    Vault,
    /// The vault is compared with the log.
    Reconciling,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sled => f.write_str("opening sled"),
            Self::Log(step) => step.fmt(f),
            Self::Folding => f.write_str("folding the log"),
            Self::Vault => f.write_str("opening the vault"),
            Self::Reconciling => f.write_str("comparing the vault with the log"),
        }
    }
}

impl fmt::Display for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, commits } = self;
        match commits {
            Some(commits) => write!(f, "{step}, commit {commits}"),
            None => step.fmt(f),
        }
    }
}

/// Opens the store of a data folder; `progress` is told when a step begins, and then how far it is.
///
/// # Errors
/// See [`StoreError`]; each says what is wrong, where, and what to do.
pub fn open(
    data: &Path,
    options: LocalOptions,
    keys: &MasterKeySources,
    progress: &mut dyn FnMut(Opening),
) -> Result<Store, StoreError> {
    progress(Opening { step: Step::Sled, commits: None });
    let opened = LocalLog::open(data, options, &mut |told| {
        progress(Opening { step: Step::Log(told.step), commits: Some(told.commits) });
    });
    let (log, report) = match opened {
        Err(OpenError::NoStore { .. }) => {
            refuse_lost_journal(data)?;
            return Err(StoreError::Absent(data.into()));
        }
        opened => opened?,
    };
    // The log has told the operator of its repairs itself. The vault comes before the long work: a wrong master key is told
    // at once.
    progress(Opening { step: Step::Vault, commits: None });
    let vault = Vault::open(&data.join(VAULT_FOLDER), log.store(), &master_keys(keys)?)?;
    let Folded { state, projector, given_up } = fold(&log, progress)?;
    projector.check_against(report.head.last)?;
    progress(Opening { step: Step::Reconciling, commits: None });
    let standing = reconcile::reconcile(&vault, &state, &given_up.keys().copied().collect())?;
    let pending = Pending::lacking(owners(&log, &given_up, &standing)?);
    let (log, vault) = (Arc::new(log), Arc::new(vault));
    let views = Arc::new(ArcSwap::from_pointee(projector.view().clone()));
    let keys = Arc::clone(&vault) as Arc<_>;
    let origin =
        Origin { log: Arc::clone(&log) as Arc<dyn EventLog>, state, projector, views, keys, pending };
    Ok(Store { log, vault, origin })
}

/// What is folded from a log.
pub(super) struct Folded {
    pub(super) state: State,
    pub(super) projector: Projector,
    /// Every data key that an event gives up, and which event that is.
    pub(super) given_up: BTreeMap<KeyId, Sequence>,
}

/// Folds the whole log.
pub(super) fn fold(log: &LocalLog, progress: &mut dyn FnMut(Opening)) -> Result<Folded, StoreError> {
    let mut state = State::default();
    let mut projector = Projector::default();
    let mut given_up = BTreeMap::new();
    for commit in log.read(Sequence::FIRST) {
        let commit = commit?;
        if commit.number() % FOLDED_EVERY == 1 {
            progress(Opening { step: Step::Folding, commits: Some(commit.number()) });
        }
        for (sequence, bytes) in commit.numbered() {
            let envelope = decode(sequence, commit.time(), bytes)
                .map_err(|cause| StoreError::Event { sequence: sequence.get(), cause })?;
            evolve(&mut state, sequence, &envelope.event);
            projector.apply(&envelope)?;
            given_up.extend(writer::given_up(&envelope.event).map(|(key, _)| (key, sequence)));
        }
    }
    Ok(Folded { state, projector, given_up })
}

/// Whose these keys were, by the events that have given them up.
fn owners(
    log: &LocalLog,
    given_up: &BTreeMap<KeyId, Sequence>,
    keys: &BTreeSet<KeyId>,
) -> Result<BTreeMap<KeyId, Owner>, StoreError> {
    let events: BTreeSet<_> = keys.iter().filter_map(|key| given_up.get(key).copied()).collect();
    let (mut owners, mut commit) = (BTreeMap::new(), None::<Arc<Commit>>);
    for sequence in events {
        if commit.as_ref().is_none_or(|commit| commit.event(sequence).is_none()) {
            commit = log.read_commit(sequence)?;
        }
        let Some((commit, bytes)) = commit.as_ref().and_then(|found| Some((found, found.event(sequence)?)))
        else {
            continue;
        };
        let envelope = decode(sequence, commit.time(), bytes)
            .map_err(|cause| StoreError::Event { sequence: sequence.get(), cause })?;
        owners.extend(writer::given_up(&envelope.event));
    }
    Ok(owners)
}
