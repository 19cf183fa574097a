//! Info's extensions, and its ETag.

use super::{ADD, CHANGE, INFO, SERVER, fresh, own, without_version};
use crate::harness::{Varying, add_payload, container, golden, property, redact, triple};

#[test]
fn return_json_is_what_a_change_accepts_unchanged() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let version = own.version(&editor);
    let shown = editor.call(INFO, &(own.named.clone() + &property("ReturnJSON", "true"))).expect_success();
    let start = shown.body.find("<Container Name=\"CRMConfiguration\">").unwrap();
    let end = shown.body.find("</Success>").unwrap();
    let containers = &shown.body[start..end];
    assert_eq!(containers.matches("Name=\"JSONData\"").count(), 2, "{containers}");
    editor.call(CHANGE, &(own.named.clone() + containers)).expect_success();
    assert_eq!(own.version(&editor), version, "nothing differs");
    let copy = add_payload(&triple("1", "2", ""), &fresh());
    let given = copy.find("<Container").unwrap();
    let added = editor.call(ADD, &(copy[..given].to_owned() + containers)).expect_success();
    let info = triple("1", "2", "") + &property("CRMConfigurationID", &added.configuration_id());
    let copied = editor.call(INFO, &info).expect_success();
    let parts = |body: &str| body[body.find("<Container").unwrap()..].to_owned();
    assert_eq!(parts(&copied.body), parts(&own.info(&editor).body));
}

#[test]
fn fields_that_are_asked_for_are_added_and_unknown_ones_refused() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let info =
        |fields: &str| editor.call(INFO, &(own.named.clone() + &property("CRMConfigurationFields", fields)));
    let version = own.version(&editor).to_string();
    let reply = info("Version, Description").expect_success();
    let shape = redact(&reply, &[Varying::Id(&own.id), Varying::Description(&own.description)]);
    let shape = without_version(&shape, &version);
    golden("requests", "info-with-version", &shape);
    assert_eq!(own.info(&editor).property("Version"), None);
    info("Versions").expect_code(10108);
    info("version").expect_code(10108);
}

#[test]
fn the_etag_carries_version_and_role_class() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let tag = |user: &str| own.info(&server.session(user)).headers.get("etag").cloned().unwrap();
    let version = own.version(&editor);
    assert_eq!(tag("editor"), format!("\"{version}-secrets\""));
    assert_eq!(tag("viewer"), format!("\"{version}-plain\""));
    editor.call(CHANGE, &(own.named.clone() + &container("CRMConfiguration", "{}"))).expect_success();
    assert_ne!(tag("editor"), format!("\"{version}-secrets\""));
}

#[test]
fn an_id_under_another_triple_does_not_exist() {
    let server = SERVER.get();
    let admin = server.session("admin");
    let own = own(&admin);
    for (telsys, partition, device) in
        [("-1", "", ""), ("1", "", ""), ("1", "2", ""), ("1", "1", "01234567101"), ("2", "1", "")]
    {
        let elsewhere = triple(telsys, partition, device) + &property("CRMConfigurationID", &own.id);
        for operation in [INFO, CHANGE, super::DELETE] {
            admin.call(operation, &elsewhere).expect_code(31003);
        }
    }
    let sentinels = triple("1", "1", "UnknownNoneOrAll") + &property("CRMConfigurationID", &own.id);
    admin.call(INFO, &sentinels).expect_success();
}
