//! `EntryId`: what an entry of the directory is told by, a scope that is never every TelSys.

use std::cmp::Ordering;
use std::fmt;

use super::{DeviceNumber, PartitionId, Scope, TelSysId};

/// What an entry of the directory is told by. Ordered so that a parent stands before its children.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum EntryId {
    /// A telephone system.
    TelSys(TelSysId),
    /// A partition of one.
    Partition(TelSysId, PartitionId),
    /// A device of a partition.
    Device(TelSysId, PartitionId, DeviceNumber),
}

/// What ids and scopes are ordered by: what is not named stands first.
pub type Place<'a> = (Option<TelSysId>, Option<PartitionId>, Option<&'a DeviceNumber>);

impl EntryId {
    /// The entry at a scope; none for every TelSys.
    #[must_use]
    pub fn at(scope: Scope) -> Option<Self> {
        match scope {
            Scope::EveryTelSys => None,
            Scope::TelSys(telsys) => Some(Self::TelSys(telsys)),
            Scope::Partition(telsys, partition) => Some(Self::Partition(telsys, partition)),
            Scope::Device(telsys, partition, device) => Some(Self::Device(telsys, partition, device)),
        }
    }

    /// The scope of which it is.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::TelSys(telsys) => Scope::TelSys(*telsys),
            Self::Partition(telsys, partition) => Scope::Partition(*telsys, *partition),
            Self::Device(telsys, partition, device) => Scope::Device(*telsys, *partition, device.clone()),
        }
    }

    /// Its telephone system.
    #[must_use]
    pub const fn telsys(&self) -> TelSysId {
        match self {
            Self::TelSys(telsys) | Self::Partition(telsys, _) | Self::Device(telsys, _, _) => *telsys,
        }
    }

    /// The entry that it stands below; none for a telephone system.
    #[must_use]
    pub const fn parent(&self) -> Option<Self> {
        match self {
            Self::TelSys(_) => None,
            Self::Partition(telsys, _) => Some(Self::TelSys(*telsys)),
            Self::Device(telsys, partition, _) => Some(Self::Partition(*telsys, *partition)),
        }
    }

    /// Whether the other one is this entry or stands below it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::TelSys(telsys), _) => *telsys == other.telsys(),
            (
                Self::Partition(telsys, partition),
                Self::Partition(other_telsys, other) | Self::Device(other_telsys, other, _),
            ) => telsys == other_telsys && partition == other,
            (Self::Device(..), Self::Device(..)) => self == other,
            (Self::Partition(..), Self::TelSys(_))
            | (Self::Device(..), Self::TelSys(_) | Self::Partition(..)) => false,
        }
    }

    /// What it is ordered by.
    #[must_use]
    pub const fn place(&self) -> Place<'_> {
        match self {
            Self::TelSys(telsys) => (Some(*telsys), None, None),
            Self::Partition(telsys, partition) => (Some(*telsys), Some(*partition), None),
            Self::Device(telsys, partition, device) => (Some(*telsys), Some(*partition), Some(device)),
        }
    }
}

impl Ord for EntryId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

impl PartialOrd for EntryId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// As its scope reads: `TelSys 1 Partition 2 Device 0123`.
impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.scope().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_stand_to_each_other_as_their_scopes_do() {
        let telsys = |id| TelSysId::new(id).unwrap();
        let partition = |id| PartitionId::new(id).unwrap();
        let device = |id| DeviceNumber::new(id).unwrap();
        let mut ids = vec![EntryId::TelSys(telsys(1)), EntryId::TelSys(telsys(2))];
        for system in [1, 2] {
            for part in [1, 2] {
                ids.push(EntryId::Partition(telsys(system), partition(part)));
                ids.push(EntryId::Device(telsys(system), partition(part), device("1")));
                ids.push(EntryId::Device(telsys(system), partition(part), device("2")));
            }
        }
        for one in &ids {
            assert_eq!(EntryId::at(one.scope()).as_ref(), Some(one));
            for other in &ids {
                assert_eq!(one.covers(other), one.scope().covers(&other.scope()), "{one} {other}");
                assert_eq!(one.cmp(other), one.scope().cmp(&other.scope()), "{one} {other}");
            }
            assert!(one.parent().is_none_or(|parent| parent < *one && parent.covers(one)));
        }
        assert_eq!(EntryId::at(Scope::EveryTelSys), None);
    }
}
