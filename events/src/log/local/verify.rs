//! `verify`: reads the journal alone, from end to end, and writes nothing; `verify_sled` compares sled with it.

use std::io;
use std::path::Path;
#[cfg(feature = "testkit")]
use std::sync::Arc;

use super::check::{Verdict, check, tell};
use super::lock::DataLock;
use super::open::{LocalOptions, Site};
use super::report::{OpenError, Progress, Step};
use crate::StoreId;
use crate::commit::Head;
#[cfg(feature = "testkit")]
use crate::disk::Disk;
use crate::log::journal::{Fault, JournalReader, Witness};

/// A journal without a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// The store that it belongs to; `None` when it holds no commit.
    pub store: Option<StoreId>,
    /// Where it ends.
    pub head: Option<Head>,
    /// A last commit that a power cut left half written, if there is one: where it is. `journal/head` does not know it;
    /// unless sled does, it was never acknowledged, and the next start clears it away.
    pub torn: Option<Fault>,
    /// What `journal/head` tells. A commit that it names is there.
    pub witness: Witness,
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

/// Checks every commit of a journal: form, events, hashes, chain, sequences and times, and that it holds the commit
/// that `journal/head` names. Reads the journal alone and writes nothing. A store that is being written to may be
/// checked; what is being appended is then no fault. Without `journal/head`, or with one that is damaged, nothing tells
/// of commits that were lost.
///
/// # Errors
/// The first fault and its place, within [`Ok`]; the outer error when the journal cannot be read at all.
pub fn verify(data: &Path, progress: &mut dyn FnMut(Progress)) -> io::Result<Result<VerifyReport, Fault>> {
    Ok(verify_with(JournalReader::open(data)?, progress))
}

/// As [`verify`], on that disk.
///
/// # Errors
/// As there.
#[cfg(feature = "testkit")]
pub fn verify_on(disk: &Arc<dyn Disk>, data: &Path) -> io::Result<Result<VerifyReport, Fault>> {
    Ok(verify_with(JournalReader::open_on(Arc::clone(disk), data)?, &mut |_| {}))
}

fn verify_with(mut reader: JournalReader, progress: &mut dyn FnMut(Progress)) -> Result<VerifyReport, Fault> {
    let mut torn = None;
    while let Some(commit) = reader.next() {
        match commit {
            Ok(commit) => tell(progress, Step::Checking, commit.number(), reader.commits_at_least()),
            Err(fault) if reader.ends_with_torn_commit(&fault) => torn = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Ok(VerifyReport { store: reader.store(), head: reader.head(), torn, witness: reader.witness() })
}

/// Compares sled with the journal, under the store's lock, and repairs nothing. (Opening sled writes to its folder.)
///
/// # Errors
/// Those of opening the store: it is in use, the journal is damaged, sled is ahead of it or has another history.
pub fn verify_sled(data: &Path, progress: &mut dyn FnMut(Progress)) -> Result<SledReport, OpenError> {
    let site = Site::real(data, LocalOptions::default());
    site.refuse_foreign()?;
    let _lock = DataLock::take(&site)?;
    let reads = site.open_reads()?;
    Ok(match check(&site, &reads, progress)?.reads {
        Verdict::Same => SledReport::Same,
        Verdict::Behind(from) => SledReport::Behind { commit: from.log.map_or(0, |(_, head)| head.commit) },
        Verdict::Useless(why) => SledReport::Useless { why },
    })
}
