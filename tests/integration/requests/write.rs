//! ReturnID, ValidateOnly, ExpectedVersion, Reason, and what a Change leaves alone.

use super::{ADD, CHANGE, DELETE, INFO, SERVER, fresh, own, without_version};
use crate::harness::{
    COMMON, CONFIGURATION, Varying, add_payload, container, golden, property, redact, triple,
};

#[test]
fn return_id_adds_id_and_version_to_the_answer_and_nothing_else_does() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let asked = property("ReturnID", "true");
    let payload = add_payload(&triple("1", "1", ""), &fresh()) + &asked;
    let added = editor.call(ADD, &payload).expect_success();
    let id = added.configuration_id();
    let version = added.property("Version").unwrap();
    let shape = without_version(&redact(&added, &[Varying::Id(&id)]), &version);
    golden("requests", "add-with-return-id", &shape);

    let named = triple("1", "1", "") + &property("CRMConfigurationID", &id);
    let change = named.clone() + &property("Description", &fresh());
    let changed = editor.call(CHANGE, &(change + &asked)).expect_success();
    assert_eq!(changed.property("CRMConfigurationID").as_ref(), Some(&id));
    assert!(changed.property("Version").unwrap().parse::<u64>().unwrap() > version.parse().unwrap());

    let bare = editor.call(CHANGE, &(named.clone() + &property("Description", &fresh()))).expect_success();
    assert_eq!(bare.body, "<Response Result=\"Success\"><InvokeID>7</InvokeID></Response>");

    let deleted = editor.call(DELETE, &(named + &asked)).expect_success();
    assert_eq!(deleted.property("CRMConfigurationID"), Some(id));
}

#[test]
fn validate_only_checks_everything_and_stores_nothing() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let version = own.version(&editor);
    let only = property("ValidateOnly", "true");
    let scope = triple("1", "1", "");
    let description = fresh();
    let good = add_payload(&scope, &description);

    let reply = editor.call(ADD, &(good.clone() + &only)).expect_success();
    assert_eq!(reply.headers.get("x-crmconfigurationid"), None, "no id was given out");
    editor.call(ADD, &(add_payload(&scope, &own.description) + &only)).expect_code(31000);
    editor.call(CHANGE, &(own.named.clone() + &property("Description", &fresh()) + &only)).expect_success();
    editor.call(DELETE, &(own.named.clone() + &only)).expect_success();
    assert_eq!(own.version(&editor), version);
    let search = property("SearchQuery", &description);
    let listed = editor.call(super::LIST, &search).expect_success();
    assert_eq!(listed.property("Total").as_deref(), Some("0"));

    // A key is not remembered either.
    let keyed = good.clone() + &property("RequestKey", &fresh());
    editor.call(ADD, &(keyed.clone() + &only)).expect_success();
    editor.call(ADD, &keyed.replace(&description, &fresh())).expect_success();
    editor.call(ADD, &(good + &property("ValidateOnly", "yes"))).expect_code(10108);
}

#[test]
fn an_expected_version_that_is_not_the_stored_one_is_refused_with_the_stored_one() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let version = own.version(&editor);
    let expecting = |version: u64| own.named.clone() + &property("ExpectedVersion", &version.to_string());

    let refused = editor.call(CHANGE, &(expecting(version + 1) + &property("Description", &fresh())));
    let refused = refused.expect_code(31100);
    assert!(refused.body.contains(&format!("version {version}.")), "{}", refused.body);
    editor.call(DELETE, &expecting(version + 1)).expect_code(31100);

    editor.call(CHANGE, &(expecting(version) + &property("Description", &fresh()))).expect_success();
    editor.call(DELETE, &expecting(version)).expect_code(31100);
    editor.call(DELETE, &expecting(own.version(&editor))).expect_success();
    editor.call(INFO, &own.named).expect_code(31003);
    for bad in ["-1", "1.0", "one", "18446744073709551616"] {
        let payload = own.named.clone() + &property("ExpectedVersion", bad);
        editor.call(DELETE, &payload).expect_code(10108);
    }
}

#[test]
fn a_change_replaces_what_is_there_and_leaves_what_is_not() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let common = own.named.clone() + &container("CRMConfigurationCommon", r#"{"CacheFrequency":5}"#);
    editor.call(CHANGE, &common).expect_success();
    let info = own.info(&editor);
    assert_eq!(info.property("CacheFrequency").as_deref(), Some("5"));
    assert_eq!(info.property("Cached"), None, "a part is replaced as a whole");
    assert_eq!(info.property("ClientId").as_deref(), Some("0987654321"), "the other part stays");
    assert_eq!(info.property("Description"), Some(own.description.clone()));
}

#[test]
fn a_change_that_changes_nothing_succeeds_and_appends_nothing() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let version = own.version(&editor);
    let same = own.named.clone()
        + &property("Description", &own.description)
        + &container("CRMConfiguration", CONFIGURATION)
        + &container("CRMConfigurationCommon", COMMON);
    let reply = editor.call(CHANGE, &(same + &property("ReturnID", "true"))).expect_success();
    assert_eq!(reply.property("Version"), Some(version.to_string()));
    editor.call(CHANGE, &own.named).expect_success();
    assert_eq!(own.version(&editor), version);
}

#[test]
fn the_type_is_read_only_and_the_seeds_own_value_is_accepted() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let with_type = |name: &str| own.named.clone() + &property("CRMType", name);
    editor.call(CHANGE, &with_type(crate::harness::SUGAR)).expect_success();
    editor.call(CHANGE, &with_type("CrmAddin.Salesforce.SalesforceAddin")).expect_code(10108);
}

#[test]
fn a_reason_is_recorded_up_to_its_limit() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let change = |reason: &str| {
        let payload = own.named.clone() + &property("Description", &fresh()) + &property("Reason", reason);
        editor.call(CHANGE, &payload)
    };
    change(&"ü".repeat(512)).expect_success();
    let refused = change(&"ü".repeat(513)).expect_code(10108);
    assert!(refused.body.contains("Reason"), "{}", refused.body);
    let reason = "because the customer asked for it";
    change(reason).expect_success();
    let journal = walk(&server.data.join("journal"));
    assert!(
        journal.windows(reason.len()).any(|window| window == reason.as_bytes()),
        "the reason stands in the journal"
    );
}

/// The bytes of every file below a folder.
fn walk(folder: &std::path::Path) -> Vec<u8> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { std::fs::read(path).unwrap() }).collect()
}

#[test]
fn the_same_name_twice_in_one_scope_is_refused_at_add_and_at_change() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let (first, second) = (own(&editor), own(&editor));
    let scope = triple("1", "1", "");
    editor.call(ADD, &add_payload(&scope, &first.description)).expect_code(31000);
    let rename = second.named.clone() + &property("Description", &first.description);
    editor.call(CHANGE, &rename).expect_code(31000);
    let elsewhere = add_payload(&triple("1", "2", ""), &first.description);
    editor.call(ADD, &elsewhere).expect_success();
    editor.call(DELETE, &first.named).expect_success();
    editor.call(CHANGE, &rename).expect_success();
}
