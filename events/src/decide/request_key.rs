//! RequestKey: telling the repetition of a request from another request under the same key.

use std::collections::BTreeSet;

use super::{ConfigurationOutcome, Decision, Outcome, Rejection};
use crate::command::{Request, RequestForm};
use crate::event::{Context, Envelope, Event, RequestDigests};
use crate::state::State;
use crate::value::{KeyId, RequestDigest, TemplateDigest};

/// What an account's RequestKey was first used for, as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prior {
    /// What was asked for.
    pub digests: RequestDigests,
    /// The template that tells which fields were passwords; a Delete has none.
    pub template: Option<TemplateDigest>,
    /// The data key under which the password values given then were sealed.
    pub key: Option<KeyId>,
    /// What the caller was told.
    pub outcome: ConfigurationOutcome,
}

/// The password values of a request, beside those of the request that its key was first used for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Again {
    /// They are not compared: nobody can tell any more what the first ones were.
    #[default]
    NotCompared,
    /// The digest over them, sealed as the first ones were; `None` when there are none.
    Sealed(Option<RequestDigest>),
}

/// A way to read a request that may be a repetition: which of its fields were passwords at first, and how these compare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Password fields beside those that the first event's template marks: their stored values were sealed then.
    pub further: BTreeSet<String>,
    /// How the values of all of them compare.
    pub passwords: Again,
}

impl From<Again> for Reading {
    /// Nothing beside what the template marks.
    fn from(passwords: Again) -> Self {
        Self { further: BTreeSet::new(), passwords }
    }
}

impl Reading {
    /// Whether the request, read like this, is the first one again. `marked` are the fields that its template marked.
    fn is_again(&self, form: &RequestForm, prior: &Prior, marked: &BTreeSet<String>) -> bool {
        let same_passwords = match self.passwords {
            Again::NotCompared => true,
            Again::Sealed(digest) => digest == prior.digests.sealed,
        };
        let fields: BTreeSet<_> = marked.union(&self.further).cloned().collect();
        same_passwords && form.digest(&fields) == Some(prior.digests.form)
    }
}

impl Prior {
    /// Reads what a recorded event's key stands for; `None` for an event without a key, or of a kind that bears
    /// none.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Option<Self> {
        let digests = envelope.context.request?;
        let (id, template, version, key) = match &envelope.event {
            Event::ConfigurationAdded(e) => (&e.id, Some(e.template), envelope.sequence, Some(e.key)),
            Event::ConfigurationChanged(e) => (&e.id, Some(e.template), envelope.sequence, Some(e.key)),
            Event::ConfigurationDeleted(e) => (&e.id, None, envelope.sequence, None),
            Event::RequestRecorded(e) => (&e.id, Some(e.template), e.version, e.key),
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
            | Event::DestructionHeld(_)
            | Event::DestructionResumed(_)
            | Event::ConfigurationShredded(_)
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
            | Event::DeviceRemoved(_) => return None,
        };
        Some(Self { digests, template, key, outcome: ConfigurationOutcome { id: id.clone(), version } })
    }
}

/// The first outcome again, if the request repeats an earlier one; `None` if its key is new or absent.
pub(super) fn replay(
    state: &State,
    request: &Request,
    form: &RequestForm,
    prior: Option<&(Prior, Vec<Reading>)>,
) -> Result<Option<Decision>, Rejection> {
    let Some((prior, readings)) = prior.filter(|_| !request.validate_only) else { return Ok(None) };
    let none = BTreeSet::new();
    let marked = prior.template.and_then(|template| state.templates.get(&template)).map_or(&none, |f| f);
    if readings.iter().any(|reading| reading.is_again(form, prior, marked)) {
        Ok(Some(Decision {
            events: Vec::new(),
            outcome: Some(Outcome::Configuration(prior.outcome.clone())),
        }))
    } else {
        Err(Rejection::RequestKeyReused)
    }
}

/// The request's context with the digests that its key stands for, if it has a key.
pub(super) fn remember(request: &Request, form: &RequestForm, password_fields: &BTreeSet<String>) -> Context {
    let mut context = request.context.clone();
    if context.key.is_some() {
        let sealed = form.sealed;
        context.request = form.digest(password_fields).map(|form| RequestDigests { form, sealed });
    }
    context
}
