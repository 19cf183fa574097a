//! The decider: from what has happened and what is wanted to what happens now. Pure.

mod account;
mod add;
mod change;
mod create_store;
mod delete;
mod found;
mod import_directory;
mod keys;
mod record_template;
mod request_key;

#[cfg(feature = "testkit")]
pub mod kit;

use std::sync::Arc;

use thiserror::Error;

pub use account::{ACCOUNTS_MAX, AccountDifference};
pub use found::{Found, InUse, Use};
pub use import_directory::ImportOutcome;
pub use request_key::{Again, Prior, Reading};

use crate::access::{Refusal, Right};
use crate::command::{Command, CredentialFault, Orphan, PartsFault, Request, RequestForm, TemplateUse};
use crate::event::{Context, Event, TemplateRecorded};
use crate::state::{ConfigurationState, Missing, State};
use crate::value::{ConfigurationId, Scope, Sequence};

/// What a command leads to.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What happens, in order; empty when nothing changes.
    pub events: Vec<NewEvent>,
    /// What the caller is told. `None` for a store's creation, and for a dry run of all but an import.
    pub outcome: Option<Outcome>,
}

/// An event that is about to be recorded, with what stands around it.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Who, from where and why.
    pub context: Context,
    /// The fact.
    pub event: Event,
}

/// What a caller is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Of a configuration.
    Configuration(ConfigurationOutcome),
    /// Of an account.
    Account {
        /// The sequence of its last event, its deletion included.
        version: Sequence,
        /// What became another.
        difference: AccountDifference,
    },
    /// Of an import into the directory, or of a portion of it.
    DirectoryImport(ImportOutcome),
    /// Of the destruction of data keys whose time has come: how many were given up.
    Destruction(usize),
}

impl Outcome {
    /// What is told of a configuration, if it is of one.
    #[must_use]
    pub fn into_configuration(self) -> Option<ConfigurationOutcome> {
        match self {
            Self::Configuration(outcome) => Some(outcome),
            Self::Account { .. } | Self::DirectoryImport(_) | Self::Destruction(_) => None,
        }
    }

    /// What is told of an import, if it is of one.
    #[must_use]
    pub fn into_import(self) -> Option<ImportOutcome> {
        match self {
            Self::DirectoryImport(outcome) => Some(outcome),
            Self::Account { .. } | Self::Configuration(_) | Self::Destruction(_) => None,
        }
    }

    /// What is told of a dry run: only what names nothing that would have to be there afterwards.
    fn of_a_dry_run(self) -> Option<Self> {
        self.into_import().map(Self::DirectoryImport)
    }
}

/// What a caller is told of the configuration that a command concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationOutcome {
    /// The configuration.
    pub id: ConfigurationId,
    /// The sequence of its last event, its deletion included.
    pub version: Sequence,
}

/// Why a command is refused. In the order in which the checks are made.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Rejection {
    /// The account was deleted or disabled since it signed in.
    #[error("the account may no longer sign in")]
    AccountGone,
    /// The account's grants do not allow it.
    #[error(transparent)]
    Refused(Refusal),
    /// Only administrators may do this.
    #[error("the account is no administrator")]
    NotAdministrator,
    /// The RequestKey stands for another request.
    #[error("the RequestKey was used for another request")]
    RequestKeyReused,
    /// The directory does not know something that the scope names.
    #[error("the directory does not know the {0:?}")]
    NotInDirectory(Missing),
    /// There are as many accounts as there may be.
    #[error("there are {ACCOUNTS_MAX} accounts, deleted ones included, which is the most")]
    TooManyAccounts,
    /// No such account.
    #[error("no such account")]
    NoSuchAccount,
    /// The account is the last enabled Administrator.
    #[error("the account is the last enabled Administrator")]
    LastAdministrator,
    /// There is no credential for what is wanted.
    #[error("there is no new credential: {0:?}")]
    Credential(CredentialFault),
    /// The account has another version than expected.
    #[error("the account has version {current}")]
    AccountVersionConflict {
        /// The version it has.
        current: Sequence,
    },
    /// Another command has replaced the credential that the new one was derived from: derive it again.
    #[error("the account's credential was replaced meanwhile")]
    CredentialReplaced,
    /// Entries that an import lists have no parent.
    #[error("the parents of {} entries are in neither the file nor the directory", .0.total)]
    ParentsMissing(Found<Orphan>),
    /// Entries of the directory cannot be removed.
    #[error("{} entries of the directory are in use", .0.total)]
    EntriesInUse(Found<InUse>),
    /// No such configuration in that scope.
    #[error("no such configuration in that scope")]
    NoSuchConfiguration,
    /// The configuration has another version than expected.
    #[error("the configuration has version {current}")]
    VersionConflict {
        /// The version it has.
        current: Sequence,
    },
    /// A Change names another type than the configuration has.
    #[error("the type of CRM cannot be changed")]
    CrmTypeDiffers,
    /// A part cannot stand.
    #[error("a part breaks a rule of its template")]
    Parts(PartsFault),
    /// Scope, type and description are those of another live configuration.
    #[error("another configuration has this scope, type and description")]
    DuplicateName,
    /// The clock is in doubt: no key is destroyed because its time has come, until somebody confirms it.
    #[error(
        "the clock is in doubt; until somebody confirms it, no key is destroyed because its time has come"
    )]
    DestructionHeld,
    /// Nothing is held, so that nothing can be resumed.
    #[error("the destruction of keys is not held")]
    DestructionNotHeld,
    /// Only the server itself asks for this.
    #[error("this is for the server itself")]
    NotForCallers,
    /// The store exists already.
    #[error("the store exists already")]
    StoreExists,
}

/// Decides a request on the state as it stands. `prior` is what the account's RequestKey, if one is given, was
/// first used for, with how the password values compare.
///
/// # Errors
/// The first check that fails, in the order that the API documents.
pub fn decide(
    state: &State,
    request: &Request,
    prior: Option<&(Prior, Vec<Reading>)>,
) -> Result<Decision, Rejection> {
    let mut decision = match &request.command {
        Command::CreateStore(command) => create_store::decide(state, request, command),
        Command::AddConfiguration(command) => add::decide(state, request, command, prior),
        Command::ChangeConfiguration(command) => change::decide(state, request, command, prior),
        Command::DeleteConfiguration(command) => delete::decide(state, request, command, prior),
        Command::ShredConfiguration(command) => keys::shred(state, request, command),
        Command::DestroyRetired(command) => keys::destroy_retired(state, request, command),
        Command::HoldDestruction(command) => keys::hold(state, request, *command),
        Command::ResumeDestruction => keys::resume(state, request),
        Command::RecordTemplate(template) => record_template::decide(state, request, template),
        Command::CreateAccount(command) => account::create(state, request, command),
        Command::ChangeAccount(command) => account::change(state, request, command),
        Command::SetCredential(command) => account::set_credential(state, request, command),
        Command::DeleteAccount(command) => account::delete(state, request, command),
        Command::EraseAccount(command) => account::erase(state, request, command),
        Command::ImportDirectory(command) => import_directory::decide(state, request, command),
    }?;
    if request.validate_only {
        let outcome = decision.outcome.and_then(Outcome::of_a_dry_run);
        decision = Decision { events: Vec::new(), outcome };
    }
    Ok(decision)
}

/// The checks that come first for every change of a configuration in a scope: grants, RequestKey, directory. A decision
/// when the request is a repetition.
fn admit(
    state: &State,
    request: &Request,
    scope: &Scope,
    form: &RequestForm,
    prior: Option<&(Prior, Vec<Reading>)>,
) -> Result<Option<Decision>, Rejection> {
    state.authorise(&request.context.actor, Right::Write, scope)?;
    if let Some(repeated) = request_key::replay(state, request, form, prior)? {
        return Ok(Some(repeated));
    }
    state.directory.check(scope).map_err(Rejection::NotInDirectory)?;
    Ok(None)
}

/// Finds a live configuration by id and scope, with the version that the caller expects.
fn locate<'a>(
    state: &'a State,
    id: Option<&ConfigurationId>,
    scope: &Scope,
    expected_version: Option<u64>,
) -> Result<(ConfigurationId, &'a Arc<ConfigurationState>), Rejection> {
    let id = id.ok_or(Rejection::NoSuchConfiguration)?;
    let found = state.configurations.get(id).filter(|found| found.name.scope == *scope);
    let found = found.ok_or(Rejection::NoSuchConfiguration)?;
    if expected_version.is_some_and(|expected| expected != found.version.get()) {
        return Err(Rejection::VersionConflict { current: found.version });
    }
    Ok((id.clone(), found))
}

/// The event that records a template at its first use, if this is it.
fn first_use(state: &State, request: &Request, template: &TemplateUse) -> Option<NewEvent> {
    (!state.templates.contains_key(&template.digest)).then(|| NewEvent {
        context: request.context.without_key(),
        event: TemplateRecorded {
            crm_type: template.crm_type.clone(),
            version: template.version.clone(),
            digest: template.digest,
            document: template.document.to_string(),
        }
        .into(),
    })
}

/// The decision to record `event` about a configuration, after the events that it brings along.
fn record(
    state: &State,
    before: impl IntoIterator<Item = NewEvent>,
    context: Context,
    id: ConfigurationId,
    event: Event,
) -> Decision {
    let mut events: Vec<_> = before.into_iter().collect();
    let version = state.next().plus(events.len() as u64);
    events.push(NewEvent { context, event });
    let outcome = Outcome::Configuration(ConfigurationOutcome { id, version });
    Decision { events, outcome: Some(outcome) }
}
