//! What is read when metrics are asked for: the process, its files, and how the service stands.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use crmconf_events::Sequence;
use crmconf_events::disk::{Disk as _, RealDisk};
use crmconf_events::log::EventLog;
use rustix::process::{Resource, getrlimit};

use super::registry::{Registry, Value};
use super::table::{self, Metric};
use crate::http::answer::ANSWERS_BYTES_MAX;
use crate::http::app::{App, Service, Unready};
use crate::http::intake::BODIES_BYTES_MAX;
use crate::security_log::Tally;
use crate::sessions::{PasswordLoad, SignIns};
use crate::templates::SourceState;
use crate::writer::{Hindered, Queue};

/// What can keep the server from being ready, as the label says it.
const HINDRANCES: [&str; 5] = ["starting", "stopping", "store_unavailable", "store_read_only", "writer_lost"];

impl Registry {
    fn set(&self, metric: &Metric, value: f64) {
        self.gauge(metric, &[]).set(value);
    }

    /// Sets a metric of one label, for each of its values.
    fn set_each<const N: usize>(&self, metric: &Metric, values: [(&'static str, u64); N]) {
        for (word, value) in values {
            self.gauge(metric, &[Value::Word(word)]).set(value as f64);
        }
    }
}

/// What the operating system tells of the process. What it does not tell has no line.
pub(super) fn process(registry: &Registry, started: SystemTime) {
    registry.gauge(&table::BUILD, &[Value::Word(env!("CARGO_PKG_VERSION"))]).set(1.0);
    let started = started.duration_since(UNIX_EPOCH).unwrap_or_default();
    registry.set(&table::START_TIME, started.as_secs_f64());
    if let Some(bytes) =
        fs::read_to_string("/proc/self/status").ok().and_then(|status| resident_bytes(&status))
    {
        registry.set(&table::MEMORY, bytes as f64);
    }
    if let Ok(files) = fs::read_dir("/proc/self/fd") {
        // One of them is the folder that is being read.
        registry.set(&table::FILES, files.count().saturating_sub(1) as f64);
    }
    if let Some(files) = getrlimit(Resource::Nofile).current {
        registry.set(&table::FILES_MAX, files as f64);
    }
}

/// The memory that is in RAM, from the kernel's own table.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1_024)
}

/// What the store takes up, and what is left. A folder that is not there yet takes up nothing.
pub(super) fn disk(registry: &Registry, data: &Path) {
    for (metric, folder) in [(&table::JOURNAL, "journal"), (&table::SLED, "sled")] {
        if let Ok(bytes) = folder_bytes(&data.join(folder)) {
            registry.set(metric, bytes as f64);
        }
    }
    if let Ok(bytes) = RealDisk.free_bytes(data)
        && bytes < u64::MAX
    {
        registry.set(&table::FREE, bytes as f64);
    }
}

/// The bytes of all files below a folder; sled removes some meanwhile.
fn folder_bytes(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0u64;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let more = match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => folder_bytes(&entry.path()),
            metadata => metadata.map(|metadata| metadata.len()),
        };
        match more {
            Ok(more) => bytes = bytes.saturating_add(more),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// Whether the service is ready, and what keeps it from that.
pub(super) fn standing(registry: &Registry, service: &Service, stopping: bool) {
    let hindrance = if stopping {
        Some("stopping")
    } else {
        match service.app() {
            Ok(app) => app.writer.hindered().map(|hindered| match hindered {
                Hindered::Passing => "store_unavailable",
                Hindered::ReadOnly => "store_read_only",
                Hindered::Lost => "writer_lost",
            }),
            Err(Unready::Starting(_)) => Some("starting"),
            Err(Unready::Stopping) => Some("stopping"),
        }
    };
    registry.set(&table::READY, f64::from(hindrance.is_none()));
    registry.set_each(&table::HINDRANCE, HINDRANCES.map(|word| (word, u64::from(hindrance == Some(word)))));
}

/// Where the log ends; read before the view, so that a commit in between does not look like a lag.
pub(super) fn head(registry: &Registry, log: &dyn EventLog) {
    registry.set(&table::HEAD, number(log.head().last));
}

/// What is seen once the store is open.
pub(super) fn app(registry: &Registry, app: &App) {
    let view = app.views.load();
    registry.set(&table::VIEW, number(view.last));
    registry.set(&table::KEYS_WAITING, view.retired.len() as f64);
    registry.set(&table::KEYS_HELD, f64::from(view.retired.held()));
    drop(view);
    let Queue { commands, limit } = app.writer.queue();
    registry.set(&table::QUEUE, commands as f64);
    registry.set(&table::QUEUE_LIMIT, limit as f64);
    let held = |limit: usize, left: usize| limit.saturating_sub(left) as u64;
    let requests = held(BODIES_BYTES_MAX, app.bodies.left());
    let answers = held(ANSWERS_BYTES_MAX, app.answers.left());
    registry.set_each(&table::HELD, [("requests", requests), ("answers", answers)]);
    let limits = [("requests", BODIES_BYTES_MAX as u64), ("answers", ANSWERS_BYTES_MAX as u64)];
    registry.set_each(&table::HELD_LIMIT, limits);
    let SourceState { usable, refused, reachable, .. } = app.templates.load().state();
    registry.set(&table::TEMPLATES_REACHABLE, f64::from(u8::from(reachable)));
    let states = [("in_use", usable as u64), ("refused", refused as u64)];
    registry.set_each(&table::TEMPLATES, states);
    let Tally { written, repeated, lost } = app.security_log.tally();
    for (word, count) in [("written", written), ("repeated", repeated), ("lost", lost)] {
        registry.counter(&table::SECURITY_LOG, &[Value::Word(word)]).absolute(count);
    }
    sessions(registry, app);
}

fn sessions(registry: &Registry, app: &App) {
    let [waiting, signed_in, ended] = app.sessions.counts().map(|count| count as u64);
    let states = [("waiting", waiting), ("signed_in", signed_in), ("ended", ended)];
    registry.set_each(&table::SESSIONS, states);
    let PasswordLoad { running, waiting } = app.authenticator.load();
    registry.set_each(&table::PASSWORD_CHECKS, [("running", running as u64), ("waiting", waiting as u64)]);
    let SignIns { succeeded, failed, refused, busy, broken, throttled } = app.authenticator.sign_ins();
    for (outcome, count) in [
        ("succeeded", succeeded),
        ("failed", failed),
        ("refused", refused),
        ("busy", busy),
        ("broken", broken),
    ] {
        registry.counter(&table::SIGN_INS, &[Value::Word(outcome)]).absolute(count);
    }
    registry.counter(&table::THROTTLED, &[]).absolute(throttled);
}

/// A sequence's number; 0 before the first event.
fn number(sequence: Option<Sequence>) -> f64 {
    sequence.map_or(0, Sequence::get) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernel_s_words() {
        assert_eq!(resident_bytes("VmPeak:\t 9 kB\nVmRSS:\t   2048 kB\n"), Some(2 << 20));
        for other in ["", "VmRSS: x kB", "VmRSS: 7 MB"] {
            assert_eq!(resident_bytes(other), None, "{other}");
        }
        let own = fs::read_to_string("/proc/self/status").unwrap();
        assert!(resident_bytes(&own).unwrap() > 1 << 20);
    }

    #[test]
    fn a_folder_s_bytes_are_those_of_all_files_below() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("below")).unwrap();
        for (name, bytes) in [("a", 10), ("below/b", 200)] {
            fs::write(folder.path().join(name), vec![1; bytes]).unwrap();
        }
        assert_eq!(folder_bytes(folder.path()).unwrap(), 210);
        assert!(folder_bytes(&folder.path().join("missing")).is_err());
    }
}
