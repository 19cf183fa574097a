//! Where the master keys are: the current one, and those that a rotation has not made needless yet.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use super::error::SettingsError;
use super::values::Values;
use super::{DEMO_MASTER_KEY_FILE, MASTER_KEY_SUFFIX, Source, Sourced, table};

/// Where a master key is to be found. The key itself is never part of the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MasterKeySource {
    /// A file, readable by its owner only.
    File(PathBuf),
    /// An environment variable of this name.
    Environment(String),
    /// What this command prints.
    Command(CommandWords),
}

/// A command's program and arguments: words as a POSIX shell splits them, quotes and backslashes included. Nothing else of
/// a shell is there: no variables, no pipes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandWords(Vec<String>);

/// Where all master keys of a store are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterKeySources {
    /// That of the key which seals.
    pub current: MasterKeySource,
    /// Those of the keys which have sealed what the current one has not sealed anew yet.
    pub further: Vec<MasterKeySource>,
}

/// Several sources in one value: words, split as those of a command, each `file:PATH`, `env:NAME` or `command:WORDS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceList(Vec<MasterKeySource>);

/// The text is not of its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

impl CommandWords {
    /// The words, the program first.
    #[must_use]
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.0.first().map(String::as_str).unwrap_or_default()
    }
}

impl FromStr for CommandWords {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let words = shlex::split(text).ok_or(Malformed)?;
        let runs = words.first().is_some_and(|program| !program.is_empty());
        if runs && !text.contains('\0') { Ok(Self(words)) } else { Err(Malformed) }
    }
}

/// As it is written in a setting.
impl fmt::Display for CommandWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No word holds the NUL that is all that cannot be quoted.
        f.write_str(&shlex::try_join(self.0.iter().map(String::as_str)).unwrap_or_default())
    }
}

impl FromStr for SourceList {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let words = shlex::split(text).filter(|words| !words.is_empty()).ok_or(Malformed)?;
        words.iter().map(|word| one_of_list(word)).collect::<Result<_, _>>().map(Self)
    }
}

fn one_of_list(word: &str) -> Result<MasterKeySource, Malformed> {
    match word.split_once(':').ok_or(Malformed)? {
        (_, "") => Err(Malformed),
        ("file", path) if !path.contains('\0') => Ok(MasterKeySource::File(path.into())),
        ("env", name) if !name.contains(['=', '\0']) => Ok(MasterKeySource::Environment(name.into())),
        ("command", words) => words.parse().map(MasterKeySource::Command),
        (_, _) => Err(Malformed),
    }
}

/// Without a command's arguments, which may be secret.
impl fmt::Display for MasterKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "in the file {}", path.display()),
            Self::Environment(name) => write!(f, "in the environment variable {name}"),
            Self::Command(words) => write!(f, "from the command {}", words.program()),
        }
    }
}

impl From<MasterKeySource> for MasterKeySources {
    fn from(current: MasterKeySource) -> Self {
        Self { current, further: Vec::new() }
    }
}

/// Where the current master key of the store in `data` is. A stronger source wins; of file, variable and command two that are
/// named by equally strong sources contradict each other. For the demo only flags count, as for its data folder: file and
/// environment name the key of a real store.
pub(crate) fn master_key(
    values: &Values,
    data: &Path,
    demo: bool,
) -> Result<Sourced<MasterKeySource>, SettingsError> {
    let file = values.optional(&table::MASTER_KEY_FILE)?.map(|path| path.map(MasterKeySource::File));
    let variable =
        values.optional(&table::MASTER_KEY_ENV)?.map(|name| name.map(MasterKeySource::Environment));
    let command =
        values.optional(&table::MASTER_KEY_COMMAND)?.map(|words| words.map(MasterKeySource::Command));
    let named = [
        (&table::MASTER_KEY_FILE, file),
        (&table::MASTER_KEY_ENV, variable),
        (&table::MASTER_KEY_COMMAND, command),
    ];
    let mut named: Vec<_> = named
        .into_iter()
        .filter_map(|(setting, source)| Some((setting, source?)))
        .filter(|(_, source)| counts(&source.source, demo))
        .collect();
    let strongest = named.iter().map(|(_, source)| source.source.rank()).max();
    named.retain(|(_, source)| Some(source.source.rank()) == strongest);
    let mut named = named.into_iter();
    let chosen = match (named.next(), named.next()) {
        (Some((one, at)), Some((other, also_at))) => {
            return Err(SettingsError::Contradiction(format!(
                "{} ({}) and {} ({}) are both given: keep one of them",
                one.name, at.source, other.name, also_at.source
            )));
        }
        (Some((_, source)), None) => source,
        (None, _) => {
            Sourced { value: MasterKeySource::File(default_key_file(data, demo)), source: Source::Default }
        }
    };
    refuse_key_in_data(&chosen.value, &chosen.source, data, demo)?;
    Ok(chosen)
}

/// Where the further master keys of the store in `data` are.
pub(crate) fn further_master_keys(
    values: &Values,
    data: &Path,
    demo: bool,
) -> Result<Vec<MasterKeySource>, SettingsError> {
    let Some(Sourced { value: SourceList(sources), source }) =
        values.optional(&table::FURTHER_MASTER_KEYS)?
    else {
        return Ok(Vec::new());
    };
    if !counts(&source, demo) {
        return Ok(Vec::new());
    }
    sources.iter().try_for_each(|key| refuse_key_in_data(key, &source, data, demo))?;
    Ok(sources)
}

/// The environment variables that hold master keys.
pub(super) fn key_variables(values: &Values) -> Vec<String> {
    let current = values.text(&table::MASTER_KEY_ENV).map(|named| named.value.clone());
    let list = values.text(&table::FURTHER_MASTER_KEYS).and_then(|list| list.value.parse().ok());
    let further =
        list.into_iter().flat_map(|SourceList(sources)| sources).filter_map(|source| match source {
            MasterKeySource::Environment(name) => Some(name),
            MasterKeySource::File(_) | MasterKeySource::Command(_) => None,
        });
    current.into_iter().chain(further).collect()
}

fn counts(source: &Source, demo: bool) -> bool {
    !demo || matches!(source, Source::Flag(_))
}

/// Beside the data folder, so that a copy of the folder is not also a copy of the key; inside it in the demo.
fn default_key_file(data: &Path, demo: bool) -> PathBuf {
    if demo {
        return data.join(DEMO_MASTER_KEY_FILE);
    }
    let mut beside = data.components().as_path().as_os_str().to_owned();
    beside.push(MASTER_KEY_SUFFIX);
    PathBuf::from(beside)
}

fn refuse_key_in_data(
    key: &MasterKeySource,
    source: &Source,
    data: &Path,
    demo: bool,
) -> Result<(), SettingsError> {
    let MasterKeySource::File(file) = key else { return Ok(()) };
    if demo || !plain(file).starts_with(plain(data)) {
        return Ok(());
    }
    Err(SettingsError::Contradiction(format!(
        "the master key file {} ({source}) lies in the data folder {}: a copy of the folder would hold both lock and key. \
         Keep it elsewhere",
        file.display(),
        data.display()
    )))
}

/// The path made absolute and its `.` and `..` resolved by name, or by the file system where that is possible.
pub(super) fn plain(path: &Path) -> PathBuf {
    if let Ok(real) = path.canonicalize() {
        return real;
    }
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut plain = PathBuf::new();
    for part in absolute.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    match (plain.parent().and_then(|parent| parent.canonicalize().ok()), plain.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => plain,
    }
}

#[cfg(test)]
mod tests;
