//! RequestKey: telling the repetition of a request from another request under the same key.

use std::collections::BTreeSet;

use super::{ConfigurationOutcome, Decision, Outcome, Rejection};
use crate::command::{Request, RequestForm};
use crate::event::{Context, Envelope, Event, RequestDigests};
use crate::state::State;
use crate::value::TemplateDigest;

/// What an account's RequestKey was first used for, as the log tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prior {
    /// What was asked for.
    pub digests: RequestDigests,
    /// The template that tells which fields were passwords; a Delete has none.
    pub template: Option<TemplateDigest>,
    /// What the caller was told.
    pub outcome: ConfigurationOutcome,
}

impl Prior {
    /// Reads what a recorded event's key stands for; `None` for an event without a key, or of a kind that bears
    /// none.
    #[must_use]
    pub fn of(envelope: &Envelope) -> Option<Self> {
        let digests = envelope.context.request?;
        let (id, template, version) = match &envelope.event {
            Event::ConfigurationAdded(e) => (&e.id, Some(e.template), envelope.sequence),
            Event::ConfigurationChanged(e) => (&e.id, Some(e.template), envelope.sequence),
            Event::ConfigurationDeleted(e) => (&e.id, None, envelope.sequence),
            Event::RequestRecorded(e) => (&e.id, Some(e.template), e.version),
            Event::StoreCreated(_)
            | Event::TemplateRecorded(_)
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
            | Event::DeviceRemoved(_) => return None,
        };
        Some(Self { digests, template, outcome: ConfigurationOutcome { id: id.clone(), version } })
    }
}

/// The first outcome again, if the request repeats an earlier one; `None` if its key is new or absent.
pub(super) fn replay(
    state: &State,
    request: &Request,
    form: &RequestForm,
    prior: Option<&Prior>,
) -> Result<Option<Decision>, Rejection> {
    let Some(prior) = prior.filter(|_| !request.validate_only) else { return Ok(None) };
    let none = BTreeSet::new();
    let fields = prior.template.and_then(|template| state.templates.get(&template)).map_or(&none, |f| f);
    if form.digest(fields) == Some(prior.digests.form) {
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
        context.request = form.digest(password_fields).map(|form| RequestDigests { form, sealed: None });
    }
    context
}
