//! The first part of every start: the journal is read and checked from end to end, and sled compared with it.

use std::io;
use std::sync::Arc;

use super::open::Site;
use super::report::{OpenError, Progress, Step};
use super::store::ReadStore;
use crate::commit::{Commit, Head};
use crate::log::journal::{Found, Place, Scanner, SyncedHead, Torn, find_torn, read_head, segment_path};
use crate::log::request::requests;
use crate::{Sequence, StoreId};

/// A progress is told every so many commits.
pub(super) const PROGRESS_EVERY: u64 = 1_000;

/// A place from which the journal can be read on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resume {
    /// The store and the head before; `None` at the journal's beginning.
    pub(super) log: Option<(StoreId, Head)>,
    pub(super) place: Place,
}

impl Resume {
    pub(super) const START: Self = Self { log: None, place: Place::START };

    /// Sets a scanner to this place.
    pub(super) fn apply(&self, scanner: &mut Scanner) {
        if let Some((store, head)) = self.log {
            scanner.resume(store, head, self.place);
        }
    }

    fn of(scanner: &Scanner) -> Self {
        Self { log: scanner.store().zip(scanner.head()), place: scanner.end() }
    }
}

/// What checking found. Nothing was changed.
pub(super) struct Checked {
    pub(super) store: StoreId,
    pub(super) head: Head,
    /// Right behind the last commit.
    pub(super) end: Place,
    /// How many files the journal has.
    pub(super) segments: u32,
    /// Behind the last commit that `journal/head` says was synced.
    pub(super) synced_upto: Place,
    pub(super) torn: Option<Torn>,
    pub(super) reads: Verdict,
}

/// How sled stands to the journal.
#[derive(Clone, Debug)]
pub(super) enum Verdict {
    /// It holds every commit.
    Same,
    /// It lacks the commits from here on.
    Behind(Resume),
    /// It is of no use.
    Useless(String),
}

/// Reads the whole journal and compares it with `journal/head` and with the read store, if that could be opened.
pub(super) fn check(
    site: &Site,
    reads: &Result<Box<dyn ReadStore>, String>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Checked, OpenError> {
    let folder = site.journal();
    let known = read_known(site)?;
    let mut scanner = Scanner::open(Arc::clone(&site.disk), &folder)
        .map_err(|error| site.cannot("reading the journal", error))?;
    let mut comparison = Comparison::new(reads);
    let mut synced_upto = Place::START;
    let mut torn = None;
    loop {
        let before = Resume::of(&scanner);
        match scanner.next_commit() {
            Ok(Some(found)) => {
                if compare_head(site, known, &found)? {
                    synced_upto = found.end;
                }
                comparison.compare(site, &found, before)?;
                tell(progress, Step::Checking, found.commit.number(), known.map(|known| known.commit));
            }
            Ok(None) => break,
            Err(fault) => {
                let looked = find_torn(&*site.disk, &scanner, &fault);
                torn = looked.map_err(|error| site.cannot("reading the journal", error))?;
                if torn.is_none() {
                    return Err(fault.into());
                }
                break;
            }
        }
    }
    let end = scanner.head();
    let ends = || ends_with(site, end, scanner.end());
    refuse_behind("journal/head", known.map(|known| known.commit), end, ends)?;
    refuse_behind("sled", comparison.ahead(site, end)?, end, ends)?;
    let (Some(head), Some(store)) = (end, scanner.store()) else {
        return Err(OpenError::NoStore { folder: site.data.clone() });
    };
    let (end, segments) = (scanner.end(), scanner.segments());
    Ok(Checked { store, head, end, segments, synced_upto, torn, reads: comparison.verdict })
}

/// Tells progress, at the first commit and then from time to time.
pub(super) fn tell(progress: &mut dyn FnMut(Progress), step: Step, commits: u64, of: Option<u64>) {
    if commits % PROGRESS_EVERY == 1 {
        progress(Progress { step, commits, of });
    }
}

fn read_known(site: &Site) -> Result<Option<SyncedHead>, OpenError> {
    let file = site.journal().join("head");
    read_head(&*site.disk, &site.journal()).map_err(|error| {
        if error.kind() == io::ErrorKind::InvalidData {
            OpenError::HeadFile { file }
        } else {
            site.cannot("reading journal/head", error)
        }
    })
}

/// Whether this is the commit that `journal/head` names; an error when it is another one at its number.
fn compare_head(site: &Site, known: Option<SyncedHead>, found: &Found) -> Result<bool, OpenError> {
    match known {
        Some(known) if known.commit == found.commit.number() => {
            if known.is(&found.commit) {
                Ok(true)
            } else {
                Err(two_histories(site, "journal/head", found))
            }
        }
        Some(_) | None => Ok(false),
    }
}

/// Refuses a journal that ends before a commit that was synced.
fn refuse_behind(
    witness: &str,
    known: Option<u64>,
    end: Option<Head>,
    ends: impl Fn() -> String,
) -> Result<(), OpenError> {
    match known {
        Some(known) if known > end.map_or(0, |head| head.commit) => {
            Err(OpenError::JournalBehind { witness: witness.to_owned(), known, end: ends() })
        }
        Some(_) | None => Ok(()),
    }
}

/// With what a journal ends, and where.
fn ends_with(site: &Site, end: Option<Head>, place: Place) -> String {
    let Some(head) = end else { return "no commit at all".to_owned() };
    let file = segment_path(&site.journal(), place.segment);
    format!("{head} ({}, byte {})", file.display(), place.offset)
}

fn two_histories(site: &Site, witness: &str, found: &Found) -> OpenError {
    let file = segment_path(&site.journal(), found.place.segment);
    let place = format!("{}, byte {}", file.display(), found.place.offset);
    OpenError::TwoHistories { witness: witness.to_owned(), commit: found.commit.number(), place }
}

/// Compares a read store with the journal, one commit after another.
struct Comparison<'a> {
    reads: Option<&'a dyn ReadStore>,
    verdict: Verdict,
}

impl<'a> Comparison<'a> {
    fn new(reads: &'a Result<Box<dyn ReadStore>, String>) -> Self {
        match reads {
            Ok(reads) => Self { reads: Some(&**reads), verdict: Verdict::Same },
            Err(why) => Self { reads: None, verdict: Verdict::Useless(why.clone()) },
        }
    }

    /// Looks for the journal's next commit in the store; `before` is where the journal stood before it.
    fn compare(&mut self, site: &Site, found: &Found, before: Resume) -> Result<(), OpenError> {
        let (Some(reads), Verdict::Same) = (self.reads, &self.verdict) else { return Ok(()) };
        let first = found.commit.first();
        match site.useless(reads.commit_from(first))? {
            Err(why) => self.verdict = Verdict::Useless(why),
            Ok(None) => self.verdict = Verdict::Behind(before),
            Ok(Some((at, bytes))) if at == first && *bytes == **found.commit.bytes() => {
                if let Some(why) = missing_request(site, reads, &found.commit)? {
                    self.verdict = Verdict::Useless(why);
                }
            }
            Ok(Some((at, bytes))) => match Commit::decode(bytes.into()) {
                Ok(other) if other.number() == found.commit.number() => {
                    return Err(two_histories(site, "sled", found));
                }
                Ok(_) | Err(_) => {
                    let number = found.commit.number();
                    let why = format!("commit {number} is missing or broken, and sequence {at} follows");
                    self.verdict = Verdict::Useless(why);
                }
            },
        }
        Ok(())
    }

    /// The number of a valid commit that the store holds behind the journal's end. Whatever else is there makes the
    /// store useless.
    fn ahead(&mut self, site: &Site, end: Option<Head>) -> Result<Option<u64>, OpenError> {
        let mut from = Sequence::after(end.and_then(|head| head.last));
        let mut ahead = None;
        let Some(reads) = self.reads else { return Ok(None) };
        loop {
            match site.useless(reads.commit_from(from))? {
                Ok(None) => return Ok(ahead),
                Ok(Some((at, bytes))) => {
                    match Commit::decode(bytes.into()) {
                        Ok(commit) => ahead = ahead.max(Some(commit.number())),
                        Err(fault) => self.verdict = Verdict::Useless(format!("at sequence {at}: {fault}")),
                    }
                    from = at.next();
                }
                Err(why) => {
                    self.verdict = Verdict::Useless(why);
                    return Ok(ahead);
                }
            }
        }
    }
}

/// Why a commit's requests are not all found, if so. A later event may carry the same request.
fn missing_request(site: &Site, reads: &dyn ReadStore, commit: &Commit) -> Result<Option<String>, OpenError> {
    for (name, sequence) in requests(commit) {
        match site.useless(reads.request(&name))? {
            Ok(Some(found)) if found >= sequence => {}
            Ok(Some(_) | None) => {
                return Ok(Some(format!("the request of sequence {sequence} is not found")));
            }
            Err(why) => return Ok(Some(why)),
        }
    }
    Ok(None)
}
