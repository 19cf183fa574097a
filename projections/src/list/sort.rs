//! Sorting List's rows by any of their properties.

use std::cmp::{Ordering, Reverse};
use std::sync::Arc;

use crmconf_events::Scope;

use crate::text::Sortable;
use crate::{Configuration, Directory};

/// What a scope that names no TelSys or Partition sorts as: the API's sentinel.
pub(super) const ID_SENTINEL: i64 = -1;

/// A property that rows can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortField {
    /// By code points.
    ConfigurationId,
    /// By collation.
    Description,
    /// By code points.
    CrmType,
    /// By collation.
    TelSysDescription,
    /// By collation.
    PartitionDescription,
    /// By collation.
    DeviceDescription,
    /// By code points.
    EnvironmentId,
    /// As numbers, the sentinel first.
    TelSysId,
    /// As numbers, the sentinel first.
    PartitionId,
    /// By code points, the sentinel by its text.
    DeviceNumber,
    /// As numbers.
    Version,
}

impl SortField {
    /// Every sortable field with its name in the API.
    pub const ALL: [(&'static str, Self); 11] = [
        ("CRMConfigurationID", Self::ConfigurationId),
        ("Description", Self::Description),
        ("CRMType", Self::CrmType),
        ("TelSysDescription", Self::TelSysDescription),
        ("PartitionDescription", Self::PartitionDescription),
        ("DeviceDescription", Self::DeviceDescription),
        ("CMEnvironmentID", Self::EnvironmentId),
        ("TelSysID", Self::TelSysId),
        ("PartIDInTelSys", Self::PartitionId),
        ("DeviceNumber", Self::DeviceNumber),
        ("Version", Self::Version),
    ];
}

/// Which way to sort.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// The smallest first.
    #[default]
    Ascending,
    /// The largest first; ties still by ascending id.
    Descending,
}

/// A field and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// What to sort by.
    pub field: SortField,
    /// Which way.
    pub direction: Direction,
}

/// What a row sorts by. Keys of one field are always of one kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key<'a> {
    Number(i64),
    Text(&'a str),
    Collated(Option<&'a Sortable>),
}

impl Sort {
    /// The first `count` rows in this order. Ties stand by CRMConfigurationID, ascending in either direction.
    pub(super) fn first<'a>(
        self,
        rows: Vec<&'a Arc<Configuration>>,
        count: usize,
        directory: &'a Directory,
    ) -> Vec<&'a Arc<Configuration>> {
        let key = |row: &'a Arc<Configuration>| key(self.field, row, directory);
        match self.direction {
            Direction::Ascending => first_by(rows, count, |row| (key(row), &row.id)),
            Direction::Descending => first_by(rows, count, |row| (Reverse(key(row)), &row.id)),
        }
    }
}

/// The first `count` rows by a key. Selects them before sorting, so that a short page of many rows is cheap.
pub(super) fn first_by<T: Copy, K: Ord>(rows: Vec<T>, count: usize, key: impl Fn(T) -> K) -> Vec<T> {
    let mut keyed: Vec<_> = rows.into_iter().map(|row| (key(row), row)).collect();
    let order = |a: &(K, _), b: &(K, _)| -> Ordering { a.0.cmp(&b.0) };
    if count < keyed.len() {
        keyed.select_nth_unstable_by(count, order);
        keyed.truncate(count);
    }
    keyed.sort_unstable_by(order);
    keyed.into_iter().map(|(_, row)| row).collect()
}

fn key<'a>(field: SortField, row: &'a Configuration, directory: &'a Directory) -> Key<'a> {
    let scope: &'a Scope = &row.scope;
    let id = |id: Option<u32>| Key::Number(id.map_or(ID_SENTINEL, i64::from));
    match field {
        SortField::ConfigurationId => Key::Text(row.id.as_str()),
        SortField::Description => Key::Collated(Some(&row.sortable)),
        SortField::CrmType => Key::Text(row.crm_type.as_str()),
        SortField::TelSysDescription => Key::Collated(directory.sortable_telsys(scope)),
        SortField::PartitionDescription => Key::Collated(directory.sortable_partition(scope)),
        SortField::DeviceDescription => Key::Collated(directory.sortable_device(scope)),
        SortField::EnvironmentId => Key::Text(directory.environment(scope)),
        SortField::TelSysId => id(scope.telsys().map(crmconf_events::TelSysId::get)),
        SortField::PartitionId => id(scope.partition().map(crmconf_events::PartitionId::get)),
        SortField::DeviceNumber => Key::Text(
            scope.device().map_or(crmconf_events::DEVICE_SENTINEL, crmconf_events::DeviceNumber::as_str),
        ),
        SortField::Version => Key::Number(i64::try_from(row.version.get()).unwrap_or(i64::MAX)),
    }
}
