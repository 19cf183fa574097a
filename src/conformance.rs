//! The contract of the API as pairs of requests and responses (`tests/corpus`), and how a server is held to it.
//!
//! Data flows one way: the [`Corpus`] is read, a [`Run`] dresses each request for its [`Way`], sends it, and holds what
//! comes against what must come. It asks any server: of this one it shares the strict XML reader and the cipher of password
//! fields. (`tests/interop/corpus.py` shares nothing.)

mod compare;
mod corpus;
#[cfg(test)]
mod examples;
mod kind;
mod run;
mod template;
mod tree;
mod way;

#[cfg(test)]
mod tests;

pub use compare::Difference;
pub use corpus::{Case, Chapter, Corpus, CorpusError, Files, Http, built_in_files};
pub use run::{Account, Outcome, Request, Response, Run, Server, Stop};
pub use way::Way;
