//! The words of the commands for operators: `export`, `config`, `completions` and `man`.

use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Subcommand, ValueEnum};
use clap_complete::Shell;
use crmconf_events::Sequence;

use super::flags::SettingFlags;
use super::typed::EXIT_STATUS;
use super::until::Until;
use crate::settings::{Environment, SettingsError, Values};

const EXPORT_EXAMPLES: &str = "\
Examples:
  crmconf export --data ./store > events.jsonl
  crmconf export --data ./store --output events.jsonl
  crmconf export --data ./store --from 1201 --until 2026-03-03
  crmconf export --data ./store | python3 docs/check_export.py
  crmconf export --data ./store | jq -r '.time + \" \" + .event.tag'

One JSON object a line for each event: sequence, time, time_us, commit, commit_hash, event_hash, and the event \
itself in the very bytes that the log holds and that its hash is made of (docs/export.md).

Reads the journal alone and writes nothing to the store: a copy, read-only media and the folder of a running server \
will do. Where the journal is damaged, the events before the damage are written, and the exit status is 1.
";

const CONFIG_EXAMPLES: &str = "\
Examples:
  crmconf config sample > crmconf.toml
  crmconf config check --config crmconf.toml
  crmconf config show --config crmconf.toml
";

const CHECK_EXAMPLES: &str = "\
Examples:
  crmconf config check --config /etc/crmconf/crmconf.toml
  crmconf config check --data ./store --listen 0.0.0.0:8462 --behind-tls-proxy

Finds what `crmconf serve` would refuse with the same file, variables and flags: every mistake, and not only the \
first. Then looks whether data folder, master key, certificate and address can be used. Changes nothing. Run it as \
the user that the server runs as, and with its environment. The exit status is the one with which the server would end.
";

const SHOW_EXAMPLES: &str = "\
Examples:
  crmconf config show
  crmconf config show --config /etc/crmconf/crmconf.toml
  crmconf config show --format json | jq -r .listen.value

Shows each setting as `crmconf serve` would take it from the same file, variables and flags, and where it comes \
from. The master key is never shown, only where it is.
";

const SAMPLE_EXAMPLES: &str = "\
Examples:
  crmconf config sample > crmconf.toml

Every line of it is a comment: as it stands it changes nothing.
";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  crmconf completions bash > /usr/share/bash-completion/completions/crmconf
  crmconf completions zsh > /usr/local/share/zsh/site-functions/_crmconf
  crmconf completions fish > ~/.config/fish/completions/crmconf.fish
  source <(crmconf completions bash)
";

const MAN_EXAMPLES: &str = "\
Examples:
  crmconf man /usr/local/share/man/man1
  crmconf man ./pages && man -l ./pages/crmconf-serve.1

The folder is made where it is missing; pages of an earlier version are replaced.
";

#[derive(Debug, Args)]
#[command(after_help = format!("{EXPORT_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Export {
    /// Data folder [env: CRMCONF_DATA]
    #[arg(long, value_name = "DIR", env = "CRMCONF_DATA", hide_env = true)]
    data: PathBuf,
    /// Begin with the event of this sequence; the whole journal is checked all the same
    #[arg(long, value_name = "SEQ", value_parser = sequence)]
    from: Option<Sequence>,
    /// Stop after this point: a sequence (1200: after that event), an RFC 3339 time (2026-03-03T09:30:00Z: after the
    /// last commit at or before it), or a date (2026-03-03: the end of that day in UTC)
    #[arg(long, value_name = "SEQ|TIME")]
    until: Option<Until>,
    /// Write to this file, which appears when it is complete, and not to standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace the file of --output where there is one already
    #[arg(long, requires = "output")]
    force: bool,
}

/// Arguments of `export`.
#[derive(Debug, PartialEq, Eq)]
pub struct ExportArgs {
    /// Data folder to read.
    pub data: PathBuf,
    /// First event to include; the first of all where it is absent.
    pub from: Option<Sequence>,
    /// Last point to include; the whole journal where it is absent.
    pub until: Option<Until>,
    /// Where the lines go.
    pub output: ExportOutput,
}

/// Where `export` writes.
#[derive(Debug, PartialEq, Eq)]
pub enum ExportOutput {
    /// To standard output.
    StandardOutput,
    /// To this file, which appears when it is complete.
    File {
        /// The file.
        path: PathBuf,
        /// Whether one that is there is replaced.
        replace: bool,
    },
}

impl TryFrom<Export> for ExportArgs {
    type Error = clap::Error;

    /// Refuses a part that can hold nothing: whoever asks for it has mistaken something.
    fn try_from(typed: Export) -> Result<Self, clap::Error> {
        let Export { data, from, until, output, force } = typed;
        if let (Some(from), Some(Until::Sequence(last))) = (from, until)
            && last < from
        {
            return Err(clap::Error::raw(
                ErrorKind::ArgumentConflict,
                format_args!("--until {last} lies before --from {from}: there is nothing in between\n"),
            ));
        }
        let output =
            output.map_or(ExportOutput::StandardOutput, |path| ExportOutput::File { path, replace: force });
        Ok(Self { data, from, until, output })
    }
}

fn sequence(digits: &str) -> Result<Sequence, String> {
    let number = digits.parse().map_err(|_| "a sequence is a whole number, such as 1200".to_owned())?;
    Sequence::new(number).ok_or_else(|| "sequences count from 1: 0 is none".to_owned())
}

#[derive(Debug, Args)]
#[command(after_help = format!("{CONFIG_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Config {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Find every mistake in file, variables and flags, and what else would keep the server from starting
    Check(Check),
    /// Show the settings as the server would take them, and where each comes from
    Show(Show),
    /// Print a commented settings file with every default
    #[command(after_help = format!("{SAMPLE_EXAMPLES}\n{EXIT_STATUS}"))]
    Sample,
}

#[derive(Debug, Args)]
#[command(after_help = format!("{CHECK_EXAMPLES}\n{EXIT_STATUS}"))]
struct Check {
    /// Settings file (TOML) [env: CRMCONF_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingFlags,
}

#[derive(Debug, Args)]
#[command(after_help = format!("{SHOW_EXAMPLES}\n{EXIT_STATUS}"))]
struct Show {
    /// Settings file (TOML) [env: CRMCONF_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Form of the output
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    format: ShowFormat,
    #[command(flatten)]
    settings: SettingFlags,
}

/// Form in which `config show` prints the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ShowFormat {
    /// A table for people.
    Text,
    /// One JSON document.
    Json,
}

/// Settings as far as they are valid, and everything that is wrong with them.
#[derive(Debug)]
pub struct Gathered {
    pub(crate) values: Values,
    pub(crate) faults: Vec<SettingsError>,
}

/// What `config` is asked to do.
#[derive(Debug)]
pub enum ConfigArgs {
    /// Find what is wrong.
    Check(Gathered),
    /// Show what holds.
    Show {
        /// What was found.
        gathered: Gathered,
        /// Form of the output.
        format: ShowFormat,
    },
    /// Print the sample file.
    Sample,
}

impl Config {
    /// Reads the settings; what is wrong with them is for the command to tell.
    pub(super) fn gather(self, environment: &Environment) -> ConfigArgs {
        let gather = |config: Option<PathBuf>, settings: &SettingFlags| {
            let (values, faults) = Values::gather(config.as_deref(), environment, &settings.0);
            Gathered { values, faults }
        };
        match self.action {
            Action::Check(Check { config, settings }) => ConfigArgs::Check(gather(config, &settings)),
            Action::Show(Show { config, format, settings }) => {
                ConfigArgs::Show { gathered: gather(config, &settings), format }
            }
            Action::Sample => ConfigArgs::Sample,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = format!("{COMPLETIONS_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Completions {
    /// Shell that the script is for
    #[arg(value_name = "SHELL", value_enum)]
    pub(super) shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = format!("{MAN_EXAMPLES}\n{EXIT_STATUS}"))]
pub(super) struct Man {
    /// Folder for the pages
    #[arg(value_name = "DIR")]
    pub(super) folder: PathBuf,
}
