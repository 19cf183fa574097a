//! `PasswordChange`: gives the account that asks another password. Its other sessions end with that.

use std::sync::Arc;

use crmconf_events::Reason;
use crmconf_events::decide::Rejection;
use crmconf_events::event::Context;
use crmconf_projections::ReadModel;

use super::Input;
use super::account::worked;
use super::write::refuse_request_key;
use crate::accounts::AccountError;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::code::{Code, PASSWORD_OUTCOME_NOT_KNOWN};
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::vault::Password;
use crate::writer::WriteError;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["OldPassword", "NewPassword", "Reason"],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `PasswordChange`. The old password is checked before the new one is looked at, so that the answer tells nothing
/// to whoever does not know it.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let reason = fields.text("Reason", Reason::new)?;
    refuse_request_key(input)?;
    let old = Password::given(require(fields.exact("OldPassword"), "OldPassword")?);
    let new = require(fields.exact("NewPassword"), "NewPassword")?;
    let (account, session) = (caller.account(), caller.session());
    let standing = app.authenticator.confirm(app, account, old, input.address).await;
    let standing = standing.inspect_err(|error| input.witness.not_confirmed(error))?;
    let new = Password::chosen(new).map_err(|_| ApiError::new(Code::PasswordRefused))?;

    let context = Context { reason, ..caller.context() };
    let (registrar, sessions) = (app.registrar.clone(), Arc::clone(&app.sessions));
    let work = async move {
        // From before the change is visible until it was kept, no request finds this session to be another's.
        sessions.set_changing(session, true);
        let keep = |view: &ReadModel| {
            let Some(changed) = view.accounts.get(&account) else { return };
            if let Some(own) = changed.own_change.filter(|own| own.session == session) {
                sessions.keep(session, own.from, changed.version);
            }
        };
        let outcome = registrar.set_password(context, account, standing.credential, new, keep).await;
        sessions.set_changing(session, false);
        outcome
    };
    match worked(input, work).await {
        Ok(_) => Ok(Answer::bare()),
        // The password that was confirmed is not the account's any more, and neither is the session.
        Err(AccountError::Write(WriteError::Rejected(Rejection::CredentialReplaced))) => {
            Err(ApiError::new(Code::AuthenticationFailed))
        }
        Err(error) => Err(not_known(error)),
    }
}

/// The error as the caller is told, who may not be an administrator.
fn not_known(error: AccountError) -> ApiError {
    let unknown = matches!(error, AccountError::Write(WriteError::Unknown(_)) | AccountError::CutOff(_));
    let told = ApiError::from(error);
    if unknown { ApiError { message: PASSWORD_OUTCOME_NOT_KNOWN.into(), ..told } } else { told }
}
