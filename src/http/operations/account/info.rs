//! `AccountInfo`.

use super::{AskedWhom, show};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::xml::Payload;

pub(in crate::http) const SPEC: Spec =
    Spec { properties: &["UserName", "AccountID"], containers: &[], list: false, url_ids: false };

/// Answers `AccountInfo`.
///
/// # Errors
/// The first check that fails.
pub fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let _administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let whom = AskedWhom::of(&fields)?.whom()?;
    let member = app.registrar.member(&whom).ok_or_else(|| ApiError::new(Code::NoSuchAccount))?;
    let mut payload = Payload::new();
    show(&mut payload, &member);
    Ok(Answer::with(payload))
}
