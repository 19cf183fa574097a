//! Open files: each connection takes one, and must not take those that journal and sled need.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// How many open files are kept for the journal, sled, the vault, log lines and the runtime; some twenty are in use.
const FILES_RESERVED: u64 = 128;
/// How many more for each worker: its event queue, a second handle to that, what wakes it, and its share of the signals;
/// and the one connection by which its share of all of them may be rounded up.
const FILES_PER_WORKER: u64 = 5;
/// Fewer connections than this are never allowed, whatever the limit.
const CONNECTIONS_MIN: usize = 1;

/// How many of these connections there are files for beside so many workers, after the process's limit was raised as
/// far as it may be.
pub(super) fn allow(connections_max: usize, workers: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let reserved = reserved(workers);
    let wanted = (connections_max as u64).saturating_add(reserved);
    let limit = match raised(limit, wanted) {
        // Where raising is refused the old limit stands.
        Some(raised) if setrlimit(Resource::Nofile, raised).is_ok() => raised,
        Some(_) | None => limit,
    };
    let allowed = room(limit, reserved, connections_max);
    if allowed < connections_max {
        tracing::warn!(
            connections_max,
            allowed,
            open_files_max = limit.current,
            "fewer connections than configured are allowed; raise the limit of open files (ulimit -n, LimitNOFILE)"
        );
    }
    allowed
}

/// How many open files are kept from connections.
const fn reserved(workers: usize) -> u64 {
    FILES_RESERVED.saturating_add(FILES_PER_WORKER.saturating_mul(workers as u64))
}

/// The limit as it should be, if that is another.
fn raised(limit: Rlimit, wanted: u64) -> Option<Rlimit> {
    let current = limit.current?;
    let possible = limit.maximum.map_or(wanted, |maximum| wanted.min(maximum));
    (possible > current).then_some(Rlimit { current: Some(possible), ..limit })
}

/// How many connections a limit leaves room for.
fn room(limit: Rlimit, reserved: u64, connections_max: usize) -> usize {
    let Some(files) = limit.current else { return connections_max };
    let left = usize::try_from(files.saturating_sub(reserved)).unwrap_or(usize::MAX);
    left.clamp(CONNECTIONS_MIN, connections_max.max(CONNECTIONS_MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn limit(current: Option<u64>, maximum: Option<u64>) -> Rlimit {
        Rlimit { current, maximum }
    }

    #[test]
    fn the_limit_is_raised_as_far_as_needed_and_allowed() {
        let small = limit(Some(1_024), Some(4_096));
        assert_eq!(raised(small, 2_000), Some(limit(Some(2_000), Some(4_096))));
        assert_eq!(raised(small, 9_000), Some(limit(Some(4_096), Some(4_096))));
        assert_eq!(raised(small, 1_000), None, "it is never lowered");
        assert_eq!(raised(limit(Some(1_024), None), 9_000), Some(limit(Some(9_000), None)));
        assert_eq!(raised(limit(None, None), 9_000), None);
    }

    #[test]
    fn connections_leave_files_for_the_store() {
        assert_eq!(room(limit(Some(4_096), None), reserved(1), 2_048), 2_048);
        assert_eq!(room(limit(Some(1_024), None), reserved(1), 2_048), 891);
        assert_eq!(room(limit(Some(64), None), reserved(1), 2_048), 1);
        assert_eq!(room(limit(None, None), reserved(1), 2_048), 2_048);
    }

    #[test]
    fn many_workers_leave_fewer_connections_and_never_take_from_the_store() {
        assert_eq!(reserved(512), FILES_RESERVED + 2_560);
        let allowed = room(limit(Some(4_096), None), reserved(512), 2_048);
        assert_eq!(allowed, 1_408);
        // Four files a worker, and as many connections as the listener makes of it.
        let used = 4 * 512 + allowed.div_ceil(512) * 512;
        assert!(used as u64 + FILES_RESERVED <= 4_096, "{used}");
    }
}
