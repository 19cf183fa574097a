//! A demo store with more accounts than the demo has: what no operation of this version can make.

use crmconf::settings::MasterKeySource;
use crmconf::store::{self, FoundingAccount};
use crmconf::vault::{AccountName, Password};
use crmconf_events::Scope;
use crmconf_events::access::{Grant, Role};
use crmconf_events::log::LocalOptions;

use super::server::Server;
use super::store::wait_until_unlocked;

/// An account beside the demo's: name, password, and its one grant.
pub struct Extra<'a> {
    pub name: &'a str,
    pub password: &'a str,
    pub role: Role,
    pub scope: Scope,
}

impl Server {
    /// The demo with these accounts besides its own.
    pub fn demo_with_accounts(extras: &[Extra<'_>], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut founder = crmconf::demo::founder().unwrap();
        founder.accounts.extend(extras.iter().map(|extra| FoundingAccount {
            name: AccountName::new(extra.name).unwrap(),
            password: Password::chosen(extra.password).unwrap(),
            grants: vec![Grant { role: extra.role, scope: extra.scope.clone() }],
        }));
        let key = MasterKeySource::File(data.join("master.key"));
        store::found(&data, LocalOptions::default(), &key, founder).unwrap();
        wait_until_unlocked(&data);
        Self::demo_in(&data, arguments).unwrap_or_else(|log| panic!("{log}")).keeping(folder)
    }
}
