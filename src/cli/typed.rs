//! The words of the command line as clap reads them, with their help.

mod templates;

use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

use super::account::Account;
use super::conformance::Conformance;
use super::directory::TypedDirectory;
use super::endpoint::Endpoint;
use super::flags::SettingFlags;
use super::keys::Keys;
use super::operate::{Completions, Config, Export, Man};
use super::sign_in::Reach;
use super::until::Until;
use crate::settings::table;
use crate::vault::AccountName;
pub(super) use templates::Templates;

pub(super) const EXIT_STATUS: &str = "Exit status: 0 done; 1 what was asked for failed; 2 the command line or the settings \
                           are wrong, and nothing was tried.";

const PROGRAM_EXAMPLES: &str = "\
Examples:
  Try it out, with accounts, a directory and a request to paste:
    crmconf serve --demo
  Set up a store and serve it:
    crmconf init --data ./store
    crmconf serve --data ./store
  Send a request to it:
    crmconf call --url http://127.0.0.1:8462 --user admin add.xml
  Keep the settings in a file, and check them before the server meets them:
    crmconf config sample > crmconf.toml
    crmconf config check --config crmconf.toml
";

const SERVE_EXAMPLES: &str = "\
Examples:
  crmconf serve --demo
  crmconf serve --data /var/lib/crmconf --master-key-file /etc/crmconf/master.key
  crmconf serve --config /etc/crmconf/crmconf.toml --log-format json
  crmconf serve --data ./store --listen 0.0.0.0:8462 --behind-tls-proxy

The file is TOML, one line for each setting, such as:
  listen = \"127.0.0.1:8462\"
  workers = 4

`crmconf config sample` prints one with all of them, `crmconf config check` finds every mistake in it. An unknown \
name in the file or an unknown CRMCONF_ variable is an error. Paths are relative to the folder in which the program \
is started.
";

const INIT_EXAMPLES: &str = "\
Examples:
  crmconf init --data ./store
  crmconf init --data /var/lib/crmconf --admin alice --master-key-file /etc/crmconf/master.key

The administrator's password is printed once, and kept nowhere in readable form. Without the master key the vault \
cannot be opened: keep a copy of it, apart from copies of the data folder.
";

const CALL_EXAMPLES: &str = "\
Examples:
  crmconf call --url http://127.0.0.1:8462 --user admin list.xml
  crmconf call --url http://127.0.0.1:8462 --user admin --password-file ~/.crmconf-password - < add.xml
  crmconf call --url 'http://127.0.0.1:8462/api/xml?TelSysID=1' --user admin list.xml
  crmconf call --url http://127.0.0.1:8462 --user editor --seal add.xml
  crmconf call --url http://127.0.0.1:8462 --user client --open info.xml
  crmconf call --url https://crm.example:8462 --ca-file ca.pem --user admin list.xml

Signs in, puts the session into the request's SessionID (added where it is missing), sends it, prints the response \
and signs out. The password is the first line of the file, or else the environment variable CRMCONF_PASSWORD, or \
else it is asked for. Parameters of the URL go with the request alone.

--seal asks the server which fields of the request's CRMType are passwords (for a Change that names none, of the \
configuration's type; for any Change, which are stored sealed as well), and seals their plain texts in the JSONData of \
CRMConfiguration on this machine: the server and the network get values that begin with enc:v1:, which open in this \
session only. null stays, since it removes a password, and so does a value that begins with enc:v1: already. If nothing \
is found to seal, or a name at the top of the JSON that is no field of the type and not stored, as where one is \
misspelt, nothing is sent. The plain text stands in the file: keep it from others, remove it afterwards, or give the \
request on standard input; never as an argument, which other users can list. --open writes passwords to standard output \
in clear.

Exit status: 0 for Result=\"Success\"; 1 for Result=\"Fail\" and for anything that went wrong on the way; 2 the \
command line is wrong, and nothing was tried.
";

const VERIFY_EXAMPLES: &str = "\
Examples:
  crmconf verify --data /var/lib/crmconf
  crmconf verify --data ./store --sled

Reads every commit of the journal and checks its hash chain. Without --sled it writes nothing, so a read-only copy \
will do, and the server may be running. The first fault is named with file and offset, and the exit status is 1.
";

const REPLAY_EXAMPLES: &str = "\
Examples:
  crmconf replay --data ./store
  crmconf replay --data ./store --until 1200
  crmconf replay --data ./store --until 2026-03-03 --format json
  crmconf replay --data ./store --until 2026-03-03T09:30:00+01:00

Shows configurations, directory, accounts and templates as they stood at that point. Reads the journal alone and \
writes nothing: a read-only copy will do, and the server may be running.
";

/// The event-sourced store behind a telephony platform's CRM Configurations XML API
#[derive(Debug, Parser)]
#[command(name = "crmconf", version, after_help = format!("{PROGRAM_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Typed {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Serve the XML API
    Serve(Serve),
    /// Set up a data folder: master key, store and first administrator
    Init(Init),
    /// Send one request to a server, signed in, and print its response
    Call(Call),
    /// Administer accounts: through a server, or in the data folder of a stopped one
    Account(Box<Account>),
    /// See which master keys the vault needs, rotate them, and have due data keys destroyed again
    Keys(Box<Keys>),
    /// Hold a server to the contract of the API, case by case
    Conformance(Box<Conformance>),
    /// Check that the journal is whole and its hash chain unbroken
    Verify(Verify),
    /// Print the state that the journal adds up to, now or at an earlier point
    Replay(Replay),
    /// Import telephone systems, partitions and devices into a server's directory, or print it
    Directory(TypedDirectory),
    /// Check a folder of templates, or a store by its templates, or write the built-in ones to a folder
    Templates(Templates),
    /// Print every event of the journal as a line of JSON, for auditors and other programs
    Export(Export),
    /// Check and show settings, and print a sample of the settings file
    Config(Config),
    /// Print a script with which your shell completes the words and flags of this program
    Completions(Completions),
    /// Write the manual pages into a folder
    Man(Man),
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{SERVE_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Serve {
    /// Settings file (TOML) [env: CRMCONF_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Serve a demo store with published passwords, on loopback only, in ./crmconf-demo unless the flag --data names
    /// another folder
    #[arg(long)]
    pub(super) demo: bool,
    #[command(flatten)]
    pub(super) settings: SettingFlags,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{INIT_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Init {
    /// Folder to set up; made where it is missing, and must be empty [env: CRMCONF_DATA]
    #[arg(long, value_name = "DIR", env = "CRMCONF_DATA", hide_env = true)]
    pub(super) data: String,
    /// Name of the first administrator
    #[arg(long, value_name = "NAME", default_value = "admin", value_parser = AccountName::new)]
    pub(super) admin: AccountName,
    #[arg(long, value_name = "PATH", help = table::MASTER_KEY_FILE.help())]
    pub(super) master_key_file: Option<String>,
    #[arg(long, value_name = "VARIABLE", help = table::MASTER_KEY_ENV.help())]
    pub(super) master_key_env: Option<String>,
    #[arg(long, value_name = "COMMAND", help = table::MASTER_KEY_COMMAND.help())]
    pub(super) master_key_command: Option<String>,
    /// Settings file (TOML), for the place of the master key [env: CRMCONF_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = CALL_EXAMPLES)]
pub(super) struct Call {
    /// Address of the server, such as https://crm.example:8462 or http://127.0.0.1:8462; the path /api/xml is added
    /// where there is none
    #[arg(long, value_name = "URL")]
    pub(super) url: Endpoint,
    /// Account that signs in
    #[arg(long, value_name = "NAME", value_parser = AccountName::new)]
    pub(super) user: AccountName,
    /// File whose first line is the password
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
    /// Seal the password fields of the request, given in it as plain text, before it is sent
    #[arg(long)]
    pub(super) seal: bool,
    /// Show the password fields of the response opened: in clear, on standard output
    #[arg(long)]
    pub(super) open: bool,
    #[command(flatten)]
    pub(super) reach: Reach,
    /// File with the request, or - for standard input
    #[arg(value_name = "REQUEST.xml|-")]
    pub(super) request: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{VERIFY_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Verify {
    /// Data folder [env: CRMCONF_DATA]
    #[arg(long, value_name = "DIR", env = "CRMCONF_DATA", hide_env = true)]
    pub(super) data: PathBuf,
    /// Compare sled with the journal too: takes the store's lock, so the server must be stopped
    #[arg(long)]
    pub(super) sled: bool,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{REPLAY_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Replay {
    /// Data folder [env: CRMCONF_DATA]
    #[arg(long, value_name = "DIR", env = "CRMCONF_DATA", hide_env = true)]
    pub(super) data: PathBuf,
    /// Stop after this point: a sequence (1200: after that event), an RFC 3339 time (2026-03-03T09:30:00Z: after the
    /// last commit at or before it), or a date (2026-03-03: the end of that day in UTC)
    #[arg(long, value_name = "SEQ|TIME")]
    pub(super) until: Option<Until>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ReplayFormat::Text)]
    pub(super) format: ReplayFormat,
}

/// Form in which `replay` prints the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// Sections for people.
    Text,
    /// One JSON document.
    Json,
}
