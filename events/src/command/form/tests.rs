//! The bytes under a request's digest, frozen: the log keeps the digest for ever, and a repetition is told by it.

use std::sync::Arc;

use data_encoding::HEXLOWER;

use super::*;
use crate::{DeviceNumber, PartitionId, TelSysId};

fn form(operation: &'static str) -> RequestForm {
    RequestForm {
        operation,
        scope: Scope::EveryTelSys,
        id: None,
        crm_type: None,
        description: None,
        expected_version: None,
        configuration: Given::Absent,
        common: Given::Absent,
        sealed: None,
    }
}

fn given(text: &str) -> Given {
    Given::Json(Arc::new(Json::parse(text).unwrap()))
}

fn device() -> Scope {
    let device = DeviceNumber::new("+0044 ß").unwrap();
    Scope::Device(TelSysId::new(1).unwrap(), PartitionId::new(2_147_483_647).unwrap(), device)
}

/// The password fields of every form here.
fn password_fields() -> BTreeSet<String> {
    ["Password", "Secret", "Token"].map(str::to_owned).into()
}

#[track_caller]
fn assert_golden(name: &str, forms: &[(&str, RequestForm)]) {
    let shown: Vec<_> = forms
        .iter()
        .map(|(words, form)| {
            let text = String::from_utf8(form.bytes(&password_fields()).unwrap()).unwrap();
            let digest = HEXLOWER.encode(form.digest(&password_fields()).unwrap().as_bytes());
            format!("{words}, digest {digest}\n{text}\n")
        })
        .collect();
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../snapshots/events/request_digest"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown.join("\n")));
}

#[test]
fn the_digest_of_a_change_with_everything_is_frozen_and_holds_no_password() {
    let change = RequestForm {
        scope: device(),
        id: Some("db7e33a7d8b7b1ea:-22ff4bbb:197ea30cca8:-7fa3".to_owned()),
        crm_type: Some(CrmType::new("CrmAddin.SugarCrm.SugarCrmAddin").unwrap()),
        description: Some(Description::new(" Sales & \"Support\"\t").unwrap()),
        expected_version: Some(u64::MAX),
        configuration: given(
            r#"{"z":1,"Password":"canary","Secret":null,"Other":null,"n":1e-7,"text":"ß\n\u2028</script>"}"#,
        ),
        common: given(r#"{"Password":"no field of this part","b":[true,0.1,{}]}"#),
        ..form("CRMConfigurationChange")
    };
    assert!(!String::from_utf8(change.bytes(&password_fields()).unwrap()).unwrap().contains("canary"));
    assert_golden("change_with_everything", &[("with a password, a null in another, no token", change)]);
}

#[test]
fn the_digest_of_the_least_delete_is_frozen() {
    let id = Some("no id at all".to_owned());
    assert_golden("least_delete", &[("by id", RequestForm { id, ..form("CRMConfigurationDelete") })]);
}

#[test]
fn the_digest_of_an_add_at_every_telsys_is_frozen() {
    let add = RequestForm {
        crm_type: Some(CrmType::new("T").unwrap()),
        description: Some(Description::new("d").unwrap()),
        configuration: given(r#"{"Token":"canary","Password":"canary"}"#),
        common: given("{}"),
        ..form("CRMConfigurationAdd")
    };
    assert_golden("add_at_every_telsys", &[("with two passwords", add)]);
}

#[test]
fn a_part_that_is_empty_is_told_from_one_that_was_not_given() {
    let absent = form("CRMConfigurationChange");
    let empty = RequestForm { configuration: given("{}"), ..absent.clone() };
    let common = RequestForm { common: given("{}"), ..absent.clone() };
    let null = RequestForm { common: given("null"), ..absent.clone() };
    let digests: BTreeSet<_> =
        [&absent, &empty, &common].map(|form| form.digest(&password_fields()).unwrap()).into();
    assert_eq!(digests.len(), 3);
    assert_eq!(null.digest(&password_fields()), absent.digest(&password_fields()), "no part may be null");
    let unreadable = RequestForm { common: Given::Unreadable, ..absent.clone() };
    assert_eq!(unreadable.digest(&password_fields()), None);
    assert_golden(
        "empty_and_absent",
        &[("absent", absent), ("configuration empty", empty), ("common empty", common)],
    );
}
