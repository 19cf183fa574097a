//! The life of a session: created, signed in once, used, ended, and gone with the process.

use crate::harness::{Reply, Server, Session, golden, is_hex, property, redact};

const LIST: &str = "CRMConfigurationList";

fn credentials(user: &str, password: &str) -> String {
    property("UserName", user) + &property("Password", password)
}

fn sign_in(session: &Session, user: &str, password: &str) -> Reply {
    session.call("Authenticate", &credentials(user, password))
}

#[test]
fn a_session_is_created_signed_in_used_and_ended() {
    let server = Server::demo();
    let created =
        server.post("<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>").expect_success();
    let (id, nonce) = (created.property("SessionID").unwrap(), created.property("Nonce").unwrap());
    assert!(is_hex(&id, 32, true) && is_hex(&nonce, 32, false), "{id} {nonce}");
    let session = Session { address: server.address, id };
    session.call(LIST, "").expect_code(10305);
    sign_in(&session, "editor", "demo-editor").expect_success();
    session.call(LIST, "").expect_success();
    let ended = session.call("Logout", "").expect_success();
    golden("sessions", "logout", &redact(&ended, &[]));
    session.call(LIST, "").expect_code(10302);
    session.call("Logout", "").expect_code(10302);
    sign_in(&session, "editor", "demo-editor").expect_code(10302);

    let waiting = Session::create(server.address);
    waiting.call("Logout", "").expect_success();
    waiting.call(LIST, "").expect_code(10302);
}

#[test]
fn the_transport_key_is_for_those_who_may_open_password_fields() {
    let server = Server::demo();
    for (user, has_key) in
        [("viewer", false), ("auditor", false), ("client", true), ("editor", true), ("admin", true)]
    {
        let session = Session::create(server.address);
        let reply = sign_in(&session, user, &format!("demo-{user}")).expect_success();
        let key = reply.property("TransportKey");
        assert_eq!(key.is_some(), has_key, "{user}");
        let bytes = key.map(|key| data_encoding::BASE64.decode(key.as_bytes()).unwrap());
        assert!(bytes.is_none_or(|bytes| bytes.len() == 64), "{user}");
        if !has_key {
            assert_eq!(reply.body, "<Response Result=\"Success\"><InvokeID>7</InvokeID></Response>");
        }
    }
    let key = || {
        let session = Session::create(server.address);
        sign_in(&session, "client", "demo-client").property("TransportKey").unwrap()
    };
    assert_ne!(key(), key(), "each session has its own");
}

#[test]
fn a_failed_authenticate_ends_the_session_with_one_text_for_every_reason() {
    let server = Server::demo();
    let fail = |user: &str, password: &str| {
        let session = Session::create(server.address);
        let reply = sign_in(&session, user, password).expect_code(10307);
        session.call(LIST, "").expect_code(10302);
        reply.body
    };
    let wrong = fail("editor", "demo-viewer");
    assert_eq!(fail("nobody", "demo-editor"), wrong);
    assert_eq!(fail(&"n".repeat(1_000), "demo-editor"), wrong);
    assert_eq!(fail("editor", &"p".repeat(2_000)), wrong);
    assert_eq!(fail("editor", " demo-editor"), wrong, "a password is not trimmed");
    let session = Session::create(server.address);
    sign_in(&session, "EDITOR", "demo-editor").expect_success();
}

#[test]
fn a_refused_property_leaves_the_session_as_it_was() {
    let server = Server::demo();
    let session = Session::create(server.address);
    session.call("Authenticate", &property("UserName", "editor")).expect_code(10107);
    session.call("Authenticate", &property("Password", "demo-editor")).expect_code(10107);
    let unknown = credentials("editor", "demo-editor") + &property("Domain", "x");
    session.call("Authenticate", &unknown).expect_code(10108);
    session.call(LIST, "").expect_code(10305);
    sign_in(&session, "editor", "demo-editor").expect_success();
}

#[test]
fn a_session_that_is_signed_in_already_stays() {
    let server = Server::demo();
    let session = server.session("viewer");
    let again = sign_in(&session, "admin", "demo-admin").expect_code(10108);
    golden("sessions", "signed-in-already", &redact(&again, &[]));
    sign_in(&session, "admin", "wrong").expect_code(10108);
    session.call(LIST, "").expect_success();
    let add = crate::harness::add_payload(&crate::harness::triple("1", "1", ""), "x");
    session.call("CRMConfigurationAdd", &add).expect_code(10515);
}

#[test]
fn after_ten_failures_the_right_password_fails_too_with_the_same_text() {
    let server = Server::demo();
    let attempt = |user: &str, password: &str| sign_in(&Session::create(server.address), user, password);
    let wrong = attempt("editor", "wrong-1").expect_code(10307).body;
    for number in 2..=10 {
        assert_eq!(attempt("editor", &format!("wrong-{number}")).expect_code(10307).body, wrong);
    }
    assert_eq!(attempt("editor", "demo-editor").expect_code(10307).body, wrong);
    attempt("viewer", "demo-viewer").expect_success();
}

#[test]
fn a_success_before_the_tenth_failure_is_not_refused() {
    let server = Server::demo();
    for _ in 0..9 {
        sign_in(&Session::create(server.address), "editor", "wrong-password").expect_code(10307);
    }
    sign_in(&Session::create(server.address), "editor", "demo-editor").expect_success();
}

#[test]
fn the_twenty_first_waiting_session_of_an_address_is_turned_away() {
    let server = Server::demo();
    let waiting: Vec<_> = (0..20).map(|_| Session::create(server.address)).collect();
    let create = "<Request Operation=\"CreateSession\"><InvokeID>1</InvokeID></Request>";
    let refused = server.post(create).expect_code(10105);
    assert_eq!(refused.status, 429);
    assert!(refused.headers.contains_key("retry-after"), "{refused:?}");
    sign_in(&waiting[0], "viewer", "demo-viewer").expect_success();
    server.post(create).expect_success();
    assert_eq!(server.post(create).status, 429);
    waiting[1].call("Logout", "").expect_success();
    server.post(create).expect_success();
}

#[test]
fn the_least_recently_used_session_of_an_account_gives_way_to_the_hundred_and_first() {
    let server = Server::demo();
    let mut sessions: Vec<_> = (0..100).map(|_| server.session("viewer")).collect();
    sessions[0].call(LIST, "").expect_success();
    sessions.push(server.session("viewer"));
    sessions[0].call(LIST, "").expect_success();
    sessions[1].call(LIST, "").expect_code(10302);
    sessions[100].call(LIST, "").expect_success();
}

#[test]
fn sessions_do_not_outlive_the_process() {
    let mut server = Server::demo();
    let id = server.session("editor").id;
    server.kill_nine();
    server.restart();
    let session = Session { address: server.address, id };
    session.call(LIST, "").expect_code(10302);
    server.session("editor").call(LIST, "").expect_success();
    assert!(server.terminate().success());
    server.restart();
    let session = Session { address: server.address, ..session };
    session.call(LIST, "").expect_code(10302);
}
