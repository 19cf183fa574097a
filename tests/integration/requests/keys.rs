//! RequestKey: the same request again is answered as the first time, whoever asks again from wherever.

use super::{ADD, CHANGE, DELETE, INFO, LIST, SERVER, fresh, own};
use crate::harness::{Reply, Server, Session, add_payload, container, property, triple};

/// Id and version that an answer tells.
fn outcome(reply: &Reply) -> (Option<String>, Option<String>) {
    (reply.property("CRMConfigurationID"), reply.property("Version"))
}

fn total(session: &Session, search: &str) -> Option<String> {
    session.call(LIST, &property("SearchQuery", search)).expect_success().property("Total")
}

#[test]
fn a_repeated_add_is_answered_as_the_first_time_from_another_session_too() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let description = fresh();
    let key = fresh();
    let base = add_payload(&triple("1", "1", ""), &description) + &property("ReturnID", "true");
    let payload = base.clone() + &property("RequestKey", &key);
    let first = editor.call(ADD, &payload).expect_success();
    let again = editor.call(ADD, &payload).expect_success();
    assert_eq!((outcome(&again), again.configuration_id()), (outcome(&first), first.configuration_id()));
    let elsewhere = server.session("editor").call_with(ADD, &base, &[("Idempotency-Key", &key)]);
    assert_eq!(outcome(&elsewhere.expect_success()), outcome(&first));
    assert_eq!(total(&editor, &description).as_deref(), Some("1"));

    let differently_written = payload.replace("&quot;ClientId&quot;:", " &quot;ClientId&quot; :\n");
    assert_ne!(differently_written, payload);
    assert_eq!(outcome(&editor.call(ADD, &differently_written).expect_success()), outcome(&first));

    editor.call(ADD, &payload.replace("0987654321", "1")).expect_code(31101);
    editor
        .call(
            DELETE,
            &(triple("1", "1", "") + &property("CRMConfigurationID", "x") + &property("RequestKey", &key)),
        )
        .expect_code(31101);
    let admin = server.session("admin");
    admin.call(ADD, &payload.replace(&description, &fresh())).expect_success();
}

#[test]
fn property_and_header_must_agree_and_a_key_has_128_characters_at_most() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let base = || add_payload(&triple("1", "1", ""), &fresh());
    let key = fresh();
    let both = base() + &property("RequestKey", &key);
    editor.call_with(ADD, &both, &[("Idempotency-Key", &key)]).expect_success();
    editor.call_with(ADD, &both, &[("Idempotency-Key", "another")]).expect_code(10108);
    editor.call(ADD, &(base() + &property("RequestKey", &"k".repeat(128)))).expect_success();
    editor.call(ADD, &(base() + &property("RequestKey", &"k".repeat(129)))).expect_code(10108);
    let long = "h".repeat(129);
    editor.call_with(ADD, &base(), &[("Idempotency-Key", &long)]).expect_code(10108);
    editor.call(INFO, &(own(&editor).named + &property("RequestKey", "x"))).expect_code(10108);
}

#[test]
fn validate_only_looks_at_no_key() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let key = property("RequestKey", &fresh());
    let scope = triple("1", "1", "");
    editor.call(ADD, &(add_payload(&scope, &fresh()) + &key)).expect_success();
    let other = add_payload(&scope, &fresh()) + &key;
    editor.call(ADD, &(other.clone() + &property("ValidateOnly", "true"))).expect_success();
    editor.call(ADD, &other).expect_code(31101);
}

#[test]
fn a_refused_request_leaves_its_key_free() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let key = property("RequestKey", &fresh());
    editor.call(ADD, &(add_payload(&triple("1", "9", ""), &fresh()) + &key)).expect_code(11131);
    editor.call(ADD, &(add_payload(&triple("1", "1", ""), &fresh()) + &key)).expect_success();
}

#[test]
fn keys_outlive_a_kill_and_a_delete_and_a_change_of_nothing_are_repeated_too() {
    let mut server = Server::demo();
    let editor = server.session("editor");
    let scope = triple("1", "1", "");
    let add = add_payload(&scope, "kept") + &property("RequestKey", "add") + &property("ReturnID", "true");
    let added = editor.call(ADD, &add).expect_success();
    let named =
        scope + &property("CRMConfigurationID", &added.configuration_id()) + &property("ReturnID", "true");
    let change = named.clone() + &property("Description", "kept") + &property("RequestKey", "nothing");
    let unchanged = editor.call(CHANGE, &change).expect_success();
    assert_eq!(outcome(&unchanged), outcome(&added), "a Change of nothing moves no Version");
    let delete = named.clone() + &property("RequestKey", "delete");
    let deleted = editor.call(DELETE, &delete).expect_success();
    let before = server.dump();

    server.kill_nine();
    server.restart();
    let editor = server.session("editor");
    for (operation, payload, first) in
        [(ADD, &add, &added), (CHANGE, &change, &unchanged), (DELETE, &delete, &deleted)]
    {
        let again = editor.call(operation, payload).expect_success();
        assert_eq!(outcome(&again), outcome(first), "{operation}");
    }
    let other = named + &container("CRMConfiguration", "{}") + &property("RequestKey", "nothing");
    editor.call(CHANGE, &other).expect_code(31101);
    assert_eq!(server.dump(), before, "repetitions append nothing");
}
