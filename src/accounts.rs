//! Administering accounts: what a decision takes beside it in the vault, in the order that survives a crash.
//!
//! A new credential's file is durable before the event that names it is decided; the old one goes after that. A command
//! that was refused takes its file along; of one whose outcome is not known both files stay, and the next start removes
//! the one that the log does not name. The API and the command line on a stopped store both come through here.

mod credentials;
mod erasure;
pub mod recorded;
mod roster;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crmconf_events::access::Grants;
use crmconf_events::command::{
    ChangeAccount, Command, CreateAccount, CredentialFault, DeleteAccount, Request, SetCredential,
};
use crmconf_events::decide::{AccountDifference, Outcome, Rejection};
use crmconf_events::event::Context;
use crmconf_events::{AccountId, CredentialId, Sequence};
use crmconf_projections::ReadModel;
use thiserror::Error;

use credentials::Draft;
pub use roster::{Member, Whom};

use crate::sessions::{CheckerError, PasswordChecker};
use crate::vault::{AccountName, DisplayName, Password, PasswordError, Vault, VaultError};
use crate::writer::{Views, WriteError, WriteResult, Writer};

/// How often a credential is derived anew because another change of the account was faster.
const TRIES_MAX: u32 = 8;

/// Administers accounts. Clones share everything.
#[derive(Clone)]
pub struct Registrar {
    writer: Writer,
    views: Views,
    vault: Arc<Vault>,
    checker: PasswordChecker,
    doubtful: Arc<erasure::Doubtful>,
}

/// How something is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Who asks, from where and why.
    pub context: Context,
    /// Whether only to check.
    pub validate_only: bool,
}

/// A password that an account is to have, or why it cannot be one.
pub type ChosenPassword = Result<Password, PasswordError>;

/// An account to be added.
#[derive(Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: AccountName,
    /// How its holder is called in full.
    pub display_name: Option<DisplayName>,
    /// Its password.
    pub password: ChosenPassword,
    /// Whether it may sign in.
    pub enabled: bool,
    /// What it may do.
    pub grants: Grants,
}

/// What is to become another of an account; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// The version that it must have.
    pub expected_version: Option<u64>,
    /// Its new name.
    pub name: Option<AccountName>,
    /// How its holder is called in full.
    pub display_name: Option<DisplayName>,
    /// Whether nothing is to be known any more of how its holder is called in full.
    pub no_display_name: bool,
    /// Its new password.
    pub password: Option<ChosenPassword>,
    /// Whether it may sign in.
    pub enabled: Option<bool>,
    /// All its grants.
    pub grants: Option<Grants>,
}

/// What was done, as the caller is told and as it is worth recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The account.
    pub account: AccountId,
    /// The sequence of its last event, its deletion included.
    pub version: Sequence,
    /// What became another.
    pub difference: AccountDifference,
}

/// Why nothing was done, or why that is not known. None of these tells a name.
#[derive(Debug, Error)]
pub enum AccountError {
    /// The command has no outcome.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The password's verifier was not made.
    #[error(transparent)]
    Password(#[from] CheckerError),
    /// The credential was not stored.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Other changes of the account were faster every time.
    #[error("other changes of the account were faster every time; try again in a moment")]
    Contended,
    /// What the operating system runs work on has gone.
    #[error("the work was cut off: {0}")]
    CutOff(#[from] tokio::task::JoinError),
}

impl From<Rejection> for AccountError {
    fn from(rejection: Rejection) -> Self {
        Self::Write(rejection.into())
    }
}

impl Registrar {
    /// Administers the accounts that this writer writes and these views show, with their credentials in this vault.
    #[must_use]
    pub fn new(writer: Writer, views: Views, vault: Arc<Vault>, checker: PasswordChecker) -> Self {
        Self { writer, views, vault, checker, doubtful: Arc::default() }
    }

    /// Adds an account. `None` for a dry run.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn add(&self, asked: Asked, new: NewAccount) -> Result<Option<Done>, AccountError> {
        let account = AccountId::new(credentials::random()?);
        let NewAccount { name, display_name, password, enabled, grants } = new;
        let held = self.vault.reserve(&name, account);
        let credential = match (&held, password) {
            (Err(_), _) => Err(CredentialFault::NameTaken),
            (Ok(_), Err(PasswordError::Length)) => Err(CredentialFault::PasswordRefused),
            (Ok(_), Ok(_)) if asked.validate_only => Ok(credentials::placeholder()?),
            (Ok(_), Ok(password)) => Ok(self.first_credential(account, name, display_name, password).await?),
        };
        let fresh = credential.ok().map(|named| named.credential);
        let command = CreateAccount { account, credential, key: None, enabled, grants };
        let outcome = self.settle(asked, Command::CreateAccount(command), fresh, None).await?;
        Ok(done(Some(account), outcome))
    }

    /// Changes an account. `None` for a dry run.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn change(
        &self,
        asked: Asked,
        whom: &Whom,
        change: &AccountChange,
    ) -> Result<Option<Done>, AccountError> {
        let mut verifier = None;
        for _ in 0..TRIES_MAX {
            let found = self.member(whom);
            let draft = self.draft(found.as_ref(), change, &mut verifier, asked.validate_only).await?;
            match self.try_change(asked.clone(), found.as_ref(), change, draft).await {
                Err(AccountError::Write(WriteError::Rejected(Rejection::CredentialReplaced))) => {}
                ended => return ended,
            }
        }
        Err(AccountError::Contended)
    }

    async fn try_change(
        &self,
        asked: Asked,
        found: Option<&Member>,
        change: &AccountChange,
        draft: Option<Result<Draft, CredentialFault>>,
    ) -> Result<Option<Done>, AccountError> {
        let account = found.map(|member| member.account.id);
        let drafted = draft.as_ref().and_then(|draft| draft.as_ref().ok());
        let command = ChangeAccount {
            account,
            expected_version: change.expected_version,
            credential: draft
                .as_ref()
                .map(|draft| draft.as_ref().map(|draft| draft.new).map_err(|fault| *fault)),
            enabled: change.enabled,
            grants: change.grants.clone(),
        };
        let (fresh, old) = drafted.map(|draft| (draft.new.credential, draft.new.base)).unzip();
        // The draft, and with it the name that it has reserved, is kept until the outcome is there.
        let outcome = self.settle(asked, Command::ChangeAccount(command), fresh, old).await?;
        Ok(done(account, outcome))
    }

    /// Gives an account another password in its holder's name, who has confirmed the one in the credential `base`. `stands` is
    /// shown the read models as soon as the change is visible there, which ends sessions.
    ///
    /// # Errors
    /// See [`AccountError`]; [`Rejection::CredentialReplaced`] when that credential does not count any more.
    pub async fn set_password(
        &self,
        context: Context,
        account: AccountId,
        base: CredentialId,
        password: Password,
        stands: impl FnOnce(&ReadModel),
    ) -> Result<Option<Done>, AccountError> {
        let present = self.vault.credential(base).ok_or(Rejection::CredentialReplaced)?;
        let verifier = self.checker.hash(password).await?;
        let credential = self.store(present.with_verifier(verifier)).await?;
        let command = Command::SetCredential(SetCredential { account, base, credential });
        let asked = Asked { context, validate_only: false };
        let submitted = self.submit(asked, command).await;
        if submitted.is_ok() {
            stands(&self.views.load());
        }
        let outcome = self.settled(submitted, Some(credential), Some(base)).await?;
        Ok(done(Some(account), outcome))
    }

    /// Deletes an account. Its credential stays, so that its name is not given again. `None` for a dry run.
    ///
    /// # Errors
    /// See [`AccountError`].
    pub async fn delete(
        &self,
        asked: Asked,
        whom: &Whom,
        expected_version: Option<u64>,
    ) -> Result<Option<Done>, AccountError> {
        let account = self.member(whom).map(|member| member.account.id);
        let command = Command::DeleteAccount(DeleteAccount { account, expected_version });
        let outcome = self.settle(asked, command, None, None).await?;
        Ok(done(account, outcome))
    }

    /// Has a command decided, and does with the files what its outcome says.
    async fn settle(
        &self,
        asked: Asked,
        command: Command,
        fresh: Option<CredentialId>,
        old: Option<CredentialId>,
    ) -> Result<Option<Outcome>, AccountError> {
        // A dry run has stored nothing.
        let [fresh, old] = [fresh, old].map(|credential| credential.filter(|_| !asked.validate_only));
        let submitted = self.submit(asked, command).await;
        self.settled(submitted, fresh, old).await
    }

    async fn submit(&self, asked: Asked, command: Command) -> WriteResult {
        let Asked { context, validate_only } = asked;
        self.writer.submit(Request { context, validate_only, command }).await
    }

    /// The fresh credential goes when the command was refused, the old one when it stands. Of a command whose outcome is not
    /// known both stay.
    async fn settled(
        &self,
        submitted: WriteResult,
        fresh: Option<CredentialId>,
        old: Option<CredentialId>,
    ) -> Result<Option<Outcome>, AccountError> {
        let forgotten = match &submitted {
            Ok(_) | Err(WriteError::NotDestroyed(_) | WriteError::BucketLacking) => old,
            Err(WriteError::Unknown(_)) => None,
            Err(
                WriteError::Rejected(_)
                | WriteError::DataKey(_)
                | WriteError::Unavailable(_)
                | WriteError::Overloaded
                | WriteError::Draining,
            ) => fresh,
        };
        if let Some(credential) = forgotten {
            self.forget(credential).await;
        }
        Ok(submitted?)
    }
}

fn done(account: Option<AccountId>, outcome: Option<Outcome>) -> Option<Done> {
    match (account, outcome) {
        (Some(account), Some(Outcome::Account { version, difference })) => {
            Some(Done { account, version, difference })
        }
        (
            Some(_) | None,
            Some(
                Outcome::Account { .. }
                | Outcome::Configuration(_)
                | Outcome::DirectoryImport(_)
                | Outcome::Destruction(_),
            )
            | None,
        ) => None,
    }
}

impl fmt::Debug for Registrar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registrar").finish_non_exhaustive()
    }
}
