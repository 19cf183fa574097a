//! Data keys: given out once, given up for a reason or because their time has come, and held while the clock is in doubt.

use std::collections::BTreeSet;

use crmconf_events::command::{
    Command, DestroyRetired, HoldDestruction, PartsFault, Request, ShredConfiguration,
};
use crmconf_events::decide::kit::Given;
use crmconf_events::decide::{Again, Outcome, Prior, Rejection, decide};
use crmconf_events::event::{
    Actor, ConfigurationAdded, ConfigurationChanged, ConfigurationShredded, Context, DestructionHeld,
    DestructionResumed, Event, GrantTaken,
};
use crmconf_events::{KeyId, RequestDigest, Scope, Timestamp};

use crate::kit::*;

const SAME: &str = r#"{"Url":"https://a.example"}"#;
const OPERATOR: Actor = Actor::Operator(1000);

fn by(actor: Actor, command: Command) -> Request {
    Request { context: Context::of(actor), validate_only: false, command }
}

fn shred_at(number: u16, scope: Scope) -> Request {
    by(ADMIN, Command::ShredConfiguration(ShredConfiguration { id: Some(id(number)), scope }))
}

fn shred(number: u16) -> Request {
    shred_at(number, telsys(1))
}

fn destroy(numbers: &[u16]) -> Request {
    let configurations = numbers.iter().copied().map(id).collect();
    let clock = Timestamp::from_micros(0);
    by(Actor::System, Command::DestroyRetired(DestroyRetired { configurations, clock }))
}

const DOUBT: HoldDestruction =
    HoldDestruction { clock: Timestamp::from_micros(9), head: Timestamp::from_micros(1) };

fn hold() -> Request {
    by(Actor::System, Command::HoldDestruction(DOUBT))
}

fn shredded(number: u16, key: u64) -> Event {
    ConfigurationShredded { id: id(number), scope: telsys(1), crm_type: crm_type(), key: KeyId(key) }.into()
}

/// Configurations 1 to 3, all deleted, in that order.
fn three_deleted() -> Given {
    let mut given = world();
    for number in 1..=3 {
        given = given.when(add(&format!("d{number}")).numbered(number)).and_given();
    }
    for number in 1..=3 {
        given = given.when(delete(number)).and_given();
    }
    given
}

fn live(given: &Given) -> crmconf_events::state::ConfigurationState {
    given.state().configurations[&id(1)].as_ref().clone()
}

#[test]
fn a_live_configuration_is_shredded_once_and_keeps_everything_else() {
    let before = with_sales();
    let given = before.clone().when(shred(1)).answered(Some(&outcome(1, nth(3)))).then(&[shredded(1, 1)]);
    let (was, is) = (live(&before), live(&given));
    assert!(is.shredded && !was.shredded);
    assert_eq!((is.version, is.key), (nth(3), was.key));
    assert_eq!((is.name, is.configuration, is.common), (was.name, was.configuration, was.common));
    // Again: nothing changes, and the version that stands is told.
    let given = given.when(shred(1)).answered(Some(&outcome(1, nth(3)))).then(&[]);
    // Once deleted, nothing is left to be shredded.
    let given = given.when(delete(1)).then(&[deleted(1, nth(3)).into()]);
    assert!(given.state().retired.is_empty());
    given.when(shred(1)).rejected(&Rejection::NoSuchConfiguration);
}

#[test]
fn a_deleted_configuration_is_shredded_once_and_is_unknown_afterwards() {
    let given = with_sales().when(delete(1)).and_given();
    let given = given.when(shred(1)).answered(Some(&outcome(1, nth(4)))).then(&[shredded(1, 1)]);
    assert!(given.state().retired.is_empty());
    given.when(shred(1)).rejected(&Rejection::NoSuchConfiguration);
}

#[test]
fn a_configuration_is_found_by_id_and_scope_together_live_or_deleted() {
    let without_id =
        by(ADMIN, Command::ShredConfiguration(ShredConfiguration { id: None, scope: telsys(1) }));
    let asks = [shred(2), shred_at(1, partition(1, 1)), shred_at(1, Scope::EveryTelSys), without_id];
    for given in [with_sales(), with_sales().when(delete(1)).and_given()] {
        for ask in &asks {
            given.clone().when(ask.clone()).rejected(&Rejection::NoSuchConfiguration);
        }
    }
}

#[test]
fn only_administrators_and_operators_shred_as_they_stand_when_it_is_decided() {
    let as_actor = |actor| Request { context: Context::of(actor), ..shred(1) };
    for actor in [EDITOR, VIEWER] {
        with_sales().when(as_actor(actor)).rejected(&Rejection::NotAdministrator);
    }
    for actor in [ADMIN, OPERATOR] {
        with_sales().when(as_actor(actor)).then(&[shredded(1, 1)]);
    }
    let everything = grant(crmconf_events::access::Role::Administrator, Scope::EveryTelSys);
    let demoted =
        with_sales().and(Context::of(OPERATOR), GrantTaken { account: account(1), grant: everything });
    demoted.when(shred(1)).rejected(&Rejection::NotAdministrator);
}

#[test]
fn a_dry_run_shreds_nothing() {
    let given = with_sales().when(Request { validate_only: true, ..shred(1) }).answered(None).then(&[]);
    assert!(!live(&given).shredded);
}

#[test]
fn keys_of_deleted_configurations_are_destroyed_together_and_once() {
    let events = [shredded(3, 3), shredded(1, 1)];
    let given = three_deleted().when(destroy(&[3, 1, 9])).answered(Some(&Outcome::Destruction(2)));
    let given = given.then(&events);
    assert_eq!(given.state().retired.keys().collect::<Vec<_>>(), [&id(2)]);
    given.when(destroy(&[3, 1])).answered(Some(&Outcome::Destruction(0))).then(&[]);
}

#[test]
fn the_key_of_a_live_configuration_is_not_destroyed_because_of_its_time() {
    with_sales().when(destroy(&[1])).answered(Some(&Outcome::Destruction(0))).then(&[]);
}

#[test]
fn no_more_are_destroyed_at_once_than_a_commit_has_room_for() {
    let count = u16::try_from(DestroyRetired::MAX).unwrap() + 1;
    let mut given = world();
    for number in 1..=count {
        given = given.when(add(&format!("d{number}")).numbered(number)).and_given();
        given = given.when(delete(number)).and_given();
    }
    let all: Vec<_> = (1..=count).collect();
    let then = given.when(destroy(&all));
    assert_eq!(then.decision().events.len(), DestroyRetired::MAX);
    assert_eq!(then.and_given().state().retired.len(), 1);
}

#[test]
fn only_the_server_itself_destroys_and_holds() {
    for actor in [ADMIN, OPERATOR] {
        for ask in [destroy(&[1]), hold()] {
            let ask = Request { context: Context::of(actor), ..ask };
            three_deleted().when(ask).rejected(&Rejection::NotForCallers);
        }
    }
}

#[test]
fn while_it_is_held_only_a_reason_destroys_a_key() {
    let HoldDestruction { clock, head } = DOUBT;
    let nothing = Outcome::Destruction(0);
    let given = three_deleted().when(hold()).answered(Some(&nothing));
    let given = given.then(&[DestructionHeld { clock, head }.into()]);
    let given = given.when(hold()).answered(Some(&nothing)).then(&[]);
    let given = given.when(destroy(&[1, 2, 3])).rejected(&Rejection::DestructionHeld);
    let given = given.when(shred(1)).then(&[shredded(1, 1)]);
    let resume = |actor| by(actor, Command::ResumeDestruction);
    let given = given.when(resume(EDITOR)).rejected(&Rejection::NotAdministrator);
    let given = given.when(resume(ADMIN)).answered(Some(&nothing)).then(&[DestructionResumed {}.into()]);
    let given = given.when(resume(OPERATOR)).rejected(&Rejection::DestructionNotHeld);
    given.when(destroy(&[1, 2, 3])).then(&[shredded(2, 2), shredded(3, 3)]);
}

#[test]
fn after_a_shredding_a_new_key_drops_what_never_opens_again() {
    let given = with_sales().when(change(1).configuration(SAME).secret("Token", "t")).and_given();
    let given = given.when(shred(1)).and_given();
    let event = ConfigurationChanged {
        key: KeyId(7),
        configuration: Some(json(SAME)),
        secrets: secrets(&[("Token", "new")]),
        ..changed(1)
    };
    let given =
        given.when(change(1).configuration(SAME).secret("Token", "new").under(7)).then(&[event.into()]);
    let is = live(&given);
    assert!(!is.shredded);
    assert_eq!((is.key, is.secrets), (KeyId(7), secrets(&[("Token", "new")])));
    // That one can be shredded in its turn, and the deletion of the configuration retires the new key.
    given.clone().when(shred(1)).then(&[shredded(1, 7)]);
    let given = given.when(delete(1)).and_given();
    given.when(destroy(&[1])).then(&[shredded(1, 7)]);
}

#[test]
fn without_a_new_key_a_change_leaves_dead_values_where_they_are_and_shredded() {
    let given = with_sales().when(shred(1)).and_given();
    for ask in [
        change(1).described("Support"),
        change(1).common("{}"),
        change(1).configuration(r#"{"Url":"https://b.example"}"#),
        // A new key comes with what is sealed under it, or not at all.
        change(1).described("Support").under(7),
    ] {
        let given = given.clone().when(ask).and_given();
        let is = live(&given);
        assert!(is.shredded);
        assert_eq!((is.key, is.secrets), (KeyId(1), secrets(&[("Password", "first")])));
        assert_eq!(given.state().next_key, KeyId(2));
    }
    // A dead value can be removed.
    let removed = given.when(change(1).configuration(SAME).without_secret("Password")).and_given();
    assert!(live(&removed).secrets.is_empty());
}

#[test]
fn a_key_that_stood_is_given_up_by_the_change_that_brings_another_one() {
    let event = ConfigurationChanged {
        key: KeyId(7),
        configuration: Some(json(SAME)),
        secrets: secrets(&[("Password", "new")]),
        ..changed(1)
    };
    let ask = change(1).configuration(SAME).secret("Password", "new").under(7);
    let then = with_sales().when(ask.clone()).answered(Some(&outcome(1, nth(4))));
    then.then(&[shredded(1, 1), event.clone().into()]);
    // With a template that is used first, and a RequestKey, which stands for the change alone.
    let later = later_template();
    let then = with_sales().when(ask.with_later_template().key("k"));
    let keys: Vec<_> = then.decision().events.iter().map(|new| new.context.key.is_some()).collect();
    assert_eq!(keys, [false, false, true]);
    let event = ConfigurationChanged { template: later.digest, ..event };
    then.then(&[recorded(&later), shredded(1, 1), event.into()]);
}

#[test]
fn a_value_in_clear_does_not_take_the_place_of_a_sealed_one_whatever_the_template_says_by_now() {
    let part = r#"{"Url":"https://a.example","Password":"in clear"}"#;
    for ask in [change(1).configuration(part), change(1).configuration(part).with_later_template()] {
        with_sales().when(ask).rejected(&Rejection::Parts(PartsFault::InClear("Password".to_owned())));
    }
}

#[test]
fn keys_given_out_never_go_back() {
    let given = world().when(add("a").under(70_000)).and_given();
    assert_eq!(given.state().next_key, KeyId(70_001));
    let mut given = given;
    for ask in [shred(1), delete(1).into(), add("c").numbered(3).under(5).into()] {
        given = given.when(ask).and_given();
        assert_eq!(given.state().next_key, KeyId(70_001));
    }
    let next = ConfigurationAdded { ..added(2, "b", 70_001) };
    given.when(add("b").numbered(2)).then(&[next.into()]);
}

/// What the repetition of an Add with a password is told when its passwords compare like this.
fn again(again: Again) -> Result<Option<Outcome>, Rejection> {
    let first = Request::from(add("Sales").secret("Password", "first").key("k"));
    let form = first.command.form().cloned().unwrap();
    let mut first = first;
    if let Command::AddConfiguration(command) = &mut first.command {
        command.form.sealed = Some(RequestDigest::new([5; 32]));
    }
    let given = world().when(first.clone()).and_given();
    let prior = Prior::of(given.past().last().unwrap()).unwrap();
    assert_eq!((prior.key, prior.digests.sealed), (Some(KeyId(1)), Some(RequestDigest::new([5; 32]))));
    assert_eq!(
        prior.digests.form,
        form.digest(&BTreeSet::from(["Password".into(), "Token".into()])).unwrap()
    );
    decide(given.state(), &first, Some(&(prior, vec![again.into()]))).map(|decision| {
        assert!(decision.events.is_empty());
        decision.outcome
    })
}

#[test]
fn a_repetition_is_known_by_its_passwords_as_long_as_the_key_stands() {
    let first = Ok(Some(outcome(1, nth(2))));
    assert_eq!(again(Again::Sealed(Some(RequestDigest::new([5; 32])))), first);
    assert_eq!(again(Again::NotCompared), first);
    for other in [Some(RequestDigest::new([6; 32])), None] {
        assert_eq!(again(Again::Sealed(other)), Err(Rejection::RequestKeyReused));
    }
}
