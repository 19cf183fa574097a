//! The corpus: chapters of cases, read from the files that are built in or others of that form. Its form is told in
//! `tests/corpus/README.md`; what is not of that form is refused, so that no case is passed over in silence.

use std::collections::{BTreeMap, BTreeSet};

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use thiserror::Error;

use super::way::Way;

/// The corpus of this version, as it lies in `tests/corpus`.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/corpus");

/// Name of the file that a folder must have to be a chapter.
const CHAPTER_FILE: &str = "chapter.json";

const REQUEST_SUFFIX: &str = ".request.xml";
const RESPONSE_SUFFIX: &str = ".response.xml";

/// Most times that a request may be sent again.
const AT_MOST_MAX: u32 = 100;

/// The chapters, in order of their folders' names.
#[derive(Debug)]
pub struct Corpus {
    /// The chapters.
    pub chapters: Vec<Chapter>,
}

/// A chapter: cases that build upon one another, and upon no other chapter.
#[derive(Debug)]
pub struct Chapter {
    /// Its folder's name, without the number before it.
    pub name: String,
    /// What it is about.
    pub title: String,
    /// The accounts that are signed in before it.
    pub accounts: Vec<String>,
    /// The state that a server must have been brought into; `None` for any with the demo's directory and accounts.
    pub setup: Option<String>,
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// A case: a request, what must be answered, and what that shows.
#[derive(Debug)]
pub struct Case {
    /// Its name, unique in the chapter.
    pub name: String,
    /// What it shows.
    pub rule: String,
    /// HTTP status of the response.
    pub status: u16,
    /// Headers of the response, with their values as templates.
    pub headers: BTreeMap<String, String>,
    /// What of the request differs from the usual.
    pub http: Option<Http>,
    /// Whether it is sent as it stands alone.
    pub is_bound_to_xml: bool,
    /// How often the request is sent at most until the response is the expected one.
    pub at_most: u32,
    /// Whether the cases behind it do harm where it fails.
    pub guard: bool,
    /// The request's body, as a template.
    pub request: Option<String>,
    /// The response's body, as a template.
    pub response: String,
}

/// What of a request differs from `POST /api/xml` with `text/xml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Its method.
    pub method: Option<String>,
    /// Its path, with parameters.
    pub path: Option<String>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// Further headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// What is wrong with a corpus.
#[derive(Debug, Error)]
pub enum CorpusError {
    /// A chapter is not of the form that is told.
    #[error("{path}: {cause}")]
    NotAChapter {
        /// The file.
        path: String,
        /// Why not.
        cause: serde_json::Error,
    },
    /// Anything else.
    #[error("{path}: {why}")]
    Wrong {
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChapterFile {
    title: String,
    /// For the documentation alone.
    #[serde(rename = "section")]
    _section: String,
    #[serde(default)]
    accounts: Vec<String>,
    setup: Option<String>,
    cases: Vec<CaseEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseEntry {
    name: String,
    rule: String,
    status: Option<u16>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    http: Option<Http>,
    #[serde(default)]
    as_it_stands: bool,
    at_most: Option<u32>,
    #[serde(default)]
    guard: bool,
}

/// The files of a corpus: their paths, parted by `/`, and their texts.
pub type Files = BTreeMap<String, String>;

impl Corpus {
    /// The one of this version.
    ///
    /// # Errors
    /// [`CorpusError`]: none, as a test shows.
    pub fn built_in() -> Result<Self, CorpusError> {
        Self::of(&built_in_files())
    }

    /// The one that these files are.
    ///
    /// # Errors
    /// [`CorpusError`]: what is not as the corpus has to be.
    pub fn of(files: &Files) -> Result<Self, CorpusError> {
        let folders: BTreeSet<_> = files.keys().filter_map(|path| Some(path.split_once('/')?.0)).collect();
        let mut chapters: Vec<Chapter> = Vec::new();
        for folder in folders {
            let chapter = Chapter::of(folder, files)?;
            if chapters.iter().any(|known| known.name == chapter.name) {
                return Err(wrong(folder, "another chapter has the same name"));
            }
            chapters.push(chapter);
        }
        if chapters.is_empty() {
            return Err(wrong(CHAPTER_FILE, "no chapter is there: a folder NN-NAME with this file is one"));
        }
        Ok(Self { chapters })
    }

    /// How many cases it has.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.chapters.iter().map(|chapter| chapter.cases.len()).sum()
    }
}

impl Chapter {
    /// The cases that go this way.
    pub fn cases_in(&self, way: Way) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(move |case| way == Way::Xml || !case.is_bound_to_xml)
    }

    fn of(folder: &str, files: &Files) -> Result<Self, CorpusError> {
        let path = format!("{folder}/{CHAPTER_FILE}");
        let text = files.get(&path).ok_or_else(|| wrong(&path, "it is missing"))?;
        let file: ChapterFile = serde_json::from_str(text)
            .map_err(|cause| CorpusError::NotAChapter { path: path.clone(), cause })?;
        let name = folder.split_once('-').map(|(_, name)| name).unwrap_or(folder).to_owned();
        let mut known = BTreeSet::new();
        let mut cases = Vec::new();
        for entry in file.cases {
            if !known.insert(entry.name.clone()) {
                return Err(wrong(&path, "two cases have the same name"));
            }
            cases.push(Case::of(entry, folder, files)?);
        }
        let prefix = format!("{folder}/");
        for file in files.keys().filter_map(|path| path.strip_prefix(&prefix)) {
            let case = file.strip_suffix(REQUEST_SUFFIX).or_else(|| file.strip_suffix(RESPONSE_SUFFIX));
            // Folders in that of a chapter hold what its setup needs.
            if !file.contains('/') && file != CHAPTER_FILE && !case.is_some_and(|case| known.contains(case)) {
                return Err(wrong(&format!("{prefix}{file}"), "it belongs to no case of the chapter"));
            }
        }
        Ok(Self { name, title: file.title, accounts: file.accounts, setup: file.setup, cases })
    }
}

impl Case {
    fn of(entry: CaseEntry, folder: &str, files: &Files) -> Result<Self, CorpusError> {
        let CaseEntry { name, rule, status, headers, http, as_it_stands, at_most, guard } = entry;
        let request = files.get(&format!("{folder}/{name}{REQUEST_SUFFIX}")).cloned();
        let response = format!("{folder}/{name}{RESPONSE_SUFFIX}");
        let response = files.get(&response).cloned().ok_or_else(|| wrong(&response, "it is missing"))?;
        let at_most = at_most.unwrap_or(1);
        if !(1..=AT_MOST_MAX).contains(&at_most) {
            return Err(wrong(&format!("{folder}/{CHAPTER_FILE}"), "at_most is a number from 1 to 100"));
        }
        let is_bound_to_xml = as_it_stands || http.is_some() || status.is_some();
        if request.is_none() && http.is_none() {
            return Err(wrong(&format!("{folder}/{name}{REQUEST_SUFFIX}"), "it is missing"));
        }
        let status = status.unwrap_or(200);
        Ok(Self { name, rule, status, headers, http, is_bound_to_xml, at_most, guard, request, response })
    }
}

/// The files that are built in.
#[must_use]
pub fn built_in_files() -> Files {
    let mut files = Files::new();
    let mut folders = vec![&BUILT_IN];
    while let Some(folder) = folders.pop() {
        folders.extend(folder.dirs());
        for file in folder.files() {
            let path = file.path().to_string_lossy().replace('\\', "/");
            files.insert(path, file.contents_utf8().unwrap_or_default().to_owned());
        }
    }
    files
}

fn wrong(path: &str, why: &'static str) -> CorpusError {
    CorpusError::Wrong { path: path.to_owned(), why }
}
