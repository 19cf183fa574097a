//! When the disk refuses: changes answer 10104, reading goes on, `/readyz` says why, and nothing answered is lost.
//!
//! Failed syncs and a full disk by system call are in `tests/interop/faults.py`, which needs strace.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::harness::{Reply, SUGAR, Server, Session, add_payload, container, get, property, triple};

/// With this many bytes in each, a few Adds fill a file of the journal.
const VALUE_BYTES: usize = 200_000;
/// Far more Adds than any of the limits below leaves room for.
const ADDS_MAX: usize = 60;
/// Time in which the server looks at least twice whether there is room.
const LOOKS: Duration = Duration::from_secs(11);

fn add(session: &Session, number: usize) -> Reply {
    let json = format!("{{\"ClientId\":\"{}\"}}", "x".repeat(VALUE_BYTES));
    let payload = triple("1", "1", "")
        + &property("Description", &format!("number {number}"))
        + &property("CRMType", SUGAR)
        + &container("CRMConfiguration", &json)
        + &container("CRMConfigurationCommon", "{}");
    session.call("CRMConfigurationAdd", &payload)
}

/// Adds until it is refused with 10104: the ids of those that were not, and the refusal.
pub fn add_until_refused(session: &Session) -> (Vec<String>, Reply) {
    let mut ids = Vec::new();
    for number in 0..ADDS_MAX {
        let reply = add(session, number);
        if !reply.is_success() {
            assert_eq!(reply.status, 200, "{}", reply.body);
            return (ids, reply.expect_code(10104));
        }
        ids.push(reply.configuration_id());
    }
    panic!("{ADDS_MAX} Adds found room");
}

/// Shows that all of these can be read, by Info and by List.
fn read_all(session: &Session, ids: &[String]) {
    let listed = session.call("CRMConfigurationList", &triple("1", "1", "")).expect_success();
    for id in ids {
        assert!(listed.body.contains(id.as_str()), "{id} is not listed");
        let payload = triple("1", "1", "") + &property("CRMConfigurationID", id);
        session.call("CRMConfigurationInfo", &payload).expect_success();
    }
}

/// Puts a folder where the journal's next file is to be made, which stops also root.
pub fn block_next_file(server: &Server) -> PathBuf {
    let obstacle = server.data.join("journal/00000002.crmj.new");
    std::fs::create_dir(&obstacle).unwrap();
    obstacle
}

#[test]
fn where_files_cannot_grow_reading_goes_on_and_a_restart_with_room_loses_nothing() {
    // Room for sled to open, and for the journal's second or third file: sled runs out of room before or after. With
    // less than sled needs to open the start is refused: `damage::full`.
    for blocks in [5_120, 7_168, 12_288] {
        let mut server = Server::demo();
        assert!(server.terminate().success());
        server.limit_files(Some(blocks));
        server.restart();
        let session = server.session("editor");
        let (ids, _) = add_until_refused(&session);
        assert!(!ids.is_empty(), "{blocks} blocks");
        add(&session, ADDS_MAX).expect_code(10104);
        read_all(&session, &ids);
        let ready = get(server.address, "/readyz").unwrap();
        assert_eq!(ready.status, 503, "{blocks} blocks: {}", ready.body);
        assert!(ready.body.len() > "not ready: \n".len(), "{}", ready.body);
        assert_eq!(get(server.address, "/healthz").unwrap().status, 200);
        assert!(server.terminate().success(), "{blocks} blocks: {}", server.log_text());

        server.limit_files(None);
        server.restart();
        let session = server.session("editor");
        read_all(&session, &ids);
        add(&session, ADDS_MAX + 1).expect_success();
        assert_eq!(get(server.address, "/readyz").unwrap().status, 200);
        assert!(server.terminate().success());
        assert!(server.run(&["verify", "--sled"]).status.success());
    }
}

#[test]
fn a_file_that_cannot_be_made_refuses_changes_until_it_can() {
    let server = Server::demo();
    let obstacle = block_next_file(&server);
    let session = server.session("editor");
    let (ids, _) = add_until_refused(&session);
    read_all(&session, &ids);
    let ready = get(server.address, "/readyz").unwrap();
    assert_eq!(ready.status, 503, "{}", ready.body);
    assert_eq!(ready.body, "not ready: the store takes no changes for now\n");
    for words in ["the log takes no changes", "the journal's next file cannot be made"] {
        assert!(server.log_text().contains(words), "{}", server.log_text());
    }
    // As long as there is no room it says so, though no change comes that would find out.
    let start = Instant::now();
    while start.elapsed() < LOOKS {
        assert_eq!(get(server.address, "/readyz").unwrap().status, 503, "after {:?}", start.elapsed());
        std::thread::sleep(Duration::from_millis(500));
    }

    std::fs::remove_dir(&obstacle).unwrap();
    let start = Instant::now();
    while get(server.address, "/readyz").unwrap().status != 200 {
        assert!(start.elapsed() < LOOKS, "it does not notice that there is room: {}", server.log_text());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(server.log_text().contains("the log takes changes again"), "{}", server.log_text());
    add(&session, ADDS_MAX).expect_success();
    assert_eq!(get(server.address, "/readyz").unwrap().status, 200);
    read_all(&session, &ids);
    let payload = add_payload(&triple("1", "2", ""), "small");
    session.call("CRMConfigurationAdd", &payload).expect_success();
}
