//! Every target holds over its seeds and over what fuzzing has found: without a fuzzer, in every run of the tests.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{TARGETS, run};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz").join(name)
}

/// The files in a folder and below it; none where it is not there.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The names in a folder; none where it is not there.
fn names(folder: &Path) -> BTreeSet<String> {
    let name = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    fs::read_dir(folder).into_iter().flatten().map(|entry| name(entry.unwrap().path())).collect()
}

/// Runs a target over files, and names the one at which it panics.
fn run_over(name: &str, files: &[PathBuf]) {
    for path in files {
        let bytes = fs::read(path).unwrap();
        let held = std::panic::catch_unwind(|| run(name, &bytes));
        assert!(held.is_ok(), "the target {name} panics at {}", path.display());
    }
}

#[test]
fn every_target_holds_over_its_seeds_and_what_was_found_once() {
    for (name, _) in TARGETS {
        let seeds = files(&folder("seeds").join(name));
        assert!(seeds.len() >= 3, "the target {name} has {} seeds", seeds.len());
        run_over(name, &seeds);
        run_over(name, &files(&folder("regressions").join(name)));
        run(name, b"");
    }
}

#[test]
fn requests_of_the_api_s_pages_and_of_the_corpus_hold() {
    let published = files(&folder("../fixtures/seed"));
    assert!(published.len() >= 6, "the published requests are not there");
    let is_request = |path: &PathBuf| path.extension() == Some(OsStr::new("xml"));
    let corpus = files(&folder("../corpus")).into_iter().filter(is_request);
    let requests: Vec<_> = published.into_iter().filter(is_request).chain(corpus).collect();
    for name in ["request", "envelope"] {
        run_over(name, &requests);
    }
}

#[test]
fn every_target_is_built_has_a_dictionary_and_nothing_lies_there_for_another() {
    let targets: BTreeSet<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&folder("targets")), targets);
    assert_eq!(names(&folder("seeds")), targets);
    assert!(names(&folder("regressions")).is_subset(&targets));
    assert_eq!(names(&folder("dictionaries")), targets);
    let manifest = fs::read_to_string(folder("Cargo.toml")).unwrap();
    for name in targets {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"targets/{name}.rs\"\n")), "{name}");
        let source = fs::read_to_string(folder("targets").join(format!("{name}.rs"))).unwrap();
        assert!(source.contains(&format!("run(\"{name}\", data)")), "{source}");
    }
}
