//! Reads the same entries as JSON: an array of objects with the columns' names as keys.

use std::borrow::Cow;

use crmconf_events::command::ListedEntry;
use crmconf_events::json::Json;

use super::Faults;
use super::row::{self, COLUMNS};

/// Reads the array.
pub(super) fn read(text: &str, faults: &mut Faults) -> Vec<ListedEntry> {
    let parsed = match Json::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            faults.add(1, format!("the file is no JSON: {error}"));
            return Vec::new();
        }
    };
    let Some(items) = parsed.as_array() else {
        faults.add(1, "the file must be an array of objects");
        return Vec::new();
    };
    let mut entries = Vec::new();
    for (place, item) in (1..).zip(items) {
        let Some(object) = item.as_object() else {
            faults.add(place, "it must be an object");
            continue;
        };
        if object.keys().any(|key| !COLUMNS.contains(&key.as_str())) {
            faults.add(place, format!("it has an unknown key; known are {}", COLUMNS.join(", ")));
        }
        let columns = COLUMNS.map(|column| value(column, object.get(column)));
        for error in columns.iter().filter_map(|column| column.as_ref().err()) {
            faults.add(place, error);
        }
        if let [Ok(telsys), Ok(partition), Ok(device), Ok(description), Ok(environment)] = &columns {
            entries.extend(row::entry([telsys, partition, device, description, environment], place, faults));
        }
    }
    entries
}

/// A column's text. Missing and `null` count as empty.
fn value<'a>(column: &str, given: Option<&'a Json>) -> Result<Cow<'a, str>, String> {
    let is_id = matches!(column, "TelSysID" | "PartIDInTelSys");
    match given {
        None | Some(Json::Null) => Ok(Cow::Borrowed("")),
        Some(Json::String(text)) => Ok(Cow::Borrowed(text)),
        Some(Json::Number(number)) if is_id => Ok(Cow::Owned(number.to_string())),
        Some(Json::Number(_)) if column == "DeviceNumber" => {
            Err("DeviceNumber must be a text in quotes: a number would lose its leading zeros".to_owned())
        }
        Some(Json::Number(_) | Json::Bool(_) | Json::Array(_) | Json::Object(_)) => {
            Err(format!("{column} must be a text{}", if is_id { " or a number" } else { "" }))
        }
    }
}
