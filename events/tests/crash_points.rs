//! Every call that the log makes to its disk is a point at which the power may go: whatever the disk may hold then,
//! the log opens, with every acknowledged commit and no half one, whether sled is lost, behind or intact.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test: a panic is how it reports"
)]

#[path = "crash_points/check.rs"]
mod check;
#[path = "crash_points/script.rs"]
mod script;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use check::{Store, check};
use script::{Moment, run_script};

/// How many outcomes of a power cut are drawn where there are too many to go through all.
const SUBSETS: u64 = 50;

/// Another seed, given in `CRMCONF_TEST_SEED`, draws other outcomes; a failure names the one that it was drawn by.
fn seed() -> u64 {
    const DEFAULT: u64 = 20_260_731;
    std::env::var("CRMCONF_TEST_SEED").map_or(DEFAULT, |seed| seed.parse().unwrap())
}

#[test]
fn every_acknowledged_commit_survives_a_power_cut_at_every_call() {
    let (moments, seed) = (run_script(), seed());
    assert!(moments.len() > 500, "the script is long enough to mean something: {} calls", moments.len());
    let (next, states) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(moment) = moments.get(next.fetch_add(1, Ordering::Relaxed)) {
                    states.fetch_add(check_moment(moment, seed), Ordering::Relaxed);
                }
            });
        }
    });
    println!("{} calls, {} states, seed {seed}", moments.len(), states.into_inner());
}

fn check_moment(moment: &Moment, seed: u64) -> usize {
    let mut states = 0;
    for crash in moment.disk.crash_states(SUBSETS, seed) {
        for store in [Store::Lost, Store::Behind, Store::Intact] {
            check(moment, &crash, store);
            states += 1;
        }
    }
    states
}
