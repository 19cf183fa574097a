//! The crmconf process that is measured: the demo, in a folder of its own, on a port that the system picks.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::error::BenchError;

/// How the demo's first line begins; the address follows.
const GREETING: &str = "crmconf demo: http://";
/// Where the log lines go. They are written as in production, one for each request.
const LOG_FILE: &str = "crmconf.log";

/// A running crmconf, killed when it is dropped.
pub(super) struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts it and waits until it answers requests.
    ///
    /// # Errors
    /// When it does not start; then with what it said.
    pub(super) fn start(
        program: &Path,
        data: &Path,
        workers: usize,
        folder: &Path,
    ) -> Result<Self, BenchError> {
        let not_started =
            |why: String| BenchError::NotStarted { program: program.display().to_string(), why };
        let log_path = folder.join(LOG_FILE);
        let log = File::create(&log_path).map_err(BenchError::system("the server's log file"))?;
        let child = Command::new(program)
            .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--workers", &workers.to_string(), "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(|cause| not_started(format!("{cause}; build it with `cargo build --release`")))?;
        let mut server = Self { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut line = String::new();
        if let Some(output) = server.child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(BenchError::system("the server's greeting"))?;
        }
        let address = line.strip_prefix(GREETING).and_then(|rest| rest.split('/').next()?.parse().ok());
        server.address = address.ok_or_else(|| {
            not_started(std::fs::read_to_string(&log_path).unwrap_or_default().trim().to_owned())
        })?;
        Ok(server)
    }

    /// The id of its process.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Where it answers.
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its data are thrown away with the temporary folder: there is nothing to end in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
