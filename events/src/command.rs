//! Commands: what a caller wants, with everything drawn and prepared that a pure decision cannot make itself.

mod account;
mod directory;
mod keys;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

pub use account::{
    ChangeAccount, CreateAccount, CredentialDifference, CredentialFault, DeleteAccount, EraseAccount,
    NamedCredential, NewCredential, SetCredential,
};
pub use directory::{
    ImportCounts, ImportDirectory, ImportMode, ImportProgress, KindCounts, ListedEntry, Listing, Orphan,
    Twice,
};

pub use keys::{DestroyRetired, HoldDestruction, ShredConfiguration};

use crate::access::Grant;
use crate::event::{Context, Part};
use crate::json::Json;
use crate::value::{
    AccountId, ConfigurationId, CredentialId, CrmType, Description, DeviceNumber, DirectoryText, KeyId,
    NameCommitment, PartitionId, RequestDigest, Scope, SealedValue, StoreId, TelSysId, TemplateDigest,
    TemplateVersion,
};

/// A command with who asks for it and how.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks, from where and why; its `request` digests are filled in by the decision.
    pub context: Context,
    /// Whether only to check, and append nothing.
    pub validate_only: bool,
    /// What is wanted.
    pub command: Command,
}

/// What a caller wants; it may be rejected.
#[derive(Clone, Debug)]
pub enum Command {
    /// Set up an empty store.
    CreateStore(CreateStore),
    /// Add a configuration.
    AddConfiguration(AddConfiguration),
    /// Change a configuration.
    ChangeConfiguration(ChangeConfiguration),
    /// Delete a configuration.
    DeleteConfiguration(DeleteConfiguration),
    /// Give up the data key of a configuration.
    ShredConfiguration(ShredConfiguration),
    /// Give up the data keys of configurations that were deleted long enough ago.
    DestroyRetired(DestroyRetired),
    /// Destroy no more keys because their time has come.
    HoldDestruction(HoldDestruction),
    /// Destroy them again.
    ResumeDestruction,
    /// Create an account.
    CreateAccount(CreateAccount),
    /// Change an account.
    ChangeAccount(ChangeAccount),
    /// Give an account another password.
    SetCredential(SetCredential),
    /// Delete an account.
    DeleteAccount(DeleteAccount),
    /// Give up an account's name and addresses.
    EraseAccount(EraseAccount),
    /// Import into the directory.
    ImportDirectory(ImportDirectory),
}

impl Command {
    /// What its request asked for, if its repetition can be told from another request.
    #[must_use]
    pub const fn form(&self) -> Option<&RequestForm> {
        match self {
            Self::AddConfiguration(command) => Some(&command.form),
            Self::ChangeConfiguration(command) => Some(&command.form),
            Self::DeleteConfiguration(command) => Some(&command.form),
            Self::CreateStore(_)
            | Self::ShredConfiguration(_)
            | Self::DestroyRetired(_)
            | Self::HoldDestruction(_)
            | Self::ResumeDestruction
            | Self::CreateAccount(_)
            | Self::ChangeAccount(_)
            | Self::SetCredential(_)
            | Self::DeleteAccount(_)
            | Self::EraseAccount(_)
            | Self::ImportDirectory(_) => None,
        }
    }
}

/// Sets up an empty store in one commit.
#[derive(Clone, Debug)]
pub struct CreateStore {
    /// The store's id.
    pub store: StoreId,
    /// Its first accounts.
    pub accounts: Vec<NewAccount>,
    /// Its first directory entries, parents first.
    pub directory: Vec<DirectoryEntry>,
}

/// An account to be created, its credential already in the vault.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its id.
    pub account: AccountId,
    /// Binds it to its name.
    pub name: NameCommitment,
    /// The credential's file in the vault.
    pub credential: CredentialId,
    /// The data key given to its addresses.
    pub key: Option<KeyId>,
    /// What it may do.
    pub grants: Vec<Grant>,
}

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DirectoryEntry {
    /// A telephone system.
    TelSys {
        /// Its id.
        telsys: TelSysId,
        /// What List shows for it.
        description: DirectoryText,
        /// Its `CMEnvironmentID`.
        environment: DirectoryText,
    },
    /// A partition.
    Partition {
        /// Its telephone system.
        telsys: TelSysId,
        /// Its id there.
        partition: PartitionId,
        /// What List shows for it.
        description: DirectoryText,
    },
    /// A device.
    Device {
        /// Its telephone system.
        telsys: TelSysId,
        /// Its partition.
        partition: PartitionId,
        /// Its number.
        device: DeviceNumber,
        /// What List shows for it.
        description: DirectoryText,
    },
}

/// Adds a configuration.
#[derive(Clone, Debug)]
pub struct AddConfiguration {
    /// The id drawn for it.
    pub id: ConfigurationId,
    /// Where it is to apply.
    pub scope: Scope,
    /// Its type of CRM.
    pub crm_type: CrmType,
    /// What its owner calls it.
    pub description: Description,
    /// Its parts, checked against the type's template, or why they cannot stand.
    pub parts: Result<AddParts, PartsFault>,
    /// The data key given to it, under which its password fields are sealed; the next one if none is named.
    pub key: Option<KeyId>,
    /// What was given, for telling repetitions.
    pub form: RequestForm,
}

/// Changes a configuration.
#[derive(Clone, Debug)]
pub struct ChangeConfiguration {
    /// The configuration's id; `None` when the text given is no id, and so of no configuration.
    pub id: Option<ConfigurationId>,
    /// The scope it must have.
    pub scope: Scope,
    /// The type it must have, if given.
    pub crm_type: Option<CrmType>,
    /// Its new description, if given.
    pub description: Option<Description>,
    /// Its new parts, checked against the type's template, or why they cannot stand.
    pub parts: Result<ChangeParts, PartsFault>,
    /// The data key under which new password values are sealed, if it is another than it has: then the values sealed under
    /// that one, which can never be opened again, are dropped.
    pub key: Option<KeyId>,
    /// The version it must have, if given.
    pub expected_version: Option<u64>,
    /// What was given, for telling repetitions.
    pub form: RequestForm,
}

/// Deletes a configuration.
#[derive(Clone, Debug)]
pub struct DeleteConfiguration {
    /// The configuration's id; `None` when the text given is no id, and so of no configuration.
    pub id: Option<ConfigurationId>,
    /// The scope it must have.
    pub scope: Scope,
    /// The version it must have, if given.
    pub expected_version: Option<u64>,
    /// What was given, for telling repetitions.
    pub form: RequestForm,
}

/// A template as a command uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateUse {
    /// The type of CRM it describes.
    pub crm_type: CrmType,
    /// Its author's version.
    pub version: TemplateVersion,
    /// Digest over its exact text.
    pub digest: TemplateDigest,
    /// Its exact text.
    pub document: Arc<str>,
    /// Its password fields.
    pub password_fields: BTreeSet<String>,
}

/// The parts of a configuration to be added, as the template converted them.
#[derive(Clone, Debug)]
pub struct AddParts {
    /// The template they were checked against.
    pub template: Arc<TemplateUse>,
    /// `CRMConfiguration` without password fields.
    pub configuration: Part,
    /// Its password fields, sealed.
    pub secrets: BTreeMap<String, SealedValue>,
    /// `CRMConfigurationCommon`.
    pub common: Part,
}

/// The parts of a configuration to be changed, as the template converted them.
#[derive(Clone, Debug)]
pub struct ChangeParts {
    /// The template they were checked against.
    pub template: Arc<TemplateUse>,
    /// The new `CRMConfiguration`, if given.
    pub configuration: Option<ConfigurationChange>,
    /// The new `CRMConfigurationCommon`, if given.
    pub common: Option<Part>,
}

/// A replacement of `CRMConfiguration`.
#[derive(Clone, Debug)]
pub struct ConfigurationChange {
    /// The new part without password fields.
    pub configuration: Part,
    /// What becomes of password fields; those not named keep their stored value.
    pub secrets: BTreeMap<String, SecretChange>,
}

/// What becomes of a password field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretChange {
    /// It gets this value.
    Set(SealedValue),
    /// It goes.
    Remove,
}

/// Why the parts given cannot stand. Texts name field and rule, never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartsFault {
    /// There is no such type of CRM.
    UnknownType,
    /// The type's template cannot be loaded now.
    TemplateUnavailable(String),
    /// The data key that password fields are to be sealed under cannot be had now.
    KeyUnavailable(String),
    /// `CRMConfiguration` breaks a rule.
    Configuration(String),
    /// `CRMConfigurationCommon` breaks a rule.
    Common(String),
}

/// A JSON part as it came with a request, before the template's conversions.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Given {
    /// It was not given.
    #[default]
    Absent,
    /// What was given cannot be read as JSON, and so equals nothing.
    Unreadable,
    /// What was given.
    Json(Part),
}

/// What a request asked for, in the form in which repetitions are told from other requests.
#[derive(Clone, Debug)]
pub struct RequestForm {
    /// The operation's name.
    pub operation: &'static str,
    /// The triple; omitted ids are sentinels.
    pub scope: Scope,
    /// The id as given.
    pub id: Option<String>,
    /// The type as given.
    pub crm_type: Option<CrmType>,
    /// The description as given.
    pub description: Option<Description>,
    /// The expected version as given.
    pub expected_version: Option<u64>,
    /// `CRMConfiguration` as given.
    pub configuration: Given,
    /// `CRMConfigurationCommon` as given.
    pub common: Given,
    /// Digest over the password values given, as they are stored; see [`sealed_digest`].
    pub sealed: Option<RequestDigest>,
}

/// Digest over password values by name, as they are stored: BLAKE3 in derive-key mode, context
/// `crmconf request passwords v1`, over compact JSON as events have it. `None` where there are none.
#[must_use]
pub fn sealed_digest(values: &BTreeMap<String, SealedValue>) -> Option<RequestDigest> {
    if values.is_empty() {
        return None;
    }
    let bytes = serde_json::to_vec(values).ok()?;
    let hash = blake3::Hasher::new_derive_key("crmconf request passwords v1").update(&bytes).finalize();
    Some(RequestDigest::new(*hash.as_bytes()))
}

/// The bytes under the digest: compact JSON with keys in this order.
#[derive(Serialize)]
struct DigestForm<'a> {
    operation: &'a str,
    scope: &'a Scope,
    id: Option<&'a str>,
    #[serde(rename = "type")]
    crm_type: Option<&'a CrmType>,
    description: Option<&'a Description>,
    expected: Option<u64>,
    configuration: Option<Json>,
    passwords: Vec<&'a str>,
    common: Option<&'a Json>,
}

impl RequestForm {
    /// Digest of the request: BLAKE3 in derive-key mode, context `crmconf request v1`, password fields by name
    /// only (a JSON `null`, which removes one, is no secret and stays). `None` when a part cannot be read.
    #[must_use]
    pub fn digest(&self, password_fields: &BTreeSet<String>) -> Option<RequestDigest> {
        let bytes = self.bytes(password_fields)?;
        let hash = blake3::Hasher::new_derive_key("crmconf request v1").update(&bytes).finalize();
        Some(RequestDigest::new(*hash.as_bytes()))
    }

    /// The bytes under the digest. The log keeps digests for ever, so that they may never change.
    fn bytes(&self, password_fields: &BTreeSet<String>) -> Option<Vec<u8>> {
        let (configuration, passwords) = match &self.configuration {
            Given::Absent => (None, Vec::new()),
            Given::Unreadable => return None,
            Given::Json(part) => without_passwords(part, password_fields),
        };
        let common = match &self.common {
            Given::Absent => None,
            Given::Unreadable => return None,
            Given::Json(part) => Some(&**part),
        };
        let form = DigestForm {
            operation: self.operation,
            scope: &self.scope,
            id: self.id.as_deref(),
            crm_type: self.crm_type.as_ref(),
            description: self.description.as_ref(),
            expected: self.expected_version,
            configuration,
            passwords,
            common,
        };
        serde_json::to_vec(&form).ok()
    }
}

/// Splits a part into what is no password, and the names of the passwords given.
fn without_passwords<'a>(part: &Json, fields: &'a BTreeSet<String>) -> (Option<Json>, Vec<&'a str>) {
    let Json::Object(object) = part else {
        return (Some(part.clone()), Vec::new());
    };
    let mut rest = object.clone();
    let mut names = Vec::new();
    for field in fields {
        if object.get(field).is_some_and(|value| *value != Json::Null) {
            rest.remove(field);
            names.push(field.as_str());
        }
    }
    (Some(Json::Object(rest)), names)
}
