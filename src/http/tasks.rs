//! `Tasks`: work that goes on when the client of its request has left, and that the end of the process waits for.

use std::future::Future;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

/// Runs tasks beside the listener's workers, which end without them, and counts them. Clones share the count.
#[derive(Clone, Debug)]
pub struct Tasks {
    runtime: Handle,
    running: Arc<watch::Sender<usize>>,
}

/// A task counts as long as this is there.
struct Counted(Arc<watch::Sender<usize>>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running = running.saturating_sub(1));
    }
}

impl Tasks {
    /// None yet, on a runtime that is to outlive the listener.
    #[must_use]
    pub fn on(runtime: Handle) -> Self {
        Self { runtime, running: Arc::new(watch::Sender::new(0)) }
    }

    /// Runs work to its end, whoever waits for that.
    pub fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.running.send_modify(|running| *running = running.saturating_add(1));
        let counted = Counted(Arc::clone(&self.running));
        self.runtime.spawn(async move {
            let outcome = work.await;
            drop(counted);
            outcome
        })
    }

    /// Waits until none runs; how many still do when the time is up.
    pub async fn ended_by(&self, deadline: Instant) -> usize {
        let mut running = self.running.subscribe();
        // The sender is here, so that this cannot end for another reason.
        let _ = timeout_at(deadline, running.wait_for(|running| *running == 0)).await;
        *self.running.borrow()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn a_task_that_nobody_waits_for_counts_until_it_ends_also_by_a_panic() {
        let tasks = Tasks::on(Handle::current());
        let (go, gone) = oneshot::channel::<()>();
        drop(tasks.run(async move { drop(gone.await) }));
        assert!(tasks.run(async { panic!("as a task might") }).await.is_err());
        assert_eq!(tasks.ended_by(Instant::now() + Duration::from_millis(20)).await, 1);
        go.send(()).unwrap();
        assert_eq!(tasks.ended_by(Instant::now() + Duration::from_secs(20)).await, 0);
    }
}
