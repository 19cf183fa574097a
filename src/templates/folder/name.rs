//! What the name of a template's file says.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;

use crmconf_events::CrmType;

/// What follows the CRMType in a file's name.
pub const TEMPLATE_SUFFIX: &str = ".json";
/// Beginnings of names that editors and other programs give to files of their own.
const NOT_OURS: [u8; 3] = *b".#~";

/// Whether a file of this name is meant as a template.
#[must_use]
pub fn is_template_name(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.ends_with(TEMPLATE_SUFFIX.as_bytes()) && name.first().is_none_or(|first| !NOT_OURS.contains(first))
}

/// The type that a file's name says it is of.
///
/// # Errors
/// Why the name names no type.
pub fn crm_type_of(name: &OsStr) -> Result<CrmType, String> {
    let name = name.to_str().ok_or("the file's name is no UTF-8")?;
    let stem = name.strip_suffix(TEMPLATE_SUFFIX).ok_or("the file's name does not end in .json")?;
    CrmType::new(stem).map_err(|error| format!("the file's name, taken as CRMType, {error}"))
}

/// Whether a file's name and its template speak of one type.
///
/// # Errors
/// That they do not.
pub fn same_type(named: &CrmType, inside: &CrmType) -> Result<(), String> {
    if named == inside {
        return Ok(());
    }
    Err(format!("CRMType is {:?}: the file's name must be that with {TEMPLATE_SUFFIX}", inside.as_str()))
}
