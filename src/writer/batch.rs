//! A batch while it is being decided: each command on the state with the earlier ones applied, as long as the commit has room.

use std::collections::HashMap;

use crmconf_events::command::{Command, HoldDestruction, Request};
use crmconf_events::commit::{CommitBuilder, EventBytes};
use crmconf_events::decide::{Decision, NewEvent, Prior, Reading, decide};
use crmconf_events::event::{Actor, Context, Envelope, decode, encode};
use crmconf_events::log::EventLog;
use crmconf_events::state::{State, evolve};
use crmconf_events::{AccountId, RequestKey, Timestamp};

use super::{DataKeys, Entropy, Opened, WriteError, WriteResult, sealing};

/// A request with what came along.
pub(super) struct Asked {
    pub(super) request: Request,
    pub(super) opened: Opened,
}

/// A batch while it is being decided.
pub(super) struct Open<'a> {
    pub(super) overlay: State,
    pub(super) builder: CommitBuilder,
    pub(super) envelopes: Vec<Envelope>,
    pub(super) answers: Vec<WriteResult>,
    pub(super) priors: HashMap<(AccountId, RequestKey), Prior>,
    pub(super) keys: &'a dyn DataKeys,
    pub(super) entropy: &'a mut Entropy,
    /// Why the destruction of keys is not held though the clock is in doubt, if that is so: then none is decided.
    pub(super) not_held: Option<String>,
}

/// What became of one command in an open batch.
pub(super) enum Step {
    /// It is answered.
    Answered(WriteResult),
    /// The commit has no room for its events: it belongs to the next one.
    Full,
}

impl Open<'_> {
    /// Decides one request, and takes its events into the commit if there is room.
    pub(super) fn take(&mut self, Asked { request, opened }: &mut Asked, log: &dyn EventLog) -> Step {
        if let (Some(why), Command::DestroyRetired(_)) = (&self.not_held, &request.command) {
            return Step::Answered(Err(WriteError::Unavailable(why.clone())));
        }
        let asked = asked(request);
        let prior = match self.compared(asked.as_ref(), opened, log) {
            Ok(prior) => prior,
            Err(error) => return Step::Answered(Err(error)),
        };
        let sealed = match sealing::sealed(self.keys, &self.overlay, request, &opened.passwords) {
            Ok(sealed) => sealed,
            Err(error) => return Step::Answered(Err(error)),
        };
        let decision = match decide(&self.overlay, &sealed, prior.as_ref()) {
            Ok(decision) => decision,
            Err(rejection) => return Step::Answered(Err(rejection.into())),
        };
        let Decision { events, outcome } = decision;
        match self.push(events) {
            Ok(None) => return Step::Full,
            Ok(Some(envelopes)) => {
                if let Some(asked) = asked {
                    self.priors.extend(envelopes.iter().find_map(Prior::of).map(|prior| (asked, prior)));
                }
                self.envelopes.extend(envelopes);
            }
            Err(why) => return Step::Answered(Err(WriteError::Unavailable(why))),
        }
        Step::Answered(Ok(outcome))
    }

    /// Holds the destruction of keys whose time seems to have come; returns whether the commit records it.
    pub(super) fn hold_destruction(&mut self, clock: Timestamp, head: Timestamp) -> bool {
        let request = Request {
            context: Context::of(Actor::System),
            validate_only: false,
            command: Command::HoldDestruction(HoldDestruction { clock, head }),
        };
        let held = decide(&self.overlay, &request, None).map_err(|rejection| rejection.to_string());
        let pushed = held.and_then(|Decision { events, .. }| self.push(events));
        match pushed.and_then(|envelopes| envelopes.ok_or_else(|| "the commit has no room for it".to_owned()))
        {
            Ok(envelopes) => {
                tracing::error!(
                    clock_us = clock.as_micros(),
                    head_us = head.as_micros(),
                    "the clock is in doubt: keys of deleted configurations are not destroyed until somebody confirms \
                     it (crmconf keys resume)"
                );
                self.envelopes.extend(envelopes);
                true
            }
            Err(why) => {
                tracing::error!(
                    why,
                    "the clock is in doubt, and this could not be recorded: no key is destroyed by it"
                );
                self.not_held = Some(why);
                false
            }
        }
    }

    /// What the account's key was first used for, with how the passwords compare.
    fn compared(
        &self,
        asked: Option<&(AccountId, RequestKey)>,
        opened: &Opened,
        log: &dyn EventLog,
    ) -> Result<Option<(Prior, Vec<Reading>)>, WriteError> {
        let Some(asked) = asked else { return Ok(None) };
        let prior = self.prior(asked, log).map_err(WriteError::Unavailable)?;
        let compare = |prior: Prior| {
            let readings = sealing::readings(self.keys, &self.overlay, &prior, opened)?;
            Ok((prior, readings))
        };
        prior.map(compare).transpose().map_err(WriteError::DataKey)
    }

    /// What the account's key was first used for, in this batch or before.
    fn prior(&self, asked: &(AccountId, RequestKey), log: &dyn EventLog) -> Result<Option<Prior>, String> {
        if let Some(prior) = self.priors.get(asked) {
            return Ok(Some(prior.clone()));
        }
        let Some(sequence) = log.find_request(&asked.0, &asked.1).map_err(|error| error.to_string())? else {
            return Ok(None);
        };
        let commit = log.read_commit(sequence).map_err(|error| error.to_string())?;
        let Some((commit, bytes)) =
            commit.as_ref().and_then(|commit| Some((commit, commit.event(sequence)?)))
        else {
            return Err(format!("the log lacks event {sequence}, which a RequestKey names"));
        };
        decode(sequence, commit.time(), bytes)
            .map(|envelope| Prior::of(&envelope))
            .map_err(|error| error.to_string())
    }

    /// Takes events into the commit, all or none; `None` when there is no room.
    fn push(&mut self, events: Vec<NewEvent>) -> Result<Option<Vec<Envelope>>, String> {
        let mut encoded = Vec::with_capacity(events.len());
        let mut bytes = 0;
        for NewEvent { context, event } in events {
            let salt = self.entropy.salt().map_err(|error| error.to_string())?;
            let event_bytes =
                EventBytes::from(encode(salt, &context, &event).map_err(|error| error.to_string())?);
            bytes += event_bytes.len();
            encoded.push((salt, context, event, event_bytes));
        }
        if !self.builder.has_room_for(encoded.len(), bytes) {
            if self.builder.is_empty() {
                return Err("the change is larger than a commit may be".into());
            }
            return Ok(None);
        }
        let mut envelopes = Vec::with_capacity(encoded.len());
        for (salt, context, event, event_bytes) in encoded {
            let sequence = self.builder.try_push(event_bytes).map_err(|refused| format!("{refused:?}"))?;
            evolve(&mut self.overlay, sequence, &event);
            let stream = event.stream();
            envelopes.push(Envelope { sequence, time: self.builder.time(), stream, context, salt, event });
        }
        Ok(Some(envelopes))
    }
}

/// Whose RequestKey a request names; a dry run ignores its key.
fn asked(request: &Request) -> Option<(AccountId, RequestKey)> {
    match (&request.context.actor, &request.context.key) {
        (Actor::Account(account), Some(key)) if !request.validate_only => Some((*account, key.clone())),
        (Actor::Account(_) | Actor::Operator(_) | Actor::System, Some(_) | None) => None,
    }
}
