//! The binary `crmconf`: reads the command line and hands over to the library.

use std::process::ExitCode;

use crmconf::cli::Command;
use crmconf::commands;

fn main() -> ExitCode {
    match Command::from_process() {
        Ok(command) => commands::run(command).into(),
        Err(stop) => stop.report().into(),
    }
}
