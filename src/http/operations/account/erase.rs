//! `AccountErase`.

use super::{AskedWhom, changed};
use crate::accounts::{AccountError, recorded};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::operations::administrative::Extensions;
use crate::http::operations::write::{expected_version, outlive};

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["UserName", "AccountID", "ExpectedVersion", "Reason", "ReturnID", "ValidateOnly"],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `AccountErase`.
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
    let recorder = input.witness.recorder();
    let erasing = async move {
        let account = registrar.erasable(&whom);
        let outcome = registrar.erase(asked, account, expected_version).await;
        // Here, so that what was done is recorded also when its client has left.
        if let Some(fact) = recorded::erasure(account, &outcome) {
            recorder.record(fact);
        }
        outcome
    };
    let done = outlive(input, erasing).await.map_err(AccountError::from)??;
    Ok(changed(done, return_id))
}
