//! The directory as files have it: CSV and JSON, read strictly, every fault with its line; and written.
//!
//! The server reads what `DirectoryImport` is sent by it, and `crmconf directory import` a file before it is sent.

mod csv;
mod faults;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod json;
mod row;

#[cfg(test)]
mod tests;

use crmconf_events::command::{ListedEntry, Listing};
use crmconf_events::state::{DirectoryState, Missing};

pub use faults::{Fault, Faults};
pub use row::{COLUMNS, Sheet, entry_id};

/// A form in which a file lists entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values, RFC 4180, with a header.
    #[default]
    Csv,
    /// An array of objects with the columns' names as keys.
    Json,
}

/// What an entry takes in memory beside its texts, about: as it is listed, with what allocations round up.
const ENTRY_BYTES: usize = size_of::<ListedEntry>() + 128;
/// What reading the file of one request may take in memory: less than all requests together may. CSV within the limit of
/// a body always takes less; JSON of very many small entries does not.
pub const READ_BYTES_MAX: usize = 48 << 20;
/// The shortest text of an entry: `1,,,,`. What is shorter is a fault, and of those few are kept.
const ENTRY_TEXT_BYTES_MIN: usize = 5;
/// What the object of a JSON entry takes beside its texts until it is an entry, about.
const OBJECT_BYTES: usize = 768;

impl Format {
    /// What the place of an entry is called.
    #[must_use]
    pub const fn place(self) -> &'static str {
        match self {
            Self::Csv => "line",
            Self::Json => "entry",
        }
    }

    /// The bytes that reading a text takes in memory at most, about.
    #[must_use]
    pub fn memory(self, text: &str) -> usize {
        let (begins, bytes) = match self {
            Self::Csv => (b'\n', ENTRY_BYTES),
            Self::Json => (b'{', ENTRY_BYTES + OBJECT_BYTES),
        };
        let begun = text.bytes().filter(|byte| *byte == begins).count();
        let entries = begun.min(text.len() / ENTRY_TEXT_BYTES_MIN).saturating_add(1);
        entries.saturating_mul(bytes).saturating_add(text.len())
    }

    /// Reads a text.
    #[must_use]
    pub fn read(self, text: &str) -> Parsed {
        let mut faults = Faults::new(self);
        let entries = match self {
            Self::Csv => csv::read(text, &mut faults),
            Self::Json => json::read(text, &mut faults),
        };
        let (listing, twice) = Listing::sorted(entries);
        for twice in twice {
            let place = self.place();
            faults.add(twice.again, format!("{} stands in {place} {} already", twice.id, twice.first));
        }
        Parsed { listing, faults }
    }
}

/// What was read. Where there are faults, the listing holds stand-ins for some entries, and is good for nothing but
/// looking for more faults.
#[derive(Debug)]
pub struct Parsed {
    listing: Listing,
    faults: Faults,
}

impl Parsed {
    /// The listing.
    ///
    /// # Errors
    /// The faults of the text.
    pub fn listing(self) -> Result<Listing, Faults> {
        if self.faults.is_empty() { Ok(self.listing) } else { Err(self.faults) }
    }

    /// The listing. What it lacks in a directory is no fault of the text, and told only beside one.
    ///
    /// # Errors
    /// The faults of the text, and the entries without parents.
    pub fn listing_for<T: Clone>(self, directory: &DirectoryState<T>) -> Result<Listing, Faults> {
        let Self { listing, mut faults } = self;
        if faults.is_empty() {
            return Ok(listing);
        }
        faults.add_orphans(&listing.orphans(directory));
        Err(faults)
    }
}

/// What is said of an entry without its parents.
#[must_use]
pub const fn missing_above(missing: Missing) -> &'static str {
    match missing {
        Missing::TelSys => "its telephone system is neither in the file nor in the directory",
        Missing::Partition => "its partition is neither in the file nor in the directory",
        Missing::Device => "its device is neither in the file nor in the directory",
    }
}
