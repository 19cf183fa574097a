//! The order of checks: a request that is wrong in two ways is told the earlier one.

use crmconf_events::access::Refusal;
use crmconf_events::command::{Command, PartsFault, Request};
use crmconf_events::decide::Rejection;
use crmconf_events::decide::kit::Given;
use crmconf_events::event::{AccountDisabled, Actor, Context, DeviceRemoved, Event, GrantTaken};
use crmconf_events::state::Missing;
use crmconf_events::{DeviceNumber, PartitionId, Scope, TelSysId};

use crate::kit::*;

/// One way in which a request can be wrong, in the order of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    Account,
    Grants,
    RequestKey,
    Directory,
    Id,
    Version,
    Type,
    Parts,
    Name,
}

impl Wrong {
    /// What a request wrong in this way alone is told.
    fn rejection(self) -> Rejection {
        match self {
            Self::Account => Rejection::AccountGone,
            Self::Grants => Rejection::Refused(Refusal::TelSys),
            Self::RequestKey => Rejection::RequestKeyReused,
            Self::Directory => Rejection::NotInDirectory(Missing::Device),
            Self::Id => Rejection::NoSuchConfiguration,
            Self::Version => Rejection::VersionConflict { current: nth(2) },
            Self::Type => Rejection::CrmTypeDiffers,
            Self::Parts => Rejection::Parts(fault()),
            Self::Name => Rejection::DuplicateName,
        }
    }

    /// What has happened before such a request.
    fn past(self) -> Option<Event> {
        let AccountAndGrant { account, grant } = editor();
        match self {
            Self::Account => Some(AccountDisabled { account }.into()),
            Self::Grants => Some(GrantTaken { account, grant }.into()),
            Self::Directory => Some(
                DeviceRemoved {
                    telsys: TelSysId::new(1).unwrap(),
                    partition: PartitionId::new(1).unwrap(),
                    device: DeviceNumber::new("0101").unwrap(),
                }
                .into(),
            ),
            Self::RequestKey | Self::Id | Self::Version | Self::Type | Self::Parts | Self::Name => None,
        }
    }
}

fn fault() -> PartsFault {
    PartsFault::Configuration("Url: must be a text".to_owned())
}

fn desk() -> Scope {
    device(1, 1, "0101")
}

/// "Sales", by event 2, and "Support" at the device, the latter under the key "used".
fn past() -> Given {
    let given = world().when(add("Sales").at(desk())).and_given();
    given.when(add("Support").numbered(2).at(desk()).key("used")).and_given()
}

fn wrong_add(wrongs: &[Wrong]) -> Request {
    let mut ask = add(if wrongs.contains(&Wrong::Name) { "Sales" } else { "Other" }).numbered(3).at(desk());
    if wrongs.contains(&Wrong::RequestKey) {
        ask = ask.key("used");
    }
    if wrongs.contains(&Wrong::Parts) {
        ask = ask.faulty(fault());
    }
    ask.into()
}

fn wrong_change(wrongs: &[Wrong]) -> Request {
    let mut ask = change(if wrongs.contains(&Wrong::Id) { 9 } else { 1 }).at(desk());
    ask = ask.described(if wrongs.contains(&Wrong::Name) { "Support" } else { "Other" });
    if wrongs.contains(&Wrong::RequestKey) {
        ask = ask.key("used");
    }
    if wrongs.contains(&Wrong::Version) {
        ask = ask.expecting(1);
    }
    if wrongs.contains(&Wrong::Type) {
        ask = ask.of_type("CrmAddin.Other");
    }
    if wrongs.contains(&Wrong::Parts) {
        ask = ask.faulty(fault());
    }
    ask.into()
}

fn wrong_delete(wrongs: &[Wrong]) -> Request {
    let mut ask = delete(if wrongs.contains(&Wrong::Id) { 9 } else { 1 }).at(desk());
    if wrongs.contains(&Wrong::RequestKey) {
        ask = ask.key("used");
    }
    if wrongs.contains(&Wrong::Version) {
        ask = ask.expecting(1);
    }
    ask.into()
}

/// Every single wrong gets its own rejection, every pair that of the earlier one; none is accepted.
fn assert_order(applicable: &[Wrong], request: fn(&[Wrong]) -> Request) {
    assert!(applicable.is_sorted());
    let _ = past().when(request(&[])).decision();
    for (place, &first) in applicable.iter().enumerate() {
        for &second in &applicable[place..] {
            let wrongs = [first, second];
            let mut given = past();
            for event in wrongs.iter().filter_map(|wrong| wrong.past()) {
                given = given.and(Context::of(Actor::System), event);
            }
            let then = given.when(request(&wrongs));
            println!("{first:?} and {second:?}");
            then.rejected(&first.rejection());
        }
    }
}

#[test]
fn of_an_add() {
    use Wrong::*;
    assert_order(&[Account, Grants, RequestKey, Directory, Parts, Name], wrong_add);
}

#[test]
fn of_a_change() {
    use Wrong::*;
    assert_order(&[Account, Grants, RequestKey, Directory, Id, Version, Type, Parts, Name], wrong_change);
}

#[test]
fn of_a_deletion() {
    use Wrong::*;
    assert_order(&[Account, Grants, RequestKey, Directory, Id, Version], wrong_delete);
}

#[test]
fn what_is_written_is_authorised_and_looked_up_and_not_what_was_said_of_it() {
    let said = Scope::TelSys(TelSysId::new(1).unwrap());
    for (written, rejection) in [
        (telsys(2), Rejection::Refused(Refusal::TelSys)),
        (device(1, 1, "9999"), Rejection::NotInDirectory(Missing::Device)),
    ] {
        let mut request: Request = add("Other").numbered(3).at(written).into();
        let Command::AddConfiguration(command) = &mut request.command else { panic!("{request:?}") };
        command.form.scope = said.clone();
        past().when(request).rejected(&rejection);
    }
}
