//! What a folder of templates promises: decided on looks handed in, then on real files.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::sync::Arc;
use std::time::SystemTime;

use crmconf_events::CrmType;

use super::look::Looker;
use super::*;
use crate::templates::reload::{Content, Look, Note, Reload, Step};
use crate::templates::watched::Looks as _;
use crate::templates::{SourceState, TEMPLATE_BYTES_MAX, TemplateLookup, TemplateSet};

mod files;
mod sequences;

fn template(crm_type: &str, version: &str) -> String {
    format!(
        r#"{{"CRMType":"{crm_type}","Title":"t","Version":"{version}","CRMConfiguration":{{}},"CRMConfigurationCommon":{{}}}}"#
    )
}

fn good(crm_type: &str, version: &str) -> Content {
    Ok(Arc::from(template(crm_type, version)))
}

fn half(crm_type: &str) -> Content {
    let whole = template(crm_type, "9");
    let (start, _) = whole.split_at(whole.len() / 2);
    Ok(Arc::from(start))
}

/// A folder whose looks the test makes up.
#[derive(Default)]
struct Story {
    reload: Reload,
    files: BTreeMap<OsString, Content>,
    device: u64,
    set: TemplateSet,
    seconds: u64,
}

impl Story {
    fn with(files: &[(&str, Content)]) -> Self {
        let mut story = Self::default();
        for (name, content) in files {
            story.put(name, content.clone());
        }
        story
    }

    fn put(&mut self, name: &str, content: Content) {
        self.files.insert(format!("{name}.json").into(), content);
    }

    fn remove(&mut self, name: &str) {
        self.files.remove(&OsString::from(format!("{name}.json")));
    }

    /// A look at the folder as it is, a second after the last.
    fn look(&mut self) -> Vec<Note> {
        let look = Look { device: self.device, documents: self.files.clone() };
        self.take(Ok(look))
    }

    fn fail(&mut self, why: &str) -> Vec<Note> {
        self.take(Err(why.to_owned()))
    }

    fn take(&mut self, look: Result<Look, String>) -> Vec<Note> {
        self.seconds += 1;
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(self.seconds);
        let Step { set, notes } = self.reload.take(look, now);
        assert_eq!(set.is_none(), notes.is_empty(), "what changes the set is told, and nothing else is");
        if let Some(set) = set {
            self.set = set;
        }
        notes
    }

    /// The version that serves, or why none does.
    fn serving(&self, name: &str) -> String {
        match self.set.get(&CrmType::new(name).unwrap()) {
            TemplateLookup::Found(template) => template.version().to_owned(),
            TemplateLookup::Invalid(_) => "invalid".to_owned(),
            TemplateLookup::Unreachable => "unreachable".to_owned(),
            TemplateLookup::Unknown => "unknown".to_owned(),
        }
    }

    fn taken_s(&self) -> u64 {
        let taken = self.set.state().taken.unwrap();
        taken.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
    }
}

fn file(name: &str) -> OsString {
    format!("{name}.json").into()
}

fn taken(name: &str, version: &str) -> Note {
    Note::Taken { document: file(name), version: version.to_owned() }
}

/// Asserts that there is one note, of a refusal.
#[track_caller]
fn refused(notes: &[Note], name: &str, still: bool, says: &str) {
    let [Note::Refused { document: found, why, serving }] = notes else { panic!("{notes:?}") };
    assert_eq!((found, *serving), (&file(name), still));
    assert!(why.contains(says), "{why}");
}

#[test]
fn the_first_look_takes_what_is_whole_and_refuses_the_rest_alone() {
    let mut story = Story::with(&[("A", good("A", "1")), ("B", half("B")), ("C", good("X", "1"))]);
    let notes = story.look();
    assert_eq!(notes.len(), 3, "{notes:?}");
    refused(&notes[..1], "B", false, "no valid JSON");
    refused(&notes[1..2], "C", false, "CRMType is \"X\"");
    assert_eq!(notes[2], Note::Read { usable: 1, refused: 2 });
    assert_eq!(["A", "B", "C", "X"].map(|name| story.serving(name)), ["1", "invalid", "invalid", "unknown"]);
    let state = story.set.state();
    assert_eq!((state.usable, state.refused, state.reachable, story.taken_s()), (1, 2, true, 1));
    assert_eq!(story.look(), [], "and says so once");
}

#[test]
fn a_change_counts_once_two_looks_found_the_same() {
    let mut story = Story::with(&[("A", good("A", "1"))]);
    story.look();
    story.put("A", good("A", "2"));
    story.put("B", good("B", "1"));
    assert_eq!(story.look(), []);
    assert_eq!((story.serving("A"), story.serving("B")), ("1".to_owned(), "unknown".to_owned()));
    // It changes once more before it counted.
    story.put("A", good("A", "3"));
    assert_eq!(story.look(), [taken("B", "1")]);
    assert_eq!(story.serving("A"), "1");
    assert_eq!(story.look(), [taken("A", "3")]);
    assert_eq!((story.serving("A"), story.taken_s()), ("3".to_owned(), 4));
    assert_eq!(story.look(), []);
}

#[test]
fn a_change_that_is_taken_back_before_it_counted_is_none() {
    let mut story = Story::with(&[("A", good("A", "1"))]);
    story.look();
    story.put("A", good("A", "2"));
    story.look();
    story.put("A", good("A", "1"));
    assert_eq!((story.look(), story.look()), (vec![], vec![]));
    story.put("B", half("B"));
    story.look();
    story.remove("B");
    assert_eq!((story.look(), story.look()), (vec![], vec![]));
    assert_eq!((story.serving("A"), story.serving("B")), ("1".to_owned(), "unknown".to_owned()));
}

#[test]
fn of_a_file_that_becomes_bad_the_last_good_version_serves_on_until_it_is_mended() {
    let mut story = Story::with(&[("A", good("A", "1"))]);
    story.look();
    for (bad, says) in [
        (half("A"), "no valid JSON"),
        (good("Other", "2"), "CRMType is \"Other\""),
        (Err(FileFault::NotUtf8.to_string()), "no UTF-8"),
        (Err(FileFault::Unreadable("denied".to_owned()).to_string()), "denied"),
    ] {
        story.put("A", bad);
        assert_eq!(story.look(), []);
        refused(&story.look(), "A", true, says);
        assert_eq!(story.look(), [], "told once");
        assert_eq!((story.serving("A"), story.set.state().refused), ("1".to_owned(), 1));
    }
    assert_eq!(story.taken_s(), 1);
    for version in ["1", "2"] {
        story.put("A", half("A"));
        story.look();
        story.look();
        story.put("A", good("A", version));
        story.look();
        assert_eq!(story.look(), [taken("A", version)]);
        assert_eq!((story.serving("A"), story.set.state().refused), (version.to_owned(), 0));
    }
}

#[test]
fn a_file_bad_from_the_beginning_makes_its_type_unusable_and_mended_serves() {
    let mut story = Story::with(&[("A", good("A", "1"))]);
    story.look();
    story.put("B", half("B"));
    story.look();
    refused(&story.look(), "B", false, "no valid JSON");
    assert_eq!((story.serving("A"), story.serving("B")), ("1".to_owned(), "invalid".to_owned()));
    story.put("B", good("B", "1"));
    story.look();
    assert_eq!(story.look(), [taken("B", "1")]);
    assert_eq!(story.serving("B"), "1");
}

#[test]
fn a_removed_file_makes_its_type_unknown_also_where_it_was_bad() {
    let mut story = Story::with(&[("A", good("A", "1")), ("B", half("B")), ("C", good("C", "1"))]);
    story.look();
    story.remove("A");
    story.remove("B");
    assert_eq!(story.look(), []);
    assert_eq!(story.serving("A"), "1", "an editor may be replacing it");
    assert_eq!(story.look(), ["A", "B"].map(|name| Note::Removed { document: file(name) }));
    assert_eq!(["A", "B", "C"].map(|name| story.serving(name)), ["unknown", "unknown", "1"]);
    // What was good before does not serve once it is there again and bad.
    story.put("A", half("A"));
    story.look();
    refused(&story.look(), "A", false, "no valid JSON");
    // All of them may go.
    story.remove("A");
    story.remove("C");
    story.look();
    story.look();
    assert_eq!((story.serving("C"), story.set.state().usable), ("unknown".to_owned(), 0));
}

#[test]
fn a_folder_that_cannot_be_read_leaves_the_whole_last_set_serving() {
    let mut story = Story::with(&[("A", good("A", "1")), ("B", half("B"))]);
    story.look();
    let lost = |why: &str| Note::Unreadable { why: why.to_owned(), serving: 1 };
    assert_eq!(story.fail("gone"), [lost("gone")]);
    assert_eq!((story.fail("gone"), story.fail("denied")), (vec![], vec![lost("denied")]));
    assert_eq!((story.serving("A"), story.serving("B")), ("1".to_owned(), "invalid".to_owned()));
    let state = story.set.state();
    assert_eq!((state.usable, state.refused, state.reachable, story.taken_s()), (1, 1, false, 1));
    // It comes back with one file changed and one not there yet.
    story.put("A", good("A", "2"));
    story.remove("B");
    assert_eq!(story.look(), [Note::Read { usable: 1, refused: 1 }]);
    assert!(story.set.state().reachable);
    story.put("B", good("B", "1"));
    assert_eq!(story.look(), [taken("A", "2")]);
    assert_eq!(story.look(), [taken("B", "1")]);
}

#[test]
fn nothing_is_known_of_any_type_until_the_folder_was_read_once() {
    let mut story = Story::default();
    assert_eq!(story.fail("gone"), [Note::Unreadable { why: "gone".to_owned(), serving: 0 }]);
    assert_eq!((story.serving("A"), story.set.state()), ("unreachable".to_owned(), SourceState::default()));
    story.put("A", good("A", "1"));
    assert_eq!(story.look(), [Note::Read { usable: 1, refused: 0 }]);
    assert_eq!((story.serving("A"), story.serving("B")), ("1".to_owned(), "unknown".to_owned()));
}

#[test]
fn the_empty_place_of_a_volume_that_is_not_mounted_is_no_empty_folder() {
    let mut story = Story::with(&[("A", good("A", "1"))]);
    story.look();
    let files = std::mem::take(&mut story.files);
    story.device = 7;
    let notes = story.look();
    assert!(
        matches!(&notes[..], [Note::Unreadable { why, serving: 1 }] if why.contains("mounted")),
        "{notes:?}"
    );
    assert_eq!((story.look(), story.serving("A")), (vec![], "1".to_owned()));
    // Mounted again, be it as another device.
    story.device = 8;
    story.files = files;
    assert_eq!(story.look(), [Note::Read { usable: 1, refused: 0 }]);
    // On the same device it is one.
    story.files.clear();
    story.look();
    assert_eq!(story.look(), [Note::Removed { document: file("A") }]);
}

#[test]
fn names_of_editors_and_backups_are_no_templates() {
    for name in ["A.json", "CrmAddin.Salesforce.SalesforceAddin.json", "ä b.json"] {
        assert!(is_template_name(name.as_ref()), "{name}");
    }
    for name in [
        ".json",
        ".A.json",
        ".#A.json",
        "#A.json#",
        "~$A.json",
        "A.json~",
        "A.json.swp",
        "A.json.tmp",
        "A.JSON",
        "A.txt",
        "..data",
        "4913",
        "",
    ] {
        assert!(!is_template_name(name.as_ref()), "{name}");
    }
    assert!(crm_type_of("A.b.json".as_ref()).is_ok_and(|crm_type| crm_type.as_str() == "A.b"));
}
