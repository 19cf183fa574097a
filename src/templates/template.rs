//! `Template`: a document that passed every check, compiled.

mod widened;

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
use super::compile::{compile, no_schema};
use super::schema::pointer_step;
use super::ways::{TOO_MANY, too_many};

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

impl TemplateError {
    /// Where in the document it stands, as a JSON pointer (RFC 6901); empty for the document itself.
    #[must_use]
    pub fn pointer(&self) -> String {
        match self {
            Self::TooLong { .. } | Self::NotAnObject | Self::MissingMember(_) => String::new(),
            Self::Json(error) => error.pointer().to_owned(),
            Self::UnknownMember(name) => format!("/{}", pointer_step(name)),
            Self::NotAText(name) => format!("/{name}"),
            Self::CrmType(_) => "/CRMType".to_owned(),
            Self::Version(_) => "/Version".to_owned(),
            Self::TooManyPasswords { .. } => format!("/{}/properties", Part::Configuration),
            Self::Schema { place, .. } => format!("/{place}"),
        }
    }

    /// What is wrong there, and what to do.
    #[must_use]
    pub fn rule(&self) -> String {
        match self {
            Self::Schema { rule, .. } => rule.clone(),
            Self::UnknownMember(_) => format!("{self}; remove it"),
            Self::MissingMember(_) => format!("{self}; add it"),
            Self::NotAnObject => format!("{self} with the members {}", MEMBERS.join(", ")),
            Self::Json(error) => {
                let (line, column) = (error.line(), error.column());
                format!("the template is no valid JSON: {} (line {line}, column {column})", error.rule())
            }
            Self::TooLong { .. }
            | Self::NotAText(_)
            | Self::CrmType(_)
            | Self::Version(_)
            | Self::TooManyPasswords { .. } => self.to_string(),
        }
    }
}

/// What is wrong with a document: never nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFaults {
    /// The first.
    pub first: TemplateError,
    /// The others, in the document's order.
    pub others: Vec<TemplateError>,
}

impl TemplateFaults {
    fn of(faults: Vec<TemplateError>) -> Option<Self> {
        let mut faults = faults.into_iter();
        Some(Self { first: faults.next()?, others: faults.collect() })
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &TemplateError> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl From<TemplateError> for TemplateFaults {
    fn from(first: TemplateError) -> Self {
        Self { first, others: Vec::new() }
    }
}

/// A valid template, ready to prepare configurations by.
pub struct Template {
    title: String,
    /// What commands are given of it, made once: they share it.
    used: Arc<TemplateUse>,
    password_fields: BTreeSet<String>,
    configuration: PartSchema,
    /// Without passwords, and so shared by a template that takes more fields as passwords.
    common: Arc<PartSchema>,
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
    /// refers outside of itself, or holds no valid JSON Schema 2020-12: the first of its faults.
    pub fn load(text: &str) -> Result<Self, TemplateError> {
        Self::examine(text).map_err(|TemplateFaults { first, .. }| first)
    }

    /// The same, for an author who wants to know everything at once.
    ///
    /// # Errors
    /// Every fault that can be told from the others.
    pub fn examine(text: &str) -> Result<Self, TemplateFaults> {
        if text.len() > TEMPLATE_BYTES_MAX {
            return Err(TemplateError::TooLong { bytes: text.len() }.into());
        }
        let document = Json::parse(text).map_err(TemplateError::Json)?;
        let members = document.as_object().ok_or(TemplateError::NotAnObject)?;
        let mut faults: Vec<TemplateError> = members
            .keys()
            .filter(|key| !MEMBERS.contains(&key.as_str()))
            .map(|key| TemplateError::UnknownMember(key.clone()))
            .collect();
        let passwords = password_fields(&document);
        if passwords.len() > PASSWORD_FIELDS_MAX {
            faults.push(TemplateError::TooManyPasswords { count: passwords.len() });
        }
        let mut read = Read { members, faults };
        let crm_type = read.text("CRMType", |text| CrmType::new(text).map_err(TemplateError::CrmType));
        let title = read.text("Title", |text| Ok(text.to_owned()));
        let version = read.text("Version", |text| TemplateVersion::new(text).map_err(TemplateError::Version));
        let configuration = read.part(text, Part::Configuration, &passwords);
        let common = read.part(text, Part::Common, &BTreeSet::new());
        let rules = configuration.as_ref().map(|part| password_rules(&part.schema, &passwords));
        let rules = rules.and_then(|rules| rules.map_err(|fault| read.faults.push(fault)).ok());
        match (TemplateFaults::of(read.faults), crm_type, title, version, configuration, common, rules) {
            (
                None,
                Some(crm_type),
                Some(title),
                Some(version),
                Some(configuration),
                Some(common),
                Some(rules),
            ) => {
                let digest = template_digest(text);
                let document = text.into();
                let password_fields = passwords.clone();
                let used = Arc::new(TemplateUse { crm_type, version, digest, document, password_fields });
                let password_fields = passwords;
                let common = Arc::new(common);
                Ok(Self { title, used, password_fields, configuration, common, password_rules: rules })
            }
            // Whatever could not be read left a fault.
            (faults, ..) => Err(faults.unwrap_or_else(|| TemplateError::NotAnObject.into())),
        }
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
    pub const fn password_fields(&self) -> &BTreeSet<String> {
        &self.password_fields
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

    pub(super) fn part(&self, part: Part) -> &PartSchema {
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

/// A document that is being read, with what was found wrong so far.
struct Read<'a> {
    members: &'a Object,
    faults: Vec<TemplateError>,
}

impl Read<'_> {
    /// A member that is a text.
    fn text<T>(
        &mut self,
        name: &'static str,
        check: impl FnOnce(&str) -> Result<T, TemplateError>,
    ) -> Option<T> {
        let value = self.members.get(name).ok_or(TemplateError::MissingMember(name));
        let text = value.and_then(|value| {
            value.as_str().filter(|text| !text.is_empty()).ok_or(TemplateError::NotAText(name))
        });
        text.and_then(check).map_err(|fault| self.faults.push(fault)).ok()
    }

    /// A part's schema.
    fn part(&mut self, text: &str, part: Part, passwords: &BTreeSet<String>) -> Option<PartSchema> {
        let Some(schema) = self.members.get(part.name()) else {
            self.faults.push(TemplateError::MissingMember(part.name()));
            return None;
        };
        let faults = part_faults(schema, part, passwords);
        if !faults.is_empty() {
            self.faults.extend(faults);
            return None;
        }
        let closed = closed(schema, passwords);
        // Only where nothing leads to itself, which was looked at above, can they be counted.
        if too_many(&closed) {
            self.faults.push(TemplateError::Schema { place: part.to_string(), rule: TOO_MANY.to_owned() });
            return None;
        }
        match compile(&closed) {
            Ok(validator) => {
                Some(PartSchema { schema: schema.clone(), validator, key_order: key_order(text, part) })
            }
            Err(at) => {
                self.faults.push(invalid(part, at));
                None
            }
        }
    }
}

/// What is wrong with a part's schema, each place once.
fn part_faults(schema: &Json, part: Part, passwords: &BTreeSet<String>) -> Vec<TemplateError> {
    let mut faults = checks::check(schema, part, passwords);
    faults.extend(no_schema(schema).into_iter().map(|at| invalid(part, at)));
    faults
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
    compile(&Json::Object(rules)).map(Some).map_err(|at| invalid(Part::Configuration, at))
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

fn invalid(part: Part, (pointer, rule): (String, String)) -> TemplateError {
    TemplateError::Schema { place: format!("{part}{pointer}"), rule }
}
