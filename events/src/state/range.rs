//! Ranges of ordered maps by scope: the keys at a scope and below it stand together.

use std::cmp::Ordering;
use std::sync::Arc;

use equivalent::{Comparable, Equivalent};

use super::ConfigurationName;
use crate::value::{DeviceNumber, PartitionId, Place, Scope, TelSysId};

/// Where the keys at a scope and below it begin or end. It stands between keys, and so equals none.
pub(super) struct Edge<'a> {
    scope: &'a Scope,
    side: Ordering,
}

impl<'a> Edge<'a> {
    /// The range of the keys at a scope and below it.
    pub(super) const fn around(scope: &'a Scope) -> std::ops::Range<Self> {
        Self { scope, side: Ordering::Less }..Self { scope, side: Ordering::Greater }
    }
}

/// A key that stands at a place in the order of scopes.
pub(super) trait Placed {
    /// Its place.
    fn place(&self) -> Place<'_>;
}

impl Placed for TelSysId {
    fn place(&self) -> Place<'_> {
        (Some(*self), None, None)
    }
}

impl Placed for (TelSysId, PartitionId) {
    fn place(&self) -> Place<'_> {
        (Some(self.0), Some(self.1), None)
    }
}

impl Placed for (TelSysId, PartitionId, DeviceNumber) {
    fn place(&self) -> Place<'_> {
        (Some(self.0), Some(self.1), Some(&self.2))
    }
}

impl Placed for Arc<ConfigurationName> {
    fn place(&self) -> Place<'_> {
        (self.scope.telsys(), self.scope.partition(), self.scope.device())
    }
}

impl<K: Placed> Equivalent<K> for Edge<'_> {
    fn equivalent(&self, _: &K) -> bool {
        false
    }
}

impl<K: Placed> Comparable<K> for Edge<'_> {
    fn compare(&self, key: &K) -> Ordering {
        let (telsys, partition, device) = key.place();
        let covered = match self.scope {
            Scope::EveryTelSys => true,
            Scope::TelSys(t) => telsys == Some(*t),
            Scope::Partition(t, p) => telsys == Some(*t) && partition == Some(*p),
            Scope::Device(t, p, d) => telsys == Some(*t) && partition == Some(*p) && device == Some(d),
        };
        if covered {
            return self.side;
        }
        let own: Place<'_> = (self.scope.telsys(), self.scope.partition(), self.scope.device());
        own.cmp(&(telsys, partition, device))
    }
}
