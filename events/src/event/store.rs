//! What happens to the store as a whole, and what it records beside its subjects.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::template::password_fields;
use crate::value::{
    AccountId, ConfigurationId, CrmType, KeyId, Sequence, StoreId, TemplateDigest, TemplateVersion, Timestamp,
};

/// The store came to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreCreated {
    /// Its id, as every commit header bears it.
    pub store: StoreId,
}

/// A template's content was used for the first time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateRecorded {
    /// The type of CRM it describes.
    #[serde(rename = "type")]
    pub crm_type: CrmType,
    /// Its author's version.
    pub version: TemplateVersion,
    /// Digest over its exact text.
    pub digest: TemplateDigest,
    /// Its exact text.
    pub document: String,
}

impl TemplateRecorded {
    /// The template's password fields.
    #[must_use]
    pub fn password_fields(&self) -> BTreeSet<String> {
        // Only what is a template is ever recorded; anything else would have none.
        Json::parse(&self.document).map(|document| password_fields(&document)).unwrap_or_default()
    }
}

/// A request with a RequestKey succeeded without changing anything, so that it can be recognised again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestRecorded {
    /// Who asked.
    pub account: AccountId,
    /// The configuration that was to be changed.
    pub id: ConfigurationId,
    /// The version that it had, and has.
    pub version: Sequence,
    /// The template that told its password fields.
    pub template: TemplateDigest,
    /// The data key under which the password values given were compared, if any were given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<KeyId>,
}

/// The clock was in doubt: it and the log's last commit were more than a day apart, and nothing vouched for either. Until
/// somebody confirms the clock, no data key is destroyed because its time has come.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionHeld {
    /// What the clock said.
    pub clock: Timestamp,
    /// When the log's last commit was made.
    pub head: Timestamp,
}

/// Somebody confirmed that the clock is right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestructionResumed {}
