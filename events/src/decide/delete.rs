//! Deleting a configuration.

use std::collections::BTreeSet;

use super::{Decision, Prior, Reading, Rejection, admit, locate, record, request_key};
use crate::command::{DeleteConfiguration, Request};
use crate::event::ConfigurationDeleted;
use crate::state::State;

pub(super) fn decide(
    state: &State,
    request: &Request,
    command: &DeleteConfiguration,
    prior: Option<&(Prior, Vec<Reading>)>,
) -> Result<Decision, Rejection> {
    if let Some(repeated) = admit(state, request, &command.scope, &command.form, prior)? {
        return Ok(repeated);
    }
    let (id, found) = locate(state, command.id.as_ref(), &command.scope, command.expected_version)?;
    let event = ConfigurationDeleted {
        id: id.clone(),
        scope: found.name.scope.clone(),
        crm_type: found.name.crm_type.clone(),
        template: found.template,
        key: found.key,
        version: found.version,
    };
    let context = request_key::remember(request, &command.form, &BTreeSet::new());
    Ok(record(state, None, context, id, event.into()))
}
