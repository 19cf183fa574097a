//! The server's settings: read from file, environment and flags, checked, and handed on as ready objects.
//!
//! Flags are stronger than the environment, the environment is stronger than the file, and the file is stronger
//! than the defaults. [`table`] describes each setting once; names that it does not know are refused.

mod again;
mod error;
mod file;
mod form;
mod listener;
mod master_key;
mod nearest;
pub mod sample;
mod security_log;
pub mod table;
mod templates;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub use again::Again;
pub use error::SettingsError;
use master_key::plain;
pub use master_key::{CommandWords, MasterKeySource, MasterKeySources};
pub(crate) use master_key::{further_master_keys, master_key};
pub(crate) use security_log::SECURITY_LOG_FILE;
pub use security_log::{SecurityLogPlace, SecurityLogSettings};
pub use templates::{TableSettings, TemplatesPlace, WITHOUT_DYNAMODB};
pub(crate) use values::{Values, process_environment};

use crate::proxies::TrustedProxies;

/// Largest request body, in bytes: part of the published API, and so not a setting.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// Data folder of the demo, unless `--data` names another.
pub const DEMO_DATA: &str = "./crmconf-demo";

/// File in the demo's data folder that holds its master key. Only the demo may keep the key beside the data.
pub const DEMO_MASTER_KEY_FILE: &str = "master.key";

/// What the default place of the master key adds to the data folder's path.
pub const MASTER_KEY_SUFFIX: &str = ".master-key";

/// The environment variables of a process, by name.
pub type Environment = BTreeMap<String, OsString>;

/// Where a value comes from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Nothing sets it.
    Default,
    /// A settings file.
    File {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// This environment variable.
    Environment(&'static str),
    /// This command line flag.
    Flag(&'static str),
}

/// A value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

/// Form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Least severe lines that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLevel(pub tracing::Level);

/// Everything `serve` needs to know, checked. Durations and sizes carry their units in their types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether this is the demo: its accounts, directory and master key are made in an empty data folder.
    pub demo: bool,
    /// Data folder.
    pub data: Sourced<PathBuf>,
    /// Where to listen: on loopback, unless there is a certificate or `behind_tls_proxy` is set.
    pub listen: Sourced<SocketAddr>,
    /// The file of the server's certificate; never without `tls_key`.
    pub tls_certificate: Option<Sourced<PathBuf>>,
    /// The file of its key; never without `tls_certificate`.
    pub tls_key: Option<Sourced<PathBuf>>,
    /// Whether a proxy in front ends TLS.
    pub behind_tls_proxy: Sourced<bool>,
    /// Whose forwarded addresses count; nobody's where it is absent.
    pub trusted_proxies: Option<Sourced<TrustedProxies>>,
    /// Where clients reach the server; what their requests tell of it where it is absent.
    pub public_url: Option<Sourced<String>>,
    /// Where the current master key is.
    pub master_key: Sourced<MasterKeySource>,
    /// Where further master keys are, which some files of the vault may still need.
    pub further_master_keys: Vec<MasterKeySource>,
    /// Folder that templates are read from; the built-in ones where it is absent.
    pub templates_folder: Option<Sourced<PathBuf>>,
    /// DynamoDB table that templates are read from, in a folder's place.
    pub templates_table: Option<TableSettings>,
    /// HTTP worker threads, with "one for each core" already resolved.
    pub workers: Sourced<NonZeroUsize>,
    /// Connections open at once.
    pub connections_max: Sourced<NonZeroUsize>,
    /// Time within which a request's body must have arrived.
    pub body_timeout: Sourced<Duration>,
    /// Changes that may wait for the writer.
    pub write_queue_commands_max: Sourced<NonZeroUsize>,
    /// Time without a request after which a session expires.
    pub session_idle: Sourced<Duration>,
    /// Time after which a session expires in any case; never shorter than `session_idle`.
    pub session_absolute: Sourced<Duration>,
    /// Time from a configuration's deletion to the destruction of its data key.
    pub deleted_key_retention: Sourced<Duration>,
    /// Time given to requests under way at shutdown.
    pub shutdown_drain: Sourced<Duration>,
    /// Form of the log lines.
    pub log_format: Sourced<LogFormat>,
    /// Least severe lines that are logged.
    pub log_level: Sourced<LogLevel>,
    /// Where the security log goes, and how much of it is kept.
    pub security_log: SecurityLogSettings,
    /// sled's page cache, in bytes.
    pub sled_cache_bytes: Sourced<u64>,
    /// Where metrics are told; `None` where nothing is measured.
    pub metrics_listen: Option<Sourced<SocketAddr>>,
}

impl Settings {
    /// Checks what was collected, each value and the values together.
    pub(crate) fn from_values(values: &Values, demo: bool) -> Result<Self, SettingsError> {
        let settings = Self::unchecked(values, demo)?;
        settings.contradictions().into_iter().next().map_or(Ok(settings), Err)
    }

    /// Everything that is wrong with the values together, each fault once.
    pub(crate) fn faults(values: Values, demo: bool) -> Vec<SettingsError> {
        match Self::unchecked(&values, demo) {
            Ok(settings) => settings.contradictions(),
            // The only thing that values, each valid, cannot be made into settings with is the way to the master key.
            Err(fault) => {
                let rest = values.without(&table::WAYS_TO_KEYS);
                let rest = Self::unchecked(&rest, demo).map_or_else(|_| Vec::new(), |s| s.contradictions());
                std::iter::once(fault).chain(rest).collect()
            }
        }
    }

    /// Where all master keys are.
    #[must_use]
    pub fn master_keys(&self) -> MasterKeySources {
        MasterKeySources { current: self.master_key.value.clone(), further: self.further_master_keys.clone() }
    }

    fn contradictions(&self) -> Vec<SettingsError> {
        let checks = [
            self.check_listener(),
            self.check_tls(),
            self.check_proxies(),
            self.check_sessions(),
            self.check_templates(),
        ];
        checks.into_iter().filter_map(Result::err).collect()
    }

    /// The settings, each value valid; whether they can stand together is told by `contradictions`.
    fn unchecked(values: &Values, demo: bool) -> Result<Self, SettingsError> {
        let data = if demo { demo_data(values)? } else { data(values)? };
        Ok(Self {
            demo,
            master_key: master_key(values, &data.value, demo)?,
            further_master_keys: further_master_keys(values, &data.value, demo)?,
            security_log: SecurityLogSettings::of(values, &data.value, demo)?,
            data,
            listen: values.required(&table::LISTEN)?,
            tls_certificate: listener::tls_path(values, &table::TLS_CERTIFICATE, demo)?,
            tls_key: listener::tls_path(values, &table::TLS_KEY, demo)?,
            behind_tls_proxy: values.required(&table::BEHIND_TLS_PROXY)?,
            trusted_proxies: values.optional(&table::TRUSTED_PROXIES)?,
            public_url: values.optional(&table::PUBLIC_URL)?,
            templates_folder: values.optional(&table::TEMPLATES_FOLDER)?,
            templates_table: TableSettings::of(values)?,
            workers: workers(values.required(&table::WORKERS)?),
            connections_max: values.required(&table::CONNECTIONS)?,
            body_timeout: values.required(&table::BODY_TIMEOUT)?.map(Duration::from_secs),
            write_queue_commands_max: values.required(&table::WRITE_QUEUE)?,
            session_idle: minutes(values.required(&table::SESSION_IDLE)?),
            session_absolute: minutes(values.required(&table::SESSION_ABSOLUTE)?),
            deleted_key_retention: days(values.required(&table::DELETED_KEY_RETENTION)?),
            shutdown_drain: values.required(&table::SHUTDOWN_DRAIN)?.map(Duration::from_secs),
            log_format: values.required(&table::LOG_FORMAT)?,
            log_level: values.required(&table::LOG_LEVEL)?,
            sled_cache_bytes: values.required(&table::SLED_CACHE)?.map(|mib: u64| mib << 20),
            metrics_listen: values.optional(&table::METRICS_LISTEN)?,
        })
    }

    fn check_sessions(&self) -> Result<(), SettingsError> {
        if self.session_idle.value <= self.session_absolute.value {
            return Ok(());
        }
        Err(SettingsError::Contradiction(format!(
            "session_idle_minutes ({}) is longer than session_absolute_minutes ({}): \
             a session cannot rest longer than it lives",
            self.session_idle.source, self.session_absolute.source
        )))
    }
}

/// The data folder that the settings name.
pub(crate) fn data(values: &Values) -> Result<Sourced<PathBuf>, SettingsError> {
    values.required(&table::DATA)
}

/// The demo's data folder. File and environment do not count: they name the folder of a real store.
fn demo_data(values: &Values) -> Result<Sourced<PathBuf>, SettingsError> {
    let named = values.optional(&table::DATA)?;
    let by_flag = named.filter(|data: &Sourced<PathBuf>| matches!(data.source, Source::Flag(_)));
    Ok(by_flag.unwrap_or_else(|| Sourced { value: PathBuf::from(DEMO_DATA), source: Source::Default }))
}

fn workers(asked: Sourced<usize>) -> Sourced<NonZeroUsize> {
    asked.map(|threads| {
        NonZeroUsize::new(threads)
            .or_else(|| std::thread::available_parallelism().ok())
            .unwrap_or(NonZeroUsize::MIN)
    })
}

fn minutes(value: Sourced<u64>) -> Sourced<Duration> {
    value.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)))
}

fn days(value: Sourced<u64>) -> Sourced<Duration> {
    value.map(|days| Duration::from_secs(days.saturating_mul(24 * 60 * 60)))
}

impl<T> Sourced<T> {
    /// The value converted, its source kept.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Sourced<U> {
        Sourced { value: convert(self.value), source: self.source }
    }
}

impl Source {
    /// Strength: a source overrules those of a lower rank.
    fn rank(&self) -> u8 {
        match self {
            Self::Default => 0,
            Self::File { .. } => 1,
            Self::Environment(_) => 2,
            Self::Flag(_) => 3,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "set in {}, line {line}", path.display()),
            Self::Environment(name) => write!(f, "set by the environment variable {name}"),
            Self::Flag(flag) => write!(f, "set by {flag}"),
        }
    }
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        match word {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(()),
        }
    }
}

impl FromStr for LogLevel {
    type Err = tracing::metadata::ParseLevelError;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        word.parse().map(Self)
    }
}
