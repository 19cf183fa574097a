//! Deleting a configuration.

use std::collections::BTreeSet;

use super::{Decision, Prior, Rejection, expect_version, locate, record, request_key};
use crate::access::Right;
use crate::command::{DeleteConfiguration, Request};
use crate::event::ConfigurationDeleted;
use crate::state::State;

pub(super) fn decide(
    state: &State,
    request: &Request,
    command: &DeleteConfiguration,
    prior: Option<&Prior>,
) -> Result<Decision, Rejection> {
    state.authorise(&request.context.actor, Right::Write, &command.scope)?;
    if let Some(repeated) = request_key::replay(state, request, &command.form, prior)? {
        return Ok(repeated);
    }
    state.directory.check(&command.scope).map_err(Rejection::NotInDirectory)?;
    let (id, found) = locate(state, command.id.as_ref(), &command.scope)?;
    expect_version(found, command.expected_version)?;
    let event = ConfigurationDeleted {
        id: id.clone(),
        scope: found.name.scope.clone(),
        crm_type: found.name.crm_type.clone(),
        version: found.version,
    };
    let context = request_key::remember(request, &command.form, &BTreeSet::new());
    Ok(record(state, None, context, id, event.into()))
}
