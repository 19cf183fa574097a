//! The operations on accounts, as administrators and the accounts themselves meet them.

mod addresses;
mod administrators;
mod changes;
mod crashes;
mod erased;
mod forms;
mod listed;
mod names;
mod own_password;
mod power_cuts;
mod queued;

use std::path::Path;

use crate::harness::{Reply, Server, Session, property};

const ADD: &str = "AccountAdd";
const CHANGE: &str = "AccountChange";
const DELETE: &str = "AccountDelete";
const ERASE: &str = "AccountErase";
const INFO: &str = "AccountInfo";
const LIST: &str = "AccountList";
const PASSWORD_CHANGE: &str = "PasswordChange";

/// A password that may be set.
const PASSWORD: &str = "a good password";

/// A container for a grant; an empty text leaves an id out.
fn grant(role: &str, telsys: &str, partition: &str, device: &str) -> String {
    let ids = crate::harness::triple(telsys, partition, device);
    format!("<Container Name=\"Grant\">{}{ids}</Container>", property("Role", role))
}

fn user(name: &str) -> String {
    property("UserName", name)
}

/// The payload that adds an account with a password.
fn new_account(name: &str, more: &str) -> String {
    user(name) + &property("Password", PASSWORD) + more
}

/// How an attempt to sign in is answered.
fn sign_in(server: &Server, name: &str, password: &str) -> Reply {
    let credentials = user(name) + &property("Password", password);
    Session::create(server.address).call("Authenticate", &credentials)
}

/// The files of credentials in a data folder.
fn credential_files(data: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(data.join("vault/credentials")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Everything below the answer's `Success`, but for the account's own id and version.
fn shown(reply: &Reply) -> String {
    let mut body = reply.body.clone();
    for name in ["AccountID", "Version"] {
        let value = reply.property(name).unwrap();
        let (element, neutral) = (property(name, &value), property(name, "?"));
        body = body.replace(&element, &neutral);
    }
    body
}

#[test]
fn an_account_s_life_from_the_first_password_to_the_name_that_is_never_given_again() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    let grants = grant("Editor", "1", "1", "") + &grant("Viewer", "", "", "");
    let added =
        admin.call(ADD, &new_account("Zoë", &(grants + &property("DisplayName", "Zoë of the canaries"))));
    let added = added.expect_success();
    assert_eq!(added.body, "<Response Result=\"Success\"><InvokeID>7</InvokeID></Response>");

    let zoe = server.session_of("zOË", PASSWORD);
    zoe.call("CRMConfigurationList", "").expect_success();
    let at_partition = crate::harness::add_payload(&crate::harness::triple("1", "1", ""), "by Zoë");
    zoe.call("CRMConfigurationAdd", &at_partition).expect_success();

    let info = admin.call(INFO, &user("zoë")).expect_success();
    let expected = "<Response Result=\"Success\"><InvokeID>7</InvokeID><Success>\
        <Property Name=\"UserName\">Zoë</Property>\
        <Property Name=\"DisplayName\">Zoë of the canaries</Property>\
        <Property Name=\"AccountID\">?</Property><Property Name=\"Enabled\">true</Property>\
        <Property Name=\"Version\">?</Property>\
        <Container Name=\"Grant\"><Property Name=\"Role\">Viewer</Property>\
        <Property Name=\"TelSysID\">-1</Property><Property Name=\"PartIDInTelSys\">-1</Property>\
        <Property Name=\"DeviceNumber\">UnknownNoneOrAll</Property></Container>\
        <Container Name=\"Grant\"><Property Name=\"Role\">Editor</Property>\
        <Property Name=\"TelSysID\">1</Property><Property Name=\"PartIDInTelSys\">1</Property>\
        <Property Name=\"DeviceNumber\">UnknownNoneOrAll</Property></Container></Success></Response>";
    assert_eq!(shown(&info), expected);
    let id = property("AccountID", &info.property("AccountID").unwrap());
    assert_eq!(admin.call(INFO, &id).body, info.body);

    let deleted = admin.call(DELETE, &(user("Zoë") + &property("ReturnID", "true"))).expect_success();
    assert_eq!(deleted.property("AccountID"), info.property("AccountID"));
    zoe.call("CRMConfigurationList", "").expect_code(10307);
    sign_in(&server, "Zoë", PASSWORD).expect_code(10307);
    for operation in [INFO, CHANGE, DELETE] {
        admin.call(operation, &user("Zoë")).expect_code(31201);
        admin.call(operation, &id).expect_code(31201);
    }
    let files = credential_files(&server.data);
    assert!(server.terminate().success());
    server.restart();
    assert_eq!(credential_files(&server.data), files, "the deleted account's credential stays");
    let admin = server.session("admin");
    admin.call(ADD, &new_account("zoë", "")).expect_code(31200);
    sign_in(&server, "Zoë", PASSWORD).expect_code(10307);
    admin.call(INFO, &user("Zoë")).expect_code(31201);
}

#[test]
fn neither_a_name_nor_a_password_reaches_the_log_the_journal_or_a_dump() {
    let (name, display, password) = ("Quorbin", "Fenwick Quorbin", "Xylophon-Passwort");
    let mut server = Server::demo_with(&["--log-level", "trace"]);
    let admin = server.session("admin");
    let given = user(name) + &property("Password", password) + &property("DisplayName", display);
    admin.call(ADD, &given).expect_success();
    admin.call(ADD, &given).expect_code(31200);
    admin.call(CHANGE, &(user(name) + &property("NewUserName", "Quorbina"))).expect_success();
    admin.call(CHANGE, &(user(name) + &property("Password", password))).expect_code(31201);
    admin.call(CHANGE, &(user("Quorbina") + &property("Password", "Xylophon-Passwort 2"))).expect_success();
    let own = server.session_of("Quorbina", "Xylophon-Passwort 2");
    let change =
        property("OldPassword", "Xylophon-Passwort 2") + &property("NewPassword", "Xylophon-Passwort 3");
    own.call(PASSWORD_CHANGE, &change).expect_success();
    admin.call(LIST, "").expect_success();
    admin.call(DELETE, &user("Quorbina")).expect_success();
    admin.call(DELETE, &user("Quorbina")).expect_code(31201);
    let dump = server.dump();
    assert!(server.terminate().success());
    let mut places =
        vec![("the log".to_owned(), server.log_text().into_bytes()), ("the dump".to_owned(), dump.into())];
    places.extend(
        crate::harness::contents(&server.data)
            .into_iter()
            .map(|(path, content, _)| (path.display().to_string(), content)),
    );
    assert!(places.len() > 5);
    for (place, content) in places {
        let content = String::from_utf8_lossy(&content);
        for secret in ["Quorbin", "uorbin", "Fenwick", "Xylophon"] {
            assert!(!content.contains(secret), "{secret} stands in {place}");
        }
    }
}
