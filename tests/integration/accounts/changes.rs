//! Changes of other accounts: each replaces what it names, and ends the sessions of the account that it changes.

use super::{ADD, CHANGE, DELETE, INFO, PASSWORD, credential_files, grant, new_account, sign_in, user};
use crate::harness::{Server, add_payload, property, triple};

#[test]
fn a_name_a_password_or_both_are_replaced_and_the_old_ones_are_gone() {
    let server = Server::demo();
    let admin = server.session("admin");
    let files = credential_files(&server.data).len();
    let rename = |from: &str, to: &str| user(from) + &property("NewUserName", to);
    admin.call(CHANGE, &rename("viewer", "Viola")).expect_success();
    sign_in(&server, "viewer", "demo-viewer").expect_code(10307);
    sign_in(&server, "viola", "demo-viewer").expect_success();
    admin.call(CHANGE, &(user("viola") + &property("Password", PASSWORD))).expect_success();
    sign_in(&server, "viola", "demo-viewer").expect_code(10307);
    sign_in(&server, "viola", PASSWORD).expect_success();
    let both =
        rename("viola", "VIOLA") + &property("Password", "another password") + &property("DisplayName", "V");
    admin.call(CHANGE, &both).expect_success();
    sign_in(&server, "viola", "another password").expect_success();
    let info = admin.call(INFO, &user("viola")).expect_success();
    assert_eq!(info.property("UserName").as_deref(), Some("VIOLA"));
    assert_eq!(info.property("DisplayName").as_deref(), Some("V"));
    admin.call(CHANGE, &(user("viola") + &property("DisplayName", "Violante"))).expect_success();
    sign_in(&server, "viola", "another password").expect_success();
    assert_eq!(credential_files(&server.data).len(), files, "each change takes the old credential away");
    // A name that was given up is free.
    admin.call(ADD, &new_account("viewer", "")).expect_success();
    sign_in(&server, "viewer", PASSWORD).expect_success();
}

#[test]
fn every_change_of_an_account_ends_its_sessions_at_once_and_no_other_s() {
    let server = Server::demo();
    let admin = server.session("admin");
    let other = server.session("viewer");
    let changes = [
        property("Enabled", "false"),
        property("Password", PASSWORD),
        property("NewUserName", "ANNA"),
        property("DisplayName", "Anna"),
        grant("Editor", "1", "", ""),
        grant("Viewer", "", "", "") + &grant("Auditor", "", "", ""),
        property("NoGrants", "true"),
    ];
    for (number, change) in changes.iter().enumerate() {
        let name = format!("anna{number}");
        admin.call(ADD, &new_account(&name, &grant("Viewer", "", "", ""))).expect_success();
        let sessions = [server.session_of(&name, PASSWORD), server.session_of(&name, PASSWORD)];
        let renamed = change.contains("NewUserName");
        let change =
            if renamed { property("NewUserName", &format!("{name} the second")) } else { change.clone() };
        sessions[0].call("CRMConfigurationList", "").expect_success();
        admin.call(CHANGE, &(user(&name) + &change)).expect_success();
        for session in &sessions {
            session.call("CRMConfigurationList", "").expect_code(10307);
            session.call("Logout", "").expect_code(10307);
        }
    }
    other.call("CRMConfigurationList", "").expect_success();
    admin.call("CRMConfigurationList", "").expect_success();
}

#[test]
fn a_disabled_account_cannot_sign_in_and_an_enabled_one_can_again() {
    let server = Server::demo();
    let admin = server.session("admin");
    let enabled = |value: &str| user("viewer") + &property("Enabled", value);
    admin.call(CHANGE, &enabled("false")).expect_success();
    sign_in(&server, "viewer", "demo-viewer").expect_code(10307);
    admin.call(CHANGE, &enabled("true")).expect_success();
    sign_in(&server, "viewer", "demo-viewer").expect_success();
    admin.call(ADD, &new_account("anna", &property("Enabled", "false"))).expect_success();
    sign_in(&server, "anna", PASSWORD).expect_code(10307);
}

#[test]
fn who_removes_or_disables_or_demotes_the_own_account_gets_the_answer_and_no_other_after_it() {
    let server = Server::demo();
    let admin = server.session("admin");
    let ways = [
        (DELETE, String::new()),
        (CHANGE, property("Enabled", "false")),
        (CHANGE, property("NoGrants", "true")),
    ];
    for (number, (operation, more)) in ways.into_iter().enumerate() {
        let name = format!("second{number}");
        admin.call(ADD, &new_account(&name, &grant("Administrator", "", "", ""))).expect_success();
        let second = server.session_of(&name, PASSWORD);
        second.call(operation, &(user(&name) + &more)).expect_success();
        second.call(INFO, &user(&name)).expect_code(10307);
    }
    admin.call(DELETE, &user("admin")).expect_code(31202);
    admin.call(INFO, &user("admin")).expect_success();
}

#[test]
fn what_an_account_may_write_is_judged_on_its_grants_as_they_stand() {
    let server = Server::demo();
    let admin = server.session("admin");
    admin.call(ADD, &new_account("anna", &grant("Editor", "1", "", ""))).expect_success();
    let first = server.session_of("anna", PASSWORD);
    first.call("CRMConfigurationAdd", &add_payload(&triple("1", "", ""), "first")).expect_success();
    admin.call(CHANGE, &(user("anna") + &grant("Editor", "2", "", ""))).expect_success();
    let second = server.session_of("anna", PASSWORD);
    second.call("CRMConfigurationAdd", &add_payload(&triple("1", "", ""), "second")).expect_code(10511);
    second.call("CRMConfigurationAdd", &add_payload(&triple("2", "", ""), "second")).expect_success();
}
