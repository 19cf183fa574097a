//! A sample of every kind of event: with everything that it can bear, and with as little as it can.

use std::collections::BTreeMap;
use std::sync::Arc;

use crmconf_events::access::{Grant, Role};
use crmconf_events::event::*;
use crmconf_events::json::Json;
use crmconf_events::template::template_digest;
use crmconf_events::{
    AccountId, ConfigurationId, CredentialId, CrmType, Description, DeviceNumber, DirectoryText, InvokeId,
    KeyId, NameCommitment, PartitionId, Reason, ReplicaId, RequestDigest, RequestKey, Salt, Scope,
    SealedValue, Sequence, SessionDigest, StoreId, TelSysId, TemplateVersion, Timestamp,
};

pub(crate) const SALT: Salt = Salt::new([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
const ACCOUNT: AccountId = AccountId::new([0xa0; 16]);
const DOCUMENT: &str = "{\n  \"CRMType\": \"CrmAddin.Test\" }";

/// A context with everything.
pub(crate) fn full_context() -> Context {
    Context {
        actor: Actor::Account(ACCOUNT),
        origin: ReplicaId(4_294_967_295),
        session: Some(SessionDigest::new([0x5e; 32])),
        invoke: Some(InvokeId::new("invoke \"ß\"").unwrap()),
        key: Some(RequestKey::new("key\\\u{1f600}").unwrap()),
        request: Some(RequestDigests {
            form: RequestDigest::new([0xf0; 32]),
            sealed: Some(RequestDigest::new([0x5a; 32])),
        }),
        reason: Some(Reason::new("two\nlines\u{2028}</script>").unwrap()),
        address: Some(sealed("sealed address")),
    }
}

/// A context with as little as possible.
pub(crate) fn minimal_context() -> Context {
    Context::of(Actor::System)
}

fn sealed(text: &str) -> SealedValue {
    SealedValue::from_ciphertext(text.as_bytes().to_vec())
}

fn id() -> ConfigurationId {
    "db7e33a7d8b7b1ea:-22ff4bbb:197ea30cca8:-7fa3".parse().unwrap()
}

fn telsys() -> TelSysId {
    TelSysId::new(1).unwrap()
}

fn partition() -> PartitionId {
    PartitionId::new(2_147_483_647).unwrap()
}

fn device() -> DeviceNumber {
    DeviceNumber::new("+0044 ß").unwrap()
}

fn desk() -> Scope {
    Scope::Device(telsys(), partition(), device())
}

fn crm_type() -> CrmType {
    CrmType::new("CrmAddin.SugarCrm.SugarCrmAddin").unwrap()
}

fn sequence(number: u64) -> Sequence {
    Sequence::new(number).unwrap()
}

fn words(text: &str) -> DirectoryText {
    DirectoryText::new(text).unwrap()
}

fn part() -> Part {
    let text = r#"{"é":[null,true,{"z":1e0,"a":-9223372036854775808}],"A":18446744073709551615,"b":0.1,"c":1e-7,"d":"\u00df\n\"\u2028"}"#;
    Arc::new(Json::parse(text).unwrap())
}

fn empty() -> Part {
    Arc::new(Json::parse("{}").unwrap())
}

fn secrets() -> Secrets {
    let fields = [("Token".to_owned(), sealed("t")), ("Password".to_owned(), sealed("sealed"))];
    Arc::new(fields.into_iter().collect::<BTreeMap<_, _>>())
}

/// A kind whose body has nothing optional.
fn fixed(event: impl Into<Event>) -> [Event; 2] {
    let event = event.into();
    [event.clone(), event]
}

/// Of every kind the fullest and the shortest event, in the order of `Event::KINDS`.
pub(crate) fn samples() -> Vec<[Event; 2]> {
    [store(), configurations(), accounts(), directory()].concat()
}

fn store() -> Vec<[Event; 2]> {
    let digest = template_digest(DOCUMENT);
    vec![
        fixed(StoreCreated { store: StoreId::new([0x11; 16]) }),
        fixed(TemplateRecorded {
            crm_type: crm_type(),
            version: TemplateVersion::new("1.0").unwrap(),
            digest,
            document: DOCUMENT.to_owned(),
        }),
        [
            RequestRecorded {
                account: ACCOUNT,
                id: id(),
                version: sequence(7),
                template: digest,
                key: Some(KeyId(65_536)),
            }
            .into(),
            RequestRecorded { account: ACCOUNT, id: id(), version: sequence(7), template: digest, key: None }
                .into(),
        ],
        fixed(DestructionHeld {
            clock: Timestamp::from_micros(1_900_000_000_000_000),
            head: Timestamp::from_micros(1_800_000_000_000_000),
        }),
        fixed(DestructionResumed {}),
    ]
}

fn configurations() -> Vec<[Event; 2]> {
    let template = template_digest(DOCUMENT);
    let added = ConfigurationAdded {
        id: id(),
        scope: desk(),
        crm_type: crm_type(),
        description: Description::new(" Sales & \"Support\"\t").unwrap(),
        template,
        key: KeyId(1),
        configuration: part(),
        secrets: secrets(),
        common: part(),
    };
    let short = ConfigurationAdded {
        scope: Scope::EveryTelSys,
        configuration: empty(),
        secrets: Secrets::default(),
        common: empty(),
        ..added.clone()
    };
    let changed = ConfigurationChanged {
        id: id(),
        scope: Scope::Partition(telsys(), partition()),
        crm_type: crm_type(),
        template,
        key: KeyId(7),
        description: Some(Description::new("x").unwrap()),
        configuration: Some(part()),
        secrets: secrets(),
        common: Some(part()),
    };
    let unchanged = ConfigurationChanged {
        scope: Scope::TelSys(telsys()),
        description: None,
        configuration: None,
        secrets: Secrets::default(),
        common: None,
        ..changed.clone()
    };
    let deleted = ConfigurationDeleted {
        id: id(),
        scope: desk(),
        crm_type: crm_type(),
        template,
        key: KeyId(7),
        version: sequence(u64::MAX),
    };
    let shredded = ConfigurationShredded { id: id(), scope: desk(), crm_type: crm_type(), key: KeyId(7) };
    vec![[added.into(), short.into()], [changed.into(), unchanged.into()], fixed(deleted), fixed(shredded)]
}

fn accounts() -> Vec<[Event; 2]> {
    let account = ACCOUNT;
    let (name, credential) = (NameCommitment::new([0xc0; 32]), CredentialId::new([0xcc; 16]));
    let wide = Grant { role: Role::Administrator, scope: Scope::EveryTelSys };
    let narrow = Grant { role: Role::Editor, scope: desk() };
    vec![
        [
            AccountCreated { account, name, credential, key: Some(KeyId(2)) }.into(),
            AccountCreated { account, name, credential, key: None }.into(),
        ],
        fixed(AccountRenamed { account, name, credential }),
        fixed(CredentialSet { account, credential }),
        [
            GrantGiven { account, grant: narrow.clone() }.into(),
            GrantGiven { account, grant: wide.clone() }.into(),
        ],
        [GrantTaken { account, grant: narrow }.into(), GrantTaken { account, grant: wide }.into()],
        fixed(AccountDisabled { account }),
        fixed(AccountEnabled { account }),
        fixed(AccountDeleted { account }),
        [AccountErased { account, key: Some(KeyId(2)) }.into(), AccountErased { account, key: None }.into()],
    ]
}

fn directory() -> Vec<[Event; 2]> {
    let (telsys, partition, device) = (telsys(), partition(), device());
    let (description, environment) = (words("1 - tel sys"), words("a1b2"));
    let none = words("");
    vec![
        [
            TelSysRegistered { telsys, description: description.clone(), environment: environment.clone() }
                .into(),
            TelSysRegistered { telsys, description: none.clone(), environment: none.clone() }.into(),
        ],
        [
            TelSysRenamed { telsys, description: description.clone(), environment }.into(),
            TelSysRenamed { telsys, description: none.clone(), environment: none }.into(),
        ],
        fixed(TelSysRemoved { telsys }),
        fixed(PartitionRegistered { telsys, partition, description: description.clone() }),
        fixed(PartitionRenamed { telsys, partition, description: description.clone() }),
        fixed(PartitionRemoved { telsys, partition }),
        fixed(DeviceRegistered {
            telsys,
            partition,
            device: device.clone(),
            description: description.clone(),
        }),
        fixed(DeviceRenamed { telsys, partition, device: device.clone(), description }),
        fixed(DeviceRemoved { telsys, partition, device }),
    ]
}
