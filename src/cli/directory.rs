//! `crmconf directory`: what is typed, with its help, and what it asks for.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use crmconf_events::Reason;
use crmconf_events::command::ImportMode;

use super::typed::EXIT_STATUS;
use super::{Endpoint, Reach, RequestSource, SignInArgs, Stop};
use crate::directory::Format;
use crate::vault::AccountName;

const DIRECTORY_IMPORT_EXAMPLES: &str = "\
Examples:
  crmconf directory import --url http://127.0.0.1:8462 --user admin directory.csv
  crmconf directory import --url http://127.0.0.1:8462 --user admin --mode replace site-7.json
  crmconf directory import --url http://127.0.0.1:8462 --user admin --dry-run directory.csv
  crmconf directory import --url https://crm.example:8462 --ca-file ca.pem --user admin directory.csv

A CSV file is UTF-8 and begins with the line
  TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID
A row without DeviceNumber is a partition, one without PartIDInTelSys too a telephone system;
CMEnvironmentID is a telephone system's alone. JSON is an array of objects with these names as keys.

The whole file is checked before anything is sent. A long one is sent in pieces: when a run is
interrupted, run it again, and what stands already makes no difference. The counts of what was done
go to standard output.
";

const DIRECTORY_EXPORT_EXAMPLES: &str = "\
Examples:
  crmconf directory export --url http://127.0.0.1:8462 --user admin > directory.csv

Prints what `directory import` takes.
";

const DIRECTORY_EXAMPLES: &str = "\
Examples:
  crmconf directory import --url http://127.0.0.1:8462 --user admin directory.csv
  crmconf directory export --url http://127.0.0.1:8462 --user admin > directory.csv
";

/// Arguments of `directory`.
#[derive(Debug, PartialEq, Eq)]
pub enum DirectoryArgs {
    /// Import a file.
    Import(DirectoryImportArgs),
    /// Print the directory as CSV.
    Export(SignInArgs),
}

/// Arguments of `directory import`.
#[derive(Debug, PartialEq, Eq)]
pub struct DirectoryImportArgs {
    /// Where to sign in, and as whom.
    pub sign_in: SignInArgs,
    /// What is done with the entries of the file.
    pub mode: ImportMode,
    /// The form of the file.
    pub format: Format,
    /// Whether only to check and count.
    pub dry_run: bool,
    /// Why; recorded with every change.
    pub reason: Option<Reason>,
    /// Where the entries come from.
    pub source: RequestSource,
}

/// What is done with the entries of a file, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TypedMode {
    /// Add what is new, change what differs, remove nothing.
    Merge,
    /// Also remove what the file leaves out of the telephone systems that it names.
    Replace,
    /// Remove the entries of the file.
    Remove,
}

/// The form of a file, as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum TypedFormat {
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects.
    Json,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{DIRECTORY_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct TypedDirectory {
    #[command(subcommand)]
    command: TypedCommand,
}

#[derive(Debug, Subcommand)]
enum TypedCommand {
    /// Import a file into the directory of a running server
    Import(TypedImport),
    /// Print the directory of a running server as CSV
    #[command(visible_alias = "list")]
    Export(TypedExport),
}

/// Where to sign in, and as whom.
#[derive(Debug, clap::Args)]
struct SignIn {
    /// Address of the server, such as https://crm.example:8462 or http://127.0.0.1:8462
    #[arg(long, value_name = "URL")]
    url: Endpoint,
    /// Administrator that signs in
    #[arg(long, value_name = "NAME", value_parser = AccountName::new)]
    user: AccountName,
    /// File whose first line is the password; else CRMCONF_PASSWORD, else it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{DIRECTORY_IMPORT_EXAMPLES}\n{EXIT_STATUS}"))]
struct TypedImport {
    #[command(flatten)]
    sign_in: SignIn,
    /// What is done with the entries of the file
    #[arg(long, value_enum, default_value_t = TypedMode::Merge)]
    mode: TypedMode,
    /// Form of the file; by its name where it is not given: JSON for .json, else CSV
    #[arg(long, value_enum)]
    format: Option<TypedFormat>,
    /// Only check everything, and count what would change
    #[arg(long)]
    dry_run: bool,
    /// Why it is done: recorded with every change, for ever
    #[arg(long, value_name = "TEXT", value_parser = Reason::new)]
    reason: Option<Reason>,
    /// File with the entries, or - for standard input
    #[arg(value_name = "FILE|-")]
    file: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{DIRECTORY_EXPORT_EXAMPLES}\n{EXIT_STATUS}"))]
struct TypedExport {
    #[command(flatten)]
    sign_in: SignIn,
}

pub(super) fn checked(args: TypedDirectory) -> Result<DirectoryArgs, Stop> {
    match args.command {
        TypedCommand::Import(import) => checked_import(import).map(DirectoryArgs::Import),
        TypedCommand::Export(export) => export.sign_in.checked().map(DirectoryArgs::Export),
    }
}

fn checked_import(args: TypedImport) -> Result<DirectoryImportArgs, Stop> {
    let TypedImport { sign_in, mode, format, dry_run, reason, file } = args;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let format = match format {
        Some(TypedFormat::Csv) => Format::Csv,
        Some(TypedFormat::Json) => Format::Json,
        None => {
            if is_json {
                Format::Json
            } else {
                Format::Csv
            }
        }
    };
    let mode = match mode {
        TypedMode::Merge => ImportMode::Merge,
        TypedMode::Replace => ImportMode::Replace,
        TypedMode::Remove => ImportMode::Remove,
    };
    let sign_in = sign_in.checked()?;
    Ok(DirectoryImportArgs { sign_in, mode, format, dry_run, reason, source: file.into() })
}

impl SignIn {
    fn checked(self) -> Result<SignInArgs, Stop> {
        let Self { url, user, password_file, reach } = self;
        SignInArgs::new(url, user, password_file, reach)
    }
}
