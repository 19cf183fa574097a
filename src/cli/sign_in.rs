//! What the commands that speak to a server have in common: where they sign in, as whom, and with what.

use std::path::PathBuf;

use super::Endpoint;
use crate::vault::AccountName;

/// Where to sign in, and as whom.
#[derive(Debug, PartialEq, Eq)]
pub struct SignInArgs {
    /// Where the API answers.
    pub endpoint: Endpoint,
    /// Account that signs in.
    pub user: AccountName,
    /// Where its password comes from.
    pub password: PasswordSource,
}

/// Where the password comes from. A password is never an argument: other users can list those.
#[derive(Debug, PartialEq, Eq)]
pub enum PasswordSource {
    /// The first line of this file.
    File(PathBuf),
    /// The environment variable `CRMCONF_PASSWORD`, or a question at the terminal where it is not set.
    EnvironmentOrPrompt,
}

/// Where what is sent comes from.
#[derive(Debug, PartialEq, Eq)]
pub enum RequestSource {
    /// This file.
    File(PathBuf),
    /// Standard input.
    StandardInput,
}

impl SignInArgs {
    /// As it was typed.
    pub(super) fn new(endpoint: Endpoint, user: AccountName, password_file: Option<PathBuf>) -> Self {
        let password = password_file.map_or(PasswordSource::EnvironmentOrPrompt, PasswordSource::File);
        Self { endpoint, user, password }
    }
}

/// As it was typed: `-` is standard input.
impl From<PathBuf> for RequestSource {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::StandardInput } else { Self::File(path) }
    }
}
