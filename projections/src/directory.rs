//! The directory as List shows it: descriptions of telephone systems, partitions and devices.

use std::fmt;

use crmconf_events::event::{Envelope, Event};
use crmconf_events::state::{DirectoryState, Missing};
use crmconf_events::{DeviceNumber, DirectoryText, PartitionId, Scope, TelSysId};

use crate::projection::Projection;
use crate::text::Sortable;

/// What List shows where a scope names no TelSys.
const NO_TELSYS: &str = "[None Or All Telephone Systems]";
/// What List shows where a scope names no Partition; the seed's words.
const NO_PARTITION: &str = "[None Or All Partitions]";
/// What List shows where a scope names no Device; the seed's words.
const NO_DEVICE: &str = "None Or All Devices";

/// The read model of the directory, with sort keys beside the texts.
#[derive(Clone)]
pub struct Directory {
    entries: DirectoryState,
    telsys: imbl::OrdMap<TelSysId, Sortable>,
    partitions: imbl::OrdMap<(TelSysId, PartitionId), Sortable>,
    devices: imbl::OrdMap<(TelSysId, PartitionId, DeviceNumber), Sortable>,
    none: [Sortable; 3],
}

impl Default for Directory {
    fn default() -> Self {
        Self {
            entries: DirectoryState::default(),
            telsys: imbl::OrdMap::new(),
            partitions: imbl::OrdMap::new(),
            devices: imbl::OrdMap::new(),
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
    pub const fn entries(&self) -> &DirectoryState {
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
        scope.telsys().map_or(Some(none), |telsys| self.telsys.get(&telsys))
    }

    pub(crate) fn sortable_partition(&self, scope: &Scope) -> Option<&Sortable> {
        let [_, none, _] = &self.none;
        match (scope.telsys(), scope.partition()) {
            (Some(telsys), Some(partition)) => self.partitions.get(&(telsys, partition)),
            (Some(_) | None, Some(_) | None) => Some(none),
        }
    }

    pub(crate) fn sortable_device(&self, scope: &Scope) -> Option<&Sortable> {
        let [_, _, none] = &self.none;
        match scope {
            Scope::Device(telsys, partition, device) => {
                self.devices.get(&(*telsys, *partition, device.clone()))
            }
            Scope::EveryTelSys | Scope::TelSys(_) | Scope::Partition(..) => Some(none),
        }
    }
}

fn sortable(text: &DirectoryText) -> Sortable {
    Sortable::new(text.as_str())
}

impl Projection for Directory {
    const NAME: &'static str = "directory";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        self.entries.apply(&envelope.event);
        match &envelope.event {
            Event::TelSysRegistered(e) => {
                self.telsys.insert(e.telsys, sortable(&e.description));
            }
            Event::TelSysRenamed(e) => {
                self.telsys.insert(e.telsys, sortable(&e.description));
            }
            Event::TelSysRemoved(e) => {
                self.telsys.remove(&e.telsys);
            }
            Event::PartitionRegistered(e) => {
                self.partitions.insert((e.telsys, e.partition), sortable(&e.description));
            }
            Event::PartitionRenamed(e) => {
                self.partitions.insert((e.telsys, e.partition), sortable(&e.description));
            }
            Event::PartitionRemoved(e) => {
                self.partitions.remove(&(e.telsys, e.partition));
            }
            Event::DeviceRegistered(e) => {
                self.devices.insert((e.telsys, e.partition, e.device.clone()), sortable(&e.description));
            }
            Event::DeviceRenamed(e) => {
                self.devices.insert((e.telsys, e.partition, e.device.clone()), sortable(&e.description));
            }
            Event::DeviceRemoved(e) => {
                self.devices.remove(&(e.telsys, e.partition, e.device.clone()));
            }
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
            | Event::RequestRecorded(_)
            | Event::ConfigurationAdded(_)
            | Event::ConfigurationChanged(_)
            | Event::ConfigurationDeleted(_)
            | Event::AccountCreated(_)
            | Event::AccountRenamed(_)
            | Event::CredentialSet(_)
            | Event::GrantGiven(_)
            | Event::GrantTaken(_)
            | Event::AccountDisabled(_)
            | Event::AccountEnabled(_)
            | Event::AccountDeleted(_) => {}
        }
    }

    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let DirectoryState { telsys, partitions, devices } = &self.entries;
        for (id, (description, environment)) in telsys {
            writeln!(out, "TelSys {id}: {description:?}, environment {environment:?}")?;
            for ((_, partition), description) in partitions.iter().filter(|((t, _), _)| t == id) {
                writeln!(out, "  Partition {partition}: {description:?}")?;
                let inside = devices.iter().filter(|((t, p, _), _)| t == id && p == partition);
                for ((_, _, device), description) in inside {
                    writeln!(out, "    Device {device}: {description:?}")?;
                }
            }
        }
        Ok(())
    }
}
