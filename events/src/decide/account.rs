//! Accounts: created, changed, deleted. Authorisation, directory, 31200 to 31203 and the version are checked in the
//! order of the API's codes.

use super::{Decision, NewEvent, Outcome, Rejection};
use crate::access::{Grant, Grants};
use crate::command::{
    ChangeAccount, CreateAccount, CredentialDifference, CredentialFault, DeleteAccount, EraseAccount,
    NewCredential, Request, SetCredential,
};
use crate::event::{
    AccountCreated, AccountDeleted, AccountDisabled, AccountEnabled, AccountErased, AccountRenamed, Actor,
    CredentialSet, Event, GrantGiven, GrantTaken,
};
use crate::state::{AccountState, State};
use crate::value::{AccountId, Sequence};

/// The most accounts, deleted ones included: each keeps a name, and a file in the vault.
pub const ACCOUNTS_MAX: usize = 100_000;

/// What a decision changed of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountDifference {
    /// It was created.
    pub created: bool,
    /// It was deleted.
    pub deleted: bool,
    /// Its name and addresses were given up.
    pub erased: bool,
    /// It got another name, or its holder another full one.
    pub renamed: bool,
    /// It got another password; a new account's first one does not count.
    pub password: bool,
    /// It may sign in from now on, or no longer.
    pub enabled: Option<bool>,
    /// Grants that it got.
    pub given: Vec<Grant>,
    /// Grants that it lost.
    pub taken: Vec<Grant>,
}

pub(super) fn create(
    state: &State,
    request: &Request,
    command: &CreateAccount,
) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    check_directory(state, command.grants.iter())?;
    if state.accounts.len().saturating_add(state.deleted.len()) >= ACCOUNTS_MAX {
        return Err(Rejection::TooManyAccounts);
    }
    let credential = command.credential.map_err(Rejection::Credential)?;
    let account = command.account;
    let mut events: Vec<Event> = vec![
        AccountCreated {
            account,
            name: credential.name,
            credential: credential.credential,
            key: command.key,
        }
        .into(),
    ];
    if !command.enabled {
        events.push(AccountDisabled { account }.into());
    }
    events.extend(command.grants.iter().cloned().map(|grant| GrantGiven { account, grant }.into()));
    Ok(record(state, request, None, events))
}

pub(super) fn change(
    state: &State,
    request: &Request,
    command: &ChangeAccount,
) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    let found = command.account.and_then(|id| Some((id, &**state.accounts.get(&id)?)));
    let none = Grants::default();
    let present = found.map_or(&none, |(_, account)| &account.grants);
    let grants = command.grants.as_ref();
    check_directory(state, grants.into_iter().flat_map(|grants| grants.beyond(present)))?;
    if let Some(Err(CredentialFault::NameTaken)) = command.credential {
        return Err(Rejection::Credential(CredentialFault::NameTaken));
    }
    let (id, account) = found.ok_or(Rejection::NoSuchAccount)?;
    let enabled = command.enabled.unwrap_or(account.enabled);
    if !(enabled && grants.unwrap_or(present).administer()) {
        keep_an_administrator(state, id, account)?;
    }
    let credential = command.credential.transpose().map_err(Rejection::Credential)?;
    check_version(account, command.expected_version)?;
    let mut events = Vec::new();
    if let Some(new) = credential {
        events.extend(replace_credential(id, account, new)?);
    }
    if enabled != account.enabled {
        events.push(if enabled {
            AccountEnabled { account: id }.into()
        } else {
            AccountDisabled { account: id }.into()
        });
    }
    if let Some(grants) = grants {
        let (taken, given) = (present.beyond(grants).cloned(), grants.beyond(present).cloned());
        events.extend(taken.map(|grant| GrantTaken { account: id, grant }.into()));
        events.extend(given.map(|grant| GrantGiven { account: id, grant }.into()));
    }
    Ok(record(state, request, Some(account.version), events))
}

pub(super) fn set_credential(
    state: &State,
    request: &Request,
    command: &SetCredential,
) -> Result<Decision, Rejection> {
    let SetCredential { account: id, base, credential } = *command;
    match request.context.actor {
        Actor::Account(actor) if actor != id => state.authorise_administration(&request.context.actor)?,
        Actor::Account(_) | Actor::Operator(_) | Actor::System => {}
    }
    // Who was disabled or deleted may no more change a password than sign in.
    let account = state.accounts.get(&id).filter(|account| account.enabled).ok_or(Rejection::AccountGone)?;
    let new = NewCredential { base, credential, difference: CredentialDifference::Password };
    let events = replace_credential(id, account, new)?;
    Ok(record(state, request, Some(account.version), events))
}

pub(super) fn delete(
    state: &State,
    request: &Request,
    command: &DeleteAccount,
) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    let found = command.account.and_then(|id| Some((id, state.accounts.get(&id)?)));
    let (id, account) = found.ok_or(Rejection::NoSuchAccount)?;
    keep_an_administrator(state, id, account)?;
    check_version(account, command.expected_version)?;
    Ok(record(state, request, None, vec![AccountDeleted { account: id }.into()]))
}

/// Erases an account. A live one is deleted by it, since it has no name afterwards.
pub(super) fn erase(state: &State, request: &Request, command: &EraseAccount) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    let account = command.account.ok_or(Rejection::NoSuchAccount)?;
    if let Some(live) = state.accounts.get(&account) {
        keep_an_administrator(state, account, live)?;
        check_version(live, command.expected_version)?;
        let erased = AccountErased { account, key: live.key };
        return Ok(record(state, request, None, vec![AccountDeleted { account }.into(), erased.into()]));
    }
    let deleted = state.deleted.get(&account).ok_or(Rejection::NoSuchAccount)?;
    Ok(record(state, request, None, vec![AccountErased { account, key: deleted.key }.into()]))
}

/// Checks that the directory knows the scope of each of these grants; what is missing furthest up is told.
fn check_directory<'a>(state: &State, grants: impl Iterator<Item = &'a Grant>) -> Result<(), Rejection> {
    match grants.filter_map(|grant| state.directory.check(&grant.scope).err()).min() {
        Some(missing) => Err(Rejection::NotInDirectory(missing)),
        None => Ok(()),
    }
}

/// Refuses what takes the last enabled Administrator away. An account that is none may go.
fn keep_an_administrator(state: &State, id: AccountId, account: &AccountState) -> Result<(), Rejection> {
    let another = || state.accounts.iter().any(|(other, account)| *other != id && account.is_administrator());
    if account.is_administrator() && !another() { Err(Rejection::LastAdministrator) } else { Ok(()) }
}

fn check_version(account: &AccountState, expected: Option<u64>) -> Result<(), Rejection> {
    match expected {
        Some(expected) if expected != account.version.get() => {
            Err(Rejection::AccountVersionConflict { current: account.version })
        }
        Some(_) | None => Ok(()),
    }
}

/// What is recorded of a new credential. Name and password at once are two events, so that the history tells both.
fn replace_credential(
    id: AccountId,
    account: &AccountState,
    new: NewCredential,
) -> Result<Vec<Event>, Rejection> {
    if new.base != account.credential {
        return Err(Rejection::CredentialReplaced);
    }
    let credential = new.credential;
    let renamed = |name| Event::from(AccountRenamed { account: id, name, credential });
    let set = || Event::from(CredentialSet { account: id, credential });
    Ok(match new.difference {
        CredentialDifference::Name(name) => vec![renamed(name)],
        CredentialDifference::Password => vec![set()],
        CredentialDifference::NameAndPassword(name) => vec![renamed(name), set()],
    })
}

/// The decision to record these events of an account; without any it keeps its version.
fn record(state: &State, request: &Request, present: Option<Sequence>, events: Vec<Event>) -> Decision {
    let last = (events.len() as u64).saturating_sub(1);
    let version = present.filter(|_| events.is_empty()).unwrap_or_else(|| state.next().plus(last));
    let outcome = Outcome::Account { version, difference: difference(&events) };
    let record = |event| NewEvent { context: request.context.without_key(), event };
    Decision { events: events.into_iter().map(record).collect(), outcome: Some(outcome) }
}

fn difference(events: &[Event]) -> AccountDifference {
    let mut difference = AccountDifference::default();
    for event in events {
        match event {
            Event::AccountCreated(_) => difference.created = true,
            Event::AccountDeleted(_) => difference.deleted = true,
            Event::AccountErased(_) => difference.erased = true,
            Event::AccountRenamed(_) => difference.renamed = true,
            Event::CredentialSet(_) => difference.password = true,
            Event::AccountEnabled(_) => difference.enabled = Some(true),
            Event::AccountDisabled(_) => difference.enabled = Some(false),
            Event::GrantGiven(e) => difference.given.push(e.grant.clone()),
            Event::GrantTaken(e) => difference.taken.push(e.grant.clone()),
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
            | Event::RequestRecorded(_)
            | Event::DestructionHeld(_)
            | Event::DestructionResumed(_)
            | Event::ConfigurationAdded(_)
            | Event::ConfigurationChanged(_)
            | Event::ConfigurationDeleted(_)
            | Event::ConfigurationShredded(_)
            | Event::TelSysRegistered(_)
            | Event::TelSysRenamed(_)
            | Event::TelSysRemoved(_)
            | Event::PartitionRegistered(_)
            | Event::PartitionRenamed(_)
            | Event::PartitionRemoved(_)
            | Event::DeviceRegistered(_)
            | Event::DeviceRenamed(_)
            | Event::DeviceRemoved(_) => {}
        }
    }
    difference
}
