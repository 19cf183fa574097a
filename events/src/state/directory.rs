//! The directory of telephone systems, partitions and devices: what exists, and what List shows for it.

mod walk;

pub use walk::Entry;

use crate::value::{DeviceNumber, DirectoryText, EntryId, PartitionId, Scope, TelSysId};

/// The first level of a scope that the directory does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// No such telephone system.
    TelSys,
    /// No such partition.
    Partition,
    /// No such device.
    Device,
}

/// What is registered, with the descriptions as `T` keeps them. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryState<T: Clone = DirectoryText> {
    /// Telephone systems: description and `CMEnvironmentID`.
    pub telsys: imbl::OrdMap<TelSysId, (T, DirectoryText)>,
    /// Partitions: description.
    pub partitions: imbl::OrdMap<(TelSysId, PartitionId), T>,
    /// Devices: description.
    pub devices: imbl::OrdMap<(TelSysId, PartitionId, DeviceNumber), T>,
}

impl<T: Clone> Default for DirectoryState<T> {
    fn default() -> Self {
        Self { telsys: imbl::OrdMap::new(), partitions: imbl::OrdMap::new(), devices: imbl::OrdMap::new() }
    }
}

impl<T: Clone> DirectoryState<T> {
    /// Whether an entry is registered.
    #[must_use]
    pub fn contains(&self, id: &EntryId) -> bool {
        match id {
            EntryId::TelSys(telsys) => self.telsys.contains_key(telsys),
            EntryId::Partition(telsys, partition) => self.partitions.contains_key(&(*telsys, *partition)),
            EntryId::Device(telsys, partition, device) => {
                self.devices.contains_key(&(*telsys, *partition, device.clone()))
            }
        }
    }
}

impl<T: Clone + From<DirectoryText>> DirectoryState<T> {
    /// Checks that everything a scope names is registered.
    ///
    /// # Errors
    /// The first level that is not, from the top.
    pub fn check(&self, scope: &Scope) -> Result<(), Missing> {
        let known = |found: bool, missing| if found { Ok(()) } else { Err(missing) };
        if let Some(telsys) = scope.telsys() {
            known(self.telsys.contains_key(&telsys), Missing::TelSys)?;
        }
        if let (Some(telsys), Some(partition)) = (scope.telsys(), scope.partition()) {
            known(self.partitions.contains_key(&(telsys, partition)), Missing::Partition)?;
        }
        if let Scope::Device(telsys, partition, device) = scope {
            known(self.devices.contains_key(&(*telsys, *partition, device.clone())), Missing::Device)?;
        }
        Ok(())
    }

    /// Takes in an event of the directory; any other kind is none of its business.
    pub fn apply(&mut self, event: &crate::event::Event) {
        use crate::event::Event as E;
        match event {
            E::TelSysRegistered(e) => {
                self.telsys.insert(e.telsys, (e.description.clone().into(), e.environment.clone()));
            }
            E::TelSysRenamed(e) => {
                self.telsys.insert(e.telsys, (e.description.clone().into(), e.environment.clone()));
            }
            E::TelSysRemoved(e) => {
                self.telsys.remove(&e.telsys);
            }
            E::PartitionRegistered(e) => {
                self.partitions.insert((e.telsys, e.partition), e.description.clone().into());
            }
            E::PartitionRenamed(e) => {
                self.partitions.insert((e.telsys, e.partition), e.description.clone().into());
            }
            E::PartitionRemoved(e) => {
                self.partitions.remove(&(e.telsys, e.partition));
            }
            E::DeviceRegistered(e) => {
                self.devices.insert((e.telsys, e.partition, e.device.clone()), e.description.clone().into());
            }
            E::DeviceRenamed(e) => {
                self.devices.insert((e.telsys, e.partition, e.device.clone()), e.description.clone().into());
            }
            E::DeviceRemoved(e) => {
                self.devices.remove(&(e.telsys, e.partition, e.device.clone()));
            }
            E::StoreCreated(_)
            | E::TemplateRecorded(_)
            | E::RequestRecorded(_)
            | E::DestructionHeld(_)
            | E::DestructionResumed(_)
            | E::ConfigurationAdded(_)
            | E::ConfigurationChanged(_)
            | E::ConfigurationDeleted(_)
            | E::ConfigurationShredded(_)
            | E::AccountCreated(_)
            | E::AccountRenamed(_)
            | E::CredentialSet(_)
            | E::GrantGiven(_)
            | E::GrantTaken(_)
            | E::AccountDisabled(_)
            | E::AccountEnabled(_)
            | E::AccountDeleted(_)
            | E::AccountErased(_) => {}
        }
    }
}
