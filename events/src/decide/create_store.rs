//! Setting up an empty store, in one commit.

use super::{Decision, NewEvent, Rejection};
use crate::command::{CreateStore, DirectoryEntry, Request};
use crate::event::{
    AccountCreated, DeviceRegistered, Event, GrantGiven, PartitionRegistered, StoreCreated, TelSysRegistered,
};
use crate::state::State;

pub(super) fn decide(state: &State, request: &Request, command: &CreateStore) -> Result<Decision, Rejection> {
    if state.store.is_some() {
        return Err(Rejection::StoreExists);
    }
    let mut events: Vec<Event> = vec![StoreCreated { store: command.store }.into()];
    for new in &command.accounts {
        let account = new.account;
        events.push(
            AccountCreated { account, name: new.name, credential: new.credential, key: new.key }.into(),
        );
        events.extend(new.grants.iter().cloned().map(|grant| GrantGiven { account, grant }.into()));
    }
    events.extend(command.directory.iter().cloned().map(register));
    let events =
        events.into_iter().map(|event| NewEvent { context: request.context.clone(), event }).collect();
    Ok(Decision { events, outcome: None })
}

fn register(entry: DirectoryEntry) -> Event {
    match entry {
        DirectoryEntry::TelSys { telsys, description, environment } => {
            TelSysRegistered { telsys, description, environment }.into()
        }
        DirectoryEntry::Partition { telsys, partition, description } => {
            PartitionRegistered { telsys, partition, description }.into()
        }
        DirectoryEntry::Device { telsys, partition, device, description } => {
            DeviceRegistered { telsys, partition, device, description }.into()
        }
    }
}
