//! `Keeper`: the thread that writes the records, sums up what repeats, and tells what was lost.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::Counts;
use super::fact::Fact;
use super::file::{Refused, RotatingFile};
use super::flood::Flood;
use super::record::Record;

/// How many lines wait in the thread for a disk that refuses them; the others wait in the queue.
const LINES_WAITING_MAX: usize = 1_024;
/// After how long a disk that refused is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// After how long the operator is told again of what goes on.
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// How long the thread sleeps where nothing is due.
const REST: Duration = Duration::from_secs(3_600);

/// What is sent to the thread.
pub(super) enum Message {
    /// A record to write.
    Record(Box<Record>),
    /// Look whether it is the end.
    Wake,
}

/// What the thread works with.
pub(super) struct Keeper {
    file: RotatingFile,
    flood: Flood,
    counts: Arc<Counts>,
    stopping: Arc<AtomicBool>,
    /// Lines that are not written yet.
    lines: VecDeque<Vec<u8>>,
    /// When the disk refused the last time, if it has not taken anything since.
    refused: Option<Instant>,
    /// When the operator was last told of a refusing disk, and of lost records.
    told_refused: Option<Instant>,
    told_lost: Option<Instant>,
}

impl Keeper {
    pub(super) fn new(file: RotatingFile, counts: Arc<Counts>, stopping: Arc<AtomicBool>) -> Self {
        Self {
            file,
            flood: Flood::default(),
            counts,
            stopping,
            lines: VecDeque::new(),
            refused: None,
            told_refused: None,
            told_lost: None,
        }
    }

    /// Writes what comes until it is told to stop, or nobody can send any more.
    pub(super) fn run(mut self, queue: &Receiver<Message>) {
        loop {
            // Looked at before the queue is: what was sent before the word to stop is still taken. And each time before it is
            // waited for: the message that wakes may have been taken along with others.
            let mut last = self.stopping.load(Ordering::Acquire);
            let first = match (last, self.has_room()) {
                (true, _) => Err(RecvTimeoutError::Timeout),
                (false, true) => queue.recv_timeout(self.rest(Instant::now())),
                (false, false) => {
                    std::thread::sleep(RETRY);
                    Err(RecvTimeoutError::Timeout)
                }
            };
            match first {
                Ok(message) => self.take(message, Instant::now()),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => last = true,
            }
            self.take_waiting(queue, last);
            self.tell_what_is_due(last);
            self.write(last);
            if last {
                return self.end();
            }
        }
    }

    /// How long there is nothing to do unless something comes.
    fn rest(&self, now: Instant) -> Duration {
        let until = |moment: Instant| moment.saturating_duration_since(now);
        let flood = self.flood.next_end().map_or(REST, until);
        let retry = self.refused.map_or(REST, |refused| until(refused + RETRY));
        // What was lost is told soon after the last record was.
        let untold = if self.counts.untold.load(Ordering::Relaxed) > 0 { RETRY } else { REST };
        flood.min(retry).min(untold)
    }

    fn has_room(&self) -> bool {
        self.lines.len() < LINES_WAITING_MAX
    }

    /// Takes what waits in the queue; at the end all of it, else as long as there is room.
    fn take_waiting(&mut self, queue: &Receiver<Message>, last: bool) {
        while last || self.has_room() {
            match queue.try_recv() {
                Ok(message) => self.take(message, Instant::now()),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, message: Message, now: Instant) {
        match message {
            Message::Wake => {}
            Message::Record(record) => {
                self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
                let written = self.flood.take(*record, now);
                if written.iter().all(Option::is_none) {
                    self.counts.repeated.fetch_add(1, Ordering::Relaxed);
                }
                self.lines.extend(written.iter().flatten().map(Record::line));
            }
        }
    }

    /// Adds what the log says about itself: sums that are due, and how many records were lost.
    fn tell_what_is_due(&mut self, last: bool) {
        let sums = if last { self.flood.close_all() } else { self.flood.due(Instant::now()) };
        self.lines.extend(sums.iter().map(Record::line));
        if last || self.refused.is_none() {
            self.tell_lost();
        }
        if last {
            self.lines.push_back(Record::of(Fact::ServerStopped {}).line());
        }
    }

    /// Adds how many records were lost since this was last told.
    fn tell_lost(&mut self) {
        let count = self.counts.untold.swap(0, Ordering::Relaxed);
        if count == 0 {
            return;
        }
        self.lines.push_back(Record::of(Fact::RecordsLost { count }).line());
        let now = Instant::now();
        if is_over(self.told_lost, TELL_AGAIN, now) {
            self.told_lost = Some(now);
            let lost = self.counts.lost.load(Ordering::Relaxed);
            tracing::warn!(count, lost, "records of the security log were lost; it says so itself");
        }
    }

    /// Writes what waits, unless the disk has just refused.
    fn write(&mut self, last: bool) {
        let now = Instant::now();
        if self.lines.is_empty() || (!last && !is_over(self.refused, RETRY, now)) {
            return;
        }
        match self.file.append(self.lines.make_contiguous()) {
            Ok(()) => {
                self.written(self.lines.len());
                if self.refused.take().is_some() {
                    self.told_refused = None;
                    tracing::info!(path = %self.file.path().display(), "the security log is written again");
                }
            }
            Err(Refused { added, cause }) => {
                self.written(added);
                self.refused = Some(now);
                if is_over(self.told_refused, TELL_AGAIN, now) {
                    self.told_refused = Some(now);
                    let (path, waiting) = (self.file.path().display(), self.lines.len());
                    let lost = self.counts.lost.load(Ordering::Relaxed);
                    tracing::error!(%path, %cause, waiting, lost, "the security log cannot be written");
                }
            }
        }
    }

    fn written(&mut self, count: usize) {
        self.lines.drain(..count.min(self.lines.len()));
        self.counts.written.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Syncs the file, and tells the operator what could not be written.
    fn end(self) {
        let waiting = self.lines.len();
        if waiting > 0 {
            let path = self.file.path().display();
            tracing::error!(%path, waiting, "the last records of the security log are lost: it cannot be written");
        }
        if let Err(cause) = self.file.sync() {
            tracing::error!(path = %self.file.path().display(), %cause, "the security log cannot be synced");
        }
    }
}

/// Whether so long has passed since a moment, if there was one.
fn is_over(since: Option<Instant>, length: Duration, now: Instant) -> bool {
    since.is_none_or(|since| now.saturating_duration_since(since) >= length)
}
