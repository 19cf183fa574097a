//! `crmconf keys`: its words, with their help, and what they become.

use clap::Subcommand;
use crmconf_events::Reason;

use super::account::{Where, Why};
use super::typed::EXIT_STATUS;
use super::{ListFormat, Stop, Target};
use crate::settings::Environment;

const EXAMPLES: &str = "\
Examples:
  Through a server, as an administrator:
    crmconf keys list --url http://127.0.0.1:8462 --user admin
    crmconf keys rotate --url http://127.0.0.1:8462 --user admin
  In the data folder of a stopped server:
    crmconf keys list --data /var/lib/crmconf --config /etc/crmconf/crmconf.toml
    crmconf keys rotate --data /var/lib/crmconf --config /etc/crmconf/crmconf.toml

To rotate: put the new master key where the settings look for the current one, and name the place of the old one in
further_master_keys; then `rotate`, and `list`, which says when the old one is not needed any more. A running server reads
its settings file again for that, but not its environment or its flags.

Through a server the administrator's password is the first line of --password-file, or else of the
environment variable CRMCONF_PASSWORD, or else it is asked for.
";

const LIST_EXAMPLES: &str = "\
Examples:
  crmconf keys list --url http://127.0.0.1:8462 --user admin
  crmconf keys list --format json --data /var/lib/crmconf

A line for each master key, by its id: how many files of the vault it has sealed. Last, whether any but the current one is
still needed. Keys themselves are never shown.
";

const ROTATE_EXAMPLES: &str = "\
Examples:
  crmconf keys rotate --url http://127.0.0.1:8462 --user admin
  crmconf keys rotate --data /var/lib/crmconf --master-key-file /etc/crmconf/new.key \\
    --further-master-keys file:/etc/crmconf/old.key

Seals every file of the vault anew that the current master key has not sealed. Killed on the way it is finished by running it
again. The exit status is 1 where a file could not be sealed anew.
";

const RESUME_EXAMPLES: &str = "\
Examples:
  crmconf keys resume --reason 'the clock was set right' --url http://127.0.0.1:8462 --user admin
  crmconf keys resume --data /var/lib/crmconf

Where the clock leapt, no data key of a deleted configuration is destroyed because its time has come until somebody has
looked at the clock and says so with this.
";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Keys {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// List the master keys by id, with how many files of the vault need each
    #[command(after_help = format!("{LIST_EXAMPLES}\n{EXIT_STATUS}"))]
    List(List),
    /// Seal the vault anew under the current master key
    #[command(after_help = format!("{ROTATE_EXAMPLES}\n{EXIT_STATUS}"))]
    Rotate(Rotate),
    /// Confirm the clock: due data keys are destroyed again
    #[command(after_help = format!("{RESUME_EXAMPLES}\n{EXIT_STATUS}"))]
    Resume(Resume),
}

#[derive(Debug, clap::Args)]
struct List {
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Rotate {
    #[command(flatten)]
    place: Where,
}

#[derive(Debug, clap::Args)]
struct Resume {
    #[command(flatten)]
    reason: Why,
    #[command(flatten)]
    place: Where,
}

/// Arguments of `keys`.
#[derive(Debug)]
pub struct KeysArgs {
    /// Where the keys are.
    pub target: Target,
    /// What is to be done.
    pub action: KeysAction,
}

/// What is to be done.
#[derive(Debug)]
pub enum KeysAction {
    /// Print which master keys are needed.
    List(ListFormat),
    /// Seal the vault anew.
    Rotate,
    /// Have due data keys destroyed again.
    Resume(Option<Reason>),
}

/// The arguments that these words ask for.
pub(super) fn check(words: Keys, environment: &Environment) -> Result<KeysArgs, Stop> {
    let (place, action) = match words.verb {
        Verb::List(List { format, place }) => (place, KeysAction::List(format)),
        Verb::Rotate(Rotate { place }) => (place, KeysAction::Rotate),
        Verb::Resume(Resume { reason, place }) => (place, KeysAction::Resume(reason.reason)),
    };
    Ok(KeysArgs { target: place.target(environment)?, action })
}
