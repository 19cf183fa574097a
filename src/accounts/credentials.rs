//! Credentials for commands: derived from what the vault holds, stored before the command, and forgotten after it.

use std::sync::Arc;

use crmconf_events::command::{CredentialDifference, CredentialFault, NamedCredential, NewCredential};
use crmconf_events::{AccountId, CredentialId, NameCommitment};
use tokio::task::spawn_blocking;

use super::roster::Member;
use super::{AccountChange, AccountError, Registrar};
use crate::vault::{
    AccountName, Credential, DisplayName, NameReservation, Password, PasswordError, VaultError, Verifier,
};

/// A new credential of an account, with its name reserved as long as this lives.
pub(super) struct Draft {
    pub(super) new: NewCredential,
    _held: Option<NameReservation>,
}

/// Fresh random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], AccountError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(VaultError::from)?;
    Ok(bytes)
}

/// What stands for a credential in a dry run, which stores none.
pub(super) fn placeholder() -> Result<NamedCredential, AccountError> {
    Ok(NamedCredential { name: NameCommitment::new(random()?), credential: CredentialId::new(random()?) })
}

impl Registrar {
    /// The first credential of an account, stored.
    pub(super) async fn first_credential(
        &self,
        account: AccountId,
        name: AccountName,
        display_name: Option<DisplayName>,
        password: Password,
    ) -> Result<NamedCredential, AccountError> {
        let verifier = self.checker.hash(password).await?;
        let credential = Credential::new(account, name, display_name, verifier).map_err(VaultError::from)?;
        let name = credential.name_commitment();
        Ok(NamedCredential { name, credential: self.store(credential).await? })
    }

    /// The credential that a change leads to, stored unless it is a dry run; `None` when the present one stays. The
    /// password's verifier is made once, however often the change is tried.
    pub(super) async fn draft(
        &self,
        found: Option<&Member>,
        change: &AccountChange,
        verifier: &mut Option<Verifier>,
        validate_only: bool,
    ) -> Result<Option<Result<Draft, CredentialFault>>, AccountError> {
        let id = match found {
            Some(member) => member.account.id,
            // Nobody: whether the name is free is told all the same.
            None => AccountId::new(random()?),
        };
        let held = change.name.as_ref().map(|name| self.vault.reserve(name, id)).transpose();
        let (held, member) = match (held, found) {
            (Err(_), _) => return Ok(Some(Err(CredentialFault::NameTaken))),
            (Ok(_), None) => return Ok(None),
            (Ok(held), Some(member)) => (held, member),
        };
        if let Some(Err(PasswordError::Length)) = change.password {
            return Ok(Some(Err(CredentialFault::PasswordRefused)));
        }
        let Some(renamed) = renaming(member, change) else { return Ok(Some(Err(CredentialFault::Lost))) };
        if !renamed && change.password.is_none() {
            return Ok(None);
        }
        let base = member.account.credential;
        let (name, credential) = if validate_only {
            let NamedCredential { name, credential } = placeholder()?;
            (name, credential)
        } else {
            if let (Some(Ok(password)), None) = (&change.password, &verifier) {
                *verifier = Some(self.checker.hash(password.clone()).await?);
            }
            let Some(derived) = derive(member, change, renamed, verifier.as_ref())? else {
                return Ok(Some(Err(CredentialFault::Lost)));
            };
            (derived.name_commitment(), self.store(derived).await?)
        };
        let difference = match (renamed, &change.password) {
            (true, None) => CredentialDifference::Name(name),
            (true, Some(_)) => CredentialDifference::NameAndPassword(name),
            (false, _) => CredentialDifference::Password,
        };
        Ok(Some(Ok(Draft { new: NewCredential { base, credential, difference }, _held: held })))
    }

    /// Stores a credential, durably, off the async threads.
    pub(super) async fn store(&self, credential: Credential) -> Result<CredentialId, AccountError> {
        let vault = Arc::clone(&self.vault);
        Ok(spawn_blocking(move || vault.store_credential(&credential)).await??)
    }

    /// Overwrites and removes a credential that nothing names any more. What could not be removed, the next start removes:
    /// the caller's change stands or falls without it.
    pub(super) async fn forget(&self, credential: CredentialId) {
        let vault = Arc::clone(&self.vault);
        let removed = spawn_blocking(move || vault.remove_credential(credential)).await;
        let removed = removed.map_err(AccountError::from).and_then(|removed| Ok(removed?));
        if let Err(error) = removed {
            tracing::error!(%error, "a credential that nothing names could not be removed; the next start removes it");
        }
    }
}

/// Whether a change gives another name or full name; `None` when the present ones are lost and the change does not bring
/// what a new credential needs.
fn renaming(member: &Member, change: &AccountChange) -> Option<bool> {
    let AccountChange { name, display_name, no_display_name, password, .. } = change;
    match &member.credential {
        Some(present) => {
            let renamed = name.as_ref().is_some_and(|name| name != present.name());
            let called = display_name.as_ref().is_some_and(|name| Some(name) != present.display_name());
            let uncalled = *no_display_name && present.display_name().is_some();
            Some(renamed || called || uncalled)
        }
        None => match (name, display_name, password) {
            (Some(_), _, Some(_)) => Some(true),
            (None, None, None) => Some(false),
            (Some(_) | None, _, _) => None,
        },
    }
}

/// The credential that a change makes of the present one, or of nothing where that is lost.
fn derive(
    member: &Member,
    change: &AccountChange,
    renamed: bool,
    verifier: Option<&Verifier>,
) -> Result<Option<Credential>, AccountError> {
    let (name, display_name) = (change.name.clone(), change.display_name.clone());
    let Some(present) = &member.credential else {
        let (Some(name), Some(verifier)) = (name, verifier.cloned()) else { return Ok(None) };
        let credential = Credential::new(member.account.id, name, display_name, verifier);
        return Ok(Some(credential.map_err(VaultError::from)?));
    };
    let mut derived = Credential::clone(present);
    if renamed {
        let name = name.unwrap_or_else(|| present.name().clone());
        let kept = present.display_name().filter(|_| !change.no_display_name);
        let display_name = display_name.or_else(|| kept.cloned());
        derived = derived.renamed(name, display_name).map_err(VaultError::from)?;
    }
    Ok(Some(match verifier {
        Some(verifier) => derived.with_verifier(verifier.clone()),
        None => derived,
    }))
}
