//! The page shows each kind of record exactly as it is written.

use std::collections::BTreeSet;

use crmconf_events::access::{Grant, Role};
use crmconf_events::event::Actor;
use crmconf_events::{DeviceNumber, PartitionId, Scope, SessionDigest, TelSysId, Timestamp};

use super::*;

const PAGE: &str = include_str!("../../../docs/security-log.md");

fn id(n: u8) -> AccountId {
    AccountId::new([n; 16])
}

/// A record of a request.
fn in_request(
    fact: Fact,
    operation: &'static str,
    signed_in: Option<AccountId>,
    session: Option<u8>,
) -> Record {
    Record::of(fact).in_request(Circumstances {
        request: 0x0bad_cafe_0000_0001,
        address: "192.0.2.7".parse().unwrap(),
        operation,
        session: session.map(|n| SessionDigest::new([n; 32])),
        account: signed_in,
    })
}

/// A record of what account 1 did itself.
fn own(fact: Fact, operation: &'static str) -> Record {
    in_request(fact, operation, Some(id(1)), Some(3))
}

/// A record of what an administrator did.
fn by(fact: Fact, operation: &'static str) -> Record {
    in_request(fact, operation, Some(id(2)), Some(4))
}

/// One record of each kind, with everything that it can have.
fn samples() -> Vec<Record> {
    let (telsys, partition) = (TelSysId::new(1).unwrap(), PartitionId::new(2).unwrap());
    let device = DeviceNumber::new("01234567101").unwrap();
    let viewer = Grant { role: Role::Viewer, scope: Scope::EveryTelSys };
    let editor = Grant { role: Role::Editor, scope: Scope::Device(telsys, partition, device) };
    let account = id(1);
    let counts = ImportCounts { added: 120, changed: 3, removed: 1, unchanged: 876 };
    let mut records = vec![
        Record::of(Fact::ServerStarted { version: "0.1.0" }),
        Record::of(Fact::ServerStopped {}),
        in_request(Fact::SignedIn { account }, "Authenticate", None, Some(3)),
        in_request(
            Fact::SignInFailed { account: Some(account), cause: SignInCause::WrongPassword },
            "Authenticate",
            None,
            Some(5),
        ),
        in_request(Fact::SignInThrottled { account: Some(account) }, "Authenticate", None, Some(5)),
        in_request(Fact::SessionsRefused {}, "CreateSession", None, None),
        own(Fact::SessionEnded { account }, "Logout"),
        own(
            Fact::SessionRevoked { account, cause: RevocationCause::AccountDisabled },
            "CRMConfigurationList",
        ),
        own(
            Fact::Refused {
                account: Some(account),
                code: 10_515,
                telsys: Some(telsys),
                partition: Some(partition),
            },
            "CRMConfigurationAdd",
        ),
        own(Fact::PasswordNotConfirmed { account, cause: SignInCause::WrongPassword }, "PasswordChange"),
        own(Fact::PasswordChanged { account }, "PasswordChange"),
        by(Fact::AccountAdded { account, enabled: true, grants: vec![viewer.clone()] }, "AccountAdd"),
        by(
            Fact::AccountChanged {
                account,
                renamed: false,
                password_set: true,
                enabled: Some(true),
                grants_given: vec![editor],
                grants_taken: vec![viewer],
            },
            "AccountChange",
        ),
        by(Fact::AccountDeleted { account }, "AccountDelete"),
        by(Fact::DirectoryImported { mode: ImportMode::Merge, complete: true, counts }, "DirectoryImport"),
        Record::of(Fact::RecordsRepeated {
            of: "sign_in_failed",
            count: 412,
            since: "2026-03-03T09:29:02.000000Z".into(),
            address: "192.0.2.7".parse().unwrap(),
            account: Some(account),
        }),
        Record::of(Fact::RecordsLost { count: 17 }),
        Record::of(Fact::AccountAdded { account, enabled: true, grants: Vec::new() })
            .by(Actor::Operator(1000)),
    ];
    records.extend(of_secrets());
    records
}

/// Those of secrets and keys.
fn of_secrets() -> Vec<Record> {
    let account = id(1);
    vec![
        by(Fact::AccountErased { account }, "AccountErase"),
        own(
            Fact::SecretsAnswered {
                account,
                configuration: "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e".into(),
                fields: vec!["ClientSecret".into()],
            },
            "CRMConfigurationInfo",
        ),
        by(
            Fact::ConfigurationShredded {
                configuration: "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e".into(),
                destroyed: true,
            },
            "CRMConfigurationShred",
        ),
        by(Fact::MasterKeyRotated { master_key: "498136b7272a2c3f".into(), files: 7 }, "MasterKeyRotate"),
        by(Fact::DestructionResumed {}, "DestructionResume"),
    ]
}

fn lines() -> Vec<String> {
    let time = Timestamp::from_micros(1_772_530_200_000_001);
    let line = |record: Record| String::from_utf8(record.at(time).line()).unwrap().trim_end().to_owned();
    samples().into_iter().map(line).collect()
}

#[test]
fn the_page_shows_a_line_of_each_kind_word_for_word() {
    let shown = |line: &String| PAGE.lines().any(|shown| shown.trim() == line);
    let missing: Vec<_> = lines().into_iter().filter(|line| !shown(line)).collect();
    assert!(missing.is_empty(), "the page does not show:\n{}", missing.join("\n"));
}

#[test]
fn every_kind_is_sampled_and_every_field_and_cause_is_on_the_page() {
    let sampled: BTreeSet<_> = samples().iter().map(|record| record.fact().kind()).collect();
    let rows: BTreeSet<_> = PAGE
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(kind, _)| kind))
        .filter(|word| sampled.contains(word))
        .collect();
    assert_eq!(rows, sampled, "each has its row");
    assert_eq!(sampled.len(), 22, "a new kind gets a sample and a row");
    for line in lines() {
        let Ok(Value::Object(fields)) = serde_json::from_str(&line) else { panic!("{line}") };
        for field in fields.keys() {
            assert!(PAGE.contains(&format!("`{field}`")), "{field} of {line} is not explained");
        }
    }
    for cause in [
        SignInCause::UnknownName,
        SignInCause::WrongPassword,
        SignInCause::AccountDisabled,
        SignInCause::AccountChanged,
        SignInCause::Throttled,
        SignInCause::Abandoned,
    ] {
        let word = serde_json::to_value(cause).unwrap();
        assert!(PAGE.contains(&format!("`{}`", word.as_str().unwrap())), "{word} is not explained");
    }
}

#[test]
fn an_address_of_ipv4_is_written_as_such_also_when_it_came_mapped_into_ipv6() {
    let record = Record::of(Fact::SessionsRefused {}).in_request(Circumstances {
        request: 1,
        address: "::ffff:192.0.2.1".parse().unwrap(),
        operation: "CreateSession",
        session: None,
        account: None,
    });
    let line: Value = serde_json::from_slice(&record.line()).unwrap();
    assert_eq!((&line["address"], &line["request"]), (&"192.0.2.1".into(), &"0000000000000001".into()));
}
