//! Erasing accounts: their names can be given again, and nothing of them is left in the vault.

use super::{
    ADD, CHANGE, DELETE, ERASE, INFO, PASSWORD, PASSWORD_CHANGE, credential_files, new_account, sign_in, user,
};
use crate::harness::{Server, property};

/// What the journal holds of accounts: the tags of its events.
fn recorded(server: &Server) -> Vec<String> {
    let exported = server.run(&["export"]);
    assert!(exported.status.success());
    let text = String::from_utf8(exported.stdout).unwrap();
    let tag = |line: &str| -> String {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["event"]["tag"].as_str().unwrap().to_owned()
    };
    text.lines().map(tag).filter(|tag| tag.starts_with("Account")).collect()
}

#[test]
fn a_live_account_is_deleted_by_its_erasure_and_its_name_is_free_again() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    let files = credential_files(&server.data);
    admin.call(ADD, &new_account("Zoë", &property("DisplayName", "Zoë of the canaries"))).expect_success();
    let info = admin.call(INFO, &user("Zoë")).expect_success();
    let zoe = server.session_of("zoë", PASSWORD);
    let dry = user("Zoë") + &property("ValidateOnly", "true");
    assert_eq!(admin.call(ERASE, &dry).expect_success().property("AccountID"), None);
    let (version, stale) = (info.property("Version").unwrap(), property("ExpectedVersion", "1"));
    let told = admin.call(ERASE, &(user("Zoë") + &stale)).expect_code(31100);
    assert!(told.body.contains(&version), "{}", told.body);
    zoe.call("CRMTypeList", "").expect_success();

    let asked = user("Zoë")
        + &property("ExpectedVersion", &version)
        + &property("Reason", "asked to be forgotten")
        + &property("ReturnID", "true");
    let erased = admin.call(ERASE, &asked).expect_success();
    assert_eq!(erased.property("AccountID"), info.property("AccountID"));
    let number = |text: String| -> u64 { text.parse().unwrap() };
    assert!(number(erased.property("Version").unwrap()) > number(version), "{}", erased.body);
    assert_eq!(credential_files(&server.data), files, "its file is gone at once");
    zoe.call("CRMTypeList", "").expect_code(10307);
    sign_in(&server, "Zoë", PASSWORD).expect_code(10307);
    let id = property("AccountID", &info.property("AccountID").unwrap());
    for payload in [user("Zoë"), id] {
        for operation in [INFO, DELETE, ERASE] {
            admin.call(operation, &payload).expect_code(31201);
        }
    }
    admin.call(ADD, &new_account("ZOË", "")).expect_success();
    let again = admin.call(INFO, &user("zoë")).expect_success();
    assert_ne!(again.property("AccountID"), info.property("AccountID"), "another account");
    assert_eq!(again.property("DisplayName").unwrap(), "");

    server.kill_nine();
    server.restart();
    server.session_of("zoë", PASSWORD);
    assert_eq!(credential_files(&server.data).len(), files.len() + 1);
    let tags = recorded(&server);
    let last: Vec<_> = tags.iter().rev().take(3).rev().map(String::as_str).collect();
    assert_eq!(last, ["AccountDeleted", "AccountErased", "AccountCreated"]);
}

#[test]
fn a_deleted_account_is_found_by_the_name_that_it_had_last_or_by_its_id() {
    let server = Server::demo();
    let admin = server.session("admin");
    let files = credential_files(&server.data);
    let ids = ["anna", "otto"].map(|name| {
        admin.call(ADD, &new_account(name, "")).expect_success();
        property("AccountID", &admin.call(INFO, &user(name)).expect_success().property("AccountID").unwrap())
    });
    admin.call(CHANGE, &(user("anna") + &property("NewUserName", "anne"))).expect_success();
    let own = server.session_of("anne", PASSWORD);
    let password = property("OldPassword", PASSWORD) + &property("NewPassword", "a better password");
    own.call(PASSWORD_CHANGE, &password).expect_success();
    for name in ["anne", "otto"] {
        admin.call(DELETE, &user(name)).expect_success();
    }
    assert_eq!(credential_files(&server.data).len(), files.len() + 2, "deleted, and their names are held");
    admin.call(ADD, &new_account("anne", "")).expect_code(31200);
    admin.call(ERASE, &user("anna")).expect_code(31201);
    // A deleted account has no version any more that could be another than expected.
    admin.call(ERASE, &(user("ANNE") + &property("ExpectedVersion", "1"))).expect_success();
    admin.call(ERASE, &ids[1]).expect_success();
    assert_eq!(credential_files(&server.data), files);
    for id in &ids {
        admin.call(ERASE, id).expect_code(31201);
    }
    for name in ["anne", "otto"] {
        admin.call(ADD, &new_account(name, "")).expect_success();
    }
    let tags = recorded(&server);
    assert_eq!(tags.iter().filter(|tag| *tag == "AccountErased").count(), 2);
    assert_eq!(tags.iter().filter(|tag| *tag == "AccountDeleted").count(), 2);
}

#[test]
fn what_cannot_be_erased_is_told_and_nothing_is_done() {
    let server = Server::demo();
    let admin = server.session("admin");
    let (files, dump) = (credential_files(&server.data), server.dump());
    admin.call(ERASE, &user("admin")).expect_code(31202);
    admin.call(ERASE, &user("nobody")).expect_code(31201);
    admin.call(ERASE, "").expect_code(10107);
    admin.call(ERASE, &(user("viewer") + &property("RequestKey", "k"))).expect_code(10108);
    let id = admin.call(INFO, &user("viewer")).expect_success().property("AccountID").unwrap();
    admin.call(ERASE, &(user("viewer") + &property("AccountID", &id))).expect_code(10108);
    admin.call(ERASE, &property("AccountID", "no id")).expect_code(10108);
    admin.call_with(ERASE, &user("viewer"), &[("Idempotency-Key", "k")]).expect_code(10108);
    server.session("viewer").call(ERASE, &user("viewer")).expect_code(10313);
    assert_eq!((credential_files(&server.data), server.dump()), (files, dump));
}

#[test]
fn a_file_that_a_crash_left_is_removed_by_the_next_start() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    admin.call(ADD, &new_account("Zoë", "")).expect_success();
    let folder = server.data.join("vault/credentials");
    let before = credential_files(&server.data);
    let kept: Vec<_> =
        before.iter().map(|name| (folder.join(name), std::fs::read(folder.join(name)).unwrap())).collect();
    admin.call(ERASE, &user("Zoë")).expect_success();
    server.kill_nine();
    // As if the process had ended between the event and the file.
    for (path, content) in kept.iter().filter(|(path, _)| !path.exists()) {
        std::fs::write(path, content).unwrap();
    }
    assert_eq!(credential_files(&server.data), before);
    server.restart();
    assert_eq!(credential_files(&server.data).len(), before.len() - 1);
    let admin = server.session("admin");
    admin.call(ADD, &new_account("Zoë", "")).expect_success();
    sign_in(&server, "Zoë", PASSWORD).expect_success();
}
