//! In how many ways a schema leads to one place of a value. A validation goes all of them, and where two lead from each
//! level of a value to the next there are thousands of millions: so there may not be many.

use std::collections::{BTreeMap, BTreeSet};

use crmconf_events::json::{JSON_DEPTH_MAX, Json};

use super::schema::{Reach, references, resolve, subschemas};

/// Most ways to one place of any value.
pub(super) const WAYS_MAX: usize = 4_096;
/// Most that is looked at to count them; what is more entangled counts as too many.
const LOOKED_AT_MAX: usize = 400_000;

/// The schemas that a schema leads to for the same value: those that it refers to, and its parts.
pub(super) fn led_to<'a>(root: &'a Json, schema: &'a Json) -> impl Iterator<Item = &'a Json> {
    let targets = references(schema).filter_map(Json::as_str).filter_map(|text| resolve(root, text));
    let in_place = |reach| matches!(reach, Reach::InPlace | Reach::Test);
    targets.chain(subschemas(schema).into_iter().filter(move |sub| in_place(sub.reach)).map(|sub| sub.schema))
}

/// Whether there are too many from a part's schema, in which no schema leads to itself for the same value.
pub(super) fn too_many(root: &Json) -> bool {
    let mut ways = Ways { root, known: BTreeMap::new() };
    ways.anywhere(root, JSON_DEPTH_MAX) > WAYS_MAX
}

/// A step down in a value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step<'a> {
    /// To a property that a schema names.
    Property(&'a str),
    /// To any other.
    OtherProperty,
    /// To an item for which there is a schema of its own.
    Item(usize),
    /// To any other.
    OtherItem,
}

/// What was counted: for a schema and how deep a value may still be, by a step, or to any place.
struct Ways<'a> {
    root: &'a Json,
    known: BTreeMap<(*const Json, Option<Step<'a>>, usize), usize>,
}

impl<'a> Ways<'a> {
    /// The most to one place of a value, which may be itself.
    fn anywhere(&mut self, schema: &'a Json, depth: usize) -> usize {
        self.counted(schema, None, depth, |ways| {
            let here = ways.sum(led_to(ways.root, schema), |ways, next| ways.anywhere(next, 0));
            let mut most = here.saturating_add(1);
            if depth > 0 {
                let mut steps = BTreeSet::new();
                ways.add_steps(schema, &mut BTreeSet::new(), &mut steps);
                for step in steps {
                    most = most.max(ways.by_step(schema, step, depth));
                }
            }
            most
        })
    }

    /// The most to one place of what a step leads to.
    fn by_step(&mut self, schema: &'a Json, step: Step<'a>, depth: usize) -> usize {
        self.counted(schema, Some(step), depth, |ways| {
            let below = |ways: &mut Self, next| ways.anywhere(next, depth.saturating_sub(1));
            let here = |ways: &mut Self, next| ways.by_step(next, step, depth);
            let own = ways.sum(below_by(schema, step).into_iter(), below);
            own.saturating_add(ways.sum(led_to(ways.root, schema), here))
        })
    }

    fn counted(
        &mut self,
        schema: &'a Json,
        step: Option<Step<'a>>,
        depth: usize,
        count: impl FnOnce(&mut Self) -> usize,
    ) -> usize {
        let key = (std::ptr::from_ref(schema), step, depth);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        if self.known.len() >= LOOKED_AT_MAX {
            return usize::MAX;
        }
        let counted = count(self);
        self.known.insert(key, counted);
        counted
    }

    fn sum(
        &mut self,
        schemas: impl Iterator<Item = &'a Json>,
        mut count: impl FnMut(&mut Self, &'a Json) -> usize,
    ) -> usize {
        schemas.fold(0, |sum: usize, schema| sum.saturating_add(count(self, schema)))
    }

    /// The steps that a schema, and those it leads to for the same value, have something to say about.
    fn add_steps(&self, schema: &'a Json, seen: &mut BTreeSet<*const Json>, steps: &mut BTreeSet<Step<'a>>) {
        if !seen.insert(std::ptr::from_ref(schema)) {
            return;
        }
        let object = |keyword| schema.get(keyword).and_then(Json::as_object).into_iter().flatten();
        steps.extend(object("properties").map(|(name, _)| Step::Property(name)));
        if others(schema, Step::OtherProperty).next().is_some() {
            steps.insert(Step::OtherProperty);
        }
        let items = schema.get("prefixItems").and_then(Json::as_array).unwrap_or_default();
        steps.extend((0..items.len()).map(Step::Item));
        if others(schema, Step::OtherItem).next().is_some() {
            steps.insert(Step::OtherItem);
        }
        for next in led_to(self.root, schema) {
            self.add_steps(next, seen, steps);
        }
    }
}

/// The schemas directly within one that speak of what a step leads to.
fn below_by<'a>(schema: &'a Json, step: Step<'a>) -> Vec<&'a Json> {
    let own = match step {
        Step::Property(name) => schema.get("properties").and_then(|all| all.get(name)),
        Step::Item(index) => {
            schema.get("prefixItems").and_then(Json::as_array).and_then(|all| all.get(index))
        }
        Step::OtherProperty | Step::OtherItem => None,
    };
    // What stands beside a schema of its own speaks of others, but for what speaks of all.
    let of_all = |keyword: &str| own.is_none() || matches!(keyword, "patternProperties" | "contains");
    own.into_iter()
        .chain(others(schema, step).filter(|(keyword, _)| of_all(keyword)).map(|(_, sub)| sub))
        .collect()
}

/// The schemas directly within one that speak of properties, or of items, which are not named.
fn others<'a>(schema: &'a Json, step: Step<'_>) -> impl Iterator<Item = (&'a str, &'a Json)> {
    let keywords: &[&str] = match step {
        Step::Property(_) | Step::OtherProperty => {
            &["patternProperties", "additionalProperties", "unevaluatedProperties"]
        }
        Step::Item(_) | Step::OtherItem => &["contains", "items", "unevaluatedItems"],
    };
    let within = subschemas(schema).into_iter().map(|sub| (sub.keyword, sub.schema));
    within.filter(move |(keyword, _)| keywords.contains(keyword))
}
