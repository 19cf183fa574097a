//! Data keys that recorded events give up: destroyed once the events are durable, and again until the disk has taken it.

use std::collections::{BTreeMap, VecDeque};

use crmconf_events::command::{Command, Request};
use crmconf_events::event::{Envelope, Event};
use crmconf_events::{AccountId, ConfigurationId, KeyId};

use super::batch::Asked;
use super::{DataKeys, WriteError, WriteResult};

/// Whose a data key was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Configuration(ConfigurationId),
    Account(AccountId),
}

/// The key that an event gives up, if it gives one up, and whose it was.
#[must_use]
pub(crate) fn given_up(event: &Event) -> Option<(KeyId, Owner)> {
    match event {
        Event::ConfigurationShredded(e) => Some((e.key, Owner::Configuration(e.id.clone()))),
        Event::AccountErased(e) => Some((e.key?, Owner::Account(e.account))),
        Event::StoreCreated(_)
        | Event::TemplateRecorded(_)
        | Event::RequestRecorded(_)
        | Event::DestructionHeld(_)
        | Event::DestructionResumed(_)
        | Event::ConfigurationAdded(_)
        | Event::ConfigurationChanged(_)
        | Event::ConfigurationDeleted(_)
        | Event::AccountCreated(_)
        | Event::AccountRenamed(_)
        | Event::CredentialSet(_)
        | Event::GrantGiven(_)
        | Event::GrantTaken(_)
        | Event::AccountDisabled(_)
        | Event::AccountEnabled(_)
        | Event::AccountDeleted(_)
        | Event::TelSysRegistered(_)
        | Event::TelSysRenamed(_)
        | Event::TelSysRemoved(_)
        | Event::PartitionRegistered(_)
        | Event::PartitionRenamed(_)
        | Event::PartitionRemoved(_)
        | Event::DeviceRegistered(_)
        | Event::DeviceRenamed(_)
        | Event::DeviceRemoved(_) => None,
    }
}

/// Keys that are given up and not destroyed yet.
#[derive(Debug, Default)]
pub(super) struct Pending {
    due: BTreeMap<KeyId, Owner>,
    /// Why what is due is not destroyed yet.
    why: String,
}

impl Pending {
    /// Takes in what durable events give up; returns whether they give anything up.
    pub(super) fn take_in(&mut self, envelopes: &[Envelope]) -> bool {
        let before = self.due.len();
        self.due.extend(envelopes.iter().filter_map(|envelope| given_up(&envelope.event)));
        self.due.len() > before
    }

    /// Whether there is something to try again.
    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// How many keys stand that are given up.
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Destroys what is not destroyed yet; returns how many keys were whole until now.
    pub(super) fn retry(&mut self, keys: &dyn DataKeys) -> usize {
        let due = self.due.keys().copied().collect();
        match keys.destroy(&due) {
            Ok(destroyed) => {
                for key in &destroyed.missing {
                    // It comes back with its bucket only, and the start that finds it there destroys it.
                    tracing::error!(
                        key = key.0,
                        "a data key that is given up is in a bucket that the vault lacks"
                    );
                }
                self.due.clear();
                destroyed.keys
            }
            Err(error) => {
                tracing::error!(%error, keys = self.due.len(), "data keys that are given up could not be destroyed yet");
                self.why = error.to_string();
                0
            }
        }
    }

    /// What the caller of this request is told in place of its answer, where a key that it has given up stands.
    fn told(&self, request: &Request) -> Option<WriteError> {
        self.due
            .values()
            .any(|owner| asks_for(request, owner))
            .then(|| WriteError::NotDestroyed(self.why.clone()))
    }
}

/// What callers are told where keys that their commands give up are not destroyed yet.
pub(super) fn told_of_keys(
    requests: &VecDeque<Asked>,
    answers: Vec<WriteResult>,
    pending: &Pending,
) -> Vec<WriteResult> {
    let tell = |(answer, asked): (WriteResult, &Asked)| match answer {
        Ok(outcome) if gives_up_a_key(asked) => pending.told(&asked.request).map_or(Ok(outcome), Err),
        Ok(_) | Err(_) => answer,
    };
    answers.into_iter().zip(requests).map(tell).collect()
}

/// Whether what is asked for is that a key be given up, and not only a change that may do so by the way. A dry run asks for
/// nothing.
pub(super) const fn gives_up_a_key(asked: &Asked) -> bool {
    match asked.request.command {
        Command::ShredConfiguration(_) | Command::EraseAccount(_) | Command::DestroyRetired(_) => {
            !asked.request.validate_only
        }
        Command::CreateStore(_)
        | Command::AddConfiguration(_)
        | Command::ChangeConfiguration(_)
        | Command::DeleteConfiguration(_)
        | Command::HoldDestruction(_)
        | Command::ResumeDestruction
        | Command::RecordTemplate(_)
        | Command::CreateAccount(_)
        | Command::ChangeAccount(_)
        | Command::SetCredential(_)
        | Command::DeleteAccount(_)
        | Command::ImportDirectory(_) => false,
    }
}

/// Whether a request asks for the keys of this configuration or account to be given up.
fn asks_for(request: &Request, owner: &Owner) -> bool {
    match (&request.command, owner) {
        (Command::ShredConfiguration(command), Owner::Configuration(id)) => command.id.as_ref() == Some(id),
        (Command::DestroyRetired(command), Owner::Configuration(id)) => command.configurations.contains(id),
        (Command::EraseAccount(command), Owner::Account(account)) => command.account == Some(*account),
        (
            Command::ShredConfiguration(_)
            | Command::DestroyRetired(_)
            | Command::EraseAccount(_)
            | Command::CreateStore(_)
            | Command::AddConfiguration(_)
            | Command::ChangeConfiguration(_)
            | Command::DeleteConfiguration(_)
            | Command::HoldDestruction(_)
            | Command::ResumeDestruction
            | Command::RecordTemplate(_)
            | Command::CreateAccount(_)
            | Command::ChangeAccount(_)
            | Command::SetCredential(_)
            | Command::DeleteAccount(_)
            | Command::ImportDirectory(_),
            Owner::Configuration(_) | Owner::Account(_),
        ) => false,
    }
}
