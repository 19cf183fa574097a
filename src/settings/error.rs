//! What can be wrong with the settings, told to the person who wrote them.

use std::path::PathBuf;

use super::Source;

/// Why the settings cannot be used. No message quotes the value of an environment variable that is not a
/// setting's own: it could be a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The settings file could not be read.
    #[error("the settings file {} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The settings file is not TOML.
    #[error("the settings file {} is not valid TOML: line {line}: {message}", path.display())]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Line where the parser stopped, from 1.
        line: usize,
        /// The parser's message, without the text it stumbled over.
        message: String,
    },
    /// A name that is no setting.
    #[error("{place} {name:?} is not a setting of crmconf{}", suggestion(*nearest))]
    Unknown {
        /// Where it stands: the file, or the environment.
        place: String,
        /// The name as written.
        name: String,
        /// The setting that was probably meant.
        nearest: Option<&'static str>,
    },
    /// A value that its setting cannot hold.
    #[error("{name} ({origin}) must be {expected}; it is {found}")]
    Value {
        /// The setting.
        name: &'static str,
        /// Where the value comes from.
        origin: Source,
        /// What the setting holds.
        expected: String,
        /// What was found: the value, or its type.
        found: String,
    },
    /// A master key where only the way to one belongs. It is not shown.
    #[error(
        "{name} ({origin}) holds what looks like a master key itself; give the file, the environment variable \
         or the command that holds the key, and take another key if this one was seen by others"
    )]
    KeyItself {
        /// The setting.
        name: &'static str,
        /// Where the value comes from.
        origin: Source,
    },
    /// Settings that are each valid and cannot stand together.
    #[error("{0}")]
    Contradiction(String),
}

fn suggestion(nearest: Option<&str>) -> String {
    match nearest {
        Some(name) => format!("; did you mean {name:?}?"),
        None => "; `crmconf serve --help` lists them all".to_owned(),
    }
}
