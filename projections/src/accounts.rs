//! Accounts: who may sign in, and what each may do. Names are in the vault, not here.

use std::fmt;
use std::sync::Arc;

use crmconf_events::access::Grants;
use crmconf_events::event::{Actor, Envelope, Event};
use crmconf_events::{AccountId, CredentialId, KeyId, NameCommitment, Sequence, SessionDigest};

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
    /// The data key of the addresses that it is used from, if it has one.
    pub key: Option<KeyId>,
    /// Whether it may sign in.
    pub enabled: bool,
    /// What it may do.
    pub grants: Grants,
    /// The sequence of its last event.
    pub version: Sequence,
    /// How the account itself made its last event, if it did.
    pub own_change: Option<OwnChange>,
}

/// A change that an account made of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnChange {
    /// The session that it was made in.
    pub session: SessionDigest,
    /// The version that the account had before.
    pub from: Sequence,
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

    fn update(&mut self, id: AccountId, envelope: &Envelope, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.by_id.get_mut(&id) {
            let account = Arc::make_mut(account);
            let own = envelope.context.session.filter(|_| envelope.context.actor == Actor::Account(id));
            account.own_change = own.map(|session| OwnChange { session, from: account.version });
            account.version = envelope.sequence;
            change(account);
        }
    }
}

impl Projection for Accounts {
    const NAME: &'static str = "accounts";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::AccountCreated(e) => {
                let account = Account {
                    id: e.account,
                    name: e.name,
                    credential: e.credential,
                    key: e.key,
                    enabled: true,
                    grants: Grants::default(),
                    version: envelope.sequence,
                    own_change: None,
                };
                self.by_id.insert(e.account, Arc::new(account));
            }
            Event::AccountRenamed(e) => self.update(e.account, envelope, |account| {
                account.name = e.name;
                account.credential = e.credential;
            }),
            Event::CredentialSet(e) => {
                self.update(e.account, envelope, |account| account.credential = e.credential);
            }
            Event::GrantGiven(e) => {
                self.update(e.account, envelope, |account| account.grants.insert(e.grant.clone()));
            }
            Event::GrantTaken(e) => {
                self.update(e.account, envelope, |account| account.grants.remove(&e.grant));
            }
            Event::AccountDisabled(e) => self.update(e.account, envelope, |account| account.enabled = false),
            Event::AccountEnabled(e) => self.update(e.account, envelope, |account| account.enabled = true),
            Event::AccountDeleted(e) => {
                self.by_id.remove(&e.account);
            }
            Event::AccountErased(_)
            | Event::StoreCreated(_)
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

    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        for account in self.iter() {
            let Account { id, name, credential, key, enabled, grants, version, own_change } = &**account;
            let state = if *enabled { "enabled" } else { "disabled" };
            writeln!(out, "{id}: {state}, version {version}")?;
            writeln!(out, "  name commitment {name}, credential {credential}")?;
            if let Some(key) = key {
                writeln!(out, "  addresses under key {}", key.0)?;
            }
            if let Some(OwnChange { session, from }) = own_change {
                writeln!(out, "  changed by itself, from version {from}, in session {session}")?;
            }
            for grant in grants.iter() {
                writeln!(out, "  {} on {}", grant.role.name(), grant.scope)?;
            }
        }
        Ok(())
    }
}
