//! Load: connections that each send the next request as soon as the last is answered, for a fixed time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::BenchError;
use super::client::Client;
use super::requests::Source;

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

/// What came out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figures {
    /// Answers a second.
    pub(super) per_second: f64,
    /// Median time to the whole answer, in microseconds.
    pub(super) p50_us: u32,
    /// The time that 99 of 100 answers kept within, in microseconds.
    pub(super) p99_us: u32,
}

impl Load {
    /// Runs it. Every answer was a success, or there are no figures.
    ///
    /// # Errors
    /// The first answer that is no success.
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
        client.send(&request).await?;
        let end = Instant::now();
        if end >= until {
            return Ok(times_us);
        }
        if end >= counted_from {
            times_us.push(u32::try_from((end - begin).as_micros()).unwrap_or(u32::MAX));
        }
    }
}

impl Figures {
    /// Of all times measured within a duration.
    pub(super) fn of(mut times_us: Vec<u32>, duration: Duration) -> Self {
        times_us.sort_unstable();
        let count = times_us.len();
        let at = |percent: usize| {
            let rank = (count * percent).div_ceil(100).saturating_sub(1);
            times_us.get(rank).copied().unwrap_or_default()
        };
        let answers = f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        Self { per_second: answers / duration.as_secs_f64(), p50_us: at(50), p99_us: at(99) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let figures = Figures::of((1..=200).rev().collect(), Duration::from_secs(2));
        assert_eq!(figures, Figures { per_second: 100.0, p50_us: 100, p99_us: 198 });
        assert_eq!(Figures::of(Vec::new(), Duration::from_secs(1)), Figures::default());
    }
}
