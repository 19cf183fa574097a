//! The decision state: what past events say, folded so that commands can be decided.

mod directory;
mod evolve;
mod range;

use std::collections::BTreeSet;
use std::sync::Arc;

pub use directory::{DirectoryState, Entry, Missing};
pub use evolve::evolve;

use crate::access::{Grants, Right};
use crate::decide::Rejection;
use crate::event::{Actor, Part, Secrets};
use crate::value::{
    AccountId, ConfigurationId, CredentialId, CrmType, Description, KeyId, NameCommitment, Scope, Sequence,
    StoreId, TemplateDigest,
};

/// What past events say. Cloning is cheap: a clone shares everything until one of the two changes.
#[derive(Clone, Debug)]
pub struct State {
    /// The last event taken in.
    pub last: Option<Sequence>,
    /// The store, once it is created.
    pub store: Option<StoreId>,
    /// The data key that the next configuration gets.
    pub next_key: KeyId,
    /// Whether no data key is destroyed because its time has come, until somebody confirms the clock.
    pub destruction_held: bool,
    /// Live configurations. Ids that were made one after another stand close together, so that a commit's changes touch few
    /// nodes that a clone shares; by hash they would touch as many as there are changes.
    pub configurations: imbl::OrdMap<ConfigurationId, Arc<ConfigurationState>>,
    /// Which live configuration has a scope, type and description.
    pub names: imbl::OrdMap<Arc<ConfigurationName>, ConfigurationId>,
    /// Deleted configurations whose data key stands still.
    pub retired: imbl::OrdMap<ConfigurationId, Arc<RetiredState>>,
    /// Telephone systems, partitions and devices.
    pub directory: DirectoryState,
    /// Accounts that are not deleted.
    pub accounts: imbl::OrdMap<AccountId, Arc<AccountState>>,
    /// Accounts that were deleted and not erased, each with the credential that holds its name still: the name is not given
    /// again.
    pub deleted: imbl::OrdMap<AccountId, DeletedAccountState>,
    /// What any recorded template of a type marks as a password.
    pub marked: imbl::OrdMap<CrmType, Arc<BTreeSet<String>>>,
    /// Templates recorded, with their password fields.
    pub templates: imbl::OrdMap<TemplateDigest, Arc<BTreeSet<String>>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            last: None,
            store: None,
            next_key: KeyId::FIRST,
            destruction_held: false,
            configurations: imbl::OrdMap::new(),
            names: imbl::OrdMap::new(),
            retired: imbl::OrdMap::new(),
            directory: DirectoryState::default(),
            accounts: imbl::OrdMap::new(),
            deleted: imbl::OrdMap::new(),
            marked: imbl::OrdMap::new(),
            templates: imbl::OrdMap::new(),
        }
    }
}

/// What no two live configurations share.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConfigurationName {
    /// Where it applies.
    pub scope: Scope,
    /// Its type of CRM.
    pub crm_type: CrmType,
    /// What its owner calls it.
    pub description: Description,
}

/// A live configuration.
#[derive(Clone, Debug)]
pub struct ConfigurationState {
    /// Scope, type and description.
    pub name: Arc<ConfigurationName>,
    /// The sequence of its last event.
    pub version: Sequence,
    /// The template that it was last checked against.
    pub template: TemplateDigest,
    /// Its data key.
    pub key: KeyId,
    /// Whether that key was destroyed: then its password fields never open again.
    pub shredded: bool,
    /// `CRMConfiguration` without password fields.
    pub configuration: Part,
    /// Its password fields, sealed.
    pub secrets: Secrets,
    /// `CRMConfigurationCommon`.
    pub common: Part,
}

/// A deleted configuration whose data key stands still.
#[derive(Clone, Debug)]
pub struct RetiredState {
    /// Where it applied.
    pub scope: Scope,
    /// Its type of CRM.
    pub crm_type: CrmType,
    /// Its data key.
    pub key: KeyId,
}

/// A deleted account that was not erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeletedAccountState {
    /// The credential's file in the vault.
    pub credential: CredentialId,
    /// The data key of its addresses, if it has one.
    pub key: Option<KeyId>,
}

/// An account.
#[derive(Clone, Debug)]
pub struct AccountState {
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
}

impl AccountState {
    /// Whether it may sign in and administer.
    #[must_use]
    pub fn is_administrator(&self) -> bool {
        self.enabled && self.grants.administer()
    }
}

impl State {
    /// The position that the next event takes.
    #[must_use]
    pub const fn next(&self) -> Sequence {
        Sequence::after(self.last)
    }

    /// The credentials that the vault is to hold: those of accounts, and those of deleted ones, for their names' sake.
    pub fn credentials(&self) -> impl Iterator<Item = CredentialId> + '_ {
        let deleted = self.deleted.values().map(|account| account.credential);
        self.accounts.values().map(|account| account.credential).chain(deleted)
    }

    /// A configuration at a scope or below it, if there is one.
    #[must_use]
    pub fn configuration_within(&self, scope: &Scope) -> Option<&ConfigurationId> {
        self.names.range::<_, range::Edge<'_>>(range::Edge::around(scope)).next().map(|(_, id)| id)
    }

    /// Judges an actor's right on a scope, on the account as it stands now.
    pub(crate) fn authorise(&self, actor: &Actor, right: Right, scope: &Scope) -> Result<(), Rejection> {
        match self.acting(actor)? {
            None => Ok(()),
            Some(account) => account.grants.judge(right, scope).map_err(Rejection::Refused),
        }
    }

    /// Judges whether an actor may administer, on the account as it stands now.
    pub(crate) fn authorise_administration(&self, actor: &Actor) -> Result<(), Rejection> {
        match self.acting(actor)? {
            None => Ok(()),
            Some(account) if account.grants.administer() => Ok(()),
            Some(_) => Err(Rejection::NotAdministrator),
        }
    }

    /// The account that acts, if it is one: the server and the operator at the machine need no grants.
    fn acting(&self, actor: &Actor) -> Result<Option<&AccountState>, Rejection> {
        match actor {
            Actor::System | Actor::Operator(_) => Ok(None),
            Actor::Account(id) => {
                let account = self.accounts.get(id).filter(|account| account.enabled);
                account.map(|account| Some(&**account)).ok_or(Rejection::AccountGone)
            }
        }
    }
}
