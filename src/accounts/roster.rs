//! Who there is: accounts as the log has them, beside their names as the vault has them.

use std::sync::Arc;

use crmconf_events::AccountId;
use crmconf_projections::{Account, ReadModel};

use super::Registrar;

use crate::vault::{Credential, FoldedName};

/// How often a name is looked for: a change of the account may come between looking at the vault and at the view.
const LOOKS: usize = 3;

/// Whom something is asked of.
#[derive(Clone, Debug)]
pub enum Whom {
    /// Who bears this name. Any text is one to ask for: whether it could be a name does not matter.
    Name(FoldedName),
    /// The account with this id.
    Id(AccountId),
}

/// An account with its credential.
#[derive(Clone, Debug)]
pub struct Member {
    /// The account.
    pub account: Arc<Account>,
    /// Its credential; `None` when the vault lacks it, and the account is without a name.
    pub credential: Option<Arc<Credential>>,
}

impl Member {
    /// The name; empty when the vault lacks it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.credential.as_ref().map_or("", |credential| credential.name().as_str())
    }

    /// How the holder is called in full; empty when nothing is known.
    #[must_use]
    pub fn display_name(&self) -> &str {
        let known = self.credential.as_ref().and_then(|credential| credential.display_name());
        known.map_or("", |name| name.as_str())
    }
}

impl Registrar {
    /// An account as it stands now.
    #[must_use]
    pub fn member(&self, whom: &Whom) -> Option<Member> {
        (0..LOOKS).find_map(|_| self.look(&self.views.load(), whom))
    }

    fn look(&self, view: &ReadModel, whom: &Whom) -> Option<Member> {
        match whom {
            Whom::Id(id) => view.accounts.get(id).map(|account| self.with_credential(account)),
            // The vault may hold another credential under that name: one whose event is not there yet, or that of a
            // deleted account.
            Whom::Name(name) => self.vault.find(name).into_iter().find_map(|(id, credential)| {
                let account = view.accounts.get(&credential.account())?;
                let counts = account.credential == id;
                counts.then(|| Member { account: Arc::clone(account), credential: Some(credential) })
            }),
        }
    }

    /// Every account of this view, by id.
    pub fn members<'a>(&'a self, view: &'a ReadModel) -> impl Iterator<Item = Member> + 'a {
        view.accounts.iter().map(|account| self.with_credential(account))
    }

    /// The view that accounts are read from now.
    #[must_use]
    pub fn view(&self) -> Arc<ReadModel> {
        self.views.load_full()
    }

    /// The account with its credential: the one of its view, or of now where that one was replaced since.
    fn with_credential(&self, account: &Arc<Account>) -> Member {
        let credential = self.vault.credential(account.credential).or_else(|| {
            let now = self.views.load().accounts.get(&account.id)?.credential;
            self.vault.credential(now)
        });
        Member { account: Arc::clone(account), credential }
    }
}
