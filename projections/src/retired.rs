//! Deleted configurations whose data key stands still, in the order of their deletion: what is to be destroyed, and when.

use std::fmt;

use crmconf_events::event::{Actor, ConfigurationDeleted, ConfigurationShredded, Envelope, Event};
use crmconf_events::{ConfigurationId, CrmType, KeyId, Scope, Sequence, Timestamp};

use crate::projection::Projection;

/// A deleted configuration whose data key stands still.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetiredConfiguration {
    /// Its id.
    pub id: ConfigurationId,
    /// Where it applied.
    pub scope: Scope,
    /// Its type of CRM.
    pub crm_type: CrmType,
    /// Its data key.
    pub key: KeyId,
    /// Who deleted it.
    pub actor: Actor,
    /// When it was deleted.
    pub deleted: Timestamp,
}

/// The read model of deleted configurations whose data key stands still.
#[derive(Clone, Default)]
pub struct Retired {
    by_deletion: imbl::OrdMap<Sequence, RetiredConfiguration>,
    by_id: imbl::OrdMap<ConfigurationId, Sequence>,
    /// Destroyed keys of live configurations: nothing is left to be done about them when these are deleted.
    shredded: imbl::OrdMap<ConfigurationId, KeyId>,
    held: bool,
    /// When the clock was last confirmed, and in which event.
    confirmed: Option<(Sequence, Timestamp)>,
}

impl Retired {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether no key is destroyed because its time has come, until somebody confirms the clock.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.held
    }

    /// All of them, the one deleted first at first.
    pub fn iter(&self) -> impl Iterator<Item = &RetiredConfiguration> {
        self.by_deletion.values()
    }

    /// Those whose retention began at a time or before, in order.
    pub fn retained_since(&self, time: Timestamp) -> impl Iterator<Item = &RetiredConfiguration> {
        // The times of commits never go back, and a confirmation lies between those before it and those after it.
        self.retained().take_while(move |(since, _)| *since <= time).map(|(_, retired)| retired)
    }

    /// How many there are whose retention begins only after a time.
    #[must_use]
    pub fn retained_after(&self, time: Timestamp) -> usize {
        self.retained().rev().take_while(|(since, _)| *since > time).count()
    }

    /// All of them in order, each with the time at which its retention began. What was deleted before somebody confirmed the
    /// clock may have been so by a wrong one: that it was deleted by then is all that is known.
    fn retained(&self) -> impl DoubleEndedIterator<Item = (Timestamp, &RetiredConfiguration)> {
        self.by_deletion.iter().map(|(sequence, retired)| match self.confirmed {
            Some((event, time)) if *sequence < event => (time, retired),
            Some(_) | None => (retired.deleted, retired),
        })
    }

    fn put(&mut self, envelope: &Envelope, event: &ConfigurationDeleted) {
        if self.shredded.remove(&event.id) == Some(event.key) {
            return;
        }
        let retired = RetiredConfiguration {
            id: event.id.clone(),
            scope: event.scope.clone(),
            crm_type: event.crm_type.clone(),
            key: event.key,
            actor: envelope.context.actor,
            deleted: envelope.time,
        };
        self.by_id.insert(event.id.clone(), envelope.sequence);
        self.by_deletion.insert(envelope.sequence, retired);
    }

    fn destroyed(&mut self, event: &ConfigurationShredded) {
        match self.by_id.remove(&event.id) {
            Some(sequence) => drop(self.by_deletion.remove(&sequence)),
            None => drop(self.shredded.insert(event.id.clone(), event.key)),
        }
    }
}

impl Projection for Retired {
    const NAME: &'static str = "retired";
    const VERSION: u32 = 1;

    fn apply(&mut self, envelope: &Envelope) {
        match &envelope.event {
            Event::ConfigurationDeleted(e) => self.put(envelope, e),
            Event::ConfigurationShredded(e) => self.destroyed(e),
            Event::DestructionHeld(_) => self.held = true,
            Event::DestructionResumed(_) => {
                self.held = false;
                self.confirmed = Some((envelope.sequence, envelope.time));
            }
            Event::ConfigurationChanged(e) => {
                // A key given after a destruction is another one, which stands.
                if self.shredded.get(&e.id).is_some_and(|destroyed| *destroyed != e.key) {
                    self.shredded.remove(&e.id);
                }
            }
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
            | Event::RequestRecorded(_)
            | Event::ConfigurationAdded(_)
            | Event::AccountCreated(_)
            | Event::AccountRenamed(_)
            | Event::CredentialSet(_)
            | Event::GrantGiven(_)
            | Event::GrantTaken(_)
            | Event::AccountDisabled(_)
            | Event::AccountEnabled(_)
            | Event::AccountDeleted(_)
            | Event::AccountErased(_)
            | Event::TelSysRegistered(_)
            | Event::TelSysRenamed(_)
            | Event::TelSysRemoved(_)
            | Event::PartitionRegistered(_)
            | Event::PartitionRenamed(_)
            | Event::PartitionRemoved(_)
            | Event::DeviceRegistered(_)
            | Event::DeviceRenamed(_)
            | Event::DeviceRemoved(_) => {}
        }
    }

    fn dump(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let Self { by_deletion, by_id: _, shredded, held, confirmed } = self;
        if *held {
            writeln!(out, "held until somebody confirms the clock")?;
        }
        if let Some((sequence, time)) = confirmed {
            writeln!(out, "clock confirmed in event {sequence}, at {} µs", time.as_micros())?;
        }
        for (sequence, retired) in by_deletion {
            let RetiredConfiguration { id, scope, crm_type, key, actor, deleted } = retired;
            writeln!(out, "{scope}: {id}, type {crm_type}, key {}", key.0)?;
            writeln!(out, "  deleted by {actor} in event {sequence}, at {} µs", deleted.as_micros())?;
        }
        for (id, key) in shredded {
            writeln!(out, "shredded while it lives: {id}, key {}", key.0)?;
        }
        Ok(())
    }
}
