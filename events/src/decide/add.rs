//! Adding a configuration.

use std::sync::Arc;

use super::{Decision, Prior, Reading, Rejection, admit, first_use, record, request_key};
use crate::command::{AddConfiguration, Request};
use crate::event::ConfigurationAdded;
use crate::state::{ConfigurationName, State};

pub(super) fn decide(
    state: &State,
    request: &Request,
    command: &AddConfiguration,
    prior: Option<&(Prior, Vec<Reading>)>,
) -> Result<Decision, Rejection> {
    if let Some(repeated) = admit(state, request, &command.scope, &command.form, prior)? {
        return Ok(repeated);
    }
    let parts = command.parts.as_ref().map_err(|fault| Rejection::Parts(fault.clone()))?;
    let name = ConfigurationName {
        scope: command.scope.clone(),
        crm_type: command.crm_type.clone(),
        description: command.description.clone(),
    };
    if state.names.contains_key(&name) {
        return Err(Rejection::DuplicateName);
    }
    let event = ConfigurationAdded {
        id: command.id.clone(),
        scope: name.scope,
        crm_type: name.crm_type,
        description: name.description,
        template: parts.template.digest,
        key: command.key.unwrap_or(state.next_key),
        configuration: Arc::clone(&parts.configuration),
        secrets: Arc::new(parts.secrets.clone()),
        common: Arc::clone(&parts.common),
    };
    let context = request_key::remember(request, &command.form, &parts.template.password_fields);
    let before = first_use(state, request, &parts.template);
    Ok(record(state, before, context, command.id.clone(), event.into()))
}
