//! What the log's side needs to know of a template's document: its digest, its password fields, its order of keys.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Json;
use crate::value::TemplateDigest;

/// BLAKE3's key derivation context of template digests.
const DIGEST_CONTEXT: &str = "crmconf template v1";
/// The `format` that marks a password field.
pub const PASSWORD_FORMAT: &str = "password";

/// The two parts of a configuration, each a container of the API and a schema of the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `CRMConfiguration`, the only part with password fields.
    Configuration,
    /// `CRMConfigurationCommon`.
    Common,
}

impl Part {
    /// Both, in the API's order.
    pub const ALL: [Self; 2] = [Self::Configuration, Self::Common];

    /// The part's name in the API and in templates.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "CRMConfiguration",
            Self::Common => "CRMConfigurationCommon",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The digest by which events name a template: over its exact text.
#[must_use]
pub fn template_digest(text: &str) -> TemplateDigest {
    TemplateDigest::new(blake3::derive_key(DIGEST_CONTEXT, text.as_bytes()))
}

/// The names of the password fields: top-level properties of `CRMConfiguration` with `"format": "password"`.
///
/// Takes any document; one that is no template has none.
#[must_use]
pub fn password_fields(document: &Json) -> BTreeSet<String> {
    let properties = document
        .get(Part::Configuration.name())
        .and_then(|schema| schema.get("properties"))
        .and_then(Json::as_object);
    properties
        .into_iter()
        .flatten()
        .filter(|(_, schema)| schema.get("format").and_then(Json::as_str) == Some(PASSWORD_FORMAT))
        .map(|(name, _)| name.clone())
        .collect()
}

/// The names of a part's top-level properties in the order in which the template's text has them.
///
/// Takes any text; one that is no template has none.
#[must_use]
pub fn key_order(document: &str, part: Part) -> Vec<String> {
    member(document, part.name())
        .and_then(|schema| member(schema, "properties"))
        .and_then(|properties| serde_json::from_str(properties).ok())
        .map(|Ordered(entries)| entries.into_iter().map(|(key, _)| key).collect())
        .unwrap_or_default()
}

/// The text of an object's member.
fn member<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let Ordered(entries) = serde_json::from_str(text).ok()?;
    entries.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.get())
}

/// An object's members as they stand in the text. [`Json`] sorts its keys and cannot tell.
struct Ordered<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Ordered<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Ordered<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"{
        "CRMConfigurationCommon": {"properties": {"z": {"format": "password"}}},
        "CRMConfiguration": {"properties": {
            "Url": {"type": "string"},
            "Secret": {"type": "string", "format": "password"},
            "\u0041pi": {"type": "string", "format": "password"},
            "Deep": {"type": "object", "properties": {"x": {"format": "password"}}}
        }}
    }"#;

    #[test]
    fn password_fields_are_the_marked_top_level_properties_of_the_configuration() {
        let fields = password_fields(&Json::parse(DOCUMENT).unwrap());
        assert_eq!(fields.into_iter().collect::<Vec<_>>(), ["Api", "Secret"]);
        assert!(password_fields(&Json::parse("[]").unwrap()).is_empty());
    }

    #[test]
    fn keys_keep_the_order_of_the_document() {
        assert_eq!(key_order(DOCUMENT, Part::Configuration), ["Url", "Secret", "Api", "Deep"]);
        assert_eq!(key_order(DOCUMENT, Part::Common), ["z"]);
        for nothing in
            ["", "[]", "{}", r#"{"CRMConfiguration":true}"#, r#"{"CRMConfiguration":{"properties":[]}}"#]
        {
            assert!(key_order(nothing, Part::Configuration).is_empty(), "{nothing}");
        }
    }

    #[test]
    fn the_digest_is_over_the_exact_text() {
        assert_eq!(template_digest("{}"), template_digest("{}"));
        assert_ne!(template_digest("{}"), template_digest("{ }"));
        assert_eq!(template_digest("{}").as_bytes(), &blake3::derive_key("crmconf template v1", b"{}"));
    }
}
