//! Several commands at once: one commit, in order, split when it must be, and nobody answered too early.

use std::sync::Mutex;

use crmconf_events::decide::Rejection;

use super::*;

/// As much JSON as a part may have, about; three of them fit no commit with a fourth.
fn large() -> String {
    format!("{{\"a\":\"{}\"}}", "x".repeat(250 * 1_024))
}

fn numbered(count: u64) -> Vec<Request> {
    (1..=count).map(|number| add(number, &format!("d{number}"))).collect()
}

#[test]
fn a_batch_is_one_commit_and_each_command_sees_the_ones_before() {
    let mut bench = Bench::new();
    let answers = bench.run([add(1, "a"), add(2, "a"), add(3, "b")]);
    assert_added(&answers[0], 1);
    assert_eq!(answers[1], Err(Rejection::DuplicateName.into()));
    assert_added(&answers[2], 3);
    assert_eq!(bench.log.attempts().len(), 1);
    assert_eq!(bench.log.commits()[1].events().len(), 3, "the template, and two configurations");
    bench.assert_in_step();
}

#[test]
fn nobody_is_answered_before_the_commit_stands() {
    let mut bench = Bench::new();
    let (jobs, answers): (Vec<_>, Vec<_>) = numbered(5).into_iter().map(job).unzip();
    let answers = Arc::new(Mutex::new(answers));
    let (seen, watched) = (Arc::new(Mutex::new(0)), Arc::clone(&answers));
    let count = Arc::clone(&seen);
    bench.log.observe(move || {
        for answer in watched.lock().unwrap().iter_mut() {
            assert_eq!(answer.try_recv(), Err(oneshot::error::TryRecvError::Empty));
            *count.lock().unwrap() += 1;
        }
    });
    bench.engine.run_batch(jobs);
    assert_eq!(*seen.lock().unwrap(), 5);
    for (answer, number) in answers.lock().unwrap().iter_mut().zip(1..) {
        assert_added(&answer.try_recv().unwrap(), number);
    }
}

#[test]
fn a_batch_of_more_events_than_a_commit_has_room_for_is_split() {
    let mut bench = Bench::new();
    let answers = bench.run(numbered(1_030));
    for (answer, number) in answers.iter().zip(1..) {
        assert_added(answer, number);
    }
    let sizes: Vec<_> = bench.log.attempts().iter().map(|commit| commit.events().len()).collect();
    assert_eq!(sizes, [1_024, 7], "the template takes one place");
    assert_eq!(bench.shown().len(), 1_030);
    bench.assert_in_step();
}

#[test]
fn a_batch_of_more_bytes_than_a_commit_has_room_for_is_split() {
    let mut bench = Bench::new();
    let answers = bench.run((1..=7).map(|number| add_with(number, &format!("d{number}"), &large())));
    for (answer, number) in answers.iter().zip(1..) {
        assert_added(answer, number);
    }
    let sizes: Vec<_> = bench.log.attempts().iter().map(|commit| commit.events().len()).collect();
    assert_eq!(sizes, [1 + 3, 3, 1]);
    bench.assert_in_step();
}

#[test]
fn when_a_later_part_of_a_batch_fails_the_earlier_part_stands() {
    use super::scripted::Step;
    use crmconf_events::log::AppendOutcome;
    let mut bench = Bench::new();
    bench.log.script([Step::Pass, Step::Say(AppendOutcome::Unavailable { why: "disk".into() }), Step::Pass]);
    let answers = bench.run((1..=7).map(|number| add_with(number, &format!("d{number}"), &large())));
    let stands: Vec<_> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(stands, [true, true, true, false, false, false, true]);
    assert_eq!(bench.shown(), ["d1", "d2", "d3", "d7"]);
    bench.assert_in_step();
}

#[test]
fn a_change_that_no_commit_can_hold_is_refused_alone() {
    let mut bench = Bench::new();
    let huge = format!("{{\"a\":\"{}\"}}", "x".repeat(950 * 1_024));
    let answers = bench.run([add(1, "a"), add_with(2, "b", &huge), add(3, "c")]);
    assert_added(&answers[0], 1);
    assert!(matches!(answers[1], Err(WriteError::Unavailable(_))), "{answers:?}");
    assert_added(&answers[2], 3);
    assert_eq!(bench.shown(), ["a", "c"]);
    bench.assert_in_step();
}

#[test]
fn a_request_key_repeated_within_a_batch_is_replayed() {
    let mut bench = Bench::new();
    // Each repetition drew an id of its own; the first one's is the answer.
    let batch = [
        keyed(add(1, "a"), "k"),
        keyed(add(2, "a"), "k"),
        keyed(add(3, "b"), "k"),
        of_stranger(keyed(add(4, "b"), "k")),
    ];
    let answers = bench.run(batch);
    assert_added(&answers[0], 1);
    assert_eq!(answers[1], answers[0]);
    assert_eq!(answers[2], Err(Rejection::RequestKeyReused.into()));
    assert_added(&answers[3], 4);
    assert_eq!(bench.shown(), ["a", "b"]);
    // And the same in the next batch, from the log.
    let again = bench.run([keyed(add(5, "a"), "k"), keyed(add(6, "c"), "k")]);
    assert_eq!(again[0], answers[0]);
    assert_eq!(again[1], Err(Rejection::RequestKeyReused.into()));
    bench.assert_in_step();
}

#[test]
fn a_key_whose_commit_was_not_appended_is_free_again() {
    use super::scripted::Step;
    use crmconf_events::log::AppendOutcome;
    let mut bench = Bench::new();
    bench.log.script([Step::Say(AppendOutcome::Unavailable { why: "disk".into() })]);
    assert!(bench.run([keyed(add(1, "a"), "k")])[0].is_err());
    assert_added(&bench.run([keyed(add(2, "b"), "k")])[0], 2);
}

#[test]
fn a_dry_run_is_checked_and_appends_nothing() {
    let mut bench = Bench::new();
    let dry = |request| Request { validate_only: true, ..request };
    let batch = [dry(keyed(add(1, "a"), "k")), dry(add(2, "a")), keyed(add(3, "a"), "k"), dry(add(4, "a"))];
    let answers = bench.run(batch);
    assert_eq!(answers[..2], [Ok(None), Ok(None)]);
    assert_added(&answers[2], 3);
    assert_eq!(answers[3], Err(Rejection::DuplicateName.into()));
    assert_eq!(bench.shown(), ["a"]);
}

#[test]
fn a_caller_that_went_away_does_no_harm() {
    let mut bench = Bench::new();
    let (mut jobs, mut answers): (Vec<_>, Vec<_>) = numbered(3).into_iter().map(job).unzip();
    drop(answers.remove(1));
    let (late, gone) = job(add(4, "d4"));
    drop(gone);
    jobs.push(late);
    bench.engine.run_batch(jobs);
    assert_added(&answers[0].try_recv().unwrap(), 1);
    assert_added(&answers[1].try_recv().unwrap(), 3);
    assert_eq!(bench.shown(), ["d1", "d2", "d3", "d4"], "their commands stand all the same");
    bench.assert_in_step();
}

#[test]
fn time_never_goes_back() {
    let mut bench = Bench::new();
    for (number, micros) in [(1, 5_000_000), (2, 4_000_000), (3, 0), (4, -1), (5, 5_000_001), (6, 9_000_000)]
    {
        bench.clock.store(micros, Ordering::Relaxed);
        assert_added(&bench.run([add(number, &format!("d{number}"))])[0], number);
    }
    let times: Vec<_> = bench.log.commits().iter().map(|commit| commit.time().as_micros()).collect();
    assert_eq!(times, [1_000_000, 5_000_000, 5_000_001, 5_000_002, 5_000_003, 5_000_004, 9_000_000]);
    assert_eq!(bench.views.load().time.as_micros(), 9_000_000);
}

#[tokio::test]
async fn a_full_queue_refuses_and_a_stopped_writer_drains() {
    use super::super::{Message, Writer};
    let (queue, mut waiting) = tokio::sync::mpsc::channel(1);
    let writer = Writer { queue, obstacle: Obstacle::default() };
    let first = tokio::spawn({
        let writer = writer.clone();
        async move { writer.submit(add(1, "a")).await }
    });
    while writer.queue.capacity() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(writer.submit(add(2, "b")).await, Err(WriteError::Overloaded));
    let Some(Message::Decide(job)) = waiting.recv().await else { panic!("the first command waits") };
    drop(job);
    assert!(matches!(first.await.unwrap(), Err(WriteError::Unknown(_))), "the writer died with it");
    drop(waiting);
    assert_eq!(writer.submit(add(3, "c")).await, Err(WriteError::Draining));
}
