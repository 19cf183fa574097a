//! Collects what file, environment and flags say about each setting, strongest last, and refuses unknown names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::SettingsError;
use super::file::{self, Entry};
use super::master_key::{CommandWords, SourceList, key_variables};
use super::nearest::nearest;
use super::table::{self, Kind, Setting, TABLE, TomlType};
use super::{Environment, Source, Sourced};
use crate::proxies::TrustedProxies;
use crate::vault::MasterKey;

/// Beginning of the name of every environment variable that is a setting.
pub(super) const PREFIX: &str = "CRMCONF_";

/// Variables with our prefix that are no settings: the client's password, the settings file's name, and what
/// the project's own tests and tools read.
const OTHER_VARIABLES: [&str; 5] =
    ["CRMCONF_CONFIG", "CRMCONF_PASSWORD", "CRMCONF_NEW_PASSWORD", "CRMCONF_BIN", "CRMCONF_TOOLS"];

/// Beginning of the variables that only the tests read.
const TEST_PREFIX: &str = "CRMCONF_TEST_";

/// Kubernetes sets variables such as `CRMCONF_SERVICE_HOST` and `CRMCONF_PORT_8462_TCP` in every container
/// beside a service called `crmconf`; refusing them would keep the server from starting there.
const SERVICE_LINK_PARTS: [&str; 3] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"];

/// Beginnings of the value of the one service link that ends in `_PORT` alone.
const SERVICE_LINK_VALUES: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// What is said about each setting, the strongest saying kept.
#[derive(Debug, Default)]
pub(crate) struct Values {
    found: BTreeMap<&'static str, Sourced<String>>,
}

impl Values {
    /// What [`gather`](Self::gather) found, or the first thing that is wrong.
    pub(crate) fn collect(
        file: Option<&Path>,
        environment: &Environment,
        flags: &[(&'static Setting, String)],
    ) -> Result<Self, SettingsError> {
        let (values, faults) = Self::gather(file, environment, flags);
        faults.into_iter().next().map_or(Ok(values), Err)
    }

    /// Reads the file, then the environment, then the flags: the later is the stronger. Each value is checked
    /// even where a stronger one replaces it, so that a mistake does not wait for the day the other goes. What is
    /// wrong is left out of the values and told beside them, in this order.
    pub(crate) fn gather(
        file: Option<&Path>,
        environment: &Environment,
        flags: &[(&'static Setting, String)],
    ) -> (Self, Vec<SettingsError>) {
        let (mut values, mut faults) = (Self::default(), Vec::new());
        let named = match file {
            Some(path) => Some(path.to_owned()),
            None => environment.get("CRMCONF_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from),
        };
        if let Some(path) = named {
            values.take_file(&path, &mut faults);
        }
        for setting in TABLE {
            faults.extend(values.take_variable(setting, environment).err());
        }
        for (setting, text) in flags {
            faults.extend(values.take(setting, text.clone(), Source::Flag(setting.flag)).err());
        }
        faults.extend(values.unknown_variables(environment));
        (values, faults)
    }

    /// What sets this setting, and to what; `None` where it has its default.
    pub(crate) fn text(&self, setting: &Setting) -> Option<&Sourced<String>> {
        self.found.get(setting.name)
    }

    /// The same without what is said about these settings.
    pub(crate) fn without(mut self, settings: &[&Setting]) -> Self {
        self.found.retain(|name, _| settings.iter().all(|setting| setting.name != *name));
        self
    }

    /// The value of a setting that has a default.
    pub(super) fn required<T: FromStr>(
        &self,
        setting: &'static Setting,
    ) -> Result<Sourced<T>, SettingsError> {
        match self.optional(setting)? {
            Some(value) => Ok(value),
            None => parse(setting, setting.default.unwrap_or_default(), Source::Default),
        }
    }

    /// The value of a setting, if anything sets it.
    pub(super) fn optional<T: FromStr>(
        &self,
        setting: &'static Setting,
    ) -> Result<Option<Sourced<T>>, SettingsError> {
        let found = self.found.get(setting.name);
        found.map(|Sourced { value, source }| parse(setting, value, source.clone())).transpose()
    }

    fn take_file(&mut self, path: &Path, faults: &mut Vec<SettingsError>) {
        let entries = match file::read(path) {
            Ok(entries) => entries,
            Err(wrong) => return faults.extend(wrong),
        };
        for entry in entries {
            faults.extend(self.take_entry(path, entry).err());
        }
    }

    fn take_entry(&mut self, path: &Path, entry: Entry) -> Result<(), SettingsError> {
        let Entry { name, value, line } = entry;
        let Some(setting) = TABLE.iter().find(|setting| setting.name == name) else {
            let nearest = nearest(&name, TABLE.iter().map(|setting| setting.name));
            let place = format!("{}, line {line}:", path.display());
            return Err(SettingsError::Unknown { place, name, nearest });
        };
        let source = Source::File { path: path.to_owned(), line };
        let text = text_of(setting, &value, &source)?;
        self.take(setting, text, source)
    }

    /// An empty variable counts as absent: that is how compose files and unit files switch one off.
    fn take_variable(
        &mut self,
        setting: &'static Setting,
        environment: &Environment,
    ) -> Result<(), SettingsError> {
        let Some(value) = environment.get(setting.env).filter(|value| !value.is_empty()) else {
            return Ok(());
        };
        let source = Source::Environment(setting.env);
        match value.to_str() {
            Some(text) => self.take(setting, text.to_owned(), source),
            None => Err(wrong(setting, source, "not UTF-8".to_owned())),
        }
    }

    fn take(
        &mut self,
        setting: &'static Setting,
        value: String,
        source: Source,
    ) -> Result<(), SettingsError> {
        let way_to_key = table::WAYS_TO_KEYS.iter().any(|way| way.name == setting.name);
        if way_to_key && MasterKey::stands_in(&value) {
            return Err(SettingsError::KeyItself { name: setting.name, origin: source });
        }
        if !setting.kind.allows(&value) {
            return Err(wrong(setting, source, shown(&value)));
        }
        self.found.insert(setting.name, Sourced { value, source });
        Ok(())
    }

    fn unknown_variables(&self, environment: &Environment) -> Vec<SettingsError> {
        let key_variables = key_variables(self);
        let known = |name: &str, value: &OsStr| {
            TABLE.iter().any(|setting| setting.env == name)
                || OTHER_VARIABLES.contains(&name)
                || name.starts_with(TEST_PREFIX)
                || is_service_link(name, value)
                || key_variables.iter().any(|variable| variable == name)
        };
        let ours = environment.iter().filter(|(name, _)| name.starts_with(PREFIX));
        let unknown = ours.filter(|(name, value)| !known(name, value)).map(|(name, _)| {
            let nearest = nearest(name, TABLE.iter().map(|setting| setting.env));
            SettingsError::Unknown { place: "environment variable".to_owned(), name: name.clone(), nearest }
        });
        unknown.collect()
    }
}

impl Kind {
    /// Whether a value of this kind can be written so.
    fn allows(&self, text: &str) -> bool {
        match self {
            Self::Path => !text.is_empty() && !text.contains('\0'),
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::Networks => text.parse::<TrustedProxies>().is_ok(),
            Self::Count { unit: _, min, max } => {
                text.parse::<u64>().is_ok_and(|number| (*min..=*max).contains(&number))
            }
            Self::Switch => text.parse::<bool>().is_ok(),
            Self::Choice(words) => words.contains(&text),
            Self::VariableName => !text.is_empty() && !text.contains(['=', '\0']),
            Self::Command => text.parse::<CommandWords>().is_ok(),
            Self::KeySources => text.parse::<SourceList>().is_ok(),
            Self::Text(form) => form.allows(text),
        }
    }
}

/// Whether Kubernetes set this variable, and no person.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    let address =
        || value.to_str().is_some_and(|text| SERVICE_LINK_VALUES.iter().any(|v| text.starts_with(v)));
    SERVICE_LINK_PARTS.iter().any(|part| name.contains(part)) || (name.ends_with("_PORT") && address())
}

/// The text of a TOML value, refused where its type is not the setting's: `workers = "4"` is a mistake.
fn text_of(setting: &'static Setting, value: &toml::Value, source: &Source) -> Result<String, SettingsError> {
    match (setting.kind.toml_type(), value) {
        (TomlType::Integer, toml::Value::Integer(number)) => Ok(number.to_string()),
        (TomlType::Boolean, toml::Value::Boolean(switch)) => Ok(switch.to_string()),
        (TomlType::Text, toml::Value::String(text)) => Ok(text.clone()),
        (_, other) => Err(wrong(setting, source.clone(), format!("a TOML {}", other.type_str()))),
    }
}

fn parse<T: FromStr>(
    setting: &'static Setting,
    text: &str,
    source: Source,
) -> Result<Sourced<T>, SettingsError> {
    match text.parse() {
        Ok(value) => Ok(Sourced { value, source }),
        Err(_) => Err(wrong(setting, source, shown(text))),
    }
}

/// A refused value for the person who wrote it, unless it looks like a key that stands in the wrong place.
fn shown(text: &str) -> String {
    if MasterKey::stands_in(text) { "what looks like a key".to_owned() } else { format!("{text:?}") }
}

fn wrong(setting: &'static Setting, origin: Source, found: String) -> SettingsError {
    SettingsError::Value { name: setting.name, origin, expected: setting.kind.expectation(), found }
}

/// The variables of this process. Names that are not UTF-8 are none of ours.
pub(crate) fn process_environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value)))
        .collect()
}
