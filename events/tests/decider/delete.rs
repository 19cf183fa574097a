//! Deleting a configuration.

use crmconf_events::Scope;
use crmconf_events::access::Refusal;
use crmconf_events::decide::Rejection;
use crmconf_events::event::{Actor, Context, GrantTaken};
use crmconf_events::state::Missing;

use crate::kit::*;

#[test]
fn a_deletion_names_the_version_that_it_ended_and_answers_with_its_own() {
    let given = with_sales().when(delete(1)).answered(Some(&outcome(1, nth(3))));
    let given = given.then(&[deleted(1, nth(2)).into()]);
    assert!(given.state().configurations.is_empty() && given.state().names.is_empty());
    given.when(delete(1)).rejected(&Rejection::NoSuchConfiguration);
}

#[test]
fn after_a_change_it_is_the_changed_version_that_ends() {
    let given = with_sales().when(change(1).described("x")).and_given();
    given.when(delete(1)).then(&[deleted(1, nth(3)).into()]);
}

#[test]
fn a_configuration_is_found_by_id_and_scope_together() {
    for ask in [
        delete(2),
        delete(1).at(partition(1, 1)),
        delete(1).at(Scope::EveryTelSys),
        delete(1).at(telsys(2)),
        delete(1).without_id(),
    ] {
        with_sales().when(ask.by(ADMIN)).rejected(&Rejection::NoSuchConfiguration);
    }
}

#[test]
fn the_expected_version_must_be_the_one_that_stands() {
    let conflict = Rejection::VersionConflict { current: nth(2) };
    for wrong in [0, nth(1).get(), nth(3).get()] {
        with_sales().when(delete(1).expecting(wrong)).rejected(&conflict);
    }
    with_sales().when(delete(1).expecting(nth(2).get())).then(&[deleted(1, nth(2)).into()]);
}

#[test]
fn the_directory_and_the_grants_are_checked() {
    let gone = Rejection::NotInDirectory(Missing::Device);
    with_sales().when(delete(1).at(device(1, 1, "9"))).rejected(&gone);
    with_sales().when(delete(1).by(VIEWER)).rejected(&Rejection::Refused(Refusal::Modify));
    with_sales().when(delete(1).at(telsys(2))).rejected(&Rejection::Refused(Refusal::TelSys));
    let AccountAndGrant { account, grant } = editor();
    let given = with_sales().and(Context::of(ADMIN), GrantTaken { account, grant });
    given.when(delete(1)).rejected(&Rejection::Refused(Refusal::TelSys));
}

#[test]
fn a_dry_run_checks_everything_and_does_nothing() {
    let given = with_sales().when(delete(1).dry()).answered(None).then(&[]);
    let given = given.when(delete(2).dry()).rejected(&Rejection::NoSuchConfiguration);
    let conflict = Rejection::VersionConflict { current: nth(2) };
    given.when(delete(1).expecting(1).dry()).rejected(&conflict);
}

#[test]
fn the_system_and_operators_need_no_grant() {
    for actor in [Actor::System, Actor::Operator(1000)] {
        with_sales().when(delete(1).by(actor)).then(&[deleted(1, nth(2)).into()]);
    }
}
