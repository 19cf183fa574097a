//! The words of `crmconf templates`.

use std::path::PathBuf;

use clap::Subcommand;

use super::EXIT_STATUS;

const EXAMPLES: &str = "\
Examples:
  crmconf templates export ./templates
  crmconf templates check ./templates
  crmconf serve --data ./store --templates-folder ./templates
";

const CHECK_EXAMPLES: &str = "\
Examples:
  crmconf templates check ./templates

Every fault is told with its file and its place in it, as a JSON pointer. Warnings are about what
is allowed and surely not meant; they do not change the exit status, which is 1 when a file cannot
be used, when there is none, or when the folder cannot be read.
";

const EXPORT_EXAMPLES: &str = "\
Examples:
  crmconf templates export ./templates

Files that are there already are left as they are, and nothing is written then.
";

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Templates {
    #[command(subcommand)]
    pub(in crate::cli) command: TemplatesCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum TemplatesCommand {
    /// Check the templates in a folder, as their author wants to know of them
    Check(Check),
    /// Write the built-in templates as files, for an author to start from
    Export(Export),
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{CHECK_EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Check {
    /// Folder with a file <CRMType>.json for each type
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: PathBuf,
}

#[derive(Debug, clap::Args)]
#[command(after_help = format!("{EXPORT_EXAMPLES}\n{EXIT_STATUS}"))]
pub(in crate::cli) struct Export {
    /// Folder to write to; made where it is missing
    #[arg(value_name = "DIR")]
    pub(in crate::cli) folder: PathBuf,
}
