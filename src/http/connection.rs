//! `Connection`: a client's stream that ends itself when its client keeps it waiting.
//!
//! actix-http limits the time of a connection's first request head and of a pause between requests, and nothing else:
//! one byte of a second request, or answers that nobody takes, would hold a connection, its file descriptor and its
//! memory for ever. So the stream itself keeps the time. It sees every byte that moves, its handlers tell it while
//! they run, and what goes on for too long looks to actix like a client that has left.

mod stream;

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use metrics::Gauge;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep_until};

pub(super) use stream::Stream;

/// How long a client may keep its connection waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// From the first byte of a request to the end of its head.
    pub head: Duration,
    /// From an answer, or the connection's beginning, to the end of the next request's head.
    pub idle: Duration,
    /// From the moment at which the client takes no more of an answer. What it takes after that gains it time, at
    /// [`ANSWER_BYTES_PER_S`], but never more than it had at first: who takes much quickly may not rest for hours.
    pub answer: Duration,
}

/// The slowest that an answer may be taken, in bytes a second, once the system's own buffers are full.
pub const ANSWER_BYTES_PER_S: u32 = 8 * 1_024;

impl Patience {
    /// The patience of the server: with request heads as configured.
    #[must_use]
    pub const fn with_head(head: Duration) -> Self {
        Self { head, idle: Duration::from_secs(75), answer: Duration::from_secs(30) }
    }
}

/// What a connection waits for, as its handlers and its stream see it. Shared by these, all on one thread.
#[derive(Clone)]
pub(super) struct Activity(Rc<Waiting>);

struct Waiting {
    handlers: Cell<u32>,
    /// How many of these are answers of which more is to come.
    answers: Cell<u32>,
    /// Since when no request was under way.
    idle_since: Cell<Instant>,
    /// Since when a head arrives; also the rest of a body that its handler left unread.
    head_since: Cell<Option<Instant>>,
}

/// A handler runs while this is held: then it is not the client that is waited for.
pub(super) struct Handling(Activity);

/// More of an answer is to come while this is held: what the stream was given so far is not the whole.
pub(super) struct Answering(Handling);

impl Activity {
    fn new() -> Self {
        let idle_since = Cell::new(Instant::now());
        Self(Rc::new(Waiting {
            handlers: Cell::default(),
            answers: Cell::default(),
            idle_since,
            head_since: Cell::default(),
        }))
    }

    /// A handler begins to run.
    pub(super) fn handle(&self) -> Handling {
        self.0.handlers.set(self.0.handlers.get() + 1);
        self.0.head_since.set(None);
        Handling(self.clone())
    }

    /// A handler has an answer that is handed on in pieces.
    pub(super) fn answer(&self) -> Answering {
        self.0.answers.set(self.0.answers.get() + 1);
        Answering(self.handle())
    }

    fn is_answering(&self) -> bool {
        self.0.answers.get() > 0
    }

    fn is_handled(&self) -> bool {
        self.0.handlers.get() > 0
    }

    /// Whether the client has nothing under way, not even the beginning of a request.
    fn is_idle(&self) -> bool {
        !self.is_handled() && self.0.head_since.get().is_none()
    }

    /// Bytes came from the client.
    fn arrived(&self) {
        if self.is_idle() {
            self.0.head_since.set(Some(Instant::now()));
        }
    }

    /// When the next request's head must be complete; `None` while a request is handled.
    fn deadline(&self, patience: &Patience) -> Option<Instant> {
        if self.is_handled() {
            return None;
        }
        let idle = self.0.idle_since.get() + patience.idle;
        Some(self.0.head_since.get().map_or(idle, |since| idle.min(since + patience.head)))
    }
}

impl Drop for Handling {
    fn drop(&mut self) {
        let Self(Activity(waiting)) = self;
        waiting.handlers.set(waiting.handlers.get().saturating_sub(1));
        waiting.idle_since.set(Instant::now());
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let Self(Handling(Activity(waiting))) = self;
        waiting.answers.set(waiting.answers.get().saturating_sub(1));
    }
}

/// Counts a connection as open until it is dropped.
pub(super) struct Counted(Gauge);

impl Counted {
    pub(super) fn new(open: &Gauge) -> Self {
        open.increment(1.0);
        Self(open.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// A client's stream.
pub(super) struct Connection {
    stream: Stream,
    _counted: Counted,
    patience: Patience,
    activity: Activity,
    /// When an answer that the client does not take must have gone on; `None` while all of it could be written.
    stuck_until: Option<Instant>,
    /// Ends when the server drains.
    draining: Pin<Box<dyn Future<Output = ()>>>,
    drained: bool,
    /// Whether the task was woken once to look at a stream that is at its end.
    nudged: bool,
    /// Wakes the task no later than at the next deadline.
    timer: Pin<Box<Sleep>>,
}

impl Connection {
    /// A stream that was accepted just now, its handshake done where it has one. Once `draining` turns true it ends as
    /// soon as nothing is under way.
    pub(super) fn new(
        stream: Stream,
        counted: Counted,
        patience: Patience,
        mut draining: watch::Receiver<bool>,
    ) -> Self {
        Self {
            stream,
            _counted: counted,
            patience,
            activity: Activity::new(),
            stuck_until: None,
            // A server that is gone does not wait for its clients either.
            draining: Box::pin(async move { drop(draining.wait_for(|draining| *draining).await) }),
            drained: false,
            nudged: false,
            timer: Box::pin(sleep_until(Instant::now() + patience.idle)),
        }
    }

    /// What its handlers tell that they run.
    pub(super) fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Whether a deadline has passed; if not, the task is woken when it does.
    fn has_passed(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        loop {
            if Instant::now() >= deadline {
                return true;
            }
            // A timer that is early costs one look; setting it anew for each request would cost more.
            if self.timer.deadline() > deadline || self.timer.is_elapsed() {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(context).is_pending() {
                return false;
            }
        }
    }

    /// Whether nothing more is to be read: the client took too long, or the server drains and nothing is under way.
    fn is_at_end(&mut self, context: &mut Context<'_>) -> bool {
        self.drained = self.drained || self.draining.as_mut().poll(context).is_ready();
        if self.drained && self.activity.is_idle() {
            return true;
        }
        match self.activity.deadline(&self.patience) {
            Some(deadline) => self.has_passed(deadline, context),
            None => false,
        }
    }
}

impl Connection {
    /// The client takes nothing at the moment: an error once it had its time.
    fn poll_stuck(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let until = *self.stuck_until.get_or_insert_with(|| Instant::now() + self.patience.answer);
        if !self.has_passed(until, context) {
            return Poll::Pending;
        }
        // What the system still holds for this client goes as well.
        Poll::Ready(match self.stream.tcp().set_zero_linger() {
            Ok(()) => io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer"),
            Err(error) => error,
        })
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let filled = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                if buffer.filled().len() > filled {
                    this.activity.arrived();
                }
                Poll::Ready(read)
            }
            // Reading nothing is how a stream ends: actix closes it as if the client had.
            Poll::Pending if this.is_at_end(context) => Poll::Ready(Ok(())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if let Poll::Ready(written) = Pin::new(&mut this.stream).poll_write(context, bytes) {
            if let (Some(until), Ok(written)) = (&mut this.stuck_until, &written) {
                let gained = Duration::from_secs(*written as u64) / ANSWER_BYTES_PER_S;
                *until = (*until + gained).min(Instant::now() + this.patience.answer);
            }
            return Poll::Ready(written);
        }
        this.poll_stuck(context).map(Err)
    }

    /// actix flushes when all that it had to write was taken: an answer, or a piece of one. Under TLS the last of it
    /// may still wait here, sealed, for a client that does not take it.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        match Pin::new(&mut this.stream).poll_flush(context) {
            Poll::Ready(flushed) => flushed?,
            Poll::Pending => return this.poll_stuck(context).map(Err),
        }
        if !this.activity.is_answering() {
            this.stuck_until = None;
        }
        // A handler may have ended since the stream was read; nothing else would look at the time until it is read
        // again.
        if this.is_at_end(context) && !this.nudged {
            this.nudged = true;
            context.waker().wake_by_ref();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
