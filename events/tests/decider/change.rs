//! Changing a configuration.

use crmconf_events::Scope;
use crmconf_events::access::Refusal;
use crmconf_events::command::PartsFault;
use crmconf_events::decide::Rejection;
use crmconf_events::event::{Actor, ConfigurationChanged, Context, DeviceRemoved, GrantTaken};
use crmconf_events::state::Missing;
use crmconf_events::{DeviceNumber, PartitionId, TelSysId};

use crate::kit::*;

const SAME: &str = r#"{"Url":"https://a.example"}"#;
const OTHER: &str = r#"{"Url":"https://b.example"}"#;

#[test]
fn what_is_present_replaces_and_what_is_absent_stays() {
    let described = ConfigurationChanged { description: Some(text("Support")), ..changed(1) };
    let given = with_sales().when(change(1).described("Support")).answered(Some(&outcome(1, nth(3))));
    let given = given.then(&[described.into()]);
    let common = ConfigurationChanged { common: Some(json("{}")), ..changed(1) };
    let given = given.when(change(1).common("{}")).answered(Some(&outcome(1, nth(4)))).then(&[common.into()]);
    let state = &given.state().configurations[&id(1)];
    assert_eq!(state.name.description, text("Support"));
    assert_eq!((&state.configuration, &state.common), (&json(SAME), &json("{}")));
    assert_eq!((&state.secrets, state.version), (&secrets(&[("Password", "first")]), nth(4)));
}

#[test]
fn all_at_once_is_one_event() {
    let event = ConfigurationChanged {
        description: Some(text("Support")),
        configuration: Some(json(OTHER)),
        secrets: secrets(&[("Password", "first"), ("Token", "t")]),
        common: Some(json("{}")),
        ..changed(1)
    };
    let ask = change(1).described("Support").configuration(OTHER).secret("Token", "t").common("{}");
    with_sales().when(ask).then(&[event.into()]);
}

#[test]
fn password_fields_that_a_present_part_leaves_out_keep_their_value() {
    let event = ConfigurationChanged {
        configuration: Some(json("{}")),
        secrets: secrets(&[("Password", "first")]),
        ..changed(1)
    };
    with_sales().when(change(1).configuration("{}")).then(&[event.into()]);
}

#[test]
fn a_password_field_alone_can_be_set_replaced_and_removed() {
    let expect = |fields: &[(&str, &str)]| {
        let configuration = Some(json(SAME));
        ConfigurationChanged { configuration, secrets: secrets(fields), ..changed(1) }.into()
    };
    with_sales()
        .when(change(1).configuration(SAME).secret("Token", "t"))
        .then(&[expect(&[("Password", "first"), ("Token", "t")])])
        .when(change(1).configuration(SAME).secret("Password", "second"))
        .then(&[expect(&[("Password", "second"), ("Token", "t")])])
        .when(change(1).configuration(SAME).without_secret("Password"))
        .then(&[expect(&[("Token", "t")])])
        .when(change(1).configuration(SAME).without_secret("Token"))
        .then(&[expect(&[])])
        .when(change(1).configuration(SAME).without_secret("Token"))
        .answered(Some(&outcome(1, nth(6))))
        .then(&[]);
}

#[test]
fn a_change_that_changes_nothing_appends_nothing_and_names_the_version_that_stands() {
    for ask in [
        change(1),
        change(1).described("Sales"),
        change(1).configuration(SAME),
        change(1).configuration(SAME).secret("Password", "first"),
        change(1).configuration(SAME).without_secret("Token"),
        change(1).common(r#"{"Active":true}"#),
        change(1).of_type("CrmAddin.Test").expecting(nth(2).get()),
        change(1).configuration(SAME).with_later_template(),
    ] {
        with_sales().when(ask).answered(Some(&outcome(1, nth(2)))).then(&[]);
    }
}

#[test]
fn parts_are_compared_in_normal_form() {
    let given = world().when(add("Sales").configuration(r#"{"a":1,"b":2}"#)).and_given();
    given.when(change(1).configuration(r#"{"b":2.0,"a":1e0}"#)).then(&[]);
}

#[test]
fn another_text_of_the_template_is_recorded_at_its_first_use() {
    let (old, new) = (template(), later_template());
    let event = ConfigurationChanged { common: Some(json("{}")), template: new.digest, ..changed(1) };
    let back = ConfigurationChanged { common: Some(json(r#"{"x":1}"#)), template: old.digest, ..changed(1) };
    with_sales()
        .when(change(1).common("{}").with_later_template())
        .answered(Some(&outcome(1, nth(4))))
        .then(&[recorded(&new), event.into()])
        .when(change(1).common(r#"{"x":1}"#))
        .then(&[back.into()]);
}

#[test]
fn a_new_description_must_be_free_and_frees_the_old_one() {
    let given = with_sales().when(add("Support").numbered(2)).and_given();
    let given = given.when(change(2).described("Sales")).rejected(&Rejection::DuplicateName);
    let moved = ConfigurationChanged { description: Some(text("Archive")), ..changed(1) };
    let taken = ConfigurationChanged { description: Some(text("Sales")), ..changed(2) };
    given
        .when(change(1).described("Archive"))
        .then(&[moved.into()])
        .when(change(2).described("Sales"))
        .then(&[taken.into()])
        .when(add("Support").numbered(3))
        .then(&[added(3, "Support", 3).into()]);
}

#[test]
fn a_configuration_is_found_by_id_and_scope_together() {
    for ask in [
        change(2),
        change(1).at(partition(1, 1)),
        change(1).at(Scope::EveryTelSys),
        change(1).at(telsys(2)),
        change(1).without_id(),
    ] {
        let ask = ask.by(ADMIN).described("x");
        with_sales().when(ask).rejected(&Rejection::NoSuchConfiguration);
    }
    let given = with_sales().when(delete(1)).and_given();
    given.when(change(1)).rejected(&Rejection::NoSuchConfiguration);
}

#[test]
fn the_expected_version_must_be_the_one_that_stands() {
    let conflict = Rejection::VersionConflict { current: nth(2) };
    for wrong in [0, 1, nth(1).get(), nth(3).get(), u64::MAX] {
        with_sales().when(change(1).described("x").expecting(wrong)).rejected(&conflict);
        with_sales().when(change(1).expecting(wrong)).rejected(&conflict);
    }
    let event = ConfigurationChanged { description: Some(text("x")), ..changed(1) };
    let given = with_sales().when(change(1).described("x").expecting(nth(2).get())).then(&[event.into()]);
    let conflict = Rejection::VersionConflict { current: nth(3) };
    given.when(change(1).described("y").expecting(nth(2).get())).rejected(&conflict);
}

#[test]
fn the_type_cannot_be_changed() {
    with_sales().when(change(1).of_type("CrmAddin.Other")).rejected(&Rejection::CrmTypeDiffers);
    let event = ConfigurationChanged { description: Some(text("x")), ..changed(1) };
    with_sales().when(change(1).of_type("CrmAddin.Test").described("x")).then(&[event.into()]);
}

#[test]
fn parts_that_cannot_stand_are_rejected_with_their_fault() {
    for fault in [
        PartsFault::TemplateUnavailable("no answer".to_owned()),
        PartsFault::Configuration("Url: must be a text".to_owned()),
        PartsFault::Common("Active: must be true or false".to_owned()),
    ] {
        with_sales().when(change(1).faulty(fault.clone())).rejected(&Rejection::Parts(fault));
    }
}

#[test]
fn the_directory_and_the_grants_are_checked() {
    let gone = Rejection::NotInDirectory(Missing::Partition);
    with_sales().when(change(1).at(partition(1, 2))).rejected(&gone);
    with_sales().when(change(1).by(VIEWER)).rejected(&Rejection::Refused(Refusal::Modify));
    with_sales().when(change(1).at(telsys(2))).rejected(&Rejection::Refused(Refusal::TelSys));
    let AccountAndGrant { account, grant } = editor();
    let given = with_sales().and(Context::of(ADMIN), GrantTaken { account, grant });
    given.when(change(1).described("x")).rejected(&Rejection::Refused(Refusal::TelSys));
}

#[test]
fn what_stands_under_an_entry_that_left_the_directory_cannot_be_changed() {
    let given = world().when(add("Desk").at(device(1, 1, "0101"))).and_given();
    let removed = DeviceRemoved {
        telsys: TelSysId::new(1).unwrap(),
        partition: PartitionId::new(1).unwrap(),
        device: DeviceNumber::new("0101").unwrap(),
    };
    let given = given.and(Context::of(Actor::System), removed);
    let ask = change(1).at(device(1, 1, "0101")).described("x");
    given.when(ask).rejected(&Rejection::NotInDirectory(Missing::Device));
}

#[test]
fn a_dry_run_checks_everything_and_does_nothing() {
    with_sales().when(change(1).described("x").dry()).answered(None).then(&[]);
    with_sales().when(change(1).dry()).answered(None).then(&[]);
    let conflict = Rejection::VersionConflict { current: nth(2) };
    with_sales().when(change(1).expecting(1).dry()).rejected(&conflict);
    let given = with_sales().when(add("Support").numbered(2)).and_given();
    given.when(change(2).described("Sales").dry()).rejected(&Rejection::DuplicateName);
}

#[test]
fn the_system_and_operators_need_no_grant() {
    for actor in [Actor::System, Actor::Operator(0)] {
        let event = ConfigurationChanged { description: Some(text("x")), ..changed(1) };
        with_sales().when(change(1).by(actor).described("x")).then(&[event.into()]);
    }
}
