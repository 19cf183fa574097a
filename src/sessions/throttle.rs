//! `Throttle`: how many wrong passwords may be tried; pure, the time is handed in.

use std::time::{Duration, Instant};

use super::address::AddressKey;
use super::counters::Counters;
use crate::vault::FoldedName;

/// BLAKE3 derive-key context of an account key.
const ACCOUNT_KEY_CONTEXT: &str = "crmconf throttle account v1";
/// "Since start" as a window.
const FOR_EVER: Duration = Duration::MAX;

/// Stands for an account name in the counters, whether there is such an account or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccountKey([u8; 16]);

impl AccountKey {
    /// The key of a folded name. Names of any length take the same room.
    #[must_use]
    pub fn of(name: &FoldedName) -> Self {
        let mut key = [0; 16];
        let mut hasher = blake3::Hasher::new_derive_key(ACCOUNT_KEY_CONTEXT);
        hasher.update(name.as_str().as_bytes()).finalize_xof().fill(&mut key);
        Self(key)
    }
}

/// How many failures are allowed. The defaults are the API's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottleLimits {
    /// The time within which failures are counted, from the first one.
    pub window: Duration,
    /// Failures on one account from one address.
    pub per_account_and_address_max: u32,
    /// Failures from one address.
    pub per_address_max: u32,
    /// Failures on one account; beyond, only loopback and addresses that signed in to it since start are tried.
    pub per_account_max: u32,
    /// How many keys each kind of counter holds; beyond, the least recent gives way.
    pub keys_max: usize,
}

impl Default for ThrottleLimits {
    fn default() -> Self {
        Self {
            window: Duration::from_secs(15 * 60),
            per_account_and_address_max: 10,
            per_address_max: 200,
            per_account_max: 100,
            keys_max: 10_000,
        }
    }
}

/// What to do with an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Verify the password.
    Try,
    /// Do the dummy verification, and fail whatever the password.
    Dummy,
}

/// Counts failures to sign in. Nothing is locked for longer than a window: anyone could lock `admin`.
///
/// Only attempts that were really tried count. Otherwise one address, long beyond its own limit, could drive an
/// account beyond its limit and shut everybody else out.
#[derive(Debug)]
pub struct Throttle {
    limits: ThrottleLimits,
    by_pair: Counters<(AccountKey, AddressKey)>,
    by_address: Counters<AddressKey>,
    by_account: Counters<AccountKey>,
    /// Addresses that signed in to an account since start.
    known: Counters<(AccountKey, AddressKey)>,
}

impl Throttle {
    /// Nothing has failed yet.
    #[must_use]
    pub fn new(limits: ThrottleLimits) -> Self {
        let ThrottleLimits { window, keys_max, .. } = limits;
        Self {
            limits,
            by_pair: Counters::new(window, keys_max),
            by_address: Counters::new(window, keys_max),
            by_account: Counters::new(window, keys_max),
            known: Counters::new(FOR_EVER, keys_max),
        }
    }

    /// What to do with an attempt on an account from an address. One that is to be tried counts as failed from this
    /// moment on, until [`Throttle::succeeded`] or [`Throttle::not_tried`] says otherwise: attempts at the same time
    /// must not all be tried because none has failed yet.
    pub fn begin(&mut self, account: AccountKey, address: AddressKey, now: Instant) -> Verdict {
        let verdict = self.verdict(account, address, now);
        if verdict == Verdict::Try {
            self.by_pair.add((account, address), now);
            self.by_address.add(address, now);
            self.by_account.add(account, now);
        }
        verdict
    }

    fn verdict(&self, account: AccountKey, address: AddressKey, now: Instant) -> Verdict {
        let limits = &self.limits;
        let pair = (account, address);
        let pair_full = self.by_pair.get(pair, now) >= limits.per_account_and_address_max;
        let address_full = self.by_address.get(address, now) >= limits.per_address_max;
        let account_full = self.by_account.get(account, now) >= limits.per_account_max;
        let exempt = address.is_loopback() || self.known.get(pair, now) > 0;
        if pair_full || address_full || (account_full && !exempt) { Verdict::Dummy } else { Verdict::Try }
    }

    /// An attempt was not tried after all, for a reason that says nothing about the password.
    pub fn not_tried(&mut self, account: AccountKey, address: AddressKey, now: Instant) {
        self.by_pair.take_back((account, address), now);
        self.by_address.take_back(address, now);
        self.by_account.take_back(account, now);
    }

    /// An attempt has succeeded. It takes back what it counted itself and no failure before it: else a guesser behind
    /// the same address as an account's holder would get new attempts with each of the holder's sign-ins.
    pub fn succeeded(&mut self, account: AccountKey, address: AddressKey, now: Instant) {
        self.not_tried(account, address, now);
        self.known.add((account, address), now);
    }

    /// How many keys each counter holds, the fullest one's number.
    #[must_use]
    pub fn keys(&self) -> usize {
        [self.by_pair.len(), self.by_address.len(), self.by_account.len(), self.known.len()]
            .into_iter()
            .max()
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(15 * 60);

    fn account(name: &str) -> AccountKey {
        AccountKey::of(&FoldedName::of(name))
    }

    fn address(n: u32) -> AddressKey {
        AddressKey::V4(std::net::Ipv4Addr::from(0xC000_0200 + n))
    }

    fn fail(throttle: &mut Throttle, name: &str, from: AddressKey, times: u32, now: Instant) {
        for _ in 0..times {
            assert_eq!(throttle.begin(account(name), from, now), Verdict::Try);
        }
    }

    #[test]
    fn the_eleventh_attempt_on_one_account_from_one_address_is_a_dummy_for_the_rest_of_the_window() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ThrottleLimits::default());
        fail(&mut throttle, "admin", address(1), 9, now);
        assert_eq!(throttle.verdict(account("admin"), address(1), now), Verdict::Try);
        fail(&mut throttle, "admin", address(1), 1, now);
        let last = now + WINDOW - Duration::from_secs(1);
        for (name, from, at, expected) in [
            ("admin", address(1), now, Verdict::Dummy),
            ("ADMIN", address(1), now, Verdict::Dummy),
            ("admin", address(1), last, Verdict::Dummy),
            ("admin", address(1), now + WINDOW, Verdict::Try),
            ("admin", address(2), now, Verdict::Try),
            ("editor", address(1), now, Verdict::Try),
        ] {
            assert_eq!(throttle.verdict(account(name), from, at), expected, "{name} {from:?}");
        }
    }

    #[test]
    fn two_hundred_failures_of_one_address_stop_it_for_every_account() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ThrottleLimits::default());
        for n in 0..20 {
            assert_eq!(throttle.verdict(account("other"), address(1), now), Verdict::Try);
            fail(&mut throttle, &format!("unknown-{n}"), address(1), 10, now);
        }
        assert_eq!(throttle.verdict(account("other"), address(1), now), Verdict::Dummy);
        assert_eq!(throttle.verdict(account("other"), address(2), now), Verdict::Try);
        assert_eq!(throttle.verdict(account("other"), address(1), now + WINDOW), Verdict::Try);
    }

    #[test]
    fn past_a_hundred_failures_an_account_is_open_to_loopback_and_known_addresses_alone() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ThrottleLimits::default());
        let (known, loopback) = (address(99), AddressKey::of("127.0.0.1".parse().unwrap()));
        fail(&mut throttle, "admin", known, 1, now);
        throttle.succeeded(account("admin"), known, now);
        for n in 0..10 {
            assert_eq!(throttle.verdict(account("admin"), address(50), now), Verdict::Try);
            fail(&mut throttle, "admin", address(n), 10, now);
        }
        for (from, expected) in [
            (address(50), Verdict::Dummy),
            (known, Verdict::Try),
            (loopback, Verdict::Try),
            (AddressKey::V6Loopback, Verdict::Try),
        ] {
            assert_eq!(throttle.verdict(account("admin"), from, now), expected, "{from:?}");
        }
        assert_eq!(throttle.verdict(account("editor"), address(50), now), Verdict::Try);
        assert_eq!(throttle.verdict(account("admin"), address(50), now + WINDOW), Verdict::Try);
        fail(&mut throttle, "admin", loopback, 10, now);
        assert_eq!(throttle.verdict(account("admin"), loopback, now), Verdict::Dummy, "its own limit holds");
    }

    #[test]
    fn success_takes_no_failure_back_but_its_own_count() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ThrottleLimits::default());
        fail(&mut throttle, "admin", address(1), 9, now);
        for _ in 0..3 {
            assert_eq!(throttle.begin(account("admin"), address(1), now), Verdict::Try);
            throttle.succeeded(account("admin"), address(1), now);
        }
        fail(&mut throttle, "admin", address(1), 1, now);
        assert_eq!(throttle.begin(account("admin"), address(1), now), Verdict::Dummy);
    }

    #[test]
    fn attempts_at_the_same_time_share_the_limit() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ThrottleLimits::default());
        fail(&mut throttle, "admin", address(1), 9, now);
        let at_once = [(); 3].map(|()| throttle.begin(account("admin"), address(1), now));
        assert_eq!(at_once, [Verdict::Try, Verdict::Dummy, Verdict::Dummy]);
        throttle.not_tried(account("admin"), address(1), now);
        assert_eq!(throttle.begin(account("admin"), address(1), now), Verdict::Try);
    }

    #[test]
    fn counters_hold_ten_thousand_keys_at_most() {
        let now = Instant::now();
        let mut throttle = Throttle::new(ThrottleLimits::default());
        for n in 0..10_500 {
            fail(&mut throttle, &format!("unknown-{n}"), address(n), 1, now);
            throttle.known.add((account("admin"), address(n)), now);
        }
        assert_eq!(throttle.keys(), 10_000);
    }
}
