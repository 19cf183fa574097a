//! The order of checks: a request that is wrong in two ways gets the earlier answer, and the later one once the
//! first fault is mended.

use crmconf_events::access::Role;
use crmconf_events::{DeviceNumber, PartitionId, Scope, TelSysId};

use crate::harness::{
    COMMON, CONFIGURATION, Extra, Reply, SUGAR, Server, Session, add_payload, container, escape, exchange,
    post, property, triple,
};

/// An id of the right form that no configuration has.
const NO_SUCH_ID: &str = "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e";
const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";
const INFO: &str = "CRMConfigurationInfo";
const LIST: &str = "CRMConfigurationList";

/// What an answer must be: its code, and words of its message where codes alone cannot tell two answers apart.
type Told = (u32, &'static str);

/// A pair of faults: both together, and what is left once the first is mended.
struct Pair {
    words: &'static str,
    both: String,
    first: Told,
    mended: String,
    second: Told,
}

fn pair(words: &'static str, both: String, first: Told, mended: String, second: Told) -> Pair {
    Pair { words, both, first, mended, second }
}

fn check(pairs: &[Pair], send: impl Fn(&str) -> Reply) {
    for Pair { words, both, first, mended, second } in pairs {
        for (body, (code, message)) in [(both, first), (mended, second)] {
            let reply = send(body);
            assert_eq!(reply.code(), *code, "{words}: {body}\n{}", reply.body);
            assert!(reply.body.contains(message), "{words}: {message:?} is not told in {}", reply.body);
        }
    }
}

fn server() -> Server {
    let partition = Scope::Partition(TelSysId::new(1).unwrap(), PartitionId::new(1).unwrap());
    let device = DeviceNumber::new("01234567101").unwrap();
    let device = Scope::Device(TelSysId::new(1).unwrap(), PartitionId::new(1).unwrap(), device);
    let viewer = |name, scope| Extra { name, password: "narrow-password", role: Role::Viewer, scope };
    Server::demo_with_accounts(&[viewer("watcher", partition), viewer("phone", device)], &[])
}

/// A request of CreateSession with this inside.
fn create(inner: &str) -> String {
    format!("<Request Operation=\"CreateSession\">{inner}</Request>")
}

#[test]
fn what_http_says_comes_first() {
    let server = server();
    let request = |line: &str, headers: &str, body: &str| {
        format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n{body}")
    };
    let sized = |kind: &str, length: usize| format!("Content-Type: {kind}\r\nContent-Length: {length}\r\n");
    let large = 2 << 20;
    let pairs = [
        pair(
            "another path before another method",
            request("PUT /api/xlm", "", ""),
            (10102, "nothing at this path"),
            request("PUT /api/xml", "", ""),
            (10102, "by POST"),
        ),
        pair(
            "another method before another type",
            request("PUT /api/xml", &sized("text/plain", 0), ""),
            (10102, "by POST"),
            request("POST /api/xml", &sized("text/plain", 0), ""),
            (10108, "Content-Type"),
        ),
        pair(
            "another type before another length",
            request("POST /api/xml", &sized("text/plain", large), ""),
            (10108, "Content-Type"),
            request("POST /api/xml", &sized("text/xml", large), ""),
            (10108, "1048576 bytes"),
        ),
        pair(
            "HTTP before XML",
            request("POST /api/xml", &sized("text/plain", 1), "<"),
            (10108, "Content-Type"),
            request("POST /api/xml", &sized("text/xml", 1), "<"),
            (10108, "ends before it is complete"),
        ),
    ];
    check(&pairs, |bytes| exchange(server.address, bytes.as_bytes()).expect("an answer"));
}

#[test]
fn the_envelope_is_read_before_the_session_and_that_before_the_properties() {
    let server = server();
    let editor = server.session("editor").id;
    let unbound = Session::create(server.address).id;
    let session = |id: &str| format!("<SessionID>{id}</SessionID>");
    let request = |operation: &str, inner: &str| {
        format!("<Request Operation=\"{operation}\"><InvokeID>7</InvokeID>{inner}</Request>")
    };
    let unknown = "<OperationPayload><Property Name=\"Descripton\">x</Property></OperationPayload>";
    let zeros = "0".repeat(32);
    let pairs = [
        pair(
            "not well-formed before another root",
            "<Anfrage>".into(),
            (10108, "ends before it is complete"),
            "<Anfrage/>".into(),
            (10102, "not `Request`"),
        ),
        pair(
            "not well-formed before no InvokeID",
            create("").replace("</Request>", ""),
            (10108, "ends before it is complete"),
            create(""),
            (10101, ""),
        ),
        pair(
            "no InvokeID before an unknown operation",
            "<Request Operation=\"Nothing\"/>".into(),
            (10101, ""),
            request("Nothing", ""),
            (10102, ""),
        ),
        pair(
            "an unknown operation before no session",
            request("Nothing", ""),
            (10102, ""),
            request(LIST, ""),
            (10301, ""),
        ),
        pair(
            "no session before an unknown property",
            request(LIST, unknown),
            (10301, ""),
            request(LIST, &(session(&editor) + unknown)),
            (10108, "Descripton"),
        ),
        pair(
            "an unknown session before an unknown property",
            request(LIST, &(session(&zeros) + unknown)),
            (10302, ""),
            request(LIST, &(session(&editor) + unknown)),
            (10108, "Descripton"),
        ),
        pair(
            "a session not signed in before an unknown property",
            request(LIST, &(session(&unbound) + unknown)),
            (10305, ""),
            request(LIST, &(session(&editor) + unknown)),
            (10108, "Descripton"),
        ),
        pair(
            "an unknown session before what Authenticate lacks",
            request("Authenticate", &session(&zeros)),
            (10302, ""),
            request("Authenticate", &session(&unbound)),
            (10107, "UserName"),
        ),
    ];
    check(&pairs, |body| server.post(body));
}

#[test]
fn properties_are_unknown_then_twice_then_malformed_then_missing_then_contradictory() {
    let server = server();
    let editor = server.session("editor");
    let add = |payload: &str| editor.request(ADD, payload);
    let scope = triple("1", "1", "");
    let good = add_payload(&scope, "x");
    let without = |name: &str, value: &str| good.replace(&property(name, value), "");
    let common = container("CRMConfigurationCommon", COMMON);
    let flag = property("ValidateOnly", "perhaps");
    let twice = property("Reason", "a") + &property("Reason", "b");
    let telsys = good.replace(&property("TelSysID", "1"), &property("TelSysID", "one"));
    let pairs = [
        pair(
            "unknown before twice",
            add(&(good.clone() + &twice + &property("Descripton", "x"))),
            (10108, "Descripton"),
            add(&(good.clone() + &twice)),
            (10108, "twice"),
        ),
        pair(
            "twice before malformed",
            add(&(flag.clone() + &good + &twice)),
            (10108, "twice"),
            add(&(flag.clone() + &good)),
            (10108, "ValidateOnly must be"),
        ),
        pair(
            "malformed: 10108 before 11012",
            add(&(telsys.clone() + &flag)),
            (10108, "ValidateOnly must be"),
            add(&telsys),
            (11012, ""),
        ),
        pair(
            "malformed 11012 before missing",
            add(&telsys.replace(&common, "")),
            (11012, ""),
            add(&good.replace(&common, "")),
            (10107, "CRMConfigurationCommon"),
        ),
        pair(
            "missing: 10107 before 31002",
            editor.request(INFO, ""),
            (10107, "TelSysID"),
            editor.request(INFO, &scope),
            (31002, ""),
        ),
        pair(
            "missing: 10107 before 31004",
            add(&without("CRMType", SUGAR).replace(&common, "")),
            (10107, "CRMConfigurationCommon"),
            add(&without("CRMType", SUGAR)),
            (31004, ""),
        ),
        pair(
            "missing 31002 before contradictory",
            editor.request(INFO, &triple("-1", "1", "")),
            (31002, ""),
            editor.request(INFO, &(triple("-1", "1", "") + &property("CRMConfigurationID", NO_SUCH_ID))),
            (10108, "contradicts itself"),
        ),
        pair(
            "missing 31004 before contradictory",
            add(&without("CRMType", SUGAR).replace(&scope, &triple("1", "-1", "01234567101"))),
            (31004, ""),
            add(&good.replace(&scope, &triple("1", "-1", "01234567101"))),
            (10108, "contradicts itself"),
        ),
        pair(
            "contradictory before grants",
            editor.request(LIST, &triple("2", "-1", "01234567101")),
            (10108, "contradicts itself"),
            editor.request(LIST, &triple("2", "1", "01234567101")),
            (10511, ""),
        ),
    ];
    check(&pairs, |body| server.post(body));
    let url = |query: &str| {
        let body = editor.request(LIST, &property("Descripton", "x"));
        post(server.address, &format!("/api/xml?{query}"), &[], body.as_bytes()).unwrap()
    };
    assert!(url("TelSysID=%zz").body.contains("Descripton"), "unknown before a malformed URL");
}

#[test]
fn grants_come_before_request_keys_and_those_before_the_directory() {
    let server = server();
    let editor = server.session("editor");
    let watcher = Session::sign_in(server.address, "watcher", "narrow-password");
    let phone = Session::sign_in(server.address, "phone", "narrow-password");
    let at = |telsys, partition, device| add_payload(&triple(telsys, partition, device), "x");
    let key = property("RequestKey", "used");
    let used = add_payload(&triple("1", "1", ""), "first") + &key;
    editor.call(ADD, &used).expect_success();
    let pairs = [
        pair(
            "grants: TelSys before the rest",
            watcher.request(ADD, &at("2", "2", "")),
            (10511, ""),
            watcher.request(ADD, &at("1", "2", "")),
            (10512, ""),
        ),
        pair(
            "grants: Partition before the right to modify",
            watcher.request(ADD, &at("1", "2", "")),
            (10512, ""),
            watcher.request(ADD, &at("1", "1", "")),
            (10515, ""),
        ),
        pair(
            "grants: Device before the right to modify",
            phone.request(ADD, &at("1", "1", "01234567102")),
            (10701, ""),
            phone.request(ADD, &at("1", "1", "01234567101")),
            (10515, ""),
        ),
        pair(
            "grants: the every-TelSys scope before the right to modify",
            watcher.request(ADD, &at("-1", "", "")),
            (10700, ""),
            server.session("viewer").request(ADD, &at("-1", "", "")),
            (10515, ""),
        ),
        pair(
            "grants before a RequestKey",
            editor.request(ADD, &(at("2", "1", "") + &key)),
            (10511, ""),
            editor.request(ADD, &(at("1", "1", "") + &key)),
            (31101, ""),
        ),
        pair(
            "a RequestKey before the directory",
            editor.request(ADD, &(at("1", "9", "") + &key)),
            (31101, ""),
            editor.request(ADD, &at("1", "9", "")),
            (11131, ""),
        ),
    ];
    check(&pairs, |body| server.post(body));
}

#[test]
fn the_directory_comes_before_what_is_stored_and_that_before_what_is_given() {
    let server = server();
    let admin = server.session("admin");
    let scope = triple("1", "1", "");
    let id = admin.call(ADD, &add_payload(&scope, "taken")).expect_success().configuration_id();
    let info = |telsys, partition, device| {
        let scope = triple(telsys, partition, device);
        admin.request(INFO, &(scope + &property("CRMConfigurationID", NO_SUCH_ID)))
    };
    let change = |id: &str, more: &str| {
        admin.request(CHANGE, &(scope.clone() + &property("CRMConfigurationID", id) + more))
    };
    let version = property("ExpectedVersion", "1");
    let bad = container("CRMConfiguration", "[]");
    let bad_common = container("CRMConfigurationCommon", "[]");
    let add = |payload: &str| admin.request(ADD, payload);
    let taken = add_payload(&scope, "taken");
    let with_bad = |payload: &str| payload.replace(&escape(CONFIGURATION), "[]");
    let with_bad_common = |payload: &str| payload.replace(&escape(COMMON), "[]");
    let unknown_type = |payload: &str| payload.replace(SUGAR, "CrmAddin.None");
    let pairs = [
        pair("TelSys before Partition", info("9", "9", ""), (11013, ""), info("1", "9", ""), (11131, "")),
        pair("Partition before Device", info("1", "9", "9"), (11131, ""), info("1", "1", "9"), (11161, "")),
        pair(
            "the directory before the configuration",
            info("1", "1", "9"),
            (11161, ""),
            info("1", "1", ""),
            (31003, ""),
        ),
        pair(
            "the configuration before its version",
            change(NO_SUCH_ID, &version),
            (31003, ""),
            change(&id, &version),
            (31100, ""),
        ),
        pair(
            "the directory before the type",
            add(&unknown_type(&taken).replace(&scope, &triple("1", "9", ""))),
            (11131, ""),
            add(&unknown_type(&taken)),
            (31005, ""),
        ),
        pair(
            "the configuration before the type",
            change(NO_SUCH_ID, &property("CRMType", "CrmAddin.None")),
            (31003, ""),
            change(&id, &property("CRMType", "CrmAddin.None")),
            (10108, "read-only"),
        ),
        pair(
            "the version before the parts",
            change(&id, &(version.clone() + &bad)),
            (31100, ""),
            change(&id, &bad),
            (31006, ""),
        ),
        pair(
            "the type before the parts",
            add(&with_bad(&unknown_type(&taken))),
            (31005, ""),
            add(&with_bad(&taken)),
            (31006, ""),
        ),
        pair(
            "CRMConfiguration before CRMConfigurationCommon",
            change(&id, &(bad_common.clone() + &bad)),
            (31006, ""),
            change(&id, &bad_common),
            (31007, ""),
        ),
        pair(
            "the parts before the name",
            add(&with_bad_common(&taken)),
            (31007, ""),
            add(&taken),
            (31000, ""),
        ),
    ];
    check(&pairs, |body| server.post(body));
}
