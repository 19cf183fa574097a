//! Events, commands, the pure decider, commits and the hash-chained log of crmconf.
//!
//! [`command`] is what a caller wants, [`decide`] says what happens then, [`event`] is what has happened, [`state`]
//! folds it; none of these does any IO. [`commit`] chains events by their hashes, and [`log`] keeps commits: its
//! [`log::EventLog`] is the contract of every backend, with one conformance suite.
//!
//! Not here: HTTP and XML, keys and plaintext secrets (events carry [`SealedValue`] only), read models.
//!
//! Limits: 1,024 events and 900 KiB a commit ([`commit::COMMIT_EVENTS_MAX`], [`commit::COMMIT_BYTES_MAX`]); texts as
//! their types say.
//!
//! ```
//! use crmconf_events::{Scope, TelSysId};
//! let telsys = Scope::TelSys(TelSysId::new(1)?);
//! assert!(Scope::EveryTelSys.covers(&telsys));
//! # Ok::<(), crmconf_events::ScopeError>(())
//! ```

pub mod access;
pub mod command;
pub mod commit;
pub mod decide;
pub mod disk;
pub mod event;
#[cfg(feature = "testkit")]
#[doc(hidden)]
pub mod fuzzing;
pub mod json;
pub mod log;
pub mod state;
pub mod template;
#[cfg(feature = "testkit")]
pub mod told;
pub mod value;

pub use value::*;
