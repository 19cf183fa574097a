//! Walking through the directory: its entries at a scope and below it, each parent before its children.

use std::iter::Peekable;

use super::DirectoryState;
use crate::state::range::Edge;
use crate::value::{DeviceNumber, DirectoryText, EntryId, PartitionId, Place, Scope, TelSysId};

/// An entry as it stands in the directory.
#[derive(Debug)]
pub struct Entry<'a, T> {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its partition; none for a telephone system.
    pub partition: Option<PartitionId>,
    /// Its number, for a device.
    pub device: Option<&'a DeviceNumber>,
    /// Its description.
    pub description: &'a T,
    /// Its `CMEnvironmentID`, for a telephone system.
    pub environment: Option<&'a DirectoryText>,
}

impl<T> Clone for Entry<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Entry<'_, T> {}

impl<'a, T> Entry<'a, T> {
    /// What it is told by.
    #[must_use]
    pub fn id(&self) -> EntryId {
        match (self.partition, self.device) {
            (Some(partition), Some(device)) => EntryId::Device(self.telsys, partition, device.clone()),
            (Some(partition), None) => EntryId::Partition(self.telsys, partition),
            (None, Some(_) | None) => EntryId::TelSys(self.telsys),
        }
    }

    /// What it is ordered by.
    #[must_use]
    pub const fn place(&self) -> Place<'a> {
        (Some(self.telsys), self.partition, self.device)
    }
}

impl<T: Clone> DirectoryState<T> {
    /// The entries at a scope and below it, parents first.
    pub fn within<'a>(&'a self, scope: &Scope) -> impl Iterator<Item = Entry<'a, T>> + use<'a, T> {
        let telsys = self.telsys.range::<_, Edge<'_>>(Edge::around(scope));
        let telsys = telsys.map(|(telsys, (description, environment))| Entry {
            telsys: *telsys,
            partition: None,
            device: None,
            description,
            environment: Some(environment),
        });
        let partitions = self.partitions.range::<_, Edge<'_>>(Edge::around(scope));
        let partitions = partitions.map(|((telsys, partition), description)| Entry {
            telsys: *telsys,
            partition: Some(*partition),
            device: None,
            description,
            environment: None,
        });
        let devices = self.devices.range::<_, Edge<'_>>(Edge::around(scope));
        let devices = devices.map(|((telsys, partition, device), description)| Entry {
            telsys: *telsys,
            partition: Some(*partition),
            device: Some(device),
            description,
            environment: None,
        });
        merged(telsys, merged(partitions, devices))
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.telsys.len().saturating_add(self.partitions.len()).saturating_add(self.devices.len())
    }

    /// Whether there is no entry.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Two ordered sequences as one.
fn merged<'a, T: 'a>(
    first: impl Iterator<Item = Entry<'a, T>>,
    second: impl Iterator<Item = Entry<'a, T>>,
) -> impl Iterator<Item = Entry<'a, T>> {
    /// Which of the two has the smaller one next.
    fn first_is_next<'a, T: 'a>(
        first: &mut Peekable<impl Iterator<Item = Entry<'a, T>>>,
        second: &mut Peekable<impl Iterator<Item = Entry<'a, T>>>,
    ) -> bool {
        match (first.peek(), second.peek()) {
            (Some(first), Some(second)) => first.place() <= second.place(),
            (Some(_), None) => true,
            (None, Some(_) | None) => false,
        }
    }
    let (mut first, mut second) = (first.peekable(), second.peekable());
    std::iter::from_fn(
        move || {
            if first_is_next(&mut first, &mut second) { first.next() } else { second.next() }
        },
    )
}
