//! Templates from a folder, one file `<CRMType>.json` for each type, taken over when files change.
//!
//! The folder is looked at again and again: that works on every file system, on network mounts and in containers too,
//! where notifications get lost. A look (`look.rs`) is IO; what follows from it is decided without (`reload.rs`):
//!
//! - a change counts once two looks in a row find the same, and a file counts as a template once all of it is one: a file
//!   half written is never taken;
//! - a file that cannot be used is refused alone. Was it good before in this process, its last good version goes on
//!   serving; else its type cannot be used now;
//! - a file that is gone makes its type unknown;
//! - a folder that cannot be read changes nothing: the last good set goes on serving.

mod look;
mod reload;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use look::{FILES_MAX, FileFault, TEMPLATE_SUFFIX, is_template_name, read_template};
pub use reload::{Note, crm_type_of, same_type};

use super::TemplateSet;
use look::Looker;
use reload::{Reload, Step};

/// Time between two looks: a change serves after one to two of them.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// A folder of templates, with what is known of it.
pub struct Folder {
    path: PathBuf,
    looker: Looker,
    reload: Reload,
}

impl Folder {
    /// A folder that was not looked at yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { looker: Looker::new(path.clone()), path, reload: Reload::default() }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at the folder: the set that serves from now on, if anything changed, and what the operator is told.
    pub fn look(&mut self) -> (Option<TemplateSet>, Vec<Note>) {
        let Step { set, notes } = self.reload.take(self.looker.look(), SystemTime::now());
        (set, notes)
    }
}
