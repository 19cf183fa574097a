//! The world of the stories: a store with accounts and a directory, its templates, and what its events look like.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crmconf_events::access::{Grant, Role};
use crmconf_events::command::{Command, CreateStore, DirectoryEntry, NewAccount, Request, TemplateUse};
use crmconf_events::decide::kit::Given;
use crmconf_events::decide::{ConfigurationOutcome, Outcome};
use crmconf_events::event::{
    Actor, ConfigurationAdded, ConfigurationChanged, ConfigurationDeleted, Context, Event, TemplateRecorded,
};
use crmconf_events::template::template_digest;
use crmconf_events::{
    AccountId, CredentialId, CrmType, DeviceNumber, DirectoryText, KeyId, NameCommitment, PartitionId, Scope,
    Sequence, StoreId, TelSysId, TemplateVersion,
};

use super::{id, json, text};

/// Administrator on everything.
pub(crate) const ADMIN: Actor = Actor::Account(account(1));
/// Editor on TelSys 1.
pub(crate) const EDITOR: Actor = Actor::Account(account(2));
/// Viewer on everything.
pub(crate) const VIEWER: Actor = Actor::Account(account(3));

/// How many events make up the world.
const WORLD_EVENTS: u64 = 12;

pub(crate) const fn account(number: u8) -> AccountId {
    AccountId::new([number; 16])
}

/// The `number`th event after those that make up the world, from 1.
pub(crate) fn nth(number: u64) -> Sequence {
    Sequence::new(WORLD_EVENTS + number).unwrap()
}

/// A store with three accounts, and two telephone systems; device 0101 in partition 1 of the first.
pub(crate) fn world() -> Given {
    let given = Given::that([create_store()]);
    assert_eq!(given.past().len() as u64, WORLD_EVENTS);
    given
}

/// The world with configuration 1 "Sales" at TelSys 1, added by events 1 and 2; a password was given.
pub(crate) fn with_sales() -> Given {
    world().when(super::add("Sales").secret("Password", "first")).and_given()
}

pub(crate) fn create_store() -> Request {
    let accounts = vec![
        new_account(1, grant(Role::Administrator, Scope::EveryTelSys)),
        new_account(2, editor().grant),
        new_account(3, grant(Role::Viewer, Scope::EveryTelSys)),
    ];
    let words = |text: &str| DirectoryText::new(text).unwrap();
    let (one, two) = (TelSysId::new(1).unwrap(), TelSysId::new(2).unwrap());
    let partition = PartitionId::new(1).unwrap();
    let device = DeviceNumber::new("0101").unwrap();
    let directory = vec![
        DirectoryEntry::TelSys { telsys: one, description: words("one"), environment: words("e-1") },
        DirectoryEntry::Partition { telsys: one, partition, description: words("one/1") },
        DirectoryEntry::Device { telsys: one, partition, device, description: words("desk") },
        DirectoryEntry::TelSys { telsys: two, description: words("two"), environment: words("e-2") },
        DirectoryEntry::Partition { telsys: two, partition, description: words("two/1") },
    ];
    Request {
        context: Context::of(Actor::System),
        validate_only: false,
        command: Command::CreateStore(CreateStore { store: StoreId::new([7; 16]), accounts, directory }),
    }
}

fn new_account(number: u8, grant: Grant) -> NewAccount {
    NewAccount {
        account: account(number),
        name: NameCommitment::new([number; 32]),
        credential: CredentialId::new([number; 16]),
        key: None,
        grants: vec![grant],
    }
}

pub(crate) fn grant(role: Role, scope: Scope) -> Grant {
    Grant { role, scope }
}

pub(crate) fn telsys(number: u32) -> Scope {
    Scope::TelSys(TelSysId::new(number).unwrap())
}

pub(crate) fn partition(number: u32, part: u32) -> Scope {
    Scope::Partition(TelSysId::new(number).unwrap(), PartitionId::new(part).unwrap())
}

pub(crate) fn device(number: u32, part: u32, device: &str) -> Scope {
    let device = DeviceNumber::new(device).unwrap();
    Scope::Device(TelSysId::new(number).unwrap(), PartitionId::new(part).unwrap(), device)
}

/// The type of CRM that everything is of.
pub(crate) fn crm_type() -> CrmType {
    CrmType::new("CrmAddin.Test").unwrap()
}

const DOCUMENT: &str = r#"{"CRMConfiguration":{"properties":{"Url":{"type":"string"},"Password":{"type":"string","format":"password"},"Token":{"type":"string","format":"password"}}}}"#;
/// Here `Password` is no password any more, and `Url` is one.
const LATER_DOCUMENT: &str =
    r#"{"CRMConfiguration":{"properties":{"Url":{"type":"string","format":"password"}}}}"#;

pub(crate) fn template() -> Arc<TemplateUse> {
    template_of("1", DOCUMENT, &["Password", "Token"])
}

/// Another text of the template of the same type.
pub(crate) fn later_template() -> Arc<TemplateUse> {
    template_of("2", LATER_DOCUMENT, &["Url"])
}

fn template_of(version: &str, document: &str, password_fields: &[&str]) -> Arc<TemplateUse> {
    Arc::new(TemplateUse {
        crm_type: crm_type(),
        version: TemplateVersion::new(version).unwrap(),
        digest: template_digest(document),
        document: document.into(),
        password_fields: password_fields.iter().map(ToString::to_string).collect::<BTreeSet<_>>(),
    })
}

pub(crate) fn recorded(template: &TemplateUse) -> Event {
    TemplateRecorded {
        crm_type: template.crm_type.clone(),
        version: template.version.clone(),
        digest: template.digest,
        document: template.document.to_string(),
    }
    .into()
}

/// The event of a plain [`super::add`], to be varied.
pub(crate) fn added(number: u16, description: &str, key: u64) -> ConfigurationAdded {
    ConfigurationAdded {
        id: id(number),
        scope: telsys(1),
        crm_type: crm_type(),
        description: text(description),
        template: template().digest,
        key: KeyId(key),
        configuration: json(r#"{"Url":"https://a.example"}"#),
        secrets: Arc::default(),
        common: json(r#"{"Active":true}"#),
    }
}

/// The event of a [`super::change`] of nothing, to be varied; the data key is that of the configuration added as the
/// `number`-th.
pub(crate) fn changed(number: u16) -> ConfigurationChanged {
    ConfigurationChanged {
        id: id(number),
        scope: telsys(1),
        crm_type: crm_type(),
        template: template().digest,
        key: KeyId(number.into()),
        description: None,
        configuration: None,
        secrets: Arc::default(),
        common: None,
    }
}

pub(crate) fn deleted(number: u16, version: Sequence) -> ConfigurationDeleted {
    ConfigurationDeleted {
        id: id(number),
        scope: telsys(1),
        crm_type: crm_type(),
        template: template().digest,
        key: KeyId(number.into()),
        version,
    }
}

pub(crate) fn outcome(number: u16, version: Sequence) -> Outcome {
    Outcome::Configuration(ConfigurationOutcome { id: id(number), version })
}

pub(crate) fn secrets(fields: &[(&str, &str)]) -> Arc<BTreeMap<String, crmconf_events::SealedValue>> {
    Arc::new(fields.iter().map(|(name, value)| ((*name).to_owned(), super::sealed(value))).collect())
}

/// [`EDITOR`]'s account and only grant.
pub(crate) struct AccountAndGrant {
    pub(crate) account: AccountId,
    pub(crate) grant: Grant,
}

pub(crate) fn editor() -> AccountAndGrant {
    AccountAndGrant { account: account(2), grant: grant(Role::Editor, telsys(1)) }
}
