//! What we refuse in a part's schema beyond what JSON Schema itself does.

use std::collections::BTreeSet;

use crmconf_events::json::Json;
use crmconf_events::template::{PASSWORD_FORMAT, Part};

use super::schema::{REFERENCES_MAX, Reach, references, resolve, subschemas};
use super::template::TemplateError;

/// The only dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A schema within the part's, and where it stands.
struct Found<'a> {
    schema: &'a Json,
    pointer: String,
    /// The part's property that it describes, if it describes one.
    field: Option<String>,
}

/// Checks a part's schema.
///
/// # Errors
/// The first place, in the document's order of keys, that breaks a rule of ours.
pub(super) fn check(root: &Json, part: Part, passwords: &BTreeSet<String>) -> Result<(), TemplateError> {
    let mut all = Vec::new();
    collect(root, String::new(), None, &mut all);
    let checker = Checker { root, part, passwords, all: &all };
    all.iter().try_for_each(|found| {
        checker
            .schema(found)
            .map_err(|rule| TemplateError::Schema { place: format!("{part}{}", found.pointer), rule })
    })
}

/// Every schema within a schema. Depth is bounded by that of JSON.
fn collect<'a>(schema: &'a Json, pointer: String, field: Option<String>, all: &mut Vec<Found<'a>>) {
    let top = pointer.is_empty();
    let place = pointer.clone();
    all.push(Found { schema, pointer, field });
    for sub in subschemas(schema) {
        let name = sub.name.as_ref().map(|name| format!("/{name}")).unwrap_or_default();
        let field = sub.name.filter(|_| top && sub.keyword == "properties");
        collect(sub.schema, format!("{place}/{}{name}", sub.keyword), field, all);
    }
}

struct Checker<'a> {
    root: &'a Json,
    part: Part,
    passwords: &'a BTreeSet<String>,
    all: &'a [Found<'a>],
}

impl Checker<'_> {
    fn schema(&self, found: &Found<'_>) -> Result<(), String> {
        let schema = found.schema;
        self.format(found)?;
        if schema.get("$schema").is_some_and(|dialect| dialect.as_str() != Some(DIALECT)) {
            return Err(format!("$schema must be {DIALECT}"));
        }
        if schema.get("$id").is_some() && !found.pointer.is_empty() {
            return Err("$id may stand at the top of the schema only".to_owned());
        }
        for reference in references(schema) {
            self.reference(reference)?;
        }
        self.ends(schema, schema, &mut Vec::new(), 0)?;
        Ok(())
    }

    fn format(&self, found: &Found<'_>) -> Result<(), String> {
        if found.schema.get("format").and_then(Json::as_str) != Some(PASSWORD_FORMAT) {
            return Ok(());
        }
        let text = found.schema.get("type").is_some_and(|kind| match kind {
            Json::String(kind) => kind == "string",
            Json::Array(kinds) => {
                let mut kinds: Vec<_> = kinds.iter().filter_map(Json::as_str).collect();
                kinds.sort_unstable();
                kinds == ["null", "string"]
            }
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Object(_) => false,
        });
        if self.part != Part::Configuration || found.field.is_none() || !text {
            return Err(format!(
                "\"format\": \"{PASSWORD_FORMAT}\" may stand only at a top-level property of {} with type string",
                Part::Configuration
            ));
        }
        Ok(())
    }

    fn reference(&self, reference: &Json) -> Result<(), String> {
        let text = reference.as_str().filter(|text| text.starts_with('#') && !text.contains('%'));
        let text =
            text.ok_or("a reference must begin with # and stay within the schema, without % escapes")?;
        let target = resolve(self.root, text).filter(|target| self.found(target).is_some());
        let target = target.ok_or("the reference names no schema of this part")?;
        let at = self.found(target);
        let password = at.and_then(|at| at.field.as_ref()).is_some_and(|name| self.passwords.contains(name));
        // A second use of a password field's schema would be a secret that nobody seals.
        if password || (std::ptr::eq(target, self.root) && !self.passwords.is_empty()) {
            return Err("a reference must not reach a password field".to_owned());
        }
        Ok(())
    }

    fn found(&self, schema: &Json) -> Option<&Found<'_>> {
        self.all.iter().find(|found| std::ptr::eq(found.schema, schema))
    }

    /// Refuses a schema that is reached from itself without a step down in the value: validating would never end.
    fn ends<'s>(
        &'s self,
        start: &Json,
        schema: &'s Json,
        visited: &mut Vec<&'s Json>,
        steps: usize,
    ) -> Result<(), String> {
        if steps > REFERENCES_MAX {
            return Err(format!("more than {REFERENCES_MAX} schemas refer to each other in a row"));
        }
        let targets = references(schema).filter_map(Json::as_str).filter_map(|text| resolve(self.root, text));
        let parts = subschemas(schema).into_iter();
        let parts =
            parts.filter(|sub| matches!(sub.reach, Reach::InPlace | Reach::Test)).map(|sub| sub.schema);
        for next in targets.chain(parts) {
            if std::ptr::eq(next, start) {
                return Err("the schema refers to itself for the same value, without end".to_owned());
            }
            if !visited.iter().any(|seen| std::ptr::eq(*seen, next)) {
                visited.push(next);
                self.ends(start, next, visited, steps.saturating_add(1))?;
            }
        }
        Ok(())
    }
}
