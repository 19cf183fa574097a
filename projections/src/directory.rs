//! The directory as List shows it: descriptions of telephone systems, partitions and devices.

use std::fmt;
use std::sync::Arc;

use crmconf_events::event::Envelope;
use crmconf_events::state::{DirectoryState, Missing};
use crmconf_events::{DirectoryText, Scope};

use crate::projection::Projection;
use crate::text::{Sortable, fold};

/// What List shows where a scope names no TelSys.
const NO_TELSYS: &str = "[None Or All Telephone Systems]";
/// What List shows where a scope names no Partition; the seed's words.
const NO_PARTITION: &str = "[None Or All Partitions]";
/// What List shows where a scope names no Device; the seed's words.
const NO_DEVICE: &str = "None Or All Devices";

/// An entry's description, with what it is sorted and searched by. Clones share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryText(Arc<Texts>);

#[derive(Debug, PartialEq, Eq)]
struct Texts {
    sortable: Sortable,
    /// The text folded for search, where that differs from it.
    folded: Option<Box<str>>,
}

impl EntryText {
    /// The description.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.sortable.text()
    }

    pub(crate) fn sortable(&self) -> &Sortable {
        &self.0.sortable
    }

    /// Whether an already folded text is part of it.
    pub(crate) fn matches(&self, folded: &str) -> bool {
        self.0.folded.as_deref().unwrap_or_else(|| self.text()).contains(folded)
    }
}

impl From<DirectoryText> for EntryText {
    fn from(text: DirectoryText) -> Self {
        let folded = Some(fold(text.as_str())).filter(|folded| folded != text.as_str()).map(Into::into);
        Self(Arc::new(Texts { sortable: Sortable::new(text.as_str()), folded }))
    }
}

/// The read model of the directory, with sort keys beside the texts.
#[derive(Clone)]
pub struct Directory {
    entries: DirectoryState<EntryText>,
    /// What stands for each level that a scope does not name.
    none: [Sortable; 3],
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            entries: DirectoryState::default(),
            none: [NO_TELSYS, NO_PARTITION, NO_DEVICE].map(Sortable::new),
        }
    }
}

/// What a List row says of a scope, level by level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptions<'a> {
    /// `TelSysDescription`.
    pub telsys: &'a str,
    /// `PartitionDescription`.
    pub partition: &'a str,
    /// `DeviceDescription`.
    pub device: &'a str,
}

impl Directory {
    /// What List shows for a scope. What is not registered reads as empty: a configuration's scope always is.
    #[must_use]
    pub fn describe(&self, scope: &Scope) -> Descriptions<'_> {
        fn text(found: Option<&Sortable>) -> &str {
            found.map_or("", Sortable::text)
        }
        Descriptions {
            telsys: text(self.sortable_telsys(scope)),
            partition: text(self.sortable_partition(scope)),
            device: text(self.sortable_device(scope)),
        }
    }

    /// What is registered.
    #[must_use]
    pub const fn entries(&self) -> &DirectoryState<EntryText> {
        &self.entries
    }

    /// The `CMEnvironmentID` that applies at a scope: its TelSys's, empty for every TelSys.
    #[must_use]
    pub fn environment(&self, scope: &Scope) -> &str {
        scope
            .telsys()
            .and_then(|telsys| self.entries.telsys.get(&telsys))
            .map_or("", |(_, environment)| environment.as_str())
    }

    /// Checks that everything a scope names is registered.
    ///
    /// # Errors
    /// The first level that is not, from the top.
    pub fn check(&self, scope: &Scope) -> Result<(), Missing> {
        self.entries.check(scope)
    }

    pub(crate) fn sortable_telsys(&self, scope: &Scope) -> Option<&Sortable> {
        let [none, _, _] = &self.none;
        scope
            .telsys()
            .map_or(Some(none), |telsys| self.entries.telsys.get(&telsys).map(|(found, _)| found.sortable()))
    }

    pub(crate) fn sortable_partition(&self, scope: &Scope) -> Option<&Sortable> {
        let [_, none, _] = &self.none;
        match (scope.telsys(), scope.partition()) {
            (Some(telsys), Some(partition)) => {
                self.entries.partitions.get(&(telsys, partition)).map(EntryText::sortable)
            }
            (Some(_) | None, Some(_) | None) => Some(none),
        }
    }

    pub(crate) fn sortable_device(&self, scope: &Scope) -> Option<&Sortable> {
        let [_, _, none] = &self.none;
        match scope {
            Scope::Device(telsys, partition, device) => {
                self.entries.devices.get(&(*telsys, *partition, device.clone())).map(EntryText::sortable)
            }
            Scope::EveryTelSys | Scope::TelSys(_) | Scope::Partition(..) => Some(none),
        }
    }
}

impl Projection for Directory {
    const NAME: &'static str = "directory";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        self.entries.apply(&envelope.event);
    }

    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        // Without `..`: a new field breaks the build until someone decides what the dump says of it. What stands for
        // levels that are not named never changes.
        let Self { entries: DirectoryState { telsys, partitions, devices }, none: _ } = self;
        // Level by level, and not inside each other: what stands there without its parent is shown too.
        for (telsys, (description, environment)) in telsys {
            writeln!(out, "TelSys {telsys}: {:?}, environment {environment:?}", description.text())?;
        }
        for ((telsys, partition), description) in partitions {
            writeln!(out, "TelSys {telsys} Partition {partition}: {:?}", description.text())?;
        }
        for ((telsys, partition, device), description) in devices {
            let description = description.text();
            writeln!(out, "TelSys {telsys} Partition {partition} Device {device}: {description:?}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crmconf_events::event::{Actor, Context, DeviceRegistered, Event, PartitionRegistered};
    use crmconf_events::{DeviceNumber, DirectoryText, PartitionId, Salt, Sequence, TelSysId, Timestamp};

    use super::*;

    #[test]
    fn the_dump_shows_also_what_has_no_parent() {
        let (telsys, partition) = (TelSysId::new(1).unwrap(), PartitionId::new(2).unwrap());
        let description = DirectoryText::new("d").unwrap();
        let device = DeviceNumber::new("3").unwrap();
        let mut directory = Directory::default();
        let events: [Event; 2] = [
            PartitionRegistered { telsys, partition, description: description.clone() }.into(),
            DeviceRegistered { telsys, partition: PartitionId::new(9).unwrap(), device, description }.into(),
        ];
        for event in events {
            directory.apply(&Envelope {
                sequence: Sequence::FIRST,
                time: Timestamp::default(),
                stream: event.stream(),
                context: Context::of(Actor::System),
                salt: Salt::new([0; 16]),
                event,
            });
        }
        let mut shown = String::new();
        directory.dump(&mut shown).unwrap();
        assert_eq!(shown, "TelSys 1 Partition 2: \"d\"\nTelSys 1 Partition 9 Device 3: \"d\"\n");
    }
}
