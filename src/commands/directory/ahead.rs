//! What an import of several requests looks for before the first of them that changes something.

use std::collections::BTreeSet;

use crmconf_events::EntryId;
use crmconf_events::command::{Listing, Orphan};

use super::import::removal;
use super::pieces::Row;
use super::{Failure, held};
use crate::commands::conversation::{Conversation, escaped_bytes};
use crate::directory::Sheet;

/// The entries of a file whose parents are neither in it nor in the server's directory, which is asked for nothing that
/// the file has itself.
pub(super) fn orphans(conversation: &Conversation<'_>, listing: &Listing) -> Result<Vec<Orphan>, Failure> {
    let incomplete: BTreeSet<_> =
        listing.orphans_beside(|_| false).iter().map(|orphan| orphan.id.telsys()).collect();
    let mut there = BTreeSet::new();
    for telsys in &incomplete {
        there.extend(held::list(conversation, Some(*telsys))?.into_iter().map(|held| held.id));
    }
    Ok(listing.orphans_beside(|id| there.contains(id)))
}

/// Removals that can be tried out, each row of them for itself.
pub(super) struct Checks {
    /// Rows, of which some are of several entries: a partition cannot be tried out without all that is below it.
    pub(super) rows: Vec<Row>,
    /// Whether all removals are among them. A partition is not whose devices alone take more than a request.
    pub(super) are_all: bool,
}

/// What of the removals of partitions and devices, children before their parents, can be tried out in requests of so
/// many bytes.
pub(super) fn checkable(removals: &[EntryId], bytes_max: usize) -> Checks {
    let header = Sheet::default();
    let room = bytes_max.saturating_sub(escaped_bytes(header.text()));
    let mut checks = Checks { rows: Vec::new(), are_all: true };
    for group in removals.chunk_by(|a, b| partition(a) == partition(b)) {
        let rows = || group.iter().map(removal);
        let bytes: usize = rows().map(|row| escaped_bytes(&row.text)).sum();
        if bytes <= room {
            let id = group.first().cloned();
            checks.rows.extend(id.map(|id| Row { id, text: rows().map(|row| row.text).collect() }));
        } else {
            let before = checks.rows.len();
            checks.rows.extend(rows().filter(|row| matches!(row.id, EntryId::Device(..))));
            checks.are_all &= checks.rows.len() - before == group.len();
        }
    }
    checks
}

/// The partition that an entry is or belongs to.
fn partition(id: &EntryId) -> Option<EntryId> {
    match id {
        EntryId::TelSys(_) => None,
        EntryId::Partition(..) => Some(id.clone()),
        EntryId::Device(..) => id.parent(),
    }
}

#[cfg(test)]
mod tests {
    use crmconf_events::{DeviceNumber, PartitionId, TelSysId};

    use super::*;

    #[test]
    fn a_partition_is_tried_out_with_its_devices_or_they_without_it() {
        let telsys = TelSysId::new(1).unwrap();
        let ids = |partition: u32, devices: usize| {
            let partition = PartitionId::new(partition).unwrap();
            let device = move |number| {
                let number = DeviceNumber::new(&format!("{number:03}")).unwrap();
                EntryId::Device(telsys, partition, number)
            };
            (0..devices).rev().map(device).chain([EntryId::Partition(telsys, partition)])
        };
        let removals: Vec<_> = ids(2, 100).chain(ids(1, 2)).collect();
        let all = checkable(&removals, 1 << 20);
        assert!(all.are_all);
        let rows: Vec<_> = all.rows.iter().map(|row| row.text.lines().count()).collect();
        assert_eq!(rows, [101, 3]);
        assert!(all.rows[1].text.ends_with("1,1,000,,\n1,1,,,\n"), "{}", all.rows[1].text);
        let few = checkable(&removals, 200);
        assert!(!few.are_all);
        assert_eq!(few.rows.len(), 101, "the devices of one, and the other as a whole");
        assert!(checkable(&[], 200).rows.is_empty());
    }
}
