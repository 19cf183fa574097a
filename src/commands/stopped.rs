//! The store of a stopped server, opened as `serve` opens it, and closed again: for commands that work without a server.
//!
//! Who may read the master key may do everything here: this is the way back in when no administrator can sign in.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use crmconf_events::event::Actor;
use crmconf_events::log::{LocalLog, LocalOptions, OpenError};
use tokio::runtime::Runtime;
use tracing::Level;

use super::Failure;
use crate::cli::output;
use crate::http::error::ApiError;
use crate::security_log::{Fact, FileOptions, Record, SecurityLog};
use crate::settings::{LogFormat, LogLevel, MasterKeySources};
use crate::store::{self, Store, StoreError};
use crate::telemetry;
use crate::vault::Vault;
use crate::writer::{Views, Writer};

/// How many commands may wait: one is sent at a time.
const QUEUE_COMMANDS_MAX: usize = 1;

/// An open store that nobody serves.
pub(super) struct Stopped {
    runtime: Runtime,
    /// Takes commands.
    pub(super) writer: Writer,
    /// The read models as of now.
    pub(super) views: Views,
    /// Its vault.
    pub(super) vault: Arc<Vault>,
    thread: JoinHandle<()>,
    log: Arc<LocalLog>,
    security_log: Option<FileOptions>,
}

impl Stopped {
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
        Ok(Self { runtime, writer, views, vault, thread, log, security_log })
    }

    /// Waits for work on it.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// Ends the writer and closes the log.
    pub(super) fn close(self) -> Result<(), Failure> {
        let Self { runtime, writer, thread, log, views: _, vault: _, security_log: _ } = self;
        runtime.block_on(writer.stop());
        drop(writer);
        let ended = thread.join();
        log.close();
        ended.map_err(|_| {
            Failure::new("the writer's thread did not end in order; the next start checks the log")
        })
    }

    /// Has the security log tell what was done, while the store's lock keeps everybody else from it. What was done stands
    /// whether or not that can be written.
    pub(super) fn record(&self, fact: Option<Fact>) {
        let (Some(options), Some(fact)) = (&self.security_log, fact) else { return };
        let record = Record::of(fact).by(operator());
        if let Err(error) = SecurityLog::append_once(options.clone(), &record) {
            output::note(&format_args!(
                "crmconf: warning: what was done stands, but is not recorded: {error}"
            ));
        }
    }
}

/// A store that another process has open is the server's to work on.
fn unopened(data: &Path, error: StoreError) -> Failure {
    if let StoreError::Log(OpenError::InUse { .. }) = error {
        return Failure::new(format!(
            "a server has {} open: let it do this (--url and --user), or stop it first",
            data.display()
        ));
    }
    error.into()
}

/// Who works on it: the operator at this machine.
pub(super) fn operator() -> Actor {
    Actor::Operator(rustix::process::getuid().as_raw())
}

/// The same sentence as a server would answer; where something broke, what the operator of a server would find in its log.
pub(super) fn refused(error: impl Into<ApiError>) -> Failure {
    let error = error.into();
    if error.level == Level::ERROR {
        Failure::new(format!("{} ({})", error.message, error.log))
    } else {
        Failure::new(format!("refused: {} {}", error.code.number(), error.message))
    }
}
