//! In how many ways a schema leads to one place of a value. A validation goes all of them, and where two lead from each
//! level of a value to the next there are thousands of millions: so there may not be many.
//!
//! Counted is on the schema as it is validated, and twice, as the validator (jsonschema 0.61) goes through it:
//! - what is wrong with a value it finds by going all ways;
//! - whether one is valid is kept for what refers to itself by a cycle, so that such a reference leads on to one way. But where
//!   a place bears `unevaluatedProperties` or `unevaluatedItems` each part of its composition is asked once more for each
//!   composition around it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crmconf_events::json::{JSON_DEPTH_MAX, Json};

use super::schema::{Reach, all_within, references, resolve, subschemas};

/// Most ways to one place of any value, where all are gone: these take a quarter of a second, and twice as many twice that.
const WAYS_MAX: usize = 16_384;
/// Most ways to one place where it is only asked whether a value is valid, which takes less.
const ASKED_MAX: usize = 100_000;
/// Most steps that are taken to count them; what is more entangled counts as too many.
const STEPS_MAX: usize = 2_000_000;

/// What is said of a schema with too many.
pub(super) const TOO_MANY: &str = "its schemas lead in too many ways to one place of a value, so that a short value could take \
                                   hours: say once, beside an anyOf, oneOf or allOf, what several of its schemas say of a \
                                   property or item, above all where they refer to themselves";

/// The schemas that a schema leads to for the same value: those that it refers to, and its parts.
pub(super) fn led_to<'a>(root: &'a Json, schema: &'a Json) -> impl Iterator<Item = &'a Json> {
    let targets = references(schema).filter_map(Json::as_str).filter_map(|text| resolve(root, text));
    let in_place = |reach| matches!(reach, Reach::InPlace | Reach::Test);
    targets.chain(subschemas(schema).into_iter().filter(move |sub| in_place(sub.reach)).map(|sub| sub.schema))
}

/// Whether there are too many from a schema. No schema leads to itself for the same value.
pub(super) fn too_many(root: &Json) -> bool {
    let recursive = recursive(root);
    let starts = all_within(root).into_iter().map(|found| found.schema);
    let starts = starts.filter(|schema| recursive.contains(&std::ptr::from_ref(*schema)));
    let mut asked = Ways::new(root, recursive.clone(), true);
    Ways::new(root, BTreeSet::new(), false).anywhere(root, JSON_DEPTH_MAX) > WAYS_MAX
        || std::iter::once(root).chain(starts).any(|start| asked.anywhere(start, JSON_DEPTH_MAX) > ASKED_MAX)
}

/// The schemas that references name and that lead back to themselves.
fn recursive(root: &Json) -> BTreeSet<*const Json> {
    let all = all_within(root);
    let next: BTreeMap<*const Json, Vec<&Json>> = all
        .iter()
        .map(|found| {
            let below = subschemas(found.schema).into_iter().map(|sub| sub.schema);
            (std::ptr::from_ref(found.schema), led_to(root, found.schema).chain(below).collect())
        })
        .collect();
    let named = all.iter().flat_map(|found| references(found.schema));
    let targets: BTreeSet<*const Json> =
        named.filter_map(|text| Some(std::ptr::from_ref(resolve(root, text.as_str()?)?))).collect();
    let leads_back = |target: &*const Json| {
        let mut seen = BTreeSet::new();
        let mut open = vec![*target];
        while let Some(schema) = open.pop() {
            for reached in next.get(&schema).into_iter().flatten().map(|schema| std::ptr::from_ref(*schema)) {
                if reached == *target {
                    return true;
                }
                if seen.insert(reached) {
                    open.push(reached);
                }
            }
        }
        false
    };
    targets.into_iter().filter(leads_back).collect()
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

/// What there is around a schema, looked up once.
struct Around<'a> {
    /// What it leads to for the same value, and goes on from there.
    led_to: Vec<&'a Json>,
    /// What speaks of properties, or of items, that are not named.
    other_properties: Vec<(&'a str, &'a Json)>,
    other_items: Vec<(&'a str, &'a Json)>,
    /// Whether it asks what its parts have evaluated.
    is_marked: bool,
}

/// What was counted: a schema, the step (with how often it is asked) or none for any place, and how deep a value may still be.
type Counted<'a> = (*const Json, Option<(Step<'a>, usize)>, usize);

/// The counts.
struct Ways<'a> {
    root: &'a Json,
    /// Schemas that are gone on from once, wherever they are referred to.
    once: BTreeSet<*const Json>,
    /// Whether compositions are asked again where a place bears `unevaluated…`.
    is_asked: bool,
    around: BTreeMap<*const Json, Rc<Around<'a>>>,
    known: BTreeMap<Counted<'a>, usize>,
    steps: usize,
}

impl<'a> Ways<'a> {
    fn new(root: &'a Json, once: BTreeSet<*const Json>, is_asked: bool) -> Self {
        Self { root, once, is_asked, around: BTreeMap::new(), known: BTreeMap::new(), steps: 0 }
    }

    /// The most to one place of a value, which may be itself.
    fn anywhere(&mut self, schema: &'a Json, depth: usize) -> usize {
        self.counted(schema, None, depth, |ways, around| {
            let here = ways.sum(around.led_to.iter().copied(), |ways, next| ways.anywhere(next, 0));
            let mut most = here.saturating_add(1);
            if depth > 0 {
                let mut steps = BTreeSet::new();
                ways.add_steps(schema, &mut BTreeSet::new(), &mut steps);
                for step in steps {
                    most = most.max(ways.by_step(
                        schema,
                        step,
                        depth,
                        usize::from(ways.is_asked && around.is_marked),
                    ));
                }
            }
            most
        })
    }

    /// The most to one place of what a step leads to, each as often as it is asked; more often by each composition passed,
    /// where the place asks for that.
    fn by_step(&mut self, schema: &'a Json, step: Step<'a>, depth: usize, asked: usize) -> usize {
        self.counted(schema, Some((step, asked)), depth, |ways, around| {
            let below = |ways: &mut Self, next| ways.anywhere(next, depth.saturating_sub(1));
            let deeper = if asked == 0 { 0 } else { asked.saturating_add(1) };
            let here = |ways: &mut Self, next| ways.by_step(next, step, depth, deeper);
            let own = ways.sum(below_by(schema, around, step).into_iter(), below);
            let own = own.saturating_mul(asked.max(1));
            own.saturating_add(ways.sum(around.led_to.iter().copied(), here))
        })
    }

    fn counted(
        &mut self,
        schema: &'a Json,
        step: Option<(Step<'a>, usize)>,
        depth: usize,
        count: impl FnOnce(&mut Self, &Around<'a>) -> usize,
    ) -> usize {
        let key = (std::ptr::from_ref(schema), step, depth);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let around = self.around(schema);
        self.steps += 1 + around.led_to.len() + around.other_properties.len() + around.other_items.len();
        if self.steps > STEPS_MAX {
            return usize::MAX;
        }
        let counted = count(self, &around);
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

    fn around(&mut self, schema: &'a Json) -> Rc<Around<'a>> {
        let Self { root, once, around, .. } = self;
        let made = || {
            let goes_on = |next: &&Json| !once.contains(&std::ptr::from_ref(*next));
            let others = |keywords: &[&str]| {
                let within = subschemas(schema).into_iter().map(|sub| (sub.keyword, sub.schema));
                within.filter(|(keyword, _)| keywords.contains(keyword)).collect()
            };
            let asks = |keyword| schema.get(keyword).is_some_and(|said| *said != Json::Bool(true));
            Rc::new(Around {
                led_to: led_to(root, schema).filter(goes_on).collect(),
                other_properties: others(&[
                    "patternProperties",
                    "additionalProperties",
                    "unevaluatedProperties",
                ]),
                other_items: others(&["contains", "items", "unevaluatedItems"]),
                is_marked: asks("unevaluatedProperties") || asks("unevaluatedItems"),
            })
        };
        Rc::clone(around.entry(std::ptr::from_ref(schema)).or_insert_with(made))
    }

    /// The steps that a schema, and those it leads to for the same value, have something to say about.
    fn add_steps(
        &mut self,
        schema: &'a Json,
        seen: &mut BTreeSet<*const Json>,
        steps: &mut BTreeSet<Step<'a>>,
    ) {
        if !seen.insert(std::ptr::from_ref(schema)) {
            return;
        }
        let around = self.around(schema);
        let named = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
        steps.extend(named.map(|(name, _)| Step::Property(name)));
        if !around.other_properties.is_empty() {
            steps.insert(Step::OtherProperty);
        }
        steps.extend((0..first_items(schema).len()).map(Step::Item));
        if !around.other_items.is_empty() {
            steps.insert(Step::OtherItem);
        }
        self.steps += 1 + around.led_to.len();
        for next in &around.led_to {
            self.add_steps(next, seen, steps);
        }
    }
}

/// The schemas directly within one that speak of what a step leads to.
fn below_by<'a>(schema: &'a Json, around: &Around<'a>, step: Step<'a>) -> Vec<&'a Json> {
    let (own, others) = match step {
        Step::Property(name) => {
            (schema.get("properties").and_then(|all| all.get(name)), &around.other_properties)
        }
        Step::OtherProperty => (None, &around.other_properties),
        Step::Item(index) => (first_items(schema).get(index), &around.other_items),
        Step::OtherItem => (None, &around.other_items),
    };
    // What stands beside a schema of its own speaks of others, but for what speaks of all.
    let of_all = |keyword: &str| own.is_none() || matches!(keyword, "patternProperties" | "contains");
    own.into_iter().chain(others.iter().filter(|(keyword, _)| of_all(keyword)).map(|(_, sub)| *sub)).collect()
}

fn first_items(schema: &Json) -> &[Json] {
    schema.get("prefixItems").and_then(Json::as_array).unwrap_or_default()
}
