//! `MasterKeyList`.

use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::xml::Payload;

pub(in crate::http) const SPEC: Spec = Spec { properties: &[], containers: &[], list: false, url_ids: false };

/// Answers `MasterKeyList`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let _administration = caller.administration()?;
    let _fields = input.fields(&SPEC)?;
    let uses = app.rotator.usage().await.map_err(|cut_off| ApiError::new(Code::Unknown).broken(cut_off))?;
    let uses = uses.map_err(|error| ApiError::new(Code::StoreUnavailable).broken(error))?;
    let flag = |value| if value { "true" } else { "false" };
    let mut payload = Payload::new();
    for key in uses {
        payload.container(None, |row| {
            row.property("MasterKeyID", &key.id.to_string());
            row.property("Current", flag(key.current));
            row.property("Known", flag(key.known));
            row.property("Files", &key.files.to_string());
        });
    }
    Ok(Answer::with(payload))
}
