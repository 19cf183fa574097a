//! What a template may say, but hardly means: told to its author, and no reason to refuse it.

use crmconf_events::json::Json;
use crmconf_events::template::{PASSWORD_FORMAT, Part};

use super::schema::{Found, Reach, all_within, effective, holds_schemas, pointer_step};
use super::template::Template;

/// The keywords of JSON Schema 2020-12 that hold no schemas. Any other is ignored by it in silence.
const KEYWORDS: [&str; 38] = [
    "$anchor",
    "$comment",
    "$dynamicAnchor",
    "$dynamicRef",
    "$id",
    "$ref",
    "$schema",
    "$vocabulary",
    "const",
    "contentEncoding",
    "contentMediaType",
    "default",
    "dependentRequired",
    "deprecated",
    "description",
    "enum",
    "examples",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxContains",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minContains",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "pattern",
    "readOnly",
    "required",
    "title",
    "type",
    "uniqueItems",
    "writeOnly",
];
/// Beginning of keywords that authors may make up.
const OWN_KEYWORDS: &str = "x-";
/// Parts of names by which a field that holds a secret is known.
const SECRET_NAMES: [&str; 7] =
    ["password", "passwd", "secret", "token", "apikey", "privatekey", "credential"];
/// Ends of names that speak about a secret, and are none.
const ABOUT_SECRETS: [&str; 5] = ["url", "uri", "endpoint", "name", "policy"];
/// Limits that belong together, the lower first.
const LIMITS: [[&str; 2]; 5] = [
    ["minLength", "maxLength"],
    ["minItems", "maxItems"],
    ["minProperties", "maxProperties"],
    ["minContains", "maxContains"],
    ["minimum", "maximum"],
];

/// Something that is allowed and surely a mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where in the document, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What it leads to, and what to do.
    pub text: String,
}

/// What an author should look at again, in the document's order of keys.
#[must_use]
pub fn warnings(template: &Template) -> Vec<Warning> {
    let mut warnings = Vec::new();
    let name = template.crm_type().as_str();
    if name.trim() != name {
        let text =
            "requests are trimmed, and cannot name a type that begins or ends with white space".to_owned();
        warnings.push(Warning { pointer: "/CRMType".to_owned(), text });
    }
    for part in Part::ALL {
        let root = template.schema(part);
        for found in all_within(root) {
            let place = format!("/{part}{}", found.pointer);
            let mut warn =
                |below: &str, text| warnings.push(Warning { pointer: format!("{place}{below}"), text });
            unknown_keywords(found.schema, &mut warn);
            required(&found, &mut warn);
            limits(found.schema, &mut warn);
            values(root, found.schema, &mut warn);
            secret(root, &found, part, &mut warn);
        }
    }
    warnings
}

fn unknown_keywords(schema: &Json, warn: &mut impl FnMut(&str, String)) {
    for (keyword, _) in schema.as_object().into_iter().flatten() {
        let known = KEYWORDS.contains(&keyword.as_str())
            || holds_schemas(keyword)
            || keyword.starts_with(OWN_KEYWORDS);
        let below = format!("/{}", pointer_step(keyword));
        if !known {
            let text = format!(
                "{keyword:?} is no keyword of JSON Schema 2020-12 and has no effect: correct its spelling, or begin \
                 it with {OWN_KEYWORDS}"
            );
            warn(&below, text);
        } else if keyword == "default" {
            warn(&below, "defaults are never filled in: say in description what absence means".to_owned());
        }
    }
}

/// A field that is compulsory and not described can never be given, since objects are closed.
fn required(found: &Found<'_>, warn: &mut impl FnMut(&str, String)) {
    let open =
        ["additionalProperties", "unevaluatedProperties", "patternProperties", "allOf", "anyOf", "oneOf"];
    let describes = matches!(found.reach, None | Some(Reach::Below));
    let refers = ["$ref", "$dynamicRef", "then", "else", "dependentSchemas"];
    let may_have =
        |keyword: &&str| found.schema.get(keyword).is_some_and(|value| *value != Json::Bool(false));
    if !describes || open.iter().chain(&refers).any(may_have) {
        return;
    }
    let names = found.schema.get("required").and_then(Json::as_array).unwrap_or_default().iter();
    for (index, name) in names.enumerate().filter_map(|(index, name)| Some((index, name.as_str()?))) {
        if found.schema.get("properties").and_then(|all| all.get(name)).is_none() {
            let text = format!("no object can have the compulsory field {name:?}: describe it in properties");
            warn(&format!("/required/{index}"), text);
        }
    }
}

fn limits(schema: &Json, warn: &mut impl FnMut(&str, String)) {
    let number = |keyword| match schema.get(keyword) {
        Some(Json::Number(number)) => number.as_fraction().or_else(|| number.as_i64().map(|n| n as f64)),
        _ => None,
    };
    for [least, most] in LIMITS {
        if number(least).zip(number(most)).is_some_and(|(low, high)| low > high) {
            warn(&format!("/{least}"), format!("no value can keep to it, since {most} is smaller"));
        }
    }
}

/// An allowed value of another type than the one that is asked for.
fn values(root: &Json, schema: &Json, warn: &mut impl FnMut(&str, String)) {
    let said = effective(root, schema);
    let Some(kind) = said.get("type").and_then(Json::as_str) else { return };
    let allowed = schema.get("enum").and_then(Json::as_array).unwrap_or_default();
    let allowed = allowed.iter().enumerate().map(|(index, value)| (format!("/enum/{index}"), value));
    for (below, value) in allowed.chain(schema.get("const").map(|value| ("/const".to_owned(), value))) {
        if !is_of(value, kind) {
            warn(&below, format!("no value can be this, since type is {kind}"));
        }
    }
}

fn is_of(value: &Json, kind: &str) -> bool {
    match value {
        Json::Null => kind == "null",
        Json::Bool(_) => kind == "boolean",
        Json::Number(number) => kind == "number" || (kind == "integer" && number.is_integer()),
        Json::String(_) => kind == "string",
        Json::Array(_) => kind == "array",
        Json::Object(_) => kind == "object",
    }
}

/// A text whose name says that it is a secret, where it would be stored for everyone who may read to see.
fn secret(root: &Json, found: &Found<'_>, part: Part, warn: &mut impl FnMut(&str, String)) {
    let Some((_, name)) = found.pointer.rsplit_once("/properties/") else { return };
    let plain: String = name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let said = effective(root, found.schema);
    let is = |keyword: &str, text: &str| said.get(keyword).and_then(Json::as_str) == Some(text);
    let named = SECRET_NAMES.iter().any(|secret| plain.contains(secret))
        && !ABOUT_SECRETS.iter().any(|end| plain.ends_with(end))
        && !name.contains('/');
    if named && is("type", "string") && !is("format", PASSWORD_FORMAT) {
        let text = match (part, &found.field) {
            (Part::Configuration, Some(_)) => {
                "its name says that it is a secret, and it would stand readable in answers and in the log for ever: \
                 mark it with \"format\": \"password\""
            }
            (Part::Configuration, None) | (Part::Common, _) => {
                "its name says that it is a secret, and it would stand readable in answers and in the log for ever: \
                 only a top-level property of CRMConfiguration can be a password field"
            }
        };
        warn("", text.to_owned());
    }
}
