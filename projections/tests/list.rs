//! List against a naive model: random configurations, questions and grants give the rows and total that the API's
//! page "Info and List" promises.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test: a panic is how it reports"
)]

#[path = "list/directory.rs"]
mod directory;
#[path = "list/model.rs"]
mod model;
#[path = "list/texts.rs"]
mod texts;
#[path = "list/world.rs"]
mod world;

use std::cell::RefCell;
use std::collections::BTreeSet;

use crmconf_events::access::Grants;
use crmconf_projections::ReadModel;
use crmconf_projections::list::{Direction, Query, ScopeMatch, Search, Sort, SortField};
use model::Model;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use texts::{SEARCHES, TYPES};
use world::{SCOPES, Step, grant, play, scope, step};

const CASES: u32 = 256;
const MATCHES: [ScopeMatch; 4] =
    [ScopeMatch::Overlap, ScopeMatch::Within, ScopeMatch::Exact, ScopeMatch::Applicable];

/// Another seed, given in `CRMCONF_TEST_SEED`, draws other cases; a failure names the one that it was drawn by.
fn seed() -> u64 {
    const DEFAULT: u64 = 20_260_731;
    std::env::var("CRMCONF_TEST_SEED").map_or(DEFAULT, |seed| seed.parse().unwrap())
}

/// A question by its numbers in the tables of the world.
#[derive(Clone, Debug)]
struct Question {
    scope: usize,
    scope_match: usize,
    crm_type: Option<usize>,
    search: Option<usize>,
    sort: Option<(usize, bool)>,
    offset: usize,
    limit: usize,
    /// Role and scope of each grant; none: everything may be seen.
    grants: Vec<(usize, usize)>,
}

fn question() -> impl Strategy<Value = Question> {
    let offset = prop_oneof![6 => Just(0), 5 => 0..12_usize, 1 => Just(usize::MAX)];
    let limit = prop_oneof![6 => Just(1_000), 5 => 0..12_usize, 1 => Just(usize::MAX)];
    (
        prop_oneof![Just(0), 0..SCOPES.len()],
        0..MATCHES.len(),
        proptest::option::weighted(0.3, 0..=TYPES.len()),
        proptest::option::weighted(0.4, 0..SEARCHES.len()),
        proptest::option::weighted(0.8, (0..SortField::ALL.len(), any::<bool>())),
        offset,
        limit,
        proptest::collection::vec((0..5_usize, 0..SCOPES.len()), 0..3),
    )
        .prop_map(|(scope, scope_match, crm_type, search, sort, offset, limit, grants)| Question {
            scope,
            scope_match,
            crm_type,
            search,
            sort,
            offset,
            limit,
            grants,
        })
}

impl Question {
    fn query(&self) -> Query {
        Query {
            scope: scope(SCOPES[self.scope]),
            scope_match: MATCHES[self.scope_match],
            crm_type: self.crm_type.map(texts::crm_type),
            search: self.search.map(|search| Search::new(SEARCHES[search].0)),
            sort: self.sort.map(|(field, descending)| {
                let direction = if descending { Direction::Descending } else { Direction::Ascending };
                Sort { field: SortField::ALL[field].1, direction }
            }),
            offset: self.offset,
            limit: self.limit,
        }
    }

    fn grants(&self) -> Grants {
        let everything = [(0, 0)];
        let held = if self.grants.is_empty() { &everything[..] } else { &self.grants };
        held.iter().map(|&(role, at)| grant(role, at)).collect()
    }
}

/// Every part of a question whose page had at least two rows: what the cases really tried.
#[derive(Default)]
struct Tried(BTreeSet<String>);

impl Tried {
    fn note(&mut self, question: &Question, rows: usize, total: usize) {
        if rows < 2 {
            return;
        }
        self.0.insert(format!("match {:?}", MATCHES[question.scope_match]));
        self.0.insert(format!("sort {:?}", question.sort));
        self.0.insert(format!("searched {}", question.search.is_some()));
        self.0.insert(format!("of a type {}", question.crm_type.is_some()));
        self.0.insert(format!("with grants {}", !question.grants.is_empty()));
        self.0.insert(format!("skipping {}", question.offset > 0));
        self.0.insert(format!("cut off {}", rows < total));
    }

    fn assert_all(&self) {
        let parts = MATCHES.len() + 2 * SortField::ALL.len() + 1 + 5 * 2;
        assert_eq!(self.0.len(), parts, "the cases tried only {:?}", self.0);
    }
}

fn compare(view: &ReadModel, model: &Model, question: &Question) -> Result<(usize, usize), TestCaseError> {
    let page = view.list(&question.query(), &question.grants());
    let (total, rows) = model.list(question);
    let found: Vec<_> = page.rows.iter().map(|row| (row.id.to_string(), row.version.get())).collect();
    let expected: Vec<_> = rows.iter().map(|row| (row.id.clone(), row.version)).collect();
    prop_assert_eq!(page.total, total);
    prop_assert_eq!(&found, &expected);
    Ok((expected.len(), total))
}

#[test]
fn list_answers_as_the_naive_model_does() {
    let seed = seed();
    println!("seed {seed}, {CASES} cases");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let cases = (proptest::collection::vec(step(), 0..60), proptest::collection::vec(question(), 1..24));
    let tried = RefCell::new(Tried::default());
    let result = TestRunner::new_with_rng(config, rng).run(&cases, |(steps, questions)| {
        let (view, model) = play(&steps);
        for question in &questions {
            let (rows, total) = compare(&view, &model, question)?;
            tried.borrow_mut().note(question, rows, total);
        }
        Ok(())
    });
    if let Err(error) = result {
        panic!("seed {seed}: {error}");
    }
    tried.into_inner().assert_all();
}

#[test]
fn nothing_is_listed_without_grants() {
    let steps = [Step::Add { scope: 0, crm_type: 0, text: 3 }, Step::Add { scope: 1, crm_type: 0, text: 3 }];
    let (view, _) = play(&steps);
    let everything = Query {
        scope: scope(SCOPES[0]),
        scope_match: ScopeMatch::Overlap,
        crm_type: None,
        search: None,
        sort: None,
        offset: 0,
        limit: 1_000,
    };
    let page = view.list(&everything, &Grants::default());
    assert_eq!((page.total, page.rows.len()), (0, 0));
    let page = view.list(&everything, &[grant(0, 0)].into_iter().collect());
    assert_eq!((page.total, page.rows.len()), (2, 2));
}

#[test]
fn the_names_of_the_sortable_fields_are_those_of_the_api() {
    let names = SortField::ALL.map(|(name, _)| name);
    assert_eq!(names, texts::SORTABLE);
    let fields: Vec<_> = SortField::ALL.iter().map(|(_, field)| *field).collect();
    assert!(fields.iter().enumerate().all(|(place, field)| !fields[..place].contains(field)));
}
