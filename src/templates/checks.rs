//! What we refuse in a part's schema beyond what JSON Schema itself does.

use std::collections::BTreeSet;

use crmconf_events::json::Json;
use crmconf_events::template::{PASSWORD_FORMAT, Part};

use super::compile::{known_format, unusable_pattern};
use super::schema::{Found, REFERENCES_MAX, all_within, references, resolve};
use super::template::TemplateError;
use super::ways::led_to;

/// The only dialect.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Checks a part's schema: every place, in the document's order of keys, that breaks a rule of ours.
pub(super) fn check(root: &Json, part: Part, passwords: &BTreeSet<String>) -> Vec<TemplateError> {
    let all = all_within(root);
    let checker = Checker { root, part, passwords, all: &all };
    let faults = all.iter().flat_map(|found| {
        let place = || format!("{part}{}", found.pointer);
        checker.schema(found).into_iter().map(move |rule| TemplateError::Schema { place: place(), rule })
    });
    faults.collect()
}

struct Checker<'a> {
    root: &'a Json,
    part: Part,
    passwords: &'a BTreeSet<String>,
    all: &'a [Found<'a>],
}

impl Checker<'_> {
    /// The rules that a schema breaks.
    fn schema(&self, found: &Found<'_>) -> Vec<String> {
        let schema = found.schema;
        let mut broken: Vec<String> = self.format(found).err().into_iter().collect();
        if schema.get("$schema").is_some_and(|dialect| dialect.as_str() != Some(DIALECT)) {
            broken.push(format!("$schema must be {DIALECT}"));
        }
        if schema.get("$id").is_some() && !found.pointer.is_empty() {
            broken.push("$id may stand at the top of the schema only".to_owned());
        }
        broken.extend(references(schema).filter_map(|reference| self.reference(reference).err()));
        broken.extend(self.ends(schema, schema, &mut Vec::new(), 0).err());
        let named = schema.get("patternProperties").and_then(Json::as_object).into_iter().flatten();
        let patterns = schema.get("pattern").and_then(Json::as_str).into_iter();
        let patterns = patterns.chain(named.map(|(pattern, _)| pattern.as_str()));
        broken.extend(patterns.filter_map(unusable_pattern));
        broken
    }

    fn format(&self, found: &Found<'_>) -> Result<(), String> {
        let Some(format) = found.schema.get("format").and_then(Json::as_str) else { return Ok(()) };
        if format != PASSWORD_FORMAT {
            return known_format(format);
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
        for next in led_to(self.root, schema) {
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
