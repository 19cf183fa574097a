//! What fuzzing asks of the journal's readers: whatever bytes stand in its files, a commit is read as it was written or not
//! at all.
//!
//! Random bytes hardly ever have the right hash, so that readers would see little of them. The first byte chooses how the
//! others are taken: as the files themselves, as commits that are then damaged, as a header that is given its hash, or as
//! `journal/head`.

use std::path::Path;
use std::sync::Arc;

use super::{Fault, Scanner, find_torn, head, segment_path};
use crate::commit::{Commit, CommitBuilder, EventBytes, Head, Header, event_hash, events_root};
use crate::disk::sim::SimDisk;
use crate::disk::{Disk, create_folders};
use crate::event;
use crate::{ChainHash, Sequence, StoreId, Timestamp};

const FOLDER: &str = "/store/journal";
/// Zeros behind what stands in a file, so that a commit may be torn.
const ZEROS_BYTES: usize = 1_536;

/// The journal's files.
pub fn journal(data: &[u8]) {
    let mut rest = Rest(data);
    match rest.byte() % 4 {
        0 => files_as_they_are(rest),
        1 => damaged_commits(rest),
        2 => given_their_hash(rest),
        _ => head_file(rest.0),
    }
}

/// What is left of the input.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    /// The next byte, 0 behind the last.
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn number(&mut self) -> usize {
        usize::from(u16::from_be_bytes([self.byte(), self.byte()]))
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.byte())
    }

    fn bytes(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }
}

/// The files as they are, the second beginning anywhere in the bytes.
fn files_as_they_are(mut rest: Rest<'_>) {
    let first = match rest.number() {
        0 => rest.0.len(),
        at => at,
    };
    let first = rest.bytes(first);
    scan(&[first, rest.0]);
}

/// Commits as they are written, some bytes of which are then others.
fn damaged_commits(mut rest: Rest<'_>) {
    let store = StoreId::new([7; 16]);
    let (mut head, mut commits) = (Head::empty(store), Vec::new());
    for _ in 0..=rest.byte() % 4 {
        let clock = Timestamp::from_micros(i64::try_from(rest.number()).unwrap_or_default());
        let mut builder = CommitBuilder::new(store, head, clock);
        for _ in 0..=rest.byte() % 5 {
            let length = usize::from(rest.byte());
            assert!(builder.try_push(EventBytes::from(rest.bytes(length))).is_ok(), "a small event has room");
        }
        let Some(commit) = builder.seal() else { return };
        head = commit.head_after();
        commits.push(commit);
    }
    let in_first = usize::from(rest.byte() % 5);
    let file = |commits: &[Commit]| {
        commits.iter().flat_map(|commit| commit.bytes().iter().copied()).collect::<Vec<u8>>()
    };
    let (first, second) = commits.split_at_checked(in_first).unwrap_or((&commits, &[]));
    let mut files = [file(first), file(second)];
    while !rest.0.is_empty() {
        let (damaged, at, by) = (usize::from(rest.byte() % 2), rest.number(), rest.byte());
        if let Some(byte) = files.get_mut(damaged).and_then(|file| file.get_mut(at)) {
            *byte ^= by;
        }
    }
    let whole = files == [file(first), file(second)];
    let [first, second] = &files;
    let (found, fault) = scan(&[first, second]);
    assert!(commits.starts_with(&found), "a commit is read that was not written");
    // What is cleared away at the end of a file reads as if nothing had been written there.
    let cleared =
        files.iter().any(|file| file.last_chunk::<96>().is_some_and(|end| end.iter().all(|b| *b == 0)));
    if whole {
        assert_eq!(found, commits, "commits that are whole are not read: {fault:?}");
    } else if !cleared {
        assert!(fault.is_some() || found.len() == commits.len(), "a damage is passed over");
    }
}

/// A header with any numbers, its hash, and a body whose root may be right too.
fn given_their_hash(mut rest: Rest<'_>) {
    let flags = rest.byte();
    let right = |bit: u8| flags & bit != 0;
    let store = StoreId::new([7; 16]);
    let chosen = rest.array::<36>();
    let mut fields = Rest(&chosen);
    let (number, first) = (u64::from_be_bytes(fields.array()), u64::from_be_bytes(fields.array()));
    let (count, body_bytes) = (u32::from_be_bytes(fields.array()), u32::from_be_bytes(fields.array()));
    let time = Timestamp::from_micros(i64::from_be_bytes(fields.array()));
    let body = rest.0;
    let leaves: Vec<_> = parts(body).iter().map(|event| event_hash(event)).collect();
    let Some(root) = events_root(&leaves) else { return };
    let counted = u32::try_from(leaves.len()).unwrap_or(u32::MAX);
    let header = Header {
        store,
        number: if right(1) { 1 } else { number },
        first: Sequence::new(first).filter(|_| !right(2)).unwrap_or(Sequence::FIRST),
        count: if right(4) { counted } else { count },
        body_bytes: if right(8) { u32::try_from(body.len()).unwrap_or(u32::MAX) } else { body_bytes },
        time: if right(16) { Timestamp::from_micros(1) } else { time },
        previous: if right(32) { Head::empty(store).hash } else { ChainHash::new([1; 32]) },
        root,
    };
    let (mut bytes, _) = header.encode();
    bytes.extend_from_slice(body);
    if let Ok(commit) = Commit::decode(bytes.as_slice().into()) {
        assert_eq!(**commit.bytes(), *bytes, "a commit has other bytes than it was read from");
        assert_eq!(commit.events().len(), counted as usize, "a commit has other events than its body");
    }
    scan(&[&bytes, &[]]);
}

/// A body cut into events, as far as it can be.
fn parts(body: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut rest) = (Vec::new(), body);
    while let Some((length, behind)) = rest.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let Some((part, behind)) = behind.split_at_checked(length) else { break };
        parts.push(part);
        rest = behind;
    }
    parts
}

/// `journal/head`: what is read is written, and read again, as the same.
fn head_file(bytes: &[u8]) {
    let disk = disk(&[]);
    let folder = Path::new(FOLDER);
    put(&*disk, &folder.join("head"), bytes);
    let Ok(Some(read)) = head::read_head(&*disk, folder) else { return };
    let head =
        Head { commit: read.commit, last: Some(read.sequence), hash: read.hash, time: Timestamp::default() };
    let written = head::write_head(&*disk, folder, &head);
    assert!(written.is_ok(), "it cannot be written: {written:?}");
    let again = head::read_head(&*disk, folder);
    assert!(again.is_ok_and(|again| again == Some(read)), "another head is read back");
}

/// A disk with these files of a journal.
fn disk(files: &[&[u8]]) -> Arc<dyn Disk> {
    let disk = SimDisk::new();
    let folder = Path::new(FOLDER);
    let made = create_folders(&disk, folder);
    assert!(made.is_ok(), "the simulated disk makes no folder: {made:?}");
    for (number, bytes) in (1..).zip(files) {
        put(&disk, &segment_path(folder, number), bytes);
    }
    Arc::new(disk)
}

fn put(disk: &dyn Disk, path: &Path, bytes: &[u8]) {
    let written = disk.create(path).and_then(|file| file.write_at(bytes, 0));
    assert!(written.is_ok(), "the simulated disk takes no file: {written:?}");
}

/// Reads the files to their end or the first fault, and checks whatever can be checked on what is found.
fn scan(files: &[&[u8]]) -> (Vec<Commit>, Option<Fault>) {
    let filled: Vec<Vec<u8>> = files.iter().map(|bytes| [bytes, &[0; ZEROS_BYTES][..]].concat()).collect();
    let disk = disk(&filled.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let (found, fault) = commits(&disk);
    if let Some((fault, torn)) = &fault {
        assert!(!fault.to_string().is_empty(), "a fault says nothing");
        assert!(torn.as_ref().is_none_or(|bytes| *bytes > 0), "nothing is torn");
    }
    (found, fault.map(|(fault, _)| fault))
}

/// The commits, and what ends them, with how many bytes would be cleared away where that counts as torn.
fn commits(disk: &Arc<dyn Disk>) -> (Vec<Commit>, Option<(Fault, Option<u64>)>) {
    let scanner = Scanner::open(Arc::clone(disk), Path::new(FOLDER));
    assert!(scanner.is_ok(), "the journal cannot be opened: {:?}", scanner.err());
    let mut commits: Vec<Commit> = Vec::new();
    let Ok(mut scanner) = scanner else { return (commits, None) };
    loop {
        match scanner.next_commit() {
            Ok(Some(found)) => {
                let before = commits.last().map(Commit::head_after);
                written_again(&found.commit, before.unwrap_or_else(|| Head::empty(found.commit.store())));
                commits.push((*found.commit).clone());
            }
            Ok(None) => return (commits, None),
            Err(fault) => {
                let torn = find_torn(&**disk, &scanner, &fault);
                assert!(torn.is_ok(), "the simulated disk cannot be read: {torn:?}");
                return (commits, Some((fault, torn.ok().flatten().map(|torn| torn.bytes))));
            }
        }
    }
}

/// A commit that is read is written as the same bytes, and its events can be looked at.
fn written_again(commit: &Commit, head: Head) {
    let mut builder = CommitBuilder::new(commit.store(), head, commit.time());
    for (sequence, event) in commit.numbered() {
        assert_eq!(builder.try_push(event.clone()), Ok(sequence), "the event has no room again");
        assert_eq!(commit.event(sequence), Some(event));
        let _ = event::decode(sequence, commit.time(), event);
    }
    assert_eq!(builder.seal().as_ref(), Some(commit), "another commit is written");
}
