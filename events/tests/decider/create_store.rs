//! Setting up an empty store.

use crmconf_events::command::Request;
use crmconf_events::decide::Rejection;
use crmconf_events::decide::kit::Given;
use crmconf_events::event::{Actor, Context, Event};
use crmconf_events::{KeyId, RequestKey, StoreId};

use crate::kit::*;

#[test]
fn an_empty_store_gets_its_accounts_and_directory_in_one_decision_and_their_order() {
    let then = Given::nothing().when(create_store()).answered(None);
    let tags: Vec<_> = then.decision().events.iter().map(|new| new.event.tag()).collect();
    assert_eq!(
        tags,
        [
            "StoreCreated",
            "AccountCreated",
            "GrantGiven",
            "AccountCreated",
            "GrantGiven",
            "AccountCreated",
            "GrantGiven",
            "TelSysRegistered",
            "PartitionRegistered",
            "DeviceRegistered",
            "TelSysRegistered",
            "PartitionRegistered",
        ]
    );
    let given = then.and_given();
    let state = given.state();
    assert_eq!(state.last, Some(nth(0)));
    assert_eq!(state.store, Some(StoreId::new([7; 16])));
    assert_eq!(state.next_key, KeyId::FIRST);
    assert!(state.accounts.values().all(|account| account.enabled));
    assert_eq!(state.directory.check(&device(1, 1, "0101")), Ok(()));
}

#[test]
fn every_event_bears_the_context_of_the_request() {
    let mut request = create_store();
    request.context = Context::of(Actor::Operator(1000));
    let then = Given::nothing().when(request);
    assert!(then.decision().events.iter().all(|new| new.context == Context::of(Actor::Operator(1000))));
}

#[test]
fn a_store_is_created_once() {
    world().when(create_store()).rejected(&Rejection::StoreExists);
    let dry = Request { validate_only: true, ..create_store() };
    world().when(dry).rejected(&Rejection::StoreExists);
}

#[test]
fn a_dry_run_creates_nothing() {
    let dry = Request { validate_only: true, ..create_store() };
    let given = Given::nothing().when(dry).answered(None).then(&[]);
    assert_eq!((given.state().last, given.state().store), (None, None));
}

#[test]
fn a_request_key_here_stands_for_nothing() {
    let mut request = create_store();
    request.context.key = Some(RequestKey::new("k").unwrap());
    let given = Given::nothing().when(request).and_given();
    let first: &Event = &given.past()[0].event;
    assert_eq!(first.tag(), "StoreCreated");
    given
        .when(add("Sales").by(Actor::System).key("k"))
        .then(&[recorded(&template()), added(1, "Sales", 1).into()]);
}
