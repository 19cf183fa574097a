//! Opening a store: the log first, then everything folded from it, then the vault that belongs to it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use crmconf_events::Sequence;
use crmconf_events::event::decode;
use crmconf_events::log::{EventLog, LocalLog, LocalOptions, Progress};
use crmconf_events::state::{State, evolve};
use crmconf_projections::Projector;

use super::{Store, StoreError, VAULT_FOLDER, exists, master_key};
use crate::settings::MasterKeySource;
use crate::vault::Vault;
use crate::writer::Origin;

/// Opens the store of a data folder; `progress` is told how far it is.
///
/// # Errors
/// See [`StoreError`]; each says what is wrong, where, and what to do.
pub fn open(
    data: &Path,
    options: LocalOptions,
    key: &MasterKeySource,
    progress: &mut dyn FnMut(Progress),
) -> Result<Store, StoreError> {
    if !exists(data)? {
        return Err(StoreError::Absent(data.into()));
    }
    let (log, report) = LocalLog::open(data, options, progress)?;
    // The log has told the operator of its repairs itself.
    let (state, projector) = fold(&log)?;
    projector.check_against(report.head.last)?;
    let vault = Vault::open(&data.join(VAULT_FOLDER), log.store(), &master_key(key)?)?;
    reconcile(&vault, &state)?;
    let log = Arc::new(log);
    let views = Arc::new(ArcSwap::from_pointee(projector.view().clone()));
    let origin = Origin { log: Arc::clone(&log) as Arc<dyn EventLog>, state, projector, views };
    Ok(Store { log, vault: Arc::new(vault), origin })
}

/// Folds the whole log into the decision state and the read models.
fn fold(log: &LocalLog) -> Result<(State, Projector), StoreError> {
    let mut state = State::default();
    let mut projector = Projector::default();
    for commit in log.read(Sequence::FIRST) {
        let commit = commit?;
        for (sequence, bytes) in commit.numbered() {
            let envelope = decode(sequence, commit.time(), bytes)
                .map_err(|cause| StoreError::Event { sequence: sequence.get(), cause })?;
            evolve(&mut state, sequence, &envelope.event);
            projector.apply(&envelope)?;
        }
    }
    Ok((state, projector))
}

/// Removes credentials that the log does not name, and tells of accounts that cannot sign in.
fn reconcile(vault: &Vault, state: &State) -> Result<(), StoreError> {
    let named: BTreeSet<_> = state.accounts.values().map(|account| account.credential).collect();
    let found = vault.reconcile(&named)?;
    if found.removed > 0 {
        tracing::warn!(
            removed = found.removed,
            "credentials that no event names were removed from the vault"
        );
    }
    for (account, standing) in &state.accounts {
        let credential = standing.credential;
        if found.missing.contains(&credential) {
            tracing::error!(%account, %credential, "the vault lacks this credential: the account cannot sign in");
        }
        if let Some(why) = found.damaged.get(&credential) {
            tracing::error!(%account, %credential, %why, "this credential does not open: the account cannot sign in");
        }
    }
    Ok(())
}
