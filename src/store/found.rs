//! Setting up a store: master key, vault, credentials, then everything that the log begins with in one commit.
//!
//! The commit comes last. A kill before it leaves a folder without a store, which is set up anew the next time; a
//! kill after it leaves all of it.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crmconf_events::access::Grant;
use crmconf_events::command::{Command, CreateStore, DirectoryEntry, NewAccount, Request};
use crmconf_events::commit::{Commit, CommitBuilder};
use crmconf_events::decide::decide;
use crmconf_events::disk::{RealDisk, create_folders};
use crmconf_events::event::{Actor, Context, encode};
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LocalOptions};
use crmconf_events::state::State;
use crmconf_events::{AccountId, KeyId, StoreId, Timestamp};

use super::{StoreError, VAULT_FOLDER, exists, master_key};
use crate::settings::{MasterKeySource, SECURITY_LOG_FILE};
use crate::vault::{AccountName, Credential, MasterKey, MasterKeys, Password, Vault, VaultError, Verifier};
use crate::writer::Entropy;

/// An account that a store begins with.
pub struct FoundingAccount {
    /// Its name.
    pub name: AccountName,
    /// Its password.
    pub password: Password,
    /// What it may do.
    pub grants: Vec<Grant>,
}

/// What a store begins with.
pub struct Founder {
    /// Who sets it up.
    pub actor: Actor,
    /// Its first accounts.
    pub accounts: Vec<FoundingAccount>,
    /// Its first directory entries, parents first.
    pub directory: Vec<DirectoryEntry>,
}

/// Sets up a store in a data folder. Its master key is made if its file does not exist yet.
///
/// # Errors
/// When there is a store already, or anything on the way fails; then there is none.
pub fn found(
    data: &Path,
    options: LocalOptions,
    key: &MasterKeySource,
    founder: Founder,
) -> Result<(), StoreError> {
    if exists(data)? {
        return Err(StoreError::Present(data.into()));
    }
    create_folders(&RealDisk, data).map_err(|cause| StoreError::Folder {
        doing: "create",
        path: data.into(),
        cause,
    })?;
    refuse_unusable(data)?;
    let store = StoreId::new(random()?);
    // Taking the log first takes the folder's lock: two processes cannot set up one folder.
    let log = LocalLog::create(data, store, options)?;
    let key = MasterKeys::sole(make_or_read(key)?);
    let folder = data.join(VAULT_FOLDER);
    Vault::discard(&folder)?;
    let vault = Vault::create(&folder, store, &key)?;
    let mut next = KeyId::FIRST;
    let mut accounts = Vec::with_capacity(founder.accounts.len());
    for account in founder.accounts {
        let key = vault.key_to_give(next)?;
        accounts.push(store_account(&vault, account, key)?);
        next = key.next();
    }
    let command = CreateStore { store, accounts, directory: founder.directory };
    let commit = first_commit(&log, founder.actor, command)?;
    match log.append(commit) {
        AppendOutcome::Appended | AppendOutcome::Duplicate => {}
        AppendOutcome::Conflict { .. } => return Err(StoreError::Present(data.into())),
        AppendOutcome::Unknown { why } | AppendOutcome::Unavailable { why } => {
            return Err(StoreError::NotFounded(why));
        }
    }
    log.close();
    Ok(())
}

/// The journal's folder within the data folder, and how the names of its files end.
pub(crate) const JOURNAL_FOLDER: &str = "journal";
const SEGMENT_SUFFIX: &str = ".crmj";

/// What an unfinished store may have left in its folder, beside the demo's master key.
pub(crate) const OWN_NAMES: [&str; 7] =
    [JOURNAL_FOLDER, "lock", "master.key", "sled", "sled.aside", "sled.opening", VAULT_FOLDER];

/// Refuses a folder without a store in which none can be set up.
pub(crate) fn refuse_unusable(data: &Path) -> Result<(), StoreError> {
    // First what tells most: beside a lost journal more may stand than an unfinished store leaves.
    refuse_lost_journal(data)?;
    refuse_foreign(data)
}

/// Refuses a folder in which anything stands that is not ours, since setting up would wipe it away.
fn refuse_foreign(data: &Path) -> Result<(), StoreError> {
    let names = names_in(data)?;
    let sled = data.join("sled").exists();
    // Where sled is left of a store, it tells better what became of the rest than the store's security log does.
    let left = |name: &str| OWN_NAMES.contains(&name) || (sled && name.starts_with(SECURITY_LOG_FILE));
    if let Some(foreign) = names.iter().find(|name| !left(name)) {
        return Err(StoreError::Foreign { path: data.join(foreign) });
    }
    let journal = data.join(JOURNAL_FOLDER);
    let own =
        |name: &&String| name.as_str() == "head" || name.contains(SEGMENT_SUFFIX) || name.ends_with(".new");
    match names_in(&journal)?.iter().find(|name| !own(name)) {
        Some(foreign) => Err(StoreError::Foreign { path: journal.join(foreign) }),
        None => Ok(()),
    }
}

/// Refuses a vault beside a journal without a single segment. The first segment is durable before the vault is made,
/// and is only ever replaced, so that no unfinished store looks like this: the journal was lost, or is not mounted, and
/// its folder is the empty one that it is mounted on.
pub(super) fn refuse_lost_journal(data: &Path) -> Result<(), StoreError> {
    let (vault, journal) = (data.join(VAULT_FOLDER), data.join(JOURNAL_FOLDER));
    let stands = names_in(&journal)?.iter().any(|name| name.ends_with(SEGMENT_SUFFIX));
    if !stands && holds_a_file(&vault)? { Err(StoreError::JournalLost { vault, journal }) } else { Ok(()) }
}

/// Whether a file stands in a folder or below. An empty vault may be one that is not mounted yet.
fn holds_a_file(folder: &Path) -> Result<bool, StoreError> {
    for name in names_in(folder)? {
        let path = folder.join(name);
        if !path.is_dir() || holds_a_file(&path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The names in a folder; none when it is not there.
fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let unreadable = |cause| StoreError::Folder { doing: "read", path: folder.into(), cause };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    entries.map(|entry| Ok(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned())).collect()
}

fn make_or_read(source: &MasterKeySource) -> Result<MasterKey, StoreError> {
    if let MasterKeySource::File(path) = source
        && !path.exists()
    {
        let key = MasterKey::generate()?;
        key.write_new_file(path)?;
        return Ok(key);
    }
    Ok(master_key(source, &[])?)
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(VaultError::from)?;
    Ok(bytes)
}

fn store_account(vault: &Vault, new: FoundingAccount, key: KeyId) -> Result<NewAccount, StoreError> {
    let account = AccountId::new(random()?);
    let verifier = Verifier::of(&new.password).map_err(|error| StoreError::NotFounded(error.to_string()))?;
    let credential = Credential::new(account, new.name, None, verifier).map_err(VaultError::from)?;
    Ok(NewAccount {
        account,
        name: credential.name_commitment(),
        credential: vault.store_credential(&credential)?,
        key: Some(key),
        grants: new.grants,
    })
}

/// Everything that the log begins with, in one commit.
fn first_commit(log: &LocalLog, actor: Actor, command: CreateStore) -> Result<Commit, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::NotFounded(error.to_string());
    let request =
        Request { context: Context::of(actor), validate_only: false, command: Command::CreateStore(command) };
    let decision = decide(&State::default(), &request, None).map_err(|rejection| failed(&rejection))?;
    let micros = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    let clock = Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
    let mut builder = CommitBuilder::new(log.store(), log.head(), clock);
    let mut entropy = Entropy::default();
    for new in decision.events {
        let salt = entropy.salt().map_err(VaultError::from)?;
        let bytes = encode(salt, &new.context, &new.event).map_err(|error| failed(&error))?;
        builder.try_push(bytes.into()).map_err(|error| failed(&error))?;
    }
    builder.seal().ok_or_else(|| failed(&"nothing to begin with"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_anything_that_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert!(refuse_foreign(data).is_ok());
        std::fs::create_dir_all(data.join("vault/credentials")).unwrap();
        std::fs::create_dir(data.join("journal")).unwrap();
        std::fs::write(data.join("journal/00000001.crmj"), b"").unwrap();
        assert!(refuse_foreign(data).is_ok(), "an unfinished store is set up anew");
        std::fs::write(data.join("journal/letters.txt"), b"").unwrap();
        assert!(refuse_foreign(data).is_err());
        std::fs::remove_file(data.join("journal/letters.txt")).unwrap();
        std::fs::write(data.join("photo.jpg"), b"").unwrap();
        assert!(refuse_foreign(data).is_err());
    }

    #[test]
    fn a_vault_beside_a_journal_without_a_segment_is_a_store_that_lost_it() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path();
        assert!(refuse_lost_journal(data).is_ok());
        std::fs::create_dir_all(data.join("vault/credentials")).unwrap();
        assert!(refuse_lost_journal(data).is_ok(), "nothing is in the vault that could be lost");
        std::fs::write(data.join("vault/credentials/abc"), b"").unwrap();
        assert!(refuse_lost_journal(data).is_err());
        std::fs::create_dir(data.join("journal")).unwrap();
        for name in ["head", "00000001.crmj.new"] {
            std::fs::write(data.join("journal").join(name), b"").unwrap();
            assert!(refuse_lost_journal(data).is_err(), "{name} is no segment");
        }
        std::fs::write(data.join("journal/00000001.crmj"), b"").unwrap();
        assert!(refuse_lost_journal(data).is_ok());
    }
}
