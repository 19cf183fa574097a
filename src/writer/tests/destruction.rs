//! Keys that events give up are destroyed once the events stand; and none by a clock that is in doubt.

use crmconf_events::command::{
    DestroyRetired, DirectoryEntry, ImportDirectory, ImportMode, ListedEntry, Listing,
};
use crmconf_events::commit::COMMIT_EVENTS_MAX;
use crmconf_events::decide::{Outcome, Rejection};
use crmconf_events::event::Event;
use crmconf_events::log::AppendOutcome;
use crmconf_events::{DirectoryText, KeyId, TelSysId, Timestamp};

use super::scripted::Step;
use super::vaults::*;
use super::*;
use crate::vault::KeyStanding;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// Configurations 1 and 2, the first one deleted.
pub(super) fn with_deleted(keys: &Arc<Frail>) -> Bench {
    let mut bench = Bench::with_keys(keys);
    for answer in bench.run([add(1, "a"), add(2, "b"), delete(1)]) {
        assert!(answer.is_ok(), "{answer:?}");
    }
    bench.log.forget();
    bench
}

/// What the server asks for when its clock shows this.
fn destroy(numbers: &[u64], clock: i64) -> Request {
    let configurations = numbers.iter().copied().map(id).collect();
    let clock = Timestamp::from_micros(clock);
    by(Actor::System, Command::DestroyRetired(DestroyRetired { configurations, clock }))
}

fn resume() -> Request {
    by(Actor::Operator(0), Command::ResumeDestruction)
}

impl Bench {
    fn at(&self, micros: i64) {
        self.clock.store(micros, Ordering::Relaxed);
    }

    fn now(&self) -> i64 {
        self.clock.load(Ordering::Relaxed)
    }

    pub(super) fn tags(&self) -> Vec<&'static str> {
        self.events(0).iter().map(Event::tag).collect()
    }
}

#[track_caller]
pub(super) fn assert_standing(keys: &Frail, standing: [KeyStanding; 2]) {
    assert_eq!([1, 2].map(|key| keys.vault.standing(KeyId(key))), standing);
}

use KeyStanding::{Destroyed, Whole};

const HELD: Result<Option<Outcome>, WriteError> = Err(WriteError::Rejected(Rejection::DestructionHeld));

#[test]
fn keys_are_destroyed_after_their_events_stand_and_those_of_a_commit_together() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    let standing = Arc::new(std::sync::Mutex::new(Vec::new()));
    let (seen, watched) = (Arc::clone(&standing), Arc::clone(&keys.vault));
    bench.log.observe(move || seen.lock().unwrap().push(watched.standing(KeyId(1))));
    let answers = bench.run([destroy(&[1], bench.now()), shred(2)]);
    assert_eq!(answers[0], Ok(Some(Outcome::Destruction(1))));
    assert!(answers[1].is_ok());
    assert_eq!(*standing.lock().unwrap(), [Whole], "not before the commit");
    assert_standing(&keys, [Destroyed; 2]);
    assert_eq!(*keys.asked.lock().unwrap(), [[KeyId(1), KeyId(2)].into()], "one replacement for both");
    bench.assert_in_step();
}

#[test]
fn a_shredding_that_is_not_appended_destroys_nothing() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    bench.log.script([Step::Say(AppendOutcome::Unavailable { why: "full".into() })]);
    assert!(matches!(bench.run([shred(1)])[0], Err(WriteError::Unavailable(_))));
    assert_standing(&keys, [Whole; 2]);
    assert!(keys.asked.lock().unwrap().is_empty());
}

#[test]
fn a_shredding_that_is_found_to_stand_later_destroys_then() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    let unknown = || AppendOutcome::Unknown { why: "cable".into() };
    bench.log.script((0..1_000).map(|_| Step::Say(unknown())));
    assert!(matches!(bench.run([shred(1)])[0], Err(WriteError::Unknown(_))));
    assert_standing(&keys, [Whole; 2]);
    bench.log.end_script();
    bench.engine.look();
    assert_standing(&keys, [Destroyed, Whole]);
    bench.assert_in_step();
}

#[test]
fn after_a_leap_of_the_clock_the_server_s_own_wish_to_destroy_finds_it_held() {
    for leap in [40 * DAY, -40 * DAY] {
        let keys = Frail::new();
        let mut bench = with_deleted(&keys);
        bench.at(bench.now() + leap);
        // No other commit comes in between: the batch that would destroy is the first to see the clock.
        assert_eq!(bench.run([destroy(&[1], bench.now())]), [HELD]);
        assert_eq!(bench.tags(), ["DestructionHeld"]);
        assert_eq!(bench.run([destroy(&[1], bench.now())]), [HELD]);
        assert_eq!(bench.log.attempts().len(), 1, "told once");
        assert_standing(&keys, [Whole; 2]);
        assert!(bench.views.load().retired.held());
        assert!(bench.run([resume()])[0].is_ok());
        assert_eq!(bench.run([destroy(&[1], bench.now())]), [Ok(Some(Outcome::Destruction(1)))]);
        assert_standing(&keys, [Destroyed, Whole]);
        bench.assert_in_step();
    }
}

#[test]
fn a_leap_is_held_by_whatever_commit_comes_first_and_a_reason_destroys_all_the_same() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    bench.at(bench.now() + 2 * DAY);
    assert!(bench.run([shred(2)])[0].is_ok());
    assert_eq!(bench.tags(), ["DestructionHeld", "ConfigurationShredded"]);
    assert_standing(&keys, [Whole, Destroyed]);
}

/// An import of as many entries as a commit has room for.
fn full_import() -> Request {
    let entries = (1..=COMMIT_EVENTS_MAX).map(|number| ListedEntry {
        entry: DirectoryEntry::TelSys {
            telsys: TelSysId::new(number).unwrap(),
            description: DirectoryText::new("t").unwrap(),
            environment: DirectoryText::new("e").unwrap(),
        },
        line: number.into(),
    });
    let (listing, twice) = Listing::sorted(entries.collect());
    assert_eq!(twice, []);
    let command = ImportDirectory { mode: ImportMode::Merge, listing, progress: None };
    by(Actor::Operator(0), Command::ImportDirectory(command))
}

#[test]
fn who_has_no_room_beside_the_hold_goes_into_the_next_commit_and_is_answered() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    bench.at(bench.now() + 2 * DAY);
    let answers = bench.run([full_import(), add(3, "c")]);
    let Ok(Some(Outcome::DirectoryImport(imported))) = &answers[0] else { panic!("{:?}", answers[0]) };
    assert!(imported.done);
    assert_added(&answers[1], 3);
    let sizes: Vec<_> = bench.log.attempts().iter().map(|commit| commit.events().len()).collect();
    assert_eq!(sizes, [1, COMMIT_EVENTS_MAX as usize, 1]);
    bench.assert_in_step();
}

#[test]
fn who_has_no_room_beside_a_hold_that_does_not_stand_is_told_that_nothing_was_changed() {
    let unknown = || AppendOutcome::Unknown { why: "cable".into() };
    let full = AppendOutcome::Unavailable { why: "full".into() };
    for (script, why) in [(vec![full], "full"), ((0..1_000).map(|_| unknown()).collect(), "cable")] {
        let keys = Frail::new();
        let mut bench = with_deleted(&keys);
        bench.at(bench.now() + 2 * DAY);
        bench.log.script(script.into_iter().map(Step::Say));
        assert_eq!(bench.run([full_import()]), [Err(WriteError::Unavailable(why.into()))]);
        bench.log.end_script();
        assert!(bench.run([full_import()])[0].is_ok());
        bench.assert_in_step();
    }
}

#[test]
fn a_doubt_lasts_until_it_is_recorded() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    bench.at(bench.now() + 40 * DAY);
    bench.log.script([Step::Say(AppendOutcome::Unavailable { why: "full".into() })]);
    assert!(bench.run([destroy(&[1], bench.now())])[0].is_err());
    let other = bench.events(0)[0].clone();
    assert_eq!(other.tag(), "TemplateRecorded");
    bench.log.script([Step::OtherFirst(other, Box::new(Step::Pass))]);
    assert_eq!(bench.run([destroy(&[1], bench.now())]), [HELD]);
    assert_eq!(bench.tags(), ["DestructionHeld"]);
    assert_standing(&keys, [Whole; 2]);
}

#[test]
fn what_was_found_due_by_a_clock_that_is_right_again_is_not_destroyed_either() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    assert_eq!(bench.run([destroy(&[1], bench.now() + 40 * DAY)]), [HELD]);
    assert_eq!(bench.tags(), ["DestructionHeld"]);
    assert_standing(&keys, [Whole; 2]);
}

#[test]
fn where_no_key_waits_a_leap_does_no_harm_and_nothing_is_held() {
    let keys = Frail::new();
    let mut bench = Bench::with_keys(&keys);
    bench.at(bench.now() + 40 * DAY);
    assert_added(&bench.run([add(1, "a")])[0], 1);
    assert!(bench.run([delete(1)])[0].is_ok());
    assert_eq!(bench.run([destroy(&[1], bench.now())]), [Ok(Some(Outcome::Destruction(1)))]);
}

#[test]
fn a_clock_that_is_set_right_before_anything_is_committed_gives_no_cause() {
    let keys = Frail::new();
    let mut bench = with_deleted(&keys);
    let right = bench.now();
    bench.at(right + 40 * DAY);
    bench.at(right + 1);
    assert_added(&bench.run([add(3, "c")])[0], 3);
    assert_eq!(bench.tags(), ["ConfigurationAdded"]);
}

#[test]
fn an_engine_that_starts_with_a_clock_far_from_the_log_s_end_holds() {
    for leap in [2 * DAY, -2 * DAY, DAY / 2] {
        let keys = Frail::new();
        let bench = with_deleted(&keys);
        let clock = bench.now() + leap;
        let mut next = bench.started_again(&keys, clock);
        let held = next.run([destroy(&[1], clock)]);
        if leap.abs() > DAY {
            assert_eq!(held, [HELD], "{leap}");
        } else {
            assert_eq!(held, [Ok(Some(Outcome::Destruction(1)))], "{leap}");
        }
    }
}

impl Bench {
    /// Another engine on the same log, as after a restart, whose clock shows this.
    fn started_again(&self, keys: &Arc<Frail>, clock: i64) -> Self {
        let (mut state, mut projector) = (State::default(), Projector::default());
        for commit in self.log.commits() {
            for (sequence, bytes) in commit.numbered() {
                let envelope = crmconf_events::event::decode(sequence, commit.time(), bytes).unwrap();
                crmconf_events::state::evolve(&mut state, sequence, &envelope.event);
                projector.apply(&envelope).unwrap();
            }
        }
        let (views, log) = (Arc::clone(&self.views), Arc::clone(&self.log));
        let origin = Origin {
            log: Arc::clone(&log) as Arc<_>,
            state,
            projector,
            views: Arc::clone(&views),
            keys: Arc::clone(keys) as Arc<_>,
            pending: Pending::default(),
        };
        let shown = Arc::new(AtomicI64::new(clock));
        let now = Arc::clone(&shown);
        let now = move || Timestamp::from_micros(now.load(Ordering::Relaxed));
        let obstacle = Obstacle::default();
        let engine = Engine::new(origin, Entropy::default(), Box::new(now), Arc::clone(&obstacle));
        Self { log, engine, views, obstacle, clock: shown }
    }
}
