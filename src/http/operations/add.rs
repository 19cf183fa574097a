//! `CRMConfigurationAdd`.

use crmconf_events::command::{AddConfiguration, Command, RequestForm};
use crmconf_events::template::Part;
use crmconf_events::{CrmType, Description};

use super::parts::{self, Made};
use super::write::Extensions;
use super::{Input, changed};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::operation::Operation;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "Description",
        "CRMType",
        "RequestKey",
        "Reason",
        "ReturnID",
        "ValidateOnly",
    ],
    containers: &["CRMConfiguration", "CRMConfigurationCommon"],
    list: false,
    url_ids: false,
};

/// Answers `CRMConfigurationAdd`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let description = fields.text("Description", Description::new)?;
    let crm_type = fields.identifier("CRMType", CrmType::new)?;
    let extensions = Extensions::of(&fields, input)?;
    let configuration = parts::read(&fields, input, Part::Configuration)?;
    let common = parts::read(&fields, input, Part::Common)?;
    let triple = fields.triple()?;
    triple.require_telsys()?;
    let description = require(description, "Description")?;
    for part in Part::ALL {
        require(fields.container(part.name()), part.name())?;
    }
    let crm_type = require(crm_type, "CRMType")?;
    let permit = caller.permit(triple.scope()?)?;

    let Made { parts, opened } = parts::for_add(app, caller, &crm_type, [&configuration, &common]);
    let command = Command::AddConfiguration(AddConfiguration {
        id: app.ids.next(),
        scope: permit.scope().clone(),
        parts,
        key: None,
        form: RequestForm {
            operation: Operation::ConfigurationAdd.name(),
            scope: permit.scope().clone(),
            id: None,
            crm_type: Some(crm_type.clone()),
            description: Some(description.clone()),
            expected_version: None,
            configuration: configuration.given,
            common: common.given,
            sealed: None,
        },
        crm_type,
        description,
    });
    let return_id = extensions.return_id;
    let outcome = extensions.submit(app, caller, &permit, input, (command, opened)).await?;
    let configuration_id = outcome.as_ref().map(|outcome| outcome.id.to_string());
    Ok(Answer { configuration_id, ..changed(outcome, return_id) })
}
