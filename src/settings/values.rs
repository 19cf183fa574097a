//! Collects what file, environment and flags say about each setting, strongest last, and refuses unknown names.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::error::SettingsError;
use super::nearest::nearest;
use super::table::{self, Kind, Setting, TABLE};
use super::{Environment, Source, Sourced};
use crate::vault::MasterKey;

/// Beginning of the name of every environment variable that is a setting.
const PREFIX: &str = "CRMCONF_";

/// Variables with our prefix that are no settings: the client's password, the settings file's name, and what
/// the project's own tests and tools read.
const OTHER_VARIABLES: [&str; 4] = ["CRMCONF_CONFIG", "CRMCONF_PASSWORD", "CRMCONF_BIN", "CRMCONF_TOOLS"];

/// Beginning of the variables that only the tests read.
const TEST_PREFIX: &str = "CRMCONF_TEST_";

/// Kubernetes sets variables such as `CRMCONF_SERVICE_HOST` and `CRMCONF_PORT_8462_TCP` in every container
/// beside a service called `crmconf`; refusing them would keep the server from starting there.
const SERVICE_LINK_PARTS: [&str; 3] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT_"];

/// Beginnings of the value of the one service link that ends in `_PORT` alone.
const SERVICE_LINK_VALUES: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// Largest settings file that is read, so that a wrong path cannot fill the memory.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// What is said about each setting, the strongest saying kept.
#[derive(Debug, Default)]
pub(crate) struct Values {
    found: BTreeMap<&'static str, Sourced<String>>,
}

impl Values {
    /// Reads the file, then the environment, then the flags: the later is the stronger. Each value is checked
    /// even where a stronger one replaces it, so that a mistake does not wait for the day the other goes.
    pub(crate) fn collect(
        file: Option<&Path>,
        environment: &Environment,
        flags: &[(&'static Setting, String)],
    ) -> Result<Self, SettingsError> {
        let mut values = Self::default();
        let named = match file {
            Some(path) => Some(path.to_owned()),
            None => environment.get("CRMCONF_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from),
        };
        if let Some(path) = named {
            values.take_file(&path)?;
        }
        values.take_environment(environment)?;
        for (setting, text) in flags {
            values.take(setting, text.clone(), Source::Flag(setting.flag))?;
        }
        values.refuse_unknown_variables(environment)?;
        Ok(values)
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

    fn take_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let text =
            read_file(path).map_err(|cause| SettingsError::Unreadable { path: path.to_owned(), cause })?;
        let table = text.parse::<toml::Table>().map_err(|cause| not_toml(path, &text, &cause))?;
        for (name, value) in table {
            let Some(setting) = TABLE.iter().find(|setting| setting.name == name) else {
                let nearest = nearest(&name, TABLE.iter().map(|setting| setting.name));
                return Err(SettingsError::Unknown { place: format!("{}:", path.display()), name, nearest });
            };
            let source = Source::File(path.to_owned());
            let text = text_of(setting, &value, &source)?;
            self.take(setting, text, source)?;
        }
        Ok(())
    }

    /// An empty variable counts as absent: that is how compose files and unit files switch one off.
    fn take_environment(&mut self, environment: &Environment) -> Result<(), SettingsError> {
        for setting in TABLE {
            let Some(value) = environment.get(setting.env).filter(|value| !value.is_empty()) else {
                continue;
            };
            let source = Source::Environment(setting.env);
            match value.to_str() {
                Some(text) => self.take(setting, text.to_owned(), source)?,
                None => return Err(wrong(setting, source, "not UTF-8".to_owned())),
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        setting: &'static Setting,
        value: String,
        source: Source,
    ) -> Result<(), SettingsError> {
        let way_to_key = [table::MASTER_KEY_FILE.name, table::MASTER_KEY_ENV.name].contains(&setting.name);
        if way_to_key && MasterKey::is_written_as(&value) {
            return Err(SettingsError::KeyItself { name: setting.name, origin: source });
        }
        if !setting.kind.allows(&value) {
            return Err(wrong(setting, source, format!("{value:?}")));
        }
        self.found.insert(setting.name, Sourced { value, source });
        Ok(())
    }

    fn refuse_unknown_variables(&self, environment: &Environment) -> Result<(), SettingsError> {
        let key_variable = self.found.get("master_key_env").map(|named| named.value.as_str());
        for (name, value) in environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
            let known = TABLE.iter().any(|setting| setting.env == name)
                || OTHER_VARIABLES.contains(&name.as_str())
                || name.starts_with(TEST_PREFIX)
                || is_service_link(name, value)
                || key_variable == Some(name.as_str());
            if !known {
                let nearest = nearest(name, TABLE.iter().map(|setting| setting.env));
                let place = "environment variable".to_owned();
                return Err(SettingsError::Unknown { place, name: name.clone(), nearest });
            }
        }
        Ok(())
    }
}

impl Kind {
    /// Whether a value of this kind can be written so.
    fn allows(&self, text: &str) -> bool {
        match self {
            Self::Path => !text.is_empty() && !text.contains('\0'),
            Self::Address => text.parse::<SocketAddr>().is_ok(),
            Self::Count { unit: _, min, max } => {
                text.parse::<u64>().is_ok_and(|number| (*min..=*max).contains(&number))
            }
            Self::Switch => text.parse::<bool>().is_ok(),
            Self::Choice(words) => words.contains(&text),
            Self::VariableName => !text.is_empty() && !text.contains(['=', '\0']),
        }
    }
}

/// Whether Kubernetes set this variable, and no person.
fn is_service_link(name: &str, value: &OsStr) -> bool {
    let address =
        || value.to_str().is_some_and(|text| SERVICE_LINK_VALUES.iter().any(|v| text.starts_with(v)));
    SERVICE_LINK_PARTS.iter().any(|part| name.contains(part)) || (name.ends_with("_PORT") && address())
}

fn read_file(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other("it is larger than 1 MiB and cannot be a settings file"));
    }
    Ok(text)
}

/// The parser's own display quotes the line; the file may be the wrong one, and hold a key. Its message and the
/// line's number say enough.
fn not_toml(path: &Path, text: &str, cause: &toml::de::Error) -> SettingsError {
    let offset = cause.span().map_or(0, |span| span.start);
    let line = 1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count();
    SettingsError::NotToml { path: path.to_owned(), line, message: cause.message().to_owned() }
}

/// The text of a TOML value, refused where its type is not the setting's: `workers = "4"` is a mistake.
fn text_of(setting: &'static Setting, value: &toml::Value, source: &Source) -> Result<String, SettingsError> {
    match (&setting.kind, value) {
        (Kind::Count { .. }, toml::Value::Integer(number)) => Ok(number.to_string()),
        (Kind::Switch, toml::Value::Boolean(switch)) => Ok(switch.to_string()),
        (Kind::Path | Kind::Address | Kind::Choice(_) | Kind::VariableName, toml::Value::String(text)) => {
            Ok(text.clone())
        }
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
        Err(_) => Err(wrong(setting, source, format!("{text:?}"))),
    }
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
