//! `Scope`: where in the telephone system a configuration or a grant applies.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use thiserror::Error;

use super::carried::xml_can_carry;

/// Largest TelSysID and PartIDInTelSys.
const ID_MAX: u32 = 2_147_483_647;
/// Longest DeviceNumber, in Unicode scalar values.
const DEVICE_NUMBER_CHARS_MAX: usize = 64;
/// What the API writes for "none or all devices"; no device can bear this number.
pub const DEVICE_SENTINEL: &str = "UnknownNoneOrAll";

/// Why something is no scope, or no part of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// Not a number from 1 to 2147483647.
    #[error("must be -1 or a number from 1 to {ID_MAX}")]
    Id,
    /// Not 1 to 64 characters that XML can carry, or the sentinel itself.
    #[error("must be UnknownNoneOrAll or 1 to {DEVICE_NUMBER_CHARS_MAX} characters")]
    DeviceNumber,
    /// A Partition is named, its TelSys is not.
    #[error("PartIDInTelSys names a partition, but TelSysID names no telephone system")]
    PartitionWithoutTelSys,
    /// A Device is named, its Partition is not.
    #[error("DeviceNumber names a device, but PartIDInTelSys names no partition")]
    DeviceWithoutPartition,
}

/// Declares an id from 1 to 2147483647.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The id with this number.
            ///
            /// # Errors
            /// When the number is 0 or beyond 2147483647.
            pub const fn new(number: u32) -> Result<Self, ScopeError> {
                if number == 0 || number > ID_MAX { Err(ScopeError::Id) } else { Ok(Self(number)) }
            }

            /// Reads the API's text; `None` for the sentinel `-1`.
            ///
            /// # Errors
            /// When the text is neither `-1` nor a plain decimal number from 1 to 2147483647.
            pub fn parse(text: &str) -> Result<Option<Self>, ScopeError> {
                if text == "-1" {
                    return Ok(None);
                }
                if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(ScopeError::Id);
                }
                text.parse().map_err(|_| ScopeError::Id).and_then(Self::new).map(Some)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u32 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(u32::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

numbered!(
    /// A telephone system's id, the API's `TelSysID`.
    TelSysId
);
numbered!(
    /// A partition's id within its telephone system, the API's `PartIDInTelSys`.
    PartitionId
);

/// A device's number, compared exactly: leading zeros and `+` count.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DeviceNumber(Arc<str>);

impl DeviceNumber {
    /// A concrete device number.
    ///
    /// # Errors
    /// When it is empty, the sentinel, over 64 characters, or holds what XML cannot carry.
    pub fn new(text: &str) -> Result<Self, ScopeError> {
        let length = text.chars().count();
        if length == 0 || length > DEVICE_NUMBER_CHARS_MAX || text == DEVICE_SENTINEL || !xml_can_carry(text)
        {
            return Err(ScopeError::DeviceNumber);
        }
        Ok(Self(text.into()))
    }

    /// Reads the API's text; `None` for the sentinel `UnknownNoneOrAll`.
    ///
    /// # Errors
    /// As [`DeviceNumber::new`].
    pub fn parse(text: &str) -> Result<Option<Self>, ScopeError> {
        if text == DEVICE_SENTINEL { Ok(None) } else { Self::new(text).map(Some) }
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DeviceNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&<std::borrow::Cow<'de, str>>::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Where a configuration or grant applies. A concrete id under a sentinel parent cannot be expressed.
///
/// Ordered from the top down: a scope comes right before all that lies inside it, siblings by id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every telephone system: all three ids are sentinels.
    EveryTelSys,
    /// One telephone system.
    TelSys(TelSysId),
    /// One partition.
    Partition(TelSysId, PartitionId),
    /// One device.
    Device(TelSysId, PartitionId, DeviceNumber),
}

/// How two scopes stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same scope.
    Same,
    /// The first holds the second.
    Contains,
    /// The first lies inside the second.
    Inside,
    /// Neither: they part at the TelSys.
    ApartAtTelSys,
    /// Neither: the same TelSys, other Partitions.
    ApartAtPartition,
    /// Neither: the same Partition, other Devices.
    ApartAtDevice,
}

impl Scope {
    /// Puts a scope together from its three levels, `None` standing for the sentinel.
    ///
    /// # Errors
    /// When a concrete id stands under a sentinel parent.
    pub fn new(
        telsys: Option<TelSysId>,
        partition: Option<PartitionId>,
        device: Option<DeviceNumber>,
    ) -> Result<Self, ScopeError> {
        match (telsys, partition, device) {
            (None, None, None) => Ok(Self::EveryTelSys),
            (Some(t), None, None) => Ok(Self::TelSys(t)),
            (Some(t), Some(p), None) => Ok(Self::Partition(t, p)),
            (Some(t), Some(p), Some(d)) => Ok(Self::Device(t, p, d)),
            (None, Some(_), _) => Err(ScopeError::PartitionWithoutTelSys),
            (_, None, Some(_)) => Err(ScopeError::DeviceWithoutPartition),
        }
    }

    /// The TelSys, unless this is every TelSys.
    #[must_use]
    pub const fn telsys(&self) -> Option<TelSysId> {
        match self {
            Self::EveryTelSys => None,
            Self::TelSys(t) | Self::Partition(t, _) | Self::Device(t, _, _) => Some(*t),
        }
    }

    /// The Partition, at partition and device scope.
    #[must_use]
    pub const fn partition(&self) -> Option<PartitionId> {
        match self {
            Self::EveryTelSys | Self::TelSys(_) => None,
            Self::Partition(_, p) | Self::Device(_, p, _) => Some(*p),
        }
    }

    /// The Device, at device scope.
    #[must_use]
    pub const fn device(&self) -> Option<&DeviceNumber> {
        match self {
            Self::EveryTelSys | Self::TelSys(_) | Self::Partition(..) => None,
            Self::Device(_, _, d) => Some(d),
        }
    }

    /// How this scope stands to another.
    #[must_use]
    pub fn relation(&self, other: &Self) -> Relation {
        let levels = [
            (level(self.telsys(), other.telsys()), Relation::ApartAtTelSys),
            (level(self.partition(), other.partition()), Relation::ApartAtPartition),
            (level(self.device(), other.device()), Relation::ApartAtDevice),
        ];
        for (level, apart) in levels {
            match level {
                Level::Equal => {}
                Level::OnlyFirst => return Relation::Inside,
                Level::OnlySecond => return Relation::Contains,
                Level::Apart => return apart,
            }
        }
        Relation::Same
    }

    /// Whether `other` is this scope or lies inside it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        matches!(self.relation(other), Relation::Same | Relation::Contains)
    }

    /// Whether one of the two covers the other.
    #[must_use]
    pub fn is_related_to(&self, other: &Self) -> bool {
        matches!(self.relation(other), Relation::Same | Relation::Contains | Relation::Inside)
    }
}

/// How two ids of one level compare.
enum Level {
    Equal,
    OnlyFirst,
    OnlySecond,
    Apart,
}

fn level<T: PartialEq>(first: Option<T>, second: Option<T>) -> Level {
    match (first, second) {
        (None, None) => Level::Equal,
        (Some(_), None) => Level::OnlyFirst,
        (None, Some(_)) => Level::OnlySecond,
        (Some(a), Some(b)) if a == b => Level::Equal,
        (Some(_), Some(_)) => Level::Apart,
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.telsys(), self.partition(), self.device()).cmp(&(
            other.telsys(),
            other.partition(),
            other.device(),
        ))
    }
}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// `every TelSys`, `TelSys 1`, `TelSys 1 Partition 2`, `TelSys 1 Partition 2 Device 0123`.
impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EveryTelSys => f.write_str("every TelSys"),
            Self::TelSys(t) => write!(f, "TelSys {t}"),
            Self::Partition(t, p) => write!(f, "TelSys {t} Partition {p}"),
            Self::Device(t, p, d) => write!(f, "TelSys {t} Partition {p} Device {d}"),
        }
    }
}

/// A scope in an event: the concrete ids only, so that every TelSys is `{}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    telsys: Option<TelSysId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<PartitionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<DeviceNumber>,
}

impl Serialize for Scope {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored { telsys: self.telsys(), partition: self.partition(), device: self.device().cloned() }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Scope {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Stored { telsys, partition, device } = Stored::deserialize(deserializer)?;
        Self::new(telsys, partition, device).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
