//! `MasterKeyRotate`.

use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::operations::write::{outlive, refuse_request_key};
use crate::http::xml::Payload;
use crate::rotation::RotationError;
use crate::security_log::Fact;

pub(in crate::http) const SPEC: Spec =
    Spec { properties: &["ValidateOnly"], containers: &[], list: false, url_ids: false };

/// Answers `MasterKeyRotate`.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let _administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    refuse_request_key(input)?;
    let validate_only = fields.flag("ValidateOnly")?;

    let (rotator, recorder) = (app.rotator.clone(), input.witness.recorder());
    let rotating = async move {
        let rotated = rotator.rotate(validate_only).await;
        // Here, so that what was done is recorded also when its client has left.
        if let (Ok(rotated), false) = (&rotated, validate_only) {
            let (master_key, files) = (rotated.master_key.to_string(), rotated.files as u64);
            recorder.record(Fact::MasterKeyRotated { master_key, files });
        }
        rotated
    };
    let rotated = outlive(input, rotating).await.map_err(RotationError::from)??;
    let mut payload = Payload::new();
    payload.property("MasterKeyID", &rotated.master_key.to_string());
    payload.property("FilesSealed", &rotated.files.to_string());
    payload.property("FilesUnreadable", &rotated.unreadable.to_string());
    Ok(Answer::with(payload))
}

/// Paths and places of keys are for the operator's log; the client's message says what to do.
impl From<RotationError> for ApiError {
    fn from(error: RotationError) -> Self {
        let told = |message: &str| Self::with(Code::Unresolved, message);
        match error {
            RotationError::Busy => Self::busy("The vault is being sealed anew already; try again later."),
            RotationError::Settings(_) => told(
                "The settings cannot be used any more, so that the master keys were not found; nothing was changed. The \
                 server's log says why; `crmconf config check` finds every fault.",
            )
            .broken(error),
            RotationError::MasterKey(_) => {
                told("A master key cannot be read; nothing was changed. The server's log says which and why.")
                    .broken(error)
            }
            RotationError::Refused(_) => told(
                "The master keys that the settings name do not open every file of the vault; nothing was changed. The \
                 server's log names the missing one: list it under further_master_keys.",
            )
            .broken(error),
            RotationError::NotBegun(_) => Self::with(
                Code::StoreUnavailable,
                "The vault's files could not be looked through, to see that the master keys open all of them; nothing was \
                 changed. The server's log says which file and why; see to it, and send the request again.",
            )
            .broken(error),
            RotationError::Interrupted(_) | RotationError::CutOff(_) => Self::with(
                Code::StoreUnavailable,
                "The vault was not sealed anew to the end; everything in it can be read. Keep the old master key under \
                 further_master_keys, and send the request again.",
            )
            .broken(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::VaultError;

    #[test]
    fn only_what_has_changed_nothing_says_so() {
        let why = || VaultError::Damaged { path: "/vault/check".into() };
        let told = [
            (RotationError::Refused(why()), Code::Unresolved, "further_master_keys"),
            (RotationError::NotBegun(why()), Code::StoreUnavailable, "could not be looked through"),
            (RotationError::Interrupted(why()), Code::StoreUnavailable, "Keep the old master key"),
        ];
        for (error, code, words) in told {
            let changed = matches!(error, RotationError::Interrupted(_));
            let error = ApiError::from(error);
            assert_eq!(error.code, code);
            assert!(error.message.contains(words), "{}", error.message);
            assert_eq!(error.message.contains("nothing was changed"), !changed, "{}", error.message);
            assert!(!error.message.contains("/vault"), "{}", error.message);
        }
    }
}
