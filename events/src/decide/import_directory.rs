//! Importing into the directory, portion by portion: what differs becomes events, parents first, and no more of them
//! than one commit has room for.
//!
//! The first portion checks all of the file. Each portion checks its own part again, on the directory as it then
//! stands: others may have changed it between two portions.

use std::sync::Arc;

use super::{Decision, Found, InUse, NewEvent, Outcome, Rejection, Use};
use crate::command::{
    DirectoryEntry, ImportDirectory, ImportMode, ImportProgress, KindCounts, Listing, Request,
};
use crate::commit::{COMMIT_BYTES_MAX, COMMIT_EVENTS_MAX, COMMIT_PREFIX_BYTES, LENGTH_BYTES};
use crate::event::{
    Context, DeviceRegistered, DeviceRemoved, DeviceRenamed, Event, PartitionRegistered, PartitionRemoved,
    PartitionRenamed, StoreCreated, TelSysRegistered, TelSysRemoved, TelSysRenamed, encode,
};
use crate::state::State;
use crate::value::{DirectoryText, EntryId, Salt, Scope, StoreId, TelSysId};

/// What the bytes of an event have beyond those of the one that the context was measured with: a longer tag, larger
/// ids and the keys of its body, in its stream's name too.
const EVENT_BYTES_BEYOND: usize = 192;
/// The bytes of JSON that a byte of a text becomes at most: `\n` for a line feed. What would take more, XML cannot carry.
const JSON_BYTES_PER_BYTE_MAX: usize = 2;

/// What an import is told after a portion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOutcome {
    /// What was done so far; for a dry run, what would be.
    pub progress: ImportProgress,
    /// Whether that was all.
    pub done: bool,
}

pub(super) fn decide(
    state: &State,
    request: &Request,
    command: &ImportDirectory,
) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    let progress = match &command.progress {
        Some(progress) => progress.clone(),
        None => begin(state, command)?,
    };
    let mut portion =
        Portion { room: Room::of(request), progress, context: &request.context, events: Vec::new() };
    let done = portion.register(state, &command.listing)? && portion.remove(state)?;
    let Portion { progress, events, .. } = portion;
    let outcome = Outcome::DirectoryImport(ImportOutcome { progress, done });
    Ok(Decision { events, outcome: Some(outcome) })
}

/// The checks of the whole file, and what it removes.
fn begin(state: &State, command: &ImportDirectory) -> Result<ImportProgress, Rejection> {
    let ImportDirectory { mode, listing, progress: _ } = command;
    let mut progress = ImportProgress::default();
    let mut removals: Vec<_> = match mode {
        ImportMode::Merge => Vec::new(),
        ImportMode::Replace => missing(state, listing),
        ImportMode::Remove => {
            listing.from(0).map(|(id, _)| id).filter(|id| state.directory.contains(id)).cloned().collect()
        }
    };
    // Parents first as they were found: the other way round, children are.
    removals.reverse();
    progress.removals = removals.into();
    if *mode == ImportMode::Remove {
        progress.listed = listing.len();
        progress.counts.unchanged = listing.len().saturating_sub(progress.removals.len()) as u64;
    } else if let Some(orphans) = Found::of(listing.orphans(&state.directory)) {
        return Err(Rejection::ParentsMissing(orphans));
    }
    let mut used: Vec<_> =
        progress.removals.iter().filter_map(|id| in_use(state, id, &progress.removals)).collect();
    // What is used at a device is used at its partition too, and is told once.
    used.dedup_by(|later, earlier| later.by == earlier.by);
    match Found::of(used) {
        Some(used) => Err(Rejection::EntriesInUse(used)),
        None => Ok(progress),
    }
}

/// What the telephone systems that a listing names hold beside what it names, parents first.
fn missing(state: &State, listing: &Listing) -> Vec<EntryId> {
    let inside = |telsys: TelSysId| state.directory.within(&Scope::TelSys(telsys));
    let inside = listing.telsys().into_iter().flat_map(inside);
    inside.map(|entry| entry.id()).filter(|id| !listing.names(id)).collect()
}

/// What keeps an entry from being removed together with others, which stand children before their parents.
fn in_use(state: &State, id: &EntryId, removals: &[EntryId]) -> Option<InUse> {
    let of = |by| Some(InUse { id: id.clone(), by });
    if let Some(configuration) = state.configuration_within(&id.scope()) {
        return of(Use::Configuration(configuration.clone()));
    }
    if matches!(id, EntryId::Device(..)) {
        return None;
    }
    let goes = |child: &EntryId| removals.binary_search_by(|other| child.cmp(other)).is_ok();
    let child = |child: &EntryId| child.parent().as_ref() == Some(id);
    let mut below = state.directory.within(&id.scope()).map(|entry| entry.id());
    below.find(|below| child(below) && !goes(below)).and_then(|below| of(Use::Entry(below)))
}

/// The events of a portion, and how far it has come.
struct Portion<'a> {
    room: Option<Room>,
    progress: ImportProgress,
    context: &'a Context,
    events: Vec<NewEvent>,
}

impl Portion<'_> {
    /// Compares listed entries with the directory; whether all of them were.
    fn register(&mut self, state: &State, listing: &Listing) -> Result<bool, Rejection> {
        let from = self.progress.listed;
        for (id, listed) in listing.from(from) {
            match difference(state, &listed.entry) {
                Difference::None => self.progress.counts.unchanged += 1,
                Difference::New(event) => {
                    let holds = |id: &EntryId| state.directory.contains(id);
                    if let Some(missing) = listing.missing_above(id, from, holds) {
                        return Err(Rejection::NotInDirectory(missing));
                    }
                    if !self.take(id, event, |kind| &mut kind.added) {
                        return Ok(false);
                    }
                }
                Difference::Texts(event) => {
                    if !self.take(id, event, |kind| &mut kind.changed) {
                        return Ok(false);
                    }
                }
            }
            self.progress.listed += 1;
        }
        Ok(true)
    }

    /// Removes entries; whether all of them were.
    fn remove(&mut self, state: &State) -> Result<bool, Rejection> {
        let removals = Arc::clone(&self.progress.removals);
        for id in removals.iter().skip(self.progress.removed) {
            if state.directory.contains(id) {
                if let Some(used) = in_use(state, id, &removals) {
                    return Err(Rejection::EntriesInUse(Found::one(used)));
                }
                if !self.take(id, removed(id), |kind| &mut kind.removed) {
                    return Ok(false);
                }
            }
            self.progress.removed += 1;
        }
        Ok(true)
    }

    /// Takes an event in and counts it, if there is room; in a dry run only counts.
    fn take(&mut self, id: &EntryId, event: Event, count: fn(&mut KindCounts) -> &mut u64) -> bool {
        if let Some(room) = &mut self.room {
            if !room.take(&event) {
                return false;
            }
            self.events.push(NewEvent { context: self.context.clone(), event });
        }
        *count(self.progress.counts.of(id)) += 1;
        true
    }
}

/// The room of an empty commit.
struct Room {
    events: usize,
    bytes: usize,
    /// What an event takes without its texts.
    event_bytes: usize,
}

impl Room {
    /// The room for a request's events; `None` for a dry run, which has none.
    fn of(request: &Request) -> Option<Self> {
        let small = Event::from(StoreCreated { store: StoreId::new([0xff; 16]) });
        // An event that cannot be written takes all the room, and the writer tells why.
        let event_bytes = encode(Salt::new([0xff; 16]), &request.context, &small)
            .map_or(COMMIT_BYTES_MAX, |bytes| bytes.len())
            .saturating_add(LENGTH_BYTES + EVENT_BYTES_BEYOND);
        (!request.validate_only).then_some(Self {
            events: COMMIT_EVENTS_MAX as usize,
            bytes: COMMIT_BYTES_MAX - COMMIT_PREFIX_BYTES,
            event_bytes,
        })
    }

    /// Takes room for one more event. The first always gets it, so that every portion comes further.
    fn take(&mut self, event: &Event) -> bool {
        let bytes =
            self.event_bytes.saturating_add(text_bytes(event).saturating_mul(JSON_BYTES_PER_BYTE_MAX));
        let first = self.events == COMMIT_EVENTS_MAX as usize;
        if self.events == 0 || (bytes > self.bytes && !first) {
            return false;
        }
        self.events -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
        true
    }
}

/// The bytes of an event's texts.
fn text_bytes(event: &Event) -> usize {
    let text = |text: &DirectoryText| text.as_str().len();
    match event {
        Event::TelSysRegistered(e) => text(&e.description) + text(&e.environment),
        Event::TelSysRenamed(e) => text(&e.description) + text(&e.environment),
        Event::PartitionRegistered(e) => text(&e.description),
        Event::PartitionRenamed(e) => text(&e.description),
        Event::DeviceRegistered(e) => text(&e.description) + e.device.as_str().len(),
        Event::DeviceRenamed(e) => text(&e.description) + e.device.as_str().len(),
        Event::DeviceRemoved(e) => e.device.as_str().len(),
        Event::TelSysRemoved(_)
        | Event::PartitionRemoved(_)
        | Event::StoreCreated(_)
        | Event::TemplateRecorded(_)
        | Event::RequestRecorded(_)
        | Event::DestructionHeld(_)
        | Event::DestructionResumed(_)
        | Event::ConfigurationAdded(_)
        | Event::ConfigurationChanged(_)
        | Event::ConfigurationDeleted(_)
        | Event::ConfigurationShredded(_)
        | Event::AccountCreated(_)
        | Event::AccountRenamed(_)
        | Event::CredentialSet(_)
        | Event::GrantGiven(_)
        | Event::GrantTaken(_)
        | Event::AccountDisabled(_)
        | Event::AccountEnabled(_)
        | Event::AccountDeleted(_)
        | Event::AccountErased(_) => 0,
    }
}

/// How a listed entry differs from what stands in the directory.
enum Difference {
    None,
    New(Event),
    Texts(Event),
}

fn difference(state: &State, entry: &DirectoryEntry) -> Difference {
    let directory = &state.directory;
    match entry.clone() {
        DirectoryEntry::TelSys { telsys, description, environment } => match directory.telsys.get(&telsys) {
            None => Difference::New(TelSysRegistered { telsys, description, environment }.into()),
            Some((old, old_environment)) if *old == description && *old_environment == environment => {
                Difference::None
            }
            Some(_) => Difference::Texts(TelSysRenamed { telsys, description, environment }.into()),
        },
        DirectoryEntry::Partition { telsys, partition, description } => {
            match directory.partitions.get(&(telsys, partition)) {
                None => Difference::New(PartitionRegistered { telsys, partition, description }.into()),
                Some(old) if *old == description => Difference::None,
                Some(_) => Difference::Texts(PartitionRenamed { telsys, partition, description }.into()),
            }
        }
        DirectoryEntry::Device { telsys, partition, device, description } => {
            match directory.devices.get(&(telsys, partition, device.clone())) {
                None => Difference::New(DeviceRegistered { telsys, partition, device, description }.into()),
                Some(old) if *old == description => Difference::None,
                Some(_) => Difference::Texts(DeviceRenamed { telsys, partition, device, description }.into()),
            }
        }
    }
}

/// The event that removes an entry.
fn removed(id: &EntryId) -> Event {
    match id.clone() {
        EntryId::TelSys(telsys) => TelSysRemoved { telsys }.into(),
        EntryId::Partition(telsys, partition) => PartitionRemoved { telsys, partition }.into(),
        EntryId::Device(telsys, partition, device) => DeviceRemoved { telsys, partition, device }.into(),
    }
}
