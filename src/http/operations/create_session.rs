//! `CreateSession`: a session that nobody has signed in to yet.

use super::Input;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::xml::Payload;

pub(in crate::http) const SPEC: Spec = Spec { properties: &[], containers: &[], list: false, url_ids: false };

/// Answers `CreateSession`.
///
/// # Errors
/// When a field is wrong, or there are too many sessions.
pub fn answer(app: &App, input: &Input<'_>) -> Result<Answer, ApiError> {
    input.fields(&SPEC)?;
    let (session, nonce) =
        app.sessions.create(input.address).inspect_err(|error| input.witness.not_created(error))?;
    // Whoever has the id, is the session.
    let mut payload = Payload::secret();
    payload.property("SessionID", &session.to_text());
    payload.property("Nonce", &nonce.to_text());
    Ok(Answer::with(payload))
}
