//! `CRMConfigurationInfo`.

use std::sync::Arc;

use crmconf_events::ConfigurationId;
use crmconf_events::template::Part;
use crmconf_projections::{Configuration, ReadModel};

use super::Input;
use super::list::requested_fields;
use super::render::{self, Shape};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::{Caller, Permit, Reads};
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::xml::Payload;

const SPEC: Spec = Spec {
    properties: &[
        "CRMConfigurationID",
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "CRMConfigurationFields",
        "ReturnJSON",
    ],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `CRMConfigurationInfo`.
///
/// # Errors
/// The first check that fails.
pub fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let requested = requested_fields(&fields)?;
    let as_json = fields.flag("ReturnJSON")?;
    let triple = fields.triple()?;
    triple.require_telsys()?;
    let id = require(fields.trimmed("CRMConfigurationID"), "CRMConfigurationID")?;
    let permit: Permit<Reads> = caller.permit(triple.scope()?)?;
    let found = locate(caller, &permit, id)?;
    let class = if caller.grants().show_secrets(permit.scope()) { "secrets" } else { "plain" };
    let payload = render(app, caller.view(&permit), found, requested.contains("Version"), as_json);
    Ok(Answer { etag: Some(format!("\"{}-{class}\"", found.version)), ..Answer::with(payload) })
}

fn locate<'a>(
    caller: &'a Caller,
    permit: &Permit<Reads>,
    id: &str,
) -> Result<&'a Arc<Configuration>, ApiError> {
    let view = caller.view(permit);
    view.directory.check(permit.scope())?;
    id.parse::<ConfigurationId>()
        .ok()
        .and_then(|id| view.configurations.get(&id))
        .filter(|found| found.scope == *permit.scope())
        .ok_or_else(|| ApiError::new(Code::NoSuchConfiguration))
}

/// The seed's properties in the seed's order; what was asked for beyond them before the containers.
fn render(app: &App, view: &ReadModel, found: &Configuration, version: bool, as_json: bool) -> Payload {
    let mut payload = Payload::new();
    payload.property("CRMConfigurationID", found.id.as_str());
    payload.property("Description", found.description.as_str());
    payload.property("CRMType", found.crm_type.as_str());
    payload.property("CMEnvironmentID", view.directory.environment(&found.scope));
    payload.property("TelSysID", &render::telsys(&found.scope));
    payload.property("PartIDInTelSys", &render::partition(&found.scope));
    payload.property("DeviceNumber", render::device(&found.scope));
    if version {
        payload.property("Version", &found.version.to_string());
    }
    let shape = Shape::of(app, view, found);
    shape.container(&mut payload, Part::Configuration, &found.configuration, as_json);
    shape.container(&mut payload, Part::Common, &found.common, as_json);
    payload
}
