//! `Logout`: ends a session.

use super::Input;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::xml::SessionIdText;

const SPEC: Spec = Spec { properties: &[], containers: &[], list: false };

/// Answers `Logout`; a session that nobody signed in to can be ended too.
///
/// # Errors
/// When there is no such session, or a field is wrong.
pub fn answer(app: &App, input: &Input<'_>) -> Result<Answer, ApiError> {
    let found = caller::session(app, input.parsed.session_id.as_ref().map(SessionIdText::as_str))?;
    input.fields(&SPEC)?;
    app.sessions.end(found.session);
    Ok(Answer::bare())
}
