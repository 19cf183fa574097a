//! A row of a file: from its columns to an entry of the directory, and back.

use crmconf_events::command::{DirectoryEntry, ListedEntry};
use crmconf_events::{DeviceNumber, DirectoryText, EntryId, PartitionId, ScopeError, TelSysId, TextError};

use super::Faults;

/// The columns, in the order of the header.
pub const COLUMNS: [&str; 5] =
    ["TelSysID", "PartIDInTelSys", "DeviceNumber", "Description", "CMEnvironmentID"];

/// What XML calls white space: ids are trimmed of it, as everywhere in the API.
const WHITE_SPACE: [char; 4] = [' ', '\t', '\n', '\r'];

/// The texts of a row, in the order of the columns; what is missing is empty.
pub(super) type Row<'a> = [&'a str; 5];

/// Reads a row, and adds what is wrong with it to the faults. A row whose ids can be read gives an entry also where
/// its texts cannot: so that those below it are not told to lack it.
pub(super) fn entry(row: Row<'_>, line: u64, faults: &mut Faults) -> Option<ListedEntry> {
    let [telsys, partition, device, description, environment] = row;
    let mut fault = |what: String| faults.add(line, what);
    let telsys = telsys_id(telsys).map_err(|what| fault(what.to_owned())).ok();
    let partition =
        id(partition, PartitionId::parse).map_err(|error| fault(format!("PartIDInTelSys {error}")));
    let device = id(device, DeviceNumber::parse).map_err(|error| fault(format!("DeviceNumber {error}")));
    let ids = match (telsys, partition, device) {
        (_, Ok(None), Ok(Some(_))) => {
            fault(ScopeError::DeviceWithoutPartition.to_string());
            None
        }
        (Some(telsys), Ok(Some(partition)), Ok(Some(device))) => {
            Some(EntryId::Device(telsys, partition, device))
        }
        (Some(telsys), Ok(Some(partition)), Ok(None)) => Some(EntryId::Partition(telsys, partition)),
        (Some(telsys), Ok(None), Ok(None)) => Some(EntryId::TelSys(telsys)),
        (None, _, _) | (_, Err(()), _) | (_, _, Err(())) => None,
    };
    let mut text = |column: &str, text: &str| {
        let empty = || DirectoryText::new("");
        let told = |error: TextError| fault(format!("{column} {error}"));
        DirectoryText::new(text).map_err(told).or_else(|()| empty()).ok()
    };
    let description = text("Description", description)?;
    let is_telsys = matches!(ids, Some(EntryId::TelSys(_)) | None);
    let environment = if is_telsys {
        text("CMEnvironmentID", environment)?
    } else {
        if !environment.is_empty() {
            fault(
                "CMEnvironmentID is a telephone system's; leave it empty for partitions and devices".into(),
            );
        }
        DirectoryText::new("").ok()?
    };
    let entry = match ids? {
        EntryId::TelSys(telsys) => DirectoryEntry::TelSys { telsys, description, environment },
        EntryId::Partition(telsys, partition) => DirectoryEntry::Partition { telsys, partition, description },
        EntryId::Device(telsys, partition, device) => {
            DirectoryEntry::Device { telsys, partition, device, description }
        }
    };
    Some(ListedEntry { entry, line })
}

fn telsys_id(text: &str) -> Result<TelSysId, &'static str> {
    match id(text, TelSysId::parse) {
        Ok(Some(telsys)) => Ok(telsys),
        Ok(None) if text.trim_matches(WHITE_SPACE).is_empty() => Err("TelSysID is missing"),
        Ok(None) => Err("TelSysID must name a telephone system"),
        Err(_) => Err("TelSysID must be a number from 1 to 2147483647"),
    }
}

/// An id; `None` for what is omitted and for the sentinel.
fn id<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<Option<T>, ScopeError>,
) -> Result<Option<T>, ScopeError> {
    match text.trim_matches(WHITE_SPACE) {
        "" => Ok(None),
        text => parse(text),
    }
}

/// What an entry is told by, as an answer of `DirectoryList` has it; `None` when it is no entry.
#[must_use]
pub fn entry_id(telsys: &str, partition: &str, device: &str) -> Option<EntryId> {
    let telsys = telsys_id(telsys).ok()?;
    match (id(partition, PartitionId::parse).ok()?, id(device, DeviceNumber::parse).ok()?) {
        (None, None) => Some(EntryId::TelSys(telsys)),
        (Some(partition), None) => Some(EntryId::Partition(telsys, partition)),
        (Some(partition), Some(device)) => Some(EntryId::Device(telsys, partition, device)),
        (None, Some(_)) => None,
    }
}

/// Rows as CSV, the header first.
#[derive(Clone, Debug)]
pub struct Sheet(String);

impl Default for Sheet {
    fn default() -> Self {
        let mut text = String::new();
        push_fields(&mut text, COLUMNS);
        Self(text)
    }
}

impl Sheet {
    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }

    /// Adds a row.
    pub fn push(&mut self, id: &EntryId, description: &str, environment: &str) {
        push_row(&mut self.0, id, description, environment);
    }

    /// A row alone.
    #[must_use]
    pub fn row(id: &EntryId, description: &str, environment: &str) -> String {
        let mut text = String::new();
        push_row(&mut text, id, description, environment);
        text
    }

    /// An entry's row alone.
    #[must_use]
    pub fn entry_row(id: &EntryId, entry: &DirectoryEntry) -> String {
        let (description, environment) = match entry {
            DirectoryEntry::TelSys { description, environment, .. } => (description, environment.as_str()),
            DirectoryEntry::Partition { description, .. } | DirectoryEntry::Device { description, .. } => {
                (description, "")
            }
        };
        Self::row(id, description.as_str(), environment)
    }
}

fn push_row(text: &mut String, id: &EntryId, description: &str, environment: &str) {
    let (telsys, partition, device) = id.place();
    let telsys = telsys.map(|id| id.to_string()).unwrap_or_default();
    let partition = partition.map(|id| id.to_string()).unwrap_or_default();
    let device = device.map_or("", DeviceNumber::as_str);
    push_fields(text, [&telsys, &partition, device, description, environment]);
}

fn push_fields(text: &mut String, fields: [&str; 5]) {
    for (place, field) in fields.into_iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        if field.contains([',', '"', '\r', '\n']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push('\n');
}
