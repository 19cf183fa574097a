//! The published examples, sent as they are printed, answered in the published shapes.

use crate::harness::{Server, Session, golden, redact};

/// The id in the published requests; the tests replace it by one that exists.
const PUBLISHED_ID: &str = "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e";

fn request(name: &str) -> String {
    let path = format!("{}/tests/fixtures/seed/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn added(session: &Session) -> String {
    session.send(&request("add")).expect_success().configuration_id()
}

#[test]
fn every_published_request_succeeds_in_the_published_shape() {
    let server = Server::demo();
    let session = server.session("editor");
    let reply = session.send(&request("add")).expect_success();
    let id = reply.configuration_id();
    golden("seed", "add", &redact(&reply, &[(&id, "id")]));
    let send = |name: &str| session.send(&request(name).replace(PUBLISHED_ID, &id)).expect_success();
    golden("seed", "change", &redact(&send("change"), &[]));
    golden("seed", "info", &redact(&send("info"), &[(&id, "id")]));
    golden("seed", "list-device", &redact(&send("list-device"), &[(&id, "id")]));
    golden("seed", "list-every", &redact(&send("list-every"), &[]));
    golden("seed", "delete", &redact(&send("delete"), &[]));
}

#[test]
fn nothing_is_lost_when_the_server_is_killed() {
    let mut server = Server::demo();
    let id = added(&server.session("editor"));
    let info = request("info").replace(PUBLISHED_ID, &id);
    let before = server.session("viewer").send(&info).expect_success();
    server.kill_nine();
    server.restart();
    let after = server.session("viewer").send(&info).expect_success();
    assert_eq!(after.body, before.body);
}

#[test]
fn a_namespaced_request_is_answered_in_its_namespace() {
    let server = Server::demo();
    let body = "<c:Request xmlns:c=\"urn:crmconf:api:1\" Operation=\"CreateSession\"><c:InvokeID>1</c:InvokeID></c:Request>";
    let reply = server.post(body).expect_success();
    let id = reply.property("SessionID").unwrap();
    let nonce = reply.property("Nonce").unwrap();
    golden(
        "seed",
        "create-session-in-our-namespace",
        &redact(&reply, &[(&id, "session"), (&nonce, "nonce")]),
    );
}
