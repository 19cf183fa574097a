//! For tests: what memory holds that was given back.

use std::fs::{self, File};
use std::io::BufRead as _;
use std::os::unix::fs::FileExt as _;

use zeroize::Zeroizing;

/// A secret that no other test has, and what finds it in the memory of this process.
pub(crate) struct Sought {
    /// The end of the secret with every bit turned, so that this is not found itself. What the allocator writes into memory
    /// that is given back stands at its beginning.
    turned: Vec<u8>,
}

impl Sought {
    /// A secret of 96 characters. Whoever is given it wipes it.
    pub(crate) fn new() -> (Zeroizing<String>, Self) {
        let mut random = [0; 48];
        getrandom::fill(&mut random).unwrap();
        let mut secret = Zeroizing::new(String::with_capacity(2 * random.len()));
        data_encoding::HEXLOWER.encode_append(&random, &mut secret);
        let turned = secret.as_bytes()[secret.len() / 2..].iter().map(|byte| !byte).collect();
        // It would tell the secret, but in a form that nobody looks for.
        (secret, Self { turned })
    }

    /// Whether the end of the secret stands anywhere that this process may write to.
    pub(crate) fn stands_in_memory(&self) -> bool {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let memory = File::open("/proc/self/mem").unwrap();
        maps.lines().filter_map(writable).any(|(from, to)| self.stands_between(&memory, from, to))
    }

    fn stands_between(&self, memory: &File, from: u64, to: u64) -> bool {
        const CHUNK_BYTES: u64 = 1 << 20;
        let mut chunk = Zeroizing::new(Vec::with_capacity(CHUNK_BYTES as usize + self.turned.len()));
        (from..to).step_by(CHUNK_BYTES as usize).any(|at| {
            // Chunks overlap, so that none cuts the secret in two.
            let bytes = (to - at).min(CHUNK_BYTES + self.turned.len() as u64);
            chunk.resize(usize::try_from(bytes).unwrap(), 0);
            // What another thread has given back meanwhile cannot be read.
            memory.read_exact_at(&mut chunk, at).is_ok() && self.stands_in(&chunk)
        })
    }

    fn stands_in(&self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        loop {
            // The quick way to the next byte like this one.
            let passed = rest.skip_until(!self.turned[0]).unwrap();
            let at = bytes.len() - rest.len();
            if passed == 0 {
                return false;
            }
            let found = bytes.get(at - 1..at - 1 + self.turned.len());
            if found
                .is_some_and(|found| found.iter().zip(&self.turned).all(|(byte, turned)| *byte == !turned))
            {
                return true;
            }
        }
    }
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
    let (secret, sought) = Sought::new();
    assert!(sought.stands_in_memory());
    let copy = secret.as_str().to_owned();
    drop(secret);
    assert!(sought.stands_in_memory());
    drop(copy);
    assert!(sought.stands_in_memory(), "or the tests that find nothing would find nothing ever");
    let (secret, sought) = Sought::new();
    drop(secret);
    assert!(!sought.stands_in_memory(), "a secret that was wiped");
}
