//! Finds its way in a JSON Schema 2020-12: where subschemas stand, and what a reference names.

use crmconf_events::json::{Json, Object};

/// Most schemas that may lead to each other for one value; a template with a longer chain, or a loop, is refused.
pub(super) const REFERENCES_MAX: usize = 64;

/// Which instance a subschema speaks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The same one as the schema around it.
    InPlace,
    /// The same one, but only as a test: it describes nothing.
    Test,
    /// A property or an item of it.
    Below,
    /// A property or an item of it, but only as a test.
    TestBelow,
    /// None, until something refers to it.
    Defined,
}

/// How a keyword holds its subschemas.
#[derive(Clone, Copy)]
enum Shape {
    One,
    List,
    Map,
}

/// The keywords of 2020-12 that hold subschemas, and `definitions`, which its meta-schema still knows.
fn holds(keyword: &str) -> Option<(Reach, Shape)> {
    Some(match keyword {
        "then" | "else" => (Reach::InPlace, Shape::One),
        "allOf" | "anyOf" | "oneOf" => (Reach::InPlace, Shape::List),
        "dependentSchemas" => (Reach::InPlace, Shape::Map),
        "if" | "not" => (Reach::Test, Shape::One),
        "items" | "additionalProperties" | "unevaluatedItems" | "unevaluatedProperties" => {
            (Reach::Below, Shape::One)
        }
        "prefixItems" => (Reach::Below, Shape::List),
        "properties" | "patternProperties" => (Reach::Below, Shape::Map),
        "contains" | "propertyNames" | "contentSchema" => (Reach::TestBelow, Shape::One),
        "$defs" | "definitions" => (Reach::Defined, Shape::Map),
        _ => return None,
    })
}

/// Whether a keyword holds subschemas.
pub(super) fn holds_schemas(keyword: &str) -> bool {
    holds(keyword).is_some()
}

/// A subschema directly within a schema.
pub(super) struct Subschema<'a> {
    pub(super) keyword: &'a str,
    /// The property's name or the list's index, if the keyword holds several.
    pub(super) name: Option<String>,
    pub(super) reach: Reach,
    pub(super) schema: &'a Json,
}

/// The subschemas directly within a schema.
pub(super) fn subschemas(schema: &Json) -> Vec<Subschema<'_>> {
    let mut found = Vec::new();
    for (keyword, value) in schema.as_object().into_iter().flatten() {
        let Some((reach, shape)) = holds(keyword) else { continue };
        let mut push = |name, schema| found.push(Subschema { keyword, name, reach, schema });
        match shape {
            Shape::One => push(None, value),
            Shape::List => {
                let items = value.as_array().into_iter().flatten().enumerate();
                items.for_each(|(index, schema)| push(Some(index.to_string()), schema));
            }
            Shape::Map => {
                let entries = value.as_object().into_iter().flatten();
                entries.for_each(|(name, schema)| push(Some(name.clone()), schema));
            }
        }
    }
    found
}

/// A schema within another, and where it stands.
pub(super) struct Found<'a> {
    pub(super) schema: &'a Json,
    /// JSON pointer (RFC 6901) from the outermost schema.
    pub(super) pointer: String,
    /// The part's property that it describes, if it describes one.
    pub(super) field: Option<String>,
    /// Which instance it speaks about, seen from the schema around it; `None` for the outermost.
    pub(super) reach: Option<Reach>,
}

/// A schema and every one within it, each before those within itself. Depth is bounded by that of JSON.
pub(super) fn all_within(root: &Json) -> Vec<Found<'_>> {
    let mut all = Vec::new();
    collect(Found { schema: root, pointer: String::new(), field: None, reach: None }, &mut all);
    all
}

fn collect<'a>(found: Found<'a>, all: &mut Vec<Found<'a>>) {
    let (schema, place) = (found.schema, found.pointer.clone());
    all.push(found);
    for Subschema { keyword, name, reach, schema } in subschemas(schema) {
        let step = name.as_deref().map(|name| format!("/{}", pointer_step(name))).unwrap_or_default();
        let pointer = format!("{place}/{}{step}", pointer_step(keyword));
        let field = name.filter(|_| place.is_empty() && keyword == "properties");
        collect(Found { schema, pointer, field, reach: Some(reach) }, all);
    }
}

/// A name as a step of a JSON pointer.
pub(super) fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What a schema says of its place, keyword by keyword: its own, then what it refers to says beyond that. Within a
/// part's schema `root`; what is composed by other keywords stays as it is.
#[must_use]
pub fn effective(root: &Json, schema: &Json) -> Object {
    let mut said = Object::new();
    let mut next = Some(schema);
    for _ in 0..=REFERENCES_MAX {
        let Some(schema) = next else { break };
        for (keyword, value) in schema.as_object().into_iter().flatten() {
            if keyword != "$ref" && !said.contains_key(keyword) {
                said.insert(keyword.clone(), value.clone());
            }
        }
        next = schema.get("$ref").and_then(Json::as_str).and_then(|reference| resolve(root, reference));
    }
    said
}

/// The schema with each direct subschema replaced by what `f` makes of it.
pub(super) fn map_subschemas(schema: &Object, mut f: impl FnMut(&Subschema<'_>) -> Json) -> Object {
    let map = |(keyword, value): (&String, &Json)| {
        let mut one = |name: Option<String>, reach, schema| f(&Subschema { keyword, name, reach, schema });
        let mapped = match (holds(keyword), value) {
            (Some((reach, Shape::One)), _) => one(None, reach, value),
            (Some((reach, Shape::List)), Json::Array(items)) => {
                let mapped =
                    items.iter().enumerate().map(|(index, item)| one(Some(index.to_string()), reach, item));
                Json::Array(mapped.collect())
            }
            (Some((reach, Shape::Map)), Json::Object(entries)) => {
                let mapped =
                    entries.iter().map(|(name, item)| (name.clone(), one(Some(name.clone()), reach, item)));
                Json::Object(mapped.collect())
            }
            (Some((_, Shape::List | Shape::Map)) | None, _) => value.clone(),
        };
        (keyword.clone(), mapped)
    };
    schema.iter().map(map).collect()
}

/// The text of a schema's `$ref` or `$dynamicRef`, each if there is one.
pub(super) fn references(schema: &Json) -> impl Iterator<Item = &Json> {
    ["$ref", "$dynamicRef"].into_iter().filter_map(|keyword| schema.get(keyword))
}

/// What a reference within the document names: `#`, a JSON pointer behind `#`, or an anchor.
pub(super) fn resolve<'a>(root: &'a Json, reference: &str) -> Option<&'a Json> {
    let fragment = reference.strip_prefix('#')?;
    if fragment.is_empty() {
        Some(root)
    } else if let Some(pointer) = fragment.strip_prefix('/') {
        pointer.split('/').try_fold(root, |json, segment| match json {
            Json::Object(object) => object.get(&segment.replace("~1", "/").replace("~0", "~")),
            Json::Array(items) => items.get(segment.parse::<usize>().ok()?),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
        })
    } else {
        anchored(root, fragment)
    }
}

fn anchored<'a>(schema: &'a Json, name: &str) -> Option<&'a Json> {
    let bears = |keyword| schema.get(keyword).and_then(Json::as_str) == Some(name);
    if bears("$anchor") || bears("$dynamicAnchor") {
        return Some(schema);
    }
    subschemas(schema).into_iter().find_map(|sub| anchored(sub.schema, name))
}
