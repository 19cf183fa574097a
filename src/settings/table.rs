//! The table of settings: each one described once; parsing, `--help` and the configuration page come from here.

mod keys;
mod listening;
mod templates;

pub use super::form::Form;
pub use keys::*;
pub use listening::*;
pub use templates::*;

/// One setting: how it is named in each place, what it means and what it may hold.
#[derive(Debug)]
pub struct Setting {
    /// Key in the TOML file, and the name by which errors speak of it.
    pub name: &'static str,
    /// Environment variable that sets it.
    pub env: &'static str,
    /// Command line flag that sets it, with its dashes.
    pub flag: &'static str,
    /// What stands for its value in `--help`.
    pub placeholder: &'static str,
    /// Value when nothing sets it, as it would be written; `None` where absence has a meaning of its own.
    pub default: Option<&'static str>,
    /// What it may hold.
    pub kind: Kind,
    /// One or two sentences for the operator, without a full stop at the end.
    pub doc: &'static str,
}

/// What a setting may hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file or folder.
    Path,
    /// An IP address with a port.
    Address,
    /// IP addresses and networks, separated by commas.
    Networks,
    /// A whole number between `min` and `max`, both allowed, counted in `unit`.
    Count {
        /// What is counted: `seconds`, `MiB`, `threads`, …
        unit: &'static str,
        /// Smallest value allowed.
        min: u64,
        /// Largest value allowed.
        max: u64,
    },
    /// `true` or `false`; its flag takes no value.
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// The name of an environment variable.
    VariableName,
    /// A program and its arguments.
    Command,
    /// Several places of master keys.
    KeySources,
    /// A text of this form.
    Text(Form),
}

/// Folder with the log, its journal and the vault.
pub const DATA: Setting = Setting {
    name: "data",
    env: "CRMCONF_DATA",
    flag: "--data",
    placeholder: "DIR",
    default: Some("./crmconf-data"),
    kind: Kind::Path,
    doc: "Data folder: the event log, its journal and the vault. One process at a time may use it",
};

/// HTTP worker threads.
pub const WORKERS: Setting = Setting {
    name: "workers",
    env: "CRMCONF_WORKERS",
    flag: "--workers",
    placeholder: "N",
    default: Some("0"),
    // actix refuses more.
    kind: Kind::Count { unit: "threads", min: 0, max: 512 },
    doc: "HTTP worker threads; 0 means one for each processor core",
};

/// How many clients are served at once.
pub const CONNECTIONS: Setting = Setting {
    name: "connections_max",
    env: "CRMCONF_CONNECTIONS_MAX",
    flag: "--connections-max",
    placeholder: "N",
    default: Some("2048"),
    kind: Kind::Count { unit: "connections", min: 1, max: 65_536 },
    doc: "Connections open at once, shared out among the workers; more wait until one of these ends",
};

/// How long a request's body may take.
pub const BODY_TIMEOUT: Setting = Setting {
    name: "body_timeout_seconds",
    env: "CRMCONF_BODY_TIMEOUT_SECONDS",
    flag: "--body-timeout-seconds",
    placeholder: "SECONDS",
    default: Some("10"),
    kind: Kind::Count { unit: "seconds", min: 1, max: 600 },
    doc: "Time within which a request's body must have arrived",
};

/// Length of the queue in front of the writer.
pub const WRITE_QUEUE: Setting = Setting {
    name: "write_queue_commands_max",
    env: "CRMCONF_WRITE_QUEUE_COMMANDS_MAX",
    flag: "--write-queue-commands-max",
    placeholder: "N",
    default: Some("1024"),
    kind: Kind::Count { unit: "commands", min: 1, max: 65_536 },
    doc: "Changes that may wait for the writer; when it is full callers get 10105 and Retry-After",
};

/// How long a session may rest.
pub const SESSION_IDLE: Setting = Setting {
    name: "session_idle_minutes",
    env: "CRMCONF_SESSION_IDLE_MINUTES",
    flag: "--session-idle-minutes",
    placeholder: "MINUTES",
    default: Some("30"),
    kind: Kind::Count { unit: "minutes", min: 1, max: 10_080 },
    doc: "Minutes without a request after which a session expires",
};

/// How long a session may live.
pub const SESSION_ABSOLUTE: Setting = Setting {
    name: "session_absolute_minutes",
    env: "CRMCONF_SESSION_ABSOLUTE_MINUTES",
    flag: "--session-absolute-minutes",
    placeholder: "MINUTES",
    default: Some("720"),
    kind: Kind::Count { unit: "minutes", min: 1, max: 43_200 },
    doc: "Minutes after which a session expires however busy it is",
};

/// How long the key of a deleted configuration is kept.
pub const DELETED_KEY_RETENTION: Setting = Setting {
    name: "deleted_key_retention_days",
    env: "CRMCONF_DELETED_KEY_RETENTION_DAYS",
    flag: "--deleted-key-retention-days",
    placeholder: "DAYS",
    default: Some("30"),
    kind: Kind::Count { unit: "days", min: 0, max: 36_500 },
    doc: "Days after which the data key of a deleted configuration is destroyed, and with it its passwords for ever; \
          0: as soon as the server has run an hour",
};

/// How long a shutdown waits for requests under way.
pub const SHUTDOWN_DRAIN: Setting = Setting {
    name: "shutdown_drain_seconds",
    env: "CRMCONF_SHUTDOWN_DRAIN_SECONDS",
    flag: "--shutdown-drain-seconds",
    placeholder: "SECONDS",
    default: Some("10"),
    kind: Kind::Count { unit: "seconds", min: 0, max: 600 },
    doc: "Time that requests under way are given to end when the server is told to stop",
};

/// Form of the log lines.
pub const LOG_FORMAT: Setting = Setting {
    name: "log_format",
    env: "CRMCONF_LOG_FORMAT",
    flag: "--log-format",
    placeholder: "FORMAT",
    default: Some("text"),
    kind: Kind::Choice(&["text", "json"]),
    doc: "Form of the log lines on standard error: for people, or one JSON object a line",
};

/// How much is logged.
pub const LOG_LEVEL: Setting = Setting {
    name: "log_level",
    env: "CRMCONF_LOG_LEVEL",
    flag: "--log-level",
    placeholder: "LEVEL",
    default: Some("info"),
    kind: Kind::Choice(&["error", "warn", "info", "debug", "trace"]),
    doc: "Least severe lines that are logged",
};

/// Where the security log goes.
pub const SECURITY_LOG: Setting = Setting {
    name: "security_log",
    env: "CRMCONF_SECURITY_LOG",
    flag: "--security-log",
    placeholder: "FILE|off",
    default: None,
    kind: Kind::Path,
    doc: "File of the security log (sign-ins, refusals, throttling, administration), or off for none. \
          Not given: security.log in the data folder",
};

/// How large a file of the security log becomes.
pub const SECURITY_LOG_SIZE: Setting = Setting {
    name: "security_log_mib",
    env: "CRMCONF_SECURITY_LOG_MIB",
    flag: "--security-log-mib",
    placeholder: "MIB",
    default: Some("16"),
    kind: Kind::Count { unit: "MiB", min: 1, max: 1_024 },
    doc: "Size at which the security log begins a new file; the older ones get numbers, .1 is the newest",
};

/// How many older files of the security log are kept.
pub const SECURITY_LOG_FILES: Setting = Setting {
    name: "security_log_files_max",
    env: "CRMCONF_SECURITY_LOG_FILES_MAX",
    flag: "--security-log-files-max",
    placeholder: "N",
    default: Some("10"),
    kind: Kind::Count { unit: "files", min: 1, max: 1_000 },
    doc: "Older files of the security log that are kept; the oldest is removed for a new one",
};

/// Memory that sled may use for its cache.
pub const SLED_CACHE: Setting = Setting {
    name: "sled_cache_mib",
    env: "CRMCONF_SLED_CACHE_MIB",
    flag: "--sled-cache-mib",
    placeholder: "MIB",
    default: Some("64"),
    kind: Kind::Count { unit: "MiB", min: 8, max: 65_536 },
    doc: "Memory for the store's page cache",
};

/// Where metrics are told.
pub const METRICS_LISTEN: Setting = Setting {
    name: "metrics_listen",
    env: "CRMCONF_METRICS_LISTEN",
    flag: "--metrics-listen",
    placeholder: "ADDR",
    default: None,
    kind: Kind::Address,
    doc: "IP address and port where Prometheus finds GET /metrics, in plain HTTP; without it nothing is measured and \
          nothing listens",
};

/// Every setting, in the order in which `--help` and the documentation show them.
pub static TABLE: [&Setting; 31] = [
    &DATA,
    &LISTEN,
    &TLS_CERTIFICATE,
    &TLS_KEY,
    &BEHIND_TLS_PROXY,
    &PUBLIC_URL,
    &TRUSTED_PROXIES,
    &MASTER_KEY_FILE,
    &MASTER_KEY_ENV,
    &MASTER_KEY_COMMAND,
    &FURTHER_MASTER_KEYS,
    &TEMPLATES_FOLDER,
    &TEMPLATES_TABLE,
    &TEMPLATES_TABLE_REGION,
    &TEMPLATES_TABLE_ENDPOINT,
    &TEMPLATES_TABLE_REFRESH,
    &WORKERS,
    &CONNECTIONS,
    &BODY_TIMEOUT,
    &WRITE_QUEUE,
    &SESSION_IDLE,
    &SESSION_ABSOLUTE,
    &DELETED_KEY_RETENTION,
    &SHUTDOWN_DRAIN,
    &LOG_FORMAT,
    &LOG_LEVEL,
    &SECURITY_LOG,
    &SECURITY_LOG_SIZE,
    &SECURITY_LOG_FILES,
    &SLED_CACHE,
    &METRICS_LISTEN,
];

impl Setting {
    /// The help text of its flag: meaning, default, range, and the other two places where it can be set.
    #[must_use]
    pub fn help(&self) -> String {
        let default = self.default.map(|value| format!("default: {value}, ")).unwrap_or_default();
        let range = match self.kind {
            Kind::Count { min, max, .. } => format!("{min} to {max}, "),
            Kind::Path
            | Kind::Address
            | Kind::Networks
            | Kind::Switch
            | Kind::Choice(_)
            | Kind::VariableName
            | Kind::Command
            | Kind::KeySources
            | Kind::Text(_) => String::new(),
        };
        format!("{} [{default}{range}file: {}, env: {}]", self.doc, self.name, self.env)
    }
}

/// The type of a value in the TOML file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TomlType {
    /// A whole number.
    Integer,
    /// `true` or `false`, without quotes.
    Boolean,
    /// A text in quotes.
    Text,
}

impl Kind {
    /// The type that its values have in the file: the one place that says so.
    #[must_use]
    pub const fn toml_type(&self) -> TomlType {
        match self {
            Self::Count { .. } => TomlType::Integer,
            Self::Switch => TomlType::Boolean,
            Self::Path
            | Self::Address
            | Self::Networks
            | Self::Choice(_)
            | Self::VariableName
            | Self::Command
            | Self::KeySources
            | Self::Text(_) => TomlType::Text,
        }
    }

    /// What is expected, for an error: `a whole number of seconds from 1 to 600`.
    #[must_use]
    pub fn expectation(&self) -> String {
        match self {
            Self::Path => "the path of a file or folder".to_owned(),
            Self::Address => "an IP address and a port, such as 127.0.0.1:8462 or [::1]:8462".to_owned(),
            Self::Networks => {
                "IP addresses and networks with commas between them, such as 10.0.0.7, 10.1.0.0/16 or \
                               2001:db8::/32, and not all the world (/0)"
                    .to_owned()
            }
            Self::Count { unit, min, max } => format!("a whole number of {unit} from {min} to {max}"),
            Self::Switch => "true or false".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::VariableName => "the name of an environment variable".to_owned(),
            Self::Command => {
                "a program and its arguments, quoted as for a shell where they hold spaces".to_owned()
            }
            Self::KeySources => {
                "one or more of file:PATH, env:NAME and 'command:PROGRAM ARGUMENTS', with spaces between"
                    .to_owned()
            }
            Self::Text(form) => form.expectation().to_owned(),
        }
    }
}
