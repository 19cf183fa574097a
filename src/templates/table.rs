//! Templates from a DynamoDB table: an item for each type, its key the string `CRMType`, the document in the string
//! attribute `Template`.
//!
//! What is read counts as from a folder (`../reload.rs`), but for two things: an item is written as a whole, so that one
//! look is enough, and of a failing only the beginning and the end are told. An item that cannot be used is refused alone;
//! a table that is past a limit, or has another key, is refused as a whole, and what was last read goes on serving.
//!
//! Only `dynamodb.rs` knows the AWS SDK. It is built with the feature `dynamodb` alone; without it the settings refuse a
//! table, and `unbuilt.rs` stands in its place.

#[cfg(feature = "dynamodb")]
mod dynamodb;
#[cfg(feature = "dynamodb")]
mod items;
#[cfg(not(feature = "dynamodb"))]
mod unbuilt;

use std::ffi::OsStr;

use crmconf_events::CrmType;

use super::watched::Watched;
use crate::settings::TableSettings;

#[cfg(feature = "dynamodb")]
use dynamodb::Table;
#[cfg(not(feature = "dynamodb"))]
use unbuilt::Table;

/// A table that was not looked at yet.
#[must_use]
pub fn watched(settings: TableSettings) -> Watched {
    Watched::new(Table::new(settings))
}

/// The type that an item's key says it is of.
pub(super) fn crm_type_of(key: &OsStr) -> Result<CrmType, String> {
    let key = key.to_str().ok_or("the item's key is no UTF-8")?;
    CrmType::new(key).map_err(|error| format!("the item's key, taken as CRMType, {error}"))
}

/// Whether an item's key and its template speak of one type.
pub(super) fn same_type(key: &CrmType, inside: &CrmType) -> Result<(), String> {
    if key == inside {
        return Ok(());
    }
    Err(format!("the template's CRMType is {:?}: the item's key must be the same", inside.as_str()))
}
