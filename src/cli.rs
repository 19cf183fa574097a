//! The command line: what was typed (`typed`) becomes a [`Command`] of checked, ready objects.
//!
//! Two stages, as ripgrep has them: clap knows the words and their help; this file turns them into settings,
//! endpoints and points in time, so that no command sees a text it would still have to check.

mod account;
mod conformance;
mod directory;
mod endpoint;
mod flags;
mod keys;
pub mod moment;
mod operate;
pub mod output;
pub mod shell;
mod sign_in;
mod typed;
mod until;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};

pub use account::{AccountAction, AccountArgs, ListFormat, NewPassword, Target};
pub use clap_complete::Shell;
pub use conformance::{Chosen, ConformanceArgs};
pub use directory::{DirectoryArgs, DirectoryImportArgs};
pub use endpoint::Endpoint;
pub use keys::{KeysAction, KeysArgs};
pub use operate::{ConfigArgs, ExportArgs, ExportOutput, Gathered, ShowFormat};
pub use sign_in::{PasswordSource, Reach, RequestSource, SignInArgs};
pub use typed::ReplayFormat;
pub use until::Until;

use crate::settings::{
    self, Environment, MasterKeySource, Settings, SettingsError, Sourced, TemplatesPlace, Values,
    process_environment, table,
};
use crate::vault::AccountName;

/// What the program is asked to do, checked.
#[derive(Debug)]
pub enum Command {
    /// Serve the API; the settings can be read again.
    Serve(Box<Settings>, settings::Again),
    /// Set up a data folder.
    Init(InitArgs),
    /// Send one request.
    Call(CallArgs),
    /// Administer accounts.
    Account(Box<AccountArgs>),
    /// Look after the keys.
    Keys(Box<KeysArgs>),
    /// Hold a server to the contract of the API.
    Conformance(Box<ConformanceArgs>),
    /// Check the journal.
    Verify(VerifyArgs),
    /// Print the state folded from the journal.
    Replay(ReplayArgs),
    /// Import into the directory of a server, or print it.
    Directory(DirectoryArgs),
    /// Check or export templates.
    Templates(TemplatesArgs),
    /// Print the events of the journal.
    Export(ExportArgs),
    /// Check or show settings.
    Config(ConfigArgs),
    /// Print what completes words in this shell.
    Completions(Shell),
    /// Write the manual pages into this folder.
    Man(PathBuf),
}

/// Arguments of `init`.
#[derive(Debug, PartialEq, Eq)]
pub struct InitArgs {
    /// Folder to set up.
    pub data: PathBuf,
    /// Name of the first administrator.
    pub admin: AccountName,
    /// Where the master key is, or is to be put.
    pub master_key: Sourced<MasterKeySource>,
}

/// Arguments of `call`.
#[derive(Debug, PartialEq, Eq)]
pub struct CallArgs {
    /// Where to sign in, and as whom.
    pub sign_in: SignInArgs,
    /// Where the request comes from.
    pub request: RequestSource,
    /// Whether the request's password fields are sealed before it is sent.
    pub seal: bool,
    /// Whether the response's password fields are shown opened.
    pub open: bool,
}

/// Arguments of `verify`.
#[derive(Debug, PartialEq, Eq)]
pub struct VerifyArgs {
    /// Data folder to check.
    pub data: PathBuf,
    /// Whether sled is compared with the journal as well, under the store's lock.
    pub sled: bool,
}

/// Arguments of `replay`.
#[derive(Debug, PartialEq, Eq)]
pub struct ReplayArgs {
    /// Data folder to read.
    pub data: PathBuf,
    /// Last point to include; the whole journal where it is absent.
    pub until: Option<Until>,
    /// Form of the output.
    pub format: ReplayFormat,
}

/// Arguments of `templates`.
#[derive(Debug, PartialEq, Eq)]
pub enum TemplatesArgs {
    /// Check the templates in a folder.
    Check {
        /// The folder.
        folder: PathBuf,
    },
    /// Check the configurations of a store by the present templates.
    CheckStored {
        /// Its data folder.
        data: PathBuf,
        /// Where the templates are.
        templates: Box<TemplatesPlace>,
    },
    /// Write the built-in templates to a folder.
    Export {
        /// The folder.
        folder: PathBuf,
    },
}

/// How the program ended, as its exit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// 0: done.
    Done,
    /// 1: what was asked for failed.
    Failed,
    /// 2: the command line or the settings are wrong; nothing was tried.
    Usage,
}

/// Why there is no command to run.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// `--help`, `--version`, or words that clap refuses.
    #[error(transparent)]
    Words(#[from] clap::Error),
    /// The settings cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl Command {
    /// The command that this process was started with.
    ///
    /// # Errors
    /// [`Stop`], which knows how to tell the person at the terminal.
    pub fn from_process() -> Result<Self, Stop> {
        Self::parse(std::env::args_os(), &process_environment())
    }

    /// The command that these words ask for, the program's name first.
    ///
    /// # Errors
    /// [`Stop`]: help was asked for, the words are wrong, or the settings are.
    pub fn parse(
        words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
        environment: &Environment,
    ) -> Result<Self, Stop> {
        let typed = typed::Typed::try_parse_from(words)?;
        match typed.command {
            typed::Command::Serve(args) => serve(&args, environment),
            typed::Command::Init(args) => init(args, environment),
            typed::Command::Call(args) => call(args).map(Self::Call),
            typed::Command::Account(args) => Ok(Self::Account(Box::new(account::check(*args, environment)?))),
            typed::Command::Keys(args) => Ok(Self::Keys(Box::new(keys::check(*args, environment)?))),
            typed::Command::Conformance(args) => {
                conformance::checked(*args).map(Box::new).map(Self::Conformance)
            }
            typed::Command::Verify(typed::Verify { data, sled }) => {
                Ok(Self::Verify(VerifyArgs { data, sled }))
            }
            typed::Command::Replay(typed::Replay { data, until, format }) => {
                Ok(Self::Replay(ReplayArgs { data, until, format }))
            }
            typed::Command::Directory(args) => directory::checked(args).map(Self::Directory),
            typed::Command::Templates(typed) => Ok(Self::Templates(typed.checked(environment)?)),
            typed::Command::Export(typed) => Ok(Self::Export(typed.try_into()?)),
            typed::Command::Config(typed) => Ok(Self::Config(typed.gather(environment))),
            typed::Command::Completions(typed) => Ok(Self::Completions(typed.shell)),
            typed::Command::Man(typed) => Ok(Self::Man(typed.folder)),
        }
    }
}

/// The words of the command line with their help, as clap holds them.
#[must_use]
pub fn words() -> clap::Command {
    typed::Typed::command()
}

fn serve(args: &typed::Serve, environment: &Environment) -> Result<Command, Stop> {
    let values = Values::collect(args.config.as_deref(), environment, &args.settings.0)?;
    let settings = Settings::from_values(&values, args.demo)?;
    let again = settings::Again::new(args.config.clone(), environment, &args.settings.0, args.demo);
    Ok(Command::Serve(Box::new(settings), again))
}

fn init(args: typed::Init, environment: &Environment) -> Result<Command, Stop> {
    let given = [
        (&table::DATA, Some(args.data)),
        (&table::MASTER_KEY_FILE, args.master_key_file),
        (&table::MASTER_KEY_ENV, args.master_key_env),
        (&table::MASTER_KEY_COMMAND, args.master_key_command),
    ];
    let flags: Vec<_> = given.into_iter().filter_map(|(setting, text)| Some((setting, text?))).collect();
    let values = Values::collect(args.config.as_deref(), environment, &flags)?;
    let data = settings::data(&values)?.value;
    let master_key = settings::master_key(&values, &data, false)?;
    Ok(Command::Init(InitArgs { data, admin: args.admin, master_key }))
}

fn call(args: typed::Call) -> Result<CallArgs, Stop> {
    let sign_in = SignInArgs::new(args.url, args.user, args.password_file, args.reach)?;
    Ok(CallArgs { sign_in, request: args.request.into(), seal: args.seal, open: args.open })
}

impl Stop {
    /// Tells the person at the terminal, and the exit status: help and version are no failure.
    #[must_use]
    pub fn report(&self) -> Status {
        match self {
            Self::Words(words) => {
                // A closed pipe (`crmconf --help | head -1`) is no reason to complain.
                drop(words.print());
                if words.use_stderr() { Status::Usage } else { Status::Done }
            }
            Self::Settings(error) => {
                output::complain(error);
                Status::Usage
            }
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Done => Self::from(0),
            Status::Failed => Self::from(1),
            Status::Usage => Self::from(2),
        }
    }
}
