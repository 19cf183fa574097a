//! `Authenticate`: signs an account in to a session.

use crmconf_events::access::Right;

use super::Input;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller;
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::xml::{Payload, SessionIdText};
use crate::security_log::Fact;
use crate::sessions::Attempt;
use crate::vault::Password;

pub(in crate::http) const SPEC: Spec =
    Spec { properties: &["UserName", "Password"], containers: &[], list: false, url_ids: false };

/// Answers `Authenticate`.
///
/// # Errors
/// When the session is not there, a field is wrong, or nobody was signed in: with the same text whatever was wrong.
pub async fn answer(app: &App, input: &Input<'_>) -> Result<Answer, ApiError> {
    let session = input.parsed.session_id.as_ref().map(SessionIdText::as_str);
    caller::session(app, input)?;
    let fields = input.fields(&SPEC)?;
    let name = require(fields.exact("UserName"), "UserName")?;
    let password = Password::given(require(fields.exact("Password"), "Password")?);
    let attempt = Attempt { session, name, password, address: input.address };
    let open = input.witness.attempt();
    let signed_in = app.authenticator.authenticate(app, attempt).await;
    open.ended();
    let signed_in = signed_in.inspect_err(|error| input.witness.not_signed_in(error))?;
    input.witness.record(Fact::SignedIn { account: signed_in.account });
    let view = app.views.load();
    let may_open = view
        .accounts
        .get(&signed_in.account)
        .is_some_and(|account| account.grants.hold_anywhere(Right::ReadSecrets));
    if !may_open {
        return Ok(Answer::bare());
    }
    let mut payload = Payload::secret();
    payload.property("TransportKey", &signed_in.transport_key.to_base64());
    Ok(Answer::with(payload))
}
