//! `verify`: reads the journal alone, from end to end, and writes nothing; `verify_sled` compares sled with it.

use std::io;
use std::path::Path;

use super::check::{Verdict, check, tell};
use super::open::{LocalOptions, Site, lock_data};
use super::report::{OpenError, Progress, Step};
use crate::StoreId;
use crate::commit::Head;
use crate::disk::RealDisk;
use crate::log::journal::{Fault, JournalReader, journal_folder, read_head};

/// A journal without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// The store that it belongs to; `None` when it holds no commit.
    pub store: Option<StoreId>,
    /// Where it ends.
    pub head: Option<Head>,
    /// A last commit that was never acknowledged and that the next start clears away, if there is one: where it is.
    pub torn: Option<Fault>,
}

/// How sled stands to the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SledReport {
    /// It holds every commit, byte for byte, and every request.
    Same,
    /// It lacks commits, which the next start inserts: after which commit.
    Behind {
        /// The last commit that it holds; 0 when it holds none.
        commit: u64,
    },
    /// It is of no use, and the next start rebuilds it.
    Useless {
        /// What is wrong with it.
        why: String,
    },
}

/// Checks every commit of a journal: form, events, hashes, chain, sequences and times. Reads the journal alone and
/// writes nothing. A store that is being written to may be checked; what is being appended is then no fault. A
/// journal that ends before the commit that `journal/head` names has lost commits; without that file, or with one
/// that is damaged, nothing tells.
///
/// # Errors
/// The first fault and its place, within [`Ok`]; the outer error when the journal cannot be read at all.
pub fn verify(data: &Path, progress: &mut dyn FnMut(Progress)) -> io::Result<Result<VerifyReport, Fault>> {
    // Read first: what is appended meanwhile may move it on.
    let known = match read_head(&RealDisk, &journal_folder(data)) {
        Err(error) if error.kind() == io::ErrorKind::InvalidData => None,
        known => known?.map(|known| known.commit),
    };
    let mut reader = JournalReader::open(data)?;
    let mut torn = None;
    while let Some(commit) = reader.next() {
        match commit {
            Ok(commit) => tell(progress, Step::Checking, commit.number(), None),
            Err(fault) if reader.ends_with_torn_commit(&fault) => torn = Some(fault),
            Err(fault) => return Ok(Err(fault)),
        }
    }
    let head = reader.head();
    if let Some(known) = known.filter(|&known| known > head.map_or(0, |head| head.commit)) {
        return Ok(Err(torn.unwrap_or_else(|| reader.lost(known))));
    }
    Ok(Ok(VerifyReport { store: reader.store(), head, torn }))
}

/// Compares sled with the journal, under the store's lock, and repairs nothing. (Opening sled writes to its folder.)
///
/// # Errors
/// Those of opening the store: it is in use, the journal is damaged, sled is ahead of it or has another history.
pub fn verify_sled(data: &Path, progress: &mut dyn FnMut(Progress)) -> Result<SledReport, OpenError> {
    let site = Site::real(data, LocalOptions::default());
    site.refuse_foreign()?;
    let _lock = lock_data(&site)?;
    let reads = site.source.open();
    Ok(match check(&site, &reads, progress)?.reads {
        Verdict::Same => SledReport::Same,
        Verdict::Behind(from) => SledReport::Behind { commit: from.log.map_or(0, |(_, head)| head.commit) },
        Verdict::Useless(why) => SledReport::Useless { why },
    })
}
