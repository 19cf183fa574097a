//! What Add, Change and Delete have in common: the extensions that ride along, and the way to the writer.

use crmconf_events::command::{Command, Request};
use crmconf_events::decide::Outcome;
use crmconf_events::event::Context;
use crmconf_events::{Reason, RequestKey};

use super::Input;
use crate::http::app::App;
use crate::http::caller::{Caller, Permit, Writes};
use crate::http::error::ApiError;
use crate::http::fields::Fields;

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
        let header = input.beside.as_ref().ok().and_then(|beside| beside.idempotency_key.as_deref());
        let header = header
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

    /// Has a command decided and waits until its outcome is durable and visible.
    pub(super) async fn submit(
        self,
        app: &App,
        caller: &Caller,
        _permit: &Permit<Writes>,
        command: Command,
    ) -> Result<Option<Outcome>, ApiError> {
        let context = Context { key: self.key, reason: self.reason, ..caller.context() };
        let request = Request { context, validate_only: self.validate_only, command };
        Ok(app.writer.submit(request).await?)
    }
}

/// `ExpectedVersion`.
pub(super) fn expected_version(fields: &Fields<'_>) -> Result<Option<u64>, ApiError> {
    fields.number("ExpectedVersion")
}
