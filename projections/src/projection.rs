//! What a projection is.

use std::fmt;

use crmconf_events::event::Envelope;

/// A pure fold of envelopes into a read model.
///
/// `apply` sees every envelope of the log, in order, each once; the [`Projector`](crate::Projector) sees to that. It
/// names every kind of event, so that a new kind breaks the build until someone decides what it means here.
pub trait Projection: Clone + Default {
    /// Its name in checkpoints and dumps.
    const NAME: &'static str;
    /// Raised whenever the same events would lead to another read model; one of another version is rebuilt.
    const VERSION: u32;

    /// Takes in an envelope.
    fn apply(&mut self, envelope: &Envelope);

    /// Writes the whole read model as text, the same for the same events: for goldens, `replay` and comparisons.
    ///
    /// # Errors
    /// When `out` cannot be written.
    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result;
}
