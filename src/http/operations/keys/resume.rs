//! `DestructionResume`.

use crmconf_events::command::Command;

use super::decided;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::operations::administrative::Extensions;
use crate::http::xml::Payload;
use crate::security_log::Fact;

pub(in crate::http) const SPEC: Spec =
    Spec { properties: &["Reason", "ValidateOnly"], containers: &[], list: false, url_ids: false };

/// Answers `DestructionResume`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let extensions = Extensions::of(&fields, input)?;
    let waiting = caller.whole_view(&administration).retired.len();
    let asked = extensions.asked(caller, &administration);
    // A dry run has no outcome.
    let did = |outcome: &crate::writer::WriteResult| {
        outcome.as_ref().ok().and_then(Option::as_ref).map(|_| Fact::DestructionResumed {})
    };
    decided(app, input, asked, Command::ResumeDestruction, did).await?;
    let mut payload = Payload::new();
    payload.property("KeysWaiting", &waiting.to_string());
    Ok(Answer::with(payload))
}
