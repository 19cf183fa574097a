//! A clock that falls behind the log: commits go on, and the operator is told.

use crmconf_events::told::Told;

use super::*;

#[test]
fn a_clock_that_falls_behind_is_told_once_each_time() {
    let told = Told::default();
    let count = |words: &str| told.text().lines().filter(|line| line.contains(words)).count();
    let (minute, behind, right) =
        (60_000_000, "clock is behind the log by more than five", "clock is no longer");
    let mut bench = Bench::new();
    told.hear(|| {
        let mut number = 0;
        let mut add_at = |minutes: i64| {
            number += 1;
            bench.clock.store(minutes * minute, Ordering::Relaxed);
            assert_added(&bench.run([add(number, &format!("d{number}"))])[0], number);
        };
        add_at(100);
        // Four minutes are taken in silence.
        add_at(96);
        assert_eq!((count(behind), count(right)), (0, 0));
        for minutes in [90, 89, 91] {
            add_at(minutes);
            assert_eq!((count(behind), count(right)), (1, 0));
        }
        add_at(101);
        assert_eq!((count(behind), count(right)), (1, 1));
        add_at(90);
        assert_eq!((count(behind), count(right)), (2, 1));
    });
    bench.assert_in_step();
}

#[test]
fn each_commit_is_measured_and_those_that_the_clock_falls_behind_count_apart() {
    let metrics = crate::metrics::Metrics::on().unwrap();
    let mut bench = Bench::new();
    bench.engine.measure(metrics.commits.clone());
    for (number, minutes) in [(1, 100), (2, 96), (3, 90), (4, 89), (5, 101)] {
        bench.clock.store(minutes * 60_000_000, Ordering::Relaxed);
        assert_added(&bench.run([add(number, &format!("d{number}"))])[0], number);
    }
    // Two in one commit, and what is refused in none.
    bench.run([add(6, "d6"), add(7, "d7")]);
    bench.run([add(8, "d7")]);
    let service = crate::http::app::Service::starting();
    let text = metrics.render(&service, Path::new("/nowhere"));
    for line in [
        "crmconf_commits_total 6",
        "crmconf_clock_lifted_commits_total 2",
        "crmconf_commit_events_count 6",
        "crmconf_commit_bytes_count 6",
        "crmconf_append_duration_seconds_count 6",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is not in {text}");
    }
}
