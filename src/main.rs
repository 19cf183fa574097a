//! The binary `crmconf`: reads the command line and hands over to the library.

use std::process::ExitCode;

use crmconf::cli::Command;
use crmconf::{commands, hardening};

/// The system's allocator gives memory back after every commit and asks for it again: the pages that the kernel then clears
/// cost more than what they hold.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    hardening::keep_no_core_files();
    match Command::from_process() {
        Ok(command) => commands::run(command).into(),
        Err(stop) => stop.report().into(),
    }
}
