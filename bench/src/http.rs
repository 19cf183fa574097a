//! How many Adds and Infos a second does crmconf answer over HTTP, beside a bare handler and the raw disk?
//!
//! One run measures, in this order and on the same disk: the raw floor, Add and Info with each number of connections
//! against crmconf, the same requests against a bare actix-web handler that answers the same bytes, the raw floor
//! again (the disk may be shared: two floors that differ say that the figures between them are as uncertain).

mod bare;
mod client;
mod load;
mod report;
mod requests;
mod server;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::BenchError;
use crate::figures::Figures;
use crate::floor::Floor;
use crate::written::Meter;
use client::Client;
use load::Load;
use report::{Report, Row};
use requests::Source;
use server::Server;

/// Requests that Info rotates over.
const INFO_CONFIGURATIONS: usize = 64;
/// Bytes of one write of the raw floor: the size that the figures of other systems were measured with.
const FLOOR_BYTES: usize = 1_024;

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
    let floor = Floor { write_bytes: FLOOR_BYTES, writes_max: u64::MAX, duration_max: duration };
    report.floor("before", floor.measure(folder.path())?.figures);
    runtime.block_on(measure(options, workers, folder.path(), &mut report))?;
    report.floor("after", floor.measure(folder.path())?.figures);
    report.print().map_err(BenchError::system("the table cannot be written"))
}

async fn measure(
    options: &Options,
    workers: usize,
    folder: &Path,
    report: &mut Report,
) -> Result<(), BenchError> {
    let server = Server::start(&program(options), &folder.join("data"), workers, folder)?;
    let mut first = Client::connect(server.address()).await?;
    let session = requests::sign_in(&mut first).await?;
    let before = requests::total(&mut first, &session).await?;
    let mut add = Source::add(&session);
    add.learn(&mut first).await?;
    let mut ids = Vec::new();
    for _ in 0..INFO_CONFIGURATIONS {
        ids.extend(first.exchange(&add.next().text).await?.configuration_id);
    }
    let mut info = Source::info(&session, &ids)?;
    info.learn(&mut first).await?;
    report.sizes(&add, &info);

    let bench = Bench { options, workers, folder, server };
    let add = Arc::new(add);
    bench.operation("Add", &add, report).await?;
    let listed = requests::total(&mut first, &session).await?.saturating_sub(before);
    if listed != add.taken() {
        return Err(BenchError::Lost { sent: add.taken(), listed });
    }
    bench.operation("Info", &Arc::new(info), report).await
}

/// What every measurement needs.
struct Bench<'a> {
    options: &'a Options,
    workers: usize,
    folder: &'a Path,
    server: Server,
}

impl Bench<'_> {
    /// Measures an operation with each number of connections, crmconf first and the bare handler right after it.
    async fn operation(
        &self,
        name: &'static str,
        source: &Arc<Source>,
        report: &mut Report,
    ) -> Result<(), BenchError> {
        let meter = Meter::of(self.server.process(), self.folder)?;
        for &connections in &self.options.connections {
            let (taken, before) = (source.taken(), meter.settled(self.folder)?);
            let own = self.load(connections, source, self.server.address()).await?;
            let written = meter.settled(self.folder)?.since(before);
            let requests = source.taken().saturating_sub(taken);

            let bare = bare::Handler::start(self.workers, source.first_answer().to_vec())?;
            let alike = Arc::new(source.answered_alike());
            let beside = self.load(connections, &alike, bare.address()).await?;
            bare.stop().await;
            report.row(Row { name, connections, own, bare: beside, written, requests });
        }
        Ok(())
    }

    async fn load(
        &self,
        connections: u16,
        source: &Arc<Source>,
        address: SocketAddr,
    ) -> Result<Figures, BenchError> {
        let load = Load {
            address,
            connections,
            warm_up: Duration::from_secs(self.options.warm_up),
            duration: Duration::from_secs(self.options.seconds),
        };
        load.run(source).await
    }
}

fn program(options: &Options) -> PathBuf {
    options.bin.clone().unwrap_or_else(|| {
        let target =
            std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        target.join("release").join("crmconf")
    })
}
