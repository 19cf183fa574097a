//! What the operations take and what they refuse, in the order of checks.

use super::{ADD, CHANGE, DELETE, INFO, LIST, PASSWORD, PASSWORD_CHANGE, grant, new_account, sign_in, user};
use crate::harness::{Server, property};

/// What is refused whatever the state, with its code.
fn refused() -> Vec<(&'static str, String, u32)> {
    let password = || property("Password", PASSWORD);
    let add = |more: &str| new_account("somebody new", more);
    let nobody = |more: &str| user("nobody") + more;
    vec![
        // Unknown, twice.
        (ADD, add(&property("Name", "x")), 10108),
        (ADD, add(&property("NoGrants", "true")), 10108),
        (ADD, add(&property("RequestKey", "x")), 10108),
        (ADD, add("<Container Name=\"Grants\"></Container>"), 10108),
        (ADD, add(&grant("Viewer", "", "", "").replace("Role", "Rolle")), 10108),
        (ADD, add(&property("UserName", "another")), 10108),
        (LIST, property("TelSysID", "1"), 10108),
        (INFO, nobody(&grant("Viewer", "", "", "")), 10108),
        (PASSWORD_CHANGE, user("admin"), 10108),
        // Malformed.
        (ADD, user(" admin") + &password(), 10108),
        (ADD, user(&"x".repeat(65)) + &password(), 10108),
        (ADD, add(&property("Enabled", "yes")), 10108),
        (ADD, add(&property("DisplayName", &"x".repeat(257))), 10108),
        (ADD, add(&property("Reason", &"x".repeat(513))), 10108),
        (ADD, add(&grant("viewer", "", "", "")), 10108),
        (ADD, add(&grant("Viewer", "1", "one", "")), 10108),
        (ADD, add(&grant("Viewer", "one", "", "")), 11012),
        (ADD, add(&(grant("Viewer", "one", "", "") + &grant("viewer", "", "", ""))), 10108),
        (CHANGE, nobody(&property("NewUserName", "a\u{9}b")), 10108),
        (CHANGE, nobody(&property("ExpectedVersion", "one")), 10108),
        (CHANGE, property("AccountID", "nobody"), 10108),
        (LIST, property("Sort", "Name"), 10108),
        (LIST, property("Sort", "UserName:UP"), 10108),
        (LIST, property("Limit", "10001"), 10108),
        // Missing.
        (ADD, password(), 10107),
        (ADD, user("somebody new"), 10107),
        (ADD, user("somebody new") + &property("Password", ""), 10107),
        (ADD, add(&grant("", "", "", "")), 10107),
        (CHANGE, String::new(), 10107),
        (DELETE, String::new(), 10107),
        (INFO, user(""), 10107),
        (PASSWORD_CHANGE, String::new(), 10107),
        (PASSWORD_CHANGE, property("OldPassword", "demo-admin"), 10107),
        // Missing before contradictory.
        (CHANGE, nobody(&(property("AccountID", "AAAAAAAAAAAAAAAAAAAAAA") + &grant("", "1", "", ""))), 10107),
        // Contradictory.
        (CHANGE, nobody(&(property("NoDisplayName", "true") + &property("DisplayName", "N."))), 10108),
        (ADD, add(&grant("Viewer", "", "1", "")), 10108),
        (ADD, add(&grant("Viewer", "1", "", "01234567101")), 10108),
        (ADD, add(&grant("Administrator", "1", "", "")), 10108),
        (CHANGE, nobody(&(property("NoGrants", "true") + &grant("Viewer", "", "", ""))), 10108),
        (CHANGE, nobody(&property("AccountID", "AAAAAAAAAAAAAAAAAAAAAA")), 10108),
        // The directory, then 31200 to 31203.
        (ADD, new_account("admin", &grant("Viewer", "9", "", "")), 11013),
        (ADD, new_account("admin", &grant("Viewer", "1", "9", "")), 11131),
        (ADD, new_account("admin", &grant("Viewer", "1", "1", "9")), 11161),
        (ADD, user("ADMIN") + &property("Password", "short"), 31200),
        (ADD, user("somebody new") + &property("Password", "1234567"), 31203),
        (ADD, user("somebody new") + &property("Password", &"x".repeat(1_025)), 31203),
        (CHANGE, nobody(&grant("Viewer", "9", "", "")), 11013),
        (CHANGE, nobody(&property("NewUserName", "admin")), 31200),
        (CHANGE, nobody(&property("NewUserName", "nobody new")), 31201),
        (CHANGE, user("viewer") + &property("NewUserName", "EDITOR"), 31200),
        (CHANGE, user("viewer") + &property("Password", "short"), 31203),
        (CHANGE, user("viewer") + &property("ExpectedVersion", "1"), 31100),
        (CHANGE, user("admin") + &property("Enabled", "false") + &property("Password", "short"), 31202),
        (CHANGE, user("admin") + &property("NoGrants", "true"), 31202),
        (CHANGE, user("admin") + &grant("Editor", "", "", ""), 31202),
        (DELETE, user("admin"), 31202),
        (DELETE, user("nobody"), 31201),
        (DELETE, user(" no name at all "), 31201),
        (DELETE, user("viewer") + &property("ExpectedVersion", "1"), 31100),
        (INFO, user("nobody"), 31201),
        (INFO, property("AccountID", "AAAAAAAAAAAAAAAAAAAAAA"), 31201),
    ]
}

#[test]
fn what_is_refused_is_refused_by_its_code_and_changes_nothing() {
    let server = Server::demo();
    let admin = server.session("admin");
    let (before, files) = (server.dump(), super::credential_files(&server.data));
    for (operation, payload, code) in refused() {
        let reply = admin.call(operation, &payload);
        assert_eq!((reply.code(), reply.status), (code, 200), "{operation} {payload}: {}", reply.body);
        for said in ["nobody", "somebody", "short"] {
            assert!(!reply.body.contains(said), "a message repeats what was sent: {}", reply.body);
        }
    }
    // Nor does what is only checked, or what changes nothing.
    let dry = property("ValidateOnly", "true");
    let same =
        property("Enabled", "true") + &property("NewUserName", "viewer") + &grant("Viewer", "", "", "");
    for (operation, payload) in [
        (ADD, new_account("somebody new", &dry)),
        (CHANGE, user("viewer") + &property("Password", PASSWORD) + &property("NewUserName", "x") + &dry),
        (DELETE, user("viewer") + &dry),
        (CHANGE, user("viewer")),
        (CHANGE, user("VIEWER") + &same),
    ] {
        let reply = admin.call(operation, &payload).expect_success();
        assert_eq!(reply.body, "<Response Result=\"Success\"><InvokeID>7</InvokeID></Response>");
    }
    assert_eq!(server.dump(), before);
    assert_eq!(super::credential_files(&server.data), files);
}

#[test]
fn a_key_for_repeating_requests_is_refused_where_it_would_not_count() {
    let server = Server::demo();
    let admin = server.session("admin");
    let passwords = property("OldPassword", "demo-admin") + &property("NewPassword", PASSWORD);
    let csv = property("CSV", "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID\n9,,,x,\n");
    for (operation, payload) in [
        (ADD, new_account("anna", "")),
        (CHANGE, user("viewer") + &property("Enabled", "false")),
        (DELETE, user("viewer")),
        (PASSWORD_CHANGE, passwords),
        ("DirectoryImport", csv),
    ] {
        let refused =
            admin.call_with(operation, &payload, &[("Idempotency-Key", "a key")]).expect_code(10108);
        assert!(refused.body.contains("Idempotency-Key"), "{}", refused.body);
    }
    // Where nothing is changed the header does no harm.
    admin.call_with(LIST, "", &[("Idempotency-Key", "a key")]).expect_success();
    admin.call(INFO, &user("anna")).expect_code(31201);
}

#[test]
fn a_full_name_can_be_taken_away_again() {
    let server = Server::demo();
    let admin = server.session("admin");
    let shown = || admin.call(INFO, &user("viewer")).expect_success().property("DisplayName").unwrap();
    admin.call(CHANGE, &(user("viewer") + &property("DisplayName", "Vera View"))).expect_success();
    assert_eq!(shown(), "Vera View");
    admin.call(CHANGE, &(user("viewer") + &property("NoDisplayName", "true"))).expect_success();
    assert_eq!(shown(), "");
    sign_in(&server, "viewer", "demo-viewer").expect_success();
}

#[test]
fn who_is_no_administrator_is_told_so_before_any_property_is_looked_at() {
    let server = Server::demo();
    for name in ["editor", "client", "viewer", "auditor"] {
        let session = server.session(name);
        for operation in [ADD, CHANGE, DELETE, INFO, LIST] {
            session.call(operation, "").expect_code(10313);
            session.call(operation, &property("Unknown", "x")).expect_code(10313);
        }
        session.call("CRMConfigurationList", "").expect_success();
    }
}

#[test]
fn an_answer_tells_id_and_version_when_that_is_asked_for() {
    let server = Server::demo();
    let admin = server.session("admin");
    let asked = property("ReturnID", "true");
    let added = admin.call(ADD, &new_account("anna", &asked)).expect_success();
    let version = |reply: &crate::harness::Reply| reply.property("Version").unwrap();
    let versioned = asked.clone() + &property("ExpectedVersion", &version(&added));
    let disabled = admin.call(CHANGE, &(user("anna") + &property("Enabled", "false") + &versioned));
    let disabled = disabled.expect_success();
    assert_ne!(version(&disabled), version(&added));
    let again = admin.call(CHANGE, &(user("anna") + &property("Enabled", "false") + &asked)).expect_success();
    assert_eq!(again.body, disabled.body, "nothing changes");
    admin.call(DELETE, &(user("anna") + &versioned)).expect_code(31100);
    let info = admin.call(INFO, &user("anna")).expect_success();
    assert_eq!(info.property("Version"), disabled.property("Version"));
    assert_eq!(info.property("Enabled").as_deref(), Some("false"));
    assert_eq!(info.property("DisplayName").as_deref(), Some(""));
}
