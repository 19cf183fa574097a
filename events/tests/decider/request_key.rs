//! RequestKey: the same request again gets the first outcome, another one is refused.

use std::sync::Arc;

use crmconf_events::access::Refusal;
use crmconf_events::command::{PartsFault, Request};
use crmconf_events::decide::Rejection;
use crmconf_events::decide::kit::Given;
use crmconf_events::event::{Actor, ConfigurationChanged, Context, GrantTaken, RequestRecorded};

use crate::kit::*;

/// "Sales" was added by event 2 under the key "k".
fn keyed_sales() -> Given {
    world().when(add("Sales").secret("Password", "first").key("k")).and_given()
}

#[track_caller]
fn reused(given: &Given, request: impl Into<Request>) {
    given.clone().when(request).rejected(&Rejection::RequestKeyReused);
}

#[test]
fn the_same_add_again_appends_nothing_and_answers_with_the_first_id_and_version() {
    let again = add("Sales").secret("Password", "first").key("k");
    let first = outcome(1, nth(2));
    let given = keyed_sales().when(again.clone()).answered(Some(&first)).then(&[]);
    // Another id is drawn for each try; a later change or deletion does not alter what the first try was told.
    let given = given.when(again.clone().numbered(9)).answered(Some(&first)).then(&[]);
    let given = given.when(change(1).described("Support")).and_given();
    let given = given.when(again.clone()).answered(Some(&first)).then(&[]);
    let given = given.when(delete(1)).and_given();
    given.when(again).answered(Some(&first)).then(&[]);
}

#[test]
fn passwords_are_told_by_name_only_and_everything_else_by_value() {
    let again = || add("Sales").secret("Password", "first").key("k");
    let given = keyed_sales();
    let other_password = add("Sales").secret("Password", "second").key("k");
    given.clone().when(other_password).answered(Some(&outcome(1, nth(2)))).then(&[]);
    reused(&given, add("Sales").key("k"));
    reused(&given, again().secret("Token", "t"));
    reused(&given, add("Support").secret("Password", "first").key("k"));
    reused(&given, again().at(partition(1, 1)));
    reused(&given, again().of_type("CrmAddin.Other"));
    reused(&given, add("Sales").configuration(r#"{"Url":"https://b.example"}"#).key("k"));
    reused(&given, again().unreadable());
    reused(&given, again().unreadable_common());
    reused(&given, change(1).key("k"));
    reused(&given, delete(1).key("k"));
}

#[test]
fn the_same_key_of_another_account_is_another_key() {
    let event = added(2, "Support", 2);
    keyed_sales().when(add("Support").numbered(2).by(ADMIN).key("k")).then(&[event.into()]);
    keyed_sales().when(add("Sales").numbered(2).by(ADMIN).key("k")).rejected(&Rejection::DuplicateName);
}

#[test]
fn the_event_bears_key_and_digest_only_where_a_key_was_given() {
    let given = keyed_sales().when(change(1).described("x")).and_given();
    let requests: Vec<_> =
        given.past().iter().map(|e| (e.context.key.is_some(), e.context.request.is_some())).collect();
    let (last_two, rest) = (&requests[requests.len() - 2..], &requests[..requests.len() - 2]);
    assert_eq!(last_two, [(true, true), (false, false)]);
    assert!(rest.iter().all(|both| *both == (false, false)));
}

#[test]
fn a_change_and_a_deletion_are_recognised_again() {
    let change = change(1).described("Support").expecting(nth(2).get()).key("c");
    let event = ConfigurationChanged { description: Some(text("Support")), ..changed(1) };
    let given = with_sales().when(change.clone()).then(&[event.into()]);
    let given = given.when(change.clone()).answered(Some(&outcome(1, nth(3)))).then(&[]);
    for other in
        [change.clone().expecting(nth(3).get()), change.clone().common("{}"), change.clone().numbered(2)]
    {
        reused(&given, other);
    }
    let delete = delete(1).expecting(nth(3).get()).key("d");
    let given = given.when(delete.clone()).then(&[deleted(1, nth(3)).into()]);
    let given = given.when(delete.clone()).answered(Some(&outcome(1, nth(4)))).then(&[]);
    for other in [delete.clone().expecting(nth(4).get()), delete.clone().numbered(2), delete.without_id()] {
        reused(&given, other);
    }
    given.when(change).answered(Some(&outcome(1, nth(3)))).then(&[]);
}

#[test]
fn absent_is_told_from_empty_and_removed_from_left_out() {
    let part = r#"{"Url":"u"}"#;
    let given = with_sales().when(change(1).configuration(part).key("k")).and_given();
    given.clone().when(change(1).configuration(r#" {"Url": "u"} "#).key("k")).then(&[]);
    reused(&given, change(1).key("k"));
    reused(&given, change(1).configuration("{}").key("k"));
    reused(&given, change(1).configuration(part).common("{}").key("k"));
    reused(&given, change(1).configuration(part).without_secret("Token").key("k"));
    reused(&given, change(1).configuration(part).secret("Token", "t").key("k"));
    reused(&given, change(1).configuration(part).described("Sales").key("k"));
    reused(&given, change(1).configuration(part).of_type("CrmAddin.Test").key("k"));
}

#[test]
fn a_change_of_nothing_is_recorded_without_moving_the_version() {
    let recorded = RequestRecorded {
        account: account(2),
        id: id(1),
        version: nth(2),
        template: template().digest,
        key: None,
    };
    let ask = change(1).described("Sales").key("k");
    let given = with_sales().when(ask.clone()).answered(Some(&outcome(1, nth(2)))).then(&[recorded.into()]);
    assert_eq!(given.state().configurations[&id(1)].version, nth(2));
    let last = given.past().last().unwrap();
    assert_eq!(last.stream.to_string(), format!("account/{}", account(2)));
    assert!(last.context.request.is_some());
    let given = given.when(change(1).described("Support").expecting(nth(2).get())).and_given();
    let given = given.when(ask.clone()).answered(Some(&outcome(1, nth(2)))).then(&[]);
    reused(&given, change(1).key("k"));
}

#[test]
fn a_change_of_nothing_records_a_template_that_is_used_first() {
    let later = later_template();
    let request = RequestRecorded {
        account: account(2),
        id: id(1),
        version: nth(2),
        template: later.digest,
        key: None,
    };
    let ask = change(1).with_later_template().key("k");
    let then = with_sales().when(ask);
    assert_eq!(then.decision().events[0].context.key, None);
    then.answered(Some(&outcome(1, nth(2)))).then(&[recorded(&later), request.into()]);
}

#[test]
fn only_accounts_have_keys_to_be_recorded_where_nothing_changes() {
    for actor in [Actor::System, Actor::Operator(1000)] {
        let ask = change(1).by(actor).described("Sales").key("k");
        with_sales().when(ask).answered(Some(&outcome(1, nth(2)))).then(&[]);
    }
}

#[test]
fn the_template_of_the_first_event_tells_which_fields_are_passwords() {
    let first = r#"{"Url":"https://b.example"}"#;
    let given = with_sales().when(change(1).configuration(first).with_later_template().key("k")).and_given();
    // There, Url is a password; in the template that checks the repetition it is not, and Password is.
    let other_url = change(1).configuration(r#"{"Url":"https://c.example"}"#).key("k");
    given.clone().when(other_url).answered(Some(&outcome(1, nth(4)))).then(&[]);
    reused(&given, change(1).configuration(first).secret("Password", "p").key("k"));
}

#[test]
fn a_rejected_request_is_not_remembered() {
    let fault = PartsFault::Configuration("Url: must be a text".to_owned());
    let given = world().when(add("Sales").faulty(fault.clone()).key("k")).rejected(&Rejection::Parts(fault));
    let event = added(1, "Support", 1);
    given.when(add("Support").key("k")).then(&[recorded(&template()), event.into()]);
}

#[test]
fn a_dry_run_neither_uses_nor_leaves_a_key() {
    let given = keyed_sales();
    // It would be a repetition, and another request; as a dry run it is judged by what stands.
    let again = add("Sales").secret("Password", "first").numbered(2).key("k").dry();
    let given = given.when(again).rejected(&Rejection::DuplicateName);
    let given = given.when(add("Support").numbered(2).key("k").dry()).answered(None).then(&[]);
    let given = given.when(add("Support").numbered(2).key("fresh").dry()).answered(None).then(&[]);
    let given = given.when(change(1).key("fresh").dry()).answered(None).then(&[]);
    let event = ConfigurationChanged { common: Some(json("{}")), ..changed(1) };
    given.when(change(1).common("{}").key("fresh")).then(&[event.into()]);
}

#[test]
fn a_repetition_needs_the_grant_still() {
    let AccountAndGrant { account, grant } = editor();
    let given = keyed_sales().and(Context::of(ADMIN), GrantTaken { account, grant });
    let again = add("Sales").secret("Password", "first").key("k");
    given.when(again).rejected(&Rejection::Refused(Refusal::TelSys));
}

#[test]
fn secrets_of_a_repetition_are_not_taken_in() {
    let given = keyed_sales().when(add("Sales").secret("Password", "second").key("k")).and_given();
    assert_eq!(Arc::clone(&given.state().configurations[&id(1)].secrets), secrets(&[("Password", "first")]));
}
