//! Adding a configuration.

use crmconf_events::access::{Refusal, Role};
use crmconf_events::command::PartsFault;
use crmconf_events::decide::Rejection;
use crmconf_events::event::{
    AccountDeleted, AccountDisabled, AccountEnabled, Actor, ConfigurationAdded, Context, GrantGiven,
    GrantTaken,
};
use crmconf_events::state::Missing;
use crmconf_events::{AccountId, Scope};

use crate::kit::*;

#[test]
fn the_first_use_of_a_template_is_recorded_before_the_configuration() {
    world()
        .when(add("Sales"))
        .answered(Some(&outcome(1, nth(2))))
        .then(&[recorded(&template()), added(1, "Sales", 1).into()])
        .when(add("Support").numbered(2))
        .answered(Some(&outcome(2, nth(3))))
        .then(&[added(2, "Support", 2).into()]);
}

#[test]
fn the_template_s_event_bears_the_context_without_the_key() {
    let ask = add("Sales").key("k");
    let (with_key, without) = (ask.context().clone(), ask.context().without_key());
    let then = world().when(ask);
    let [template, configuration] = &then.decision().events[..] else { panic!("two events") };
    assert_eq!(template.context, without);
    assert_eq!(configuration.context.key, with_key.key);
    assert!(configuration.context.request.is_some());
    let then = world().when(add("Sales"));
    assert!(then.decision().events.iter().all(|new| new.context == Context::of(EDITOR)));
}

#[test]
fn secrets_stand_beside_the_part_and_not_in_it() {
    let event = ConfigurationAdded { secrets: secrets(&[("Password", "first")]), ..added(1, "Sales", 1) };
    world().when(add("Sales").secret("Password", "first")).then(&[recorded(&template()), event.into()]);
}

#[test]
fn each_configuration_gets_a_key_of_its_own_that_no_later_one_gets_again() {
    world()
        .when(add("a"))
        .and_given()
        .when(delete(1))
        .and_given()
        .when(add("a").numbered(2))
        .then(&[added(2, "a", 2).into()])
        .when(add("dry").numbered(3).dry())
        .then(&[])
        .when(add("b").numbered(3))
        .then(&[added(3, "b", 3).into()]);
}

#[test]
fn scope_type_and_description_together_are_unique_among_live_configurations() {
    with_sales().when(add("Sales").numbered(2)).rejected(&Rejection::DuplicateName);
    let other_scope = ConfigurationAdded { scope: partition(1, 1), ..added(2, "Sales", 2) };
    with_sales().when(add("Sales").numbered(2).at(partition(1, 1))).then(&[other_scope.into()]);
    let other_type = crmconf_events::CrmType::new("CrmAddin.Other").unwrap();
    let other_type = ConfigurationAdded { crm_type: other_type, ..added(2, "Sales", 2) };
    with_sales().when(add("Sales").numbered(2).of_type("CrmAddin.Other")).then(&[other_type.into()]);
    with_sales().when(add("sales").numbered(2)).then(&[added(2, "sales", 2).into()]);
    with_sales()
        .when(delete(1))
        .and_given()
        .when(add("Sales").numbered(2))
        .then(&[added(2, "Sales", 2).into()]);
}

#[test]
fn descriptions_are_compared_by_code_points_not_by_what_they_look_like() {
    world()
        .when(add("\u{e9}"))
        .and_given()
        .when(add("e\u{301}").numbered(2))
        .then(&[added(2, "e\u{301}", 2).into()]);
}

#[test]
fn a_dry_run_checks_everything_and_does_nothing() {
    world().when(add("Sales").dry()).answered(None).then(&[]);
    with_sales().when(add("Sales").numbered(2).dry()).rejected(&Rejection::DuplicateName);
    let fault = PartsFault::Common("Active: must be true or false".to_owned());
    world().when(add("Sales").faulty(fault.clone()).dry()).rejected(&Rejection::Parts(fault));
    world().when(add("Sales").by(VIEWER).dry()).rejected(&Rejection::Refused(Refusal::Modify));
}

#[test]
fn parts_that_cannot_stand_are_rejected_with_their_fault() {
    for fault in [
        PartsFault::UnknownType,
        PartsFault::TemplateUnavailable("no answer".to_owned()),
        PartsFault::Configuration("Url: must be a text".to_owned()),
        PartsFault::Common("Active: must be true or false".to_owned()),
    ] {
        world().when(add("Sales").faulty(fault.clone())).rejected(&Rejection::Parts(fault));
    }
}

#[test]
fn everything_that_the_scope_names_must_be_in_the_directory() {
    for (scope, missing) in [
        (telsys(3), Missing::TelSys),
        (device(3, 1, "0101"), Missing::TelSys),
        (partition(1, 2), Missing::Partition),
        (device(1, 2, "0101"), Missing::Partition),
        (device(1, 1, "101"), Missing::Device),
        (device(2, 1, "0101"), Missing::Device),
    ] {
        let ask = add("Sales").by(ADMIN).at(scope);
        world().when(ask).rejected(&Rejection::NotInDirectory(missing));
    }
    for scope in [Scope::EveryTelSys, telsys(1), partition(1, 1), device(1, 1, "0101")] {
        let event = ConfigurationAdded { scope: scope.clone(), ..added(1, "Sales", 1) };
        let ask = add("Sales").by(ADMIN).at(scope);
        world().when(ask).then(&[recorded(&template()), event.into()]);
    }
}

#[test]
fn the_grants_decide_who_may_add_where() {
    for (actor, scope, refusal) in [
        (EDITOR, telsys(2), Refusal::TelSys),
        (EDITOR, Scope::EveryTelSys, Refusal::EveryTelSys),
        (VIEWER, telsys(1), Refusal::Modify),
        (VIEWER, Scope::EveryTelSys, Refusal::Modify),
    ] {
        world().when(add("Sales").by(actor).at(scope)).rejected(&Rejection::Refused(refusal));
    }
}

#[test]
fn a_queued_write_does_not_outlive_a_revoked_grant() {
    let queued = add("Sales");
    let AccountAndGrant { account, grant } = editor();
    let given = world().and(Context::of(ADMIN), GrantTaken { account, grant: grant.clone() });
    let given = given.when(queued.clone()).rejected(&Rejection::Refused(Refusal::TelSys));
    // The same role elsewhere does not help, and given again it counts again.
    let elsewhere = GrantGiven { account, grant: crate::kit::grant(Role::Editor, partition(1, 1)) };
    let given = given.and(Context::of(ADMIN), elsewhere);
    let given = given.when(queued.clone()).rejected(&Rejection::Refused(Refusal::Modify));
    given
        .and(Context::of(ADMIN), GrantGiven { account, grant })
        .when(queued)
        .then(&[recorded(&template()), added(1, "Sales", 1).into()]);
}

#[test]
fn a_queued_write_does_not_outlive_its_account() {
    let AccountAndGrant { account, .. } = editor();
    let disabled = world().and(Context::of(ADMIN), AccountDisabled { account });
    let given = disabled.when(add("Sales")).rejected(&Rejection::AccountGone);
    let given = given.and(Context::of(ADMIN), AccountEnabled { account });
    let given = given.when(add("Sales").dry()).then(&[]);
    let given = given.and(Context::of(ADMIN), AccountDeleted { account });
    given.when(add("Sales")).rejected(&Rejection::AccountGone);
    let stranger = Actor::Account(AccountId::new([99; 16]));
    world().when(add("Sales").by(stranger)).rejected(&Rejection::AccountGone);
}

#[test]
fn the_system_and_operators_need_no_grant() {
    for actor in [Actor::System, Actor::Operator(1000)] {
        let event = ConfigurationAdded { scope: Scope::EveryTelSys, ..added(1, "Sales", 1) };
        let ask = add("Sales").by(actor).at(Scope::EveryTelSys);
        world().when(ask).then(&[recorded(&template()), event.into()]);
        let ask = add("Sales").by(actor).at(telsys(9));
        world().when(ask).rejected(&Rejection::NotInDirectory(Missing::TelSys));
    }
}
