//! `crmconf-bench`: measurements of crmconf beside their floors, in the same run. See `bench/README.md`.

mod http;

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
}

fn main() -> ExitCode {
    let Words { benchmark: Benchmark::Http(options) } = Words::parse();
    match http::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where standard error is closed.
            let _ =
                std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("crmconf-bench: {error}\n"));
            ExitCode::FAILURE
        }
    }
}
