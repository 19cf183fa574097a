//! The order of checks: a request that is wrong in two ways gets the earlier answer, and the later one once the
//! first fault is mended.

mod limits;
mod stored;

use crmconf_events::access::Role;
use crmconf_events::{DeviceNumber, PartitionId, Scope, TelSysId};

use crate::harness::{
    CANARY, COMMON, Extra, Reply, SUGAR, Server, Session, add_payload, container, exchange, post, property,
    triple,
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
    let viewer = |name, scope| Extra { name, password: CANARY, role: Role::Viewer, scope };
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
fn properties_are_unknown_then_twice_then_malformed_then_missing() {
    let server = server();
    let editor = server.session("editor");
    let add = |payload: &str| editor.request(ADD, payload);
    let scope = triple("1", "1", "");
    let good = add_payload(&scope, "x");
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
    ];
    check(&pairs, |body| server.post(body));
    let url = |query: &str| {
        let body = editor.request(LIST, &property("Descripton", "x"));
        post(server.address, &format!("/api/xml?{query}"), &[], body.as_bytes()).unwrap()
    };
    assert!(url("TelSysID=%zz").body.contains("Descripton"), "unknown before a malformed URL");
}

#[test]
fn properties_are_missing_then_contradictory_and_then_grants_count() {
    let server = server();
    let editor = server.session("editor");
    let add = |payload: &str| editor.request(ADD, payload);
    let scope = triple("1", "1", "");
    let good = add_payload(&scope, "x");
    let typeless = good.replace(&property("CRMType", SUGAR), "");
    let common = container("CRMConfigurationCommon", COMMON);
    let contradictory = triple("1", "-1", "01234567101");
    let pairs = [
        pair(
            "missing: 10107 before 31002",
            editor.request(INFO, ""),
            (10107, "TelSysID"),
            editor.request(INFO, &scope),
            (31002, ""),
        ),
        pair(
            "missing: 10107 before 31004",
            add(&typeless.replace(&common, "")),
            (10107, "CRMConfigurationCommon"),
            add(&typeless),
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
            add(&typeless.replace(&scope, &contradictory)),
            (31004, ""),
            add(&good.replace(&scope, &contradictory)),
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
}
