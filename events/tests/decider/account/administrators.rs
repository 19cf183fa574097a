//! The last enabled Administrator stays, whoever asks and in whatever way.

use crmconf_events::access::{Grants, Role};
use crmconf_events::command::{ChangeAccount, Command};
use crmconf_events::decide::Rejection;
use crmconf_events::decide::kit::Given;
use crmconf_events::event::{Actor, Context};
use crmconf_events::{Scope, event};

use super::{OPERATOR, adds, by, change, create, delete, grants};
use crate::kit::{ADMIN, account, telsys, world};

const SECOND: Actor = Actor::Account(account(4));

/// The ways to lose an Administrator.
fn ways(number: u8) -> [Command; 4] {
    [
        Command::DeleteAccount(delete(number)),
        Command::ChangeAccount(ChangeAccount { enabled: Some(false), ..change(number) }),
        Command::ChangeAccount(ChangeAccount { grants: Some(Grants::default()), ..change(number) }),
        Command::ChangeAccount(ChangeAccount {
            enabled: Some(true),
            grants: Some(grants(&[(Role::Viewer, Scope::EveryTelSys), (Role::Editor, telsys(1))])),
            ..change(number)
        }),
    ]
}

fn with_second() -> Given {
    world().when(adds(create(&[(Role::Administrator, Scope::EveryTelSys)]))).and_given()
}

#[test]
fn the_last_one_is_neither_removed_nor_disabled_nor_demoted_by_anyone() {
    for way in ways(1) {
        for actor in [ADMIN, OPERATOR, Actor::System] {
            world().when(by(actor, way.clone())).rejected(&Rejection::LastAdministrator);
        }
    }
    let same = ChangeAccount {
        grants: Some(grants(&[(Role::Administrator, Scope::EveryTelSys), (Role::Viewer, telsys(1))])),
        ..change(1)
    };
    let _ = world().when(by(ADMIN, Command::ChangeAccount(same))).decision();
}

#[test]
fn of_two_either_may_go_the_own_account_included_and_then_the_other_stays() {
    for first in ways(1) {
        for actor in [ADMIN, SECOND] {
            for second in ways(4) {
                let given = with_second().when(by(actor, first.clone()));
                let _ = given.decision();
                let asker = by(OPERATOR, second);
                given.and_given().when(asker).rejected(&Rejection::LastAdministrator);
            }
        }
    }
}

#[test]
fn a_disabled_administrator_does_not_count_and_may_go() {
    let given = with_second().and(Context::of(OPERATOR), event::AccountDisabled { account: account(4) });
    for way in ways(1) {
        given.clone().when(by(ADMIN, way)).rejected(&Rejection::LastAdministrator);
    }
    let _ = given.when(by(ADMIN, Command::DeleteAccount(delete(4)))).decision();
}
