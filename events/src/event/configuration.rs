//! What happens to a configuration.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::value::{
    ConfigurationId, CrmType, Description, KeyId, Scope, SealedValue, Sequence, TemplateDigest,
};

/// One JSON part of a configuration in normal form, shared by all who hold it.
pub type Part = Arc<Json>;

/// Password fields of a configuration by name, sealed.
pub type Secrets = Arc<BTreeMap<String, SealedValue>>;

fn is_empty(secrets: &Secrets) -> bool {
    secrets.is_empty()
}

/// A configuration was added.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationAdded {
    /// Its id.
    pub id: ConfigurationId,
    /// Where it applies.
    pub scope: Scope,
    /// Its type of CRM.
    #[serde(rename = "type")]
    pub crm_type: CrmType,
    /// What its owner calls it.
    pub description: Description,
    /// The template it was checked against.
    pub template: TemplateDigest,
    /// The data key given to its password fields.
    pub key: KeyId,
    /// The part `CRMConfiguration`, without password fields.
    pub configuration: Part,
    /// Its password fields.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub secrets: Secrets,
    /// The part `CRMConfigurationCommon`.
    pub common: Part,
}

/// A configuration was changed. A part that changed stands whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationChanged {
    /// Its id.
    pub id: ConfigurationId,
    /// Where it applies.
    pub scope: Scope,
    /// Its type of CRM.
    #[serde(rename = "type")]
    pub crm_type: CrmType,
    /// The template that the change was checked against.
    pub template: TemplateDigest,
    /// The data key that its password fields have from now on.
    pub key: KeyId,
    /// The new description, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Description>,
    /// The new part `CRMConfiguration` with all its password fields, if any of it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Part>,
    /// The password fields that belong to the new part, kept ones included.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub secrets: Secrets,
    /// The new part `CRMConfigurationCommon`, if it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub common: Option<Part>,
}

/// A configuration was deleted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationDeleted {
    /// Its id.
    pub id: ConfigurationId,
    /// Where it applied.
    pub scope: Scope,
    /// Its type of CRM.
    #[serde(rename = "type")]
    pub crm_type: CrmType,
    /// The template that it was last checked against.
    pub template: TemplateDigest,
    /// The data key that its password fields had.
    pub key: KeyId,
    /// The version that was deleted.
    pub version: Sequence,
}

/// The data key of a configuration, live or deleted, was given up: it is destroyed, and with it every value that was ever
/// sealed under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfigurationShredded {
    /// Its id.
    pub id: ConfigurationId,
    /// Where it applies or applied.
    pub scope: Scope,
    /// Its type of CRM.
    #[serde(rename = "type")]
    pub crm_type: CrmType,
    /// The data key that is destroyed.
    pub key: KeyId,
}
