//! The projector: each event once, in order, and views that later events do not touch.

#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

#[path = "story/steps.rs"]
mod steps;

use crmconf_events::Sequence;
use crmconf_events::event::{Envelope, decode, encode};
use crmconf_projections::{OutOfStep, Projector};
use steps::steps;

fn story() -> Vec<Envelope> {
    steps().into_iter().map(|(_, envelope)| envelope).collect()
}

fn after(envelopes: &[Envelope]) -> Projector {
    let mut projector = Projector::default();
    for envelope in envelopes {
        projector.apply(envelope).unwrap();
    }
    projector
}

fn sequence(number: u64) -> Sequence {
    Sequence::new(number).unwrap()
}

/// Asserts that the envelope is refused for this reason, and that the read models are as they were.
#[track_caller]
fn assert_refused(projector: &mut Projector, envelope: &Envelope, expected: OutOfStep) {
    let before = projector.view().to_string();
    assert_eq!(projector.apply(envelope), Err(expected));
    assert_eq!(projector.view().to_string(), before);
}

#[test]
fn a_gap_is_refused_and_nothing_is_taken_in() {
    let story = story();
    let gap = OutOfStep::Gap { expected: sequence(1), found: sequence(2) };
    assert_refused(&mut Projector::default(), &story[1], gap);
    let mut projector = after(&story[..11]);
    for found in [13, 14, 20] {
        let gap = OutOfStep::Gap { expected: sequence(12), found: sequence(found) };
        assert_refused(&mut projector, &story[usize::try_from(found).unwrap() - 1], gap);
    }
    projector.apply(&story[11]).unwrap();
    assert_eq!(projector.last(), Some(sequence(12)));
}

#[test]
fn a_duplicate_is_refused_and_nothing_is_taken_in() {
    let story = story();
    let mut projector = after(&story[..12]);
    for found in [1, 5, 11, 12] {
        let duplicate = OutOfStep::Duplicate { expected: sequence(13), found: sequence(found) };
        assert_refused(&mut projector, &story[usize::try_from(found).unwrap() - 1], duplicate);
    }
    projector.apply(&story[12]).unwrap();
    assert_eq!(projector.last(), Some(sequence(13)));
}

#[test]
fn read_models_ahead_of_the_log_are_told_so() {
    assert_eq!(Projector::default().check_against(None), Ok(()));
    assert_eq!(Projector::default().check_against(Some(sequence(1))), Ok(()));
    let projector = after(&story()[..5]);
    for head in [None, Some(sequence(1)), Some(sequence(4))] {
        let ahead = OutOfStep::AheadOfLog { at: sequence(5), head };
        assert_eq!(projector.check_against(head), Err(ahead));
    }
    for head in [5, 6, u64::MAX] {
        assert_eq!(projector.check_against(Some(sequence(head))), Ok(()));
    }
}

#[test]
fn messages_name_the_places() {
    let gap = OutOfStep::Gap { expected: sequence(3), found: sequence(5) }.to_string();
    assert!(gap.contains('3') && gap.contains('5') && gap.contains("missing"), "{gap}");
    let duplicate = OutOfStep::Duplicate { expected: sequence(5), found: sequence(3) }.to_string();
    assert!(duplicate.contains('3') && duplicate.contains('5'), "{duplicate}");
}

#[test]
fn replay_into_a_fresh_projector_gives_the_identical_dump_at_every_step() {
    let story = story();
    let mut projector = Projector::default();
    for (count, envelope) in (1..).zip(&story) {
        projector.apply(envelope).unwrap();
        assert_eq!(after(&story[..count]).view().to_string(), projector.view().to_string());
    }
}

#[test]
fn replay_from_the_stored_bytes_gives_the_identical_dump() {
    let story = story();
    let stored: Vec<_> = story
        .iter()
        .map(|envelope| {
            let bytes = encode(envelope.salt, &envelope.context, &envelope.event).unwrap();
            decode(envelope.sequence, envelope.time, &bytes).unwrap()
        })
        .collect();
    assert_eq!(after(&stored).view().to_string(), after(&story).view().to_string());
}

#[test]
fn a_view_taken_earlier_does_not_change() {
    let mut projector = Projector::default();
    let mut taken = Vec::new();
    for envelope in story() {
        taken.push((projector.view().clone(), projector.view().to_string()));
        projector.apply(&envelope).unwrap();
    }
    for (view, dump) in &taken {
        assert_eq!(view.to_string(), *dump, "the view after {:?}", view.last);
    }
    let dumps: std::collections::BTreeSet<_> = taken.iter().map(|(_, dump)| dump).collect();
    assert_eq!(dumps.len(), taken.len(), "every step showed");
}
