//! `CRMConfigurationChange`.

use std::sync::Arc;

use crmconf_events::command::{ChangeConfiguration, Command, RequestForm};
use crmconf_events::template::Part;
use crmconf_events::{ConfigurationId, CrmType, Description};

use super::parts::{self, Made};
use super::write::{Extensions, expected_version};
use super::{Input, changed};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::operation::Operation;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "CRMConfigurationID",
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "Description",
        "CRMType",
        "ExpectedVersion",
        "RequestKey",
        "Reason",
        "ReturnID",
        "ValidateOnly",
    ],
    containers: &["CRMConfiguration", "CRMConfigurationCommon"],
    list: false,
    url_ids: false,
};

/// Answers `CRMConfigurationChange`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let description = fields.text("Description", Description::new)?;
    let crm_type = fields.identifier("CRMType", CrmType::new)?;
    let expected_version = expected_version(&fields)?;
    let extensions = Extensions::of(&fields, input)?;
    let configuration = parts::read(&fields, input, Part::Configuration)?;
    let common = parts::read(&fields, input, Part::Common)?;
    let triple = fields.triple()?;
    triple.require_telsys()?;
    let id_text = require(fields.trimmed("CRMConfigurationID"), "CRMConfigurationID")?;
    let permit = caller.permit(triple.scope()?)?;

    let id: Option<ConfigurationId> = id_text.parse().ok();
    // The type is the stored one. Where there is no such configuration the writer says so before it looks at parts;
    // one of another scope counts as none here too, or the time that its template takes would tell that it exists.
    let stored = id.as_ref().and_then(|id| caller.view(&permit).configurations.get(id));
    let stored = stored.filter(|stored| stored.scope == *permit.scope());
    let sealed = stored.map(|stored| Arc::clone(&stored.secrets)).unwrap_or_default();
    let Made { parts, opened } = match stored.map(|stored| &stored.crm_type).or(crm_type.as_ref()) {
        Some(of) => parts::for_change(app, caller, of, &sealed, [&configuration, &common]),
        None => Made::of_unknown_type(caller, &configuration),
    };
    let command = Command::ChangeConfiguration(ChangeConfiguration {
        id,
        scope: permit.scope().clone(),
        crm_type: crm_type.clone(),
        description: description.clone(),
        parts,
        key: None,
        expected_version,
        form: RequestForm {
            operation: Operation::ConfigurationChange.name(),
            scope: permit.scope().clone(),
            id: Some(id_text.to_owned()),
            crm_type,
            description,
            expected_version,
            configuration: configuration.given,
            common: common.given,
            sealed: None,
        },
    });
    let return_id = extensions.return_id;
    let outcome = extensions.submit(app, caller, &permit, input, (command, opened)).await?;
    Ok(changed(outcome, return_id))
}
