//! Accounts: created, changed, deleted, and the one Administrator that stays.

mod administrators;
mod erased;

use crmconf_events::access::{Grants, Role};
use crmconf_events::command::{
    ChangeAccount, Command, CreateAccount, CredentialDifference, CredentialFault, DeleteAccount,
    NamedCredential, NewCredential, Request, SetCredential,
};
use crmconf_events::decide::kit::Given;
use crmconf_events::decide::{AccountDifference, Outcome, Rejection};
use crmconf_events::event::{
    AccountCreated, AccountDeleted, AccountDisabled, AccountEnabled, AccountRenamed, Actor, Context,
    CredentialSet, GrantGiven, GrantTaken,
};
use crmconf_events::state::{DeletedAccountState, Missing};
use crmconf_events::{CredentialId, NameCommitment, Scope};

use crate::kit::{ADMIN, EDITOR, VIEWER, account, device, editor, grant, nth, partition, telsys, world};

const OPERATOR: Actor = Actor::Operator(1000);

fn by(actor: Actor, command: Command) -> Request {
    Request { context: Context::of(actor), validate_only: false, command }
}

fn credential(number: u8) -> CredentialId {
    CredentialId::new([number; 16])
}

fn commitment(number: u8) -> NameCommitment {
    NameCommitment::new([number; 32])
}

fn grants(grants: &[(Role, Scope)]) -> Grants {
    grants.iter().cloned().map(|(role, scope)| grant(role, scope)).collect()
}

/// Account 4 with a credential of its own.
fn create(given: &[(Role, Scope)]) -> CreateAccount {
    CreateAccount {
        account: account(4),
        credential: Ok(NamedCredential { name: commitment(4), credential: credential(4) }),
        key: None,
        enabled: true,
        grants: grants(given),
    }
}

/// Nothing of an account.
fn change(number: u8) -> ChangeAccount {
    ChangeAccount { account: Some(account(number)), ..ChangeAccount::default() }
}

fn new_credential(base: u8, new: u8, difference: CredentialDifference) -> ChangeAccount {
    let new = NewCredential { base: credential(base), credential: credential(new), difference };
    ChangeAccount { credential: Some(Ok(new)), ..change(base) }
}

fn delete(number: u8) -> DeleteAccount {
    DeleteAccount { account: Some(account(number)), expected_version: None }
}

fn asks(command: ChangeAccount) -> Request {
    by(ADMIN, Command::ChangeAccount(command))
}

fn adds(command: CreateAccount) -> Request {
    by(ADMIN, Command::CreateAccount(command))
}

fn deletes(command: DeleteAccount) -> Request {
    by(ADMIN, Command::DeleteAccount(command))
}

fn created() -> AccountCreated {
    AccountCreated { account: account(4), name: commitment(4), credential: credential(4), key: None }
}

#[test]
fn an_account_is_created_with_its_grants_and_may_be_disabled_from_the_start() {
    let given = [(Role::Viewer, Scope::EveryTelSys), (Role::Editor, telsys(2))];
    let events = [
        created().into(),
        AccountDisabled { account: account(4) }.into(),
        GrantGiven { account: account(4), grant: grant(Role::Viewer, Scope::EveryTelSys) }.into(),
        GrantGiven { account: account(4), grant: grant(Role::Editor, telsys(2)) }.into(),
    ];
    let difference = AccountDifference {
        created: true,
        enabled: Some(false),
        given: grants(&given).iter().cloned().collect(),
        ..AccountDifference::default()
    };
    let outcome = Outcome::Account { version: nth(4), difference };
    let asked = adds(CreateAccount { enabled: false, ..create(&given) });
    let state = world().when(asked).answered(Some(&outcome)).then(&events);
    let stands = &state.state().accounts[&account(4)];
    assert_eq!((stands.version, stands.enabled), (nth(4), false));
    let least = world().when(adds(create(&[])));
    let outcome = Outcome::Account {
        version: nth(1),
        difference: AccountDifference { created: true, ..AccountDifference::default() },
    };
    least.answered(Some(&outcome)).then(&[created().into()]);
}

#[test]
fn only_administrators_and_operators_administer_as_they_stand_when_it_is_decided() {
    let commands = [
        Command::CreateAccount(create(&[])),
        Command::ChangeAccount(change(3)),
        Command::DeleteAccount(delete(3)),
    ];
    for command in commands {
        for actor in [EDITOR, VIEWER] {
            world().when(by(actor, command.clone())).rejected(&Rejection::NotAdministrator);
        }
        for actor in [OPERATOR, Actor::System, ADMIN] {
            let _ = world().when(by(actor, command.clone())).decision();
        }
        let admin = account(1);
        let everything = grant(Role::Administrator, Scope::EveryTelSys);
        let demoted = world().and(Context::of(OPERATOR), GrantTaken { account: admin, grant: everything });
        demoted.when(by(ADMIN, command.clone())).rejected(&Rejection::NotAdministrator);
        let disabled = world().and(Context::of(OPERATOR), AccountDisabled { account: admin });
        disabled.when(by(ADMIN, command.clone())).rejected(&Rejection::AccountGone);
        let gone = world().and(Context::of(OPERATOR), AccountDeleted { account: admin });
        gone.when(by(ADMIN, command)).rejected(&Rejection::AccountGone);
    }
}

#[test]
fn the_checks_come_in_the_order_of_their_codes() {
    let nowhere = [(Role::Viewer, device(1, 1, "9")), (Role::Viewer, telsys(9))];
    let mut asked = create(&nowhere);
    asked.credential = Err(CredentialFault::NameTaken);
    let missing = Rejection::NotInDirectory(Missing::TelSys);
    world().when(by(VIEWER, Command::CreateAccount(asked.clone()))).rejected(&Rejection::NotAdministrator);
    world().when(adds(asked.clone())).rejected(&missing);
    asked.grants = grants(&[(Role::Viewer, partition(1, 9))]);
    world().when(adds(asked.clone())).rejected(&Rejection::NotInDirectory(Missing::Partition));
    asked.grants = grants(&[(Role::Viewer, device(1, 1, "9"))]);
    world().when(adds(asked.clone())).rejected(&Rejection::NotInDirectory(Missing::Device));
    asked.grants = grants(&[(Role::Viewer, device(1, 1, "0101"))]);
    let taken = Rejection::Credential(CredentialFault::NameTaken);
    world().when(adds(asked)).rejected(&taken);

    let nobody = ChangeAccount {
        grants: Some(grants(&nowhere)),
        credential: Some(Err(CredentialFault::NameTaken)),
        ..ChangeAccount::default()
    };
    world().when(asks(nobody.clone())).rejected(&missing);
    world().when(asks(ChangeAccount { grants: None, ..nobody })).rejected(&taken);
    world().when(asks(ChangeAccount::default())).rejected(&Rejection::NoSuchAccount);
    let last = ChangeAccount {
        enabled: Some(false),
        credential: Some(Err(CredentialFault::PasswordRefused)),
        expected_version: Some(1),
        ..change(1)
    };
    world().when(asks(last.clone())).rejected(&Rejection::LastAdministrator);
    let refused = Rejection::Credential(CredentialFault::PasswordRefused);
    world().when(asks(ChangeAccount { enabled: None, ..last.clone() })).rejected(&refused);
    let current = world().state().accounts[&account(1)].version;
    let conflict = Rejection::AccountVersionConflict { current };
    let versioned = ChangeAccount { enabled: None, credential: None, ..last };
    world().when(asks(versioned)).rejected(&conflict);
}

#[test]
fn a_grant_that_stands_may_stay_where_the_directory_knows_nothing_any_more() {
    let device = crmconf_events::DeviceNumber::new("0101").unwrap();
    let (telsys_id, partition_id) =
        (crmconf_events::TelSysId::new(1).unwrap(), crmconf_events::PartitionId::new(1).unwrap());
    let at_desk = (Role::Viewer, crate::kit::device(1, 1, "0101"));
    let removed = crmconf_events::event::DeviceRemoved { telsys: telsys_id, partition: partition_id, device };
    let given = world()
        .when(adds(create(std::slice::from_ref(&at_desk))))
        .and_given()
        .and(Context::of(ADMIN), removed);
    let kept =
        ChangeAccount { grants: Some(grants(&[at_desk.clone(), (Role::Viewer, telsys(1))])), ..change(4) };
    let more = GrantGiven { account: account(4), grant: grant(Role::Viewer, telsys(1)) };
    let given = given.when(asks(kept)).then(&[more.into()]);
    let again = ChangeAccount { grants: Some(grants(&[(Role::Editor, at_desk.1)])), ..change(4) };
    given.when(asks(again)).rejected(&Rejection::NotInDirectory(Missing::Device));
}

#[test]
fn of_grants_only_differences_are_recorded() {
    let editors = editor();
    let new = [(Role::Auditor, telsys(2)), (Role::Editor, telsys(1))];
    let asked = ChangeAccount { grants: Some(grants(&new)), ..change(2) };
    let more = GrantGiven { account: account(2), grant: grant(Role::Auditor, telsys(2)) };
    let given = world().when(asks(asked.clone())).then(&[more.into()]);
    let given = given.when(asks(asked)).then(&[]);
    let taken = [
        GrantTaken { account: editors.account, grant: editors.grant }.into(),
        GrantTaken { account: account(2), grant: grant(Role::Auditor, telsys(2)) }.into(),
    ];
    given.when(asks(ChangeAccount { grants: Some(Grants::default()), ..change(2) })).then(&taken);
}

#[test]
fn a_change_that_changes_nothing_appends_nothing_and_keeps_the_version() {
    let present = world().state().accounts[&account(2)].version;
    let outcome = Outcome::Account { version: present, difference: AccountDifference::default() };
    let same = ChangeAccount {
        enabled: Some(true),
        grants: Some(grants(&[(Role::Editor, telsys(1))])),
        expected_version: Some(present.get()),
        ..change(2)
    };
    world().when(asks(same)).answered(Some(&outcome)).then(&[]);
}

#[test]
fn a_new_credential_tells_what_is_new_in_it() {
    let renamed = || AccountRenamed { account: account(2), name: commitment(9), credential: credential(9) };
    let set = || CredentialSet { account: account(2), credential: credential(9) };
    let cases = [
        (CredentialDifference::Name(commitment(9)), vec![renamed().into()], (true, false)),
        (CredentialDifference::Password, vec![set().into()], (false, true)),
        (
            CredentialDifference::NameAndPassword(commitment(9)),
            vec![renamed().into(), set().into()],
            (true, true),
        ),
    ];
    for (difference, events, (renamed, password)) in cases {
        let told = AccountDifference { renamed, password, ..AccountDifference::default() };
        let outcome = Outcome::Account { version: nth(events.len() as u64), difference: told };
        let asked = asks(new_credential(2, 9, difference));
        let given = world().when(asked).answered(Some(&outcome)).then(&events);
        assert_eq!(given.state().accounts[&account(2)].credential, credential(9));
    }
}

#[test]
fn a_credential_derived_from_one_that_was_replaced_meanwhile_is_refused() {
    let first = asks(new_credential(2, 8, CredentialDifference::Password));
    let second = asks(new_credential(2, 9, CredentialDifference::Name(commitment(9))));
    let given = world().when(first).and_given().when(second).rejected(&Rejection::CredentialReplaced);
    let own = SetCredential { account: account(2), base: credential(2), credential: credential(9) };
    given.when(by(EDITOR, Command::SetCredential(own))).rejected(&Rejection::CredentialReplaced);
}

#[test]
fn everyone_sets_the_own_password_and_nobody_another_s() {
    let of = |number: u8| {
        let (base, credential) = (credential(number), credential(9));
        Command::SetCredential(SetCredential { account: account(number), base, credential })
    };
    let set = CredentialSet { account: account(3), credential: credential(9) };
    world().when(by(VIEWER, of(3))).then(&[set.into()]);
    world().when(by(VIEWER, of(2))).rejected(&Rejection::NotAdministrator);
    let disabled = world().and(Context::of(ADMIN), AccountDisabled { account: account(3) });
    disabled.when(by(VIEWER, of(3))).rejected(&Rejection::AccountGone);
    let gone = world().and(Context::of(ADMIN), AccountDeleted { account: account(3) });
    gone.when(by(VIEWER, of(3))).rejected(&Rejection::AccountGone);
}

#[test]
fn an_account_is_disabled_and_enabled_again() {
    let disable = ChangeAccount { enabled: Some(false), ..change(2) };
    let given = world().when(asks(disable)).then(&[AccountDisabled { account: account(2) }.into()]);
    let enable = ChangeAccount { enabled: Some(true), ..change(2) };
    given.when(asks(enable)).then(&[AccountEnabled { account: account(2) }.into()]);
}

#[test]
fn of_a_deleted_account_its_credential_is_remembered_and_it_is_gone() {
    let given = world().when(deletes(delete(2))).then(&[AccountDeleted { account: account(2) }.into()]);
    assert_eq!(
        given.state().deleted.get(&account(2)),
        Some(&DeletedAccountState { credential: credential(2), key: None })
    );
    let mut named: Vec<_> = given.state().credentials().collect();
    named.sort();
    assert_eq!(named, [1, 2, 3].map(credential));
    let given = given.when(deletes(delete(2))).rejected(&Rejection::NoSuchAccount);
    let given = given.when(asks(change(2))).rejected(&Rejection::NoSuchAccount);
    let nobody = DeleteAccount { account: None, expected_version: None };
    let given = given.when(deletes(nobody)).rejected(&Rejection::NoSuchAccount);
    let current = given.state().accounts[&account(3)].version;
    let versioned = DeleteAccount { expected_version: Some(1), ..delete(3) };
    given.when(deletes(versioned)).rejected(&Rejection::AccountVersionConflict { current });
}

#[test]
fn a_dry_run_checks_everything_and_does_nothing() {
    let dry = |command| Request { validate_only: true, ..by(ADMIN, command) };
    let given: Given = world().when(dry(Command::CreateAccount(create(&[])))).answered(None).then(&[]);
    let given = given.when(dry(Command::DeleteAccount(delete(2)))).answered(None).then(&[]);
    given.when(dry(Command::DeleteAccount(delete(1)))).rejected(&Rejection::LastAdministrator);
}
