//! `CRMConfigurationDelete`.

use crmconf_events::command::{Command, DeleteConfiguration, Given, RequestForm};

use super::write::{Extensions, expected_version};
use super::{Input, changed};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::operation::Operation;
use crate::writer::Opened;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "CRMConfigurationID",
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "ExpectedVersion",
        "RequestKey",
        "Reason",
        "ReturnID",
        "ValidateOnly",
    ],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `CRMConfigurationDelete`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let expected_version = expected_version(&fields)?;
    let extensions = Extensions::of(&fields, input)?;
    let triple = fields.triple()?;
    triple.require_telsys()?;
    let id_text = require(fields.trimmed("CRMConfigurationID"), "CRMConfigurationID")?;
    let permit = caller.permit(triple.scope()?)?;

    let command = Command::DeleteConfiguration(DeleteConfiguration {
        id: id_text.parse().ok(),
        scope: permit.scope().clone(),
        expected_version,
        form: RequestForm {
            operation: Operation::ConfigurationDelete.name(),
            scope: permit.scope().clone(),
            id: Some(id_text.to_owned()),
            crm_type: None,
            description: None,
            expected_version,
            configuration: Given::Absent,
            common: Given::Absent,
            sealed: None,
        },
    });
    let return_id = extensions.return_id;
    let outcome = extensions.submit(app, caller, &permit, input, (command, Opened::default())).await?;
    Ok(changed(outcome, return_id))
}
