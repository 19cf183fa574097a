//! The limits and lifetimes of sessions, with a clock that is handed in.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

fn digest(n: u32) -> SessionDigest {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    SessionDigest::new(bytes)
}

fn account(n: u8) -> AccountId {
    AccountId::new([n; 16])
}

fn address(n: u32) -> AddressKey {
    AddressKey::V4(std::net::Ipv4Addr::from(n))
}

fn binding(of: u8) -> Binding {
    let key = Arc::new(TransportKey::generate().unwrap());
    Binding { account: account(of), version: Sequence::FIRST, key, changing: false }
}

/// Ends all sessions of an account.
fn revoke_all(table: &mut SessionTable, of: u8, now: Instant) {
    let of = table.bound_by_account.get(&account(of)).cloned().unwrap_or_default();
    for digest in of.into_values() {
        // What has expired is gone before it could be ended.
        table.revoke(digest, Sequence::FIRST, now);
    }
}

fn table() -> SessionTable {
    SessionTable::new(SessionLimits::default())
}

/// Creates a session and signs in to it at once.
fn sign_in(table: &mut SessionTable, n: u32, of: u8, now: Instant) -> Result<(), BindError> {
    table.create(digest(n), address(n), now).unwrap();
    table.bind(digest(n), binding(of), now)
}

fn found(table: &mut SessionTable, n: u32, now: Instant) -> Result<Option<AccountId>, SessionError> {
    table.lookup(digest(n), now).map(|session| session.bound.map(|binding| binding.account))
}

#[test]
fn a_session_not_signed_in_to_lives_sixty_seconds_however_often_it_is_used() {
    let (mut table, start) = (table(), Instant::now());
    table.create(digest(1), address(1), start).unwrap();
    for seconds in [20, 40, 59] {
        assert_eq!(found(&mut table, 1, start + Duration::from_secs(seconds)), Ok(None));
    }
    assert_eq!(found(&mut table, 1, start + MINUTE), Err(SessionError::Unknown));
    let late = table.bind(digest(1), binding(1), start + MINUTE);
    assert_eq!(late, Err(BindError::Session(SessionError::Unknown)));
    assert_eq!(table.counts(), [0, 0, 0]);
}

#[test]
fn one_address_has_twenty_sessions_waiting_to_be_signed_in_to() {
    let (mut table, start) = (table(), Instant::now());
    for n in 0..20 {
        table.create(digest(n), address(1), start).unwrap();
    }
    assert_eq!(table.create(digest(20), address(1), start), Err(CreateError::Busy));
    assert_eq!(table.create(digest(21), address(2), start), Ok(()));
    table.bind(digest(0), binding(1), start).unwrap();
    assert_eq!(table.create(digest(22), address(1), start), Ok(()), "one was signed in to");
    table.remove(digest(1));
    assert_eq!(table.create(digest(23), address(1), start), Ok(()), "one was ended");
    assert_eq!(table.create(digest(24), address(1), start), Err(CreateError::Busy));
    assert_eq!(table.create(digest(25), address(1), start + MINUTE), Ok(()), "all have expired");
}

#[test]
fn of_a_thousand_sessions_waiting_the_oldest_gives_way() {
    let (mut table, start) = (table(), Instant::now());
    for n in 0..1_001 {
        table.create(digest(n), address(n), start).unwrap();
    }
    assert_eq!(table.counts(), [1_000, 0, 0]);
    assert_eq!(found(&mut table, 0, start), Err(SessionError::Unknown));
    assert_eq!(found(&mut table, 1, start), Ok(None));
}

#[test]
fn a_session_lives_thirty_idle_minutes_and_twelve_hours_at_most() {
    let (mut table, start) = (table(), Instant::now());
    sign_in(&mut table, 1, 1, start).unwrap();
    let mut now = start;
    while now + 29 * MINUTE < start + 12 * HOUR {
        now += 29 * MINUTE;
        assert_eq!(found(&mut table, 1, now), Ok(Some(account(1))));
    }
    assert_eq!(found(&mut table, 1, start + 12 * HOUR), Err(SessionError::Unknown));
    sign_in(&mut table, 2, 1, now).unwrap();
    assert_eq!(found(&mut table, 2, now + 30 * MINUTE), Err(SessionError::Unknown));
    assert_eq!(table.counts(), [0, 0, 0]);
}

#[test]
fn of_an_account_s_hundred_sessions_the_least_recently_used_gives_way() {
    let (mut table, start) = (table(), Instant::now());
    for n in 0..100 {
        sign_in(&mut table, n, 1, start).unwrap();
    }
    found(&mut table, 0, start).unwrap();
    sign_in(&mut table, 100, 1, start).unwrap();
    assert_eq!(found(&mut table, 1, start), Err(SessionError::Unknown));
    assert_eq!(found(&mut table, 0, start), Ok(Some(account(1))));
    assert_eq!(found(&mut table, 100, start), Ok(Some(account(1))));
    sign_in(&mut table, 101, 2, start).unwrap();
    assert_eq!(table.counts(), [0, 101, 0]);
}

#[test]
fn when_there_are_ten_thousand_nobody_else_signs_in() {
    let (mut table, start) = (table(), Instant::now());
    for n in 0..10_000 {
        sign_in(&mut table, n, (n / 100) as u8, start).unwrap();
    }
    assert_eq!(sign_in(&mut table, 10_000, 200, start), Err(BindError::Busy));
    assert_eq!(found(&mut table, 10_000, start), Ok(None), "it stays, not signed in to");
    table.bind(digest(10_000), binding(1), start).unwrap();
    assert_eq!(table.counts(), [0, 10_000, 0], "an account with its full number makes its own room");
    table.remove(digest(0));
    assert_eq!(sign_in(&mut table, 10_001, 200, start), Ok(()));
}

#[test]
fn sessions_of_a_changed_account_are_told_from_unknown_ones_until_they_would_have_expired() {
    let (mut table, start) = (table(), Instant::now());
    for (n, of) in [(1, 1), (2, 1), (3, 2)] {
        sign_in(&mut table, n, of, start).unwrap();
    }
    found(&mut table, 2, start + 10 * MINUTE).unwrap();
    found(&mut table, 3, start + 10 * MINUTE).unwrap();
    revoke_all(&mut table, 1, start + 10 * MINUTE);
    for (n, minutes, expected) in [
        (1, 10, Err(SessionError::NoLongerValid)),
        (2, 10, Err(SessionError::NoLongerValid)),
        (3, 10, Ok(Some(account(2)))),
        (1, 29, Err(SessionError::NoLongerValid)),
        (1, 30, Err(SessionError::Unknown)),
        (2, 39, Err(SessionError::NoLongerValid)),
        (2, 40, Err(SessionError::Unknown)),
    ] {
        assert_eq!(found(&mut table, n, start + minutes * MINUTE), expected, "{n} after {minutes} minutes");
    }
}

#[test]
fn an_ended_session_can_neither_be_signed_in_to_nor_logged_out_of() {
    let (mut table, start) = (table(), Instant::now());
    sign_in(&mut table, 1, 1, start).unwrap();
    revoke_all(&mut table, 1, start);
    table.remove(digest(1));
    let again = table.bind(digest(1), binding(1), start);
    assert_eq!(again, Err(BindError::Session(SessionError::NoLongerValid)));
    assert_eq!(found(&mut table, 1, start), Err(SessionError::NoLongerValid));
}

#[test]
fn a_session_may_be_kept_when_its_account_changes() {
    let (mut table, start) = (table(), Instant::now());
    sign_in(&mut table, 1, 1, start).unwrap();
    sign_in(&mut table, 2, 1, start).unwrap();
    let [first, second, third] = [Sequence::FIRST, Sequence::FIRST.next(), Sequence::FIRST.next().next()];
    for n in [2, 3] {
        table.keep(digest(n), first, second);
    }
    let mut version = |n| table.lookup(digest(n), start).unwrap().bound.unwrap().version;
    assert_eq!((version(1), version(2)), (first, second));
    // Only from the version that it has: between the two the account was changed by somebody else.
    table.keep(digest(1), second, third);
    assert_eq!(table.lookup(digest(1), start).unwrap().bound.unwrap().version, first);
    // Who found it before it was kept does not end it.
    assert!(!table.revoke(digest(2), first, start));
    assert!(table.revoke(digest(2), second, start));
    assert_eq!(found(&mut table, 3, start), Err(SessionError::Unknown));
}

#[test]
fn ended_sessions_are_remembered_up_to_a_limit() {
    let limits = SessionLimits { revoked_max: 5, ..SessionLimits::default() };
    let (mut table, start) = (SessionTable::new(limits), Instant::now());
    for n in 0..8 {
        sign_in(&mut table, n, 1, start).unwrap();
    }
    revoke_all(&mut table, 1, start);
    assert_eq!(table.counts(), [0, 0, 5]);
    assert_eq!(found(&mut table, 0, start), Err(SessionError::Unknown));
    assert_eq!(found(&mut table, 7, start), Err(SessionError::NoLongerValid));
}

#[test]
fn a_session_is_signed_in_to_once() {
    let (mut table, start) = (table(), Instant::now());
    sign_in(&mut table, 1, 1, start).unwrap();
    assert_eq!(table.bind(digest(1), binding(2), start), Err(BindError::AlreadyBound));
    assert_eq!(found(&mut table, 1, start), Ok(Some(account(1))));
}

#[test]
fn endless_lifetimes_do_not_overflow() {
    let limits = SessionLimits {
        unauthenticated_lifetime: Duration::MAX,
        idle: Duration::MAX,
        lifetime: Duration::MAX,
        ..SessionLimits::default()
    };
    let (mut table, start) = (SessionTable::new(limits), Instant::now());
    sign_in(&mut table, 1, 1, start).unwrap();
    assert_eq!(found(&mut table, 1, start + 300 * 24 * HOUR), Ok(Some(account(1))));
}

/// One step of a random history.
#[derive(Clone, Debug)]
enum Step {
    Create(u32),
    Bind(usize, u8),
    Lookup(usize),
    Remove(usize),
    EndAccount(u8),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u32..4).prop_map(Step::Create),
        4 => (0_usize..40, 0_u8..4).prop_map(|(n, of)| Step::Bind(n, of)),
        3 => (0_usize..40).prop_map(Step::Lookup),
        1 => (0_usize..40).prop_map(Step::Remove),
        1 => (0_u8..4).prop_map(Step::EndAccount),
        2 => (0_u64..1_200).prop_map(Step::Wait),
    ]
}

/// Every index names exactly the entries it is an index of, and no limit is passed.
fn check(table: &SessionTable) {
    let mut expected: [BTreeSet<SessionDigest>; 3] = Default::default();
    for (digest, entry) in &table.entries {
        let which = match entry {
            Entry::Unbound { .. } => 0,
            Entry::Bound(bound) => {
                assert_eq!(table.bound_by_account[&bound.binding.account][&bound.use_tick], *digest);
                assert_eq!(table.bound_by_birth[&(bound.born, bound.birth_tick)], *digest);
                1
            }
            Entry::Revoked => 2,
        };
        expected[which].insert(*digest);
    }
    assert_eq!(table.unbound.values().copied().collect::<BTreeSet<_>>(), expected[0]);
    assert_eq!(table.bound_by_use.values().copied().collect::<BTreeSet<_>>(), expected[1]);
    assert_eq!(table.revoked.values().copied().collect::<BTreeSet<_>>(), expected[2]);
    assert_eq!(table.counts(), [0, 1, 2].map(|which| expected[which].len()));
    assert_eq!(table.bound_by_birth.len(), expected[1].len());
    assert_eq!(table.bound_by_account.values().map(BTreeMap::len).sum::<usize>(), expected[1].len());
    assert_eq!(table.unbound_by_address.values().sum::<usize>(), expected[0].len());
    assert!(table.bound_by_account.values().all(|of| (1..=3).contains(&of.len())));
    assert!(table.unbound_by_address.values().all(|of| (1..=3).contains(of)));
    assert!(expected[0].len() <= 6 && expected[1].len() <= 8 && expected[2].len() <= 5);
}

proptest! {
    #[test]
    fn no_history_breaks_an_index_or_passes_a_limit(steps in proptest::collection::vec(step(), 0..120)) {
        let limits = SessionLimits {
            unauthenticated_max: 6,
            unauthenticated_per_address_max: 3,
            authenticated_max: 8,
            authenticated_per_account_max: 3,
            revoked_max: 5,
            lifetime: HOUR,
            ..SessionLimits::default()
        };
        let (mut table, mut now, mut made) = (SessionTable::new(limits), Instant::now(), 0_u32);
        for step in steps {
            // Sessions are named by how long ago they were made, so that most steps meet a living one.
            let nth = |back: usize| digest(made.wrapping_sub(back as u32 + 1));
            match step {
                Step::Create(from) => {
                    let created = table.create(digest(made), address(from), now);
                    made += u32::from(created.is_ok());
                }
                Step::Bind(back, of) => {
                    let bound = table.bind(nth(back), binding(of), now).is_ok();
                    let session = table.lookup(nth(back), now);
                    prop_assert!(!bound || session.unwrap().bound.unwrap().account == account(of));
                }
                Step::Lookup(back) => drop(table.lookup(nth(back), now)),
                Step::Remove(back) => table.remove(nth(back)),
                Step::EndAccount(of) => {
                    revoke_all(&mut table, of, now);
                    prop_assert!(!table.bound_by_account.contains_key(&account(of)));
                }
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
            }
            check(&table);
        }
    }
}
