//! Watches the source of the templates on a thread of its own, and swaps the set in use when it changes.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::templates::{Note, TemplateSet, Watched};

/// How long the start waits for the first look. A mount or a network that does not answer must not keep the server from
/// serving what needs no template.
pub(super) const FIRST_LOOK_MAX: Duration = Duration::from_secs(5);

/// The watching thread, which ends when this is dropped. It is not waited for: a look at a network mount that does not
/// answer must not keep the server from ending.
pub(super) struct Watch {
    _stop: Sender<()>,
}

/// The set in use.
pub(super) type InUse = Arc<ArcSwap<TemplateSet>>;

impl Watch {
    /// Starts watching, and waits so long for the first look.
    pub(super) fn start(source: Watched, in_use: InUse, first_look_max: Duration) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        let (looked, first) = mpsc::channel();
        let named = source.to_string();
        std::thread::Builder::new()
            .name("templates".into())
            .spawn(move || watch(source, &in_use, &looked, &stopped))?;
        if first.recv_timeout(first_look_max) == Err(RecvTimeoutError::Timeout) {
            tracing::error!(
                source = named,
                waited_s = first_look_max.as_secs(),
                "the templates cannot be read yet: changes are answered with 31001 until they are"
            );
        }
        Ok(Self { _stop: stop })
    }
}

/// Looks until it is told to stop.
fn watch(mut source: Watched, in_use: &ArcSwap<TemplateSet>, looked: &Sender<()>, stopped: &Receiver<()>) {
    loop {
        let (set, notes) = source.look();
        let named = source.to_string();
        notes.iter().for_each(|note| tell(&named, note));
        if let Some(set) = set {
            in_use.store(Arc::new(set));
        }
        // Nobody waits but for the first.
        let _ = looked.send(());
        if stopped.recv_timeout(source.interval()) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// Tells the operator. Names are quoted: whoever may write templates must not write lines of the log.
fn tell(source: &str, note: &Note) {
    match note {
        Note::Read { usable: 0, refused } => {
            tracing::error!(source, refused, "no template there can be used: no type is known");
        }
        Note::Read { usable, refused } => tracing::info!(source, usable, refused, "templates read"),
        Note::Unreadable { why, serving: 0 } => tracing::error!(
            source,
            why,
            "the templates cannot be read: changes are answered with 31001 until they can be"
        ),
        Note::Unreadable { why, serving } => tracing::error!(
            source,
            why,
            serving,
            "the templates cannot be read: what was last read goes on serving"
        ),
        Note::Taken { document, version } => tracing::info!(?document, ?version, "template taken over"),
        Note::Refused { document, why, serving: true } => {
            tracing::error!(?document, ?why, "template refused; its last good version goes on serving");
        }
        Note::Refused { document, why, serving: false } => {
            tracing::error!(?document, ?why, "template refused; its type is answered with 31001");
        }
        Note::Removed { document } => {
            tracing::warn!(?document, "template removed; its type is unknown now (31005)");
        }
    }
}
