//! `journal/head`: names a commit that was synced, so that a start knows how far the log reached at least.

use std::io;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;

use crate::commit::{Commit, Head};
use crate::disk::{Disk, read_file, replace_file};
use crate::{ChainHash, Sequence};

const NAME: &str = "head";
const ASIDE: &str = "head.new";
const TITLE: &str = "crmconf journal head v1";

/// A commit that was synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyncedHead {
    pub(crate) commit: u64,
    pub(crate) sequence: Sequence,
    pub(crate) hash: ChainHash,
}

/// What a journal's head file tells to one who only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Witness {
    /// There is none.
    Missing,
    /// There is one that cannot be read as one: it tells nothing, and the next start refuses it.
    Damaged,
    /// The log reached this commit.
    Names {
        /// Its number.
        commit: u64,
    },
}

impl SyncedHead {
    /// Whether it names this very commit.
    pub(crate) fn is(&self, commit: &Commit) -> bool {
        (self.commit, self.sequence, self.hash) == (commit.number(), commit.last(), commit.hash())
    }
}

/// Replaces the file. An empty log has none.
pub(crate) fn write_head(disk: &dyn Disk, folder: &Path, head: &Head) -> io::Result<()> {
    let Some(sequence) = head.last else { return Ok(()) };
    let (commit, hash) = (head.commit, head.hash);
    let text = format!("{TITLE}\ncommit {commit}\nsequence {sequence}\nhash {hash}\n");
    replace_file(disk, folder, NAME, ASIDE, text.as_bytes())
}

/// Reads the file; `None` when there is none. What it holds otherwise than written is `InvalidData`.
pub(crate) fn read_head(disk: &dyn Disk, folder: &Path) -> io::Result<Option<SyncedHead>> {
    let bytes = match read_file(disk, &folder.join(NAME)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read?,
    };
    parse(&bytes).map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

fn parse(bytes: &[u8]) -> Option<SyncedHead> {
    let mut lines = str::from_utf8(bytes).ok()?.strip_suffix('\n')?.split('\n');
    if lines.next()? != TITLE {
        return None;
    }
    let mut field = |name: &str| lines.next()?.strip_prefix(name)?.strip_prefix(' ');
    let commit = field("commit")?.parse().ok()?;
    let sequence = Sequence::new(field("sequence")?.parse().ok()?)?;
    let hash = BASE64URL_NOPAD.decode(field("hash")?.as_bytes()).ok()?;
    let hash = ChainHash::new(hash.try_into().ok()?);
    lines.next().is_none().then_some(SyncedHead { commit, sequence, hash })
}
