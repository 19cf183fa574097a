//! Importing into the directory.

use crmconf_events::command::{
    Command, DirectoryEntry, ImportCounts, ImportDirectory, ImportMode, KindCounts, ListedEntry, Listing,
    Orphan, Request,
};
use crmconf_events::commit::{CommitBuilder, Head};
use crmconf_events::decide::kit::Given;
use crmconf_events::decide::{Decision, Found, ImportOutcome, InUse, Rejection, Use};
use crmconf_events::event::{
    AccountDisabled, Actor, Context, DeviceRegistered, DeviceRemoved, DeviceRenamed, Event,
    PartitionRegistered, PartitionRemoved, TelSysRegistered, TelSysRemoved, TelSysRenamed, encode,
};
use crmconf_events::state::Missing;
use crmconf_events::{
    DeviceNumber, DirectoryText, EntryId, InvokeId, PartitionId, Reason, Salt, StoreId, TelSysId, Timestamp,
};

use crate::kit::*;

fn words(text: &str) -> DirectoryText {
    DirectoryText::new(text).unwrap()
}

fn system(number: u32) -> TelSysId {
    TelSysId::new(number).unwrap()
}

fn part(number: u32) -> PartitionId {
    PartitionId::new(number).unwrap()
}

fn desk(number: &str) -> DeviceNumber {
    DeviceNumber::new(number).unwrap()
}

fn a_telsys(telsys: u32, description: &str) -> DirectoryEntry {
    let environment = words(&format!("e-{telsys}"));
    DirectoryEntry::TelSys { telsys: system(telsys), description: words(description), environment }
}

fn a_partition(telsys: u32, partition: u32, description: &str) -> DirectoryEntry {
    let description = words(description);
    DirectoryEntry::Partition { telsys: system(telsys), partition: part(partition), description }
}

fn a_device(telsys: u32, partition: u32, device: &str, description: &str) -> DirectoryEntry {
    let (telsys, partition, device) = (system(telsys), part(partition), desk(device));
    DirectoryEntry::Device { telsys, partition, device, description: words(description) }
}

/// What the world's directory holds.
fn as_it_is() -> Vec<DirectoryEntry> {
    vec![
        a_telsys(1, "one"),
        a_partition(1, 1, "one/1"),
        a_device(1, 1, "0101", "desk"),
        a_telsys(2, "two"),
        a_partition(2, 1, "two/1"),
    ]
}

fn listing(entries: Vec<DirectoryEntry>) -> Listing {
    let listed = (2..).zip(entries).map(|(line, entry)| ListedEntry { entry, line });
    let (listing, twice) = Listing::sorted(listed.collect());
    assert_eq!(twice, []);
    listing
}

fn import(mode: ImportMode, entries: Vec<DirectoryEntry>) -> Request {
    let command = ImportDirectory { mode, listing: listing(entries), progress: None };
    let command = Command::ImportDirectory(command);
    Request { context: Context::of(ADMIN), validate_only: false, command }
}

fn merge(entries: Vec<DirectoryEntry>) -> Request {
    import(ImportMode::Merge, entries)
}

fn dry(request: Request) -> Request {
    Request { validate_only: true, ..request }
}

fn by(actor: Actor, request: Request) -> Request {
    Request { context: Context::of(actor), ..request }
}

fn told(decision: &Decision) -> ImportOutcome {
    decision.outcome.clone().and_then(crmconf_events::decide::Outcome::into_import).unwrap()
}

/// The request for the portion after this decision.
fn next(request: &Request, decision: &Decision) -> Request {
    let Command::ImportDirectory(command) = request.command.clone() else { panic!("{request:?}") };
    let command = ImportDirectory { progress: Some(told(decision).progress), ..command };
    Request { command: Command::ImportDirectory(command), ..request.clone() }
}

const fn kind(added: u64, changed: u64, removed: u64) -> KindCounts {
    KindCounts { added, changed, removed }
}

#[test]
fn only_differences_become_events_and_parents_come_first_whatever_the_order_of_the_file() {
    let mut entries = as_it_is();
    entries.extend([
        a_device(3, 1, "01", "a"),
        a_partition(3, 1, "b"),
        a_telsys(3, "c"),
        a_device(1, 1, "0102", "new"),
    ]);
    entries[2] = a_device(1, 1, "0101", "door");
    entries[3] =
        DirectoryEntry::TelSys { telsys: system(2), description: words("two"), environment: words("e-9") };
    let (one, three, first) = (system(1), system(3), part(1));
    let then = world().when(merge(entries.clone()));
    let counts = ImportCounts {
        telsys: kind(1, 1, 0),
        partitions: kind(1, 0, 0),
        devices: kind(2, 1, 0),
        unchanged: 3,
    };
    assert_eq!((told(then.decision()).progress.counts(), told(then.decision()).done), (&counts, true));
    assert_eq!(counts.changes(), 6);
    let given = then.then(&[
        DeviceRenamed { telsys: one, partition: first, device: desk("0101"), description: words("door") }
            .into(),
        DeviceRegistered { telsys: one, partition: first, device: desk("0102"), description: words("new") }
            .into(),
        TelSysRenamed { telsys: system(2), description: words("two"), environment: words("e-9") }.into(),
        TelSysRegistered { telsys: three, description: words("c"), environment: words("e-3") }.into(),
        PartitionRegistered { telsys: three, partition: first, description: words("b") }.into(),
        DeviceRegistered { telsys: three, partition: first, device: desk("01"), description: words("a") }
            .into(),
    ]);
    let again = given.when(merge(entries));
    assert_eq!(
        told(again.decision()).progress.counts(),
        &ImportCounts { unchanged: 9, ..ImportCounts::default() }
    );
    again.then(&[]);
}

#[test]
fn only_an_administrator_imports_and_only_while_the_account_stands() {
    for actor in [EDITOR, VIEWER] {
        world().when(by(actor, merge(as_it_is()))).rejected(&Rejection::NotAdministrator);
    }
    let disabled = world().and(Context::of(Actor::System), AccountDisabled { account: account(1) });
    disabled.when(merge(as_it_is())).rejected(&Rejection::AccountGone);
    world().when(by(Actor::Account(account(9)), merge(vec![]))).rejected(&Rejection::AccountGone);
    world().when(by(Actor::Operator(7), merge(as_it_is()))).then(&[]);
}

#[test]
fn entries_without_parents_are_all_found_by_their_lines_before_anything_is_imported() {
    let entries = vec![
        a_device(2, 9, "1", "x"),
        a_telsys(3, "fine"),
        a_device(8, 1, "1", "x"),
        a_partition(7, 1, "x"),
        a_device(7, 1, "1", "its partition stands in the file"),
        a_device(2, 1, "1", "its partition stands in the directory"),
    ];
    let orphan = |id, line, missing| Orphan { id, line, missing };
    let first = vec![
        orphan(EntryId::Device(system(2), part(9), desk("1")), 2, Missing::Partition),
        orphan(EntryId::Device(system(8), part(1), desk("1")), 4, Missing::TelSys),
        orphan(EntryId::Partition(system(7), part(1)), 5, Missing::TelSys),
    ];
    for mode in [ImportMode::Merge, ImportMode::Replace] {
        let found = Found { first: first.clone(), total: 3 };
        world().when(import(mode, entries.clone())).rejected(&Rejection::ParentsMissing(found));
    }
    let many = (1..=50).map(|number| a_device(9, 1, &number.to_string(), "")).collect();
    let Err(Rejection::ParentsMissing(found)) = world().decide(&merge(many)) else { panic!() };
    assert_eq!((found.first.len(), found.total, found.more()), (20, 50, 30));
}

/// A decision that leaves what was given as it is.
trait Decides {
    fn decide(&self, request: &Request) -> Result<Decision, Rejection>;
}

impl Decides for Given {
    fn decide(&self, request: &Request) -> Result<Decision, Rejection> {
        crmconf_events::decide::decide(self.state(), request, None)
    }
}

#[test]
fn a_replacement_removes_what_the_file_leaves_out_of_the_systems_that_it_names_children_first() {
    let replace = |entries| import(ImportMode::Replace, entries);
    let (one, first) = (system(1), part(1));
    world().when(replace(vec![a_telsys(1, "one")])).then(&[
        DeviceRemoved { telsys: one, partition: first, device: desk("0101") }.into(),
        PartitionRemoved { telsys: one, partition: first }.into(),
    ]);
    // A device names its partition and its telephone system.
    world().when(replace(vec![a_device(1, 1, "0102", "x")])).then(&[
        DeviceRegistered { telsys: one, partition: first, device: desk("0102"), description: words("x") }
            .into(),
        DeviceRemoved { telsys: one, partition: first, device: desk("0101") }.into(),
    ]);
    world().when(replace(vec![])).then(&[]);
}

#[test]
fn nothing_with_configurations_at_it_or_below_it_is_removed() {
    let at_the_desk = world().when(add("x").at(device(1, 1, "0101")).by(ADMIN)).and_given();
    let desk_id = EntryId::Device(system(1), part(1), desk("0101"));
    let used =
        |id| Rejection::EntriesInUse(Found::one(InUse { id, by: Use::Configuration(crate::kit::id(1)) }));
    let replace = import(ImportMode::Replace, vec![a_telsys(1, "one")]);
    at_the_desk.clone().when(replace.clone()).rejected(&used(desk_id.clone()));
    // It stands in the way of all that is above it, too.
    let below = InUse { id: EntryId::Partition(system(1), part(1)), by: Use::Configuration(id(1)) };
    let only_above = import(ImportMode::Remove, vec![a_partition(1, 1, "")]);
    at_the_desk.clone().when(only_above).rejected(&Rejection::EntriesInUse(Found::one(below)));
    at_the_desk.when(dry(import(ImportMode::Remove, as_it_is()))).rejected(&used(desk_id));
    // What stands above an entry does not keep it.
    assert_eq!(with_sales().when(replace).decision().events.len(), 2);
}

#[test]
fn a_removal_takes_what_is_listed_whatever_its_texts_and_nothing_more() {
    let remove = |entries| import(ImportMode::Remove, entries);
    let (two, first) = (system(2), part(1));
    let then = world().when(remove(vec![
        a_telsys(2, "other"),
        a_partition(2, 1, "other"),
        a_device(2, 1, "9", "not there"),
        a_telsys(9, "not there"),
    ]));
    let counts = ImportCounts {
        telsys: kind(0, 0, 1),
        partitions: kind(0, 0, 1),
        devices: kind(0, 0, 0),
        unchanged: 2,
    };
    assert_eq!(told(then.decision()).progress.counts(), &counts);
    then.then(&[
        PartitionRemoved { telsys: two, partition: first }.into(),
        TelSysRemoved { telsys: two }.into(),
    ]);
    let by = Use::Entry(EntryId::Partition(two, first));
    let stays = InUse { id: EntryId::TelSys(two), by };
    world().when(remove(vec![a_telsys(2, "")])).rejected(&Rejection::EntriesInUse(Found::one(stays)));
}

#[test]
fn a_dry_run_counts_all_of_it_and_changes_nothing() {
    let devices = (0..3_000).map(|number| a_device(2, 1, &number.to_string(), "x"));
    let request = import(ImportMode::Replace, devices.chain([a_telsys(1, "one")]).collect());
    let then = world().when(dry(request));
    let ImportOutcome { progress, done } = told(then.decision());
    assert!(done && then.decision().events.is_empty());
    assert_eq!(progress.counts().devices, kind(3_000, 0, 1));
    assert_eq!((progress.counts().partitions, progress.counts().unchanged), (kind(0, 0, 1), 1));
}

/// Has all portions of an import decided, and returns their sizes.
fn run(mut given: Given, first: &Request) -> (Given, Vec<usize>, ImportOutcome) {
    let mut sizes = Vec::new();
    let mut request = first.clone();
    loop {
        let then = given.when(request);
        sizes.push(then.decision().events.len());
        fits_an_empty_commit(then.decision());
        let outcome = told(then.decision());
        request = next(first, then.decision());
        given = then.and_given();
        if outcome.done {
            return (given, sizes, outcome);
        }
    }
}

fn fits_an_empty_commit(decision: &Decision) {
    let head = Head::empty(StoreId::new([7; 16]));
    let mut builder = CommitBuilder::new(StoreId::new([7; 16]), head, Timestamp::default());
    for new in &decision.events {
        let bytes = encode(Salt::new([0xff; 16]), &new.context, &new.event).unwrap();
        builder.try_push(bytes.into()).unwrap();
    }
}

#[test]
fn a_long_file_comes_in_portions_of_what_a_commit_takes_and_its_removal_too() {
    let devices =
        || (0..3_000).map(|number| a_device(2, 1, &format!("{number:04}"), "x")).collect::<Vec<_>>();
    let (given, sizes, outcome) = run(world(), &merge(devices()));
    assert_eq!(sizes, [1_024, 1_024, 952]);
    assert_eq!(outcome.progress.counts().devices, kind(3_000, 0, 0));
    let (given, sizes, _) = run(given, &merge(devices()));
    assert_eq!(sizes, [0]);
    let (given, sizes, outcome) = run(given, &import(ImportMode::Replace, vec![a_telsys(2, "two")]));
    assert_eq!(sizes, [1_024, 1_024, 953]);
    assert_eq!(outcome.progress.counts().devices, kind(0, 0, 3_000));
    assert_eq!(given.state().directory.devices.len(), 1);
}

#[test]
fn a_portion_of_the_longest_texts_fits_a_commit() {
    // What takes the most bytes for a character, and what JSON makes the longest.
    let dear = "\u{1f600}".repeat(DirectoryText::CHARS_MAX);
    let escaped = "\n".repeat(DirectoryText::CHARS_MAX);
    let number = |at: u32| format!("{}{at:04}", "\u{1f600}".repeat(60));
    let last = TelSysId::new(2_147_483_647).unwrap();
    let mut entries = Vec::new();
    for text in [&dear, &escaped] {
        let telsys = system(u32::from(text == &dear) + 2_147_483_600);
        let (description, environment) = (words(text), words(text));
        entries.push(DirectoryEntry::TelSys { telsys, description, environment });
        let partition = part(2_147_483_647);
        entries.push(DirectoryEntry::Partition { telsys, partition, description: words(text) });
        entries.extend((0..600).map(|at| {
            let (device, description) = (desk(&number(at)), words(text));
            DirectoryEntry::Device { telsys, partition, device, description }
        }));
    }
    entries.push(a_telsys(last.get(), ""));
    let context = Context {
        invoke: Some(InvokeId::new(&"\u{1f600}".repeat(InvokeId::CHARS_MAX)).unwrap()),
        reason: Some(Reason::new(&"\n".repeat(Reason::CHARS_MAX)).unwrap()),
        ..Context::of(ADMIN)
    };
    let (_, sizes, outcome) = run(world(), &Request { context: context.clone(), ..merge(entries) });
    assert_eq!(outcome.progress.counts().changes(), 1_205);
    // Every portion but the last is as full as an estimate that never falls short lets it be.
    assert!(sizes.len() < 25 && sizes.iter().rev().skip(1).all(|size| *size > 50), "{sizes:?}");
    // Small events under a large context are bound by bytes as well.
    let devices = (0..1_100).map(|at| a_device(2, 1, &at.to_string(), "")).collect();
    let (_, sizes, _) = run(world(), &Request { context, ..merge(devices) });
    assert!(sizes.len() > 2, "{sizes:?}");
}

#[test]
fn every_portion_is_decided_on_what_others_have_done_meanwhile() {
    let admin = Context::of(Actor::System);
    let devices = |telsys| (0..1_500).map(move |number| a_device(telsys, 1, &format!("{number:04}"), "x"));
    let entries: Vec<_> =
        [a_telsys(3, "c"), a_partition(3, 1, "c/1")].into_iter().chain(devices(3)).collect();
    let first = merge(entries.clone());
    let then = world().when(first.clone());
    let second = next(&first, then.decision());
    let given = then.and_given();

    // An entry that someone else has registered is not registered again.
    let (telsys, partition) = (system(3), part(1));
    let other = DeviceRegistered { telsys, partition, device: desk("1400"), description: words("x") };
    let then = given.clone().and(admin.clone(), other).when(second.clone());
    assert_eq!(then.decision().events.len(), 1_502 - 1_024 - 1);
    assert_eq!(told(then.decision()).progress.counts().unchanged, 1);

    // The administrator is one no longer.
    let disabled = given.clone().and(admin.clone(), AccountDisabled { account: account(1) });
    disabled.when(second.clone()).rejected(&Rejection::AccountGone);

    // The partition was removed, which only works behind the decider's back: it has devices.
    let removed = given.clone().and(admin, PartitionRemoved { telsys, partition });
    removed.when(second.clone()).rejected(&Rejection::NotInDirectory(Missing::Partition));

    // A configuration came to what is about to go.
    let full = given.when(second).and_given();
    let remove = import(ImportMode::Remove, entries);
    let then = full.when(remove.clone());
    let second = next(&remove, then.decision());
    let used = then.and_given().when(add("x").at(device(3, 1, "0000")).by(ADMIN)).and_given();
    let used_by =
        InUse { id: EntryId::Device(telsys, partition, desk("0000")), by: Use::Configuration(id(1)) };
    used.when(second).rejected(&Rejection::EntriesInUse(Found::one(used_by)));
}

#[test]
fn an_entry_listed_twice_is_told_with_both_places_and_the_first_stays() {
    let listed = |line, description: &str| ListedEntry { entry: a_telsys(1, description), line };
    let (listing, twice) = Listing::sorted(vec![listed(5, "a"), listed(2, "b"), listed(9, "c")]);
    let places: Vec<_> = twice.iter().map(|twice| (twice.first, twice.again)).collect();
    assert_eq!((places, listing.len()), (vec![(5, 2), (5, 9)], 1));
}

#[test]
fn events_carry_the_reason_of_their_import() {
    let reason = Reason::new("moved").unwrap();
    let context = Context { reason: Some(reason.clone()), ..Context::of(ADMIN) };
    let request = Request { context, ..merge(vec![a_telsys(3, ""), a_partition(3, 1, "")]) };
    let then = world().when(request);
    assert!(then.decision().events.iter().all(|new| new.context.reason.as_ref() == Some(&reason)));
    assert!(matches!(then.decision().events[0].event, Event::TelSysRegistered(_)));
}
