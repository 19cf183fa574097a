//! `JournalWriter`: appends commits in place, and moves on to the next file when one is full.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::helper::Helper;
use super::segment::{Place, SegmentSizes, segment_path};
use crate::commit::Head;
use crate::disk::{Disk, DiskFile};

/// Writes the journal. One commit at a time: the caller holds a lock.
pub(crate) struct JournalWriter {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    helper: Helper,
    current: Current,
    /// Whether the next file was asked for.
    asked: bool,
    watch: Option<SyncWatch>,
}

/// Is told how long each sync of a commit took; called while the next append waits.
pub type SyncWatch = Box<dyn Fn(Duration) + Send>;

struct Current {
    segment: u32,
    file: Arc<dyn DiskFile>,
    bytes: u64,
    at: u64,
}

/// Why a commit is not known to be in the journal.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nothing of it was written.
    NotWritten(String),
    /// It may be there or not, and the journal takes nothing more.
    Unknown(String),
}

impl JournalWriter {
    /// Goes on at `end`, behind the last commit. `segments` is how many files there are; those after the
    /// one of `end` hold nothing yet. `synced` is a head that `journal/head` may name already.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        sizes: SegmentSizes,
        end: Place,
        segments: u32,
    ) -> io::Result<Self> {
        let current = open_segment(&*disk, &folder, end.segment, end.offset)?;
        let helper = Helper::start(Arc::clone(&disk), folder.clone(), sizes);
        let mut writer = Self { disk, folder, helper, current, asked: false, watch: None };
        if segments > end.segment {
            writer.helper.is_ready(end.segment + 1);
            writer.asked = true;
        }
        writer.ask_ahead();
        Ok(writer)
    }

    /// Appends a commit and syncs it.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.len() as u64 > self.current.bytes - self.current.at {
            self.rotate(bytes.len() as u64)?;
        }
        let Current { segment, file, at, .. } = &self.current;
        let path = segment_path(&self.folder, *segment);
        let failed = |what, error| Failure::Unknown(format!("{what} {} failed: {error}", path.display()));
        file.write_at(bytes, *at).map_err(|error| failed("writing to", error))?;
        let begun = Instant::now();
        file.sync_data().map_err(|error| failed("syncing", error))?;
        if let Some(watch) = &self.watch {
            watch(begun.elapsed());
        }
        self.current.at += bytes.len() as u64;
        self.ask_ahead();
        Ok(())
    }

    /// Has the time that each sync of a commit takes told to this, from the next one on.
    pub(crate) fn watch_syncs(&mut self, watch: SyncWatch) {
        self.watch = Some(watch);
    }

    /// Tells that the log reaches this head, all of it synced.
    pub(crate) fn synced(&self, head: Head) {
        self.helper.synced(head);
    }

    /// Ends the helper, and makes `journal/head` name the last synced head.
    pub(crate) fn close(&mut self) {
        self.helper.close();
    }

    /// Has the next file made, though the current one may not be full yet; an error says why it cannot be made now.
    pub(crate) fn make_room(&mut self) -> Result<(), String> {
        self.next().map(drop)
    }

    /// The next file, which is waited for.
    fn next(&mut self) -> Result<Current, String> {
        let next = self.current.segment + 1;
        self.asked = true;
        self.helper.wait_for(next).map_err(|why| format!("the journal's next file cannot be made: {why}"))?;
        open_segment(&*self.disk, &self.folder, next, 0)
            .map_err(|error| format!("the journal's next file cannot be opened: {error}"))
    }

    fn rotate(&mut self, bytes: u64) -> Result<(), Failure> {
        let opened = self.next().map_err(Failure::NotWritten)?;
        if bytes > opened.bytes {
            let (file, size) = (segment_path(&self.folder, opened.segment), opened.bytes);
            let why = format!("{} has {size} bytes, the commit {bytes}", file.display());
            return Err(Failure::NotWritten(why));
        }
        self.current = opened;
        self.asked = false;
        self.helper.rotated();
        Ok(())
    }

    /// Has the next file made once the current one is half full.
    fn ask_ahead(&mut self) {
        if !self.asked && self.current.at >= self.current.bytes / 2 {
            self.asked = true;
            self.helper.prepare(self.current.segment + 1);
        }
    }
}

fn open_segment(disk: &dyn Disk, folder: &std::path::Path, segment: u32, at: u64) -> io::Result<Current> {
    let file = disk.open_to_write(&segment_path(folder, segment))?;
    let bytes = file.length()?;
    Ok(Current { segment, file, bytes, at: at.min(bytes) })
}
