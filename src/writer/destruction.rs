//! Data keys that recorded events give up: destroyed once the events are durable, and again until the disk has taken it.

use std::collections::{BTreeMap, VecDeque};

use crmconf_events::command::{Command, DestroyRetired, EraseAccount, Request, ShredConfiguration};
use crmconf_events::decide::Rejection;
use crmconf_events::event::{Envelope, Event};
use crmconf_events::{AccountId, ConfigurationId, KeyId, Scope};

use super::batch::Asked;
use super::{DataKeys, WriteError, WriteResult};
use crate::metrics::Commits;

/// Whose a data key was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Configuration(ConfigurationId, Scope),
    Account(AccountId),
}

/// The key that an event gives up, if it gives one up, and whose it was.
#[must_use]
pub(crate) fn given_up(event: &Event) -> Option<(KeyId, Owner)> {
    match event {
        Event::ConfigurationShredded(e) => Some((e.key, Owner::Configuration(e.id.clone(), e.scope.clone()))),
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

/// Keys that are given up and stand still, each with whose it was.
#[derive(Debug, Default)]
pub struct Pending {
    due: BTreeMap<KeyId, Owner>,
    /// Why what is due is not destroyed yet.
    why: String,
    /// In buckets that the vault lacks, or that are damaged. Nothing can be done about them before the start that finds such
    /// a bucket put back, and destroys them then.
    lacking: BTreeMap<KeyId, Owner>,
}

impl Pending {
    /// Those that a start has found in buckets which the vault lacks.
    pub(crate) fn lacking(lacking: BTreeMap<KeyId, Owner>) -> Self {
        Self { lacking, ..Self::default() }
    }

    /// Takes in what durable events give up; returns whether they give anything up.
    pub(super) fn take_in(&mut self, envelopes: &[Envelope]) -> bool {
        let before = self.due.len();
        self.due.extend(envelopes.iter().filter_map(|envelope| given_up(&envelope.event)));
        self.due.len() > before
    }

    /// Whether there is something to try again.
    pub(super) fn is_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Has it measured how many keys were destroyed, and how many stand still.
    pub(super) fn tell(&self, commits: &Commits, destroyed: usize) {
        commits.destroyed(destroyed, self.due.len(), self.lacking.len());
    }

    /// Destroys what is not destroyed yet; returns how many keys were whole until now.
    pub(super) fn retry(&mut self, keys: &dyn DataKeys) -> usize {
        let due = self.due.keys().copied().collect();
        match keys.destroy(&due) {
            Ok(destroyed) => {
                let due = std::mem::take(&mut self.due).into_iter();
                for (key, owner) in due.filter(|(key, _)| destroyed.missing.contains(key)) {
                    tracing::error!(
                        key = key.0,
                        "a data key that is given up is in a bucket that the vault lacks, or that is damaged: it is destroyed by \
                         the start that finds the bucket put back"
                    );
                    self.lacking.insert(key, owner);
                }
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
        let asked = Destruction::of(request)?;
        let among = |keys: &BTreeMap<KeyId, Owner>| keys.values().any(|owner| asked.is_of(owner));
        if among(&self.due) {
            return Some(WriteError::NotDestroyed(self.why.clone()));
        }
        among(&self.lacking).then_some(WriteError::BucketLacking)
    }
}

/// What callers are told where keys that their commands give up are not destroyed yet.
pub(super) fn told_of_keys(
    requests: &VecDeque<Asked>,
    answers: Vec<WriteResult>,
    pending: &Pending,
) -> Vec<WriteResult> {
    let tell = |(answer, asked): (WriteResult, &Asked)| match answer {
        // What was given up before is not known to the state any more, while its key may stand.
        Ok(_) | Err(WriteError::Rejected(Rejection::NoSuchAccount | Rejection::NoSuchConfiguration))
            if gives_up_a_key(asked) =>
        {
            pending.told(&asked.request).map_or(answer, Err)
        }
        Ok(_) | Err(_) => answer,
    };
    answers.into_iter().zip(requests).map(tell).collect()
}

/// What is asked for where that is that keys be given up, and not only a change that may do so by the way.
pub(super) enum Destruction<'a> {
    Shred(&'a ShredConfiguration),
    Retired(&'a DestroyRetired),
    Erase(&'a EraseAccount),
}

impl<'a> Destruction<'a> {
    pub(super) const fn of(request: &'a Request) -> Option<Self> {
        match &request.command {
            Command::ShredConfiguration(command) => Some(Self::Shred(command)),
            Command::DestroyRetired(command) => Some(Self::Retired(command)),
            Command::EraseAccount(command) => Some(Self::Erase(command)),
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
            | Command::ImportDirectory(_) => None,
        }
    }

    /// Whether it is the keys of this configuration or account.
    fn is_of(&self, owner: &Owner) -> bool {
        match (self, owner) {
            (Self::Shred(command), Owner::Configuration(id, scope)) => {
                command.id.as_ref() == Some(id) && command.scope == *scope
            }
            (Self::Retired(command), Owner::Configuration(id, _)) => command.configurations.contains(id),
            (Self::Erase(command), Owner::Account(account)) => command.account == Some(*account),
            (Self::Shred(_) | Self::Retired(_), Owner::Account(_))
            | (Self::Erase(_), Owner::Configuration(..)) => false,
        }
    }
}

/// Whether it is asked for that keys be given up. A dry run asks for nothing.
pub(super) const fn gives_up_a_key(asked: &Asked) -> bool {
    !asked.request.validate_only && Destruction::of(&asked.request).is_some()
}
