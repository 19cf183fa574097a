//! Templates from a folder, one file `<CRMType>.json` for each type, taken over when files change.
//!
//! The folder is looked at again and again: that works on every file system, on network mounts and in containers too,
//! where notifications get lost. A look (`look.rs`) is IO; what follows from it is decided without (`../reload.rs`):
//!
//! - a change counts once two looks in a row find the same, and a file counts as a template once all of it is one: a file
//!   half written is never taken;
//! - a file that cannot be used is refused alone. Was it good before in this process, its last good version goes on
//!   serving; else its type cannot be used now;
//! - a file that is gone makes its type unknown;
//! - a folder that cannot be read changes nothing: the last good set goes on serving.

mod look;
mod name;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use look::{FILES_MAX, FileFault, read_template};
pub use name::{TEMPLATE_SUFFIX, crm_type_of, is_template_name, same_type};

use super::watched::Watched;
use look::Looker;

/// Time between two looks: a change serves after one to two of them.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A folder that was not looked at yet.
#[must_use]
pub fn watched(path: PathBuf) -> Watched {
    Watched::new(Looker::new(path))
}
