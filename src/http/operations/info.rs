//! `CRMConfigurationInfo`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crmconf_events::ConfigurationId;
use crmconf_events::template::Part;
use crmconf_projections::{Configuration, ReadModel};

use super::Input;
use super::disclosure::disclose;
use super::list::requested_fields;
use super::render::{self, Shape};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::{Caller, Permit, Reads};
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::xml::Payload;
use crate::security_log::Fact;

pub(in crate::http) const SPEC: Spec = Spec {
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
    let view = caller.view(&permit);
    let may_see_secrets = caller.grants().show_secrets(permit.scope());
    let shape = Shape::of(app, view, found);
    // What Change is to take unchanged has no password fields, so that none needs to be opened.
    let secrets = if may_see_secrets && !as_json {
        disclose(&app.vault, caller, found, &shape)?
    } else {
        BTreeMap::new()
    };
    let payload = render(view, found, &shape, requested.contains("Version"), as_json, &secrets);
    let class = if may_see_secrets { "secrets" } else { "plain" };
    let disclosed = (!secrets.is_empty()).then(|| Fact::SecretsAnswered {
        account: caller.account(),
        configuration: found.id.to_string(),
        fields: secrets.into_keys().collect(),
    });
    let etag = Some(format!("\"{}-{class}\"", found.version));
    Ok(Answer { etag, disclosed, ..Answer::with(payload) })
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
fn render(
    view: &ReadModel,
    found: &Configuration,
    shape: &Shape,
    version: bool,
    as_json: bool,
    secrets: &BTreeMap<String, String>,
) -> Payload {
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
    if as_json {
        shape.json_container(&mut payload, Part::Configuration, &found.configuration);
        shape.json_container(&mut payload, Part::Common, &found.common);
    } else {
        shape.container(&mut payload, Part::Configuration, &found.configuration, secrets);
        shape.container(&mut payload, Part::Common, &found.common, &BTreeMap::new());
    }
    payload
}
