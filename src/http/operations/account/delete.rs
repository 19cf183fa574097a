//! `AccountDelete`.

use super::{AskedWhom, changed, worked};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::operations::administrative::Extensions;
use crate::http::operations::write::expected_version;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["UserName", "AccountID", "ExpectedVersion", "Reason", "ReturnID", "ValidateOnly"],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `AccountDelete`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let whom = AskedWhom::of(&fields)?;
    let expected_version = expected_version(&fields)?;
    let extensions = Extensions::of(&fields, input)?;
    let whom = whom.whom()?;

    let return_id = extensions.return_id;
    let (registrar, asked) = (app.registrar.clone(), extensions.asked(caller, &administration));
    let done = worked(input, async move { registrar.delete(asked, &whom, expected_version).await }).await?;
    Ok(changed(done, return_id))
}
