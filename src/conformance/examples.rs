//! The examples of `docs/api.md` are cases of the corpus: this holds them to it, and writes them anew when it is asked to.
//!
//! A line `<!-- corpus: CHAPTER/CASE -->` begins an example and `<!-- end -->` ends it; what stands between is made from
//! the case's files, with the values of `samples.json` in the place of what differs from run to run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::corpus::{Case, Corpus};
use super::template::{Template, Values};
use crate::http::code::Code;
use crate::http::operation::Operation;

/// Set to write the examples anew.
const UPDATE: &str = "CRMCONF_UPDATE_DOCS";

const BEGIN: &str = "<!-- corpus: ";
const END: &str = "<!-- end -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// Values for everything that a case of the corpus may name.
fn samples() -> Values {
    let text = std::fs::read_to_string(root().join("tests/corpus/samples.json")).unwrap();
    let samples: BTreeMap<String, String> = serde_json::from_str(&text).unwrap();
    let mut values = Values::default();
    for (name, sample) in samples {
        values.insert(&name, &sample, false);
    }
    values
}

/// A text of the corpus as readers see it: the mark of a run is left out with the space before it.
fn shown(text: &str, values: &Values) -> String {
    let text = text.replace("<Property Name=\"SearchQuery\">{{run}}</Property>\n", "");
    let text = text.replace(" {{run}}", "").replace("{{run}}", "");
    let code = text.split_once("Name=\"ErrorCode\">").and_then(|(_, behind)| behind.split_once('<'));
    let message =
        code.and_then(|(code, _)| Code::ALL.iter().find(|known| known.number().to_string() == code));
    values.sample(&Template::read(&text).unwrap(), message.map_or("…", |code| code.message()))
}

/// The example that shows this case.
fn example(case: &Case, values: &Values) -> String {
    let mut text = String::new();
    if let Some(http) = &case.http {
        let method = http.method.as_deref().unwrap_or("POST");
        let path = http.path.as_deref().unwrap_or("/api/xml");
        text.push_str(&format!("`{method} {}`", shown(path, values)));
        for (name, value) in &http.headers {
            text.push_str(&format!(", with the header `{name}: {}`", shown(value, values)));
        }
        text.push_str(":\n\n");
    }
    if let Some(request) = &case.request {
        text.push_str(&format!("```xml\n{}\n```\n\n", shown(request, values).trim_end()));
    }
    let headers: Vec<_> =
        case.headers.iter().map(|(name, value)| format!("`{name}: {}`", shown(value, values))).collect();
    let status = if case.status == 200 { String::new() } else { format!("{}, ", case.status) };
    match (headers.is_empty(), status.is_empty()) {
        (true, true) => {}
        (true, false) => text.push_str(&format!("{}:\n\n", status.trim_end_matches(", "))),
        (false, _) => text.push_str(&format!("{status}with the header {}:\n\n", headers.join(", "))),
    }
    text.push_str(&format!("```xml\n{}\n```\n", shown(&case.response, values).trim_end()));
    text
}

/// The page with its examples made anew, and the cases that it shows.
fn made_anew(page: &str, corpus: &Corpus) -> (String, Vec<String>) {
    let values = samples();
    let mut anew = String::new();
    let mut named = Vec::new();
    let mut lines = page.split_inclusive('\n');
    while let Some(line) = lines.next() {
        anew.push_str(line);
        let Some(name) = line.strip_prefix(BEGIN).and_then(|rest| rest.trim_end().strip_suffix(" -->"))
        else {
            continue;
        };
        let (chapter, case) = name.split_once('/').unwrap_or_else(|| panic!("{name} is no CHAPTER/CASE"));
        let found = corpus.chapters.iter().find(|known| known.name == chapter);
        let found = found.and_then(|known| known.cases.iter().find(|known| known.name == case));
        let case = found.unwrap_or_else(|| panic!("the corpus has no case {name}"));
        anew.push('\n');
        anew.push_str(&example(case, &values));
        anew.push('\n');
        anew.push_str(END);
        anew.push('\n');
        let end = lines.by_ref().any(|line| line.trim_end() == END);
        assert!(end, "the example {name} has no end");
        named.push(name.to_owned());
    }
    (anew, named)
}

#[test]
fn the_examples_of_the_api_s_page_are_those_of_the_corpus() {
    let path = root().join("docs/api.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let corpus = Corpus::built_in().unwrap();
    let (anew, named) = made_anew(&page, &corpus);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &anew).unwrap();
        return;
    }
    let first = page.lines().zip(anew.lines()).position(|(is, must)| is != must);
    let command = "CRMCONF_UPDATE_DOCS=1 cargo test --lib conformance::examples";
    assert!(
        page == anew,
        "docs/api.md differs from the corpus in line {}: {command}",
        first.unwrap_or(0) + 1
    );
    let unique: BTreeSet<_> = named.iter().collect();
    assert_eq!(unique.len(), named.len(), "an example stands there twice");
}

#[test]
fn every_operation_has_an_example() {
    let page = std::fs::read_to_string(root().join("docs/api.md")).unwrap();
    let examples: String = page
        .split(BEGIN)
        .skip(1)
        .map(|part| part.split_once(END).unwrap_or_else(|| panic!("an example has no end")).0)
        .collect();
    for operation in Operation::ALL {
        let asked = format!("<Request Operation=\"{}\"", operation.name());
        assert!(examples.contains(&asked), "docs/api.md has no example of {}", operation.name());
    }
}

/// The codes that any operation may answer.
const COMMON: [Code; 11] = [
    Code::Unknown,
    Code::InvokeIdMissing,
    Code::Operation,
    Code::StoreUnavailable,
    Code::Maintenance,
    Code::PropertyMissing,
    Code::PropertyInvalid,
    Code::SessionMissing,
    Code::SessionUnknown,
    Code::NotAuthenticated,
    Code::AuthenticationFailed,
];

#[test]
fn the_page_names_every_code_that_an_operation_answers_in_the_corpus() {
    let page = std::fs::read_to_string(root().join("docs/api.md")).unwrap();
    let corpus = Corpus::built_in().unwrap();
    let numbers = |text: &str| -> BTreeSet<u32> {
        text.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    let (_, common) = page.split_once("Any of them may answer ").unwrap();
    let common = numbers(common.split_once("\n\n").unwrap().0);
    assert_eq!(common, COMMON.iter().map(|code| code.number()).collect());
    for operation in Operation::ALL {
        let row = page.lines().find(|line| line.starts_with(&format!("| [`{}`]", operation.name())));
        let named = numbers(row.unwrap().rsplit('|').nth(1).unwrap());
        let known: BTreeSet<_> = Code::ALL.iter().map(|code| code.number()).collect();
        assert!(named.is_subset(&known), "{}: {named:?}", operation.name());
        let asked = format!("<Request Operation=\"{}\"", operation.name());
        for case in corpus.chapters.iter().flat_map(|chapter| &chapter.cases) {
            let code = case.response.split_once("Name=\"ErrorCode\">");
            let code = code.and_then(|(_, behind)| behind.split_once('<')?.0.parse().ok());
            if case.request.as_ref().is_some_and(|request| request.contains(&asked))
                && let Some(code) = code
            {
                let is_named = named.contains(&code) || common.contains(&code);
                assert!(is_named, "docs/api.md does not name {code} at {}", operation.name());
            }
        }
    }
}

#[test]
fn the_corpus_covers_every_operation_and_every_code() {
    /// No version of this server answers these: docs/api.md, Error codes.
    const NEVER: [Code; 4] = [Code::Unknown, Code::Disabled, Code::Reserved, Code::NoGrantAudit];
    let corpus = Corpus::built_in().unwrap();
    let cases = || corpus.chapters.iter().flat_map(|chapter| &chapter.cases);
    for operation in Operation::ALL {
        let asked = format!("<Request Operation=\"{}\"", operation.name());
        let of = |result: &str| {
            let answered = format!("<Response Result=\"{result}\">");
            cases().any(|case| {
                case.request.as_ref().is_some_and(|request| request.contains(&asked))
                    && case.response.contains(&answered)
            })
        };
        // Only a leap of the clock makes keys wait.
        let is_shown = of("Success") || *operation == Operation::DestructionResume;
        assert!(is_shown, "no case shows that {} succeeds", operation.name());
        assert!(of("Fail"), "no case shows that {} fails", operation.name());
    }
    for code in Code::ALL {
        let answered = format!("<Property Name=\"ErrorCode\">{}</Property>", code.number());
        let is_shown = cases().any(|case| case.response.contains(&answered));
        assert_eq!(is_shown, !NEVER.contains(code), "{}", code.number());
    }
}
