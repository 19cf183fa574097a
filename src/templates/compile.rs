//! Compiles a schema: the one place that sets `jsonschema`'s options.

use crmconf_events::json::{Json, Number};
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

/// Largest compiled `pattern`, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Compiles a schema: 2020-12, formats asserted and known, patterns on the engine that takes linear time, and nothing
/// fetched from anywhere.
///
/// # Errors
/// What is wrong with the schema, and where.
pub(super) fn compile(schema: &Json) -> Result<Validator, String> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
        .build(&value(schema))
        .map_err(|error| format!("at {}: {error}", error.instance_path().as_str()))
}

/// The same value in the type that the validator reads.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(*truth),
        Json::Number(exact) => number(exact),
        Json::String(text) => Value::String(text.clone()),
        Json::Array(items) => Value::Array(items.iter().map(value).collect()),
        Json::Object(object) => {
            Value::Object(object.iter().map(|(key, item)| (key.clone(), value(item))).collect())
        }
    }
}

fn number(number: &Number) -> Value {
    let natural = number.as_u64().map(Value::from);
    let integer = || number.as_i64().map(Value::from);
    natural.or_else(integer).or_else(|| number.as_fraction().map(Value::from)).unwrap_or_default()
}
