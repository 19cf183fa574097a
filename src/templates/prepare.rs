//! Prepares a part that a caller gives: passwords taken out, texts coerced, the rest validated.

use std::collections::BTreeMap;
use std::fmt;

use crmconf_events::json::{Json, Object};
use crmconf_events::template::Part;
use zeroize::Zeroizing;

use super::coerce::coerce;
use super::compile::value;
use super::fault::{PartFault, first_fault};
use super::template::Template;

/// Stands for a password field that is given or kept, so that `required` finds it. No rule sees it.
const PLACEHOLDER: &str = "x";

/// What the part is prepared for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// A new configuration: an absent password field is absent.
    Add,
    /// A full replacement of the part, in which absent password fields keep their stored value.
    Change,
}

/// What a caller gives for a password field.
#[derive(Clone, PartialEq, Eq)]
pub enum PasswordInput {
    /// The text as it came, not opened yet; wiped from memory when dropped.
    Text(Zeroizing<String>),
    /// JSON `null` in a Change: the stored value goes away.
    Remove,
}

impl fmt::Debug for PasswordInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Remove => "Remove",
        })
    }
}

/// A part that fits its template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// The part's object, coerced, without password fields.
    pub json: Json,
    /// The password fields that were given, by name. An absent one is kept in a Change, and absent in an Add.
    pub passwords: BTreeMap<String, PasswordInput>,
}

impl Template {
    /// Makes of a part's JSON what is stored, or says what is wrong with it.
    ///
    /// In a Change a password field that is absent counts as there: whether a value is stored is not known here.
    ///
    /// # Errors
    /// The first fault in the order of JSON pointers; it never holds a value.
    pub fn prepare(&self, part: Part, json: &Json, mode: Mode) -> Result<Prepared, PartFault> {
        let Json::Object(object) = json else { return Err(PartFault::whole("type: must be object")) };
        let mut object = object.clone();
        let schema = self.part(part);
        let mut present = Object::new();
        let mut passwords = BTreeMap::new();
        if part == Part::Configuration {
            for name in self.password_fields() {
                let given = object.remove(name);
                let removed = given == Some(Json::Null) && mode == Mode::Change;
                if (given.is_some() && !removed) || (given.is_none() && mode == Mode::Change) {
                    present.insert(name.clone(), Json::from(PLACEHOLDER));
                }
                if let Some(input) =
                    given.map(|given| self.password(name, given, mode)).transpose()?.flatten()
                {
                    passwords.insert(name.clone(), input);
                }
            }
        }
        let mut json = Json::Object(object);
        coerce(&schema.schema, &schema.schema, &mut json);
        first_fault(&schema.validator, &value(&with(&json, present)))?;
        Ok(Prepared { json, passwords })
    }

    /// What a value given for a password field asks for; `None` for a `null` that the template allows in an Add.
    fn password(&self, name: &str, given: Json, mode: Mode) -> Result<Option<PasswordInput>, PartFault> {
        match (given, mode) {
            (Json::String(text), _) => Ok(Some(PasswordInput::Text(Zeroizing::new(text)))),
            (Json::Null, Mode::Change) => Ok(Some(PasswordInput::Remove)),
            (Json::Null, Mode::Add) if self.allows_null(name) => Ok(None),
            (Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_), _) => {
                Err(PartFault::field(name, "type: must be string"))
            }
        }
    }

    pub(super) fn allows_null(&self, name: &str) -> bool {
        let properties = self.part(Part::Configuration).schema.get("properties");
        let kinds = properties.and_then(|all| all.get(name)).and_then(|schema| schema.get("type"));
        kinds.and_then(Json::as_array).is_some_and(|kinds| kinds.contains(&Json::from("null")))
    }

    /// Checks an opened password against the rules of its field.
    ///
    /// # Errors
    /// The rule that it breaks, never its value; also when the template has no such password field.
    pub fn check_password(&self, field: &str, plaintext: &str) -> Result<(), PartFault> {
        let rules = self.password_rules().filter(|_| self.password_fields().contains(field));
        let rules = rules.ok_or_else(|| PartFault::field(field, "is no password field of the template"))?;
        // Made here, and not from JSON of ours: there would be another copy to wipe.
        let mut instance = serde_json::Value::Object(
            [(field.to_owned(), serde_json::Value::String(plaintext.to_owned()))].into_iter().collect(),
        );
        let checked = first_fault(rules, &instance);
        if let Some(serde_json::Value::String(copy)) = instance.get_mut(field) {
            zeroize::Zeroize::zeroize(copy);
        }
        checked
    }
}

/// The object with more members.
fn with(json: &Json, more: Object) -> Json {
    let members = json.as_object().cloned().unwrap_or_default();
    Json::Object(members.into_iter().chain(more).collect())
}
