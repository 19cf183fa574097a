//! Data keys that recorded events give up: destroyed once the events are durable, and again until the disk has taken it.

use std::collections::{BTreeSet, VecDeque};

use crmconf_events::KeyId;
use crmconf_events::command::Command;
use crmconf_events::event::{Envelope, Event};

use super::batch::Asked;
use super::{DataKeys, WriteError, WriteResult};

/// The key that an event gives up, if it gives one up.
#[must_use]
pub(crate) fn given_up(event: &Event) -> Option<KeyId> {
    match event {
        Event::ConfigurationShredded(e) => Some(e.key),
        Event::AccountErased(e) => e.key,
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
pub(super) struct Pending(BTreeSet<KeyId>);

impl Pending {
    /// Takes in what durable events give up, and destroys it with what could not be destroyed before; returns how many keys
    /// were whole until now.
    ///
    /// # Errors
    /// Why some of it is not destroyed yet; [`Pending::retry`] tries again.
    pub(super) fn destroy(&mut self, keys: &dyn DataKeys, envelopes: &[Envelope]) -> Result<usize, String> {
        let due: Vec<_> = envelopes.iter().filter_map(|envelope| given_up(&envelope.event)).collect();
        if due.is_empty() {
            return Ok(0);
        }
        self.0.extend(due);
        self.retry(keys)
    }

    /// Whether there is something to try again.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How much there is to try again.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Destroys what is not destroyed yet; returns how many keys were whole until now.
    ///
    /// # Errors
    /// Why it is not.
    pub(super) fn retry(&mut self, keys: &dyn DataKeys) -> Result<usize, String> {
        match keys.destroy(&self.0) {
            Ok(destroyed) => {
                for key in &destroyed.missing {
                    // It comes back with its bucket only, and the start that finds it there destroys it.
                    tracing::error!(
                        key = key.0,
                        "a data key that is given up is in a bucket that the vault lacks"
                    );
                }
                self.0.clear();
                match destroyed.missing.len() {
                    0 => Ok(destroyed.keys),
                    missing => Err(format!("the vault lacks the buckets of {missing} of the keys")),
                }
            }
            Err(error) => {
                tracing::error!(%error, keys = self.0.len(), "data keys that are given up could not be destroyed yet");
                Err(error.to_string())
            }
        }
    }
}

/// What callers are told where keys that their commands give up are not destroyed yet.
pub(super) fn told_of_keys(
    requests: &VecDeque<Asked>,
    answers: Vec<WriteResult>,
    destroyed: Result<(), String>,
) -> Vec<WriteResult> {
    let Err(why) = destroyed else { return answers };
    let tell = |(answer, asked): (WriteResult, &Asked)| {
        if answer.is_ok() && gives_up_a_key(asked) {
            Err(WriteError::NotDestroyed(why.clone()))
        } else {
            answer
        }
    };
    answers.into_iter().zip(requests).map(tell).collect()
}

/// Whether what is asked for is that a key be given up, and not only a change that may do so by the way.
pub(super) const fn gives_up_a_key(asked: &Asked) -> bool {
    match asked.request.command {
        Command::ShredConfiguration(_) | Command::EraseAccount(_) | Command::DestroyRetired(_) => true,
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
