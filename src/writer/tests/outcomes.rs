//! One append, every outcome: what its callers are told, what readers see, what happens next.

use std::time::Instant;

use crmconf_events::access::Refusal;
use crmconf_events::decide::Rejection;
use crmconf_events::event::{AccountDisabled, ConfigurationAdded, Event, TelSysRegistered};
use crmconf_events::log::{AppendOutcome, Health};
use crmconf_events::{DirectoryText, KeyId, TelSysId};

use super::scripted::{Read, Step};
use super::*;
use crate::http::code::Code;
use crate::http::error::ApiError;

fn unknown() -> AppendOutcome {
    AppendOutcome::Unknown { why: "cable".into() }
}

fn unavailable() -> AppendOutcome {
    AppendOutcome::Unavailable { why: "disk".into() }
}

/// Another writer's event that has nothing to do with what is decided here.
fn elsewhere() -> Event {
    let text = |text| DirectoryText::new(text).unwrap();
    let telsys = TelSysId::new(1).unwrap();
    TelSysRegistered { telsys, description: text("1"), environment: text("e") }.into()
}

/// Another writer's configuration, under the name that an Add here is about to take.
fn taken(description: &str) -> Event {
    let empty = || Arc::new(Json::parse("{}").unwrap());
    let event = ConfigurationAdded {
        id: id(99),
        scope: Scope::EveryTelSys,
        crm_type: CrmType::new("T").unwrap(),
        description: Description::new(description).unwrap(),
        template: template_digest(TEMPLATE),
        key: KeyId::FIRST,
        configuration: empty(),
        secrets: Arc::default(),
        common: empty(),
    };
    event.into()
}

#[track_caller]
fn assert_code(answer: &WriteResult, code: Code) {
    let error = answer.clone().expect_err("refused");
    assert_eq!(ApiError::from(error).code, code);
}

#[test]
fn an_append_that_stands_is_answered_and_shown() {
    for step in [Step::Pass, Step::TakeAndSay(AppendOutcome::Duplicate)] {
        let mut bench = Bench::new();
        bench.log.script([step]);
        assert_added(&bench.run([add(1, "a")])[0], 1);
        assert_eq!(bench.shown(), ["a"]);
        bench.assert_in_step();
        assert_eq!(bench.obstacle(), None);
    }
}

#[test]
fn after_a_lost_race_the_batch_is_decided_again_on_what_won() {
    let mut bench = Bench::new();
    bench.log.script([Step::OtherFirst(taken("a"), Box::new(Step::Pass))]);
    let answers = bench.run([add(1, "a"), add(2, "b")]);
    assert_eq!(answers[0], Err(Rejection::DuplicateName.into()));
    assert_added(&answers[1], 2);
    assert_eq!(bench.shown(), ["a", "b"]);
    bench.assert_in_step();
}

#[test]
fn a_queued_write_does_not_outlive_a_revoked_account() {
    let mut bench = Bench::new();
    let gone = AccountDisabled { account: WRITER }.into();
    bench.log.script([Step::OtherFirst(gone, Box::new(Step::Pass))]);
    let answers = bench.run([add(1, "a"), of_stranger(add(2, "b"))]);
    assert_eq!(answers[0], Err(Rejection::AccountGone.into()));
    assert_added(&answers[1], 2);
    assert_eq!(bench.shown(), ["b"]);
}

#[test]
fn a_conflict_with_ones_own_commit_is_a_success() {
    let mut bench = Bench::new();
    let head = crmconf_events::log::EventLog::head(&*bench.log);
    bench.log.script([Step::TakeAndSay(AppendOutcome::Conflict { head })]);
    assert_added(&bench.run([add(1, "a")])[0], 1);
    assert_eq!(bench.log.attempts().len(), 1, "it was not decided and appended a second time");
    assert_eq!(bench.shown(), ["a"]);
    bench.assert_in_step();
}

#[test]
fn a_conflict_that_cannot_be_looked_at_is_no_lost_race() {
    let mut bench = Bench::new();
    let head = crmconf_events::log::EventLog::head(&*bench.log);
    bench.log.script([Step::TakeAndSay(AppendOutcome::Conflict { head })]);
    bench.log.script_reads([Read::Fail]);
    // Taken for a lost race, the Add would meet itself and be told that its name is taken.
    let answers = bench.run([add(1, "a")]);
    assert!(matches!(answers[0], Err(WriteError::Unknown(_))), "{answers:?}");
    assert_added(&bench.run([add(2, "b")])[0], 2);
    assert_eq!(bench.shown(), ["a", "b"]);
    bench.assert_in_step();
}

#[test]
fn who_loses_every_race_is_told_so_in_the_end() {
    let mut bench = Bench::new();
    bench.log.script((0..16).map(|_| Step::OtherFirst(elsewhere(), Box::new(Step::Pass))));
    let answers = bench.run([add(1, "a")]);
    assert!(matches!(answers[0], Err(WriteError::Unavailable(_))), "{answers:?}");
    assert_eq!(bench.shown(), [""; 0]);
    assert_added(&bench.run([add(2, "b")])[0], 2);
    bench.assert_in_step();
}

#[test]
fn an_unknown_outcome_that_is_found_standing_is_a_success() {
    let mut bench = Bench::new();
    bench.log.script([Step::TakeAndSay(unknown())]);
    assert_added(&bench.run([add(1, "a")])[0], 1);
    assert_eq!(bench.log.attempts().len(), 1);
    assert_eq!(bench.shown(), ["a"]);
    bench.assert_in_step();
}

#[test]
fn an_unknown_outcome_with_anothers_commit_in_its_place_is_a_lost_race() {
    let mut bench = Bench::new();
    bench.log.script([Step::OtherFirst(taken("a"), Box::new(Step::Say(unknown())))]);
    let answers = bench.run([add(1, "a"), add(2, "b")]);
    assert_eq!(answers[0], Err(Rejection::DuplicateName.into()));
    assert_added(&answers[1], 2);
    bench.assert_in_step();
}

#[test]
fn an_unknown_outcome_with_nothing_in_its_place_is_appended_again_byte_for_byte() {
    let mut bench = Bench::new();
    bench.log.script([Step::Say(unknown()), Step::Say(unavailable()), Step::Pass]);
    assert_added(&bench.run([add(1, "a")])[0], 1);
    let attempts = bench.log.attempts();
    assert_eq!(attempts.len(), 3);
    assert!(attempts.windows(2).all(|pair| pair[0].bytes() == pair[1].bytes()));
    bench.assert_in_step();
}

#[test]
fn an_unknown_outcome_survives_reads_that_fail_while_it_is_looked_for() {
    let mut bench = Bench::new();
    bench.log.script([Step::TakeAndSay(unknown())]);
    bench.log.script_reads([Read::Fail, Read::Fail]);
    assert_added(&bench.run([add(1, "a")])[0], 1);
    bench.assert_in_step();
}

#[test]
fn an_outcome_that_stays_unknown_is_10104_and_settled_before_anything_else_is_decided() {
    let mut bench = Bench::new();
    bench.log.script((0..1_000).map(|_| Step::Say(unknown())));
    let start = Instant::now();
    let answers = bench.run([add(1, "a"), add(1, "b")]);
    assert!(start.elapsed() >= Duration::from_millis(60), "it gave up early");
    for answer in &answers {
        assert!(matches!(answer, Err(WriteError::Unknown(_))), "{answer:?}");
        assert_code(answer, Code::StoreUnavailable);
    }
    assert_eq!(bench.shown(), [""; 0], "nothing is shown whose fate is not known");
    assert!(bench.obstacle().is_some(), "/readyz tells");

    // While it is not settled, nothing else is decided, and for sure nothing appended.
    let answers = bench.run([add(3, "c")]);
    assert!(matches!(answers[0], Err(WriteError::Unavailable(_))), "{answers:?}");
    let first = bench.log.attempts().remove(0);
    assert!(bench.log.attempts().iter().all(|attempt| attempt.bytes() == first.bytes()));

    // The log is back: the pending commit goes in as it was, and only then the next.
    bench.log.end_script();
    let answers = bench.run([add(4, "a"), add(5, "d")]);
    assert_eq!(answers[0], Err(Rejection::DuplicateName.into()), "the pending commit stands");
    assert_added(&answers[1], 5);
    assert_eq!(bench.log.commits()[1].bytes(), first.bytes());
    assert_eq!(bench.shown(), ["a", "b", "d"]);
    assert_eq!(bench.obstacle(), None);
    bench.assert_in_step();
}

#[test]
fn a_pending_commit_whose_place_another_took_is_dropped() {
    let mut bench = Bench::new();
    bench.log.script((0..1_000).map(|_| Step::Say(unknown())));
    assert!(matches!(bench.run([add(1, "a")])[0], Err(WriteError::Unknown(_))));
    bench.log.end_script();
    bench.log.append_other(&elsewhere());
    assert_added(&bench.run([add(2, "a")])[0], 2);
    assert_eq!(bench.shown(), ["a"]);
    bench.assert_in_step();
}

#[test]
fn a_log_that_is_read_only_until_it_is_opened_again_is_not_waited_for() {
    let mut bench = Bench::new();
    bench.engine.set_settle_max(Duration::from_secs(600));
    bench.log.set_health(Health::ReadOnly { why: "sync".into() });
    bench.log.script([Step::Say(unknown())]);
    let answers = bench.run([add(1, "a")]);
    assert_eq!(answers[0], Err(WriteError::Unknown("sync".into())));
    let answers = bench.run([add(2, "b")]);
    assert_eq!(answers[0], Err(WriteError::Unavailable("sync".into())));
    assert_code(&answers[0], Code::StoreUnavailable);
    assert_eq!(bench.log.attempts().len(), 1);
    assert_eq!(bench.obstacle().as_deref(), Some("sync"));
    assert_eq!(bench.shown(), [""; 0]);
}

#[test]
fn what_was_not_appended_leaves_no_trace_in_what_is_decided_next() {
    let mut bench = Bench::new();
    bench.log.script([Step::Say(unavailable())]);
    let answers = bench.run([add(1, "a"), add(2, "a")]);
    for answer in &answers {
        assert_eq!(answer, &Err(WriteError::Unavailable("disk".into())));
        assert_code(answer, Code::StoreUnavailable);
    }
    assert_eq!(bench.shown(), [""; 0]);
    assert_eq!(bench.obstacle().as_deref(), Some("disk"));
    // Had the overlay been kept, this name would be taken and its sequence another.
    assert_added(&bench.run([add(3, "a")])[0], 3);
    assert_eq!(bench.obstacle(), None);
    bench.assert_in_step();
}

#[test]
fn a_request_key_that_cannot_be_looked_up_refuses_its_request_alone() {
    let mut bench = Bench::new();
    bench.log.set_find_fails(true);
    let answers = bench.run([keyed(add(1, "a"), "k"), add(2, "b")]);
    assert!(matches!(answers[0], Err(WriteError::Unavailable(_))), "{answers:?}");
    assert_added(&answers[1], 2);
    bench.log.set_find_fails(false);
    assert_added(&bench.run([keyed(add(3, "c"), "k")])[0], 3);
    bench.log.script_reads([Read::Fail]);
    let answers = bench.run([keyed(add(4, "c"), "k")]);
    assert!(matches!(answers[0], Err(WriteError::Unavailable(_))), "{answers:?}");
    bench.assert_in_step();
}

#[test]
fn what_others_appended_is_taken_in_before_anything_is_decided() {
    let mut bench = Bench::new();
    bench.log.append_other(&taken("a"));
    assert_eq!(bench.run([add(1, "a")]), [Err(Rejection::DuplicateName.into())]);
    assert_eq!(bench.log.attempts().len(), 0, "a batch of rejections appends nothing");
    assert_eq!(bench.shown(), ["a"]);
    bench.assert_in_step();
}

#[test]
fn a_log_that_cannot_be_read_takes_no_changes() {
    use crmconf_events::log::{EventLog as _, LocalLog, LocalOptions};
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(LocalLog::create(folder.path(), STORE, LocalOptions::default()).unwrap());
    let source = Bench::new();
    for commit in source.log.commits() {
        assert_eq!(log.append((*commit).clone()), AppendOutcome::Appended);
    }
    log.close();
    let views = Views::new(ArcSwap::from_pointee(Projector::default().view().clone()));
    let (state, projector) = (State::default(), Projector::default());
    let origin = Origin { log, state, projector, views, keys: vault(), pending: Pending::default() };
    let clock = Box::new(|| Timestamp::from_micros(1));
    let mut engine = Engine::new(origin, Entropy::default(), clock, Obstacle::default());
    let (job, mut answer) = job(add(1, "a"));
    engine.run_batch(vec![job]);
    let answer = answer.try_recv().unwrap();
    assert!(matches!(answer, Err(WriteError::Unavailable(_))), "{answer:?}");
}

#[test]
fn a_caller_without_a_grant_is_refused_in_the_writer_as_well() {
    let mut bench = Bench::new();
    let grant = Grant { role: Role::Editor, scope: Scope::EveryTelSys };
    bench.log.append_other(&crmconf_events::event::GrantTaken { account: WRITER, grant }.into());
    let refused = Rejection::Refused(Refusal::EveryTelSys);
    assert_eq!(bench.run([add(1, "a")]), [Err(refused.into())]);
    assert_eq!(bench.log.attempts().len(), 0);
}
