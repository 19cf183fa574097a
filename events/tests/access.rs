//! The grant table: every role on every kind of scope, asked for every right on every kind of scope, against a naive
//! reading of the rules of the API's page "Roles and grants".

#![expect(clippy::unwrap_used, reason = "a test: a panic is how it reports")]

use crmconf_events::access::{Grant, Grants, Refusal, Right, Role};
use crmconf_events::{DeviceNumber, PartitionId, Scope, TelSysId};

const RIGHTS: [Right; 4] = [Right::Read, Right::ReadSecrets, Right::Write, Right::Audit];

/// Two of everything at each level, and each of those with a parent it shares and one it does not.
const SCOPES: [&[&str]; 11] = [
    &[],
    &["1"],
    &["2"],
    &["1", "1"],
    &["1", "2"],
    &["2", "1"],
    &["1", "1", "01"],
    &["1", "1", "02"],
    &["1", "2", "01"],
    &["1", "2", "02"],
    &["2", "1", "01"],
];

fn scope(path: &[&str]) -> Scope {
    let number = |level: usize| path.get(level).map(|text| text.parse::<u32>().unwrap());
    Scope::new(
        number(0).map(|id| TelSysId::new(id).unwrap()),
        number(1).map(|id| PartitionId::new(id).unwrap()),
        path.get(2).map(|device| DeviceNumber::new(device).unwrap()),
    )
    .unwrap()
}

/// A role on the scope with these ids.
type Held<'a> = (Role, &'a [&'a str]);

fn grants(held: &[Held<'_>]) -> Grants {
    held.iter().map(|(role, path)| Grant { role: *role, scope: scope(path) }).collect()
}

/// What a role may do, from the list of roles.
fn role_has(role: Role, right: Right) -> bool {
    let rights: &[Right] = match role {
        Role::Viewer => &[Right::Read],
        Role::Client => &[Right::Read, Right::ReadSecrets],
        Role::Editor => &[Right::Read, Right::ReadSecrets, Right::Write],
        Role::Auditor => &[Right::Read, Right::Audit],
        Role::Administrator => &RIGHTS,
    };
    rights.contains(&right)
}

/// "A grant covers its scope and all below. Reading also covers the scopes above it. Writing, history and audit: only
/// at it and below."
fn allowed(held: &[Held<'_>], right: Right, asked: &[&str]) -> bool {
    held.iter().any(|(role, path)| {
        let reading = matches!(right, Right::Read | Right::ReadSecrets);
        role_has(*role, right) && (asked.starts_with(path) || (reading && path.starts_with(asked)))
    })
}

/// The rules for what is not allowed, one after another.
fn refusal(held: &[Held<'_>], right: Right, asked: &[&str]) -> Refusal {
    // "The every-TelSys scope written without a grant on everything: 10700."
    if right == Right::Write && asked.is_empty() && !held.iter().any(|(_, path)| path.is_empty()) {
        return Refusal::EveryTelSys;
    }
    // "A scope which neither contains nor lies inside any grant: the code of the shallowest level at which none fits."
    let fits = |level: usize| {
        held.iter()
            .any(|(_, path)| path.iter().zip(asked).take(level).all(|(granted, asked)| granted == asked))
    };
    let levels = [(1, Refusal::TelSys), (2, Refusal::Partition), (3, Refusal::Device)];
    if let Some((_, refusal)) = levels.into_iter().find(|(level, _)| !fits(*level)) {
        return refusal;
    }
    // "The role is missing there: 10515 (writing), 10702 (history, audit)."
    if right == Right::Write { Refusal::Modify } else { Refusal::Audit }
}

fn assert_as_the_rules_say(held: &[Held<'_>]) {
    let grants = grants(held);
    for asked in SCOPES {
        let at = scope(asked);
        for right in RIGHTS {
            let expected =
                if allowed(held, right, asked) { Ok(()) } else { Err(refusal(held, right, asked)) };
            assert_eq!(grants.judge(right, &at), expected, "{held:?} asked for {right:?} on {at}");
        }
        assert_eq!(grants.show(&at), allowed(held, Right::Read, asked), "{held:?} shown {at}");
        let secrets = allowed(held, Right::ReadSecrets, asked);
        assert_eq!(grants.show_secrets(&at), secrets, "{held:?} shown the passwords of {at}");
    }
    for right in RIGHTS {
        let anywhere = held.iter().any(|(role, _)| role_has(*role, right));
        assert_eq!(grants.hold_anywhere(right), anywhere, "{held:?} holds {right:?} anywhere");
    }
    let administer = held.contains(&(Role::Administrator, &[]));
    assert_eq!(grants.administer(), administer, "{held:?} administers");
}

fn every_grant() -> impl Iterator<Item = Held<'static>> {
    Role::ALL.into_iter().flat_map(|role| SCOPES.into_iter().map(move |path| (role, path)))
}

#[test]
fn one_grant_gives_what_the_rules_say() {
    assert_eq!(every_grant().count(), 55);
    for held in every_grant() {
        assert_as_the_rules_say(&[held]);
    }
}

#[test]
fn two_grants_give_what_the_rules_say() {
    for first in every_grant() {
        for second in every_grant() {
            assert_as_the_rules_say(&[first, second]);
        }
    }
}

#[test]
fn no_grant_gives_nothing() {
    assert_as_the_rules_say(&[]);
    for asked in SCOPES {
        assert!(Grants::default().judge(Right::Read, &scope(asked)).is_err());
    }
}

#[track_caller]
fn assert_refused(held: &[Held<'_>], right: Right, asked: &[&str], refusal: Refusal) {
    assert_eq!(grants(held).judge(right, &scope(asked)), Err(refusal));
}

#[test]
fn code_10511_another_telsys() {
    for asked in [&["2"][..], &["2", "1"], &["2", "1", "01"]] {
        assert_refused(&[(Role::Editor, &["1", "1"])], Right::Read, asked, Refusal::TelSys);
        assert_refused(&[(Role::Editor, &["1"])], Right::Write, asked, Refusal::TelSys);
        assert_refused(&[(Role::Auditor, &["1"])], Right::Audit, asked, Refusal::TelSys);
    }
}

#[test]
fn code_10512_another_partition_of_a_granted_telsys() {
    assert_refused(&[(Role::Editor, &["1", "1"])], Right::Read, &["1", "2"], Refusal::Partition);
    assert_refused(&[(Role::Editor, &["1", "1", "01"])], Right::Write, &["1", "2", "01"], Refusal::Partition);
    let two = [(Role::Editor, &["1", "1"][..]), (Role::Editor, &["2", "1"])];
    assert_refused(&two, Right::Read, &["2", "2"], Refusal::Partition);
}

#[test]
fn code_10701_another_device_of_a_granted_partition() {
    assert_refused(&[(Role::Viewer, &["1", "1", "01"])], Right::Read, &["1", "1", "02"], Refusal::Device);
    // Whichever comes first, the grant that fits deeper decides.
    let two = [(Role::Viewer, &["1", "1", "01"][..]), (Role::Viewer, &["1", "2"])];
    assert_refused(&two, Right::Read, &["1", "1", "02"], Refusal::Device);
    let two = [(Role::Viewer, &["1", "2"][..]), (Role::Editor, &["1", "1", "01"])];
    assert_refused(&two, Right::Read, &["1", "1", "02"], Refusal::Device);
}

#[test]
fn code_10700_every_telsys_written_without_a_grant_on_everything() {
    assert_refused(&[(Role::Editor, &["1"])], Right::Write, &[], Refusal::EveryTelSys);
    assert_refused(&[], Right::Write, &[], Refusal::EveryTelSys);
    assert_refused(&[(Role::Editor, &["1"])], Right::Audit, &[], Refusal::Audit);
}

#[test]
fn code_10515_a_scope_that_may_be_seen_and_not_written() {
    assert_refused(&[(Role::Viewer, &[])], Right::Write, &[], Refusal::Modify);
    for role in [Role::Viewer, Role::Client, Role::Auditor] {
        assert_refused(&[(role, &["1"])], Right::Write, &["1", "1"], Refusal::Modify);
    }
    assert_refused(&[(Role::Editor, &["1", "1"])], Right::Write, &["1"], Refusal::Modify);
    // A role elsewhere does not help where only a lesser one fits.
    let two = [(Role::Editor, &["1", "1"][..]), (Role::Viewer, &["1"])];
    assert_refused(&two, Right::Write, &["1", "2"], Refusal::Modify);
}

#[test]
fn code_10702_a_scope_that_may_be_seen_and_not_audited() {
    for role in [Role::Viewer, Role::Client, Role::Editor] {
        assert_refused(&[(role, &["1"])], Right::Audit, &["1", "1"], Refusal::Audit);
    }
    assert_refused(&[(Role::Auditor, &["1", "1"])], Right::Audit, &["1"], Refusal::Audit);
}

#[test]
fn what_applies_to_a_granted_scope_from_above_may_be_read_but_not_written() {
    let client = grants(&[(Role::Client, &["1", "1", "01"])]);
    for above in [&[][..], &["1"], &["1", "1"]] {
        assert_eq!(client.judge(Right::Read, &scope(above)), Ok(()));
        assert!(client.show_secrets(&scope(above)));
        assert!(client.judge(Right::Write, &scope(above)).is_err());
    }
    assert!(!client.show(&scope(&["1", "1", "02"])));
}

#[test]
fn a_grant_given_twice_is_held_once_and_taken_once() {
    let [viewer, editor] = [Role::Viewer, Role::Editor].map(|role| Grant { role, scope: scope(&["1"]) });
    let mut grants = Grants::default();
    for grant in [&editor, &viewer, &editor] {
        grants.insert(grant.clone());
    }
    assert_eq!(grants.iter().collect::<Vec<_>>(), [&viewer, &editor]);
    assert_eq!(grants, [editor.clone(), viewer.clone(), editor.clone()].into_iter().collect());
    grants.remove(&editor);
    grants.remove(&editor);
    assert_eq!(grants.iter().collect::<Vec<_>>(), [&viewer]);
    assert_eq!(grants.judge(Right::Write, &scope(&["1"])), Err(Refusal::Modify));
}

#[test]
fn an_account_s_grants_are_few_and_an_administrator_s_on_everything() {
    use crmconf_events::access::{GRANTS_MAX, GrantsFault};
    let grant = |role, scope| Grant { role, scope };
    let below = Grants::checked([grant(Role::Administrator, Scope::TelSys(TelSysId::new(1).unwrap()))]);
    assert_eq!(below, Err(GrantsFault::AdministratorBelow));
    let many = |count: usize| {
        let telsys = |number| TelSysId::new(u32::try_from(number).unwrap()).unwrap();
        Grants::checked((1..=count).map(|number| grant(Role::Viewer, Scope::TelSys(telsys(number)))))
    };
    assert!(many(GRANTS_MAX).is_ok());
    assert_eq!(many(GRANTS_MAX + 1), Err(GrantsFault::TooMany));
    let twice = grant(Role::Administrator, Scope::EveryTelSys);
    assert_eq!(Grants::checked([twice.clone(), twice.clone()]).unwrap().iter().count(), 1);
    let both = Grants::checked([twice.clone(), grant(Role::Viewer, Scope::EveryTelSys)]).unwrap();
    let one = Grants::checked([twice.clone()]).unwrap();
    assert_eq!(both.beyond(&one).collect::<Vec<_>>(), [&grant(Role::Viewer, Scope::EveryTelSys)]);
    assert!(one.beyond(&both).next().is_none() && both.contains(&twice));
}
