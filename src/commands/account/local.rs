//! Accounts in the data folder of a stopped server: the store is opened as `serve` opens it, and closed again.
//!
//! Who may read the master key may do everything here: this is the way back in when no administrator can sign in.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use crmconf_events::Reason;
use crmconf_events::decide::Rejection;
use crmconf_events::event::{Actor, Context};
use crmconf_events::log::{LocalLog, LocalOptions, OpenError};
use tokio::runtime::Runtime;
use tracing::Level;

use super::{Adding, Administers, Changed, Changing, Shown};
use crate::accounts::{
    AccountChange, AccountError, Asked, Done, Member, NewAccount, Registrar, Whom, recorded,
};
use crate::cli::output;
use crate::commands::Failure;
use crate::http::error::ApiError;
use crate::security_log::{FileOptions, Record, SecurityLog};
use crate::sessions::PasswordChecker;
use crate::settings::{LogFormat, LogLevel, MasterKeySources};
use crate::store::{self, Store, StoreError};
use crate::telemetry;
use crate::vault::{AccountName, Password};
use crate::writer::{WriteError, Writer};

/// How many commands may wait: one is sent at a time.
const QUEUE_COMMANDS_MAX: usize = 1;

/// An open store, and who administers its accounts.
pub(super) struct Local {
    runtime: Runtime,
    registrar: Registrar,
    writer: Writer,
    thread: JoinHandle<()>,
    log: Arc<LocalLog>,
    security_log: Option<FileOptions>,
}

impl Local {
    /// Opens the store of a data folder, which no server may have open.
    pub(super) fn open(
        data: &Path,
        keys: &MasterKeySources,
        security_log: Option<FileOptions>,
    ) -> Result<Self, Failure> {
        // What opening repairs, and whom it finds without a credential, is told here as a server's log tells it.
        telemetry::start(LogFormat::Text, LogLevel(Level::WARN))
            .map_err(|error| Failure::new(format!("log lines cannot be written: {error}")))?;
        let failed =
            |error: std::io::Error| Failure::new(format!("the store could not be worked on: {error}"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(failed)?;
        let opened = store::open(data, LocalOptions::default(), keys, &mut |_| {});
        let Store { log, vault, origin } = opened.map_err(|error| unopened(data, error))?;
        let views = Arc::clone(&origin.views);
        let (writer, thread) = Writer::start(origin, QUEUE_COMMANDS_MAX).map_err(failed)?;
        let registrar = Registrar::new(writer.clone(), views, vault, PasswordChecker::default());
        Ok(Self { runtime, registrar, writer, thread, log, security_log })
    }

    /// Ends the writer and closes the log.
    pub(super) fn close(self) -> Result<(), Failure> {
        let Self { runtime, registrar, writer, thread, log, security_log: _ } = self;
        runtime.block_on(writer.stop());
        drop((registrar, writer));
        let ended = thread.join();
        log.close();
        ended.map_err(|_| {
            Failure::new("the writer's thread did not end in order; the next start checks the log")
        })
    }

    /// Has the security log tell what was done, while the store's lock keeps everybody else from it. The change stands
    /// whether or not that can be written.
    fn record(&self, done: Option<&Done>) {
        let fact = done.and_then(|done| recorded::fact(done, None));
        let (Some(options), Some(fact)) = (&self.security_log, fact) else { return };
        let record = Record::of(fact).by(operator());
        if let Err(error) = SecurityLog::append_once(options.clone(), &record) {
            output::note(&format_args!(
                "crmconf: warning: what was done stands, but is not recorded: {error}"
            ));
        }
    }
}

impl Administers for Local {
    fn accounts(&mut self) -> Result<Vec<Shown>, Failure> {
        let view = self.registrar.view();
        let mut found: Vec<_> = self.registrar.members(&view).map(|member| shown(&member)).collect();
        found.sort_by_cached_key(|shown| (crmconf_projections::Sortable::new(&shown.name), shown.id.clone()));
        Ok(found)
    }

    fn account(&mut self, name: &AccountName) -> Result<Shown, Failure> {
        let found = self.registrar.member(&whom(name)).as_ref().map(shown);
        found.ok_or_else(|| refused(Rejection::NoSuchAccount.into()))
    }

    fn add(&mut self, new: Adding, reason: Option<&Reason>) -> Result<(), Failure> {
        let Adding { name, display_name, password, enabled, grants } = new;
        let new = NewAccount { name, display_name, password: Password::chosen(&password), enabled, grants };
        let added = self.runtime.block_on(self.registrar.add(asked(reason), new));
        added.map(|done| self.record(done.as_ref())).map_err(refused)
    }

    fn change(
        &mut self,
        name: &AccountName,
        change: Changing,
        reason: Option<&Reason>,
    ) -> Result<Changed, Failure> {
        let Changing { expected_version, name: new_name, display_name, password, enabled, grants } = change;
        let password = password.map(|password| Password::chosen(&password));
        let change = AccountChange {
            expected_version,
            name: new_name,
            display_name,
            password,
            enabled,
            grants,
            no_display_name: false,
        };
        let whom = whom(name);
        match self.runtime.block_on(self.registrar.change(asked(reason), &whom, &change)) {
            Ok(done) => {
                self.record(done.as_ref());
                Ok(Changed::Done)
            }
            Err(AccountError::Write(WriteError::Rejected(Rejection::AccountVersionConflict { .. }))) => {
                Ok(Changed::Raced)
            }
            Err(error) => Err(refused(error)),
        }
    }

    fn delete(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure> {
        let whom = whom(name);
        let deleted = self.runtime.block_on(self.registrar.delete(asked(reason), &whom, None));
        deleted.map(|done| self.record(done.as_ref())).map_err(refused)
    }
}

/// A store that another process has open is the server's to administer.
fn unopened(data: &Path, error: StoreError) -> Failure {
    if let StoreError::Log(OpenError::InUse { .. }) = error {
        return Failure::new(format!(
            "a server has {} open: let it do this (--url and --user), or stop it first",
            data.display()
        ));
    }
    error.into()
}

fn whom(name: &AccountName) -> Whom {
    Whom::Name(name.folded().clone())
}

/// Asked by the operator at this machine.
fn asked(reason: Option<&Reason>) -> Asked {
    Asked { context: Context { reason: reason.cloned(), ..Context::of(operator()) }, validate_only: false }
}

fn operator() -> Actor {
    Actor::Operator(rustix::process::getuid().as_raw())
}

fn shown(member: &Member) -> Shown {
    let account = &member.account;
    Shown {
        name: member.name().to_owned(),
        display_name: member.display_name().to_owned(),
        id: account.id.to_string(),
        enabled: account.enabled,
        version: account.version.get(),
        grants: account.grants.clone(),
    }
}

/// The same sentence as a server would answer; where something broke, what the operator of a server would find in its log.
fn refused(error: AccountError) -> Failure {
    let error = ApiError::from(error);
    if error.level == Level::ERROR {
        Failure::new(format!("{} ({})", error.message, error.log))
    } else {
        Failure::new(format!("refused: {} {}", error.code.number(), error.message))
    }
}
