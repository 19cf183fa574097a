//! What follows from looks at a folder: which templates serve, and what the operator is told. Looks and time are handed
//! in.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::SystemTime;

use crmconf_events::CrmType;

use super::look::{Content, Look, TEMPLATE_SUFFIX};
use crate::templates::{Entry, SourceState, Template, TemplateSet};

/// What the operator is told, once for each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The folder was read for the first time, or again after it could not be.
    Read {
        /// Types that can be used.
        usable: usize,
        /// Files that are refused.
        refused: usize,
    },
    /// The folder cannot be read.
    Unreadable {
        /// Why.
        why: String,
        /// How many templates of before go on serving.
        serving: usize,
    },
    /// A file is in use that is new, or has changed.
    Taken {
        /// Its name.
        file: OsString,
        /// The template's version, in its author's words.
        version: String,
    },
    /// A file cannot be used.
    Refused {
        /// Its name.
        file: OsString,
        /// Why.
        why: String,
        /// Whether an earlier version of it goes on serving.
        serving: bool,
    },
    /// A file is gone, and with it its type.
    Removed {
        /// Its name.
        file: OsString,
    },
}

/// What a look came to.
pub(super) struct Step {
    /// The set that serves from now on; `None` where nothing changed.
    pub(super) set: Option<TemplateSet>,
    /// What the operator is told.
    pub(super) notes: Vec<Note>,
}

/// What is known of a folder.
#[derive(Default)]
pub(super) struct Reload {
    files: BTreeMap<OsString, File>,
    /// The file system that the folder was on when it was last read; `None` before it was.
    device: Option<u64>,
    /// Why the folder could not be read at the last look.
    failing: Option<String>,
    taken: Option<SystemTime>,
}

/// What is known of a file.
#[derive(Default)]
struct File {
    /// What the last look found; `None` where it was not there.
    seen: Option<Content>,
    /// What was last judged.
    judged: Option<Content>,
    /// Its last good version.
    serving: Option<Arc<Template>>,
    /// Why what was judged is not in use.
    refused: Option<String>,
}

impl Reload {
    /// Takes in a look.
    pub(super) fn take(&mut self, look: Result<Look, String>, now: SystemTime) -> Step {
        match look.and_then(|look| self.plausible(look)) {
            Ok(look) => self.read(look, now),
            Err(why) => self.unreadable(why),
        }
    }

    /// An empty folder on another file system than before is the place of a volume that is not mounted.
    fn plausible(&self, look: Look) -> Result<Look, String> {
        let moved = self.device.is_some_and(|device| device != look.device);
        if moved && look.files.is_empty() && !self.files.is_empty() {
            return Err(
                "another file system is there now, without any template: is the volume mounted?".to_owned()
            );
        }
        Ok(look)
    }

    fn unreadable(&mut self, why: String) -> Step {
        if self.failing.as_ref() == Some(&why) {
            return Step { set: None, notes: Vec::new() };
        }
        self.failing = Some(why.clone());
        let set = self.set();
        let serving = set.state().usable;
        Step { set: Some(set), notes: vec![Note::Unreadable { why, serving }] }
    }

    fn read(&mut self, look: Look, now: SystemTime) -> Step {
        let Look { device, files: mut found } = look;
        let first = self.device.replace(device).is_none();
        let back = self.failing.take().is_some();
        let mut notes = Vec::new();
        let names: BTreeSet<OsString> = self.files.keys().chain(found.keys()).cloned().collect();
        for name in names {
            let content = found.remove(&name);
            let file = self.files.entry(name.clone()).or_default();
            // At the first look nothing better serves, and what is whole is not half written.
            let stable = first || file.seen == content;
            file.seen = content;
            if stable && file.seen != file.judged {
                notes.extend(file.judge(&name));
            }
            if file.seen.is_none() && file.judged.is_none() {
                self.files.remove(&name);
            }
        }
        if first || notes.iter().any(|note| matches!(note, Note::Taken { .. } | Note::Removed { .. })) {
            self.taken = Some(now);
        }
        if first {
            // One line for all of them.
            notes.retain(|note| !matches!(note, Note::Taken { .. }));
        }
        if !(first || back) && notes.is_empty() {
            return Step { set: None, notes };
        }
        let set = self.set();
        if first || back {
            let SourceState { usable, refused, .. } = set.state();
            notes.push(Note::Read { usable, refused });
        }
        Step { set: Some(set), notes }
    }

    /// The set that serves.
    fn set(&self) -> TemplateSet {
        let refused = self.files.values().filter(|file| file.refused.is_some()).count();
        let reachable = self.failing.is_none();
        if self.device.is_none() {
            return TemplateSet::unreachable();
        }
        let entry = |(name, file): (&OsString, &File)| Some((crm_type_of(name).ok()?, file.entry()?));
        let entries: BTreeMap<CrmType, Entry> = self.files.iter().filter_map(entry).collect();
        let usable = entries.values().filter(|entry| entry.is_ok()).count();
        TemplateSet::of(entries, SourceState { usable, refused, reachable, taken: self.taken })
    }
}

impl File {
    /// Judges what was seen, and says what came of it.
    fn judge(&mut self, name: &OsStr) -> Option<Note> {
        self.judged.clone_from(&self.seen);
        let file = name.to_owned();
        let template = match &self.judged {
            None => return Some(Note::Removed { file }),
            Some(Ok(text)) => load(name, text),
            Some(Err(fault)) => Err(fault.to_string()),
        };
        match template {
            Ok(template) => {
                let version = template.version().to_owned();
                let same = self.serving.as_ref().is_some_and(|serving| serving.digest() == template.digest());
                let mended = self.refused.take().is_some();
                self.serving = Some(Arc::new(template));
                (!same || mended).then_some(Note::Taken { file, version })
            }
            Err(why) => {
                let serving = self.serving.is_some();
                self.refused = Some(why.clone());
                Some(Note::Refused { file, why, serving })
            }
        }
    }

    fn entry(&self) -> Option<Entry> {
        match (&self.serving, &self.refused) {
            (Some(template), _) => Some(Ok(Arc::clone(template))),
            (None, Some(why)) => Some(Err(Arc::from(why.as_str()))),
            (None, None) => None,
        }
    }
}

/// The type that a file's name says it is of.
///
/// # Errors
/// Why the name names no type.
pub fn crm_type_of(name: &OsStr) -> Result<CrmType, String> {
    let name = name.to_str().ok_or("the file's name is no UTF-8")?;
    let stem = name.strip_suffix(TEMPLATE_SUFFIX).ok_or("the file's name does not end in .json")?;
    CrmType::new(stem).map_err(|error| format!("the file's name, taken as CRMType, {error}"))
}

/// The template in a file of this name.
///
/// # Errors
/// Why there is none.
fn load(name: &OsStr, text: &str) -> Result<Template, String> {
    let crm_type = crm_type_of(name)?;
    // Should the validator fail on one template, the others must not suffer for it.
    let loaded = catch_unwind(|| Template::load(text));
    let loaded = loaded.map_err(|_| "the validator fails on it: a fault of the server".to_owned())?;
    let template = loaded.map_err(|fault| fault.to_string())?;
    same_type(&crm_type, template.crm_type())?;
    Ok(template)
}

/// Whether a file's name and its template speak of one type.
///
/// # Errors
/// That they do not.
pub fn same_type(named: &CrmType, inside: &CrmType) -> Result<(), String> {
    if named == inside {
        return Ok(());
    }
    Err(format!("CRMType is {:?}: the file's name must be that with {TEMPLATE_SUFFIX}", inside.as_str()))
}
