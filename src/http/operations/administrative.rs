//! What rides along with every administrative change, of accounts and of keys alike.

use crmconf_events::Reason;
use crmconf_events::event::Context;

use super::Input;
use super::write::refuse_request_key;
use crate::accounts::Asked;
use crate::http::caller::{Administration, Caller};
use crate::http::error::ApiError;
use crate::http::fields::Fields;

/// The extensions of an administrative change. An operation whose `Spec` lacks one of them refuses it as unknown.
pub(super) struct Extensions {
    reason: Option<Reason>,
    validate_only: bool,
    pub(super) return_id: bool,
}

impl Extensions {
    pub(super) fn of(fields: &Fields<'_>, input: &Input<'_>) -> Result<Self, ApiError> {
        refuse_request_key(input)?;
        Ok(Self {
            reason: fields.text("Reason", Reason::new)?,
            validate_only: fields.flag("ValidateOnly")?,
            return_id: fields.flag("ReturnID")?,
        })
    }

    /// How an administrator asks.
    pub(super) fn asked(self, caller: &Caller, _administration: &Administration) -> Asked {
        let context = Context { reason: self.reason, ..caller.context() };
        Asked { context, validate_only: self.validate_only }
    }
}
