//! Keys that are given up and stand still: who is told so, and when they are tried again.

use crmconf_events::TelSysId;
use crmconf_events::decide::Rejection;
use crmconf_events::log::AppendOutcome;
use crmconf_events::told::Told;

use super::destruction::{assert_standing, with_deleted};
use super::scripted::Step;
use super::vaults::*;
use super::*;
use crate::vault::KeyStanding::{Destroyed, Whole};

#[test]
fn read_models_that_are_out_of_step_keep_no_key_from_being_destroyed() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    let unknown = || AppendOutcome::Unknown { why: "cable".into() };
    bench.log.script((0..1_000).map(|_| Step::Say(unknown())));
    assert!(matches!(bench.run([shred(1)])[0], Err(WriteError::Unknown(_))));
    bench.log.end_script();
    bench.engine.put_out_of_step();
    bench.engine.look();
    assert!(matches!(bench.run([add(3, "c")])[0], Err(WriteError::Unavailable(_))));
    assert_standing(&keys, [Destroyed, Whole]);
}

#[test]
fn where_the_disk_refuses_the_event_stands_the_caller_is_told_and_it_is_tried_again() {
    let keys = Frail::new();
    let metrics = crate::metrics::Metrics::on().unwrap();
    let mut bench = with_deleted(&keys);
    bench.engine.measure(metrics.commits.clone());
    let line = |words: &str| {
        let text = metrics.render(&crate::http::app::Service::starting(), Path::new("/nowhere"));
        assert!(text.lines().any(|found| found == words), "{words} is not in {text}");
    };
    keys.set_refuses(true);
    // Who asks for something else in the same commit is answered as ever.
    let answers = bench.run([shred(1), add(3, "c")]);
    let Err(WriteError::NotDestroyed(why)) = &answers[0] else { panic!("{answers:?}") };
    assert!(why.contains("refuses"), "{why}");
    assert_added(&answers[1], 3);
    assert_eq!(bench.tags(), ["ConfigurationShredded", "ConfigurationAdded"]);
    assert!(bench.engine.has_to_look());
    bench.engine.look();
    assert!(bench.engine.has_to_look(), "the disk refuses still");
    line("crmconf_keys_given_up{state=\"due\"} 1");
    line("crmconf_keys_destroyed_total 0");
    keys.set_refuses(false);
    bench.engine.look();
    assert_standing(&keys, [Destroyed, Whole]);
    assert!(!bench.engine.has_to_look());
    line("crmconf_keys_given_up{state=\"due\"} 0");
    line("crmconf_keys_destroyed_total 1");
    let asked = keys.asked.lock().unwrap().len();
    bench.engine.look();
    assert_eq!(keys.asked.lock().unwrap().len(), asked, "nothing is left to be tried");
}

#[test]
fn the_next_shredding_also_destroys_what_is_left_of_the_last() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    keys.set_refuses(true);
    assert!(bench.run([shred(1)])[0].is_err());
    keys.set_refuses(false);
    assert!(bench.run([shred(2)])[0].is_ok());
    assert_standing(&keys, [Destroyed; 2]);
    assert!(!bench.engine.has_to_look());
}

#[test]
fn a_shredding_asked_for_again_is_not_answered_as_done_because_another_change_shares_its_commit() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    keys.set_refuses(true);
    assert!(matches!(bench.run([shred(2)])[0], Err(WriteError::NotDestroyed(_))));
    let answers = bench.run([shred(2), add(3, "c")]);
    assert!(
        matches!(&answers[0], Err(WriteError::NotDestroyed(why)) if why.contains("refuses")),
        "{answers:?}"
    );
    assert_added(&answers[1], 3);
    assert_eq!(bench.tags(), ["ConfigurationAdded"]);
    keys.set_refuses(false);
    let answers = bench.run([shred(2), add(4, "d")]);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_standing(&keys, [Whole, Destroyed]);
}

#[test]
fn a_key_whose_bucket_is_gone_is_told_counted_and_not_tried_again() {
    let keys = Frail::new();
    let metrics = crate::metrics::Metrics::on().unwrap();
    let mut bench = with_deleted(&keys);
    bench.engine.measure(metrics.commits.clone());
    let given_up = || {
        let text = metrics.render(&crate::http::app::Service::starting(), Path::new("/nowhere"));
        text.lines().find_map(|line| {
            line.strip_prefix("crmconf_keys_given_up{state=\"lacking\"} ")?.parse::<u64>().ok()
        })
    };
    keys.set_missing(true);
    let told = Told::default();
    told.hear(|| assert_eq!(bench.run([shred(2)]), [Err(WriteError::BucketLacking)]));
    let text = told.text();
    assert!(text.contains("ERROR") && text.contains("key=2") && text.contains("put back"), "{text}");
    assert_eq!(given_up(), Some(1));
    assert!(!bench.engine.has_to_look(), "only a start can find the bucket again");
    let asked = keys.asked.lock().unwrap().len();
    assert_eq!(bench.run([shred(2)]), [Err(WriteError::BucketLacking)], "asked for again");
    let answers = bench.run([shred(2), add(3, "c")]);
    assert_eq!(answers[0], Err(WriteError::BucketLacking));
    assert_added(&answers[1], 3);
    assert_eq!(keys.asked.lock().unwrap().len(), asked, "nothing is tried");
    assert_eq!(given_up(), Some(1));
}

#[test]
fn a_deleted_configuration_is_not_answered_as_shredded_before_while_its_key_stands() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    keys.set_refuses(true);
    for what in ["the first time", "asked for again"] {
        assert!(matches!(bench.run([shred(1)])[0], Err(WriteError::NotDestroyed(_))), "{what}");
    }
    let unknown = Err(WriteError::Rejected(Rejection::NoSuchConfiguration));
    let mut elsewhere = shred(1);
    if let Command::ShredConfiguration(command) = &mut elsewhere.command {
        command.scope = Scope::TelSys(TelSysId::new(1).unwrap());
    }
    let dry = Request { validate_only: true, ..shred(1) };
    assert_eq!(bench.run([elsewhere, dry]), [unknown.clone(), unknown.clone()], "of it nothing is told");
    keys.set_refuses(false);
    assert_eq!(bench.run([shred(1)]), [unknown]);
    assert_standing(&keys, [Destroyed, Whole]);
}

#[test]
fn a_dry_run_is_told_nothing_of_keys_and_destroys_none() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    keys.set_refuses(true);
    assert!(bench.run([shred(2)])[0].is_err());
    let asked = keys.asked.lock().unwrap().len();
    let dry = || Request { validate_only: true, ..shred(2) };
    assert_eq!(bench.run([dry()]), [Ok(None)]);
    let answers = bench.run([dry(), add(3, "c")]);
    assert_eq!(answers[0], Ok(None));
    assert_added(&answers[1], 3);
    assert_eq!(keys.asked.lock().unwrap().len(), asked);
}
