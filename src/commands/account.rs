//! `crmconf account`: administers accounts, through a server or in the data folder of a stopped one.
//!
//! Both ways do the same by the same steps ([`Administers`]); what differs is how an account is reached.

mod local;
mod password;
mod print;
mod remote;

use crmconf_events::Reason;
use crmconf_events::access::{Grant, Grants};
use zeroize::Zeroizing;

use self::local::Local;
use self::remote::Remote;
use super::{Failure, confirm};
use crate::cli::{AccountAction, AccountArgs, NewPassword, Status, Target, output};
use crate::vault::{AccountName, DisplayName};

/// How often a grant is given or taken anew because somebody else changed the account meanwhile.
const TRIES_MAX: u32 = 8;

/// An account as it is shown.
struct Shown {
    /// Empty when the vault lacks it.
    name: String,
    display_name: String,
    id: String,
    enabled: bool,
    version: u64,
    grants: Grants,
}

/// An account to be added.
struct Adding {
    name: AccountName,
    display_name: Option<DisplayName>,
    password: Zeroizing<String>,
    enabled: bool,
    grants: Grants,
}

/// What is to become another of an account; what is `None` stays.
#[derive(Default)]
struct Changing {
    expected_version: Option<u64>,
    name: Option<AccountName>,
    display_name: Option<DisplayName>,
    password: Option<Zeroizing<String>>,
    enabled: Option<bool>,
    grants: Option<Grants>,
}

/// What became of a change.
enum Changed {
    /// It stands.
    Done,
    /// The account has another version than was expected.
    Raced,
}

/// Who administers accounts. What goes wrong is a sentence for the person at the terminal.
trait Administers {
    /// Every account, by name.
    fn accounts(&mut self) -> Result<Vec<Shown>, Failure>;
    /// The account of this name.
    fn account(&mut self, name: &AccountName) -> Result<Shown, Failure>;
    /// Adds an account.
    fn add(&mut self, new: Adding, reason: Option<&Reason>) -> Result<(), Failure>;
    /// Changes an account.
    fn change(
        &mut self,
        name: &AccountName,
        change: Changing,
        reason: Option<&Reason>,
    ) -> Result<Changed, Failure>;
    /// Erases an account, live or deleted.
    fn erase(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure>;
    /// Deletes an account.
    fn delete(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure>;
}

/// Does what is asked for.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(args: AccountArgs) -> Result<Status, Failure> {
    let AccountArgs { target, action, reason } = args;
    // Before anything is opened: who is asked for a password must not be waited for with the store's lock held.
    let password = match &action {
        AccountAction::Add { name, password, .. } | AccountAction::ResetPassword { name, password } => {
            Some(password::new(password, name)?)
        }
        AccountAction::List(_)
        | AccountAction::Change { .. }
        | AccountAction::Enable { .. }
        | AccountAction::Grant { .. }
        | AccountAction::Delete { .. }
        | AccountAction::Erase { .. } => None,
    };
    if let AccountAction::Erase { name, yes: false } = &action {
        let what = "The account's name and addresses are given up for ever; where it is not deleted yet, it is by this.";
        confirm::typed_again(&what, name.as_str())?;
    }
    let (said, closed) = match target {
        Target::Server(sign_in) => {
            let mut remote = Remote::sign_in(&sign_in)?;
            let said = perform(&mut remote, action, password, reason.as_ref());
            remote.sign_out();
            (said?, Ok(()))
        }
        Target::Store { data, master_keys, security_log } => {
            let mut local = Local::open(&data, &master_keys, security_log)?;
            let said = perform(&mut local, action, password, reason.as_ref());
            let closed = local.close();
            (said?, closed)
        }
    };
    // First what was done: a new password is to be had nowhere else, whatever the end was like.
    output::result(&said).map_err(|error| {
        Failure::new(format!("it was done, but what there is to say could not be printed: {error}"))
    })?;
    closed?;
    Ok(Status::Done)
}

/// Does one thing, and returns what is to be printed.
fn perform(
    by: &mut impl Administers,
    action: AccountAction,
    chosen: Option<Zeroizing<String>>,
    reason: Option<&Reason>,
) -> Result<Zeroizing<String>, Failure> {
    let said = match action {
        AccountAction::List(format) => print::accounts(&by.accounts()?, format),
        AccountAction::Add { name, display_name, enabled, grant, password: source } => {
            let password = chosen.unwrap_or_default();
            let said = with_password(format!("The account {} was added.", name.as_str()), &source, &password);
            let grants = grant.into_iter().collect();
            by.add(Adding { name, display_name, password, enabled, grants }, reason)?;
            return Ok(said);
        }
        AccountAction::ResetPassword { name, password: source } => {
            let password = chosen.unwrap_or_default();
            let said = format!("The account {} has a new password; its sessions have ended.", name.as_str());
            let said = with_password(said, &source, &password);
            let change = Changing { password: Some(password), ..Changing::default() };
            by.change(&name, change, reason)?;
            return Ok(said);
        }
        AccountAction::Change { name, rename, display_name } => {
            let change = Changing { name: rename, display_name, ..Changing::default() };
            by.change(&name, change, reason)?;
            format!("The account {} was changed.", name.as_str())
        }
        AccountAction::Enable { name, enabled } => {
            by.change(&name, Changing { enabled: Some(enabled), ..Changing::default() }, reason)?;
            let word = if enabled { "may sign in" } else { "may sign in no longer" };
            format!("The account {} {word}.", name.as_str())
        }
        AccountAction::Grant { name, grant, give } => change_grant(by, &name, &grant, give, reason)?,
        AccountAction::Delete { name } => {
            by.delete(&name, reason)?;
            format!("The account {} was deleted; its name is not given again.", name.as_str())
        }
        AccountAction::Erase { name, yes: _ } => {
            by.erase(&name, reason)?;
            format!("The account {} was erased; its name may be given again.", name.as_str())
        }
    };
    Ok(Zeroizing::new(said))
}

/// Gives or takes one grant. The others are those that the account has at that moment: if it was changed between looking
/// and changing, both are done again.
fn change_grant(
    by: &mut impl Administers,
    name: &AccountName,
    grant: &Grant,
    give: bool,
    reason: Option<&Reason>,
) -> Result<String, Failure> {
    let shown = format!("{} on {}", grant.role.name(), grant.scope);
    for _ in 0..TRIES_MAX {
        let Shown { version, mut grants, .. } = by.account(name)?;
        match (give, grants.contains(grant)) {
            (true, true) => return Ok(format!("The account {} is {shown} already.", name.as_str())),
            (true, false) => grants.insert(grant.clone()),
            (false, true) => grants.remove(grant),
            (false, false) => {
                return Err(Failure::new(format!(
                    "the account {} is not {shown}: `crmconf account list` shows what it is",
                    name.as_str()
                )));
            }
        }
        let change =
            Changing { expected_version: Some(version), grants: Some(grants), ..Changing::default() };
        match by.change(name, change, reason)? {
            Changed::Done => {
                let word = if give { "is now" } else { "is no longer" };
                return Ok(format!("The account {} {word} {shown}.", name.as_str()));
            }
            Changed::Raced => {}
        }
    }
    Err(Failure::new("others changed the account every time meanwhile; try again"))
}

/// What is said, with the password where nobody knows it yet.
fn with_password(said: String, source: &NewPassword, password: &str) -> Zeroizing<String> {
    match source {
        NewPassword::File(_) | NewPassword::EnvironmentOrPrompt => Zeroizing::new(said),
        NewPassword::Generate => {
            Zeroizing::new(format!("{said}\nPassword: {password}\nThe password is shown this once."))
        }
    }
}
