//! Setting up a store: master key, vault, credentials, then everything that the log begins with in one commit.
//!
//! The commit comes last. A kill before it leaves a folder without a store, which is set up anew the next time; a
//! kill after it leaves all of it.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crmconf_events::access::Grant;
use crmconf_events::command::{Command, CreateStore, DirectoryEntry, NewAccount, Request};
use crmconf_events::commit::{Commit, CommitBuilder};
use crmconf_events::decide::decide;
use crmconf_events::event::{Actor, Context, encode};
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LocalOptions};
use crmconf_events::state::State;
use crmconf_events::{AccountId, StoreId, Timestamp};

use super::{StoreError, VAULT_FOLDER, exists, master_key};
use crate::settings::MasterKeySource;
use crate::vault::{AccountName, Credential, MasterKey, Password, Vault, VaultError, Verifier};
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
    make_private_folder(data)?;
    let store = StoreId::new(random()?);
    // Taking the log first takes the folder's lock: two processes cannot set up one folder.
    let log = LocalLog::create(data, store, options)?;
    let key = make_or_read(key)?;
    let folder = data.join(VAULT_FOLDER);
    Vault::discard(&folder)?;
    let vault = Vault::create(&folder, store, &key)?;
    let accounts = founder
        .accounts
        .into_iter()
        .map(|account| store_account(&vault, account))
        .collect::<Result<Vec<_>, _>>()?;
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

/// A folder that only its owner can look into.
fn make_private_folder(data: &Path) -> Result<(), StoreError> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|cause| StoreError::Folder {
        doing: "create",
        path: data.into(),
        cause,
    })
}

fn make_or_read(source: &MasterKeySource) -> Result<MasterKey, StoreError> {
    if let MasterKeySource::File(path) = source
        && !path.exists()
    {
        let key = MasterKey::generate()?;
        key.write_new_file(path)?;
        return Ok(key);
    }
    Ok(master_key(source)?)
}

fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(VaultError::from)?;
    Ok(bytes)
}

fn store_account(vault: &Vault, new: FoundingAccount) -> Result<NewAccount, StoreError> {
    let account = AccountId::new(random()?);
    let verifier = Verifier::of(&new.password).map_err(|error| StoreError::NotFounded(error.to_string()))?;
    let credential = Credential::new(account, new.name, None, verifier).map_err(VaultError::from)?;
    Ok(NewAccount {
        account,
        name: credential.name_commitment(),
        credential: vault.store_credential(&credential)?,
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
