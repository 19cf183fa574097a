//! Where the limits of lengths stand in the order of checks: they are judged with the properties, after the session and
//! before any grant.

use super::{ADD, LIST, check, pair, server};
use crate::harness::{CANARY, COMMON, CONFIGURATION, Session, add_payload, escape, property, triple};

/// A request whose InvokeID has one character too many.
fn with_long_invoke_id(request: &str) -> String {
    let long = format!("<InvokeID>{}</InvokeID>", "i".repeat(257));
    assert!(request.contains("<InvokeID>7</InvokeID>"));
    request.replace("<InvokeID>7</InvokeID>", &long)
}

#[test]
fn the_session_comes_before_an_invoke_id_that_is_too_long() {
    let server = server();
    let editor = server.session("editor");
    let unknown = Session { id: "0".repeat(32), ..editor.clone() };
    let unbound = Session::create(server.address);
    let nobody = editor.request(LIST, "").replace(&format!("<SessionID>{}</SessionID>", editor.id), "");
    let too_long = with_long_invoke_id(&editor.request(LIST, ""));
    let told = (10108, "InvokeID");
    let unknown_operation = with_long_invoke_id(&editor.request("CRMConfigurationCopy", ""));
    let pairs = [
        pair("an unknown operation", unknown_operation, (10102, ""), too_long.clone(), told),
        pair("no session", with_long_invoke_id(&nobody), (10301, ""), too_long.clone(), told),
        pair(
            "an unknown session",
            with_long_invoke_id(&unknown.request(LIST, "")),
            (10302, ""),
            too_long.clone(),
            told,
        ),
        pair(
            "a session not signed in",
            with_long_invoke_id(&unbound.request(LIST, "")),
            (10305, ""),
            too_long,
            told,
        ),
    ];
    check(&pairs, |body| server.post(body));
    let refused = server.post(&with_long_invoke_id(&unknown.request(LIST, "")));
    assert!(!refused.body.contains("iii"), "it is echoed nowhere: {}", refused.body);
}

#[test]
fn unknown_and_twice_come_before_an_invoke_id_that_is_too_long_and_that_before_what_is_malformed() {
    let server = server();
    let editor = server.session("editor");
    let add = |more: &str| editor.request(ADD, &(add_payload(&triple("1", "1", ""), "x") + more));
    let twice = property("Reason", "a") + &property("Reason", "b");
    let (unknown, malformed) = (property("Descripton", "x"), property("ValidateOnly", "perhaps"));
    let pairs = [
        pair(
            "unknown before InvokeID",
            with_long_invoke_id(&add(&unknown)),
            (10108, "Descripton"),
            with_long_invoke_id(&add("")),
            (10108, "InvokeID"),
        ),
        pair(
            "twice before InvokeID",
            with_long_invoke_id(&add(&twice)),
            (10108, "twice"),
            with_long_invoke_id(&add("")),
            (10108, "InvokeID"),
        ),
        pair(
            "InvokeID before malformed",
            with_long_invoke_id(&add(&malformed)),
            (10108, "InvokeID"),
            add(&malformed),
            (10108, "ValidateOnly must be"),
        ),
    ];
    check(&pairs, |body| server.post(body));
}

#[test]
fn what_is_too_long_is_told_before_a_grant_is_missing() {
    let server = server();
    let editor = server.session("editor");
    let elsewhere = triple("2", "1", "");
    let good = add_payload(&elsewhere, "x");
    let base = editor.request(ADD, &good);
    let with = |more: &str| editor.request(ADD, &(good.clone() + more));
    let part = |json: &str| base.replace(&escape(CONFIGURATION), &escape(json));
    let common = |json: &str| base.replace(&escape(COMMON), &escape(json));
    let sized = |bytes: usize| format!("{{\"Endpoint\":\"{}\"}}", "x".repeat(bytes - 15));
    // Within the limit as given, past it in the form in which it would be stored.
    let in_normal_form = format!("{{\"SObjectNames\":[{}1]}}", "1e19,".repeat(50_000));
    assert!(in_normal_form.len() < 256 << 10);
    let normal_common = in_normal_form.replace("SObjectNames", "AutoPopOption");
    let faults = [
        ("Description", editor.request(ADD, &add_payload(&elsewhere, &"d".repeat(1_025)))),
        ("JSONData", part(&sized((256 << 10) + 1))),
        ("JSONData", part(&in_normal_form)),
        ("JSONData", common(&sized((256 << 10) + 1))),
        ("JSONData", common(&normal_common)),
        ("RequestKey", with(&property("RequestKey", &"k".repeat(129)))),
        ("Reason", with(&property("Reason", &"r".repeat(513)))),
        ("InvokeID", with_long_invoke_id(&base)),
    ];
    let told = |name| (10108, name);
    let pairs: Vec<_> = faults
        .into_iter()
        .map(|(name, both)| pair("a length before a grant", both, told(name), base.clone(), (10511, "")))
        .collect();
    check(&pairs, |body| server.post(body));
    // At each limit it is the grant that is missing.
    for (name, body) in [
        ("Description", editor.request(ADD, &add_payload(&elsewhere, &"ß".repeat(1_024)))),
        ("JSONData", part(&sized(256 << 10))),
        ("RequestKey", with(&property("RequestKey", &"k".repeat(128)))),
        ("Reason", with(&property("Reason", &"r".repeat(512)))),
        ("InvokeID", base.replace(">7</InvokeID>", &format!(">{}</InvokeID>", "i".repeat(256)))),
    ] {
        assert_eq!(server.post(&body).code(), 10511, "{name}");
    }
    // A Viewer of one partition, who may not write there either.
    let watcher = Session::sign_in(server.address, "watcher", CANARY);
    let here = add_payload(&triple("1", "1", ""), "x");
    watcher.call(ADD, &(here.clone() + &property("Reason", &"r".repeat(513)))).expect_code(10108);
    watcher.call(ADD, &here).expect_code(10515);
}
