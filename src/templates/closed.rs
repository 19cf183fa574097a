//! The schema as it is validated: objects closed where nothing is said, password fields taken out.
//!
//! **The rule.** A schema that describes a place (a part, a property, an item) and says nothing about further
//! properties there gets `additionalProperties: false`, or, where it is composed (`allOf`, `anyOf`, `oneOf`, `then`,
//! `else`, `dependentSchemas`, `$ref`), `unevaluatedProperties: false`, so that what its parts name is known.
//! Consequences, each deliberate:
//! - what stands in `$defs`, or in a part of a composition, is not closed itself: the place that uses it is. So a
//!   definition can be extended beside its `$ref`;
//! - `if`, `not`, `contains` and `propertyNames` test and describe nothing: they stay as they are;
//! - within a part of a composition, a property that the schema around it describes already is only refined;
//! - `enum` and `const` say all there is to say about a value;
//! - `patternProperties` says nothing about the properties that it does not match;
//! - `{}` allows no properties; whoever wants any value writes `true`, any object `additionalProperties: true`.

use std::collections::BTreeSet;

use crmconf_events::json::{Json, Object};

use super::schema::{Reach, Subschema, map_subschemas};

/// Keywords by which a schema is composed of others about the same place.
const COMPOSED: [&str; 8] =
    ["allOf", "anyOf", "oneOf", "then", "else", "dependentSchemas", "$ref", "$dynamicRef"];

/// The part's schema as it is validated: closed, and with anything allowed in the password fields.
pub(super) fn closed(root: &Json, passwords: &BTreeSet<String>) -> Json {
    let place = Place { describes: true, top: true, refined: BTreeSet::new() };
    Rewriter { passwords }.schema(root, &place)
}

/// What is known about the place that a schema stands at.
struct Place {
    /// Whether the schema alone describes its place.
    describes: bool,
    /// Whether it speaks about the part itself, where password fields stand.
    top: bool,
    /// Properties that the schemas around it describe already.
    refined: BTreeSet<String>,
}

struct Rewriter<'a> {
    passwords: &'a BTreeSet<String>,
}

impl Rewriter<'_> {
    fn schema(&self, schema: &Json, place: &Place) -> Json {
        let Json::Object(object) = schema else { return schema.clone() };
        let mut known = place.refined.clone();
        known.extend(names(object));
        let mut rewritten = map_subschemas(object, |sub| self.subschema(sub, place, &known));
        let says = |keyword| object.contains_key(keyword);
        let silent = !says("additionalProperties") && !says("unevaluatedProperties");
        if silent && (says("enum") || says("const")) {
            rewritten.insert("unevaluatedProperties", Json::Bool(true));
        } else if place.describes && !says("unevaluatedProperties") && COMPOSED.into_iter().any(says) {
            rewritten.insert("unevaluatedProperties", Json::Bool(false));
        } else if place.describes && silent {
            rewritten.insert("additionalProperties", Json::Bool(false));
        }
        Json::Object(rewritten)
    }

    fn subschema(&self, sub: &Subschema<'_>, place: &Place, known: &BTreeSet<String>) -> Json {
        let name = sub.name.as_deref().unwrap_or_default();
        let property = sub.keyword == "properties";
        if property && place.top && self.passwords.contains(name) {
            return Json::Bool(true);
        }
        let inner = match sub.reach {
            Reach::InPlace => Place { describes: false, top: place.top, refined: known.clone() },
            Reach::Below if property && place.refined.contains(name) => return sub.schema.clone(),
            Reach::Below => Place { describes: true, top: false, refined: BTreeSet::new() },
            Reach::Defined => Place { describes: false, top: false, refined: BTreeSet::new() },
            Reach::Test | Reach::TestBelow => {
                return self.tested(sub.schema, place.top && sub.reach == Reach::Test);
            }
        };
        self.schema(sub.schema, &inner)
    }

    /// A test as it stands, but for the password fields: their values are not there to be tested.
    fn tested(&self, schema: &Json, top: bool) -> Json {
        let Json::Object(object) = schema else { return schema.clone() };
        Json::Object(map_subschemas(object, |sub| {
            let password = sub.name.as_ref().is_some_and(|name| self.passwords.contains(name));
            if top && sub.keyword == "properties" && password {
                Json::Bool(true)
            } else {
                self.tested(sub.schema, top && matches!(sub.reach, Reach::InPlace | Reach::Test))
            }
        }))
    }
}

/// The names that a schema's own `properties` describe.
fn names(schema: &Object) -> impl Iterator<Item = String> {
    schema.get("properties").and_then(Json::as_object).into_iter().flat_map(Object::keys).cloned()
}
