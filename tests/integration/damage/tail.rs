//! The end of the journal: what a power cut can have left there is cleared away, and everything else is refused with
//! its place, by the log's own rules, since commits that were acknowledged must not be taken for torn ones.

use std::fs;
use std::path::Path;

use super::filled::Filled;
use super::{change, places};
use crate::harness::{SUGAR, Server, container, property, run, text, triple};

/// The journal's last file, and the last commit's beginning and end in it.
fn last(filled: &Filled) -> (String, usize, usize) {
    let (file, start, number) = places(&filled.data).last().cloned().unwrap();
    let told = filled.command(&["verify"]).expect(0).out;
    assert!(told.contains(&format!("{number} commits")), "{told}");
    let bytes = fs::read(filled.journal(&file)).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    (file, usize::try_from(start).unwrap(), end)
}

/// Refused at its start, and by `verify` and `replay`, with these words.
#[track_caller]
fn refused_by_all(filled: &Filled, words: &[&str]) {
    filled.refuses(words);
    for command in ["verify", "replay"] {
        filled.command(&[command]).expect(1).says(&words[..1]);
    }
}

#[test]
fn a_last_file_that_ends_within_its_last_commit_is_refused_with_the_place_and_one_that_ends_behind_it_is_whole()
 {
    let (file, start, end) = last(&Filled::new());
    for length in [start + 1, start + 100, start + 200, (start + end) / 2, end - 1] {
        let filled = Filled::new();
        change(&filled.journal(&file), |bytes| bytes.truncate(length));
        let place = format!("{file}, byte {start}, where commit");
        refused_by_all(&filled, &[&place, "the journal is damaged"]);
    }
    for more in [0, 1, 600] {
        let filled = Filled::new();
        change(&filled.journal(&file), |bytes| bytes.truncate(end + more));
        filled.comes_back(&format!("cut {more} bytes behind the last commit"));
    }
}

#[test]
fn a_file_cut_to_nothing_is_refused_also_where_only_sled_knows_what_it_held() {
    let filled = Filled::new();
    change(&filled.journal("00000001.crmj"), Vec::clear);
    refused_by_all(&filled, &["byte 0, where commit 1 with sequence 1 should stand"]);

    let filled = Filled::new();
    change(&filled.journal("00000002.crmj"), Vec::clear);
    refused_by_all(&filled, &["journal/head knows commit"]);
    fs::remove_file(filled.data.join("journal/head")).unwrap();
    filled.refuses(&["sled knows commit", "00000001.crmj, byte"]);
}

/// A byte where nothing was written yet.
fn stray(file: &Path, at: usize) {
    change(file, |bytes| {
        assert_eq!(bytes[at], 0, "{at}");
        bytes[at] = 7;
    });
}

#[test]
fn a_byte_behind_the_end_is_cleared_where_it_may_be_a_torn_commit_and_refused_where_it_cannot() {
    let (file, _, end) = last(&Filled::new());
    // Far enough behind the end, a sector before it was never written.
    for at in [end + 1_100, end + 3_000, end + 200_000] {
        let filled = Filled::new();
        stray(&filled.journal(&file), at);
        let log = filled.comes_back(&format!("a byte at {at} behind {end}"));
        let cleared = format!("{file} ended at byte {end} with {} bytes of commit", at + 1 - end);
        assert!(log.contains(&cleared), "{log}");
    }
    // Within the first sector no other one is empty; beyond the longest commit it belongs to none.
    for at in [end, end + 921_600 + 4_096] {
        let filled = Filled::new();
        stray(&filled.journal(&file), at);
        refused_by_all(&filled, &[&format!("{file}, byte {end}, where commit"), "the journal is damaged"]);
    }
    // Behind what looks torn stands a commit: then it was not the last.
    let filled = Filled::new();
    change(&filled.journal(&file), |bytes| {
        let (whole, length) = (bytes[..200].to_vec(), bytes.len());
        bytes[end + 3_000] = 7;
        bytes[length - 200..].copy_from_slice(&whole);
    });
    refused_by_all(&filled, &[&format!("{file}, byte {end}, where commit"), "the journal is damaged"]);
}

#[test]
fn a_byte_in_the_prepared_file_is_judged_in_the_same_way() {
    let original = tempfile::tempdir().unwrap();
    let data = original.path().join("data");
    let mut server = Server::demo_in(&data, &[]).unwrap_or_else(|log| panic!("{log}"));
    let session = server.session("editor");
    for number in 0..3 {
        let json = format!("{{\"ClientId\":\"{}\"}}", "x".repeat(200_000));
        let payload = triple("1", "1", "")
            + &property("Description", &format!("number {number}"))
            + &property("CRMType", SUGAR)
            + &container("CRMConfiguration", &json)
            + &container("CRMConfigurationCommon", "{}");
        session.call("CRMConfigurationAdd", &payload).expect_success();
    }
    let prepared = data.join("journal/00000002.crmj");
    server.wait_until(|| prepared.exists());
    assert!(server.terminate().success());
    assert!(fs::read(&prepared).unwrap().iter().all(|byte| *byte == 0), "it is not in use yet");

    stray(&prepared, 5);
    let place = ["00000002.crmj, byte 0, where commit 5", "the journal is damaged"];
    run(&["serve", "--demo", "--listen", "127.0.0.1:0", "--data", text(&data)]).expect(1).says(&place);
    change(&prepared, |bytes| bytes[5] = 0);
    stray(&prepared, 3_000);
    let told = run(&["verify", "--sled", "--data", text(&data)]).expect(0).out;
    assert!(told.contains("00000002.crmj, byte 0"), "{told}");
    server.restart();
    assert!(
        server.log_text().contains("00000002.crmj ended at byte 0 with 3001 bytes of commit 5"),
        "{}",
        server.log_text()
    );
    session_lists(&server, "3");
    assert!(server.terminate().success());
    assert!(fs::read(&prepared).unwrap().iter().all(|byte| *byte == 0), "it was zeroed");
}

fn session_lists(server: &Server, total: &str) {
    let list = server.session("viewer").call("CRMConfigurationList", "").expect_success();
    assert_eq!(list.property("Total").as_deref(), Some(total));
}

#[test]
fn a_last_commit_with_an_empty_sector_is_torn_only_where_neither_head_nor_sled_reaches_it() {
    let torn = || {
        let filled = Filled::new();
        let (file, start, end) = last(&filled);
        let sector = ((start + end) / 2).next_multiple_of(512);
        change(&filled.journal(&file), |bytes| bytes[sector..sector + 512].fill(0));
        (filled, file, start)
    };
    let (filled, file, start) = torn();
    // The place told is the end of what is whole: that of the commit before it.
    let ends = ["the journal ends before it, with commit 6", "00000001.crmj, byte"];
    filled.refuses(&[&["journal/head knows commit 7"], &ends[..]].concat());
    fs::remove_file(filled.data.join("journal/head")).unwrap();
    filled.refuses(&[&["sled knows commit 7"], &ends[..]].concat());
    // With nobody left to tell it is as if it had never been acknowledged: the limit that the log's page names.
    fs::remove_dir_all(filled.data.join("sled")).unwrap();
    let mut server = Server::demo_in(&filled.data, &[]).unwrap_or_else(|log| panic!("{log}"));
    assert!(
        server.log_text().contains(&format!("{file} ended at byte {start} with")),
        "{}",
        server.log_text()
    );
    session_lists(&server, "5");
    assert!(server.terminate().success());

    // A bit flipped in it is damage, whoever knows it.
    let filled = Filled::new();
    let (file, start, end) = last(&filled);
    fs::remove_file(filled.data.join("journal/head")).unwrap();
    fs::remove_dir_all(filled.data.join("sled")).unwrap();
    change(&filled.journal(&file), |bytes| bytes[(start + end) / 2] ^= 1);
    refused_by_all(&filled, &[&format!("{file}, byte {start}, where commit"), "the journal is damaged"]);
}

#[test]
fn a_damaged_head_is_refused_by_name_and_a_missing_one_is_made_again() {
    let whole = fs::read_to_string(Filled::new().data.join("journal/head")).unwrap();
    let hash = whole.lines().last().unwrap();
    for damaged in [
        String::new(),
        "\0".repeat(whole.len()),
        whole.replace("commit", "comit"),
        whole[..whole.len() - 1].to_owned(),
        whole[..whole.len() / 2].to_owned(),
    ] {
        let filled = Filled::new();
        fs::write(filled.data.join("journal/head"), &damaged).unwrap();
        filled.refuses(&["journal/head"]);
    }
    // In order, and of another log.
    let filled = Filled::new();
    let other = whole.replace(hash, &format!("hash {}", "A".repeat(43)));
    fs::write(filled.data.join("journal/head"), other).unwrap();
    filled.refuses(&["journal/head", "00000002.crmj, byte"]);

    let filled = Filled::new();
    fs::remove_file(filled.data.join("journal/head")).unwrap();
    filled.comes_back("no journal/head");
    assert!(filled.data.join("journal/head").exists());
}
