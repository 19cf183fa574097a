//! What happens to the directory of telephone systems, partitions and devices.

use serde::{Deserialize, Serialize};

use crate::value::{DeviceNumber, DirectoryText, PartitionId, TelSysId};

/// A telephone system entered the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelSysRegistered {
    /// Its id.
    pub telsys: TelSysId,
    /// What List shows for it.
    pub description: DirectoryText,
    /// Its `CMEnvironmentID`.
    pub environment: DirectoryText,
}

/// A telephone system got other texts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelSysRenamed {
    /// Its id.
    pub telsys: TelSysId,
    /// What List shows for it from now on.
    pub description: DirectoryText,
    /// Its `CMEnvironmentID` from now on.
    pub environment: DirectoryText,
}

/// A telephone system left the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TelSysRemoved {
    /// Its id.
    pub telsys: TelSysId,
}

/// A partition entered the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionRegistered {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its id there.
    pub partition: PartitionId,
    /// What List shows for it.
    pub description: DirectoryText,
}

/// A partition got another description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionRenamed {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its id there.
    pub partition: PartitionId,
    /// What List shows for it from now on.
    pub description: DirectoryText,
}

/// A partition left the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionRemoved {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its id there.
    pub partition: PartitionId,
}

/// A device entered the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRegistered {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its partition.
    pub partition: PartitionId,
    /// Its number.
    pub device: DeviceNumber,
    /// What List shows for it.
    pub description: DirectoryText,
}

/// A device got another description.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRenamed {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its partition.
    pub partition: PartitionId,
    /// Its number.
    pub device: DeviceNumber,
    /// What List shows for it from now on.
    pub description: DirectoryText,
}

/// A device left the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRemoved {
    /// Its telephone system.
    pub telsys: TelSysId,
    /// Its partition.
    pub partition: PartitionId,
    /// Its number.
    pub device: DeviceNumber,
}
