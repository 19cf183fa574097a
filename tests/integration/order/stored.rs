//! The order of what is checked against grants, keys, the directory and what is stored.

use super::{ADD, CHANGE, INFO, NO_SUCH_ID, check, pair, server};
use crate::harness::{
    CANARY, COMMON, CONFIGURATION, SUGAR, Session, add_payload, container, escape, property, triple,
};

#[test]
fn grants_come_before_request_keys_and_those_before_the_directory() {
    let server = server();
    let editor = server.session("editor");
    let watcher = Session::sign_in(server.address, "watcher", CANARY);
    let phone = Session::sign_in(server.address, "phone", CANARY);
    let at = |telsys, partition, device| add_payload(&triple(telsys, partition, device), "x");
    let key = property("RequestKey", "used");
    let used = add_payload(&triple("1", "1", ""), "first") + &key;
    editor.call(ADD, &used).expect_success();
    let pairs = [
        pair(
            "grants: TelSys before the rest",
            watcher.request(ADD, &at("2", "2", "")),
            (10511, ""),
            watcher.request(ADD, &at("1", "2", "")),
            (10512, ""),
        ),
        pair(
            "grants: Partition before the right to modify",
            watcher.request(ADD, &at("1", "2", "")),
            (10512, ""),
            watcher.request(ADD, &at("1", "1", "")),
            (10515, ""),
        ),
        pair(
            "grants: Device before the right to modify",
            phone.request(ADD, &at("1", "1", "01234567102")),
            (10701, ""),
            phone.request(ADD, &at("1", "1", "01234567101")),
            (10515, ""),
        ),
        pair(
            "grants: the every-TelSys scope before the right to modify",
            watcher.request(ADD, &at("-1", "", "")),
            (10700, ""),
            server.session("viewer").request(ADD, &at("-1", "", "")),
            (10515, ""),
        ),
        pair(
            "grants before a RequestKey",
            editor.request(ADD, &(at("2", "1", "") + &key)),
            (10511, ""),
            editor.request(ADD, &(at("1", "1", "") + &key)),
            (31101, ""),
        ),
        pair(
            "a RequestKey before the directory",
            editor.request(ADD, &(at("1", "9", "") + &key)),
            (31101, ""),
            editor.request(ADD, &at("1", "9", "")),
            (11131, ""),
        ),
    ];
    check(&pairs, |body| server.post(body));
}

#[test]
fn the_directory_comes_before_the_configuration_and_that_before_its_version() {
    let server = server();
    let admin = server.session("admin");
    let scope = triple("1", "1", "");
    let id = admin.call(ADD, &add_payload(&scope, "taken")).expect_success().configuration_id();
    let info = |telsys, partition, device| {
        let scope = triple(telsys, partition, device);
        admin.request(INFO, &(scope + &property("CRMConfigurationID", NO_SUCH_ID)))
    };
    let change = |id: &str, more: &str| {
        admin.request(CHANGE, &(scope.clone() + &property("CRMConfigurationID", id) + more))
    };
    let version = property("ExpectedVersion", "1");
    let pairs = [
        pair("TelSys before Partition", info("9", "9", ""), (11013, ""), info("1", "9", ""), (11131, "")),
        pair("Partition before Device", info("1", "9", "9"), (11131, ""), info("1", "1", "9"), (11161, "")),
        pair(
            "the directory before the configuration",
            info("1", "1", "9"),
            (11161, ""),
            info("1", "1", ""),
            (31003, ""),
        ),
        pair(
            "the configuration before its version",
            change(NO_SUCH_ID, &version),
            (31003, ""),
            change(&id, &version),
            (31100, ""),
        ),
    ];
    check(&pairs, |body| server.post(body));
}

#[test]
fn the_type_comes_before_the_parts_and_those_before_the_name() {
    let server = server();
    let admin = server.session("admin");
    let scope = triple("1", "1", "");
    let taken = add_payload(&scope, "taken");
    let id = admin.call(ADD, &taken).expect_success().configuration_id();
    let change = |id: &str, more: &str| {
        admin.request(CHANGE, &(scope.clone() + &property("CRMConfigurationID", id) + more))
    };
    let add = |payload: &str| admin.request(ADD, payload);
    let version = property("ExpectedVersion", "1");
    let bad = container("CRMConfiguration", "[]");
    let bad_common = container("CRMConfigurationCommon", "[]");
    let with_bad = |payload: &str| payload.replace(&escape(CONFIGURATION), "[]");
    let with_bad_common = |payload: &str| payload.replace(&escape(COMMON), "[]");
    let unknown_type = |payload: &str| payload.replace(SUGAR, "CrmAddin.None");
    let pairs = [
        pair(
            "the directory before the type",
            add(&unknown_type(&taken).replace(&scope, &triple("1", "9", ""))),
            (11131, ""),
            add(&unknown_type(&taken)),
            (31005, ""),
        ),
        pair(
            "the configuration before the type",
            change(NO_SUCH_ID, &property("CRMType", "CrmAddin.None")),
            (31003, ""),
            change(&id, &property("CRMType", "CrmAddin.None")),
            (10108, "read-only"),
        ),
        pair(
            "the version before the type that cannot be changed",
            change(&id, &(version.clone() + &property("CRMType", "CrmAddin.None"))),
            (31100, ""),
            change(&id, &property("CRMType", "CrmAddin.None")),
            (10108, "read-only"),
        ),
        pair(
            "the version before the parts",
            change(&id, &(version.clone() + &bad)),
            (31100, ""),
            change(&id, &bad),
            (31006, ""),
        ),
        pair(
            "the type before the parts",
            add(&with_bad(&unknown_type(&taken))),
            (31005, ""),
            add(&with_bad(&taken)),
            (31006, ""),
        ),
        pair(
            "CRMConfiguration before CRMConfigurationCommon",
            change(&id, &(bad_common.clone() + &bad)),
            (31006, ""),
            change(&id, &bad_common),
            (31007, ""),
        ),
        pair(
            "the parts before the name",
            add(&with_bad_common(&taken)),
            (31007, ""),
            add(&taken),
            (31000, ""),
        ),
    ];
    check(&pairs, |body| server.post(body));
}
