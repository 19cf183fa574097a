//! The table of metrics: each one described once; what is exposed and the page `docs/metrics.md` are compared with it.

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name, by Prometheus' conventions: base units, `_total` for counters.
    pub name: &'static str,
    /// What kind it is.
    pub kind: Kind,
    /// The names of its labels, in the order in which the page shows them.
    pub labels: &'static [&'static str],
    /// What it tells, without a full stop at the end.
    pub help: &'static str,
}

/// What kind a metric is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// It only grows, from 0 at the start of the process.
    Counter,
    /// It is what was found when it was asked for.
    Gauge,
    /// It counts samples up to each of these bounds.
    Histogram(&'static [f64]),
}

impl Kind {
    /// As Prometheus calls it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram(_) => "histogram",
        }
    }
}

/// Bounds for requests, in seconds: from an answer out of memory to one that waited for a password to be checked, or
/// for a disk that hangs.
pub const REQUEST_SECONDS: [f64; 14] =
    [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Bounds for what waits for the disk alone, in seconds: from a cache that power cannot take to a disk in trouble.
pub const DISK_SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// Bounds for the events of a commit, up to as many as it may have.
pub const COMMIT_EVENTS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0];
/// Bounds for the bytes of a commit, up to as many as it may have.
pub const COMMIT_BYTES: [f64; 10] =
    [1_024.0, 2_048.0, 4_096.0, 8_192.0, 16_384.0, 32_768.0, 65_536.0, 131_072.0, 524_288.0, 921_600.0];

/// Declares the metrics, and the table of them all.
macro_rules! metrics {
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $kind:expr, [$($label:literal),*], $help:literal;)*) => {
        $($(#[$doc])* pub const $constant: Metric =
            Metric { name: $name, kind: $kind, labels: &[$($label),*], help: $help };)*

        /// Every metric, in the order in which the page shows them.
        pub static TABLE: &[&Metric] = &[$(&$constant),*];
    };
}

metrics! {
    /// Which program this is.
    BUILD = "crmconf_build_info", Kind::Gauge, ["version"],
        "Always 1; the label tells the program's version";
    /// When it was started.
    START_TIME = "process_start_time_seconds", Kind::Gauge, [],
        "When the process was started, in seconds since 1970 UTC";
    /// Its memory.
    MEMORY = "process_resident_memory_bytes", Kind::Gauge, [],
        "Memory of the process that is in RAM";
    /// Its open files.
    FILES = "process_open_fds", Kind::Gauge, [],
        "Open file descriptors; each connection takes one";
    /// How many there may be.
    FILES_MAX = "process_max_fds", Kind::Gauge, [],
        "How many file descriptors the process may open; no line where there is no limit";
    /// Whether it answers and takes changes.
    READY = "crmconf_ready", Kind::Gauge, [],
        "1 while the store is open and takes changes, as /readyz says; else 0";
    /// What keeps it from that.
    HINDRANCE = "crmconf_hindrance", Kind::Gauge, ["reason"],
        "1 for what keeps the server from being ready: starting, stopping, store_unavailable (may pass: the disk is \
         full), store_read_only (until the next start), writer_lost (a fault of the server: restart it); else 0";
    /// How far a start is.
    START_COMMITS = "crmconf_start_commits", Kind::Gauge, ["step"],
        "Commits that this step of opening the store was done with: checking (the journal is read), inserting (into \
         sled, what it lacks), folding (the read models); no line for a step that did not begin";
    /// Answered requests.
    REQUESTS = "crmconf_requests_total", Kind::Counter, ["operation", "code"],
        "Answered requests by operation and error code, ok for success; operation is unknown where the request names \
         none or none that exists";
    /// How long they took.
    REQUEST_DURATION = "crmconf_request_duration_seconds", Kind::Histogram(&REQUEST_SECONDS), ["operation"],
        "Time from a request's head to its answer: what the client takes to send the body is in it, what it takes to \
         fetch the answer is not";
    /// What was refused before.
    HTTP_REFUSED = "crmconf_http_refused_total", Kind::Counter, ["status"],
        "Requests refused before their operation was known, by HTTP status: another path or method, not well-formed, \
         too large, too slow, before the store was open; other stands for any other status";
    /// Open connections.
    CONNECTIONS = "crmconf_connections", Kind::Gauge, [],
        "Open connections of the API";
    /// How many there may be.
    CONNECTIONS_LIMIT = "crmconf_connections_limit", Kind::Gauge, [],
        "Connections that may be open at once: connections_max, or fewer where the limit of open files is too low";
    /// When the certificate ends.
    TLS_EXPIRY = "crmconf_tls_certificate_expiry_seconds", Kind::Gauge, [],
        "Until when the certificate that clients are shown counts, in seconds since 1970 UTC; 0 without TLS";
    /// Pairs that were kept out.
    TLS_RELOAD_FAILURES = "crmconf_tls_reload_failures_total", Kind::Counter, [],
        "Changes of the files of certificate and key that could not be used: what served before serves on";
    /// Handshakes that failed.
    TLS_HANDSHAKES_FAILED = "crmconf_tls_handshakes_failed_total", Kind::Counter, [],
        "TLS handshakes that failed or took too long: clients that do not trust the certificate, speak plain HTTP or \
         an old version, or scan the port";
    /// What requests and answers hold.
    HELD = "crmconf_held_bytes", Kind::Gauge, ["of"],
        "Memory that requests hold until they are decided, and large answers until their clients have taken them";
    /// How much that may be.
    HELD_LIMIT = "crmconf_held_limit_bytes", Kind::Gauge, ["of"],
        "How much of that there may be; beyond, callers get 10105";
    /// Commands in the queue.
    QUEUE = "crmconf_queue_commands", Kind::Gauge, [],
        "Changes that wait for the writer";
    /// How many there may be.
    QUEUE_LIMIT = "crmconf_queue_limit_commands", Kind::Gauge, [],
        "Changes that may wait (write_queue_commands_max); beyond, callers get 10105";
    /// Commits.
    COMMITS = "crmconf_commits_total", Kind::Counter, [],
        "Commits appended to the log";
    /// Their events.
    EVENTS = "crmconf_commit_events", Kind::Histogram(&COMMIT_EVENTS), [],
        "Events of each commit: more under load, when changes are written together";
    /// Their bytes.
    BYTES = "crmconf_commit_bytes", Kind::Histogram(&COMMIT_BYTES), [],
        "Bytes of each commit in the journal";
    /// How long appending took.
    APPEND = "crmconf_append_duration_seconds", Kind::Histogram(&DISK_SECONDS), [],
        "Time that appending a commit took: journal, its sync, sled";
    /// How long syncing took.
    SYNC = "crmconf_sync_duration_seconds", Kind::Histogram(&DISK_SECONDS), [],
        "Time that syncing a commit in the journal took (fdatasync): the disk's share of every change";
    /// Commits whose time was lifted.
    CLOCK_LIFTED = "crmconf_clock_lifted_commits_total", Kind::Counter, [],
        "Commits whose time was lifted by more than five minutes, since the machine's clock is behind the log";
    /// Where the log ends.
    HEAD = "crmconf_head_sequence", Kind::Gauge, [],
        "Sequence of the log's last durable event";
    /// Where the view ends.
    VIEW = "crmconf_view_sequence", Kind::Gauge, [],
        "Sequence of the last event in the read models; what it lacks to crmconf_head_sequence is their lag";
    /// Size of the journal.
    JOURNAL = "crmconf_journal_bytes", Kind::Gauge, [],
        "Bytes of the journal's files; they are made before they are filled";
    /// Size of sled.
    SLED = "crmconf_sled_bytes", Kind::Gauge, [],
        "Bytes of sled's files";
    /// Room for them.
    FREE = "crmconf_data_free_bytes", Kind::Gauge, [],
        "Bytes free for the server in the file system of the data folder; no line where it does not tell";
    /// Keys whose time will come.
    KEYS_WAITING = "crmconf_retired_keys", Kind::Gauge, [],
        "Data keys of deleted configurations that wait for the end of deleted_key_retention_days";
    /// Whether they wait for more than that.
    KEYS_HELD = "crmconf_destruction_held", Kind::Gauge, [],
        "1 while no data key is destroyed because its time has come, since the clock was in doubt and nobody has \
         confirmed it; else 0";
    /// Keys destroyed.
    KEYS_DESTROYED = "crmconf_keys_destroyed_total", Kind::Counter, [],
        "Data keys destroyed in the vault: of configurations and of accounts, whoever asked for it";
    /// Keys that ought to be.
    KEYS_STANDING = "crmconf_keys_given_up", Kind::Gauge, ["state"],
        "Data keys that the log has given up and the vault could not destroy: due, tried again every five seconds; lacking, \
         in a bucket that is missing or damaged, and destroyed by the start that finds it put back";
    /// Sessions.
    SESSIONS = "crmconf_sessions", Kind::Gauge, ["state"],
        "Sessions: waiting for Authenticate, signed_in, ended early and remembered as such";
    /// How signing in went.
    SIGN_INS = "crmconf_sign_ins_total", Kind::Counter, ["outcome"],
        "Attempts to sign in: succeeded; failed (10307, whatever was wrong); refused (no session to sign in to); busy \
         (too many at once); broken (the password could not be checked)";
    /// What was throttled.
    THROTTLED = "crmconf_throttled_total", Kind::Counter, [],
        "Passwords that were not tried, after too many failures: such an attempt fails whatever the password";
    /// Password work.
    PASSWORD_CHECKS = "crmconf_password_checks", Kind::Gauge, ["state"],
        "Passwords that are being checked, and that wait for their turn: 2 and 32 at most";
    /// Templates.
    TEMPLATES = "crmconf_templates", Kind::Gauge, ["state"],
        "Templates in use, and templates of their source that were refused as invalid";
    /// Whether templates can be had.
    TEMPLATES_REACHABLE = "crmconf_templates_reachable", Kind::Gauge, [],
        "1 while the source of templates can be read, as the built-in ones always can; at 0 the last good set serves on";
    /// The security log.
    SECURITY_LOG = "crmconf_security_log_records_total", Kind::Counter, ["state"],
        "Records of the security log: written; repeated (counted in a record of their own); lost";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_follow_the_conventions_and_are_unique() {
        let names: BTreeSet<_> = TABLE.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), TABLE.len());
        for Metric { name, kind, labels, help } in TABLE {
            assert!(name.starts_with("crmconf_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert!(!name.ends_with("_ms") && !name.ends_with("_kib"), "{name} is not in a base unit");
            assert!(!help.ends_with('.') && !help.contains('|'), "{name}: {help}");
            assert!(!labels.contains(&"le"), "{name}");
        }
    }

    #[test]
    fn bounds_rise() {
        for metric in TABLE {
            if let Kind::Histogram(bounds) = metric.kind {
                assert!(bounds.windows(2).all(|pair| pair[0] < pair[1]), "{}", metric.name);
            }
        }
    }

    #[test]
    fn the_page_shows_every_metric_as_the_table_has_it_and_no_other() {
        let page = include_str!("../../docs/metrics.md");
        let shown: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
        let expected: Vec<_> = TABLE
            .iter()
            .map(|Metric { name, kind, labels, help }| {
                let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
                format!("| `{name}` | {} | {} | {help} |", kind.word(), labels.join(", "))
            })
            .collect();
        assert_eq!(shown, expected);
    }
}
