//! Parser and decider together against a naive model: a map of entries. Whatever is imported in whatever mode, the
//! directory is the model's afterwards, and importing it again makes no event.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crmconf_events::access::{Grant, Role};
use crmconf_events::command::{Command, ImportDirectory, ImportMode, Request};
use crmconf_events::decide::kit::Given;
use crmconf_events::decide::{Outcome, Rejection, decide};
use crmconf_events::event::{
    AccountCreated, Actor, ConfigurationAdded, Context, Event, GrantGiven, StoreCreated,
};
use crmconf_events::json::Json;
use crmconf_events::{
    AccountId, CredentialId, CrmType, Description, EntryId, KeyId, NameCommitment, Scope, StoreId,
    TemplateDigest,
};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use super::super::Format;

const CASES: u32 = 400;
const ADMIN: AccountId = AccountId::new([1; 16]);

/// Everything that can be in the directory, by its ids as a file has them.
const PLACES: [[&str; 3]; 13] = [
    ["1", "", ""],
    ["1", "1", ""],
    ["1", "1", "01"],
    ["1", "1", "1"],
    ["1", "2", ""],
    ["1", "2", "01"],
    ["2", "", ""],
    ["2", "1", ""],
    ["2", "1", "01"],
    ["10", "", ""],
    ["10", "1", ""],
    ["10", "3", ""],
    ["10", "3", "+1,2"],
];
const TEXTS: [&str; 5] = ["", "a", "a,\"b\"", " c\nd ", "é"];
const MODES: [ImportMode; 3] = [ImportMode::Merge, ImportMode::Replace, ImportMode::Remove];

/// Entries by place, with description and environment.
type Entries = BTreeMap<usize, (usize, usize)>;

#[derive(Clone, Debug)]
enum Step {
    /// Mode, whether as JSON, and each row's place with its texts.
    Import(usize, bool, Vec<(usize, usize, usize)>),
    /// A configuration comes to an entry, if it is there.
    Configure(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let row = (0..PLACES.len(), 0..TEXTS.len(), 0..TEXTS.len());
    let rows = prop_oneof![3 => proptest::collection::vec(row.clone(), 0..6), 2 => proptest::collection::vec(row, 6..40)];
    prop_oneof![
        9 => (0..MODES.len(), any::<bool>(), rows).prop_map(|(mode, json, rows)| Step::Import(mode, json, rows)),
        1 => (0..PLACES.len()).prop_map(Step::Configure),
    ]
}

/// Whether the first place is the second or lies below it.
fn within(inner: usize, outer: usize) -> bool {
    let (inner, outer) = (PLACES[inner], PLACES[outer]);
    outer.iter().zip(inner).all(|(outer, inner)| outer.is_empty() || *outer == inner)
}

fn depth(place: usize) -> usize {
    PLACES[place].iter().filter(|id| !id.is_empty()).count()
}

fn parent(place: usize) -> Option<usize> {
    (0..PLACES.len()).find(|outer| within(place, *outer) && depth(*outer) + 1 == depth(place))
}

/// What the model says becomes of an import; `None` when it is refused.
fn expected(entries: &Entries, used: &BTreeSet<usize>, mode: ImportMode, rows: &Entries) -> Option<Entries> {
    let mut after = entries.clone();
    let gone: Vec<_> = match mode {
        ImportMode::Merge => vec![],
        ImportMode::Replace => {
            let named = |place: &usize| rows.keys().any(|row| within(*row, *place));
            let same_system = |place: &usize| rows.keys().any(|row| PLACES[*row][0] == PLACES[*place][0]);
            entries.keys().copied().filter(|place| same_system(place) && !named(place)).collect()
        }
        ImportMode::Remove => rows.keys().copied().filter(|place| entries.contains_key(place)).collect(),
    };
    if mode != ImportMode::Remove {
        after.extend(rows.iter().map(|(place, texts)| {
            let environment = if depth(*place) == 1 { texts.1 } else { 0 };
            (*place, (texts.0, environment))
        }));
        if rows.keys().any(|row| parent(*row).is_some_and(|parent| !after.contains_key(&parent))) {
            return None;
        }
    }
    after.retain(|place, _| !gone.contains(place));
    let left_alone =
        after.keys().all(|place| parent(*place).is_none_or(|parent| after.contains_key(&parent)));
    let in_use = used.iter().any(|used| gone.iter().any(|gone| within(*used, *gone)));
    (left_alone && !in_use).then_some(after)
}

fn csv_field(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// The text of a file, in the order of the rows given.
fn file(rows: &[(usize, usize, usize)], json: bool) -> String {
    let texts = |&(place, description, environment): &(usize, usize, usize)| {
        let environment = if depth(place) == 1 { TEXTS[environment] } else { "" };
        let [telsys, partition, device] = PLACES[place];
        [telsys, partition, device, TEXTS[description], environment]
    };
    if json {
        let names = ["TelSysID", "PartIDInTelSys", "DeviceNumber", "Description", "CMEnvironmentID"];
        let object = |row| {
            let pairs = names.into_iter().zip(texts(row));
            serde_json::Value::from_iter(pairs.map(|(name, text)| (name.to_owned(), text.to_owned())))
        };
        serde_json::Value::from_iter(rows.iter().map(object)).to_string()
    } else {
        let line = |row| texts(row).map(csv_field).join(",") + "\r\n";
        super::HEADER.to_owned() + &rows.iter().map(line).collect::<String>()
    }
}

fn found(given: &Given) -> Entries {
    let text = |text: &str| TEXTS.iter().position(|known| *known == text).unwrap();
    let place = |id: &EntryId| PLACES.iter().position(|place| at(*place) == *id).unwrap();
    let entries = given.state().directory.within(&Scope::EveryTelSys);
    entries
        .map(|entry| {
            let environment = entry.environment.map_or(0, |environment| text(environment.as_str()));
            (place(&entry.id()), (text(entry.description.as_str()), environment))
        })
        .collect()
}

fn at([telsys, partition, device]: [&str; 3]) -> EntryId {
    super::super::entry_id(telsys, partition, device).unwrap()
}

fn start() -> Given {
    let context = || Context::of(Actor::System);
    let account = AccountCreated {
        account: ADMIN,
        name: NameCommitment::new([1; 32]),
        credential: CredentialId::new([1; 16]),
        key: None,
    };
    let grant = Grant { role: Role::Administrator, scope: Scope::EveryTelSys };
    Given::nothing()
        .and(context(), StoreCreated { store: StoreId::new([1; 16]) })
        .and(context(), account)
        .and(context(), GrantGiven { account: ADMIN, grant })
}

fn configured(number: usize, place: usize) -> Event {
    let json = Arc::new(Json::parse("{}").unwrap());
    ConfigurationAdded {
        id: format!("8b421354e7ea58f6:1:1:{number:x}").parse().unwrap(),
        scope: at(PLACES[place]).scope(),
        crm_type: CrmType::new("t").unwrap(),
        description: Description::new(&number.to_string()).unwrap(),
        template: TemplateDigest::new([0; 32]),
        key: KeyId(1),
        configuration: Arc::clone(&json),
        secrets: Arc::default(),
        common: json,
    }
    .into()
}

/// Whether every entry stands below one that is there.
fn assert_whole(given: &Given) {
    let directory = &given.state().directory;
    for entry in directory.within(&Scope::EveryTelSys) {
        assert!(entry.id().parent().is_none_or(|parent| directory.contains(&parent)), "{}", entry.id());
    }
}

/// Imports, event by event, and returns how many there were; or why it was refused.
fn import(given: &mut Given, mode: ImportMode, text: &str, json: bool) -> Result<usize, Rejection> {
    let format = if json { Format::Json } else { Format::Csv };
    let listing = format.read(text).listing().unwrap();
    let rows = listing.len() as u64;
    let (mut progress, mut events) = (None, 0);
    loop {
        let command = Command::ImportDirectory(ImportDirectory { mode, listing: listing.clone(), progress });
        let context = Context::of(Actor::Account(ADMIN));
        let decision = decide(given.state(), &Request { context, validate_only: false, command }, None)?;
        assert!(decision.events.len() <= 1_024);
        events += decision.events.len();
        for new in decision.events {
            *given = given.clone().and(new.context, new.event);
            assert_whole(given);
        }
        let outcome = decision.outcome.and_then(Outcome::into_import).unwrap();
        if outcome.done {
            let counts = outcome.progress.counts();
            assert_eq!(counts.changes(), events as u64);
            let removed = counts.telsys.removed + counts.partitions.removed + counts.devices.removed;
            // Each row is an event or unchanged; a Replace removes what is no row.
            let beside = if mode == ImportMode::Replace { removed } else { 0 };
            assert_eq!(counts.unchanged + events as u64 - beside, rows);
            return Ok(events);
        }
        progress = Some(outcome.progress);
    }
}

fn play(steps: &[Step]) -> [usize; 4] {
    let (mut given, mut entries, mut used) = (start(), Entries::new(), BTreeSet::new());
    let mut seen = [0; 4];
    for (number, step) in steps.iter().enumerate() {
        let (mode, json, rows) = match step {
            Step::Configure(place) => {
                if entries.contains_key(place) {
                    used.insert(*place);
                    given = given.and(Context::of(Actor::System), configured(number, *place));
                }
                continue;
            }
            Step::Import(mode, json, rows) => (MODES[*mode], *json, rows),
        };
        // Of rows with one place the first stays, so that the file has each once.
        let mut listed = Entries::new();
        let rows: Vec<_> = rows
            .iter()
            .copied()
            .filter(|(place, description, environment)| {
                listed.insert(*place, (*description, *environment)).is_none()
            })
            .collect();
        let listed =
            rows.iter().map(|&(place, description, environment)| (place, (description, environment)));
        let text = file(&rows, json);
        let before = given.past().len();
        let result = import(&mut given, mode, &text, json);
        match expected(&entries, &used, mode, &listed.collect()) {
            None => {
                let parents = matches!(result, Err(Rejection::ParentsMissing(_)));
                assert!(parents || matches!(result, Err(Rejection::EntriesInUse(_))), "{step:?}: {result:?}");
                assert_eq!(given.past().len(), before, "{step:?}");
                seen[3] += 1;
            }
            Some(after) => {
                assert!(result.is_ok(), "{step:?}: {result:?}");
                entries = after;
                assert_eq!(import(&mut given, mode, &text, json), Ok(0), "{step:?}");
                let mode = MODES.iter().position(|known| *known == mode).unwrap();
                seen[mode] += usize::from(given.past().len() > before);
            }
        }
        assert_eq!(found(&given), entries, "{step:?}");
    }
    seen
}

#[test]
fn after_every_import_the_directory_is_the_models_and_importing_again_makes_no_event() {
    let seed: u64 = std::env::var("CRMCONF_TEST_SEED").map_or(20_261_125, |seed| seed.parse().unwrap());
    println!("seed {seed}, {CASES} cases");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let total = std::cell::Cell::new([0; 4]);
    let result = runner.run(&proptest::collection::vec(step(), 1..14), |steps| {
        let seen = play(&steps);
        total.set(std::array::from_fn(|at| total.get()[at] + seen[at]));
        Ok(())
    });
    if let Err(error) = result {
        panic!("seed {seed}: {error}");
    }
    // Merged, replaced and removed with events, and refused.
    assert!(total.get().iter().all(|count| *count > 50), "the cases tried only {:?}", total.get());
}
