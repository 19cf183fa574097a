//! `Flood`: what one address repeats is counted after the first records of a minute; pure, the time is handed in.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crmconf_events::{AccountId, Timestamp};

use super::fact::Fact;
use super::record::{Record, rfc3339};
use crate::sessions::AddressKey;

/// How long repetitions are counted together, from the first record on.
pub const WINDOW: Duration = Duration::from_secs(60);
/// How many records of one kind, from one address, are written within a window; the others are counted.
pub const RECORDS_A_WINDOW: u32 = 30;
/// How many windows are held at once; beyond, the one that began first is closed early.
pub const WINDOWS_MAX: usize = 10_000;

/// What repeats: the kind, where it comes from, and the account where that has signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    kind: &'static str,
    address: AddressKey,
    account: Option<AccountId>,
}

/// What there was of one key since its window began.
#[derive(Clone, Copy, Debug)]
struct Window {
    passed: u32,
    held: Option<Held>,
}

/// What is counted and not written.
#[derive(Clone, Copy, Debug)]
struct Held {
    count: u64,
    since: Timestamp,
    until: Timestamp,
    address: IpAddr,
}

/// Tells which records are written, and sums up the others.
#[derive(Debug, Default)]
pub(super) struct Flood {
    windows: HashMap<Key, Window>,
    /// In order of their beginnings, and so of their ends: all are equally long.
    begun: VecDeque<(Instant, Key)>,
}

impl Flood {
    /// Takes a record at this moment: it comes back where it is to be written, and with it the sum of a window that had to
    /// give way.
    pub(super) fn take(&mut self, record: Record, now: Instant) -> [Option<Record>; 2] {
        let (Some(account), Some(address)) = (record.fact().repetition(), record.address()) else {
            return [None, Some(record)];
        };
        let key = Key { kind: record.fact().kind(), address: AddressKey::of(address), account };
        if let Some(window) = self.windows.get_mut(&key) {
            if window.passed < RECORDS_A_WINDOW {
                window.passed += 1;
                return [None, Some(record)];
            }
            let (time, first) = (record.time(), record.time());
            let held = window.held.get_or_insert(Held { count: 0, since: first, until: first, address });
            *held = Held { count: held.count.saturating_add(1), until: held.until.max(time), ..*held };
            return [None, None];
        }
        let gave_way = if self.windows.len() >= WINDOWS_MAX { self.close_first() } else { None };
        self.windows.insert(key, Window { passed: 1, held: None });
        self.begun.push_back((now, key));
        [gave_way, Some(record)]
    }

    /// The sums of the windows that are over at this moment.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Record> {
        let mut sums = Vec::new();
        while self.next_end().is_some_and(|end| end <= now) {
            sums.extend(self.close_first());
        }
        sums
    }

    /// The sums of all windows: at the end.
    pub(super) fn close_all(&mut self) -> Vec<Record> {
        let mut sums = Vec::new();
        while !self.begun.is_empty() {
            sums.extend(self.close_first());
        }
        sums
    }

    /// When the first window is over.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.begun.front().map(|(began, _)| *began + WINDOW)
    }

    /// Closes the window that began first; its sum, if something of it was held.
    fn close_first(&mut self) -> Option<Record> {
        let (_, key) = self.begun.pop_front()?;
        let Held { count, since, until, address } = self.windows.remove(&key)?.held?;
        let since = rfc3339(since);
        let Key { kind: of, account, .. } = key;
        Some(Record::of(Fact::RecordsRepeated { of, count, since, address, account }).at(until))
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Circumstances;
    use super::super::{RevocationCause, SignInCause};
    use super::*;

    fn from(address: &str, fact: Fact) -> Record {
        let address = address.parse().unwrap();
        let (session, account) = (None, None);
        Record::of(fact).in_request(Circumstances {
            request: 7,
            address,
            operation: "Authenticate",
            session,
            account,
        })
    }

    fn id(n: u8) -> AccountId {
        AccountId::new([n; 16])
    }

    fn failed(account: Option<AccountId>) -> Fact {
        Fact::SignInFailed { account, cause: SignInCause::WrongPassword }
    }

    /// How many records are written of as many.
    fn written(flood: &mut Flood, record: impl Fn(u32) -> Record, times: u32, now: Instant) -> u32 {
        (0..times).map(|n| u32::from(flood.take(record(n), now)[1].is_some())).sum()
    }

    fn summed(records: &[Record]) -> Vec<(&'static str, u64, Option<AccountId>)> {
        let sum = |record: &Record| {
            let Fact::RecordsRepeated { of, count, account, .. } = record.fact() else {
                panic!("{record:?}")
            };
            (*of, *count, *account)
        };
        records.iter().map(sum).collect()
    }

    #[test]
    fn after_the_first_records_of_a_minute_repetitions_are_counted_and_summed_at_its_end() {
        let (mut flood, start) = (Flood::default(), Instant::now());
        let many =
            |flood: &mut Flood, times, now| written(flood, |_| from("192.0.2.1", failed(None)), times, now);
        assert_eq!(many(&mut flood, 1, start), 1);
        assert_eq!(many(&mut flood, RECORDS_A_WINDOW + 70, start + WINDOW / 2), RECORDS_A_WINDOW - 1);
        assert!(flood.due(start + WINDOW - Duration::from_millis(1)).is_empty());
        assert_eq!(flood.next_end(), Some(start + WINDOW));
        let sums = flood.due(start + WINDOW);
        assert_eq!(summed(&sums), [("sign_in_failed", 71, None)]);
        assert_eq!(flood.next_end(), None);
        assert_eq!(many(&mut flood, 1, start + WINDOW), 1, "the next minute begins with records again");
        assert!(flood.close_all().is_empty(), "nothing was held");
    }

    #[test]
    fn a_sum_tells_when_the_first_and_the_last_of_them_were_made_and_from_where() {
        let (mut flood, start) = (Flood::default(), Instant::now());
        written(&mut flood, |_| from("2001:db8::1", failed(None)), RECORDS_A_WINDOW, start);
        for micros in [30_000_001, 10_000_001, 20_000_001] {
            let record = from("2001:db8::2", failed(None)).at(Timestamp::from_micros(micros));
            assert_eq!(flood.take(record, start), [None, None]);
        }
        let line = String::from_utf8(flood.close_all()[0].line()).unwrap();
        assert_eq!(
            line,
            "{\"time\":\"1970-01-01T00:00:30.000001Z\",\"kind\":\"records_repeated\",\"of\":\"sign_in_failed\",\
             \"count\":3,\"since\":\"1970-01-01T00:00:30.000001Z\",\"address\":\"2001:db8::2\"}\n"
        );
    }

    #[test]
    fn each_kind_address_and_signed_in_account_counts_for_itself_and_no_name_that_was_only_given() {
        let (mut flood, now) = (Flood::default(), Instant::now());
        let mut all = |record: &dyn Fn(u32) -> Record| written(&mut flood, record, 100, now);
        let by_names = |n: u32| from("192.0.2.1", failed(Some(id(u8::try_from(n).unwrap()))));
        assert_eq!(all(&by_names), RECORDS_A_WINDOW, "another name is no way round");
        let throttled = |_| from("192.0.2.1", Fact::SignInThrottled { account: None });
        assert_eq!(all(&throttled), RECORDS_A_WINDOW);
        assert_eq!(all(&|_| from("192.0.2.2", failed(None))), RECORDS_A_WINDOW);
        let refused = |account| Fact::Refused { account, code: 10_515, telsys: None, partition: None };
        for account in [None, Some(id(1)), Some(id(2))] {
            assert_eq!(all(&|_| from("192.0.2.1", refused(account))), RECORDS_A_WINDOW);
        }
        let revoked = Fact::SessionRevoked { account: id(1), cause: RevocationCause::AccountChanged };
        assert_eq!(all(&|_| from("192.0.2.1", revoked.clone())), RECORDS_A_WINDOW);
    }

    #[test]
    fn what_administrators_do_is_always_written() {
        let (mut flood, now) = (Flood::default(), Instant::now());
        let deleted = |_| from("192.0.2.1", Fact::AccountDeleted { account: id(1) });
        assert_eq!(written(&mut flood, deleted, 500, now), 500);
        assert_eq!(written(&mut flood, |_| Record::of(failed(None)), 500, now), 500, "without an address");
        assert!(flood.close_all().is_empty());
    }

    #[test]
    fn beyond_ten_thousand_windows_the_first_gives_way_with_its_sum() {
        let (mut flood, now) = (Flood::default(), Instant::now());
        written(&mut flood, |_| from("10.0.0.0", failed(None)), RECORDS_A_WINDOW + 5, now);
        let max = u32::try_from(WINDOWS_MAX).unwrap();
        let address = |n: u32| std::net::Ipv4Addr::from(0x0A00_0000 + n).to_string();
        assert_eq!(written(&mut flood, |n| from(&address(n + 1), failed(None)), max - 1, now), max - 1);
        assert_eq!((flood.windows.len(), flood.begun.len()), (WINDOWS_MAX, WINDOWS_MAX));
        let [sum, record] = flood.take(from(&address(max), failed(None)), now);
        assert_eq!(summed(&[sum.unwrap()]), [("sign_in_failed", 5, None)]);
        assert!(record.is_some());
        assert_eq!((flood.windows.len(), flood.begun.len()), (WINDOWS_MAX, WINDOWS_MAX));
    }
}
