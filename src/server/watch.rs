//! Watches the folder of templates on a thread of its own, and swaps the set in use when it changes.

use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Weak};

use crate::http::app::App;
use crate::templates::TemplateSet;
use crate::templates::folder::{Folder, LOOK_INTERVAL, Note};

/// The watching thread, which ends when this is dropped. It is not waited for: a look at a network mount that does not
/// answer must not keep the server from ending.
pub(super) struct Watch {
    _stop: Sender<()>,
}

/// What serves when the server starts.
pub(super) fn first_look(folder: &mut Folder) -> TemplateSet {
    look(folder).unwrap_or_else(TemplateSet::unreachable)
}

impl Watch {
    /// Starts watching.
    pub(super) fn start(mut folder: Folder, app: Weak<App>) -> std::io::Result<Self> {
        let (stop, stopped) = mpsc::channel();
        std::thread::Builder::new().name("templates".into()).spawn(move || {
            while stopped.recv_timeout(LOOK_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                let set = look(&mut folder);
                let Some(app) = app.upgrade() else { return };
                if let Some(set) = set {
                    app.templates.store(Arc::new(set));
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

/// Looks, and tells the operator what came of it.
fn look(folder: &mut Folder) -> Option<TemplateSet> {
    let (set, notes) = folder.look();
    notes.iter().for_each(|note| tell(folder.path(), note));
    set
}

/// Names are quoted: whoever may write to the folder must not write lines of the log.
fn tell(folder: &Path, note: &Note) {
    match note {
        Note::Read { usable: 0, refused } => {
            tracing::error!(
                ?folder,
                refused,
                "the folder holds no template that can be used: no type is known"
            );
        }
        Note::Read { usable, refused } => tracing::info!(?folder, usable, refused, "templates read"),
        Note::Unreadable { why, serving: 0 } => tracing::error!(
            ?folder,
            why,
            "the folder of the templates cannot be read: changes are answered with 31001 until it can be"
        ),
        Note::Unreadable { why, serving } => tracing::error!(
            ?folder,
            why,
            serving,
            "the folder of the templates cannot be read: what was last read from it goes on serving"
        ),
        Note::Taken { file, version } => tracing::info!(?file, ?version, "template taken over"),
        Note::Refused { file, why, serving: true } => {
            tracing::error!(?file, ?why, "template refused; its last good version goes on serving");
        }
        Note::Refused { file, why, serving: false } => {
            tracing::error!(?file, ?why, "template refused; its type is answered with 31001");
        }
        Note::Removed { file } => tracing::warn!(?file, "template removed; its type is unknown now (31005)"),
    }
}
