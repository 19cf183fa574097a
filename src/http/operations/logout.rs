//! `Logout`: ends a session.

use super::Input;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::security_log::Fact;

pub(in crate::http) const SPEC: Spec = Spec { properties: &[], containers: &[], list: false, url_ids: false };

/// Answers `Logout`; a session that nobody signed in to can be ended too.
///
/// # Errors
/// When there is no such session, or a field is wrong.
pub fn answer(app: &App, input: &Input<'_>) -> Result<Answer, ApiError> {
    let found = caller::session(app, input)?;
    input.fields(&SPEC)?;
    app.sessions.end(found.session);
    if let Some(account) = input.witness.account() {
        input.witness.record(Fact::SessionEnded { account });
    }
    Ok(Answer::bare())
}
