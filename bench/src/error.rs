//! `BenchError`: why a measurement is worth nothing.

use thiserror::Error;

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
    /// An answer was another than the one expected.
    #[error("an answer differs from the first to the same request, so the figures mean nothing: {0}")]
    OtherAnswer(String),
    /// Not everything that was answered with a success is there.
    #[error("{sent} Adds were answered with Success, but List counts {listed}")]
    Lost {
        /// Adds sent, all of them answered.
        sent: usize,
        /// Configurations that came with them.
        listed: usize,
    },
    /// An answer was not HTTP as the client reads it.
    #[error("an answer could not be read: {0}")]
    Unreadable(&'static str),
    /// The log did not do what it was asked to.
    #[error("the log, so the figures mean nothing: {0}")]
    Log(String),
    /// The vault did not do what it was asked to.
    #[error("the vault, so the figures mean nothing: {0}")]
    Vault(String),
}

impl BenchError {
    /// Names what was tried when the operating system refused.
    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |cause| Self::System { what, cause }
    }
}
