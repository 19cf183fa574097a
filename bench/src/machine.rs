//! One line about the machine: figures without it say little.

/// Cores, kernel, and how busy the machine is: a load above what a run itself makes means that others worked too.
pub(crate) fn line() -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load: Vec<_> = load.split_whitespace().take(2).collect();
    format!("{cores} cores, Linux {}, load {} (1 min, 5 min)", kernel.trim(), load.join(" "))
}
