//! `replay --until`: exactly the commits up to a time, exactly the events up to a sequence.

use crmconf_events::log::JournalReader;

use super::{adds_in, stopped_after};
use crate::harness::{run, text};

const ADDS: usize = 4;

#[test]
fn a_time_takes_what_was_committed_at_or_before_it_to_the_microsecond() {
    let server = stopped_after(ADDS);
    let until = |point: &str| run(&["replay", "--data", text(&server.data), "--until", point]).expect(0).out;
    let commits: Vec<_> = JournalReader::open(&server.data).unwrap().map(Result::unwrap).collect();
    assert_eq!(commits.len(), ADDS + 1);
    let times: Vec<_> = commits.iter().map(|commit| commit.time().as_micros()).collect();
    // Each commit's own time, a microsecond to either side, and the middle between it and the next.
    let mut moments: Vec<_> = times.iter().flat_map(|time| [time - 1, *time, time + 1]).collect();
    moments.extend(times.windows(2).map(|pair| pair[0].midpoint(pair[1])));
    for moment in moments {
        let expected = times.iter().filter(|time| **time <= moment).count();
        let utc = jiff::Timestamp::from_microsecond(moment).unwrap();
        let shown = until(&utc.to_string());
        assert_eq!(adds_in(&shown), expected.saturating_sub(1), "{utc} of {times:?}");
        let elsewhere = utc.display_with_offset(jiff::tz::offset(-7)).to_string();
        assert!(until(&elsewhere) == shown, "{elsewhere} is {utc}");
        if let Some(last) = expected.checked_sub(1).map(|place| commits[place].last()) {
            assert!(until(&last.get().to_string()) == shown, "{utc} and sequence {last} show one state");
        }
    }
}

#[test]
fn a_sequence_takes_the_events_up_to_it_also_within_a_commit() {
    let server = stopped_after(1);
    let until = |sequence: u64| {
        run(&["replay", "--data", text(&server.data), "--until", &sequence.to_string()]).expect(0).out
    };
    let commits: Vec<_> = JournalReader::open(&server.data).unwrap().map(Result::unwrap).collect();
    let first = commits[0].last().get();
    assert!(first > 20, "the demo is set up in one commit of many events");
    let shown: Vec<_> = (1..=first).map(until).collect();
    for (earlier, later) in shown.iter().zip(&shown[1..]) {
        assert!(earlier != later, "each event of the demo's setting up shows: {later}");
    }
    assert!(shown.iter().all(|shown| adds_in(shown) == 0));
    assert_eq!(adds_in(&until(commits[1].last().get())), 1);
}
