//! `Beside`: a task that runs beside the listener, and ends with the server.

use std::future::Future;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

/// A task that ends when this is dropped. What it has submitted to the writer is decided all the same, or refused by one that
/// has ended.
pub(super) struct Beside(JoinHandle<()>);

impl Beside {
    /// Starts a task.
    pub(super) fn run(task: impl Future<Output = ()> + Send + 'static, runtime: &Handle) -> Self {
        Self(runtime.spawn(task))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.0.abort();
    }
}
