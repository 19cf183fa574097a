//! `CRMConfigurationShred`.

use crmconf_events::command::{Command, ShredConfiguration};
use crmconf_events::decide::Outcome;
use crmconf_events::{ConfigurationId, Sequence};

use super::decided;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::code::{Code, NOTHING_TO_SHRED};
use crate::http::error::ApiError;
use crate::http::fields::{Spec, require};
use crate::http::operations::administrative::Extensions;
use crate::http::operations::{Input, changed};
use crate::security_log::Fact;
use crate::writer::WriteResult;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "CRMConfigurationID",
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "Reason",
        "ReturnID",
        "ValidateOnly",
    ],
    containers: &[],
    list: false,
    url_ids: false,
};

/// Answers `CRMConfigurationShred`. The directory is not asked: what a deleted configuration stood at may be gone.
///
/// # Errors
/// The first check that fails.
pub async fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let extensions = Extensions::of(&fields, input)?;
    let triple = fields.triple()?;
    triple.require_telsys()?;
    let id_text = require(fields.trimmed("CRMConfigurationID"), "CRMConfigurationID")?;
    let scope = triple.scope()?;

    let id: Option<ConfigurationId> = id_text.parse().ok();
    let command = Command::ShredConfiguration(ShredConfiguration { id: id.clone(), scope });
    let return_id = extensions.return_id;
    let asked = extensions.asked(caller, &administration);
    let shown = caller.whole_view(&administration).last;
    let did = move |outcome: &WriteResult| fact(&id?, outcome, shown);
    match decided(app, input, asked, command, did).await {
        Ok(outcome) => Ok(changed(outcome.and_then(Outcome::into_configuration), return_id)),
        Err(error) if error.code == Code::NoSuchConfiguration => {
            Err(ApiError::with(Code::NoSuchConfiguration, NOTHING_TO_SHRED))
        }
        Err(error) => Err(error),
    }
}

/// What the security log is told.
fn fact(id: &ConfigurationId, outcome: &WriteResult, shown: Option<Sequence>) -> Option<Fact> {
    let shredded =
        || Fact::ConfigurationShredded { configuration: id.to_string(), destroyed: outcome.is_ok() };
    gives_up(outcome, shown).then(shredded)
}

/// Whether an outcome gives up a key, when `shown` was the last event to be seen before: one that was given up already has
/// its event there.
fn gives_up(outcome: &WriteResult, shown: Option<Sequence>) -> bool {
    match outcome {
        Ok(Some(Outcome::Configuration(outcome))) => Some(outcome.version) > shown,
        Ok(Some(Outcome::Account { .. } | Outcome::DirectoryImport(_) | Outcome::Destruction(_)) | None) => {
            false
        }
        Err(error) => error.stands(),
    }
}

#[cfg(test)]
mod tests {
    use crmconf_events::decide::ConfigurationOutcome;

    use super::*;
    use crate::writer::WriteError;

    #[test]
    fn a_key_that_is_given_up_is_recorded_as_destroyed_where_it_is() {
        let id: ConfigurationId = "8b421354e7ea58f6:1007bf0b:197cf8dc588:1".parse().unwrap();
        let at = |version| Sequence::new(version).unwrap();
        let told = |outcome: &WriteResult| match fact(&id, outcome, Some(at(5))) {
            Some(Fact::ConfigurationShredded { configuration, destroyed })
                if configuration == id.as_str() =>
            {
                Some(destroyed)
            }
            Some(other) => panic!("{other:?}"),
            None => None,
        };
        let version = |version| {
            let outcome = ConfigurationOutcome { id: id.clone(), version: at(version) };
            Ok(Some(Outcome::Configuration(outcome)))
        };
        assert_eq!(told(&version(6)), Some(true));
        assert_eq!(told(&Err(WriteError::NotDestroyed("the disk refuses".into()))), Some(false));
        assert_eq!(told(&version(5)), None, "it was given up before");
        assert_eq!(told(&Ok(None)), None, "a dry run");
        assert_eq!(told(&Err(WriteError::Unknown("cable".into()))), None);
    }
}
