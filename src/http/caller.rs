//! Who calls, and what they may do where: a handler cannot reach the store without a permit for what it does.

use std::marker::PhantomData;
use std::sync::Arc;

use crmconf_events::access::{Grants, Right};
use crmconf_events::event::{Actor, Context};
use crmconf_events::{AccountId, InvokeId, Scope, SessionDigest};
use crmconf_projections::{Account, ReadModel};

use super::code::Code;
use super::error::ApiError;

/// A signed-in account with the view of the moment at which its request came in.
pub struct Caller {
    account: Arc<Account>,
    session: SessionDigest,
    invoke: Option<InvokeId>,
    view: Arc<ReadModel>,
}

/// A right that a permit stands for.
pub trait PermitKind {
    /// The right.
    const RIGHT: Right;
}

/// To see configurations.
pub enum Reads {}
/// To add, change and delete configurations.
pub enum Writes {}

impl PermitKind for Reads {
    const RIGHT: Right = Right::Read;
}

impl PermitKind for Writes {
    const RIGHT: Right = Right::Write;
}

/// The proof that a caller's grants allow something on a scope. Only [`Caller::permit`] makes one.
pub struct Permit<K> {
    scope: Scope,
    kind: PhantomData<K>,
}

impl<K> Permit<K> {
    /// The scope that it is for.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl Caller {
    /// The caller behind a session, on the account as it stands in this view.
    ///
    /// # Errors
    /// When the account was deleted or disabled.
    pub fn new(
        account: AccountId,
        session: SessionDigest,
        invoke: Option<InvokeId>,
        view: Arc<ReadModel>,
    ) -> Result<Self, ApiError> {
        match view.accounts.get(&account) {
            Some(found) if found.enabled => Ok(Self { account: Arc::clone(found), session, invoke, view }),
            Some(_) | None => Err(ApiError::new(Code::AuthenticationFailed)),
        }
    }

    /// What the caller is allowed.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.account.grants
    }

    /// The read models of the moment at which the request came in: to be had only with a permit.
    #[must_use]
    pub fn view<K>(&self, _permit: &Permit<K>) -> &ReadModel {
        &self.view
    }

    /// A permit for a scope.
    ///
    /// # Errors
    /// The refusal that the grants lead to.
    pub fn permit<K: PermitKind>(&self, scope: Scope) -> Result<Permit<K>, ApiError> {
        self.account.grants.judge(K::RIGHT, &scope)?;
        Ok(Permit { scope, kind: PhantomData })
    }

    /// What stands around the events of this request.
    #[must_use]
    pub fn context(&self) -> Context {
        Context {
            session: Some(self.session),
            invoke: self.invoke.clone(),
            ..Context::of(Actor::Account(self.account.id))
        }
    }
}
