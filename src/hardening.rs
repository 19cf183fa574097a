//! Keeps what this process holds in memory, keys and passwords in clear, out of the files that a crash would leave.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Largest core file, in bytes. Not 0: Linux hands a core file to a collecting program (`core_pattern` with a pipe) under any
/// limit but this one, which keeps both kinds from being written (`fs/coredump.c`).
const CORE_FILE_BYTES_MAX: u64 = 1;

/// From now on the system writes no core file of this process or of its children. Where it refuses to be told so, nothing
/// else depends on it.
pub fn keep_no_core_files() {
    let limit = Some(CORE_FILE_BYTES_MAX);
    let _ = setrlimit(Resource::Core, Rlimit { current: limit, maximum: limit });
}
