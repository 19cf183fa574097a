//! Tells a commit that a power cut left half written, and that was never acknowledged, from damage.

use std::io;
use std::ops::Range;

use super::segment::{Place, segment_path};
use super::{Fault, FaultKind, Scanner};
use crate::commit::{COMMIT_BYTES_MAX, COMMIT_PREFIX_BYTES, CommitFault, Header, MAGIC};
use crate::disk::{Disk, SECTOR_BYTES, is_zero, read_file};

/// What a power cut left of a commit at the end of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    /// Where it begins.
    pub(crate) place: Place,
    /// How many bytes from there are not all zero.
    pub(crate) bytes: u64,
    /// The number that it would have.
    pub(crate) commit: u64,
}

/// Whether the fault at which the scanner stopped is a torn commit: it is the last, no valid commit header stands
/// behind it, and at least one aligned sector of it is all zero, as a sector that was never written is. A commit
/// begins and ends within sectors that it shares; of those its own part counts.
///
/// That neither sled nor `journal/head` reaches it is for the caller to check.
pub(crate) fn find_torn(disk: &dyn Disk, scanner: &Scanner, fault: &Fault) -> io::Result<Option<Torn>> {
    let FaultKind::Commit(kind) = &fault.kind else { return Ok(None) };
    if !may_be_torn(kind) {
        return Ok(None);
    }
    let place = scanner.at();
    let rest = scanner.rest();
    let Some(last) = rest.iter().rposition(|&byte| byte != 0) else { return Ok(None) };
    // Without a header its length is not known, but every commit has one.
    let least = COMMIT_PREFIX_BYTES.max(last + 1);
    let extent = Header::decode(rest).map_or(least, |(header, _)| header.commit_bytes());
    let plausible = last < extent && extent <= COMMIT_BYTES_MAX && extent <= rest.len();
    if !plausible || holds_header(rest.get(1..).unwrap_or_default()) || !has_zero_sector(rest, place, extent)
    {
        return Ok(None);
    }
    for segment in place.segment + 1..=scanner.segments() {
        let bytes = read_file(disk, &segment_path(scanner.folder(), segment))?;
        if !is_zero(&bytes) {
            return Ok(None);
        }
    }
    Ok(Some(Torn { place, bytes: last as u64 + 1, commit: fault.commit }))
}

/// Whether a commit may show that fault because parts of it were never written.
const fn may_be_torn(fault: &CommitFault) -> bool {
    match fault {
        CommitFault::Short
        | CommitFault::Magic
        | CommitFault::Hash
        | CommitFault::Event { .. }
        | CommitFault::Root => true,
        // A header with the right hash was written whole, and what it says is no accident.
        CommitFault::Format(_)
        | CommitFault::Range
        | CommitFault::Limit { .. }
        | CommitFault::Length { .. }
        | CommitFault::OtherStore { .. }
        | CommitFault::Number { .. }
        | CommitFault::First { .. }
        | CommitFault::Previous { .. }
        | CommitFault::NotTheHead { .. }
        | CommitFault::Time { .. } => false,
    }
}

/// Whether a valid commit header, or one of a newer format, stands anywhere in the bytes.
fn holds_header(bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.windows(MAGIC.len()).position(|window| window == MAGIC) {
        let (_, from) = rest.split_at_checked(at).unwrap_or_default();
        match Header::decode(from) {
            Ok(_) => return true,
            // Formats are counted from 1. What callers wrote may look like the magic, but has no zero byte behind it.
            Err(CommitFault::Format(format)) if format <= u16::from(u8::MAX) => return true,
            Err(_) => {}
        }
        rest = from.get(1..).unwrap_or_default();
    }
    false
}

/// Whether the commit's part of an aligned sector is all zero. `rest` begins with the commit.
fn has_zero_sector(rest: &[u8], place: Place, extent: usize) -> bool {
    sectors(place, extent)
        .filter_map(|range| rest.get(range))
        .any(|sector| !sector.is_empty() && is_zero(sector))
}

/// The parts of aligned sectors that a commit of `extent` bytes takes, counted from its beginning.
fn sectors(place: Place, extent: usize) -> impl Iterator<Item = Range<usize>> {
    let within = usize::try_from(place.offset % SECTOR_BYTES as u64).unwrap_or(0);
    let starts = (0..).map(move |sector: usize| (sector * SECTOR_BYTES).saturating_sub(within));
    let ends = (1..).map(move |sector: usize| (sector * SECTOR_BYTES - within).min(extent));
    starts.zip(ends).map(|(start, end)| start..end).take_while(move |range| range.start < extent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_s_parts_of_sectors_are_counted_from_its_beginning() {
        let parts = |offset, extent| {
            sectors(Place { segment: 1, offset }, extent)
                .map(|part| (part.start, part.end))
                .collect::<Vec<_>>()
        };
        assert_eq!(parts(0, 512), [(0, 512)]);
        assert_eq!(parts(500, 12), [(0, 12)]);
        assert_eq!(parts(500, 600), [(0, 12), (12, 524), (524, 600)]);
        assert_eq!(parts(1_024, 700), [(0, 512), (512, 700)]);
    }
}
