//! What administrators did to accounts, and what accounts did to themselves.

use serde_json::{Value, json};

use super::{digest, fields, stopped};
use crate::harness::{CANARY, Server, property};

/// A container of one grant.
fn grant(role: &str, ids: &str) -> String {
    format!("<Container Name=\"Grant\">{}{ids}</Container>", property("Role", role))
}

#[test]
fn each_act_names_who_did_it_whom_it_concerns_and_what_became_another() {
    let mut server = Server::demo();
    let admin = server.session("admin");
    let name = property("UserName", "Erika Mustermann");
    let telsys = grant("Editor", &property("TelSysID", "1"));
    let ids = property("TelSysID", "1") + &property("PartIDInTelSys", "1");
    let partition = grant("Viewer", &ids);
    let add = name.clone() + &property("Password", CANARY) + &property("Enabled", "false") + &telsys;
    admin.call("AccountAdd", &(add.clone() + &property("ValidateOnly", "true"))).expect_success();
    admin.call("AccountAdd", &add).expect_success();
    admin.call("AccountAdd", &add).expect_code(31200);
    admin.call("AccountChange", &(name.clone() + &property("Enabled", "true") + &partition)).expect_success();
    // It is so already.
    admin.call("AccountChange", &(name.clone() + &property("Enabled", "true"))).expect_success();
    let erika = server.session_of("Erika Mustermann", CANARY);
    let change = |old: &str| property("OldPassword", old) + &property("NewPassword", "another-password");
    erika.call("PasswordChange", &change("wrong-password")).expect_code(10307);
    erika.call("PasswordChange", &change(CANARY)).expect_success();
    erika.call("AccountDelete", &name).expect_code(10313);
    admin.call("AccountDelete", &name).expect_success();
    erika.call("CRMConfigurationList", "").expect_code(10307);

    let lines = stopped(&mut server);
    let kinds = [
        "sign_in",
        "account_added",
        "account_changed",
        "sign_in",
        "password_not_confirmed",
        "password_changed",
        "refused",
        "account_deleted",
        "session_revoked",
    ];
    assert_eq!(fields(&lines, "kind"), kinds, "{lines:?}");
    let (admin_id, erika_id) = (&lines[0]["account"], &lines[3]["account"]);
    assert_ne!(admin_id, erika_id);
    let actor = Value::from(format!("account:{}", admin_id.as_str().unwrap()));
    for line in &lines[1..] {
        assert_eq!(line["account"], *erika_id, "{line}");
        assert!(line["request"].is_string() && line["address"] == "127.0.0.1", "{line}");
        let administered = ["account_added", "account_changed", "account_deleted"].map(Value::from);
        let by_admin = administered.contains(&line["kind"]);
        assert_eq!(line.get("actor"), by_admin.then_some(&actor), "{line}");
        assert_eq!(line["session"], digest(if by_admin { &admin } else { &erika }), "{line}");
    }
    let editor = json!({"role": "editor", "scope": {"telsys": 1}});
    let viewer = json!({"role": "viewer", "scope": {"telsys": 1, "partition": 1}});
    assert_eq!((&lines[1]["enabled"], &lines[1]["grants"]), (&json!(false), &json!([editor])));
    let changed = &lines[2];
    assert_eq!(
        (&changed["enabled"], &changed["renamed"], &changed["password_set"]),
        (&json!(true), &json!(false), &json!(false))
    );
    assert_eq!((&changed["grants_given"], &changed["grants_taken"]), (&json!([viewer]), &json!([editor])));
    assert_eq!(lines[4]["cause"], "wrong_password");
    assert_eq!(lines[6]["code"], 10313);
    assert_eq!(lines[8]["cause"], "account_deleted");
    let text = std::fs::read_to_string(super::path(&server.data)).unwrap();
    for secret in ["Erika", "Mustermann", CANARY, "another-password", "wrong-password\""] {
        assert!(
            !text.replace("\"cause\":\"wrong_password\"", "").contains(secret),
            "{secret} stands in {text}"
        );
    }
}
