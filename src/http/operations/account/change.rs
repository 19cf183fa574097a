//! `AccountChange`: what is present replaces, what is absent stays.

use super::{AskedGrants, AskedWhom, GRANT, changed, worked};
use crate::accounts::AccountChange;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::operations::administrative::Extensions;
use crate::http::operations::write::expected_version;
use crate::vault::{AccountName, DisplayName, Password};

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "UserName",
        "AccountID",
        "NewUserName",
        "Password",
        "DisplayName",
        "NoDisplayName",
        "Enabled",
        "NoGrants",
        "ExpectedVersion",
        "Reason",
        "ReturnID",
        "ValidateOnly",
    ],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `AccountChange`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields_and_rows(&SPEC, Some(&GRANT))?;
    let whom = AskedWhom::of(&fields)?;
    let name = fields.text("NewUserName", AccountName::new)?;
    let display_name = fields.text("DisplayName", DisplayName::new)?;
    let enabled = fields.optional_flag("Enabled")?;
    let no_display_name = fields.flag("NoDisplayName")?;
    let no_grants = fields.flag("NoGrants")?;
    let expected_version = expected_version(&fields)?;
    let extensions = Extensions::of(&fields, input)?;
    let grants = AskedGrants::of(&fields)?;
    whom.require()?;
    grants.require_roles()?;
    let whom = whom.whom()?;
    if no_display_name && display_name.is_some() {
        return Err(ApiError::invalid(
            "NoDisplayName is true, and there is a DisplayName; keep one of them.",
        ));
    }
    if no_grants && !grants.is_empty() {
        return Err(ApiError::invalid("NoGrants is true, and there are containers Grant; keep one of them."));
    }
    let whole = no_grants || !grants.is_empty();
    let grants = Some(grants.grants()?).filter(|_| whole);

    let return_id = extensions.return_id;
    let password = fields.exact("Password").map(Password::chosen);
    let change =
        AccountChange { expected_version, name, display_name, no_display_name, password, enabled, grants };
    let (registrar, asked) = (app.registrar.clone(), extensions.asked(caller, &administration));
    let done = worked(input, async move { registrar.change(asked, &whom, &change).await }).await?;
    Ok(changed(done, return_id))
}
