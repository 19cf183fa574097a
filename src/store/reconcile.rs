//! Compares the vault with the log before anything is served: what the log has given up is destroyed, what the log does not
//! name is removed, and what the vault lacks is named.

use std::collections::BTreeSet;

use crmconf_events::KeyId;
use crmconf_events::state::State;

use super::StoreError;
use crate::vault::{KeyStanding, MissingBucket, Vault};

/// How many configurations are named one by one.
const NAMED_MAX: usize = 20;

/// Brings the vault to where the log says that it is; returns the keys that the log has given up in buckets that the vault
/// lacks.
pub(super) fn reconcile(
    vault: &Vault,
    state: &State,
    given_up: &BTreeSet<KeyId>,
) -> Result<BTreeSet<KeyId>, StoreError> {
    let standing = destroy(vault, given_up)?;
    missing(vault, state, &standing);
    credentials(vault, state)?;
    Ok(standing)
}

/// Destroys every data key that an event gives up: those of a crash in between, and all that an older vault put back from its
/// backup brought along. All of them are compared, so that no file of the vault can say that it is further than it is.
fn destroy(vault: &Vault, given_up: &BTreeSet<KeyId>) -> Result<BTreeSet<KeyId>, StoreError> {
    let destroyed = vault.destroy(given_up)?;
    if destroyed.keys > 0 {
        tracing::warn!(
            keys = destroyed.keys,
            "data keys that the log has given up stood in the vault; they are destroyed now"
        );
    }
    Ok(destroyed.missing)
}

/// Names the buckets that the vault lacks, and configurations whose passwords cannot be opened for want of a key that the
/// log has not given up.
fn missing(vault: &Vault, state: &State, standing: &BTreeSet<KeyId>) {
    for bucket in vault.missing_buckets(state.next_key) {
        lacks(&bucket, state);
        may_stand(&bucket, standing);
    }
    let lost = state.configurations.iter().filter(|(_, live)| !live.shredded && !live.secrets.is_empty());
    let lost: Vec<_> = lost.filter(|(_, live)| vault.standing(live.key) == KeyStanding::Destroyed).collect();
    for (id, live) in lost.iter().take(NAMED_MAX) {
        tracing::error!(configuration = %id, key = live.key.0, "the vault has destroyed this configuration's data key, \
             and the log does not say so: its passwords cannot be opened. Was an older log put back?");
    }
    if let Some(more) = lost.len().checked_sub(NAMED_MAX).filter(|more| *more > 0) {
        tracing::error!(configurations = more, "so have more");
    }
}

/// Names a bucket that the vault lacks: a fault where it opens a live configuration's passwords. A store from before there
/// were data keys has given out ids too, and nothing was ever sealed under them; and a bucket that was found damaged before
/// its first id was given out was passed over, so that none ever was.
fn lacks(bucket: &MissingBucket, state: &State) {
    let MissingBucket { bucket, first, last, why, damaged: _ } = bucket;
    let within = |key: &KeyId| (*first..=*last).contains(key);
    let mut live = state.configurations.iter().map(|(_, live)| live);
    let seals_passwords = live.any(|live| !live.shredded && !live.secrets.is_empty() && within(&live.key));
    let accounts = state.accounts.values().map(|account| account.key);
    let mut of_accounts = accounts.chain(state.deleted.values().map(|deleted| deleted.key)).flatten();
    let seals_addresses = of_accounts.any(|key| within(&key));
    let (first_key, last_key) = (first.0, last.0);
    if seals_passwords {
        tracing::error!(
            bucket,
            first_key,
            last_key,
            why,
            "the vault lacks this bucket of data keys: passwords under its keys are answered with 10103 until its file \
             is put back from the vault's backup"
        );
    } else if seals_addresses {
        tracing::warn!(
            bucket,
            first_key,
            last_key,
            why,
            "the vault lacks this bucket of data keys; no configuration has a password under them. Changes by an account \
             whose key is in it are recorded without an address"
        );
    } else {
        tracing::warn!(
            bucket,
            first_key,
            last_key,
            why,
            "the vault lacks this bucket of data keys, and nothing is missed: neither a configuration's passwords nor an \
             account has a key in it, and perhaps none was ever given out of it"
        );
    }
}

/// Tells of keys that the log has given up, where a file of their bucket stands that they may be had from all the same.
fn may_stand(bucket: &MissingBucket, standing: &BTreeSet<KeyId>) {
    let MissingBucket { bucket, first, last, why, damaged } = bucket;
    let keys = standing.range(*first..=*last).count();
    if *damaged && keys > 0 {
        tracing::error!(
            bucket,
            keys,
            why,
            "data keys that the log has given up are not destroyed: the files of their bucket are damaged or contradict each \
             other, and the keys may still be had from them. Put both files back from the vault's backup, and the next start \
             destroys these keys; or overwrite and remove the files, if nothing else is wanted from this bucket"
        );
    }
}

/// Removes credentials that the log does not name, and tells of accounts that cannot sign in. The log names those of
/// deleted accounts too: their names are not given again.
fn credentials(vault: &Vault, state: &State) -> Result<(), StoreError> {
    let named: BTreeSet<_> = state.credentials().collect();
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
