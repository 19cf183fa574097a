//! Turns texts into the booleans and numbers that a schema's plain `type` asks for.
//!
//! Plain: one type, not a list of them, found by `properties`, `additionalProperties` (where no `patternProperties`
//! stands beside it, which might speak of the field instead), `items`, `prefixItems` and references. Nothing becomes a
//! text, no array is split, no default is filled in; what does not fit stays, for the validation to refuse.

use crmconf_events::json::{Json, Number};

use super::schema::{REFERENCES_MAX, references, resolve};

/// Coerces the value at the place that the schema describes, and all below. Depth is bounded by the value's.
pub(super) fn coerce(root: &Json, schema: &Json, value: &mut Json) {
    at(root, schema, value, 0);
}

fn at(root: &Json, schema: &Json, value: &mut Json, followed: usize) {
    if followed < REFERENCES_MAX {
        let texts = references(schema).filter_map(Json::as_str);
        for target in texts.filter_map(|reference| resolve(root, reference)) {
            at(root, target, value, followed.saturating_add(1));
        }
    }
    match value {
        Json::String(text) => {
            if let Some(converted) =
                schema.get("type").and_then(Json::as_str).and_then(|kind| convert(kind, text))
            {
                *value = converted;
            }
        }
        Json::Array(items) => {
            let prefix = schema.get("prefixItems").and_then(Json::as_array).unwrap_or_default();
            for (index, item) in items.iter_mut().enumerate() {
                if let Some(schema) = prefix.get(index).or_else(|| schema.get("items")) {
                    at(root, schema, item, 0);
                }
            }
        }
        Json::Object(object) => {
            let properties = schema.get("properties");
            let others =
                schema.get("additionalProperties").filter(|_| schema.get("patternProperties").is_none());
            for (name, value) in object.iter_mut() {
                let described = properties.and_then(|properties| properties.get(name));
                if let Some(schema) = described.or(others) {
                    at(root, schema, value, 0);
                }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The value of a type that a text stands for.
fn convert(kind: &str, text: &str) -> Option<Json> {
    let number = || text.parse::<Number>().ok();
    match (kind, text) {
        ("boolean", "true") => Some(Json::Bool(true)),
        ("boolean", "false") => Some(Json::Bool(false)),
        ("integer", _) => number().filter(Number::is_integer).map(Json::Number),
        ("number", _) => number().map(Json::Number),
        _ => None,
    }
}
