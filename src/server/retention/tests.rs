//! Which keys are due, and that a running server destroys them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crmconf_events::command::{Command, HoldDestruction, Request};
use crmconf_events::event::{
    Actor, ConfigurationDeleted, Context, DestructionHeld, DestructionResumed, Envelope, Event,
};
use crmconf_events::template::template_digest;
use crmconf_events::told::Told;
use crmconf_events::{CrmType, KeyId, Salt, Scope, Sequence, Timestamp};
use crmconf_projections::{Projection, Retired};
use tokio::runtime::Handle;

use super::*;
use crate::server::beside::Beside;
use crate::vault::KeyStanding;
use crate::writer::tests::{Served, add, delete, id, served};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn happened(number: u64, micros: i64, event: Event) -> Envelope {
    Envelope {
        sequence: Sequence::new(number).unwrap(),
        time: Timestamp::from_micros(micros),
        stream: event.stream(),
        context: Context::of(Actor::System),
        salt: Salt::new([0; 16]),
        event,
    }
}

/// A configuration was deleted then.
fn deleted(number: u64, micros: i64) -> Envelope {
    let event = ConfigurationDeleted {
        id: id(number),
        scope: Scope::EveryTelSys,
        crm_type: CrmType::new("T").unwrap(),
        template: template_digest("{}"),
        key: KeyId(number),
        version: Sequence::FIRST,
    };
    happened(number, micros, event.into())
}

fn days(count: i64) -> i64 {
    count * 24 * 60 * 60 * 1_000_000
}

#[test]
fn a_key_is_due_when_its_time_is_over_and_not_a_moment_before() {
    let mut retired = Retired::default();
    for (number, micros) in [(1, days(1)), (2, days(1)), (3, days(2)), (4, days(9))] {
        retired.apply(&deleted(number, micros));
    }
    let due_at = |micros, kept: u32| due(&retired, Timestamp::from_micros(micros), DAY * kept);
    assert_eq!(due_at(days(31) - 1, 30), []);
    assert_eq!(due_at(days(31), 30), [id(1), id(2)]);
    assert_eq!(due_at(days(32), 30), [id(1), id(2), id(3)]);
    assert_eq!(due_at(days(9), 0), [1, 2, 3, 4].map(id), "kept for no time");
    // The longest time that can be set, and a clock at its very beginning.
    assert_eq!(due_at(days(36_500), 36_500), []);
    assert_eq!(due_at(i64::MIN, 36_500), []);
    assert_eq!(due_at(i64::MAX, 36_500).len(), 4);
}

#[test]
fn none_is_due_while_it_is_held_and_no_more_than_a_commit_takes() {
    let mut retired = Retired::default();
    let count = DestroyRetired::MAX as u64 + 1;
    for number in 1..=count {
        retired.apply(&deleted(number, 1));
    }
    let all = |retired: &Retired| due(retired, Timestamp::from_micros(2), Duration::ZERO);
    assert_eq!(all(&retired), (1..count).map(id).collect::<Vec<_>>());
    let held = DestructionHeld { clock: Timestamp::default(), head: Timestamp::default() };
    retired.apply(&happened(count + 1, 2, held.into()));
    assert_eq!(all(&retired), []);
}

#[test]
fn the_time_of_what_was_deleted_before_the_clock_was_confirmed_runs_from_then() {
    let mut retired = Retired::default();
    // The clock stood far back: what was deleted a moment ago has the time of the last commit, 40 days ago.
    retired.apply(&deleted(1, days(10)));
    let held = DestructionHeld { clock: Timestamp::from_micros(days(50)), head: Timestamp::default() };
    retired.apply(&happened(2, days(50), held.into()));
    retired.apply(&deleted(3, days(50)));
    retired.apply(&happened(4, days(51), DestructionResumed {}.into()));
    retired.apply(&deleted(5, days(52)));
    let due_at = |micros| due(&retired, Timestamp::from_micros(micros), DAY * 30);
    assert_eq!(due_at(days(81) - 1), []);
    assert_eq!(due_at(days(81)), [id(1), id(3)]);
    assert_eq!(due_at(days(82)), [1, 3, 5].map(id));
}

#[test]
fn what_was_deleted_by_a_clock_far_ahead_is_counted_until_the_clock_has_come_so_far() {
    let mut retired = Retired::default();
    for (number, micros) in [(1, days(10)), (2, days(11)), (3, days(500)), (4, days(500))] {
        retired.apply(&deleted(number, micros));
    }
    let ahead_at = |retired: &Retired, micros| ahead(retired, Timestamp::from_micros(micros));
    assert_eq!(ahead_at(&retired, days(10)), 2, "a day ahead is no matter");
    assert_eq!(ahead_at(&retired, days(499)), 0);
    assert_eq!(ahead_at(&retired, days(9) - 1), 4);
    assert_eq!(ahead_at(&retired, i64::MAX), 0);
    // Confirmed after that commit: those before it wait as long.
    retired.apply(&happened(5, days(500), DestructionResumed {}.into()));
    assert_eq!(ahead_at(&retired, days(11)), 4);
}

#[test]
fn that_a_clock_was_far_ahead_is_told_when_it_is_news() {
    let mut retired = Retired::default();
    retired.apply(&deleted(1, days(500)));
    let mut told = 0;
    let mut look = |retired: &Retired, micros| {
        Told::by(|| tell_ahead(retired, Timestamp::from_micros(micros), &mut told)).1
    };
    let first = look(&retired, days(10));
    assert!(first.contains("WARN") && first.contains("keys=1") && first.contains("Shred by hand"), "{first}");
    assert_eq!(look(&retired, days(10)), "", "told already");
    retired.apply(&deleted(2, days(500)));
    assert!(look(&retired, days(10)).contains("keys=2"));
    assert_eq!(look(&retired, days(500)), "");
}

/// A store with as many deleted configurations.
async fn with_deleted(count: u64) -> Served {
    let served = served().await;
    for number in 1..=count {
        for request in [add(number, "same"), delete(number)] {
            served.writer.submit(request).await.unwrap();
        }
    }
    served
}

impl Served {
    fn destroyed(&self, number: u64) -> bool {
        self.vault.standing(KeyId(number)) == KeyStanding::Destroyed
    }
}

#[tokio::test]
async fn all_that_are_due_are_destroyed_together_and_nothing_is_left_to_do() {
    let count = DestroyRetired::MAX as u64 + 88;
    let served = with_deleted(count).await;
    assert_eq!(destroy_due(&served.views, &served.writer, DAY, writer::clock).await, Ok(0));
    let destroy = || destroy_due(&served.views, &served.writer, Duration::ZERO, writer::clock);
    assert_eq!(destroy().await, Ok(count as usize));
    assert!((1..=count).all(|number| served.destroyed(number)));
    let last = served.views.load().last;
    assert_eq!(destroy().await, Ok(0));
    assert_eq!(served.views.load().last, last, "nothing more is recorded");
}

#[tokio::test]
async fn what_is_held_or_due_by_a_wrong_clock_stays() {
    let served = with_deleted(2).await;
    let wrong = || Timestamp::from_micros(writer::clock().as_micros() + days(40));
    let held = destroy_due(&served.views, &served.writer, DAY * 30, wrong).await;
    assert_eq!(held, Err(WriteError::Rejected(Rejection::DestructionHeld)));
    assert!(served.views.load().retired.held());
    // From now on it does not even ask.
    let last = served.views.load().last;
    assert_eq!(destroy_due(&served.views, &served.writer, DAY * 30, wrong).await, Ok(0));
    assert_eq!((served.views.load().last, served.destroyed(1)), (last, false));
}

#[tokio::test]
async fn a_writer_that_has_ended_is_told_of_as_an_error() {
    let served = with_deleted(1).await;
    served.writer.stop().await;
    let ended = destroy_due(&served.views, &served.writer, Duration::ZERO, writer::clock).await;
    assert!(matches!(ended, Err(WriteError::Draining | WriteError::Unknown(_))), "{ended:?}");
}

#[tokio::test]
async fn it_waits_for_its_first_look_then_looks_again_and_again_and_ends_when_dropped() {
    let served = with_deleted(1).await;
    let start = |first_after| {
        let pace = Pace { first_after, every: Duration::from_millis(10) };
        let (views, writer) = (Arc::clone(&served.views), served.writer.clone());
        Beside::run(look_again_and_again(views, writer, Duration::ZERO, pace), &Handle::current())
    };
    let waiting = start(FIRST_AFTER);
    sleep(Duration::from_millis(100)).await;
    assert!(!served.destroyed(1), "not in the first hour");
    drop(waiting);
    let looking = start(Duration::ZERO);
    for number in 1..=3 {
        let begun = Instant::now();
        while !served.destroyed(number) {
            assert!(begun.elapsed() < Duration::from_secs(30), "{number} stands still");
            sleep(Duration::from_millis(5)).await;
        }
        for request in [add(number + 1, "same"), delete(number + 1)] {
            served.writer.submit(request).await.unwrap();
        }
    }
    let begun = Instant::now();
    while !served.destroyed(4) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the last one stands still");
        sleep(Duration::from_millis(5)).await;
    }
    drop(looking);
    sleep(Duration::from_millis(50)).await;
    for request in [add(9, "same"), delete(9)] {
        served.writer.submit(request).await.unwrap();
    }
    sleep(Duration::from_millis(100)).await;
    assert!(!served.destroyed(5), "nobody looks any more");
}

#[tokio::test]
async fn a_hold_that_the_server_asks_for_itself_stops_it() {
    let served = with_deleted(1).await;
    let command = Command::HoldDestruction(HoldDestruction { clock: writer::clock(), head: writer::clock() });
    let request = Request { context: Context::of(Actor::System), validate_only: false, command };
    served.writer.submit(request).await.unwrap();
    assert_eq!(destroy_due(&served.views, &served.writer, Duration::ZERO, writer::clock).await, Ok(0));
    assert!(!served.destroyed(1));
}
