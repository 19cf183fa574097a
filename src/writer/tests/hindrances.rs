//! What `/readyz` tells of the writer: as long as it is true, and not a moment less.

use crmconf_events::log::{AppendOutcome, Health};

use super::scripted::Step;
use super::*;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::writer::{Hindered, LOST, Queue, Writer};

fn full() -> AppendOutcome {
    AppendOutcome::Unavailable { why: "full".into() }
}

#[test]
fn a_full_disk_is_told_of_until_there_is_room_and_found_to_have_some_without_a_change() {
    let mut bench = Bench::new();
    bench.log.set_full(Some("still full"));
    bench.log.script([Step::Say(full())]);
    assert!(bench.run([add(1, "a")])[0].is_err());
    assert_eq!(bench.obstacle().as_deref(), Some("full"));
    for _ in 0..3 {
        assert!(bench.engine.may_recover());
        bench.engine.look();
        assert_eq!(bench.obstacle().as_deref(), Some("still full"));
    }
    bench.log.set_full(None);
    bench.engine.look();
    assert_eq!(bench.obstacle(), None);
    assert!(!bench.engine.may_recover(), "nothing is left to look for");
    assert_eq!(bench.log.attempts().len(), 1, "looking appends nothing");
    assert_added(&bench.run([add(2, "b")])[0], 2);
    bench.assert_in_step();
}

#[test]
fn what_ends_with_the_process_only_is_told_of_to_its_end() {
    let mut bench = Bench::new();
    // sled refuses a commit that was synced: it stands, and is the last one.
    bench.log.set_health(Health::ReadOnly { why: "sled".into() });
    assert_added(&bench.run([add(1, "a")])[0], 1);
    assert_eq!(bench.obstacle().as_deref(), Some("sled"));
    // What refuses the next change sounds as if it might pass.
    bench.log.script([Step::Say(full())]);
    assert_eq!(bench.run([add(2, "b")]), [Err(WriteError::Unavailable("full".into()))]);
    assert_eq!(bench.obstacle().as_deref(), Some("sled"));
    assert!(!bench.engine.may_recover());
    bench.engine.look();
    assert_eq!(bench.obstacle().as_deref(), Some("sled"));
    assert_eq!(bench.shown(), ["a"]);
}

#[test]
fn a_commit_whose_fate_is_not_known_is_settled_without_a_change() {
    let mut bench = Bench::new();
    bench.log.script((0..1_000).map(|_| Step::Say(AppendOutcome::Unknown { why: "cable".into() })));
    assert!(matches!(bench.run([add(1, "a")])[0], Err(WriteError::Unknown(_))));
    assert!(bench.engine.may_recover(), "this log may come back");
    bench.engine.look();
    assert_eq!(bench.obstacle().as_deref(), Some("cable"));
    bench.log.end_script();
    bench.engine.look();
    assert_eq!(bench.obstacle(), None);
    assert_eq!(bench.shown(), ["a"]);
    bench.assert_in_step();
}

#[test]
fn read_models_out_of_step_are_told_of_whatever_comes_after() {
    let mut bench = Bench::new();
    bench.engine.put_out_of_step();
    assert!(bench.run([add(1, "a")])[0].is_ok(), "the commit itself stands");
    let why = bench.obstacle().expect("told");
    let answers = bench.run([add(2, "b")]);
    assert_eq!(answers, [Err(WriteError::Unavailable(why.clone()))]);
    assert!(!bench.engine.may_recover());
    assert_eq!(bench.obstacle(), Some(why));
}

/// A writer on a scripted log, with its thread.
fn writer(log: Arc<Scripted>, views: Views) -> (Writer, std::thread::JoinHandle<()>) {
    let (state, projector) = (State::default(), Projector::default());
    Writer::start(Origin { log, state, projector, views, keys: vault(), pending: Pending::default() }, 8)
        .unwrap()
}

fn scripted() -> (Arc<Scripted>, Views) {
    let views = Views::new(ArcSwap::from_pointee(Projector::default().view().clone()));
    (Arc::new(Scripted::new(STORE, Arc::clone(&views))), views)
}

#[actix_web::test]
async fn a_writer_that_panicked_says_so_and_is_not_said_to_be_shutting_down() {
    let (log, views) = scripted();
    log.observe(|| panic!("a fault of the server, for a test"));
    let (writer, thread) = writer(log, views);
    assert_eq!(writer.obstacle(), None);
    let met = writer.submit(create_store()).await.unwrap_err();
    assert_eq!(met, WriteError::Unknown(LOST.into()), "it may have been appended");
    assert!(thread.join().is_err());
    assert_eq!(writer.obstacle().as_deref(), Some(LOST));
    assert_eq!(writer.hindered(), Some(Hindered::Lost));
    let later = writer.submit(create_store()).await.unwrap_err();
    assert_eq!(later, WriteError::Unavailable(LOST.into()));
    for error in [met, later] {
        assert_eq!(ApiError::from(error).code, Code::StoreUnavailable);
    }
}

#[actix_web::test]
async fn a_writer_that_was_told_to_stop_is_shutting_down() {
    let (log, views) = scripted();
    let (writer, thread) = writer(log, views);
    assert_eq!(writer.queue(), Queue { commands: 0, limit: 8 });
    assert_eq!(writer.submit(create_store()).await, Ok(None));
    assert_eq!(writer.hindered(), None);
    writer.stop().await;
    thread.join().unwrap();
    assert_eq!(writer.submit(create_store()).await, Err(WriteError::Draining));
    assert_eq!(writer.obstacle(), None);
}
