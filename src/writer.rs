//! The writer: one thread decides every command, appends what follows, and answers when it is durable and visible.
//!
//! Commands wait in a bounded queue. The thread takes all that wait, decides each on the state with the earlier ones
//! applied, and appends the accepted events as one commit: load makes commits larger, not slower.

mod batch;
mod destruction;
mod doubt;
mod engine;
mod entropy;
mod keys;
mod resolve;
mod sealing;

#[cfg(test)]
pub(crate) mod tests;

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
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use destruction::Pending;
pub(crate) use destruction::{Owner, given_up};
use engine::Engine;
pub use entropy::Entropy;
pub use keys::DataKeys;
pub use sealing::{Opened, Passwords, SEALED_BYTES_MAX};

use crate::metrics::Commits;
use crate::vault::DataKeyError;

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
    /// A data key that the request's passwords would be compared under cannot be had now.
    #[error("the request's passwords cannot be compared: {0}")]
    DataKey(DataKeyError),
    /// It was appended; but a data key that it gives up could not be destroyed yet, which is tried again.
    #[error("the change stands, but its data key is not destroyed yet: {0}")]
    NotDestroyed(String),
    /// It was appended; but the data key that it gives up is in a bucket that the vault lacks, or that is damaged.
    #[error("the change stands, but its data key is in a bucket that the vault lacks, or that is damaged")]
    BucketLacking,
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

impl WriteError {
    /// Whether what was asked for is recorded all the same.
    #[must_use]
    pub const fn stands(&self) -> bool {
        match self {
            Self::NotDestroyed(_) | Self::BucketLacking => true,
            Self::Rejected(_)
            | Self::Unavailable(_)
            | Self::DataKey(_)
            | Self::Unknown(_)
            | Self::Overloaded
            | Self::Draining => false,
        }
    }
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
    opened: Opened,
    answer: oneshot::Sender<WriteResult>,
}

/// Whether the writer takes changes; `None` while it does.
pub(crate) type Obstacle = Arc<ArcSwap<Option<Hindrance>>>;

/// Why changes are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// It may pass: a full disk may have room again. The writer looks now and then.
    Passing(String),
    /// It ends with the process only.
    Lasting(String),
}

impl Hindrance {
    fn why(&self) -> &str {
        match self {
            Self::Passing(why) | Self::Lasting(why) => why,
        }
    }

    fn kind(&self) -> Hindered {
        match self {
            Self::Passing(_) => Hindered::Passing,
            Self::Lasting(why) if why == LOST => Hindered::Lost,
            Self::Lasting(_) => Hindered::ReadOnly,
        }
    }

    /// The same in words that anyone may read: without a path, or what the system said.
    fn word(&self) -> &'static str {
        match self {
            Self::Passing(_) => "the store takes no changes for now",
            Self::Lasting(why) if why == LOST => {
                "the writer has ended after a fault; the server must be restarted"
            }
            Self::Lasting(_) => "the store is read-only until the next start",
        }
    }
}

/// What kind of thing keeps the writer from taking changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindered {
    /// It may pass.
    Passing,
    /// The store is read-only until the next start.
    ReadOnly,
    /// The writer's thread has ended after a fault of the server.
    Lost,
}

/// The queue in front of the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// How many commands wait.
    pub commands: usize,
    /// How many may.
    pub limit: usize,
}

/// How often the writer looks whether what hinders it has passed. The next change would find out too; but a load
/// balancer keeps changes away from a server that says it is not ready.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// What is told where the writer's thread has panicked.
const LOST: &str = "the writer's thread has ended after a fault of the server; restart it";

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
    /// Where data keys are to be had.
    pub keys: Arc<dyn DataKeys>,
    /// Data keys that the log has given up and the vault could not destroy.
    pub pending: Pending,
}

impl Writer {
    /// Starts the writer's thread, with room for this many waiting commands.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(origin: Origin, queue_commands_max: usize) -> std::io::Result<(Self, JoinHandle<()>)> {
        Self::start_measured(origin, queue_commands_max, Commits::off())
    }

    /// The same, telling of each commit.
    ///
    /// # Errors
    /// As there.
    pub fn start_measured(
        origin: Origin,
        queue_commands_max: usize,
        commits: Commits,
    ) -> std::io::Result<(Self, JoinHandle<()>)> {
        let (queue, jobs) = mpsc::channel(queue_commands_max);
        let obstacle = Obstacle::default();
        let mut engine = Engine::new(origin, Entropy::default(), Box::new(clock), Arc::clone(&obstacle));
        engine.measure(commits);
        let timer = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let lost = Lost(Arc::clone(&obstacle));
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || run(engine, jobs, &timer, lost))?;
        Ok((Self { queue, obstacle }, thread))
    }

    /// Has a command decided, and waits until its outcome is durable and visible.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn submit(&self, request: Request) -> WriteResult {
        self.submit_with(request, Opened::default()).await
    }

    /// The same with what opened of the request: its passwords are sealed just before the decision.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn submit_with(&self, request: Request, opened: impl Into<Opened>) -> WriteResult {
        let (answer, outcome) = oneshot::channel();
        self.queue
            .try_send(Message::Decide(Box::new(Job { request, opened: opened.into(), answer })))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => WriteError::Overloaded,
                mpsc::error::TrySendError::Closed(_) => {
                    self.obstacle().map_or(WriteError::Draining, WriteError::Unavailable)
                }
            })?;
        outcome.await.unwrap_or_else(|_| Err(WriteError::Unknown(LOST.into())))
    }

    /// Has the thread end after what was submitted before; later commands are refused.
    pub async fn stop(&self) {
        // A thread that has ended already needs no telling.
        let _ = self.queue.send(Message::Stop).await;
    }

    /// Why changes are refused now, if they are.
    #[must_use]
    pub fn obstacle(&self) -> Option<String> {
        self.obstacle.load().as_ref().as_ref().map(|hindrance| hindrance.why().to_owned())
    }
}

impl Writer {
    /// Why changes are refused now, if they are: in words that anyone may read, and as the operator needs it.
    #[must_use]
    pub fn hindrance(&self) -> Option<(&'static str, String)> {
        self.obstacle.load().as_ref().as_ref().map(|hindrance| (hindrance.word(), hindrance.why().to_owned()))
    }
}

impl Writer {
    /// What kind of thing keeps changes from being taken now, if anything does.
    #[must_use]
    pub fn hindered(&self) -> Option<Hindered> {
        self.obstacle.load().as_ref().as_ref().map(Hindrance::kind)
    }

    /// How full the queue is.
    #[must_use]
    pub fn queue(&self) -> Queue {
        let limit = self.queue.max_capacity();
        Queue { commands: limit.saturating_sub(self.queue.capacity()), limit }
    }
}

/// Leaves word when the writer's thread ends by a panic: nobody takes changes then until the next start.
struct Lost(Obstacle);

impl Drop for Lost {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("{LOST}");
            self.0.store(Arc::new(Some(Hindrance::Lasting(LOST.into()))));
        }
    }
}

/// The thread: takes all that waits, until it is told to stop or nobody is left who could send.
fn run(mut engine: Engine, mut queue: mpsc::Receiver<Message>, timer: &Runtime, lost: Lost) {
    // A local is dropped before the queue is: whoever finds the queue closed finds the reason too.
    let _lost = lost;
    let mut messages = Vec::new();
    let mut looked = Instant::now();
    loop {
        // Changes that come without a pause must not keep it from looking.
        if engine.has_to_look() && looked.elapsed() >= LOOK_EVERY {
            looked = Instant::now();
            engine.look();
        }
        let received = if engine.has_to_look() {
            let received = timer.block_on(async {
                timeout(LOOK_EVERY, queue.recv_many(&mut messages, BATCH_COMMANDS_MAX)).await
            });
            let Ok(received) = received else { continue };
            received
        } else {
            queue.blocking_recv_many(&mut messages, BATCH_COMMANDS_MAX)
        };
        if received == 0 {
            return;
        }
        let sent = messages.len();
        let mut taken = messages.drain(..);
        let jobs: Vec<_> = taken
            .by_ref()
            .map_while(|message| match message {
                Message::Decide(job) => Some(*job),
                Message::Stop => None,
            })
            .collect();
        let stopped = jobs.len() < sent;
        let rest: Vec<_> = taken.collect();
        if !jobs.is_empty() {
            engine.run_batch(jobs);
        }
        if stopped {
            refuse_rest(rest, &mut queue);
            return;
        }
    }
}

/// Answers what was sent after the message to stop: nothing of it was tried.
fn refuse_rest(messages: Vec<Message>, queue: &mut mpsc::Receiver<Message>) {
    queue.close();
    let late = messages.into_iter().chain(std::iter::from_fn(|| queue.try_recv().ok()));
    for message in late {
        if let Message::Decide(job) = message {
            let _ = job.answer.send(Err(WriteError::Draining));
        }
    }
}

/// The time of day.
pub(crate) fn clock() -> Timestamp {
    let micros = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Timestamp::from_micros(micros)
}
