//! What was given up for ever, and by whom.

use serde_json::Value;

use super::{digest, fields, stopped};
use crate::harness::{CANARY, Server, add_payload, property, triple};

#[test]
fn a_shredding_and_an_erasure_name_who_did_it_and_tell_no_reason_and_no_name() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    let scope = triple("1", "1", "");
    let id = admin.call("CRMConfigurationAdd", &add_payload(&scope, "x")).expect_success().configuration_id();
    let located = scope + &property("CRMConfigurationID", &id);
    let dry = property("ValidateOnly", "true");
    let reason = property("Reason", "Erika wants it");
    admin.call("CRMConfigurationShred", &(located.clone() + &dry)).expect_success();
    admin.call("CRMConfigurationShred", &(located.clone() + &reason)).expect_success();
    // Nothing is left to be given up.
    admin.call("CRMConfigurationShred", &located).expect_success();
    admin.call("CRMConfigurationShred", &located.replace(&id, CANARY)).expect_code(31003);
    let name = property("UserName", "Erika Mustermann");
    admin.call("AccountAdd", &(name.clone() + &property("Password", CANARY))).expect_success();
    let erika = admin.call("AccountInfo", &name).expect_success().property("AccountID").unwrap();
    admin.call("AccountErase", &(name.clone() + &dry)).expect_success();
    admin.call("AccountErase", &(name.clone() + &reason)).expect_success();
    admin.call("AccountErase", &name).expect_code(31201);
    let viewer = property("UserName", "viewer");
    let deleted = admin.call("AccountDelete", &(viewer.clone() + &property("ReturnID", "true")));
    let viewer_id = deleted.expect_success().property("AccountID").unwrap();
    admin.call("AccountErase", &viewer).expect_success();
    admin.call("DestructionResume", "").expect_code(10108);

    let lines = stopped(&mut server);
    let kinds = [
        "sign_in",
        "configuration_shredded",
        "account_added",
        "account_erased",
        "account_deleted",
        "account_erased",
    ];
    assert_eq!(fields(&lines, "kind"), kinds, "{lines:?}");
    assert_eq!((&lines[1]["configuration"], &lines[1]["destroyed"]), (&Value::from(id), &Value::from(true)));
    let accounts = [&lines[3], &lines[4], &lines[5]].map(|line| line["account"].as_str().unwrap());
    assert_eq!(accounts, [erika.as_str(), &viewer_id, &viewer_id]);
    let actor = Value::from(format!("account:{}", lines[0]["account"].as_str().unwrap()));
    for line in &lines[1..] {
        assert_eq!((&line["actor"], &line["session"]), (&actor, &digest(&admin)), "{line}");
    }
    let text = std::fs::read_to_string(super::path(&server.data)).unwrap();
    for secret in ["Erika", CANARY, "wants"] {
        assert!(!text.contains(secret), "{secret} stands in {text}");
    }
}
