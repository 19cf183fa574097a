//! Every error code that this version can answer with, each by a request that produces it, as a golden.

mod unavailable;

use std::collections::BTreeMap;

use crmconf::http::code::Code;
use crmconf_events::access::Role;
use crmconf_events::{DeviceNumber, PartitionId, Scope, TelSysId};

use crate::faults;
use crate::harness::{
    CANARY, CONFIGURATION, Extra, Reply, SUGAR, Server, Session, add_payload, container, exchange, get,
    golden, property, redact, triple,
};

/// The codes that no request can lead to in this version, or that are shown elsewhere, each with the reason.
const NOT_HERE: [(Code, &str); 7] = [
    (Code::Unknown, "only a fault of the server itself leads to it"),
    (Code::Disabled, "no setting disables the API yet"),
    (Code::Unresolved, "only a lost credential leads to it; `accounts::listed` shows it in process"),
    (Code::Reserved, "reserved"),
    (Code::NoGrantAudit, "there is no history and no audit to ask for yet"),
    (
        Code::TemplateUnavailable,
        "only a source of templates can fail; `template_sources` and `template_folder` show it",
    ),
    (Code::DirectoryEntryInUse, "the operations on the directory are not there yet"),
];

/// An id of the right form that no configuration has.
const NO_SUCH_ID: &str = "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e";

/// A code, what led to it, and the answer.
type Shown = (Code, &'static str, Reply);

fn partition_scope() -> Scope {
    Scope::Partition(TelSysId::new(1).unwrap(), PartitionId::new(1).unwrap())
}

fn device_scope() -> Scope {
    let device = DeviceNumber::new("01234567101").unwrap();
    Scope::Device(TelSysId::new(1).unwrap(), PartitionId::new(1).unwrap(), device)
}

fn server() -> Server {
    let extra = |name, scope| Extra { name, password: CANARY, role: Role::Editor, scope };
    Server::demo_with_accounts(&[extra("partition", partition_scope()), extra("device", device_scope())], &[])
}

fn at(session: &Session, telsys: &str, partition: &str, device: &str) -> Reply {
    session.call(
        "CRMConfigurationInfo",
        &(triple(telsys, partition, device) + &property("CRMConfigurationID", NO_SUCH_ID)),
    )
}

fn envelope(server: &Server) -> Vec<Shown> {
    let create =
        |inner: &str| server.post(&format!("<Request Operation=\"CreateSession\">{inner}</Request>"));
    let list = |session: &str| {
        server.post(&format!(
            "<Request Operation=\"CRMConfigurationList\"><InvokeID>7</InvokeID>{session}</Request>"
        ))
    };
    let unknown = "<SessionID>5E4924352BA7E2038339957559C2DA75</SessionID>";
    let wrong = Session::create(server.address)
        .call("Authenticate", &(property("UserName", "editor") + &property("Password", CANARY)));
    vec![
        (Code::InvokeIdMissing, "no-invoke-id", create("")),
        (
            Code::Operation,
            "unknown-operation",
            server.post("<Request Operation=\"CRMConfigurationCopy\"><InvokeID>7</InvokeID></Request>"),
        ),
        (Code::SessionMissing, "no-session", list("")),
        (Code::SessionUnknown, "unknown-session", list(unknown)),
        (
            Code::NotAuthenticated,
            "session-not-signed-in",
            Session::create(server.address).call("CRMConfigurationList", ""),
        ),
        (Code::AuthenticationFailed, "wrong-password", wrong),
    ]
}

fn properties(editor: &Session) -> Vec<Shown> {
    let add = |payload: &str| editor.call("CRMConfigurationAdd", payload);
    let scope = triple("1", "1", "01234567101");
    vec![
        (
            Code::PropertyMissing,
            "no-telsys",
            editor.call("CRMConfigurationDelete", &property("CRMConfigurationID", NO_SUCH_ID)),
        ),
        (
            Code::PropertyInvalid,
            "unknown-property",
            add(&(add_payload(&scope, "x") + &property("Descripton", "x"))),
        ),
        (Code::TelSysMalformed, "telsys-no-number", at(editor, "first", "1", "")),
        (Code::ConfigurationIdMissing, "no-configuration-id", editor.call("CRMConfigurationInfo", &scope)),
        (
            Code::CrmTypeMissing,
            "no-crm-type",
            add(&add_payload(&scope, "x").replace(&property("CRMType", SUGAR), "")),
        ),
    ]
}

fn grants(server: &Server) -> Vec<Shown> {
    let narrow = |name: &str| Session::sign_in(server.address, name, CANARY);
    vec![
        (Code::NoGrantTelSys, "another-telsys", at(&server.session("editor"), "2", "1", "")),
        (Code::NoGrantPartition, "another-partition", at(&narrow("partition"), "1", "2", "")),
        (Code::NoGrantDevice, "another-device", at(&narrow("device"), "1", "1", "01234567102")),
        (
            Code::NoGrantModify,
            "viewer-adds",
            server
                .session("viewer")
                .call("CRMConfigurationAdd", &add_payload(&triple("1", "1", ""), "by a viewer")),
        ),
        (
            Code::NoGrantEveryTelSys,
            "every-telsys-by-an-editor-of-one",
            server
                .session("editor")
                .call("CRMConfigurationAdd", &add_payload(&triple("-1", "", ""), "everywhere")),
        ),
    ]
}

fn directory(server: &Server) -> Vec<Shown> {
    let admin = server.session("admin");
    vec![
        (Code::NoSuchTelSys, "telsys-9", at(&admin, "9", "1", "")),
        (Code::NoSuchPartition, "partition-9", at(&admin, "1", "9", "")),
        (Code::NoSuchDevice, "device-9", at(&admin, "1", "1", "9")),
        (Code::NoSuchConfiguration, "no-such-id", at(&admin, "1", "1", "01234567101")),
    ]
}

fn configurations(editor: &Session) -> Vec<Shown> {
    let scope = triple("1", "1", "01234567101");
    let keyed = add_payload(&scope, "first") + &property("RequestKey", "key");
    let id = editor.call("CRMConfigurationAdd", &keyed).expect_success().configuration_id();
    let add = |payload: &str| editor.call("CRMConfigurationAdd", payload);
    let change = |more: &str| {
        editor.call("CRMConfigurationChange", &(scope.clone() + &property("CRMConfigurationID", &id) + more))
    };
    vec![
        (Code::Duplicate, "same-scope-type-description", add(&add_payload(&scope, "first"))),
        (
            Code::CrmTypeUnknown,
            "unknown-crm-type",
            add(&add_payload(&scope, "x").replace(SUGAR, "CrmAddin.None")),
        ),
        (
            Code::ConfigurationInvalid,
            "key-unknown-to-the-template",
            change(&container("CRMConfiguration", r#"{"ClientID":"0987654321"}"#)),
        ),
        (
            Code::CommonInvalid,
            "text-where-a-number-belongs",
            change(&container("CRMConfigurationCommon", r#"{"CacheFrequency":"often"}"#)),
        ),
        (
            Code::VersionConflict,
            "another-version",
            change(&(property("ExpectedVersion", "1") + &container("CRMConfiguration", CONFIGURATION))),
        ),
        (Code::RequestKeyReused, "key-of-another-request", add(&keyed.replace("first", "second"))),
    ]
}

fn accounts(server: &Server) -> Vec<Shown> {
    let admin = server.session("admin");
    let named = |name: &str, password: &str| property("UserName", name) + &property("Password", password);
    vec![
        (Code::OperationForbidden, "accounts-by-an-editor", server.session("editor").call("AccountList", "")),
        (
            Code::AccountNameTaken,
            "name-of-another-account",
            admin.call("AccountAdd", &named("ADMIN", CANARY)),
        ),
        (Code::NoSuchAccount, "no-such-name", admin.call("AccountInfo", &property("UserName", CANARY))),
        (
            Code::LastAdministrator,
            "the-only-administrator",
            admin.call("AccountDelete", &property("UserName", "admin")),
        ),
        (Code::PasswordRefused, "seven-characters", admin.call("AccountAdd", &named("somebody", "1234567"))),
    ]
}

/// The last one of an address's sessions that nobody signed in to.
fn overload(server: &Server) -> Shown {
    let create = || server.post("<Request Operation=\"CreateSession\"><InvokeID>7</InvokeID></Request>");
    let refused = (0..=20).map(|_| create()).find(|reply| !reply.is_success());
    (Code::Maintenance, "too-many-sessions-wait", refused.expect("the 21st session is refused"))
}

/// A change for which the journal has no room.
fn no_room() -> Shown {
    let server = Server::demo();
    faults::block_next_file(&server);
    let (_, refused) = faults::add_until_refused(&server.session("editor"));
    (Code::StoreUnavailable, "no-room", refused)
}

#[test]
fn every_code_is_answered_by_a_request_or_has_a_reason_not_to_be() {
    let server = server();
    let editor = server.session("editor");
    let mut shown = envelope(&server);
    shown.extend(properties(&editor));
    shown.extend(grants(&server));
    shown.extend(directory(&server));
    shown.extend(configurations(&editor));
    shown.extend(accounts(&server));
    shown.push(overload(&server));
    shown.push(no_room());
    let mut seen: BTreeMap<u32, usize> = NOT_HERE.iter().map(|(code, _)| (code.number(), 1)).collect();
    for (code, words, reply) in shown {
        assert_eq!(reply.code(), code.number(), "{words}: {}", reply.body);
        let expected_status = if code == Code::Maintenance { 429 } else { 200 };
        assert_eq!(reply.status, expected_status, "{words}");
        golden("errors", &format!("{}-{words}", code.number()), &redact(&reply, &[]));
        *seen.entry(code.number()).or_default() += 1;
    }
    for code in Code::ALL {
        assert_eq!(seen.get(&code.number()), Some(&1), "{code:?} is shown or excused exactly once");
    }
}

/// Sends a request's head with this content, and nothing after it.
fn raw(server: &Server, head: &str, body: &str) -> Reply {
    let head = format!("{head}\r\nHost: {}\r\n", server.address);
    exchange(server.address, format!("{head}\r\n{body}").as_bytes()).expect("an answer")
}

#[test]
fn what_is_no_request_is_answered_with_an_http_status_and_a_fail() {
    let server = Server::demo_with(&["--body-timeout-seconds", "1"]);
    let good = "<Request Operation=\"CreateSession\"><InvokeID>7</InvokeID></Request>";
    let typed = |header: (&str, &str)| server.post_bytes(good.as_bytes(), &[header]).unwrap();
    let slow = "POST /api/xml HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 100";
    let chunked = "POST /api/xml HTTP/1.1\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked";
    let large = "POST /api/xml HTTP/1.1\r\nContent-Type: text/xml\r\nContent-Length: 1048577";
    let shown = [
        (
            400,
            10108,
            "not-well-formed",
            server.post("<Request Operation=\"CreateSession\"><InvokeID>7</InvokeID>"),
        ),
        (400, 10108, "doctype", server.post(&format!("<!DOCTYPE Request []>{good}"))),
        (400, 10102, "another-root", server.post("<Anfrage><InvokeID>7</InvokeID></Anfrage>")),
        (400, 10108, "chunk-without-a-size", raw(&server, chunked, "no size\r\n")),
        (404, 10102, "another-path", get(server.address, "/api/xlm").unwrap()),
        (405, 10102, "get", get(server.address, "/api/xml").unwrap()),
        (408, 10108, "slow-body", raw(&server, slow, "<Request")),
        (413, 10108, "too-long", raw(&server, large, "")),
        (415, 10108, "json", typed(("Content-Type", "application/json"))),
        (415, 10108, "latin-1", typed(("Content-Type", "text/xml; charset=iso-8859-1"))),
        (415, 10108, "gzip", typed(("Content-Encoding", "gzip"))),
        (415, 10108, "not-encoded-but-said-so", typed(("Content-Encoding", "identity"))),
    ];
    for (status, code, words, reply) in shown {
        assert_eq!((reply.status, reply.code()), (status, code), "{words}: {}", reply.body);
        golden("errors", &format!("http-{status}-{words}"), &redact(&reply, &[]));
    }
}
