//! Erasing an account: its event first, then every file of the vault that could tell whose it was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crmconf_events::command::{Command, EraseAccount};
use crmconf_events::decide::Rejection;
use crmconf_events::{AccountId, CredentialId};
use tokio::task::spawn_blocking;

use super::{AccountError, Asked, Done, Registrar, Whom, done};
use crate::writer::{WriteError, WriteResult};

/// Erasures of this process whose outcome is not known, or that have left a file behind: the account, and its credentials
/// as far as they are known. Where one is repeated and there is no such account any more, it stands. From the vault alone
/// that could not be told: an account that is just being added has a file there too, and no event yet.
#[derive(Default)]
pub(super) struct Doubtful(Mutex<BTreeMap<AccountId, BTreeSet<CredentialId>>>);

impl Doubtful {
    fn all(&self) -> MutexGuard<'_, BTreeMap<AccountId, BTreeSet<CredentialId>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registrar {
    /// Whom an erasure concerns: an account, or a deleted one. By its name that is found as long as the vault holds it.
    #[must_use]
    pub fn erasable(&self, whom: &Whom) -> Option<AccountId> {
        let name = match whom {
            Whom::Id(id) => return Some(*id),
            Whom::Name(name) => name,
        };
        if let Some(member) = self.member(whom) {
            return Some(member.account.id);
        }
        // A name that an account of the view had before is not one to find it by: its file is about to go.
        let view = self.views.load();
        let mut holders = self.vault.find(name).into_iter().map(|(_, credential)| credential.account());
        holders.find(|holder| view.accounts.get(holder).is_none())
    }

    /// Erases an account: its name and addresses are given up for ever, and its name may be given again. A live one is
    /// deleted by it. `None` for a dry run.
    ///
    /// # Errors
    /// See [`AccountError`]; [`WriteError::NotDestroyed`] where the event stands, and something that it gives up does too.
    pub async fn erase(
        &self,
        asked: Asked,
        account: Option<AccountId>,
        expected_version: Option<u64>,
    ) -> Result<Option<Done>, AccountError> {
        let dry = asked.validate_only;
        // The view forgets it; and in the index of the vault a damaged file stands under no account.
        let named = account.and_then(|id| Some(self.views.load().accounts.get(&id)?.credential));
        let submitted =
            self.submit(asked, Command::EraseAccount(EraseAccount { account, expected_version })).await;
        if let Some(account) = account.filter(|_| !dry) {
            self.settle_erasure(account, named, &submitted).await?;
        }
        Ok(done(account, submitted?))
    }

    /// Forgets the account whose erasure stands, by this outcome or by that of an earlier request for it.
    async fn settle_erasure(
        &self,
        account: AccountId,
        named: Option<CredentialId>,
        submitted: &WriteResult,
    ) -> Result<(), AccountError> {
        let before = self.doubtful.all().get(&account).cloned();
        let gone =
            matches!(submitted, Err(WriteError::Rejected(Rejection::NoSuchAccount))) && before.is_some();
        let mut credentials: BTreeSet<_> = before.into_iter().flatten().chain(named).collect();
        if matches!(submitted, Err(WriteError::Unknown(_))) {
            self.doubtful.all().insert(account, credentials);
        } else if gone || submitted.as_ref().map_or_else(WriteError::stands, |_| true) {
            credentials.extend(self.vault.credentials_of(account));
            let forgotten = self.forget_account(account, credentials.clone()).await;
            match &forgotten {
                Ok(()) => self.doubtful.all().remove(&account),
                Err(_) => self.doubtful.all().insert(account, credentials),
            };
            forgotten?;
        }
        Ok(())
    }

    /// Overwrites and removes every credential of an account. What cannot be removed now, the next start removes.
    async fn forget_account(
        &self,
        account: AccountId,
        credentials: BTreeSet<CredentialId>,
    ) -> Result<(), AccountError> {
        let vault = Arc::clone(&self.vault);
        let remove = move || {
            // All of them, whatever becomes of one.
            let removed: Vec<_> = credentials.into_iter().map(|id| vault.remove_credential(id)).collect();
            removed.into_iter().collect::<Result<(), _>>()
        };
        let removed = spawn_blocking(remove).await.map_err(AccountError::from);
        removed.and_then(|removed| Ok(removed?)).map_err(|error| {
            tracing::error!(%account, %error, "a credential of an erased account could not be removed; the next start \
                 removes it");
            WriteError::NotDestroyed(error.to_string()).into()
        })
    }
}
