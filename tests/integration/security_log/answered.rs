//! Who was answered a password: one record for each answer that carried any, and none for any other answer.

use super::{digest, fields, of_kind, path};
use crate::harness::{Holder, SUGAR, Server, container, property, triple};
use crate::security_log::of_requests;

const INFO: &str = "CRMConfigurationInfo";
const KIND: &str = "secrets_answered";

#[test]
fn each_answer_with_password_fields_is_recorded_once_and_no_other() {
    let mut server = Server::demo();
    let (editor, client) = (Holder::of(&server, "editor"), Holder::of(&server, "client"));
    let scope = triple("1", "1", "");
    let add = |description: &str, json: &str| {
        let payload = scope.clone()
            + &property("Description", description)
            + &property("CRMType", SUGAR)
            + &container("CRMConfiguration", json)
            + &container("CRMConfigurationCommon", "{}");
        let id = editor.call("CRMConfigurationAdd", &payload).expect_success().configuration_id();
        (scope.clone() + &property("CRMConfigurationID", &id), id)
    };
    let sealed = format!("{{\"Password\":\"{}\"}}", editor.seal("Password", "geheim-Qx7"));
    let (named, id) = add("with", &sealed);
    let (without, _) = add("without", "{}");

    client.call(INFO, &named).expect_success();
    editor.call(INFO, &named).expect_success();
    client.call(INFO, &named).expect_success();
    // None of these answers carries one.
    client.call(INFO, &(named.clone() + &property("ReturnJSON", "true"))).expect_success();
    client.call(INFO, &without).expect_success();
    for user in ["viewer", "auditor"] {
        server.session(user).call(INFO, &named).expect_success();
    }
    let all = property("CRMConfigurationFields", "CRMConfiguration,CRMConfigurationCommon");
    client.call("CRMConfigurationList", &all).expect_success();
    client.call(INFO, &named.replace(&scope, &triple("1", "2", ""))).expect_code(31003);
    client.call(INFO, &(named.clone() + &property("Unknown", "x"))).expect_code(10108);
    let change = named.clone() + &property("Description", "else") + &property("ReturnID", "true");
    editor.call("CRMConfigurationChange", &change).expect_success();
    editor.call("CRMConfigurationDelete", &named).expect_success();
    client.call(INFO, &named).expect_code(31003);

    assert!(server.terminate().success(), "{}", server.log_text());
    let answered = of_kind(&path(&server.data), KIND);
    assert_eq!(answered.len(), 3, "{answered:?}");
    let sessions = [&client, &editor, &client].map(|holder| digest(holder));
    assert_eq!(fields(&answered, "session"), sessions.iter().collect::<Vec<_>>());
    let signed_in = of_requests(&path(&server.data));
    let account = |session: &serde_json::Value| {
        let of = signed_in.iter().find(|line| line["kind"] == "sign_in" && line["session"] == *session);
        of.unwrap()["account"].clone()
    };
    for (record, session) in answered.iter().zip(&sessions) {
        assert_eq!(record["account"], account(session), "{record}");
        assert_eq!(record["configuration"], id.as_str(), "{record}");
        assert_eq!(record["operation"], INFO, "{record}");
        assert_eq!(record["fields"], serde_json::json!(["Password"]), "{record}");
        assert!(record["time"].is_string() && record["request"].is_string(), "{record}");
        assert_eq!(record["address"], "127.0.0.1", "{record}");
    }
    let text = std::fs::read_to_string(path(&server.data)).unwrap();
    assert!(!text.contains("geheim") && !text.contains("enc:v1:"), "{text}");
}
