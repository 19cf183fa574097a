//! The whole state after every step of a story in which every kind of event happens.

#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

#[path = "story/steps.rs"]
mod steps;

use std::collections::BTreeSet;
use std::fs;

use crmconf_events::event::Event;
use crmconf_projections::Projector;
use steps::steps;

const GOLDENS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/projections/story");

fn assert_golden(step: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(GOLDENS);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(step, text));
}

#[test]
fn the_state_after_every_step_is_as_it_was() {
    let mut projector = Projector::default();
    assert_golden("nothing_has_happened", &projector.view().to_string());
    for (step, envelope) in steps() {
        projector.apply(&envelope).unwrap();
        let state = projector.view().to_string();
        assert!(!state.contains("canary") && !state.contains("Y2FuYXJ5"), "{step} shows a sealed value");
        assert_golden(step, &state);
    }
}

#[test]
fn every_kind_of_event_happens_in_the_story() {
    let happened: BTreeSet<_> =
        steps().iter().map(|(_, envelope)| (envelope.event.tag(), envelope.event.schema())).collect();
    assert_eq!(happened, Event::KINDS.iter().copied().collect());
}

#[test]
fn every_step_has_a_golden_and_every_golden_a_step() {
    let mut names: BTreeSet<_> = steps().iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names.len(), steps().len(), "no two steps have one name");
    names.insert("nothing_has_happened".to_owned());
    let goldens: BTreeSet<_> = fs::read_dir(GOLDENS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".snap").map(str::to_owned))
        .collect();
    assert_eq!(goldens, names);
}
