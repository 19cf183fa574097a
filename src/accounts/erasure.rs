//! Erasing an account: its event first, then every file of the vault that could tell whose it was.

use std::collections::BTreeSet;
use std::sync::Arc;

use crmconf_events::command::{Command, EraseAccount};
use crmconf_events::{AccountId, CredentialId};
use tokio::task::spawn_blocking;

use super::{AccountError, Asked, Done, Registrar, Whom, done};
use crate::writer::WriteError;

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
        let stands = submitted.as_ref().map_or_else(WriteError::stands, |_| !dry);
        if let Some(account) = account.filter(|_| stands) {
            self.forget_account(account, named).await?;
        }
        Ok(done(account, submitted?))
    }

    /// Overwrites and removes every credential of an account. What cannot be removed now, the next start removes.
    async fn forget_account(
        &self,
        account: AccountId,
        named: Option<CredentialId>,
    ) -> Result<(), AccountError> {
        let mut credentials: BTreeSet<_> = self.vault.credentials_of(account).into_iter().collect();
        credentials.extend(named);
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
