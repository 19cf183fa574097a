//! A story in which every kind of event happens, step by step.

use std::collections::BTreeMap;
use std::sync::Arc;

use crmconf_events::access::{Grant, Role};
use crmconf_events::event::*;
use crmconf_events::json::Json;
use crmconf_events::template::template_digest;
use crmconf_events::{
    AccountId, ConfigurationId, CredentialId, CrmType, Description, DeviceNumber, DirectoryText, KeyId,
    NameCommitment, PartitionId, Salt, Scope, SealedValue, Sequence, StoreId, TelSysId, TemplateVersion,
    Timestamp,
};

const ALICE: AccountId = AccountId::new([0xa1; 16]);
const BOB: AccountId = AccountId::new([0xb0; 16]);
const DOCUMENT: &str = r#"{"CRMConfiguration":{"properties":{"Url":{"type":"string"},"Password":{"type":"string","format":"password"}}},"CRMConfigurationCommon":{"properties":{"Z":{},"A":{}}}}"#;

/// What each step is called, and its event as readers see it.
pub(crate) fn steps() -> Vec<(&'static str, Envelope)> {
    let parts = [
        registering(),
        creating_accounts(),
        configuring(),
        changing_accounts(),
        renaming(),
        removing(),
        giving_up(),
    ];
    let mut last = None;
    parts
        .concat()
        .into_iter()
        .map(|(name, event)| {
            let sequence = Sequence::after(last);
            last = Some(sequence);
            (name, envelope(sequence, event))
        })
        .collect()
}

fn envelope(sequence: Sequence, event: Event) -> Envelope {
    let micros = 1_764_000_000_000_000 + i64::try_from(sequence.get()).unwrap();
    Envelope {
        sequence,
        time: Timestamp::from_micros(micros),
        stream: event.stream(),
        context: Context::of(Actor::Account(ALICE)),
        salt: Salt::new([0; 16]),
        event,
    }
}

type Steps = Vec<(&'static str, Event)>;

fn registering() -> Steps {
    let (telsys, partition) = (telsys(), partition());
    let description = words("1 - tel sys");
    let registered = TelSysRegistered { telsys, description, environment: words("env-1") };
    let part = PartitionRegistered { telsys, partition, description: words("1 Partition") };
    let desk = DeviceRegistered { telsys, partition, device: device(), description: words("desk") };
    vec![
        ("the_store_is_created", StoreCreated { store: StoreId::new([0x11; 16]) }.into()),
        ("a_telsys_is_registered", registered.into()),
        ("a_partition_is_registered", part.into()),
        ("a_device_is_registered", desk.into()),
    ]
}

fn creating_accounts() -> Steps {
    let alice = AccountCreated {
        account: ALICE,
        name: commitment(1),
        credential: credential(1),
        key: Some(KeyId(100)),
    };
    let bob = AccountCreated { account: BOB, name: commitment(2), credential: credential(2), key: None };
    vec![
        ("alice_gets_an_account", alice.into()),
        ("alice_becomes_administrator", GrantGiven { account: ALICE, grant: everything() }.into()),
        ("bob_gets_an_account", bob.into()),
        ("bob_becomes_editor_of_a_partition", GrantGiven { account: BOB, grant: editor() }.into()),
        ("bob_becomes_viewer_of_everything", GrantGiven { account: BOB, grant: viewer() }.into()),
    ]
}

fn configuring() -> Steps {
    let template = TemplateRecorded {
        crm_type: crm_type(),
        version: TemplateVersion::new("1.0").unwrap(),
        digest: template_digest(DOCUMENT),
        document: DOCUMENT.to_owned(),
    };
    let renamed = ConfigurationChanged { description: Some(description("Straße")), ..changed() };
    let part = ConfigurationChanged {
        configuration: Some(json(r#"{"Url":"https://b.example"}"#)),
        secrets: secrets(&["Password", "Token"]),
        ..changed()
    };
    let common = ConfigurationChanged { common: Some(json(r#"{"A":2}"#)), ..changed() };
    let recorded = RequestRecorded {
        account: ALICE,
        id: id(2),
        version: Sequence::new(15).unwrap(),
        template: template_digest(DOCUMENT),
        key: None,
    };
    let deleted = ConfigurationDeleted {
        id: id(1),
        scope: Scope::TelSys(telsys()),
        crm_type: crm_type(),
        template: template_digest(DOCUMENT),
        key: KeyId(1),
        version: Sequence::new(11).unwrap(),
    };
    vec![
        ("a_template_is_used_first", template.into()),
        ("a_configuration_is_added_at_the_telsys", added(1, Scope::TelSys(telsys()), "Sales").into()),
        ("a_configuration_with_a_password_is_added_at_the_device", {
            let desk = Scope::Device(telsys(), partition(), device());
            ConfigurationAdded { secrets: secrets(&["Password"]), ..added(2, desk, "Support") }.into()
        }),
        ("its_description_changes", renamed.into()),
        ("its_part_and_passwords_change", part.into()),
        ("its_common_part_changes", common.into()),
        ("a_request_that_changes_nothing_is_recorded", recorded.into()),
        ("a_configuration_is_added_at_every_telsys", added(3, Scope::EveryTelSys, "All").into()),
        ("the_first_configuration_is_deleted", deleted.into()),
    ]
}

fn changing_accounts() -> Steps {
    let renamed = AccountRenamed { account: BOB, name: commitment(3), credential: credential(3) };
    vec![
        ("bob_gets_another_name", renamed.into()),
        ("bob_gets_another_password", CredentialSet { account: BOB, credential: credential(4) }.into()),
        ("bob_loses_a_grant", GrantTaken { account: BOB, grant: editor() }.into()),
        ("bob_is_disabled", AccountDisabled { account: BOB }.into()),
        ("bob_is_enabled", AccountEnabled { account: BOB }.into()),
        ("bob_is_deleted", AccountDeleted { account: BOB }.into()),
    ]
}

fn renaming() -> Steps {
    let (telsys, partition, device) = (telsys(), partition(), device());
    let renamed = TelSysRenamed { telsys, description: words("main"), environment: words("env-2") };
    vec![
        ("the_telsys_is_renamed", renamed.into()),
        (
            "the_partition_is_renamed",
            PartitionRenamed { telsys, partition, description: words("floor") }.into(),
        ),
        (
            "the_device_is_renamed",
            DeviceRenamed { telsys, partition, device, description: words("door") }.into(),
        ),
    ]
}

fn removing() -> Steps {
    let (telsys, partition, device) = (telsys(), partition(), device());
    let deleted = ConfigurationDeleted {
        id: id(2),
        scope: Scope::Device(telsys, partition, device.clone()),
        crm_type: crm_type(),
        template: template_digest(DOCUMENT),
        key: KeyId(2),
        version: Sequence::new(15).unwrap(),
    };
    vec![
        ("the_configuration_at_the_device_is_deleted", deleted.into()),
        ("the_device_is_removed", DeviceRemoved { telsys, partition, device }.into()),
        ("the_partition_is_removed", PartitionRemoved { telsys, partition }.into()),
        ("the_telsys_is_removed", TelSysRemoved { telsys }.into()),
    ]
}

/// Configurations 1 and 2 are deleted, 3 is live.
fn giving_up() -> Steps {
    let scope = Scope::EveryTelSys;
    let changed = |key, secrets| ConfigurationChanged {
        id: id(3),
        scope: Scope::EveryTelSys,
        key: KeyId(key),
        configuration: Some(json(r#"{"Url":"https://c.example"}"#)),
        secrets,
        ..changed()
    };
    let shredded = |number, scope, key| {
        ConfigurationShredded { id: id(number), scope, crm_type: crm_type(), key: KeyId(key) }.into()
    };
    let deleted = ConfigurationDeleted {
        id: id(3),
        scope: scope.clone(),
        crm_type: crm_type(),
        template: template_digest(DOCUMENT),
        key: KeyId(9),
        version: Sequence::new(38).unwrap(),
    };
    let (clock, head) = (Timestamp::from_micros(1_800_000_000_000_000), Timestamp::from_micros(1));
    vec![
        ("the_clock_is_in_doubt", DestructionHeld { clock, head }.into()),
        ("the_key_of_the_first_configuration_is_destroyed", shredded(1, Scope::TelSys(telsys()), 1)),
        ("the_clock_is_confirmed", DestructionResumed {}.into()),
        ("the_configuration_at_every_telsys_gets_a_password", changed(3, secrets(&["Password"])).into()),
        ("its_key_is_destroyed_while_it_lives", shredded(3, scope.clone(), 3)),
        ("it_gets_a_password_under_another_key", changed(9, secrets(&["Token"])).into()),
        ("it_is_deleted_and_its_other_key_waits", deleted.into()),
        ("its_other_key_is_destroyed", shredded(3, scope, 9)),
        ("bob_is_erased", AccountErased { account: BOB, key: None }.into()),
    ]
}

fn added(number: u64, scope: Scope, text: &str) -> ConfigurationAdded {
    ConfigurationAdded {
        id: id(number),
        scope,
        crm_type: crm_type(),
        description: description(text),
        template: template_digest(DOCUMENT),
        key: KeyId(number),
        configuration: json(r#"{"Url":"https://a.example"}"#),
        secrets: Arc::default(),
        common: json(r#"{"A":1,"Z":[true,null]}"#),
    }
}

fn changed() -> ConfigurationChanged {
    ConfigurationChanged {
        id: id(2),
        scope: Scope::Device(telsys(), partition(), device()),
        crm_type: crm_type(),
        template: template_digest(DOCUMENT),
        key: KeyId(2),
        description: None,
        configuration: None,
        secrets: Arc::default(),
        common: None,
    }
}

fn id(number: u64) -> ConfigurationId {
    format!("8b421354e7ea58f6:1007bf0b:197cf8dc588:{number:x}").parse().unwrap()
}

fn telsys() -> TelSysId {
    TelSysId::new(1).unwrap()
}

fn partition() -> PartitionId {
    PartitionId::new(1).unwrap()
}

fn device() -> DeviceNumber {
    DeviceNumber::new("0101").unwrap()
}

fn crm_type() -> CrmType {
    CrmType::new("CrmAddin.Test").unwrap()
}

fn words(text: &str) -> DirectoryText {
    DirectoryText::new(text).unwrap()
}

fn description(text: &str) -> Description {
    Description::new(text).unwrap()
}

fn json(text: &str) -> Part {
    Arc::new(Json::parse(text).unwrap())
}

/// Sealed values that would show in a dump, were they shown.
fn secrets(fields: &[&str]) -> Secrets {
    let sealed = |field: &&str| {
        ((*field).to_owned(), SealedValue::from_ciphertext(format!("canary {field}").into_bytes()))
    };
    Arc::new(fields.iter().map(sealed).collect::<BTreeMap<_, _>>())
}

fn commitment(number: u8) -> NameCommitment {
    NameCommitment::new([number; 32])
}

fn credential(number: u8) -> CredentialId {
    CredentialId::new([number; 16])
}

fn everything() -> Grant {
    Grant { role: Role::Administrator, scope: Scope::EveryTelSys }
}

fn editor() -> Grant {
    Grant { role: Role::Editor, scope: Scope::Partition(telsys(), partition()) }
}

fn viewer() -> Grant {
    Grant { role: Role::Viewer, scope: Scope::EveryTelSys }
}
