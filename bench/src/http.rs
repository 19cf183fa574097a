//! How many Adds and Infos a second does crmconf answer over HTTP, beside a bare handler and the raw disk?
//!
//! One run measures, in this order and on the same disk: the raw floor, Add and Info with each number of connections
//! against crmconf, the same requests against a bare actix-web handler that answers the same bytes, the raw floor
//! again (the disk may be shared: two floors that differ say that the figures between them are as uncertain).

mod bare;
mod client;
mod floor;
mod load;
mod report;
mod requests;
mod server;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use client::Client;
use load::{Figures, Load};
use report::Report;
use requests::Source;
use server::Server;

/// Requests that Info rotates over.
const INFO_CONFIGURATIONS: usize = 64;

/// What is measured, and for how long.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Program to measure [default: release/crmconf in CARGO_TARGET_DIR, or in ./target]
    #[arg(long, value_name = "PATH")]
    bin: Option<PathBuf>,
    /// Folder on the disk to measure, in which a temporary one is made [default: the system's temporary folder]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Seconds of each measurement
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Seconds before each measurement that are not counted
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(0..=60))]
    warm_up: u64,
    /// Keep-alive connections, one measurement for each number
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 64])]
    connections: Vec<u16>,
    /// HTTP worker threads of crmconf and of the bare handler [default: one for each processor core]
    #[arg(long, value_name = "N")]
    workers: Option<u16>,
}

/// Why a measurement is worth nothing.
#[derive(Debug, Error)]
pub(crate) enum BenchError {
    /// The operating system refuses something.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: String,
        /// Its answer.
        cause: std::io::Error,
    },
    /// The program to measure did not start.
    #[error("{program} did not start: {why}")]
    NotStarted {
        /// Its path.
        program: String,
        /// What is known.
        why: String,
    },
    /// An answer was no success.
    #[error("an answer was no Success, so the figures mean nothing: {0}")]
    NotSuccess(String),
    /// An answer was not HTTP as the client reads it.
    #[error("an answer could not be read: {0}")]
    Unreadable(&'static str),
}

impl BenchError {
    /// Names what was tried when the operating system refused.
    fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |cause| Self::System { what, cause }
    }
}

/// Runs the whole benchmark and prints its table.
///
/// # Errors
/// When something does not start, or any answer is no success.
pub(crate) fn run(options: &Options) -> Result<(), BenchError> {
    let parent = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new()
        .prefix("crmconf-bench-")
        .tempdir_in(&parent)
        .map_err(BenchError::system(format!("{} takes no temporary folder", parent.display())))?;
    let workers = options
        .workers
        .map_or_else(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get), usize::from);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::system("the client's runtime"))?;
    let duration = Duration::from_secs(options.seconds);

    let mut report = Report::begin(options.seconds, options.warm_up, workers);
    report.floor("before", floor::measure(folder.path(), duration)?);
    runtime.block_on(measure(options, workers, folder.path(), &mut report))?;
    report.floor("after", floor::measure(folder.path(), duration)?);
    report.print().map_err(BenchError::system("the table cannot be written"))
}

async fn measure(
    options: &Options,
    workers: usize,
    folder: &Path,
    report: &mut Report,
) -> Result<(), BenchError> {
    let server = Server::start(&program(options), &folder.join("data"), workers, folder)?;
    let address = server.address();
    let mut first = Client::connect(address).await?;
    let session = requests::sign_in(&mut first).await?;
    let mut ids = Vec::new();
    let add = Arc::new(Source::add(&session));
    let mut add_answer = Vec::new();
    for _ in 0..INFO_CONFIGURATIONS {
        let answer = first.exchange(&add.next()).await?;
        ids.extend(answer.configuration_id);
        add_answer = answer.body;
    }
    let info = Arc::new(Source::info(&session, &ids)?);
    let info_answer = first.exchange(&info.next()).await?.body;
    report.sizes(&add.next(), &add_answer, &info.next(), &info_answer);

    for (name, source, answer) in [("Add", add, add_answer), ("Info", info, info_answer)] {
        for &connections in &options.connections {
            let own = load(options, connections, &source, address).await?;
            let bare = bare::Handler::start(workers, answer.clone())?;
            let beside = load(options, connections, &source, bare.address()).await?;
            bare.stop().await;
            report.row(name, connections, own, beside);
        }
    }
    Ok(())
}

async fn load(
    options: &Options,
    connections: u16,
    source: &Arc<Source>,
    address: SocketAddr,
) -> Result<Figures, BenchError> {
    let load = Load {
        address,
        connections,
        warm_up: Duration::from_secs(options.warm_up),
        duration: Duration::from_secs(options.seconds),
    };
    load.run(source).await
}

fn program(options: &Options) -> PathBuf {
    options.bin.clone().unwrap_or_else(|| {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        target.join("release").join("crmconf")
    })
}
