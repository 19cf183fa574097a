//! Who may do what where: roles, grants, and the judgement over a scope.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::value::{Relation, Scope};

/// What an account is allowed on a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Info and List, without password fields.
    Viewer,
    /// Viewer, and password fields in encrypted form.
    Client,
    /// Client, and Add, Change, Delete.
    Editor,
    /// Viewer, and history and audit.
    Auditor,
    /// All, and accounts, directory and keys. Only on everything.
    Administrator,
}

/// What a request needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To see configurations without their password fields.
    Read,
    /// To see password fields, in encrypted form.
    ReadSecrets,
    /// To add, change and delete configurations.
    Write,
    /// To see history and audit.
    Audit,
}

impl Role {
    /// All roles, from the least to the most.
    pub const ALL: [Self; 5] = [Self::Viewer, Self::Client, Self::Editor, Self::Auditor, Self::Administrator];

    /// Whether the role holds a right.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        match right {
            Right::Read => true,
            Right::ReadSecrets => matches!(self, Self::Client | Self::Editor | Self::Administrator),
            Right::Write => matches!(self, Self::Editor | Self::Administrator),
            Right::Audit => matches!(self, Self::Auditor | Self::Administrator),
        }
    }

    /// The role's name as the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Client => "Client",
            Self::Editor => "Editor",
            Self::Auditor => "Auditor",
            Self::Administrator => "Administrator",
        }
    }
}

/// A role on a scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// What is allowed.
    pub role: Role,
    /// Where, and below.
    pub scope: Scope,
}

/// Why a scope is refused; each has an error code of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No grant fits at the TelSys.
    #[error("no grant for this TelSys")]
    TelSys,
    /// Grants fit at the TelSys, none at the Partition.
    #[error("no grant for this Partition")]
    Partition,
    /// Grants fit at the Partition, none at the Device.
    #[error("no grant for this Device")]
    Device,
    /// The every-TelSys scope is to be written without a grant on everything.
    #[error("no grant to modify the every-TelSys scope")]
    EveryTelSys,
    /// Grants fit, none of them allows writing there.
    #[error("no grant to modify there")]
    Modify,
    /// Grants fit, none of them allows history and audit there.
    #[error("no grant for history and audit there")]
    Audit,
}

/// The most grants of one account: giving all of them and taking as many fits one commit.
pub const GRANTS_MAX: usize = 256;

/// Why grants cannot be an account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum GrantsFault {
    /// An Administrator's grant is on less than everything.
    #[error("an Administrator's grant is on everything, never on a part")]
    AdministratorBelow,
    /// There are too many.
    #[error("an account may have {GRANTS_MAX} grants at most")]
    TooMany,
}

/// The grants of an account: sorted, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants(Vec<Grant>);

impl FromIterator<Grant> for Grants {
    fn from_iter<I: IntoIterator<Item = Grant>>(grants: I) -> Self {
        let mut grants: Vec<_> = grants.into_iter().collect();
        grants.sort();
        grants.dedup();
        Self(grants)
    }
}

impl Grants {
    /// Grants that an account can have.
    ///
    /// # Errors
    /// When an Administrator's is on a part, or there are too many.
    pub fn checked(grants: impl IntoIterator<Item = Grant>) -> Result<Self, GrantsFault> {
        let grants: Self = grants.into_iter().collect();
        let below = |grant: &Grant| grant.role == Role::Administrator && grant.scope != Scope::EveryTelSys;
        if grants.iter().any(below) {
            Err(GrantsFault::AdministratorBelow)
        } else if grants.0.len() > GRANTS_MAX {
            Err(GrantsFault::TooMany)
        } else {
            Ok(grants)
        }
    }

    /// The grants that others do not hold.
    pub fn beyond<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = &'a Grant> + 'a {
        self.0.iter().filter(|grant| others.0.binary_search(grant).is_err())
    }

    /// Whether it is one of them.
    #[must_use]
    pub fn contains(&self, grant: &Grant) -> bool {
        self.0.binary_search(grant).is_ok()
    }

    /// The grants in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    /// Adds a grant; one that is there already changes nothing.
    pub fn insert(&mut self, grant: Grant) {
        if let Err(place) = self.0.binary_search(&grant) {
            self.0.insert(place, grant);
        }
    }

    /// Takes a grant away, if it is there.
    pub fn remove(&mut self, grant: &Grant) {
        self.0.retain(|g| g != grant);
    }

    /// Whether a role is held on any scope at all.
    #[must_use]
    pub fn hold_anywhere(&self, right: Right) -> bool {
        self.0.iter().any(|g| g.role.has(right))
    }

    /// Whether the account is an administrator.
    #[must_use]
    pub fn administer(&self) -> bool {
        self.0.iter().any(|g| g.role == Role::Administrator && g.scope == Scope::EveryTelSys)
    }

    /// Whether what stands at `scope` may be shown: at, below or above a grant.
    #[must_use]
    pub fn show(&self, scope: &Scope) -> bool {
        self.0.iter().any(|g| g.scope.is_related_to(scope))
    }

    /// Whether password fields of what stands at `scope` may be shown, in encrypted form.
    #[must_use]
    pub fn show_secrets(&self, scope: &Scope) -> bool {
        self.0.iter().any(|g| g.role.has(Right::ReadSecrets) && g.scope.is_related_to(scope))
    }

    /// Judges a request that names `scope` and needs `right` there.
    ///
    /// Reading is allowed at, below and above a grant; everything else at and below it.
    ///
    /// # Errors
    /// The refusal whose code the caller gets.
    pub fn judge(&self, right: Right, scope: &Scope) -> Result<(), Refusal> {
        let allowed = |grant: &Grant| {
            grant.role.has(right)
                && match right {
                    Right::Read | Right::ReadSecrets => grant.scope.is_related_to(scope),
                    Right::Write | Right::Audit => grant.scope.covers(scope),
                }
        };
        if self.0.iter().any(allowed) {
            return Ok(());
        }
        let on_everything = self.0.iter().any(|g| g.scope == Scope::EveryTelSys);
        if right == Right::Write && *scope == Scope::EveryTelSys && !on_everything {
            return Err(Refusal::EveryTelSys);
        }
        if !self.show(scope) {
            return Err(self.deepest_fit(scope));
        }
        match right {
            Right::Write => Err(Refusal::Modify),
            Right::Read | Right::ReadSecrets | Right::Audit => Err(Refusal::Audit),
        }
    }

    /// The shallowest level at which no grant fits any more.
    fn deepest_fit(&self, scope: &Scope) -> Refusal {
        let mut refusal = Refusal::TelSys;
        for grant in &self.0 {
            match (grant.scope.relation(scope), refusal) {
                (Relation::ApartAtDevice, _) => return Refusal::Device,
                (Relation::ApartAtPartition, _) => refusal = Refusal::Partition,
                (Relation::ApartAtTelSys | Relation::Same | Relation::Contains | Relation::Inside, _) => {}
            }
        }
        refusal
    }
}
