//! Commands: what a caller wants, with everything drawn and prepared that a pure decision cannot make itself.

mod account;
mod directory;
mod form;
mod keys;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use account::{
    ChangeAccount, CreateAccount, CredentialDifference, CredentialFault, DeleteAccount, EraseAccount,
    NamedCredential, NewCredential, SetCredential,
};
pub use directory::{
    ImportCounts, ImportDirectory, ImportMode, ImportProgress, KindCounts, ListedEntry, Listing, Orphan,
    Twice,
};

pub use form::{Given, RequestForm, sealed_digest};
pub use keys::{DestroyRetired, HoldDestruction, ShredConfiguration};

use crate::access::Grant;
use crate::event::{Context, Part};
use crate::value::{
    AccountId, ConfigurationId, CredentialId, CrmType, Description, DeviceNumber, DirectoryText, KeyId,
    NameCommitment, PartitionId, Scope, SealedValue, StoreId, TelSysId, TemplateDigest, TemplateVersion,
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
    /// Record a template that marks a password as no recorded one of its type does.
    RecordTemplate(Arc<TemplateUse>),
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
            | Self::RecordTemplate(_)
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
    /// This field of `CRMConfiguration` holds a value in clear, and the stored one is sealed.
    InClear(String),
    /// `CRMConfigurationCommon` breaks a rule.
    Common(String),
}
