//! What watching promises though a look hangs, fails or panics.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use crmconf_events::CrmType;

use super::*;
use crate::templates::TemplateLookup;
use crate::templates::reload::{Documents, Look};
use crate::templates::watched::Looks;

const WAIT_MAX: Duration = Duration::from_secs(20);

/// A source whose looks the test hands in, and which waits for each of them.
struct Scripted(Receiver<Found>);

/// What a look comes to.
enum Found {
    Version(u32),
    Failure,
    Panic,
}

impl Looks for Scripted {
    fn documents(&self) -> Documents {
        Documents::Items
    }

    fn interval(&self) -> Duration {
        Duration::from_millis(1)
    }

    fn look(&mut self) -> Result<Look, String> {
        let template = |version: u32| {
            format!(
                r#"{{"CRMType":"A","Title":"t","Version":"{version}","CRMConfiguration":{{}},"CRMConfigurationCommon":{{}}}}"#
            )
        };
        match self.0.recv() {
            Ok(Found::Version(version)) => {
                let documents = BTreeMap::from([("A".into(), Ok(template(version).into()))]);
                Ok(Look { device: 0, documents })
            }
            Ok(Found::Failure) => Err("away".to_owned()),
            Ok(Found::Panic) => panic!("as a look might"),
            // The test is over.
            Err(_) => Err("over".to_owned()),
        }
    }
}

impl fmt::Display for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("script")
    }
}

/// A watched script, and what is in use.
fn watched(first: Option<Found>, first_look_max: Duration) -> (Sender<Found>, InUse, Watch) {
    let (script, looks) = mpsc::channel();
    if let Some(first) = first {
        script.send(first).unwrap();
    }
    let in_use = InUse::default();
    let source = Watched::new(Scripted(looks));
    let watch = Watch::start(source, Arc::clone(&in_use), first_look_max).unwrap();
    (script, in_use, watch)
}

/// The version in use, or why there is none; and whether the source could be read.
fn serving(in_use: &InUse) -> (String, bool) {
    let set = in_use.load();
    let version = match set.get(&CrmType::new("A").unwrap()) {
        TemplateLookup::Found(template) => template.version().to_owned(),
        TemplateLookup::Unreachable => "unreachable".to_owned(),
        TemplateLookup::Invalid(_) | TemplateLookup::Unknown => "none".to_owned(),
    };
    (version, set.state().reachable)
}

#[track_caller]
fn wait(in_use: &InUse, version: &str, reachable: bool) {
    let started = Instant::now();
    while serving(in_use) != (version.to_owned(), reachable) {
        assert!(started.elapsed() < WAIT_MAX, "{:?}", serving(in_use));
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_the_first_look_finds_serves_when_the_start_goes_on() {
    let (_script, in_use, _watch) = watched(Some(Found::Version(1)), WAIT_MAX);
    assert_eq!(serving(&in_use), ("1".to_owned(), true));
}

#[test]
fn a_first_look_that_hangs_does_not_hold_up_the_start_and_counts_when_it_comes() {
    let started = Instant::now();
    let (script, in_use, _watch) = watched(None, Duration::from_millis(20));
    assert!(started.elapsed() < WAIT_MAX);
    assert_eq!(serving(&in_use), ("unreachable".to_owned(), false));
    script.send(Found::Version(1)).unwrap();
    wait(&in_use, "1", true);
}

#[test]
fn a_look_that_panics_is_a_failing_and_the_next_one_is_made() {
    let (script, in_use, _watch) = watched(Some(Found::Panic), WAIT_MAX);
    assert_eq!(serving(&in_use), ("unreachable".to_owned(), false));
    script.send(Found::Version(1)).unwrap();
    wait(&in_use, "1", true);
    script.send(Found::Panic).unwrap();
    wait(&in_use, "1", false);
    script.send(Found::Version(2)).unwrap();
    wait(&in_use, "2", true);
    script.send(Found::Failure).unwrap();
    wait(&in_use, "2", false);
}

#[test]
fn of_a_failing_table_only_the_beginning_and_the_end_are_told() {
    let (script, looks) = mpsc::channel();
    let mut source = Watched::new(Scripted(looks));
    let mut look = |found: Found| {
        script.send(found).unwrap();
        source.look().1.len()
    };
    let told = [Found::Version(1), Found::Failure, Found::Panic, Found::Failure, Found::Version(1)];
    assert_eq!(told.map(&mut look), [1, 1, 0, 0, 1]);
}
