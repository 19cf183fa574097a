//! Accounts: who may sign in, and what each may do. Names are in the vault, not here.

use std::fmt;
use std::sync::Arc;

use crmconf_events::access::Grants;
use crmconf_events::event::{Envelope, Event};
use crmconf_events::{AccountId, CredentialId, NameCommitment, Sequence};

use crate::projection::Projection;

/// An account that is not deleted.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Binds it to its name.
    pub name: NameCommitment,
    /// The credential's file in the vault.
    pub credential: CredentialId,
    /// Whether it may sign in.
    pub enabled: bool,
    /// What it may do.
    pub grants: Grants,
    /// The sequence of its last event.
    pub version: Sequence,
}

/// The read model of accounts.
#[derive(Clone, Default)]
pub struct Accounts {
    by_id: imbl::OrdMap<AccountId, Arc<Account>>,
}

impl Accounts {
    /// The account with this id.
    #[must_use]
    pub fn get(&self, id: &AccountId) -> Option<&Arc<Account>> {
        self.by_id.get(id)
    }

    /// Every account, by id.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.by_id.values()
    }

    fn update(&mut self, id: AccountId, sequence: Sequence, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.by_id.get_mut(&id) {
            let account = Arc::make_mut(account);
            account.version = sequence;
            change(account);
        }
    }
}

impl Projection for Accounts {
    const NAME: &'static str = "accounts";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        let sequence = envelope.sequence;
        match &envelope.event {
            Event::AccountCreated(e) => {
                let account = Account {
                    id: e.account,
                    name: e.name,
                    credential: e.credential,
                    enabled: true,
                    grants: Grants::default(),
                    version: sequence,
                };
                self.by_id.insert(e.account, Arc::new(account));
            }
            Event::AccountRenamed(e) => self.update(e.account, sequence, |account| {
                account.name = e.name;
                account.credential = e.credential;
            }),
            Event::CredentialSet(e) => {
                self.update(e.account, sequence, |account| account.credential = e.credential);
            }
            Event::GrantGiven(e) => {
                self.update(e.account, sequence, |account| account.grants.insert(e.grant.clone()));
            }
            Event::GrantTaken(e) => {
                self.update(e.account, sequence, |account| account.grants.remove(&e.grant));
            }
            Event::AccountDisabled(e) => self.update(e.account, sequence, |account| account.enabled = false),
            Event::AccountEnabled(e) => self.update(e.account, sequence, |account| account.enabled = true),
            Event::AccountDeleted(e) => {
                self.by_id.remove(&e.account);
            }
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
            | Event::RequestRecorded(_)
            | Event::ConfigurationAdded(_)
            | Event::ConfigurationChanged(_)
            | Event::ConfigurationDeleted(_)
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

    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for account in self.iter() {
            let Account { id, name, credential, enabled, grants, version } = &**account;
            let state = if *enabled { "enabled" } else { "disabled" };
            writeln!(out, "{id}: {state}, version {version}")?;
            writeln!(out, "  name commitment {name}, credential {credential}")?;
            for grant in grants.iter() {
                writeln!(out, "  {} on {}", grant.role.name(), grant.scope)?;
            }
        }
        Ok(())
    }
}
