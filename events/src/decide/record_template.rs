//! Recording a template before it is used: so that what it marks as a password is known also when it cannot be had.

use super::{Decision, Rejection, first_use, keys};
use crate::command::{Request, TemplateUse};
use crate::state::State;

/// Records a template, by the server itself, if it marks a password that no recorded template of its type marks. A type
/// without a recorded template has no configurations.
pub(super) fn decide(
    state: &State,
    request: &Request,
    template: &TemplateUse,
) -> Result<Decision, Rejection> {
    keys::for_the_server(request)?;
    let marked = state.marked.get(&template.crm_type);
    let adds = marked.is_some_and(|marked| !template.password_fields.is_subset(marked));
    let events = first_use(state, request, template).filter(|_| adds).into_iter().collect();
    Ok(Decision { events, outcome: None })
}
