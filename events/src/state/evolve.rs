//! `evolve`: how each event changes the decision state.

use std::sync::Arc;

use super::{AccountState, ConfigurationName, ConfigurationState, DeletedAccountState, RetiredState, State};
use crate::access::Grants;
use crate::event::{
    AccountCreated, ConfigurationAdded, ConfigurationChanged, ConfigurationDeleted, ConfigurationShredded,
    Event, TemplateRecorded,
};
use crate::value::{AccountId, KeyId, Sequence};

/// Takes in the event at `sequence`. Pure, and total over well-formed events.
pub fn evolve(state: &mut State, sequence: Sequence, event: &Event) {
    state.last = Some(sequence);
    match event {
        Event::StoreCreated(e) => state.store = Some(e.store),
        Event::TemplateRecorded(e) => template_recorded(state, e),
        Event::RequestRecorded(_) => {}
        Event::DestructionHeld(_) => state.destruction_held = true,
        Event::DestructionResumed(_) => state.destruction_held = false,
        Event::ConfigurationAdded(e) => added(state, sequence, e),
        Event::ConfigurationChanged(e) => changed(state, sequence, e),
        Event::ConfigurationDeleted(e) => deleted(state, e),
        Event::ConfigurationShredded(e) => shredded(state, sequence, e),
        Event::AccountCreated(e) => account_created(state, sequence, e),
        Event::AccountRenamed(e) => update(state, sequence, e.account, |account| {
            account.name = e.name;
            account.credential = e.credential;
        }),
        Event::CredentialSet(e) => {
            update(state, sequence, e.account, |account| account.credential = e.credential);
        }
        Event::GrantGiven(e) => {
            update(state, sequence, e.account, |account| account.grants.insert(e.grant.clone()));
        }
        Event::GrantTaken(e) => update(state, sequence, e.account, |account| account.grants.remove(&e.grant)),
        Event::AccountDisabled(e) => update(state, sequence, e.account, |account| account.enabled = false),
        Event::AccountEnabled(e) => update(state, sequence, e.account, |account| account.enabled = true),
        Event::AccountDeleted(e) => {
            if let Some(account) = state.accounts.remove(&e.account) {
                let AccountState { credential, key, .. } = *account;
                state.deleted.insert(e.account, DeletedAccountState { credential, key });
            }
        }
        Event::AccountErased(e) => {
            state.deleted.remove(&e.account);
        }
        Event::TelSysRegistered(_)
        | Event::TelSysRenamed(_)
        | Event::TelSysRemoved(_)
        | Event::PartitionRegistered(_)
        | Event::PartitionRenamed(_)
        | Event::PartitionRemoved(_)
        | Event::DeviceRegistered(_)
        | Event::DeviceRenamed(_)
        | Event::DeviceRemoved(_) => state.directory.apply(event),
    }
}

fn template_recorded(state: &mut State, event: &TemplateRecorded) {
    let fields = event.password_fields();
    let marked = state.marked.entry(event.crm_type.clone()).or_default();
    Arc::make_mut(marked).extend(fields.iter().cloned());
    state.templates.insert(event.digest, Arc::new(fields));
}

fn added(state: &mut State, sequence: Sequence, event: &ConfigurationAdded) {
    let name = Arc::new(ConfigurationName {
        scope: event.scope.clone(),
        crm_type: event.crm_type.clone(),
        description: event.description.clone(),
    });
    let configuration = ConfigurationState {
        name: Arc::clone(&name),
        version: sequence,
        template: event.template,
        key: event.key,
        shredded: false,
        configuration: Arc::clone(&event.configuration),
        secrets: Arc::clone(&event.secrets),
        common: Arc::clone(&event.common),
    };
    give_out(state, event.key);
    state.names.insert(name, event.id.clone());
    state.configurations.insert(event.id.clone(), Arc::new(configuration));
}

fn changed(state: &mut State, sequence: Sequence, event: &ConfigurationChanged) {
    let Some(old) = state.configurations.get(&event.id) else { return };
    let mut new = ConfigurationState::clone(old);
    new.version = sequence;
    new.template = event.template;
    new.shredded = old.shredded && event.key == old.key;
    new.key = event.key;
    if let Some(configuration) = &event.configuration {
        new.configuration = Arc::clone(configuration);
        new.secrets = Arc::clone(&event.secrets);
    }
    if let Some(common) = &event.common {
        new.common = Arc::clone(common);
    }
    if let Some(description) = &event.description {
        state.names.remove(&new.name);
        new.name = Arc::new(ConfigurationName {
            description: description.clone(),
            ..ConfigurationName::clone(&new.name)
        });
        state.names.insert(Arc::clone(&new.name), event.id.clone());
    }
    state.configurations.insert(event.id.clone(), Arc::new(new));
    give_out(state, event.key);
}

/// A key that an event names was given out; the next one is a later one.
fn give_out(state: &mut State, key: KeyId) {
    state.next_key = state.next_key.max(key.next());
}

fn deleted(state: &mut State, event: &ConfigurationDeleted) {
    if let Some(old) = state.configurations.remove(&event.id) {
        state.names.remove(&old.name);
        // Of a key that is destroyed already nothing is left to be done.
        if !old.shredded {
            let retired =
                RetiredState { scope: event.scope.clone(), crm_type: event.crm_type.clone(), key: event.key };
            state.retired.insert(event.id.clone(), Arc::new(retired));
        }
    }
}

fn shredded(state: &mut State, sequence: Sequence, event: &ConfigurationShredded) {
    state.retired.remove(&event.id);
    if let Some(live) = state.configurations.get_mut(&event.id) {
        let live = Arc::make_mut(live);
        live.version = sequence;
        live.shredded = true;
    }
}

fn account_created(state: &mut State, sequence: Sequence, event: &AccountCreated) {
    let account = AccountState {
        name: event.name,
        credential: event.credential,
        key: event.key,
        enabled: true,
        grants: Grants::default(),
        version: sequence,
    };
    state.accounts.insert(event.account, Arc::new(account));
    if let Some(key) = event.key {
        give_out(state, key);
    }
}

fn update(state: &mut State, sequence: Sequence, account: AccountId, change: impl FnOnce(&mut AccountState)) {
    if let Some(account) = state.accounts.get_mut(&account) {
        let account = Arc::make_mut(account);
        account.version = sequence;
        change(account);
    }
}
