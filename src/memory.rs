//! For tests: what memory holds that was given back.

use std::fs::File;
use std::io::{BufRead as _, Read as _};
use std::os::unix::fs::FileExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use zeroize::{Zeroize as _, Zeroizing};

/// How much is looked at at a time.
const CHUNK_BYTES: usize = 1 << 20;

/// A secret that no other test has, and what finds it in the memory of this process.
pub(crate) struct Sought {
    /// The end of the secret with every bit turned, so that this is not found itself. What the allocator writes into
    /// memory that is given back stands at its beginning.
    turned: Vec<u8>,
    /// Only one search at a time: another one has copies of memory, and with them of what is sought here.
    _alone: MutexGuard<'static, ()>,
    /// Room for the search, taken before anything was given back, so that it does not get just that memory.
    maps: String,
    chunk: Vec<u8>,
}

impl Sought {
    /// A secret of 96 characters. Whoever is given it wipes it.
    pub(crate) fn new() -> (Zeroizing<String>, Self) {
        static ALONE: Mutex<()> = Mutex::new(());
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut random = [0; 48];
        getrandom::fill(&mut random).unwrap();
        let mut secret = Zeroizing::new(String::with_capacity(2 * random.len()));
        data_encoding::HEXLOWER.encode_append(&random, &mut secret);
        let turned: Vec<_> = secret.as_bytes()[secret.len() / 2..].iter().map(|byte| !byte).collect();
        let (maps, chunk) = (String::with_capacity(1 << 20), Vec::with_capacity(CHUNK_BYTES + turned.len()));
        (secret, Self { turned, _alone: alone, maps, chunk })
    }

    /// Whether the end of the secret stands anywhere that this process may write to.
    pub(crate) fn stands_in_memory(&mut self) -> bool {
        let Self { turned, maps, chunk, .. } = self;
        maps.clear();
        File::open("/proc/self/maps").unwrap().read_to_string(maps).unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        let found = maps.lines().filter_map(writable).any(|(from, to)| {
            (from..to).step_by(CHUNK_BYTES).any(|at| {
                // Chunks overlap, so that none cuts the secret in two.
                let bytes = usize::try_from(to - at).unwrap().min(CHUNK_BYTES + turned.len());
                chunk.resize(bytes, 0);
                // What another thread has given back meanwhile cannot be read.
                memory.read_exact_at(chunk, at).is_ok() && stands_in(chunk, turned)
            })
        });
        chunk.zeroize();
        found
    }
}

/// Whether these bytes hold what is sought.
fn stands_in(bytes: &[u8], turned: &[u8]) -> bool {
    let mut rest = bytes;
    // The quick way to the next byte like this one.
    while rest.skip_until(!turned[0]).unwrap() > 0 {
        let at = bytes.len() - rest.len() - 1;
        let found = bytes.get(at..at + turned.len());
        if found.is_some_and(|found| found.iter().zip(turned).all(|(byte, turned)| *byte == !turned)) {
            return true;
        }
    }
    false
}

/// Where memory begins and ends that is written to and is of no file; stacks are not looked at.
fn writable(line: &str) -> Option<(u64, u64)> {
    let mut words = line.split_whitespace();
    let (from, to) = words.next()?.split_once('-')?;
    let (may, name) = (words.next()?, words.nth(3).unwrap_or_default());
    let address = |text| u64::from_str_radix(text, 16).ok();
    (may.starts_with("rw") && matches!(name, "" | "[heap]")).then_some((address(from)?, address(to)?))
}

#[test]
fn a_secret_is_found_wherever_it_stands_and_also_when_it_was_given_back() {
    let (secret, mut sought) = Sought::new();
    assert!(sought.stands_in_memory());
    let copy = secret.as_str().to_owned();
    drop(secret);
    assert!(sought.stands_in_memory());
    drop(copy);
    assert!(sought.stands_in_memory(), "or the tests that find nothing would find nothing ever");
    drop(sought);
    let (secret, mut sought) = Sought::new();
    drop(secret);
    assert!(!sought.stands_in_memory(), "a secret that was wiped");
}
