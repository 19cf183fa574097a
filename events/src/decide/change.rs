//! Changing a configuration: what is present replaces, what is absent stays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{
    ConfigurationOutcome, Decision, NewEvent, Outcome, Prior, Reading, Rejection, admit, first_use, locate,
    record, request_key,
};
use crate::command::{
    ChangeConfiguration, ChangeParts, ConfigurationChange, PartsFault, Request, SecretChange,
};
use crate::event::{Actor, ConfigurationChanged, ConfigurationShredded, Part, RequestRecorded, Secrets};
use crate::state::{ConfigurationName, ConfigurationState, State};
use crate::value::{ConfigurationId, Description, KeyId};

pub(super) fn decide(
    state: &State,
    request: &Request,
    command: &ChangeConfiguration,
    prior: Option<&(Prior, Vec<Reading>)>,
) -> Result<Decision, Rejection> {
    if let Some(repeated) = admit(state, request, &command.scope, &command.form, prior)? {
        return Ok(repeated);
    }
    let (id, found) = locate(state, command.id.as_ref(), &command.scope, command.expected_version)?;
    if command.crm_type.as_ref().is_some_and(|given| *given != found.name.crm_type) {
        return Err(Rejection::CrmTypeDiffers);
    }
    let parts = command.parts.as_ref().map_err(|fault| Rejection::Parts(fault.clone()))?;
    refuse_clear(found, parts)?;
    let description = new_description(state, &id, found, command.description.as_ref())?;
    let key = command.key.unwrap_or(found.key);
    let configuration = parts.configuration.as_ref().and_then(|change| new_configuration(found, key, change));
    let common = parts.common.as_ref().filter(|common| **common != found.common).map(Arc::clone);
    if description.is_none() && configuration.is_none() && common.is_none() {
        return Ok(nothing_changes(state, request, command, parts, id, found));
    }
    // Another key comes with what is sealed under it, or not at all.
    let key = if configuration.is_some() { key } else { found.key };
    let before = first_use(state, request, &parts.template).into_iter();
    let before = before.chain(give_up(request, &id, found, key));
    let (configuration, secrets) = configuration.unzip();
    let event = ConfigurationChanged {
        id: id.clone(),
        scope: found.name.scope.clone(),
        crm_type: found.name.crm_type.clone(),
        template: parts.template.digest,
        key,
        description,
        configuration,
        secrets: secrets.unwrap_or_default(),
        common,
    };
    let context = request_key::remember(request, &command.form, &passwords(parts));
    Ok(record(state, before, context, id, event.into()))
}

/// The event that gives up the key that a configuration has had until now, if it gets another one and that was not done
/// before: from then on nothing else would ever destroy it, and values of the past are sealed under it.
fn give_up(
    request: &Request,
    id: &ConfigurationId,
    found: &ConfigurationState,
    key: KeyId,
) -> Option<NewEvent> {
    (key != found.key && !found.shredded).then(|| {
        let ConfigurationName { scope, crm_type, .. } = ConfigurationName::clone(&found.name);
        let event = ConfigurationShredded { id: id.clone(), scope, crm_type, key: found.key };
        NewEvent { context: request.context.without_key(), event: event.into() }
    })
}

/// Refuses a value in clear for a field whose stored value is sealed: it is a password, whatever the template says of it by
/// now. Only a request that was made before that value was sealed comes this far with one.
fn refuse_clear(found: &ConfigurationState, parts: &ChangeParts) -> Result<(), Rejection> {
    let Some(change) = &parts.configuration else { return Ok(()) };
    let clear = found.secrets.keys().find(|field| change.configuration.get(field).is_some());
    clear.map_or(Ok(()), |field| Err(Rejection::Parts(PartsFault::InClear(field.clone()))))
}

/// The fields whose values were sealed, or would have been: those that the template marks, and those whose stored values are
/// sealed though it marks them no more.
fn passwords(parts: &ChangeParts) -> BTreeSet<String> {
    let changed = parts.configuration.iter().flat_map(|change| &change.secrets);
    let set = changed.filter(|(_, change)| matches!(change, SecretChange::Set(_))).map(|(field, _)| field);
    parts.template.password_fields.iter().chain(set).cloned().collect()
}

/// The new description, if it is another and free.
fn new_description(
    state: &State,
    id: &ConfigurationId,
    found: &ConfigurationState,
    given: Option<&Description>,
) -> Result<Option<Description>, Rejection> {
    let Some(description) = given.filter(|given| **given != found.name.description) else {
        return Ok(None);
    };
    let name =
        ConfigurationName { description: description.clone(), ..ConfigurationName::clone(&found.name) };
    match state.names.get(&name) {
        Some(other) if other != id => Err(Rejection::DuplicateName),
        Some(_) | None => Ok(Some(description.clone())),
    }
}

/// The new part with all its password fields, if either differs from what stands. Stored values that are sealed under another
/// key than `key` are dropped: there is another only where they can never be opened again.
fn new_configuration(
    found: &ConfigurationState,
    key: KeyId,
    change: &ConfigurationChange,
) -> Option<(Part, Secrets)> {
    let mut secrets = BTreeMap::new();
    if key == found.key {
        secrets.extend(found.secrets.iter().map(|(field, value)| (field.clone(), value.clone())));
    }
    for (field, change) in &change.secrets {
        match change {
            SecretChange::Set(value) => secrets.insert(field.clone(), value.clone()),
            SecretChange::Remove => secrets.remove(field),
        };
    }
    (change.configuration != found.configuration || secrets != *found.secrets)
        .then(|| (Arc::clone(&change.configuration), Arc::new(secrets)))
}

/// A Change that changes nothing appends nothing, unless a RequestKey is to be remembered.
fn nothing_changes(
    state: &State,
    request: &Request,
    command: &ChangeConfiguration,
    parts: &ChangeParts,
    id: ConfigurationId,
    found: &ConfigurationState,
) -> Decision {
    let outcome = Outcome::Configuration(ConfigurationOutcome { id: id.clone(), version: found.version });
    let mut events = Vec::new();
    if let (Some(_), Actor::Account(account)) = (&request.context.key, request.context.actor) {
        events.extend(first_use(state, request, &parts.template));
        events.push(NewEvent {
            context: request_key::remember(request, &command.form, &passwords(parts)),
            event: RequestRecorded {
                account,
                id,
                version: found.version,
                template: parts.template.digest,
                key: command.form.sealed.map(|_| found.key),
            }
            .into(),
        });
    }
    Decision { events, outcome: Some(outcome) }
}
