//! Compiles a schema: the one place that sets `jsonschema`'s options.

use crmconf_events::json::{Json, Number};
use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::Value;

use super::fault::rule;

/// Largest compiled `pattern`, in bytes.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// The formats of 2020-12 that values are checked against; the `idn-` ones would need large tables. `password` is ours,
/// and checked by itself.
pub(super) const FORMATS: [&str; 17] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Whether values can be checked against a format.
///
/// # Errors
/// That they cannot, and what can stand there.
pub(super) fn known_format(format: &str) -> Result<(), String> {
    if FORMATS.contains(&format) {
        return Ok(());
    }
    Err(format!("the format {format:?} is unknown; known are {}, password", FORMATS.join(", ")))
}

/// Why a pattern cannot be used, if it cannot.
pub(super) fn unusable_pattern(pattern: &str) -> Option<String> {
    let alone = Json::Object([("pattern".to_owned(), Json::from(pattern))].into_iter().collect());
    compile(&alone).err().map(|_| {
        format!(
            "the pattern {pattern:?} is no regular expression that can be checked in linear time: \
             without look-around and back references, and not too long"
        )
    })
}

/// Everything that keeps a schema from being one of 2020-12: place (JSON pointer) and rule.
pub(super) fn no_schema(schema: &Json) -> Vec<(String, String)> {
    let schema = value(schema);
    let meta = jsonschema::draft202012::meta::validator();
    let told = |error: jsonschema::ValidationError<'_>| {
        let pointer = error.instance_path().as_str().to_owned();
        let rule = match pointer.rsplit('/').next() {
            Some("type") => {
                "must be array, boolean, integer, null, number, object or string, or a list of these"
                    .to_owned()
            }
            _ => rule(error.kind(), |_| false).unwrap_or_default(),
        };
        (pointer, rule)
    };
    let mut faults: Vec<_> = meta.iter_errors(&schema).map(told).collect();
    faults.sort();
    faults.dedup();
    faults
}

/// Compiles a schema: 2020-12, formats asserted and known, patterns on the engine that takes linear time, and nothing
/// fetched from anywhere.
///
/// # Errors
/// Where what is wrong with the schema stands (JSON pointer), and what it is.
pub(super) fn compile(schema: &Json) -> Result<Validator, (String, String)> {
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .offline()
        .should_validate_formats(true)
        .should_ignore_unknown_formats(false)
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES_MAX))
        .build(&value(schema))
        .map_err(|error| (error.instance_path().as_str().to_owned(), error.to_string()))
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
