//! What fuzzing asks of the readers of the directory's files: what is read is written, and read again as the same.

use crmconf_events::command::{DirectoryEntry, Listing};
use crmconf_events::fuzzing::shown;

use super::{Format, Sheet};

/// How large the sources of a number in `Format::memory` are taken to be at least: an entry, whatever it holds.
const ENTRY_BYTES: usize = 64;

/// A file as CSV.
pub(crate) fn csv(data: &[u8]) {
    read(Format::Csv, data);
}

/// A file as JSON.
pub(crate) fn json(data: &[u8]) {
    read(Format::Json, data);
}

fn read(format: Format, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let memory = format.memory(text);
    match format.read(text).listing() {
        Err(faults) => {
            assert!(!faults.is_empty() && faults.total() > 0, "a refusal names no fault");
            assert!(faults.iter().count() <= faults.total(), "more faults are kept than there are");
            assert!(
                faults.iter().map(|fault| fault.place).is_sorted(),
                "faults do not stand by their places"
            );
            assert!(faults.iter().all(|fault| fault.place > 0), "a place is not counted from 1");
            // The file of a command may hold what XML cannot carry; what an answer quotes of it may not.
            shown(&faults.to_string());
            shown(&faults.lines());
        }
        Ok(listing) => {
            assert!(
                listing.len().saturating_mul(ENTRY_BYTES) <= memory,
                "it takes more memory than foreseen"
            );
            let again = Format::Csv.read(&exported(&listing)).listing();
            assert!(
                again.as_ref().is_ok_and(|again| entries(again) == entries(&listing)),
                "what was exported is imported as something else: {again:?}"
            );
            let mut ids = listing.from(0).map(|(id, listed)| (id, listed.entry.id()));
            assert!(ids.all(|(id, own)| *id == own), "an entry stands under another id");
        }
    }
}

fn exported(listing: &Listing) -> String {
    let rows = listing.from(0).map(|(id, listed)| Sheet::entry_row(id, &listed.entry));
    Sheet::default().text().to_owned() + &rows.collect::<String>()
}

fn entries(listing: &Listing) -> Vec<&DirectoryEntry> {
    listing.from(0).map(|(_, listed)| &listed.entry).collect()
}
