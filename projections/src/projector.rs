//! The projector: hands each envelope to every projection, in order, each once.

use std::fmt;

use crmconf_events::event::{Envelope, Event};
use crmconf_events::{Sequence, StoreId, Timestamp};
use thiserror::Error;

use crate::dump::section;
use crate::projection::Projection;
use crate::{Accounts, Configurations, Directory, Retired, Templates};

/// All read models as of one instant. Cloning is cheap, and a clone never changes.
#[derive(Clone, Default)]
pub struct ReadModel {
    /// The store they are of.
    pub store: Option<StoreId>,
    /// The last event taken in.
    pub last: Option<Sequence>,
    /// When its commit was made.
    pub time: Timestamp,
    /// Live configurations.
    pub configurations: Configurations,
    /// Deleted configurations whose data key stands still.
    pub retired: Retired,
    /// Telephone systems, partitions and devices.
    pub directory: Directory,
    /// Accounts.
    pub accounts: Accounts,
    /// Templates that the log has recorded.
    pub templates: Templates,
}

/// Why an envelope cannot be the next one. Each of these is a broken log or a broken program, never repaired here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OutOfStep {
    /// Events are missing between the last one and this.
    #[error("event {found} comes after event {expected} was due: events are missing")]
    Gap {
        /// The sequence that was due.
        expected: Sequence,
        /// The sequence that came.
        found: Sequence,
    },
    /// The event, or one in its place, was taken in already.
    #[error("event {found} was taken in already; event {expected} is due")]
    Duplicate {
        /// The sequence that was due.
        expected: Sequence,
        /// The sequence that came.
        found: Sequence,
    },
    /// The read models hold events that the log does not.
    #[error(
        "the read models are at event {at}, ahead of the log, which ends at {head:?}: the log lost something"
    )]
    AheadOfLog {
        /// The last event taken in.
        at: Sequence,
        /// The log's last event.
        head: Option<Sequence>,
    },
}

/// Keeps the read models in step with the log.
#[derive(Clone, Default)]
pub struct Projector {
    view: ReadModel,
}

impl Projector {
    /// The last event taken in.
    #[must_use]
    pub const fn last(&self) -> Option<Sequence> {
        self.view.last
    }

    /// The read models as they stand.
    #[must_use]
    pub const fn view(&self) -> &ReadModel {
        &self.view
    }

    /// Takes in the next envelope.
    ///
    /// # Errors
    /// When it is not the next one; nothing is taken in then.
    pub fn apply(&mut self, envelope: &Envelope) -> Result<(), OutOfStep> {
        let expected = Sequence::after(self.view.last);
        let found = envelope.sequence;
        if found > expected {
            return Err(OutOfStep::Gap { expected, found });
        }
        if found < expected {
            return Err(OutOfStep::Duplicate { expected, found });
        }
        let ReadModel { store, last, time, configurations, retired, directory, accounts, templates } =
            &mut self.view;
        if let Event::StoreCreated(created) = &envelope.event {
            *store = Some(created.store);
        }
        *last = Some(found);
        *time = envelope.time;
        configurations.apply(envelope);
        retired.apply(envelope);
        directory.apply(envelope);
        accounts.apply(envelope);
        templates.apply(envelope);
        Ok(())
    }

    /// Checks that the log holds at least what was taken in.
    ///
    /// # Errors
    /// When it does not.
    pub fn check_against(&self, head: Option<Sequence>) -> Result<(), OutOfStep> {
        match self.view.last {
            Some(at) if Some(at) > head => Err(OutOfStep::AheadOfLog { at, head }),
            Some(_) | None => Ok(()),
        }
    }
}

/// The whole state as sectioned text: the same events give the same text.
impl fmt::Display for ReadModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, last, time, configurations, retired, directory, accounts, templates } = self;
        match (store, last) {
            (Some(store), Some(last)) => {
                writeln!(f, "store {store} after event {last}, committed at {} µs", time.as_micros())?;
            }
            (Some(_) | None, Some(_) | None) => writeln!(f, "no store")?,
        }
        section(f, configurations)?;
        section(f, retired)?;
        section(f, directory)?;
        section(f, accounts)?;
        section(f, templates)
    }
}
