//! What Add, Change and Delete have in common: the extensions that ride along, and the way to the writer.

use crmconf_events::command::{Command, Request};
use crmconf_events::decide::{ConfigurationOutcome, Outcome};
use crmconf_events::event::Context;
use crmconf_events::{Reason, RequestKey};

use super::Input;
use crate::http::app::App;
use crate::http::caller::{Caller, Permit, Writes};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::writer::{Opened, WriteError, WriteResult};

/// The extensions of every operation that changes something.
pub(super) struct Extensions {
    key: Option<RequestKey>,
    reason: Option<Reason>,
    validate_only: bool,
    pub(super) return_id: bool,
}

impl Extensions {
    /// Reads the extensions.
    pub(super) fn of(fields: &Fields<'_>, input: &Input<'_>) -> Result<Self, ApiError> {
        let check = RequestKey::new;
        let property = fields.identifier("RequestKey", check)?;
        let header = input.beside.idempotency_key.as_ref().map_err(Clone::clone)?;
        let header = header
            .as_deref()
            .map(check)
            .transpose()
            .map_err(|error| ApiError::invalid(format!("The header Idempotency-Key {error}.")))?;
        if let (Some(property), Some(header)) = (&property, &header)
            && property != header
        {
            return Err(ApiError::invalid("RequestKey and the header Idempotency-Key differ."));
        }
        Ok(Self {
            key: property.or(header),
            reason: fields.text("Reason", Reason::new)?,
            validate_only: fields.flag("ValidateOnly")?,
            return_id: fields.flag("ReturnID")?,
        })
    }

    /// Has a command decided, with what rides along, and its passwords sealed before.
    pub(super) async fn submit(
        self,
        app: &App,
        caller: &Caller,
        _permit: &Permit<Writes>,
        input: &Input<'_>,
        (command, opened): (Command, Opened),
    ) -> Result<Option<ConfigurationOutcome>, ApiError> {
        let context = Context { key: self.key, reason: self.reason, ..caller.context() };
        let request = Request { context, validate_only: self.validate_only, command };
        Ok(decided(app, input, request, opened).await?.and_then(Outcome::into_configuration))
    }
}

/// Refuses the header `Idempotency-Key` where an operation takes no RequestKey: a client must not believe that it counts.
pub(super) fn refuse_request_key(input: &Input<'_>) -> Result<(), ApiError> {
    match &input.beside.idempotency_key {
        Ok(None) => Ok(()),
        Ok(Some(_)) | Err(_) => Err(ApiError::invalid(
            "The header Idempotency-Key is given, and this operation takes no RequestKey.",
        )),
    }
}

/// Has a command decided and waits until its outcome is durable and visible. A client that leaves meanwhile takes its
/// handler along, but not the command, which the writer has: a task of its own only holds the request's room until it is
/// decided. It is the worker's own, since a step to another thread and back would cost each change a tenth of its time.
async fn decided(app: &App, input: &Input<'_>, request: Request, opened: Opened) -> WriteResult {
    let (writer, room) = (app.writer.clone(), input.room.take());
    let waiting = actix_web::rt::spawn(async move {
        let outcome = writer.submit_with(request, opened).await;
        drop(room);
        outcome
    });
    let lost = |error: tokio::task::JoinError| Err(WriteError::Unknown(error.to_string()));
    waiting.await.unwrap_or_else(lost)
}

/// Waits for work of several steps to come to its end, also where the client leaves and the server stops meanwhile: so it
/// is a task beside the workers, and holds the request's room until then.
pub(super) async fn outlive<T: Send + 'static>(
    input: &Input<'_>,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, tokio::task::JoinError> {
    let room = input.room.take();
    let working = input.tasks.run(async move {
        let outcome = work.await;
        drop(room);
        outcome
    });
    working.await
}

/// `ExpectedVersion`.
pub(super) fn expected_version(fields: &Fields<'_>) -> Result<Option<u64>, ApiError> {
    fields.number("ExpectedVersion")
}
