//! `Template`: a document that passed every check, compiled.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crmconf_events::command::TemplateUse;
use crmconf_events::json::{Json, JsonError, Object};
use crmconf_events::template::{Part, key_order, password_fields, template_digest};
use crmconf_events::{CrmType, TemplateDigest, TemplateVersion, TextError};
use jsonschema::Validator;
use thiserror::Error;

use super::checks;
use super::closed::closed;
use super::compile::compile;

/// Largest template, in bytes of UTF-8.
pub const TEMPLATE_BYTES_MAX: usize = 128 * 1_024;
/// Most password fields of a template.
pub const PASSWORD_FIELDS_MAX: usize = 64;

/// A template's members, all compulsory and no others.
const MEMBERS: [&str; 5] = ["CRMType", "Title", "Version", Part::Configuration.name(), Part::Common.name()];

/// Why a document is no template. Templates hold no secrets, so their own words may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TemplateError {
    /// Over its limit.
    #[error("the template is {bytes} bytes long, at most {TEMPLATE_BYTES_MAX} are allowed")]
    TooLong {
        /// How long it is.
        bytes: usize,
    },
    /// No JSON that we take.
    #[error("the template is no valid JSON: {0}")]
    Json(#[from] JsonError),
    /// Another kind of JSON value.
    #[error("a template is a JSON object")]
    NotAnObject,
    /// A member that templates do not have.
    #[error("a template has no member \"{0}\"; its members are CRMType, Title, Version and the two schemas")]
    UnknownMember(String),
    /// A member that each template has.
    #[error("the member {0} is missing")]
    MissingMember(&'static str),
    /// `Title` or `Version` is no text, or is empty.
    #[error("the member {0} must be a text that is not empty")]
    NotAText(&'static str),
    /// `CRMType` cannot name a type.
    #[error("CRMType {0}")]
    CrmType(TextError),
    /// `Version` is over its limit.
    #[error("Version {0}")]
    Version(TextError),
    /// Over the limit.
    #[error("the template has {count} password fields, at most {PASSWORD_FIELDS_MAX} are allowed")]
    TooManyPasswords {
        /// How many there are.
        count: usize,
    },
    /// Something in a schema that we refuse, or that is no JSON Schema.
    #[error("{place}: {rule}")]
    Schema {
        /// Part and JSON pointer.
        place: String,
        /// What is wrong there.
        rule: String,
    },
}

/// A valid template, ready to prepare configurations by.
pub struct Template {
    title: String,
    /// What commands are given of it, made once: they share it.
    used: Arc<TemplateUse>,
    configuration: PartSchema,
    common: PartSchema,
    /// Validates one password field's plaintext; `None` without password fields.
    password_rules: Option<Validator>,
}

/// What a template says about one part.
pub(super) struct PartSchema {
    /// As it stands in the document: what coercion goes by.
    pub(super) schema: Json,
    /// As it is validated.
    pub(super) validator: Validator,
    key_order: Vec<String>,
}

impl Template {
    /// Reads, checks and compiles a template's document.
    ///
    /// # Errors
    /// When it is over a limit, no JSON, has other members than templates have, marks a password where none may be,
    /// refers outside of itself, or holds no valid JSON Schema 2020-12.
    pub fn load(text: &str) -> Result<Self, TemplateError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong { bytes: text.len() });
        }
        let document = Json::parse(text)?;
        let members = document.as_object().ok_or(TemplateError::NotAnObject)?;
        if let Some(unknown) = members.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(TemplateError::UnknownMember(unknown.clone()));
        }
        let crm_type = CrmType::new(member_text(members, "CRMType")?).map_err(TemplateError::CrmType)?;
        let passwords = password_fields(&document);
        if passwords.len() > PASSWORD_FIELDS_MAX {
            return Err(TemplateError::TooManyPasswords { count: passwords.len() });
        }
        let configuration = PartSchema::read(text, members, Part::Configuration, &passwords)?;
        let common = PartSchema::read(text, members, Part::Common, &BTreeSet::new())?;
        Ok(Self {
            title: member_text(members, "Title")?.to_owned(),
            password_rules: password_rules(&configuration.schema, &passwords)?,
            used: Arc::new(TemplateUse {
                crm_type,
                version: TemplateVersion::new(member_text(members, "Version")?)
                    .map_err(TemplateError::Version)?,
                digest: template_digest(text),
                document: text.into(),
                password_fields: passwords,
            }),
            configuration,
            common,
        })
    }

    /// The type that it describes.
    #[must_use]
    pub fn crm_type(&self) -> &CrmType {
        &self.used.crm_type
    }

    /// Its name for people.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// Its version, in its author's words.
    #[must_use]
    pub fn version(&self) -> &str {
        self.used.version.as_str()
    }

    /// The digest of its text, by which events name it.
    #[must_use]
    pub fn digest(&self) -> TemplateDigest {
        self.used.digest
    }

    /// The exact document.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.used.document
    }

    /// The template as a command uses it.
    #[must_use]
    pub const fn used(&self) -> &Arc<TemplateUse> {
        &self.used
    }

    /// The names of its password fields.
    #[must_use]
    pub fn password_fields(&self) -> &BTreeSet<String> {
        &self.used.password_fields
    }

    /// The names of a part's fields in the document's order.
    #[must_use]
    pub fn key_order(&self, part: Part) -> &[String] {
        &self.part(part).key_order
    }

    /// A part's schema as it stands in the document.
    #[must_use]
    pub fn schema(&self, part: Part) -> &Json {
        &self.part(part).schema
    }

    pub(super) const fn part(&self, part: Part) -> &PartSchema {
        match part {
            Part::Configuration => &self.configuration,
            Part::Common => &self.common,
        }
    }

    pub(super) const fn password_rules(&self) -> Option<&Validator> {
        self.password_rules.as_ref()
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Template({}, version {}, {})", self.crm_type(), self.version(), self.digest())
    }
}

impl PartSchema {
    fn read(
        text: &str,
        members: &Object,
        part: Part,
        passwords: &BTreeSet<String>,
    ) -> Result<Self, TemplateError> {
        let schema = members.get(part.name()).ok_or(TemplateError::MissingMember(part.name()))?;
        checks::check(schema, part, passwords)?;
        let validator = compile(&closed(schema, passwords)).map_err(|rule| invalid(part, rule))?;
        Ok(Self { schema: schema.clone(), validator, key_order: key_order(text, part) })
    }
}

/// The rules of the password fields alone: the schema's definitions and properties, without what speaks about others.
fn password_rules(schema: &Json, passwords: &BTreeSet<String>) -> Result<Option<Validator>, TemplateError> {
    let Some(root) = schema.as_object().filter(|_| !passwords.is_empty()) else { return Ok(None) };
    let kept = ["$id", "$defs", "definitions", "properties"].into_iter();
    let mut rules: Object =
        kept.filter_map(|key| root.get(key).map(|value| (key.to_owned(), value.clone()))).collect();
    if let Some(Json::Object(properties)) = rules.remove("properties") {
        rules.insert(
            "properties",
            Json::Object(properties.into_iter().map(without_format(passwords)).collect()),
        );
    }
    compile(&Json::Object(rules)).map(Some).map_err(|rule| invalid(Part::Configuration, rule))
}

/// Takes away the `format` that marks a password field: it is no form that a text could have.
fn without_format(passwords: &BTreeSet<String>) -> impl Fn((String, Json)) -> (String, Json) {
    |(name, mut schema)| {
        if let (Json::Object(schema), true) = (&mut schema, passwords.contains(&name)) {
            schema.remove("format");
        }
        (name, schema)
    }
}

fn invalid(part: Part, rule: String) -> TemplateError {
    TemplateError::Schema { place: part.name().to_owned(), rule }
}

fn member_text<'a>(members: &'a Object, name: &'static str) -> Result<&'a str, TemplateError> {
    let value = members.get(name).ok_or(TemplateError::MissingMember(name))?;
    value.as_str().filter(|text| !text.is_empty()).ok_or(TemplateError::NotAText(name))
}
