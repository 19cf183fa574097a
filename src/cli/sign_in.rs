//! What the commands that speak to a server have in common: where they sign in, as whom, and with what.

use std::path::PathBuf;

use clap::error::ErrorKind;

use super::{Endpoint, Stop};
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
    /// Over what wire.
    pub reach: Reach,
}

/// How a server may be reached: under TLS, or in clear where that stays on this machine or is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct Reach {
    /// With https://: PEM file with the authority that issued the server's certificate, believed in place of those
    /// that this system trusts
    #[arg(long, value_name = "PEM", requires = "url")]
    pub ca_file: Option<PathBuf>,
    /// Send the password in clear where an http:// URL leads beyond this machine, as through a tunnel
    #[arg(long, requires = "url")]
    pub plain_http: bool,
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
    pub(super) fn new(
        endpoint: Endpoint,
        user: AccountName,
        password_file: Option<PathBuf>,
        reach: Reach,
    ) -> Result<Self, Stop> {
        checked_reach(&endpoint, &reach)?;
        let password = password_file.map_or(PasswordSource::EnvironmentOrPrompt, PasswordSource::File);
        Ok(Self { endpoint, user, password, reach })
    }
}

/// Refuses a wire over which passwords would cross a network in clear that nobody has allowed.
pub(super) fn checked_reach(endpoint: &Endpoint, reach: &Reach) -> Result<(), Stop> {
    if endpoint.is_in_the_open() && !reach.plain_http {
        return Err(wrong(&format!(
            "the password would cross the network to {endpoint} in clear: give the server's https:// address, or \
             --plain-http where the wire is safe, as in a tunnel"
        )));
    }
    if reach.ca_file.is_some() && !endpoint.is_tls() {
        return Err(wrong("--ca-file is for a URL that begins with https://"));
    }
    Ok(())
}

/// As it was typed: `-` is standard input.
impl From<PathBuf> for RequestSource {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::StandardInput } else { Self::File(path) }
    }
}

fn wrong(why: &str) -> Stop {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{why}\n")).into()
}
