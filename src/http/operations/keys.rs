//! What the operations on keys have in common: what rides along, and a way to the writer that records what was done.

use crmconf_events::Reason;
use crmconf_events::command::{Command, Request};
use crmconf_events::decide::Outcome;
use crmconf_events::event::Context;

use super::Input;
use super::write::{outlive, refuse_request_key};
use crate::http::app::App;
use crate::http::caller::{Administration, Caller};
use crate::http::code::KEYS_OUTCOME_NOT_KNOWN;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::security_log::Fact;
use crate::writer::{WriteError, WriteResult};

pub mod list;
pub mod resume;
pub mod rotate;
pub mod shred;

/// The extensions of every operation that changes something about keys.
struct Extensions {
    reason: Option<Reason>,
    validate_only: bool,
}

impl Extensions {
    fn of(fields: &Fields<'_>, input: &Input<'_>) -> Result<Self, ApiError> {
        refuse_request_key(input)?;
        Ok(Self { reason: fields.text("Reason", Reason::new)?, validate_only: fields.flag("ValidateOnly")? })
    }

    /// What an administrator asks for.
    fn request(self, caller: &Caller, _administration: &Administration, command: Command) -> Request {
        let context = Context { reason: self.reason, ..caller.context() };
        Request { context, validate_only: self.validate_only, command }
    }
}

/// Has a command decided, and what it did recorded, also where the client leaves meanwhile.
async fn decided(
    app: &App,
    input: &Input<'_>,
    request: Request,
    did: impl FnOnce(&WriteResult) -> Option<Fact> + Send + 'static,
) -> Result<Option<Outcome>, ApiError> {
    let (writer, recorder) = (app.writer.clone(), input.witness.recorder());
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
