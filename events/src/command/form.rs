//! What a request asked for, in the form in which its repetition is told from another request.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::event::Part;
use crate::json::Json;
use crate::value::{CrmType, Description, RequestDigest, Scope, SealedValue};

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
