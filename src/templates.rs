//! Templates: what a configuration of a CRM type may hold, and the set of them that is in use.
//!
//! A template is a JSON document with `CRMType`, `Title`, `Version`, and a JSON Schema 2020-12 for each part.
//! `#` in a `$ref` is the part's schema, not the template. The rule for further properties (`closed.rs`): an object
//! whose schema says nothing about them allows none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crmconf_events::CrmType;

mod advice;
mod checks;
mod closed;
mod coerce;
mod compile;
mod fault;
pub mod folder;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod prepare;
pub(crate) mod reload;
mod schema;
mod source;
mod stored;
pub mod table;
mod template;
pub(crate) mod watched;
mod ways;

#[cfg(test)]
mod tests;

pub use advice::{Warning, warnings};
pub use fault::PartFault;
pub use prepare::{Mode, PasswordInput, Prepared};
pub use reload::Note;
pub use schema::effective;
pub use source::SourceState;
pub use template::{PASSWORD_FIELDS_MAX, TEMPLATE_BYTES_MAX, Template, TemplateError, TemplateFaults};
pub use watched::Watched;

/// The documents that come with the program, by type.
pub const BUILTIN: [(&str, &str); 2] = [
    ("CrmAddin.Salesforce.SalesforceAddin", include_str!("templates/builtin/salesforce.json")),
    ("CrmAddin.SugarCrm.SugarCrmAddin", include_str!("templates/builtin/sugarcrm.json")),
];

/// What a set of templates says about a type.
#[derive(Clone, Debug)]
pub enum TemplateLookup {
    /// The template.
    Found(Arc<Template>),
    /// A template is there, but cannot be used, for this reason.
    Invalid(Arc<str>),
    /// Where templates come from was never reached, so nothing is known about the type.
    Unreachable,
    /// There is no such type.
    Unknown,
}

/// A usable template, or the reason why it is not.
type Entry = Result<Arc<Template>, Arc<str>>;

/// The templates in use, all read from one source at one time. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct TemplateSet {
    /// `None` until the source was reached once.
    entries: Option<Arc<BTreeMap<CrmType, Entry>>>,
    state: SourceState,
}

impl TemplateSet {
    /// The set of a source that was not reached yet.
    #[must_use]
    pub fn unreachable() -> Self {
        Self::default()
    }

    /// Reads one document per type. A document that is no valid template, or is of another type, makes its type
    /// invalid and leaves the others alone.
    #[must_use]
    pub fn read<'a>(documents: impl IntoIterator<Item = (CrmType, &'a str)>) -> Self {
        let entry = |(crm_type, text): (CrmType, &str)| {
            let template = match Template::load(text) {
                Ok(template) if template.crm_type() == &crm_type => Ok(Arc::new(template)),
                Ok(_) => Err(Arc::from("the template's CRMType is another one than it is stored under")),
                Err(error) => Err(Arc::from(error.to_string())),
            };
            (crm_type, template)
        };
        let entries: BTreeMap<_, _> = documents.into_iter().map(entry).collect();
        let usable = entries.values().filter(|entry| entry.is_ok()).count();
        let refused = entries.len().saturating_sub(usable);
        Self::of(entries, SourceState { usable, refused, reachable: true, taken: None })
    }

    /// What a source came to.
    fn of(entries: BTreeMap<CrmType, Entry>, state: SourceState) -> Self {
        Self { entries: Some(Arc::new(entries)), state }
    }

    /// The seed's two types.
    #[must_use]
    pub fn builtin() -> Self {
        let named = |(name, text)| CrmType::new(name).ok().map(|crm_type| (crm_type, text));
        Self::read(BUILTIN.into_iter().filter_map(named))
    }

    /// What the set says about a type.
    #[must_use]
    pub fn get(&self, crm_type: &CrmType) -> TemplateLookup {
        match self.entries.as_ref().map(|entries| entries.get(crm_type)) {
            None => TemplateLookup::Unreachable,
            Some(None) => TemplateLookup::Unknown,
            Some(Some(Ok(template))) => TemplateLookup::Found(Arc::clone(template)),
            Some(Some(Err(reason))) => TemplateLookup::Invalid(Arc::clone(reason)),
        }
    }

    /// The valid templates, in code point order of their types.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Template>> {
        self.entries.iter().flat_map(|entries| entries.values()).filter_map(|entry| entry.as_ref().ok())
    }

    /// Every type with its template, where that can be used, in code point order; `None` until the source was reached.
    #[must_use]
    pub fn types(&self) -> Option<impl Iterator<Item = (&CrmType, Option<&Arc<Template>>)>> {
        let entries = self.entries.as_ref()?;
        Some(entries.iter().map(|(crm_type, entry)| (crm_type, entry.as_ref().ok())))
    }

    /// How the source stood when the set was made.
    #[must_use]
    pub const fn state(&self) -> SourceState {
        self.state
    }
}
