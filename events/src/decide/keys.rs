//! Data keys: given up now for a reason, or because their time has come, unless the clock is in doubt.

use super::{ConfigurationOutcome, Decision, NewEvent, Outcome, Rejection, record};
use crate::command::{DestroyRetired, HoldDestruction, Request, ShredConfiguration};
use crate::event::{Actor, ConfigurationShredded, DestructionHeld, DestructionResumed, Event};
use crate::state::State;

/// Shreds a configuration, live or deleted. Of a live one whose key is destroyed already nothing changes; of a deleted one
/// the state knows nothing any more.
pub(super) fn shred(
    state: &State,
    request: &Request,
    command: &ShredConfiguration,
) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    let id = command.id.as_ref().ok_or(Rejection::NoSuchConfiguration)?;
    let live = state.configurations.get(id).filter(|live| live.name.scope == command.scope);
    let retired = state.retired.get(id).filter(|retired| retired.scope == command.scope);
    let (crm_type, key) = match (live, retired) {
        (Some(live), _) if live.shredded => {
            let outcome = ConfigurationOutcome { id: id.clone(), version: live.version };
            return Ok(Decision { events: Vec::new(), outcome: Some(Outcome::Configuration(outcome)) });
        }
        (Some(live), _) => (live.name.crm_type.clone(), live.key),
        (None, Some(retired)) => (retired.crm_type.clone(), retired.key),
        (None, None) => return Err(Rejection::NoSuchConfiguration),
    };
    let event = ConfigurationShredded { id: id.clone(), scope: command.scope.clone(), crm_type, key };
    Ok(record(state, None, request.context.without_key(), id.clone(), event.into()))
}

/// Gives up the keys of deleted configurations, by the server itself.
pub(super) fn destroy_retired(
    state: &State,
    request: &Request,
    command: &DestroyRetired,
) -> Result<Decision, Rejection> {
    for_the_server(request)?;
    if state.destruction_held {
        return Err(Rejection::DestructionHeld);
    }
    let due = command.configurations.iter().take(DestroyRetired::MAX);
    let due = due.filter_map(|id| Some((id, state.retired.get(id)?)));
    let events: Vec<_> = due
        .map(|(id, retired)| {
            let event = ConfigurationShredded {
                id: id.clone(),
                scope: retired.scope.clone(),
                crm_type: retired.crm_type.clone(),
                key: retired.key,
            };
            NewEvent { context: request.context.clone(), event: event.into() }
        })
        .collect();
    let outcome = Outcome::Destruction(events.len());
    Ok(Decision { events, outcome: Some(outcome) })
}

/// Holds the destruction, by the server itself. That it is held already is no error.
pub(super) fn hold(
    state: &State,
    request: &Request,
    command: HoldDestruction,
) -> Result<Decision, Rejection> {
    for_the_server(request)?;
    let HoldDestruction { clock, head } = command;
    let event = (!state.destruction_held).then(|| DestructionHeld { clock, head }.into());
    Ok(alone(request, event))
}

/// Has keys destroyed again when their time has come.
pub(super) fn resume(state: &State, request: &Request) -> Result<Decision, Rejection> {
    state.authorise_administration(&request.context.actor)?;
    if !state.destruction_held {
        return Err(Rejection::DestructionNotHeld);
    }
    Ok(alone(request, Some(DestructionResumed {}.into())))
}

pub(super) fn for_the_server(request: &Request) -> Result<(), Rejection> {
    match request.context.actor {
        Actor::System => Ok(()),
        Actor::Account(_) | Actor::Operator(_) => Err(Rejection::NotForCallers),
    }
}

fn alone(request: &Request, event: Option<Event>) -> Decision {
    let context = request.context.without_key();
    Decision {
        events: event.into_iter().map(|event| NewEvent { context: context.clone(), event }).collect(),
        outcome: Some(Outcome::Destruction(0)),
    }
}
