//! Accounts in the data folder of a stopped server.

use std::path::Path;
use std::sync::Arc;

use crmconf_events::Reason;
use crmconf_events::decide::Rejection;
use crmconf_events::event::Context;

use super::{Adding, Administers, Changed, Changing, Shown};
use crate::accounts::{
    AccountChange, AccountError, Asked, Done, Member, NewAccount, Registrar, Whom, recorded,
};
use crate::commands::Failure;
use crate::commands::stopped::{Stopped, operator, refused};
use crate::security_log::FileOptions;
use crate::sessions::PasswordChecker;
use crate::settings::MasterKeySources;
use crate::vault::{AccountName, Password};
use crate::writer::WriteError;

/// An open store, and who administers its accounts.
pub(super) struct Local {
    store: Stopped,
    registrar: Registrar,
}

impl Local {
    /// Opens the store of a data folder, which no server may have open.
    pub(super) fn open(
        data: &Path,
        keys: &MasterKeySources,
        security_log: Option<FileOptions>,
    ) -> Result<Self, Failure> {
        let store = Stopped::open(data, keys, security_log)?;
        let (writer, views, vault) =
            (store.writer.clone(), Arc::clone(&store.views), Arc::clone(&store.vault));
        let registrar = Registrar::new(writer, views, vault, PasswordChecker::default());
        Ok(Self { store, registrar })
    }

    /// Ends the writer and closes the log.
    pub(super) fn close(self) -> Result<(), Failure> {
        let Self { store, registrar } = self;
        drop(registrar);
        store.close()
    }

    fn record(&self, done: Option<&Done>) {
        self.store.record(done.and_then(|done| recorded::fact(done, None)));
    }
}

impl Administers for Local {
    fn accounts(&mut self) -> Result<Vec<Shown>, Failure> {
        let view = self.registrar.view();
        let mut found: Vec<_> = self.registrar.members(&view).map(|member| shown(&member)).collect();
        found.sort_by_cached_key(|shown| (crmconf_projections::Sortable::new(&shown.name), shown.id.clone()));
        Ok(found)
    }

    fn account(&mut self, name: &AccountName) -> Result<Shown, Failure> {
        let found = self.registrar.member(&whom(name)).as_ref().map(shown);
        found.ok_or_else(|| refused(Rejection::NoSuchAccount))
    }

    fn add(&mut self, new: Adding, reason: Option<&Reason>) -> Result<(), Failure> {
        let Adding { name, display_name, password, enabled, grants } = new;
        let new = NewAccount { name, display_name, password: Password::chosen(&password), enabled, grants };
        let added = self.store.wait(self.registrar.add(asked(reason), new));
        added.map(|done| self.record(done.as_ref())).map_err(refused)
    }

    fn change(
        &mut self,
        name: &AccountName,
        change: Changing,
        reason: Option<&Reason>,
    ) -> Result<Changed, Failure> {
        let Changing { expected_version, name: new_name, display_name, password, enabled, grants } = change;
        let password = password.map(|password| Password::chosen(&password));
        let change = AccountChange {
            expected_version,
            name: new_name,
            display_name,
            password,
            enabled,
            grants,
            no_display_name: false,
        };
        let whom = whom(name);
        match self.store.wait(self.registrar.change(asked(reason), &whom, &change)) {
            Ok(done) => {
                self.record(done.as_ref());
                Ok(Changed::Done)
            }
            Err(AccountError::Write(WriteError::Rejected(Rejection::AccountVersionConflict { .. }))) => {
                Ok(Changed::Raced)
            }
            Err(error) => Err(refused(error)),
        }
    }

    fn erase(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure> {
        let account = self.registrar.erasable(&whom(name));
        let erased = self.store.wait(self.registrar.erase(asked(reason), account, None));
        self.store.record(recorded::erasure(account, &erased));
        erased.map(drop).map_err(refused)
    }

    fn delete(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure> {
        let whom = whom(name);
        let deleted = self.store.wait(self.registrar.delete(asked(reason), &whom, None));
        deleted.map(|done| self.record(done.as_ref())).map_err(refused)
    }
}

fn whom(name: &AccountName) -> Whom {
    Whom::Name(name.folded().clone())
}

/// Asked by the operator at this machine.
fn asked(reason: Option<&Reason>) -> Asked {
    Asked { context: Context { reason: reason.cloned(), ..Context::of(operator()) }, validate_only: false }
}

fn shown(member: &Member) -> Shown {
    let account = &member.account;
    Shown {
        name: member.name().to_owned(),
        display_name: member.display_name().to_owned(),
        id: account.id.to_string(),
        enabled: account.enabled,
        version: account.version.get(),
        grants: account.grants.clone(),
    }
}
