//! What follows from looks at a source of templates: which of them serve, and what the operator is told. Looks and time
//! are handed in.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::SystemTime;

use crmconf_events::CrmType;

use super::{Entry, SourceState, Template, TemplateSet, folder, table};

/// The text of a document, or why it cannot be had.
pub(crate) type Content = Result<Arc<str>, String>;

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The file system that a folder is on; a table is always on the same.
    pub(crate) device: u64,
    /// The documents of templates, by name.
    pub(crate) documents: BTreeMap<OsString, Content>,
}

/// What the documents of a source are, and so how they are named and when they count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Documents {
    /// Files of a folder. One that is looked at may be half written.
    #[default]
    Files,
    /// Items of a table, each written as a whole.
    Items,
}

/// What the operator is told, once for each change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The source was read for the first time, or again after it could not be.
    Read {
        /// Types that can be used.
        usable: usize,
        /// Documents that are refused.
        refused: usize,
    },
    /// The source cannot be read.
    Unreadable {
        /// Why.
        why: String,
        /// How many templates of before go on serving.
        serving: usize,
    },
    /// A document is in use that is new, or has changed.
    Taken {
        /// Its name.
        document: OsString,
        /// The template's version, in its author's words.
        version: String,
    },
    /// A document cannot be used.
    Refused {
        /// Its name.
        document: OsString,
        /// Why.
        why: String,
        /// Whether an earlier version of it goes on serving.
        serving: bool,
    },
    /// A document is gone, and with it its type.
    Removed {
        /// Its name.
        document: OsString,
    },
}

/// What a look came to.
pub(super) struct Step {
    /// The set that serves from now on; `None` where nothing changed.
    pub(super) set: Option<TemplateSet>,
    /// What the operator is told.
    pub(super) notes: Vec<Note>,
}

/// What is known of a source.
#[derive(Default)]
pub(super) struct Reload {
    kind: Documents,
    documents: BTreeMap<OsString, Document>,
    /// The file system that a folder was on when it was last read; `None` before it was.
    device: Option<u64>,
    /// Why the source could not be read at the last look.
    failing: Option<String>,
    taken: Option<SystemTime>,
}

/// What is known of a document.
#[derive(Default)]
struct Document {
    /// What the last look found; `None` where it was not there.
    seen: Option<Content>,
    /// What was last judged.
    judged: Option<Content>,
    /// Its last good version.
    serving: Option<Arc<Template>>,
    /// Why what was judged is not in use.
    refused: Option<String>,
}

impl Documents {
    /// The type that a document's name says it is of.
    fn crm_type_of(self, name: &OsStr) -> Result<CrmType, String> {
        match self {
            Self::Files => folder::crm_type_of(name),
            Self::Items => table::crm_type_of(name),
        }
    }

    /// Whether a document's name and its template speak of one type.
    fn same_type(self, named: &CrmType, inside: &CrmType) -> Result<(), String> {
        match self {
            Self::Files => folder::same_type(named, inside),
            Self::Items => table::same_type(named, inside),
        }
    }

    /// Whether a single look shows documents as their author means them.
    const fn whole(self) -> bool {
        match self {
            Self::Files => false,
            Self::Items => true,
        }
    }

    /// Whether another reason for the same failing is told. A network has many: its lines would never end.
    const fn tells_each_reason(self) -> bool {
        match self {
            Self::Files => true,
            Self::Items => false,
        }
    }
}

impl Reload {
    /// Of a source that was not looked at yet.
    pub(super) fn new(kind: Documents) -> Self {
        Self { kind, ..Self::default() }
    }

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
        if moved && look.documents.is_empty() && !self.documents.is_empty() {
            return Err(
                "another file system is there now, without any template: is the volume mounted?".to_owned()
            );
        }
        Ok(look)
    }

    fn unreadable(&mut self, why: String) -> Step {
        let told =
            self.failing.as_ref().is_some_and(|before| *before == why || !self.kind.tells_each_reason());
        if told {
            return Step { set: None, notes: Vec::new() };
        }
        self.failing = Some(why.clone());
        let set = self.set();
        let serving = set.state().usable;
        Step { set: Some(set), notes: vec![Note::Unreadable { why, serving }] }
    }

    fn read(&mut self, look: Look, now: SystemTime) -> Step {
        let Look { device, documents: mut found } = look;
        let first = self.device.replace(device).is_none();
        let back = self.failing.take().is_some();
        let mut notes = Vec::new();
        let names: BTreeSet<OsString> = self.documents.keys().chain(found.keys()).cloned().collect();
        for name in names {
            let content = found.remove(&name);
            let document = self.documents.entry(name.clone()).or_default();
            // At the first look nothing better serves, and what is whole is not half written.
            let stable = first || self.kind.whole() || document.seen == content;
            document.seen = content;
            if stable && document.seen != document.judged {
                notes.extend(document.judge(self.kind, &name));
            }
            if document.seen.is_none() && document.judged.is_none() {
                self.documents.remove(&name);
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
        let refused = self.documents.values().filter(|document| document.refused.is_some()).count();
        let reachable = self.failing.is_none();
        if self.device.is_none() {
            return TemplateSet::unreachable();
        }
        let entry = |(name, document): (&OsString, &Document)| {
            Some((self.kind.crm_type_of(name).ok()?, document.entry()?))
        };
        let entries: BTreeMap<CrmType, Entry> = self.documents.iter().filter_map(entry).collect();
        let usable = entries.values().filter(|entry| entry.is_ok()).count();
        TemplateSet::of(entries, SourceState { usable, refused, reachable, taken: self.taken })
    }
}

impl Document {
    /// Judges what was seen, and says what came of it.
    fn judge(&mut self, kind: Documents, name: &OsStr) -> Option<Note> {
        self.judged.clone_from(&self.seen);
        let document = name.to_owned();
        let template = match &self.judged {
            None => return Some(Note::Removed { document }),
            Some(Ok(text)) => load(kind, name, text),
            Some(Err(why)) => Err(why.clone()),
        };
        match template {
            Ok(template) => {
                let version = template.version().to_owned();
                let same = self.serving.as_ref().is_some_and(|serving| serving.digest() == template.digest());
                let mended = self.refused.take().is_some();
                self.serving = Some(Arc::new(template));
                (!same || mended).then_some(Note::Taken { document, version })
            }
            Err(why) => {
                let serving = self.serving.is_some();
                self.refused = Some(why.clone());
                Some(Note::Refused { document, why, serving })
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

/// The template in a document of this name.
///
/// # Errors
/// Why there is none.
fn load(documents: Documents, name: &OsStr, text: &str) -> Result<Template, String> {
    let crm_type = documents.crm_type_of(name)?;
    // Should the validator fail on one template, the others must not suffer for it.
    let loaded = catch_unwind(|| Template::load(text));
    let loaded = loaded.map_err(|_| "the validator fails on it: a fault of the server".to_owned())?;
    let template = loaded.map_err(|fault| fault.to_string())?;
    documents.same_type(&crm_type, template.crm_type())?;
    Ok(template)
}
