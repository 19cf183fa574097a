//! `crmconf directory import`: checks a file, and sends it in pieces of which each makes sense after those before.

use crmconf_events::command::{ImportMode, ListedEntry, Listing};
use crmconf_events::{EntryId, Reason};

use super::pieces::{Piece, Row, cut};
use super::{Failure, ahead, held, read};
use crate::cli::{DirectoryImportArgs, Status, output};
use crate::commands::conversation::{Conversation, Node, Payload, escaped_bytes, not_understood};
use crate::commands::print;
use crate::directory::{Faults, Format, READ_BYTES_MAX, Sheet};
use crate::progress::Progress;
use crate::settings::BODY_BYTES_MAX;

/// What a request has beside its rows, at most: the envelope, and a reason of 512 characters.
const ENVELOPE_BYTES_MAX: usize = 8 << 10;
/// What is sent at once, in bytes of XML. Smaller than a body may be, so that a server on a slow disk answers each in time.
const PIECE_BYTES_MAX: usize = 256 << 10;
/// What is sent at once where it makes a difference that it is one piece: a replacement is checked before it begins.
const WHOLE_BYTES_MAX: usize = BODY_BYTES_MAX - ENVELOPE_BYTES_MAX;

/// The counts of an answer, by their names.
const COUNTS: [&str; 10] = [
    "TelSysAdded",
    "TelSysChanged",
    "TelSysRemoved",
    "PartitionsAdded",
    "PartitionsChanged",
    "PartitionsRemoved",
    "DevicesAdded",
    "DevicesChanged",
    "DevicesRemoved",
    UNCHANGED,
];
const UNCHANGED: &str = "Unchanged";

/// What was done, in the order of [`COUNTS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts([u64; COUNTS.len()]);

pub(super) fn run(args: &DirectoryImportArgs) -> Result<Status, Failure> {
    let (text, name) = read(&args.source)?;
    let listing = args.format.read(&text).listing().map_err(|faults| faulty(&name, &faults))?;
    let whole = fits_one_request(args, &text).then_some(text);
    let conversation = Conversation::open(&args.sign_in, "crmconf directory import")?;
    let import = Import { conversation: &conversation, args, name: &name, whole, listing: &listing };
    let outcome = import.check().and_then(|()| import.run());
    conversation.close();
    let Counts(counts) = outcome?;
    if args.dry_run {
        output::note(&"crmconf: a dry run: nothing was changed; this is what would be");
    }
    let lines = COUNTS.iter().zip(counts).map(|(name, count)| format!("{name} {count}\n"));
    print(&lines.collect::<String>())
}

/// What is said of a file with faults, all of which stand in lines or entries of its own.
fn faulty(name: &str, faults: &Faults) -> Failure {
    let count = match faults.total() {
        1 => "1 fault".to_owned(),
        count => format!("{count} faults"),
    };
    Failure::new(format!("{name} has {count}; nothing was imported:\n{}", faults.lines()))
}

/// Whether a file is sent as it is: then what the server says of its lines is true of the file.
fn fits_one_request(args: &DirectoryImportArgs, text: &str) -> bool {
    let bytes_max = match args.mode {
        ImportMode::Merge | ImportMode::Remove => PIECE_BYTES_MAX,
        ImportMode::Replace => WHOLE_BYTES_MAX,
    };
    escaped_bytes(text) <= bytes_max && args.format.memory(text) <= READ_BYTES_MAX
}

struct Import<'a> {
    conversation: &'a Conversation<'a>,
    args: &'a DirectoryImportArgs,
    /// What the file is called in errors.
    name: &'a str,
    /// The file as it is, where it takes one request.
    whole: Option<String>,
    listing: &'a Listing,
}

impl Import<'_> {
    /// Looks for entries without parents in all of the file, before any piece of it is sent.
    fn check(&self) -> Result<(), Failure> {
        match self.args.mode {
            ImportMode::Merge | ImportMode::Replace => {}
            ImportMode::Remove => return Ok(()),
        }
        let orphans = ahead::orphans(self.conversation, self.listing)?;
        if orphans.is_empty() {
            return Ok(());
        }
        Err(faulty(self.name, &Faults::of_orphans(self.args.format, &orphans)))
    }

    fn run(&self) -> Result<Counts, Failure> {
        if let Some(text) = &self.whole {
            return self.send(self.args.mode, self.args.format, text, self.args.dry_run);
        }
        match self.args.mode {
            ImportMode::Merge => self.send_all(ImportMode::Merge, &cut(self.listed(), PIECE_BYTES_MAX)),
            ImportMode::Remove => self.remove(&cut(self.removals(), PIECE_BYTES_MAX)),
            ImportMode::Replace => match cut(self.listed(), WHOLE_BYTES_MAX).as_slice() {
                [whole] => self.send_piece(ImportMode::Replace, &whole.csv, self.args.dry_run),
                _ => self.replace(),
            },
        }
    }

    /// A replacement that takes more than one request: what is too much is looked for here.
    fn replace(&self) -> Result<Counts, Failure> {
        let mut removals = Vec::new();
        for telsys in self.listing.telsys() {
            let held = held::list(self.conversation, Some(telsys))?;
            removals.extend(held.into_iter().map(|held| held.id).filter(|id| !self.listing.names(id)));
        }
        removals.reverse();
        // What cannot be removed is told before anything is changed.
        let checks = ahead::checkable(&removals, WHOLE_BYTES_MAX);
        let mut removable = Counts::default();
        if !checks.rows.is_empty() {
            for piece in cut(checks.rows, WHOLE_BYTES_MAX) {
                removable.add(&self.send_piece(ImportMode::Remove, &piece.csv, true)?);
            }
        }
        let mut counts = self.send_all(ImportMode::Merge, &cut(self.listed(), PIECE_BYTES_MAX))?;
        if self.args.dry_run && checks.are_all {
            counts.add(&removable.without_unchanged());
        } else if !removals.is_empty() {
            let removals = cut(removals.iter().map(removal), PIECE_BYTES_MAX);
            // What someone else has removed meanwhile is no row of the file.
            counts.add(&self.remove(&removals)?.without_unchanged());
        }
        Ok(counts)
    }

    /// Removes pieces, children before their parents.
    fn remove(&self, pieces: &[Piece]) -> Result<Counts, Failure> {
        if self.args.dry_run && pieces.len() > 1 {
            return Err(Failure::new(
                "a dry run of so many removals is not possible: they take several requests, of which the later rest \
                 on the earlier",
            ));
        }
        self.send_all(ImportMode::Remove, pieces)
    }

    /// Sends pieces one after another, and adds up what they did.
    fn send_all(&self, mode: ImportMode, pieces: &[Piece]) -> Result<Counts, Failure> {
        let total: usize = pieces.iter().map(|piece| piece.rows).sum();
        let title = match mode {
            ImportMode::Merge | ImportMode::Replace => "importing",
            ImportMode::Remove => "removing",
        };
        let mut progress = Progress::new(title, total as u64);
        let mut counts = Counts::default();
        let mut sent = 0;
        for piece in pieces {
            let done = if self.args.dry_run {
                self.try_out(mode, piece)
            } else {
                self.send_piece(mode, &piece.csv, false)
            };
            let sent_before = if self.args.dry_run { 0 } else { sent };
            let done = done.map_err(|failure| interrupted(failure, sent_before, total))?;
            counts.add(&done);
            sent += piece.rows;
            progress.at(sent as u64);
        }
        progress.finish();
        Ok(counts)
    }

    /// Tries a piece without those before it, which change nothing either: with the rows of the file above its first
    /// entry, whose own counts are taken away again.
    fn try_out(&self, mode: ImportMode, piece: &Piece) -> Result<Counts, Failure> {
        let above: String = match mode {
            ImportMode::Merge => self.above(piece.first.as_ref()),
            ImportMode::Replace | ImportMode::Remove => String::new(),
        };
        if above.is_empty() {
            return self.send_piece(mode, &piece.csv, true);
        }
        let header = Sheet::default();
        let rows = piece.csv.strip_prefix(header.text()).unwrap_or_default();
        let above = header.text().to_owned() + &above;
        let mut counts = self.send_piece(mode, &(above.clone() + rows), true)?;
        counts.subtract(&self.send_piece(mode, &above, true)?);
        Ok(counts)
    }

    /// The rows of the file above an entry.
    fn above(&self, id: Option<&EntryId>) -> String {
        let parents = std::iter::successors(id.and_then(EntryId::parent), EntryId::parent);
        let listed = parents.filter_map(|id| self.listing.position(&id));
        listed.filter_map(|at| self.listing.from(at).next()).map(|(id, listed)| text(id, listed)).collect()
    }

    fn send_piece(&self, mode: ImportMode, csv: &str, dry_run: bool) -> Result<Counts, Failure> {
        self.send(mode, Format::Csv, csv, dry_run)
    }

    fn send(&self, mode: ImportMode, format: Format, text: &str, dry_run: bool) -> Result<Counts, Failure> {
        let mode = match mode {
            ImportMode::Merge => "Merge",
            ImportMode::Replace => "Replace",
            ImportMode::Remove => "Remove",
        };
        let file = match format {
            Format::Csv => "CSV",
            Format::Json => "JSON",
        };
        let mut payload = Payload::of(&[("Mode", mode), (file, text)]);
        payload.property_of("Reason", self.args.reason.as_ref().map(Reason::as_str));
        payload.property_of("ValidateOnly", dry_run.then_some("true"));
        let content = self.conversation.ask("DirectoryImport", &payload)?;
        Counts::of(&content).ok_or_else(|| not_understood("DirectoryImport"))
    }

    /// The rows of the file, parents before their children.
    fn listed(&self) -> impl Iterator<Item = Row> {
        self.listing.from(0).map(|(id, listed)| Row { id: id.clone(), text: text(id, listed) })
    }

    /// The rows of the file to be removed, children before their parents.
    fn removals(&self) -> Vec<Row> {
        let mut rows: Vec<_> = self.listing.from(0).map(|(id, _)| removal(id)).collect();
        rows.reverse();
        rows
    }
}

fn text(id: &EntryId, listed: &ListedEntry) -> String {
    Sheet::entry_row(id, &listed.entry)
}

/// An entry's row for its removal, to which its texts are nothing.
pub(super) fn removal(id: &EntryId) -> Row {
    Row { id: id.clone(), text: Sheet::row(id, "", "") }
}

/// A failure after so many entries were sent for good.
fn interrupted(failure: Failure, sent: usize, total: usize) -> Failure {
    if sent == 0 {
        return failure;
    }
    Failure::new(format!(
        "{failure}\n{sent} of {total} entries were sent before that, and stand; run it again to complete it"
    ))
}

impl Counts {
    fn of(content: &Node) -> Option<Self> {
        let mut counts = Self::default();
        for (name, count) in COUNTS.iter().zip(&mut counts.0) {
            *count = content.number(name)?;
        }
        Some(counts)
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, other)| *count = count.saturating_add(other));
    }

    fn subtract(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, other)| *count = count.saturating_sub(other));
    }

    fn without_unchanged(mut self) -> Self {
        let of = COUNTS.iter().zip(&mut self.0).filter(|(name, _)| **name == UNCHANGED);
        of.for_each(|(_, count)| *count = 0);
        self
    }
}
