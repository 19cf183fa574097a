//! `crmconf account`: what its words become, checked.

mod words;

use std::path::PathBuf;

use clap::error::ErrorKind;
use crmconf_events::access::{Grant, Grants, Role};
use crmconf_events::{Reason, Scope};

pub use words::ListFormat;
pub(super) use words::{Account, Where, Why};
use words::{Add, Change, Erase, List, Named, NewPasswordWords, OneGrant, Part, ResetPassword, Verb};

use super::{SignInArgs, Stop};
use crate::security_log::FileOptions;
use crate::settings::{self, Environment, MasterKeySources, SecurityLogSettings, Values, table};
use crate::vault::{AccountName, DisplayName};

/// Arguments of `account`.
#[derive(Debug)]
pub struct AccountArgs {
    /// Where the accounts are.
    pub target: Target,
    /// What is to be done.
    pub action: AccountAction,
    /// Why.
    pub reason: Option<Reason>,
}

/// Where what is administered is.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Behind a running server.
    Server(SignInArgs),
    /// In the data folder of a stopped one.
    Store {
        /// The data folder.
        data: PathBuf,
        /// Where its master keys are.
        master_keys: MasterKeySources,
        /// Its security log; `None` where that is off.
        security_log: Option<FileOptions>,
    },
}

/// What is to be done.
#[derive(Debug)]
pub enum AccountAction {
    /// Print the accounts.
    List(ListFormat),
    /// Add one.
    Add {
        /// Its name.
        name: AccountName,
        /// How its holder is called in full.
        display_name: Option<DisplayName>,
        /// Whether it may sign in.
        enabled: bool,
        /// Its grant, if it has one from the start.
        grant: Option<Grant>,
        /// Its password.
        password: NewPassword,
    },
    /// Change names.
    Change {
        /// Its name.
        name: AccountName,
        /// Its new name.
        rename: Option<AccountName>,
        /// How its holder is called in full.
        display_name: Option<DisplayName>,
    },
    /// Let it sign in, or no longer.
    Enable {
        /// Its name.
        name: AccountName,
        /// Whether it may sign in.
        enabled: bool,
    },
    /// Give it a grant, or take one.
    Grant {
        /// Its name.
        name: AccountName,
        /// The grant.
        grant: Grant,
        /// Whether it is given.
        give: bool,
    },
    /// Give it a new password.
    ResetPassword {
        /// Its name.
        name: AccountName,
        /// The password.
        password: NewPassword,
    },
    /// Delete it.
    Delete {
        /// Its name.
        name: AccountName,
    },
    /// Erase it, for ever.
    Erase {
        /// Its name.
        name: AccountName,
        /// Whether it is meant without being asked.
        yes: bool,
    },
}

/// Where a new password comes from. A password is never an argument: other users can list those.
#[derive(Debug, PartialEq, Eq)]
pub enum NewPassword {
    /// The first line of this file.
    File(PathBuf),
    /// The environment variable `CRMCONF_NEW_PASSWORD`, or a question at the terminal where it is not set.
    EnvironmentOrPrompt,
    /// Made, and printed once.
    Generate,
}

/// The arguments that these words ask for.
pub(super) fn check(words: Account, environment: &Environment) -> Result<AccountArgs, Stop> {
    let (place, reason, action) = match words.verb {
        Verb::List(List { format, place }) => (place, None, AccountAction::List(format)),
        Verb::Add(Add { name, display_name, admin, role, part, disabled, password, reason, place }) => {
            let role = if admin { Some(Role::Administrator) } else { role };
            let grant = match role {
                Some(role) => Some(part.grant(role)?),
                None if part.telsys.is_some() => return Err(wrong("--telsys needs --role: a role on it")),
                None => None,
            };
            let (enabled, password) = (!disabled, password.source());
            (place, reason.reason, AccountAction::Add { name, display_name, enabled, grant, password })
        }
        Verb::Change(Change { name, rename, display_name, reason, place }) => {
            (place, reason.reason, AccountAction::Change { name, rename, display_name })
        }
        Verb::Disable(Named { name, reason, place }) => {
            (place, reason.reason, AccountAction::Enable { name, enabled: false })
        }
        Verb::Enable(Named { name, reason, place }) => {
            (place, reason.reason, AccountAction::Enable { name, enabled: true })
        }
        Verb::Grant(OneGrant { name, role, part, reason, place }) => {
            (place, reason.reason, AccountAction::Grant { name, grant: part.grant(role)?, give: true })
        }
        Verb::Revoke(OneGrant { name, role, part, reason, place }) => {
            (place, reason.reason, AccountAction::Grant { name, grant: part.grant(role)?, give: false })
        }
        Verb::ResetPassword(ResetPassword { name, password, reason, place }) => {
            (place, reason.reason, AccountAction::ResetPassword { name, password: password.source() })
        }
        Verb::Delete(Named { name, reason, place }) => (place, reason.reason, AccountAction::Delete { name }),
        Verb::Erase(Erase { name, yes, reason, place }) => {
            (place, reason.reason, AccountAction::Erase { name, yes })
        }
    };
    Ok(AccountArgs { target: place.target(environment)?, action, reason })
}

impl Where {
    pub(super) fn target(self, environment: &Environment) -> Result<Target, Stop> {
        match (self.url, self.user) {
            (Some(endpoint), Some(user)) => {
                let sign_in = SignInArgs::new(endpoint, user, self.password_file, self.reach)?;
                return Ok(Target::Server(sign_in));
            }
            // With --data, clap asks for no --url.
            (None, None) if self.password_file.is_none() => {}
            (Some(_) | None, _) => return Err(wrong("--url, --user and --password-file go together")),
        }
        let given = [
            (&table::DATA, self.data),
            (&table::MASTER_KEY_FILE, self.master_key_file),
            (&table::MASTER_KEY_ENV, self.master_key_env),
            (&table::MASTER_KEY_COMMAND, self.master_key_command),
            (&table::FURTHER_MASTER_KEYS, self.further_master_keys),
        ];
        let flags: Vec<_> = given.into_iter().filter_map(|(setting, text)| Some((setting, text?))).collect();
        let values = Values::collect(self.config.as_deref(), environment, &flags)?;
        let data = settings::data(&values)?.value;
        let master_keys = MasterKeySources {
            current: settings::master_key(&values, &data, false)?.value,
            further: settings::further_master_keys(&values, &data, false)?,
        };
        let security_log = SecurityLogSettings::of(&values, &data, false)?.file_options();
        Ok(Target::Store { data, master_keys, security_log })
    }
}

impl Part {
    fn grant(self, role: Role) -> Result<Grant, Stop> {
        let Self { telsys, partition, device } = self;
        let scope = Scope::new(telsys, partition, device).map_err(|error| wrong(&error.to_string()))?;
        let grant = Grant { role, scope };
        Grants::checked([grant.clone()]).map_err(|fault| wrong(&fault.to_string()))?;
        Ok(grant)
    }
}

impl NewPasswordWords {
    fn source(self) -> NewPassword {
        match self.new_password_file {
            Some(file) => NewPassword::File(file),
            None if self.generate => NewPassword::Generate,
            None => NewPassword::EnvironmentOrPrompt,
        }
    }
}

fn wrong(why: &str) -> Stop {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{why}\n")).into()
}
