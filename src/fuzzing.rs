//! What fuzzing asks of everything that reads bytes from outside: one function a target, which asserts what must hold.
//!
//! Each function stands beside what it tries, where that can be reached without being public. libFuzzer calls them from
//! `tests/fuzz/`, and `cargo test` runs the same functions over the seeds and regression cases that lie there. Nothing
//! here is part of the program: the module is there in tests and under the feature `fuzzing` alone.

#[cfg(test)]
mod tests;

use crmconf_events::fuzzing as events;

use crate::{directory, http, proxies, templates, vault};

/// A target: it panics where something does not hold.
type Target = fn(&[u8]);

/// Every target by its name, which is that of its binary and of its folders in `tests/fuzz/`.
pub const TARGETS: [(&str, Target); 12] = [
    ("directory_csv", directory::fuzzing::csv),
    ("directory_json", directory::fuzzing::json),
    ("envelope", http::fuzzing::envelope),
    ("event", events::event),
    ("forwarded", proxies::fuzzing::forwarded),
    ("journal", events::journal),
    ("json", events::json),
    ("json_data", templates::fuzzing::json_data),
    ("list", http::fuzzing::list),
    ("request", http::fuzzing::request),
    ("template", templates::fuzzing::template),
    ("vault", vault::fuzzing::vault),
];

/// Runs a target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(target, _)| *target == name);
    assert!(target.is_some(), "there is no target {name}");
    if let Some((_, target)) = target {
        target(data);
    }
}
