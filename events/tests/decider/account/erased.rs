//! Erasing an account: its name and the key of its addresses are given up, for ever.

use crmconf_events::access::Role;
use crmconf_events::command::{Command, EraseAccount};
use crmconf_events::decide::kit::Given;
use crmconf_events::decide::{AccountDifference, Outcome, Rejection};
use crmconf_events::event::{AccountCreated, AccountDeleted, AccountErased, Actor};
use crmconf_events::{KeyId, Scope};

use super::{OPERATOR, adds, by, create, created, delete, deletes};
use crate::kit::{ADMIN, EDITOR, VIEWER, account, nth, world};

fn erase(number: u8) -> EraseAccount {
    EraseAccount { account: Some(account(number)), expected_version: None }
}

fn erases(command: EraseAccount) -> crmconf_events::command::Request {
    by(ADMIN, Command::EraseAccount(command))
}

/// Account 4 with data key 7, in event 1.
fn with_fourth() -> Given {
    let mut command = create(&[]);
    command.key = Some(KeyId(7));
    world().when(adds(command)).then(&[AccountCreated { key: Some(KeyId(7)), ..created() }.into()])
}

fn erased(number: u8, key: Option<u64>) -> AccountErased {
    AccountErased { account: account(number), key: key.map(KeyId) }
}

#[test]
fn a_live_account_is_deleted_by_it_and_its_credential_is_named_no_longer() {
    let difference = AccountDifference { deleted: true, erased: true, ..AccountDifference::default() };
    let outcome = Outcome::Account { version: nth(3), difference };
    let events = [AccountDeleted { account: account(4) }.into(), erased(4, Some(7)).into()];
    let given = with_fourth().when(erases(erase(4))).answered(Some(&outcome)).then(&events);
    let state = given.state();
    assert!(!state.accounts.contains_key(&account(4)) && !state.deleted.contains_key(&account(4)));
    assert!(state.credentials().all(|credential| credential != super::credential(4)));
    assert_eq!(state.next_key, KeyId(8), "an erased account's key is not given out again");
    given.when(erases(erase(4))).rejected(&Rejection::NoSuchAccount);
}

#[test]
fn a_deleted_account_keeps_its_name_until_it_is_erased() {
    let given = with_fourth().when(deletes(delete(4))).and_given();
    assert!(given.state().credentials().any(|credential| credential == super::credential(4)));
    let difference = AccountDifference { erased: true, ..AccountDifference::default() };
    let outcome = Outcome::Account { version: nth(3), difference };
    let given = given.when(erases(erase(4))).answered(Some(&outcome)).then(&[erased(4, Some(7)).into()]);
    assert!(given.state().credentials().all(|credential| credential != super::credential(4)));
    given.when(erases(erase(4))).rejected(&Rejection::NoSuchAccount);
}

#[test]
fn an_account_without_a_key_is_erased_all_the_same() {
    let events = [AccountDeleted { account: account(3) }.into(), erased(3, None).into()];
    world().when(erases(erase(3))).then(&events);
}

#[test]
fn the_last_administrator_stays() {
    for actor in [ADMIN, OPERATOR, Actor::System] {
        world().when(by(actor, Command::EraseAccount(erase(1)))).rejected(&Rejection::LastAdministrator);
    }
    let second = adds(create(&[(Role::Administrator, Scope::EveryTelSys)]));
    let given = world().when(second).and_given();
    let events = [AccountDeleted { account: account(1) }.into(), erased(1, None).into()];
    given.when(erases(erase(1))).then(&events).when(erases(erase(1))).rejected(&Rejection::AccountGone);
}

#[test]
fn only_administrators_erase_and_only_who_is_there_in_the_version_that_is_expected() {
    for actor in [EDITOR, VIEWER] {
        world().when(by(actor, Command::EraseAccount(erase(4)))).rejected(&Rejection::NotAdministrator);
    }
    world().when(erases(erase(9))).rejected(&Rejection::NoSuchAccount);
    world().when(erases(EraseAccount { account: None, ..erase(4) })).rejected(&Rejection::NoSuchAccount);
    let expecting = |version| EraseAccount { expected_version: Some(version), ..erase(4) };
    let conflict = Rejection::AccountVersionConflict { current: nth(1) };
    let given = with_fourth().when(erases(expecting(nth(2).get()))).rejected(&conflict);
    let _ = given.clone().when(erases(expecting(nth(1).get()))).decision();
    // A deleted account has no version any more that could be expected.
    let given = given.when(deletes(delete(4))).and_given();
    given.when(erases(expecting(999))).then(&[erased(4, Some(7)).into()]);
}
