//! `Watched`: a source of templates that changes while the server runs, with what is known of it.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use super::reload::{Documents, Look, Note, Reload, Step};
use super::{TemplateSet, folder, table};
use crate::settings::TemplatesPlace;

/// Why a look came to nothing, where a panic ended it. What it said is in the lines of standard error.
const PANICKED: &str = "looking at them ended in a panic, a fault of the server: it is tried again";

/// What one kind of source does differently from another. Shown as people call it in a line of the log.
pub(crate) trait Looks: fmt::Display + Send {
    /// What its documents are.
    fn documents(&self) -> Documents;

    /// Time between two looks.
    fn interval(&self) -> Duration;

    /// What is there now. May take long, but not for ever.
    ///
    /// # Errors
    /// Why the source cannot be read as a whole.
    fn look(&mut self) -> Result<Look, String>;
}

/// A source that is looked at again and again.
pub struct Watched {
    looks: Box<dyn Looks>,
    reload: Reload,
}

impl Watched {
    /// A source that was not looked at yet.
    pub(crate) fn new(looks: impl Looks + 'static) -> Self {
        let reload = Reload::new(looks.documents());
        Self { looks: Box::new(looks), reload }
    }

    /// The source that the settings name; none where templates are built in.
    #[must_use]
    pub fn of(place: &TemplatesPlace) -> Option<Self> {
        match place {
            TemplatesPlace::BuiltIn => None,
            TemplatesPlace::Folder(path) => Some(folder::watched(path.clone())),
            TemplatesPlace::Table(settings) => Some(table::watched(settings.clone())),
        }
    }

    /// Time between two looks.
    #[must_use]
    pub fn interval(&self) -> Duration {
        self.looks.interval()
    }

    /// Looks: the set that serves from now on, if anything changed, and what the operator is told.
    pub fn look(&mut self) -> (Option<TemplateSet>, Vec<Note>) {
        let now = SystemTime::now();
        // Whoever watches would end with a panic, and templates would never change again. What was taken in stays: it is
        // changed document by document, and each of them is whole.
        let looked = catch_unwind(AssertUnwindSafe(|| {
            let look = self.looks.look();
            self.reload.take(look, now)
        }));
        let step = looked.unwrap_or_else(|_| self.reload.take(Err(PANICKED.to_owned()), now));
        let Step { set, notes } = step;
        (set, notes)
    }
}

impl fmt::Display for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.looks.fmt(f)
    }
}
