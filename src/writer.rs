//! The writer: one thread decides every command, appends what follows, and answers when it is durable and visible.
//!
//! Commands wait in a bounded queue. The thread takes all that wait, decides each on the state with the earlier ones
//! applied, and appends the accepted events as one commit: load makes commits larger, not slower.

mod engine;
mod entropy;
mod resolve;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use crmconf_events::Timestamp;
use crmconf_events::command::Request;
use crmconf_events::decide::{Outcome, Rejection};
use crmconf_events::log::EventLog;
use crmconf_events::state::State;
use crmconf_projections::{Projector, ReadModel};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use engine::Engine;
pub use entropy::Entropy;

/// How many waiting commands one commit takes at most: no more than a commit has room for.
const BATCH_COMMANDS_MAX: usize = 1_024;

/// The read models that everyone reads: replaced as a whole after each commit.
pub type Views = Arc<ArcSwap<ReadModel>>;

/// Why a command has no outcome.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The domain said no.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Nothing was appended, for sure.
    #[error("the store takes no changes now: {0}")]
    Unavailable(String),
    /// It may have been appended or not.
    #[error("the outcome is not known: {0}")]
    Unknown(String),
    /// As many commands wait as may.
    #[error("too many changes are waiting")]
    Overloaded,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Draining,
}

/// What a command leads to, as its caller is told.
pub type WriteResult = Result<Option<Outcome>, WriteError>;

/// What the writer's thread is sent.
enum Message {
    /// A command to decide.
    Decide(Box<Job>),
    /// Decide what was sent before this, and end.
    Stop,
}

/// A command on its way, and where its answer goes.
pub(crate) struct Job {
    request: Request,
    answer: oneshot::Sender<WriteResult>,
}

/// Whether the writer takes changes; `None` while it does.
pub(crate) type Obstacle = Arc<ArcSwap<Option<Hindrance>>>;

/// Why changes are refused.
#[derive(Clone, Debug)]
pub(crate) struct Hindrance {
    why: String,
    since: Instant,
    /// Whether it ends with the process only; a full disk may have room again at the next try.
    lasting: bool,
}

/// How long `/readyz` tells of a hindrance that may have passed: then the next change is to find out, which none
/// would do that a load balancer keeps away.
const PASSING_SHOWN: Duration = Duration::from_secs(10);

/// Hands commands to the writer's thread. Clones share it; it ends when the last one is gone.
#[derive(Clone)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    obstacle: Obstacle,
}

/// What the writer starts from: the log, and what was folded from it.
pub struct Origin {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The decision state as of the log's head.
    pub state: State,
    /// The read models as of the log's head.
    pub projector: Projector,
    /// Where read models are published.
    pub views: Views,
}

impl Writer {
    /// Starts the writer's thread, with room for this many waiting commands.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(origin: Origin, queue_commands_max: usize) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(queue_commands_max);
        let obstacle = Obstacle::default();
        let engine = Engine::new(origin, Entropy::default(), Box::new(clock), Arc::clone(&obstacle));
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || run(engine, jobs))?;
        Ok((Self { queue, obstacle }, thread))
    }

    /// Has a command decided, and waits until its outcome is durable and visible.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn submit(&self, request: Request) -> WriteResult {
        let (answer, outcome) = oneshot::channel();
        self.queue.try_send(Message::Decide(Box::new(Job { request, answer }))).map_err(
            |error| match error {
                mpsc::error::TrySendError::Full(_) => WriteError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => WriteError::Draining,
            },
        )?;
        outcome.await.unwrap_or_else(|_| Err(WriteError::Unknown("the writer stopped".into())))
    }

    /// Has the thread end after what was submitted before; later commands are refused.
    pub async fn stop(&self) {
        // A thread that has ended already needs no telling.
        let _ = self.queue.send(Message::Stop).await;
    }

    /// Why changes are refused now, if they are.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        let obstacle = self.obstacle.load();
        let shown = |hindrance: &&Hindrance| hindrance.lasting || hindrance.since.elapsed() < PASSING_SHOWN;
        obstacle.as_ref().as_ref().filter(shown).map(|hindrance| hindrance.why.clone())
    }
}

/// The thread: takes all that waits, until it is told to stop or nobody is left who could send.
fn run(mut engine: Engine, mut queue: mpsc::Receiver<Message>) {
    let mut messages = Vec::new();
    while queue.blocking_recv_many(&mut messages, BATCH_COMMANDS_MAX) > 0 {
        let sent = messages.len();
        let jobs: Vec<_> = messages
            .drain(..)
            .map_while(|message| match message {
                Message::Decide(job) => Some(*job),
                Message::Stop => None,
            })
            .collect();
        let stopped = jobs.len() < sent;
        if !jobs.is_empty() {
            engine.run_batch(jobs);
        }
        if stopped {
            return;
        }
    }
}

/// The time of day.
fn clock() -> Timestamp {
    let micros = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Timestamp::from_micros(micros)
}
