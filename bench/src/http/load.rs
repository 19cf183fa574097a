//! Load: connections that each send the next request as soon as the last is answered, for a fixed time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::client::Client;
use super::requests::Source;
use crate::error::BenchError;
use crate::figures::{Figures, micros};

/// What is put on a server.
pub(super) struct Load {
    /// The server.
    pub(super) address: SocketAddr,
    /// How many connections at once.
    pub(super) connections: u16,
    /// Time that is not counted.
    pub(super) warm_up: Duration,
    /// Time that is.
    pub(super) duration: Duration,
}

impl Load {
    /// Runs it. Every answer was the expected one, or there are no figures.
    ///
    /// # Errors
    /// The first answer that is another.
    pub(super) async fn run(&self, source: &Arc<Source>) -> Result<Figures, BenchError> {
        let counted_from = Instant::now() + self.warm_up;
        let until = counted_from + self.duration;
        let mut tasks = JoinSet::new();
        for _ in 0..self.connections {
            let client = Client::connect(self.address).await?;
            tasks.spawn(connection(client, Arc::clone(source), counted_from, until));
        }
        let mut all_us = Vec::new();
        while let Some(ended) = tasks.join_next().await {
            let ended = ended.map_err(|cause| BenchError::system("a connection's task")(cause.into()))?;
            all_us.extend(ended?);
        }
        Ok(Figures::of(all_us, self.duration))
    }
}

/// The times, in microseconds, of the answers that came within the counted time.
async fn connection(
    mut client: Client,
    source: Arc<Source>,
    counted_from: Instant,
    until: Instant,
) -> Result<Vec<u32>, BenchError> {
    let mut times_us = Vec::new();
    loop {
        let request = source.next();
        let begin = Instant::now();
        let answer = client.send(&request.text).await?;
        let end = Instant::now();
        source.check(&request, answer)?;
        if end >= until {
            return Ok(times_us);
        }
        if end >= counted_from {
            times_us.push(micros(end - begin));
        }
    }
}
