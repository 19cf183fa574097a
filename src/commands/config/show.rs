//! The settings that hold, with where each comes from, as a table or as JSON.

use serde_json::{Map, Value, json};

use crate::cli::output::printable;
use crate::settings::table::{
    Kind, MASTER_KEY_COMMAND, MASTER_KEY_ENV, MASTER_KEY_FILE, SECURITY_LOG, Setting, TABLE, TomlType,
};
use crate::settings::{
    MASTER_KEY_SUFFIX, MasterKeySource, SecurityLogPlace, Settings, Source, Sourced, Values,
};
use crate::vault::MasterKey;

/// What stands in the place of a value that looks like a key.
const MASKED: &str = "(looks like a key, and is not shown)";

/// One setting as it holds.
#[derive(Clone)]
struct Row {
    setting: &'static Setting,
    /// `None` where it has no value, and that means something.
    value: Option<String>,
    source: Source,
    /// Another setting, stronger by its source, takes its place.
    overruled_by: Option<&'static str>,
}

/// A table for people.
pub(super) fn text(values: &Values, settings: &Settings) -> String {
    let cells: Vec<_> = rows(values, settings).map(|row| cells(&row)).collect();
    let width = |column: fn(&[String; 3]) -> &String| {
        cells.iter().map(|cells| column(cells).chars().count()).max().unwrap_or(0)
    };
    let (names, values) = (width(|cells| &cells[0]), width(|cells| &cells[1]));
    let lines =
        cells.iter().map(|[name, value, source]| format!("{name:names$}  {value:values$}  {source}\n"));
    lines.collect()
}

/// One JSON object: each setting by its name.
pub(super) fn json(values: &Values, settings: &Settings) -> String {
    let object: Map<_, _> =
        rows(values, settings).map(|row| (row.setting.name.to_owned(), object(&row))).collect();
    format!("{:#}\n", Value::Object(object))
}

fn rows(values: &Values, settings: &Settings) -> impl Iterator<Item = Row> {
    // What their default is, other settings tell.
    let [file, variable, command] = key_rows(values, settings);
    let special = [file, variable, command, security_log_row(values, settings)];
    TABLE.iter().map(move |setting| {
        let own = special.iter().find(|row| row.setting.name == setting.name);
        own.cloned().unwrap_or_else(|| plain(values, setting))
    })
}

/// A setting as it was set, or its default.
fn plain(values: &Values, setting: &'static Setting) -> Row {
    let (value, source) = match values.text(setting) {
        Some(Sourced { value, source }) => (Some(value.clone()), source.clone()),
        None => (setting.default.map(str::to_owned), Source::Default),
    };
    Row { setting, value: value.map(masked), source, overruled_by: None }
}

/// The value, unless it is a key that somebody put in the wrong place, or the name made from one.
fn masked(value: String) -> String {
    let is_key = |part: &str| MasterKey::is_written_as(part.strip_suffix(MASTER_KEY_SUFFIX).unwrap_or(part));
    // A folder of a path may be named by one, and a key may have slashes itself.
    if is_key(&value) || value.split('/').any(is_key) || MasterKey::stands_in(&value) {
        MASKED.to_owned()
    } else {
        value
    }
}

/// The security log, whose default lies in the data folder.
fn security_log_row(values: &Values, settings: &Settings) -> Row {
    let mut row = plain(values, &SECURITY_LOG);
    if let SecurityLogPlace::File(path) = &settings.security_log.place.value {
        row.value = Some(masked(path.display().to_string()));
    }
    row
}

/// The three ways to the master key: one of them holds, by default a file that the data folder names.
fn key_rows(values: &Values, settings: &Settings) -> [Row; 3] {
    let mut rows = [&MASTER_KEY_FILE, &MASTER_KEY_ENV, &MASTER_KEY_COMMAND].map(|way| plain(values, way));
    let holds = match &settings.master_key.value {
        MasterKeySource::File(path) => {
            let [file, ..] = &mut rows;
            file.value = Some(masked(path.display().to_string()));
            MASTER_KEY_FILE.name
        }
        MasterKeySource::Environment(_) => MASTER_KEY_ENV.name,
        MasterKeySource::Command(_) => MASTER_KEY_COMMAND.name,
    };
    for row in rows.iter_mut().filter(|row| row.setting.name != holds) {
        row.overruled_by = row.value.as_ref().map(|_| holds);
    }
    rows
}

fn cells(row: &Row) -> [String; 3] {
    let Row { setting, value, source, overruled_by } = row;
    let value = value.as_deref().map_or_else(|| "-".to_owned(), shown);
    let source = match source {
        Source::Default => "default".to_owned(),
        Source::File { path, line } => format!("{}, line {line}", shown(&path.display().to_string())),
        Source::Environment(name) => format!("environment variable {name}"),
        Source::Flag(flag) => format!("flag {flag}"),
    };
    let overruled = overruled_by.map(|by| format!(" (overruled by {by})")).unwrap_or_default();
    [setting.name.to_owned(), value, source + &overruled]
}

/// A value on one line, unable to steer the terminal.
fn shown(value: &str) -> String {
    printable(value).replace('\n', "\\n")
}

fn object(row: &Row) -> Value {
    let Row { setting, value, source, overruled_by } = row;
    let value = value.as_deref().map_or(Value::Null, |value| typed(&setting.kind, value));
    let mut object = match source {
        Source::Default => json!({ "value": value, "source": "default" }),
        Source::File { path, line } => {
            json!({ "value": value, "source": "file", "file": path.display().to_string(), "line": line })
        }
        Source::Environment(name) => json!({ "value": value, "source": "environment", "variable": name }),
        Source::Flag(flag) => json!({ "value": value, "source": "flag", "flag": flag }),
    };
    if let (Some(by), Some(object)) = (overruled_by, object.as_object_mut()) {
        object.insert("overruled_by".to_owned(), json!(by));
    }
    object
}

/// The value with the type that it has in the file.
fn typed(kind: &Kind, text: &str) -> Value {
    match kind.toml_type() {
        TomlType::Integer => text.parse::<u64>().map_or_else(|_| json!(text), |number| json!(number)),
        TomlType::Boolean => text.parse::<bool>().map_or_else(|_| json!(text), |switch| json!(switch)),
        TomlType::Text => json!(text),
    }
}
