//! `crmconf-bench`: measurements of crmconf beside their floors, in the same run. See `bench/README.md`.

mod append;
mod error;
mod figures;
mod floor;
mod http;
mod machine;
mod rotate;
mod written;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Measures crmconf beside its floors.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Words {
    #[command(subcommand)]
    benchmark: Benchmark,
}

/// What is measured.
#[derive(Debug, Subcommand)]
enum Benchmark {
    /// How many Adds and Infos a second does crmconf answer over HTTP, beside a bare handler and the raw disk?
    Http(http::Options),
    /// How many commits a second does the log make durable, and what does it write, by how sled is set?
    Append(append::Options),
    /// How long does sealing the vault anew under another master key take, and what does sealing one value cost?
    Rotate(rotate::Options),
}

fn main() -> ExitCode {
    let Words { benchmark } = Words::parse();
    let done = match benchmark {
        Benchmark::Http(options) => http::run(&options),
        Benchmark::Append(options) => append::run(&options),
        Benchmark::Rotate(options) => rotate::run(&options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where standard error is closed.
            let _ =
                std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("crmconf-bench: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
