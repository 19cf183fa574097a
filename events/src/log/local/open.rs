//! Setting up and opening a local log: what a power cut, a kill or a lost sled left behind is put right first.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::LocalLog;
#[cfg(feature = "testkit")]
use super::MemoryStore;
use super::check::{Checked, Resume, Verdict, check, tell};
use super::lock::DataLock;
use super::report::{OpenError, OpenReport, Progress, Repair, Step};
use super::sled_store::SledSource;
use super::store::{ReadStore, ReadStoreSource, StoreError};
use crate::commit::{Commit, Head};
use crate::disk::{Disk, RealDisk, create_folders};
use crate::log::journal::{
    JournalWriter, NEW_SUFFIX, Place, Scanner, SegmentSizes, Torn, find_torn, journal_folder,
    prepare_segment, read_head, segment_path,
};
use crate::{Sequence, StoreId};

/// How a local log is kept.
#[derive(Clone, Copy, Debug)]
pub struct LocalOptions {
    /// How large the journal's files are.
    pub segments: SegmentSizes,
    /// Memory for sled's page cache, in bytes.
    pub sled_cache_bytes: u64,
    /// How much sled writes as a whole and cleans up as a whole, in bytes: a power of two, from 2 MiB to 16 MiB. A
    /// sled of another size is rebuilt from the journal when it is opened.
    pub sled_segment_bytes: usize,
    /// How often sled's own thread writes what was inserted, and syncs it.
    pub sled_flush_every: Duration,
}

/// sled's own default is 1 GiB. Appending needs next to none: it is for reading.
const SLED_CACHE_BYTES: u64 = 64 << 20;

/// At least 2 MiB, since entries over a quarter of it go to files that sled never syncs: a leaf holds 16 entries of
/// up to 16 KiB.
const SLED_SEGMENT_BYTES: usize = 2 << 20;

/// Nothing rests on it: what a power cut takes is inserted again.
const SLED_FLUSH_EVERY: Duration = Duration::from_millis(500);

impl LocalOptions {
    /// Chosen by measurement, as `bench/README.md` shows.
    pub const DEFAULT: Self = Self {
        segments: SegmentSizes::DEFAULT,
        sled_cache_bytes: SLED_CACHE_BYTES,
        sled_segment_bytes: SLED_SEGMENT_BYTES,
        sled_flush_every: SLED_FLUSH_EVERY,
    };
}

impl Default for LocalOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A data folder and what its parts are reached through.
pub(super) struct Site {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) data: PathBuf,
    pub(super) source: Box<dyn ReadStoreSource>,
    pub(super) options: LocalOptions,
}

impl LocalLog {
    /// Whether a data folder holds a store. One whose first commit was never finished does not: it is set up anew.
    ///
    /// # Errors
    /// When the folder cannot be read. A damaged store is one that is there.
    pub fn exists(data: &Path) -> io::Result<bool> {
        exists(&Site::real(data, LocalOptions::default()))
    }

    /// Sets up the empty log of a new store. The store is there once its first commit was appended.
    ///
    /// # Errors
    /// When a store is there already, another process works on it, or the file system refuses.
    pub fn create(data: &Path, store: StoreId, options: LocalOptions) -> Result<Self, OpenError> {
        let site = Site::real(data, options);
        make_data_folder(&site)?;
        let lock = DataLock::take(&site)?;
        create(&site, store, Some(lock))
    }

    /// Opens the log of a store: checks every commit, makes sure that what it shows is durable, and brings sled up
    /// to it. Returns when all of this is done; `progress` is told now and then.
    ///
    /// # Errors
    /// When another process works on it, there is no store, or its files hold what no power cut could have left.
    pub fn open(
        data: &Path,
        options: LocalOptions,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, OpenReport), OpenError> {
        let site = Site::real(data, options);
        site.refuse_foreign()?;
        let lock = DataLock::take(&site)?;
        open(&site, Some(lock), progress)
    }

    /// As [`exists`](Self::exists), on that disk.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "testkit")]
    pub fn exists_on(disk: &Arc<dyn Disk>, data: &Path) -> io::Result<bool> {
        exists(&Site::simulated(disk, data, &MemoryStore::default(), LocalOptions::default()))
    }

    /// As [`create`](Self::create), on that disk and with that store in sled's place. Nothing is locked.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "testkit")]
    pub fn create_on(
        disk: &Arc<dyn Disk>,
        data: &Path,
        reads: &MemoryStore,
        store: StoreId,
        options: LocalOptions,
    ) -> Result<Self, OpenError> {
        let site = Site::simulated(disk, data, reads, options);
        make_data_folder(&site)?;
        create(&site, store, None)
    }

    /// As [`open`](Self::open), on that disk and with that store in sled's place. Nothing is locked.
    ///
    /// # Errors
    /// As there.
    #[cfg(feature = "testkit")]
    pub fn open_on(
        disk: &Arc<dyn Disk>,
        data: &Path,
        reads: &MemoryStore,
        options: LocalOptions,
    ) -> Result<(Self, OpenReport), OpenError> {
        open(&Site::simulated(disk, data, reads, options), None, &mut |_| {})
    }
}

impl Site {
    pub(super) fn real(data: &Path, options: LocalOptions) -> Self {
        let source = Box::new(SledSource::new(data, options));
        Self { disk: Arc::new(RealDisk), data: data.to_owned(), source, options }
    }

    #[cfg(feature = "testkit")]
    fn simulated(disk: &Arc<dyn Disk>, data: &Path, reads: &MemoryStore, options: LocalOptions) -> Self {
        let source = Box::new(reads.clone());
        Self { disk: Arc::clone(disk), data: data.to_owned(), source, options }
    }

    pub(super) fn journal(&self) -> PathBuf {
        journal_folder(&self.data)
    }

    /// Refuses a folder that shows no trace of a store, before anything is written into it.
    pub(super) fn refuse_foreign(&self) -> Result<(), OpenError> {
        if self.source.exists() || self.disk.list(&self.journal()).is_ok() {
            Ok(())
        } else {
            Err(OpenError::NoStore { folder: self.data.clone() })
        }
    }

    /// Opens sled, or what stands in its place; why it is of no use, within, where rebuilding it helps.
    pub(super) fn open_reads(&self) -> Result<Result<Box<dyn ReadStore>, String>, OpenError> {
        self.useless(self.source.open())
    }

    /// Tells a read store that is of no use, and why, from an operating system that refuses: then the store stays where
    /// it is.
    pub(super) fn useless<T>(&self, done: Result<T, StoreError>) -> Result<Result<T, String>, OpenError> {
        match done {
            Ok(done) => Ok(Ok(done)),
            Err(StoreError::Damaged(why)) => Ok(Err(why)),
            Err(StoreError::Refused(error)) => {
                let data = self.data.display();
                let what = format!(
                    "sled in {data} cannot be opened or filled and was left as it is; look for a full or read-only disk, \
                     and at permissions and limits"
                );
                Err(OpenError::Io { what, error })
            }
        }
    }

    pub(super) fn cannot(&self, what: &str, error: io::Error) -> OpenError {
        OpenError::Io { what: format!("{what} in {} failed", self.data.display()), error }
    }
}

fn make_data_folder(site: &Site) -> Result<(), OpenError> {
    let made = create_folders(&*site.disk, &site.data);
    made.map_err(|error| site.cannot("making the data folder", error))
}

/// Whether a store is there. A commit 1 that looks torn is one that was never acknowledged only where `journal/head`
/// does not know better; whether sled does, is seen when it is opened.
fn exists(site: &Site) -> io::Result<bool> {
    let folder = site.journal();
    match read_head(&*site.disk, &folder) {
        Ok(None) => {}
        Ok(Some(_)) => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(true),
        Err(error) => return Err(error),
    }
    let mut scanner = match Scanner::open(Arc::clone(&site.disk), &folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        scanner => scanner?,
    };
    match scanner.next_commit() {
        Ok(found) => Ok(found.is_some()),
        Err(fault) => Ok(find_torn(&*site.disk, &scanner, &fault)?.is_none()),
    }
}

fn create(site: &Site, store: StoreId, lock: Option<DataLock>) -> Result<LocalLog, OpenError> {
    if exists(site).map_err(|error| site.cannot("reading the journal", error))? {
        return Err(OpenError::Exists { folder: site.data.clone() });
    }
    let reads = site.open_reads()?.or_else(|why| reopen_empty(site, &why).map(|(reads, _)| reads))?;
    refuse_full(site, &*reads)?;
    let (journal, writer) =
        set_up_journal(site).map_err(|error| site.cannot("setting up the journal", error))?;
    tracing::debug!(folder = %journal.display(), "an empty journal was set up");
    Ok(LocalLog::new(store, Head::empty(store), writer, reads, lock))
}

/// Refuses commits in sled where the journal has none.
fn refuse_full(site: &Site, reads: &dyn ReadStore) -> Result<(), OpenError> {
    // What cannot be read is rebuilt.
    let Ok(Some(last)) = site.useless(reads.commit_at(Sequence::FIRST.plus(u64::MAX)))? else {
        return Ok(());
    };
    let known = Commit::decode(last.into()).map_or(1, |commit| commit.number());
    Err(OpenError::JournalBehind { witness: "sled".to_owned(), known, end: "no commit at all".to_owned() })
}

fn set_up_journal(site: &Site) -> io::Result<(PathBuf, JournalWriter)> {
    let (disk, folder, sizes) = (&site.disk, site.journal(), site.options.segments);
    create_folders(&**disk, &folder)?;
    // The first file is replaced and never removed: a vault beside a journal without one tells of a lost journal.
    let first = segment_path(&folder, 1);
    for path in disk.list(&folder)?.iter().map(|name| folder.join(name)).filter(|path| *path != first) {
        disk.remove(&path)?;
    }
    prepare_segment(&**disk, &folder, 1, sizes.first)?;
    let writer = JournalWriter::open(Arc::clone(disk), folder.clone(), sizes, Place::START, 1)?;
    Ok((folder, writer))
}

fn open(
    site: &Site,
    lock: Option<DataLock>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(LocalLog, OpenReport), OpenError> {
    if !exists(site).map_err(|error| site.cannot("reading the journal", error))? {
        // sled without a journal is a journal that was lost, and not an unfinished store.
        if site.source.exists()
            && let Ok(reads) = site.open_reads()?
        {
            refuse_full(site, &*reads)?;
        }
        return Err(OpenError::NoStore { folder: site.data.clone() });
    }
    let reads = site.open_reads()?;
    let checked = check(site, &reads, progress)?;
    let mut repairs = Vec::new();
    if let Some(torn) = checked.torn {
        zero(site, torn).map_err(|error| site.cannot("zeroing a torn commit", error))?;
        let Torn { place, bytes, commit } = torn;
        let file = segment_path(&site.journal(), place.segment);
        tell_repair(&mut repairs, Repair::TornCommit { file, offset: place.offset, bytes, commit });
    }
    rewrite(site, checked.synced_upto, checked.end)
        .map_err(|error| site.cannot("writing the end of the journal again", error))?;
    let reads = bring_up(site, reads, &checked, progress, &mut repairs)?;
    let Checked { store, head, end, segments, .. } = checked;
    let (disk, sizes) = (Arc::clone(&site.disk), site.options.segments);
    let journal = JournalWriter::open(disk, site.journal(), sizes, end, segments)
        .map_err(|error| site.cannot("opening the journal", error))?;
    Ok((LocalLog::new(store, head, journal, reads, lock), OpenReport { head, repairs }))
}

/// Tells the operator of a repair as soon as it is done: a later step may refuse the start, and its report with it.
fn tell_repair(repairs: &mut Vec<Repair>, repair: Repair) {
    tracing::warn!("{repair}");
    repairs.push(repair);
}

/// Zeroes a torn commit, so that the next one finds its place clean.
fn zero(site: &Site, torn: Torn) -> io::Result<()> {
    let file = site.disk.open_to_write(&segment_path(&site.journal(), torn.place.segment))?;
    let zeros = vec![0; usize::try_from(torn.bytes).map_err(io::Error::other)?];
    file.write_at(&zeros, torn.place.offset)?;
    file.sync_data()
}

/// Writes the journal between two places again, the same bytes to the same place, and syncs it with its folder:
/// after a failed sync it may have stood only in the page cache, which calls it clean.
fn rewrite(site: &Site, from: Place, to: Place) -> io::Result<()> {
    let folder = site.journal();
    for segment in from.segment..=to.segment {
        let file = site.disk.open_to_write(&segment_path(&folder, segment))?;
        let start = if segment == from.segment { from.offset } else { 0 };
        let end = if segment == to.segment { to.offset } else { file.length()? };
        let mut bytes = vec![0; usize::try_from(end.saturating_sub(start)).map_err(io::Error::other)?];
        let read = file.read_at(&mut bytes, start)?;
        file.write_at(bytes.get(..read).unwrap_or_default(), start)?;
        file.sync_data()?;
    }
    for name in site.disk.list(&folder)?.iter().filter(|name| name.ends_with(NEW_SUFFIX)) {
        site.disk.remove(&folder.join(name))?;
    }
    site.disk.sync_folder(&folder)?;
    site.disk.sync_folder(&site.data)
}

/// Brings the read store up to the journal, which is durable by now.
fn bring_up(
    site: &Site,
    reads: Result<Box<dyn ReadStore>, String>,
    checked: &Checked,
    progress: &mut dyn FnMut(Progress),
    repairs: &mut Vec<Repair>,
) -> Result<Box<dyn ReadStore>, OpenError> {
    let useless = match (reads, &checked.reads) {
        (Ok(reads), Verdict::Same) => return Ok(reads),
        (Ok(reads), Verdict::Behind(from)) => match insert(site, &*reads, *from, checked, progress)? {
            Ok(commits) => {
                tell_repair(repairs, Repair::Inserted { commits });
                return Ok(reads);
            }
            Err(why) => why,
        },
        (Ok(_), Verdict::Useless(why)) => why.clone(),
        (Err(why), Verdict::Same | Verdict::Behind(_) | Verdict::Useless(_)) => why,
    };
    let (reads, aside) = reopen_empty(site, &useless)?;
    let commits = insert(site, &*reads, Resume::START, checked, progress)?.map_err(OpenError::Store)?;
    tell_repair(repairs, Repair::Rebuilt { why: useless, aside, commits });
    Ok(reads)
}

/// An empty read store in the place of one that is of no use, and where that is now.
fn reopen_empty(site: &Site, useless: &str) -> Result<(Box<dyn ReadStore>, Option<String>), OpenError> {
    let aside = site.source.set_aside().map_err(|error| site.cannot("moving sled aside", error))?;
    if let Some(aside) = &aside {
        tracing::warn!("sled is of no use and was moved to {aside}: {useless}");
    }
    Ok((site.open_reads()?.map_err(OpenError::Store)?, aside))
}

/// Inserts the journal's commits from a place on. Tells how many; within, why the store does not take them.
fn insert(
    site: &Site,
    reads: &dyn ReadStore,
    from: Resume,
    checked: &Checked,
    progress: &mut dyn FnMut(Progress),
) -> Result<Result<u64, String>, OpenError> {
    let scanner = Scanner::open(Arc::clone(&site.disk), &site.journal());
    let mut scanner = scanner.map_err(|error| site.cannot("reading the journal", error))?;
    from.apply(&mut scanner);
    let mut inserted = 0;
    while let Some(found) = scanner.next_commit()? {
        if let Err(why) = site.useless(reads.insert(&found.commit))? {
            return Ok(Err(why));
        }
        inserted += 1;
        tell(progress, Step::Inserting, found.commit.number(), Some(checked.head.commit));
    }
    Ok(Ok(inserted))
}
