//! What the operations on keys have in common: a way to the writer that records what was done.

use crmconf_events::command::{Command, Request};
use crmconf_events::decide::Outcome;

use super::Input;
use super::write::outlive;
use crate::accounts::Asked;
use crate::http::app::App;
use crate::http::code::KEYS_OUTCOME_NOT_KNOWN;
use crate::http::error::ApiError;
use crate::security_log::Fact;
use crate::writer::{WriteError, WriteResult};

pub mod list;
pub mod resume;
pub mod rotate;
pub mod shred;

/// Has a command decided, and what it did recorded, also where the client leaves meanwhile.
async fn decided(
    app: &App,
    input: &Input<'_>,
    Asked { context, validate_only }: Asked,
    command: Command,
    did: impl FnOnce(&WriteResult) -> Option<Fact> + Send + 'static,
) -> Result<Option<Outcome>, ApiError> {
    let (writer, recorder) = (app.writer.clone(), input.witness.recorder());
    let request = Request { context, validate_only, command };
    let work = async move {
        let outcome = writer.submit(request).await;
        if let Some(fact) = did(&outcome) {
            recorder.record(fact);
        }
        outcome
    };
    let outcome =
        outlive(input, work).await.unwrap_or_else(|lost| Err(WriteError::Unknown(lost.to_string())));
    outcome.map_err(refused)
}

fn refused(error: WriteError) -> ApiError {
    let unknown = matches!(error, WriteError::Unknown(_));
    let refused = ApiError::from(error);
    if unknown { ApiError { message: KEYS_OUTCOME_NOT_KNOWN.into(), ..refused } } else { refused }
}
