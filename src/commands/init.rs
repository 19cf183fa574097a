//! `crmconf init`: sets up a data folder with its master key and first administrator.

use crmconf_events::Scope;
use crmconf_events::access::{Grant, Role};
use crmconf_events::event::Actor;
use data_encoding::BASE32_NOPAD;
use zeroize::Zeroizing;

use super::Failure;
use crate::cli::{InitArgs, Status, output};
use crate::settings::MasterKeySource;
use crate::store::{self, Founder, FoundingAccount};
use crate::vault::{AccountName, Password};

/// Random bytes of the first password: 120 bits, 24 characters.
const PASSWORD_BYTES: usize = 15;

/// Sets up a data folder with its master key and first administrator, whose password is printed once.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(args: InitArgs) -> Result<Status, Failure> {
    let InitArgs { data, admin, master_key } = args;
    let name = AccountName::new(&admin).map_err(|error| Failure::new(format!("--admin {error}")))?;
    let typed = random_password()?;
    let password = Password::chosen(&typed).map_err(|error| Failure::new(error.to_string()))?;
    let founder = Founder {
        actor: Actor::Operator(rustix::process::getuid().as_raw()),
        accounts: vec![FoundingAccount {
            name,
            password,
            grants: vec![Grant { role: Role::Administrator, scope: Scope::EveryTelSys }],
        }],
        directory: Vec::new(),
    };
    store::found(&data, super::log_options(), &master_key.value, founder)?;
    let key = match &master_key.value {
        MasterKeySource::File(path) => format!("in {}: keep a copy of it elsewhere", path.display()),
        MasterKeySource::Environment(name) => format!("from the environment variable {name}"),
    };
    let folder = data.display();
    let text = Zeroizing::new(format!(
        "The data folder {folder} is set up.\n\
         Master key: {key}.\n\
         Administrator: {admin}\n\
         Password: {}\n\
         The password is shown this once. Start the server with: crmconf serve --data {folder}",
        *typed
    ));
    output::result(&text).map_err(|error| {
        Failure::new(format!(
            "the store was set up, but its password could not be printed ({error}) and is lost: \
             remove the folder {folder} and run init again"
        ))
    })?;
    Ok(Status::Done)
}

fn random_password() -> Result<Zeroizing<String>, Failure> {
    let mut bytes = Zeroizing::new([0; PASSWORD_BYTES]);
    getrandom::fill(&mut *bytes).map_err(|error| Failure::new(format!("no random bytes: {error}")))?;
    Ok(Zeroizing::new(BASE32_NOPAD.encode(&*bytes).to_ascii_lowercase()))
}
