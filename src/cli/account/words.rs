//! The words of `crmconf account` as clap reads them, with their help.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use crmconf_events::access::Role;
use crmconf_events::{DeviceNumber, PartitionId, Reason, TelSysId};

use crate::cli::typed::EXIT_STATUS;
use crate::cli::{Endpoint, Reach};
use crate::settings::table;
use crate::vault::{AccountName, DisplayName};

const EXAMPLES: &str = "\
Examples:
  Through a server, as an administrator:
    crmconf account list --url http://127.0.0.1:8462 --user admin
    crmconf account add anna --role Editor --telsys 1 --url http://127.0.0.1:8462 --user admin
    crmconf account grant anna Viewer --url http://127.0.0.1:8462 --user admin
  In the data folder of a stopped server, as whoever may read the master key:
    crmconf account reset-password admin --generate --data /var/lib/crmconf
    crmconf account add rescue --admin --generate --data /var/lib/crmconf

The administrator's password is the first line of --password-file, or else of the environment
variable CRMCONF_PASSWORD, or else it is asked for. A new password is the first line of
--new-password-file, or else of CRMCONF_NEW_PASSWORD, or else it is asked for twice; --generate
makes one and prints it once. Without --url the store itself is opened: its data folder and master
key are found as `serve` finds them. What is done there is recorded as done by your user id.
";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Account {
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Where the examples below send what they do.
const SERVER: &str = "--url http://127.0.0.1:8462 --user admin";
/// The folder of a stopped server in them.
const STORE: &str = "--data /var/lib/crmconf";

/// What stands below the help of a verb: examples, and what holds for all verbs.
fn after(examples: &[(&str, &str)]) -> String {
    let examples = examples.iter().map(|(words, place)| format!("  crmconf account {words} {place}\n"));
    let examples: String = examples.collect();
    format!("Examples:\n{examples}\nWhere passwords come from: crmconf account --help.\n{EXIT_STATUS}")
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the accounts with their ids and grants
    #[command(after_help = after(&[("list", SERVER), ("list --format json", STORE)]))]
    List(List),
    /// Add an account
    #[command(after_help = after(&[("add anna --role Editor --telsys 1", SERVER), ("add rescue --admin --generate", STORE)]))]
    Add(Add),
    /// Change an account's name or display name
    #[command(after_help = after(&[("change anna --rename anne", SERVER)]))]
    Change(Change),
    /// Let an account sign in no longer; its sessions end
    #[command(after_help = after(&[("disable anna --reason 'has left'", SERVER)]))]
    Disable(Named),
    /// Let a disabled account sign in again
    #[command(after_help = after(&[("enable anna", SERVER)]))]
    Enable(Named),
    /// Give an account a role, on everything or on a part
    #[command(after_help = after(&[("grant anna Viewer", SERVER), ("grant anna Editor --telsys 1 --partition 2", SERVER)]))]
    Grant(OneGrant),
    /// Take a role from an account
    #[command(after_help = after(&[("revoke anna Editor --telsys 1", SERVER)]))]
    Revoke(OneGrant),
    /// Give an account a new password; its sessions end
    #[command(after_help = after(&[("reset-password anna --generate", SERVER), ("reset-password admin --generate", STORE)]))]
    ResetPassword(ResetPassword),
    /// Delete an account; its name is not given again
    #[command(after_help = after(&[("delete anna", SERVER)]))]
    Delete(Named),
    /// Erase an account, live or deleted: its name and addresses are given up for ever, and its name may be given again
    #[command(after_help = after(&[("erase anna", SERVER), ("erase anna --yes --reason 'asked to be forgotten'", STORE)]))]
    Erase(Erase),
}

/// Where what is administered is.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Where the store is")]
pub(in crate::cli) struct Where {
    /// Address of a running server, such as https://crm.example:8462 or http://127.0.0.1:8462
    #[arg(long, value_name = "URL", requires = "user")]
    #[arg(conflicts_with_all = ["data", "config", "master_key_file", "master_key_env", "master_key_command", "further_master_keys"])]
    pub(super) url: Option<Endpoint>,
    /// Administrator who signs in to it
    #[arg(long, value_name = "NAME", value_parser = AccountName::new, requires = "url")]
    pub(super) user: Option<AccountName>,
    /// File whose first line is the administrator's password
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(super) password_file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reach: Reach,
    /// Data folder of a stopped server [env: CRMCONF_DATA]
    #[arg(long, value_name = "DIR")]
    pub(super) data: Option<String>,
    #[arg(long, value_name = "PATH", help = table::MASTER_KEY_FILE.help())]
    pub(super) master_key_file: Option<String>,
    #[arg(long, value_name = "VARIABLE", help = table::MASTER_KEY_ENV.help())]
    pub(super) master_key_env: Option<String>,
    #[arg(long, value_name = "COMMAND", help = table::MASTER_KEY_COMMAND.help())]
    pub(super) master_key_command: Option<String>,
    #[arg(long, value_name = "SOURCES", help = table::FURTHER_MASTER_KEYS.help())]
    pub(super) further_master_keys: Option<String>,
    /// Settings file (TOML), for the data folder and the place of the master key [env: CRMCONF_CONFIG]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub(super) format: ListFormat,
    #[command(flatten)]
    pub(super) place: Where,
}

/// Form in which `account list` prints the accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A table for people.
    Text,
    /// One JSON document.
    Json,
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// Name of the account
    #[arg(value_name = "NAME", value_parser = AccountName::new)]
    pub(super) name: AccountName,
    /// How its holder is called in full
    #[arg(long, value_name = "TEXT", value_parser = DisplayName::new)]
    pub(super) display_name: Option<DisplayName>,
    /// Make it an Administrator
    #[arg(long, conflicts_with_all = ["role", "telsys"])]
    pub(super) admin: bool,
    /// Role to begin with: Viewer, Client, Editor, Auditor or Administrator
    #[arg(long, value_name = "ROLE", value_parser = role)]
    pub(super) role: Option<Role>,
    #[command(flatten)]
    pub(super) part: Part,
    /// Add it without letting it sign in yet
    #[arg(long)]
    pub(super) disabled: bool,
    #[command(flatten)]
    pub(super) password: NewPasswordWords,
    #[command(flatten)]
    pub(super) reason: Why,
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct Change {
    /// Name of the account
    #[arg(value_name = "NAME", value_parser = AccountName::new)]
    pub(super) name: AccountName,
    /// Its new name
    #[arg(long, value_name = "NAME", value_parser = AccountName::new, required_unless_present = "display_name")]
    pub(super) rename: Option<AccountName>,
    /// How its holder is called in full
    #[arg(long, value_name = "TEXT", value_parser = DisplayName::new)]
    pub(super) display_name: Option<DisplayName>,
    #[command(flatten)]
    pub(super) reason: Why,
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Name of the account
    #[arg(value_name = "NAME", value_parser = AccountName::new)]
    pub(super) name: AccountName,
    #[command(flatten)]
    pub(super) reason: Why,
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct Erase {
    /// Name of the account, which may be a deleted one
    #[arg(value_name = "NAME", value_parser = AccountName::new)]
    pub(super) name: AccountName,
    /// Do not ask whether it is meant
    #[arg(long, short = 'y')]
    pub(super) yes: bool,
    #[command(flatten)]
    pub(super) reason: Why,
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct OneGrant {
    /// Name of the account
    #[arg(value_name = "NAME", value_parser = AccountName::new)]
    pub(super) name: AccountName,
    /// Viewer, Client, Editor, Auditor or Administrator
    #[arg(value_name = "ROLE", value_parser = role)]
    pub(super) role: Role,
    #[command(flatten)]
    pub(super) part: Part,
    #[command(flatten)]
    pub(super) reason: Why,
    #[command(flatten)]
    pub(super) place: Where,
}

/// The part that a role is on; everything where nothing is said.
#[derive(Debug, clap::Args)]
pub(super) struct Part {
    /// Telephone system that the role is on; everything where it is left out
    #[arg(long, value_name = "NUMBER", value_parser = telsys)]
    pub(super) telsys: Option<TelSysId>,
    /// Partition in that telephone system
    #[arg(long, value_name = "NUMBER", value_parser = partition, requires = "telsys")]
    pub(super) partition: Option<PartitionId>,
    /// Device in that partition
    #[arg(long, value_name = "NUMBER", value_parser = DeviceNumber::new, requires = "partition")]
    pub(super) device: Option<DeviceNumber>,
}

#[derive(Debug, clap::Args)]
pub(super) struct ResetPassword {
    /// Name of the account
    #[arg(value_name = "NAME", value_parser = AccountName::new)]
    pub(super) name: AccountName,
    #[command(flatten)]
    pub(super) password: NewPasswordWords,
    #[command(flatten)]
    pub(super) reason: Why,
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, clap::Args)]
pub(super) struct NewPasswordWords {
    /// File whose first line is the account's new password
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    pub(super) new_password_file: Option<PathBuf>,
    /// Make a new password, and print it once
    #[arg(long)]
    pub(super) generate: bool,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Why {
    /// Why, kept with what is recorded; it stays for ever, so name nobody in it
    #[arg(long, value_name = "TEXT", value_parser = Reason::new)]
    pub(in crate::cli) reason: Option<Reason>,
}

fn role(text: &str) -> Result<Role, String> {
    let known = Role::ALL.into_iter().find(|role| role.name().eq_ignore_ascii_case(text));
    known.ok_or_else(|| format!("a role is one of {}", Role::ALL.map(Role::name).join(", ")))
}

fn telsys(text: &str) -> Result<TelSysId, String> {
    let id = TelSysId::parse(text).ok().flatten();
    id.ok_or_else(|| "must be a number from 1 to 2147483647; leave it out for everything".to_owned())
}

fn partition(text: &str) -> Result<PartitionId, String> {
    let id = PartitionId::parse(text).ok().flatten();
    id.ok_or_else(|| "must be a number from 1 to 2147483647; leave it out for all partitions".to_owned())
}
