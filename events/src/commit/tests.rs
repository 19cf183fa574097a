//! What commits promise: frozen bytes, limits, and that any altered bit is found.

use std::fmt::Write as _;
use std::sync::Arc;

use data_encoding::HEXLOWER;
use insta::assert_snapshot;
use proptest::prelude::*;

use super::*;

const STORE: StoreId = StoreId::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

fn commit(head: Head, clock: i64, events: &[&[u8]]) -> Commit {
    let mut builder = CommitBuilder::new(STORE, head, Timestamp::from_micros(clock));
    for &event in events {
        builder.try_push(event.into()).unwrap();
    }
    builder.seal().unwrap()
}

/// A log of two commits, of one event and of five.
fn two_commits() -> [Commit; 2] {
    let first = commit(Head::empty(STORE), 1_764_000_000_000_000, &[br#"{"tag":"StoreCreated"}"#]);
    let events: [&[u8]; 5] = [b"{\"a\":1}", b"{\"b\":2}", b"{\"c\":3}", b"{}", b"{\"e\":\"\xc3\x9f\"}"];
    let second = commit(first.head_after(), 1_764_000_000_000_000, &events);
    [first, second]
}

fn assert_golden(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/log/commit"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| assert_snapshot!(name, text));
}

#[test]
fn the_bytes_of_a_commit_are_frozen() {
    let [first, second] = two_commits();
    for (name, commit) in [("one_event_in_hex", first), ("five_events_in_hex", second)] {
        let lines: Vec<_> = commit.bytes().chunks(32).map(|line| HEXLOWER.encode(line)).collect();
        assert_golden(name, &lines.join("\n"));
    }
}

#[test]
fn the_meaning_of_those_bytes_is_frozen() {
    let [first, second] = two_commits();
    for (name, commit) in [("one_event_in_text", first), ("five_events_in_text", second)] {
        let commit = Commit::decode(Arc::clone(commit.bytes())).unwrap();
        let mut text = format!(
            "store {}\nnumber {}\nfirst {}\nlast {}\ntime {} µs\nprevious {}\nroot {}\nhash {}\n",
            commit.store(),
            commit.number(),
            commit.first(),
            commit.last(),
            commit.time().as_micros(),
            commit.previous(),
            commit.root(),
            commit.hash()
        );
        for (sequence, event) in commit.numbered() {
            let hash = event_hash(event);
            writeln!(text, "event {sequence} {hash} {}", str::from_utf8(event).unwrap()).unwrap();
        }
        assert_golden(name, &text);
    }
}

#[test]
fn a_commit_is_later_than_its_predecessor_whatever_the_clock_says() {
    let [first, second] = two_commits();
    assert_eq!(second.time().as_micros(), first.time().as_micros() + 1);
    let third = commit(second.head_after(), 5, &[b"x"]);
    assert_eq!(third.time().as_micros(), first.time().as_micros() + 2);
}

#[test]
fn the_events_root_splits_as_rfc_6962_does() {
    let leaves: Vec<_> = (0u8..7).map(|i| event_hash(&[i])).collect();
    let node = |left: [u8; 32], right: [u8; 32]| -> [u8; 32] {
        let mut hasher = blake3::Hasher::new_derive_key("crmconf node v1");
        hasher.update(&left).update(&right);
        hasher.finalize().into()
    };
    let [a, b, c, d, e, f, g] = [0, 1, 2, 3, 4, 5, 6].map(|i| *leaves[i].as_bytes());
    let four = node(node(a, b), node(c, d));
    for (count, expected) in [
        (1, a),
        (2, node(a, b)),
        (3, node(node(a, b), c)),
        (4, four),
        (5, node(four, e)),
        (6, node(four, node(e, f))),
        (7, node(four, node(node(e, f), g))),
    ] {
        assert_eq!(events_root(&leaves[..count]), Some(EventsRoot::new(expected)), "{count} leaves");
    }
    assert_eq!(events_root(&[]), None);
}

#[test]
fn a_builder_closes_before_it_would_pass_a_limit() {
    let mut builder = CommitBuilder::new(STORE, Head::empty(STORE), Timestamp::default());
    for number in 1..=1_024 {
        assert_eq!(builder.try_push(b"e"[..].into()).unwrap().get(), number);
    }
    let event = EventBytes::from(&b"e"[..]);
    assert_eq!(builder.try_push(event.clone()), Err(NotTaken::Full(event)));
    assert_eq!(builder.seal().unwrap().events().len(), 1_024);

    let mut builder = CommitBuilder::new(STORE, Head::empty(STORE), Timestamp::default());
    let room = COMMIT_BYTES_MAX - COMMIT_PREFIX_BYTES - LENGTH_BYTES;
    let too_large = EventBytes::from(vec![1; room + 1]);
    assert_eq!(builder.try_push(too_large.clone()), Err(NotTaken::TooLarge(too_large)));
    builder.try_push(vec![1; room - 9].into()).unwrap();
    assert!(builder.has_room_for(1, 5) && !builder.has_room_for(1, 6) && !builder.has_room_for(2, 5));
    let six = EventBytes::from(vec![1; 6]);
    assert_eq!(builder.try_push(six.clone()), Err(NotTaken::Full(six)));
    builder.try_push(vec![1; 5].into()).unwrap();
    let commit = builder.seal().unwrap();
    assert_eq!(commit.bytes().len(), COMMIT_BYTES_MAX);
    assert_eq!(Commit::decode(Arc::clone(commit.bytes())), Ok(commit));
}

#[test]
fn there_is_no_empty_commit() {
    assert_eq!(CommitBuilder::new(STORE, Head::empty(STORE), Timestamp::default()).seal(), None);
}

#[test]
fn events_are_found_by_their_sequence() {
    let [_, second] = two_commits();
    let at = |number| second.event(Sequence::new(number).unwrap()).map(|event| event.to_vec());
    assert_eq!((at(1), at(2), at(5), at(7)), (None, Some(b"{\"a\":1}".to_vec()), Some(b"{}".to_vec()), None));
}

#[test]
fn a_commit_follows_only_its_own_predecessor_in_its_own_store() {
    let [first, second] = two_commits();
    let (empty, head) = (Head::empty(STORE), first.head_after());
    assert_eq!(first.follows(&empty, STORE), Ok(()));
    assert_eq!(second.follows(&head, STORE), Ok(()));
    let other = StoreId::new([9; 16]);
    assert_eq!(second.follows(&head, other), Err(CommitFault::OtherStore { expected: other, found: STORE }));
    assert_eq!(second.follows(&empty, STORE), Err(CommitFault::Number { expected: 1, found: 2 }));
    let sibling = commit(empty, 7, &[b"another"]).head_after();
    let previous = CommitFault::Previous { expected: sibling.hash, found: head.hash };
    assert_eq!(second.follows(&sibling, STORE), Err(previous));
    let late = Head { time: second.time(), ..head };
    assert_eq!(
        second.follows(&late, STORE),
        Err(CommitFault::Time { previous: late.time, found: late.time })
    );
    let gap = Head { last: Sequence::new(9), ..head };
    assert!(matches!(second.follows(&gap, STORE), Err(CommitFault::First { .. })));
}

#[test]
fn any_altered_bit_is_found() {
    let [_, second] = two_commits();
    for bit in 0..second.bytes().len() * 8 {
        let mut bytes = second.bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(Commit::decode(bytes.into()).is_err(), "bit {bit}");
    }
}

#[test]
fn bytes_cut_off_or_left_over_are_found() {
    let [_, second] = two_commits();
    for length in 0..second.bytes().len() {
        assert!(Commit::decode(second.bytes()[..length].into()).is_err(), "{length} bytes");
    }
    let more = [second.bytes(), &[0][..]].concat();
    assert!(matches!(Commit::decode(more.into()), Err(CommitFault::Length { .. })));
}

#[test]
fn a_later_format_is_told_from_damage() {
    let mut bytes = two_commits()[0].bytes().to_vec();
    bytes[5] = 2;
    assert_eq!(Commit::decode(bytes.clone().into()), Err(CommitFault::Hash), "all but the number is ours");
    bytes[COMMIT_PREFIX_BYTES - 1] ^= 1;
    assert_eq!(Commit::decode(bytes.clone().into()), Err(CommitFault::Format(2)));
    bytes[5] = 0;
    assert_eq!(Commit::decode(bytes.clone().into()), Err(CommitFault::Hash));
    let (header, hash) = bytes[..COMMIT_PREFIX_BYTES].split_at_mut(header::HEADER_BYTES);
    hash.copy_from_slice(hash::commit_hash(header).as_bytes());
    assert_eq!(Commit::decode(bytes.into()), Err(CommitFault::Range), "formats are counted from 1");
}

#[test]
fn debug_output_shows_no_event() {
    let [first, _] = two_commits();
    let shown = format!("{first:?} {:?}", first.events());
    assert!(!shown.contains("StoreCreated") && shown.contains("22 bytes"), "{shown}");
}

proptest! {
    #[test]
    fn what_was_sealed_is_read_back(events in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..20),
                                    clock in any::<i64>()) {
        let events: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
        let sealed = commit(two_commits()[1].head_after(), clock, &events);
        let read = Commit::decode(Arc::clone(sealed.bytes())).unwrap();
        prop_assert_eq!(read.events().iter().map(|event| &**event).collect::<Vec<_>>(), events);
        prop_assert_eq!(read.head_after(), sealed.head_after());
    }

    #[test]
    fn arbitrary_bytes_are_refused_and_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Commit::decode(bytes.into()).is_err());
    }
}
