//! `AccountAdd`.

use super::{AskedGrants, GRANT, changed, worked};
use crate::accounts::NewAccount;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::operations::Input;
use crate::http::operations::administrative::Extensions;
use crate::vault::{AccountName, DisplayName, Password};

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["UserName", "Password", "DisplayName", "Enabled", "Reason", "ReturnID", "ValidateOnly"],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `AccountAdd`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields_and_rows(&SPEC, Some(&GRANT))?;
    let name = fields.text("UserName", AccountName::new)?;
    let display_name = fields.text("DisplayName", DisplayName::new)?;
    let enabled = fields.optional_flag("Enabled")?.unwrap_or(true);
    let extensions = Extensions::of(&fields, input)?;
    let grants = AskedGrants::of(&fields)?;
    let name = require(name, "UserName")?;
    let password = Password::chosen(require(fields.exact("Password"), "Password")?);
    grants.require_roles()?;
    let grants = grants.grants()?;

    let return_id = extensions.return_id;
    let new = NewAccount { name, display_name, password, enabled, grants };
    let (registrar, asked) = (app.registrar.clone(), extensions.asked(caller, &administration));
    let done = worked(input, async move { registrar.add(asked, new).await }).await?;
    Ok(changed(done, return_id))
}
