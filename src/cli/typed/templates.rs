//! The words of `crmconf templates`.

use std::path::PathBuf;

use clap::Subcommand;

use super::EXIT_STATUS;
use crate::cli::TemplatesArgs;
use crate::settings::{Environment, Settings, SettingsError, TemplatesPlace, Values};

const EXAMPLES: &str = "\
Examples:
  crmconf templates export ./templates
  crmconf templates check ./templates
  crmconf templates check --data ./store ./templates
  crmconf serve --data ./store --templates-folder ./templates
";

const CHECK_EXAMPLES: &str = "\
Examples:
  crmconf templates check ./templates
  crmconf templates check --data ./store
  crmconf templates check --data ./store --config /etc/crmconf/crmconf.toml
  crmconf templates check --data ./store ./templates-of-tomorrow

Of a folder of templates, every fault is told with its file and its place in it, as a JSON pointer.
Warnings are about what is allowed and surely not meant; they do not change the exit status, which
is 1 when a file cannot be used, when there is none, or when the folder cannot be read. Templates of
a DynamoDB table are checked so as files of a folder, before they are put there.

With --data the configurations of a store are held against the templates of DIR, or else of the
place that the settings file and the CRMCONF_ variables name: a folder, a table, or the built-in
ones. Each field that no longer fits is told with its configuration and the rule, and each password
that stands in clear though the present template marks it as one; never a value. Reads the journal
alone and writes nothing: the server need not be stopped, and no key is needed. The exit status is 1
when something is told, or when templates or journal cannot be read.
";

const EXPORT_EXAMPLES: &str = "\
Examples:
  crmconf templates export ./templates

These are the templates that come with the program, not those of a table. Files that are there already are left as they are, and nothing is written then.
";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Templates {
    #[command(subcommand)]
    pub(in crate::cli) command: TemplatesCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TemplatesCommand {
    /// Check the templates in a folder, or the configurations of a store by the present templates
    Check(Check),
    /// Write the built-in templates as files, for an author to start from
    Export(Export),
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{CHECK_EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Check {
    /// Folder with a file <CRMType>.json for each type
    #[arg(value_name = "DIR", required_unless_present = "data")]
    folder: Option<PathBuf>,
    /// Data folder of a store whose configurations are checked
    #[arg(long, value_name = "DATA")]
    data: Option<PathBuf>,
    /// Settings file (TOML) that says where the templates are [env: CRMCONF_CONFIG]
    #[arg(long, value_name = "FILE", requires = "data", conflicts_with = "folder")]
    config: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXPORT_EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Export {
    /// Folder to write to; made where it is missing
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: PathBuf,
}

impl Templates {
    /// What is to be done, with the settings that say where the templates are.
    pub(in crate::cli) fn checked(self, environment: &Environment) -> Result<TemplatesArgs, SettingsError> {
        let Check { folder, data, config } = match self.command {
            TemplatesCommand::Export(Export { folder }) => return Ok(TemplatesArgs::Export { folder }),
            TemplatesCommand::Check(check) => check,
        };
        match (data, folder) {
            (None, folder) => Ok(TemplatesArgs::Check { folder: folder.unwrap_or_default() }),
            (Some(data), Some(folder)) => {
                Ok(TemplatesArgs::CheckStored { data, templates: Box::new(TemplatesPlace::Folder(folder)) })
            }
            (Some(data), None) => {
                let values = Values::collect(config.as_deref(), environment, &[])?;
                let templates = Box::new(Settings::from_values(&values, false)?.templates());
                Ok(TemplatesArgs::CheckStored { data, templates })
            }
        }
    }
}
