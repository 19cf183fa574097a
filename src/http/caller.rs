//! Who calls, and what they may do where: a handler cannot reach the store without a permit for what it does.

use std::marker::PhantomData;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;

use crmconf_events::access::{Grants, Right};
use crmconf_events::event::{Actor, Context};
use crmconf_events::{AccountId, InvokeId, Scope, SealedValue, SessionDigest};
use crmconf_projections::{Account, OwnChange, ReadModel};

use super::app::App;
use super::code::Code;
use super::error::ApiError;
use super::lost_addresses::LostAddresses;
use super::operations::Input;
use super::witness::Witness;
use super::xml::SessionIdText;
use crate::security_log::{Fact, RevocationCause};
use crate::sessions::{Binding, Session, SessionError, TransportKey};
use crate::vault::{Bound, Vault};

/// A signed-in account with the view of the moment at which its request came in.
pub struct Caller {
    account: Arc<Account>,
    session: SessionDigest,
    transport_key: Arc<TransportKey>,
    invoke: Option<InvokeId>,
    address: IpAddr,
    vault: Arc<Vault>,
    lost_addresses: Arc<LostAddresses>,
    view: Arc<ReadModel>,
    witness: Rc<Witness>,
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

/// The proof that a caller is an administrator. Only [`Caller::administration`] makes one.
pub struct Administration(());

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

/// A session as a request finds it.
pub struct Found {
    /// What stands for it in the log.
    pub session: SessionDigest,
    /// The account that signed in to it, if one did, with the session's own key.
    account: Option<(Arc<Account>, Arc<TransportKey>)>,
    /// The view that it was judged by.
    view: Arc<ReadModel>,
}

/// The session that a request names, signed in to or not. One whose account changed since is found out here and ends,
/// so that it does not depend on who made the change, or in which process.
///
/// # Errors
/// When there is no such session, or its account is not the same any more.
pub fn session(app: &App, input: &Input<'_>) -> Result<Found, SessionError> {
    let named = input.parsed.session_id.as_ref().map(SessionIdText::as_str);
    loop {
        let Session { digest: session, bound } = app.sessions.lookup(named)?;
        // After the session: a view from before it might not know of its account yet.
        let view = app.views.load_full();
        input.witness.found(session, bound.as_ref().map(|binding| binding.account));
        let Some(binding) = bound else { return Ok(Found { session, account: None, view }) };
        let account = view.accounts.get(&binding.account);
        if let Some(same) = account.filter(|account| is_same(app, session, &binding, account)) {
            let account = Some((Arc::clone(same), binding.key));
            return Ok(Found { session, account, view });
        }
        // A session that was kept or ended since it was looked up is looked up again.
        if app.sessions.revoke(session, binding.version) {
            let cause = became(account.map(|account| account.enabled));
            input.witness.record(Fact::SessionRevoked { account: binding.account, cause });
            return Err(SessionError::NoLongerValid);
        }
    }
}

/// Whether an account is still the one that signed in to a session. What it did to its own password in this very session
/// makes it no other, as soon as it is visible.
fn is_same(app: &App, session: SessionDigest, binding: &Binding, account: &Account) -> bool {
    let Binding { version, changing, account: _, key: _ } = binding;
    let own = Some(OwnChange { session, from: *version });
    if *changing && account.own_change == own {
        app.sessions.keep(session, *version, account.version);
        return account.enabled;
    }
    account.enabled && account.version == *version
}

/// What became of a session's account, from whether it may sign in, if there is still one.
const fn became(enabled: Option<bool>) -> RevocationCause {
    match enabled {
        None => RevocationCause::AccountDeleted,
        Some(false) => RevocationCause::AccountDisabled,
        Some(true) => RevocationCause::AccountChanged,
    }
}

impl Caller {
    /// The caller behind the session that a request names.
    ///
    /// # Errors
    /// When there is no such session, nobody signed in to it, or its account is not the same any more.
    pub fn of(app: &App, input: &Input<'_>, invoke: Option<InvokeId>) -> Result<Self, ApiError> {
        let Found { session, account, view } = session(app, input)?;
        let (account, transport_key) = account.ok_or(SessionError::NotAuthenticated)?;
        let (address, witness) = (input.address, Rc::clone(&input.witness));
        let (vault, lost_addresses) = (Arc::clone(&app.vault), Arc::clone(&app.lost_addresses));
        Ok(Self { account, session, transport_key, invoke, address, vault, lost_addresses, view, witness })
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
        self.witness.asked(&scope);
        self.account.grants.judge(K::RIGHT, &scope)?;
        Ok(Permit { scope, kind: PhantomData })
    }

    /// The proof that the caller may administer.
    ///
    /// # Errors
    /// When the caller is no administrator: the operation is not this account's at all.
    pub fn administration(&self) -> Result<Administration, ApiError> {
        if self.account.grants.administer() {
            Ok(Administration(()))
        } else {
            Err(ApiError::new(Code::OperationForbidden))
        }
    }

    /// The read models of the moment at which the request came in, whole: for administrators.
    #[must_use]
    pub fn whole_view(&self, _administration: &Administration) -> &ReadModel {
        &self.view
    }

    /// The caller's account.
    #[must_use]
    pub fn account(&self) -> AccountId {
        self.account.id
    }

    /// The session that the request came in.
    #[must_use]
    pub const fn session(&self) -> SessionDigest {
        self.session
    }

    /// The key under which password fields travel in this session.
    #[must_use]
    pub fn transport_key(&self) -> &TransportKey {
        &self.transport_key
    }

    /// What stands around the events of this request.
    #[must_use]
    pub fn context(&self) -> Context {
        Context {
            session: Some(self.session),
            invoke: self.invoke.clone(),
            address: self.sealed_address(),
            ..Context::of(Actor::Account(self.account.id))
        }
    }

    /// Where the request came from, sealed under a key of the account. A change does not wait for a key that the vault lacks:
    /// it is recorded without the address then, and the operator is told.
    fn sealed_address(&self) -> Option<SealedValue> {
        let (account, key) = (self.account.id, self.account.key?);
        let sealed = self.vault.seal(key, &Bound::Address { account }, self.address.to_string().as_bytes());
        sealed.map_err(|error| self.lost_addresses.tell(account, &error)).ok()
    }
}
