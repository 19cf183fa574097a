//! What the operations on accounts have in common: whom they ask about, grants as containers, and the way to the
//! registrar.

use std::future::Future;

use crmconf_events::AccountId;
use crmconf_events::access::{Grant, Grants, Role};

use super::write::outlive;
use super::{Input, render};
use crate::accounts::{AccountError, Done, Member, Whom, recorded};
use crate::http::answer::Answer;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, RowSpec, Triple, require};
use crate::http::xml::Payload;
use crate::vault::FoldedName;

pub mod add;
pub mod change;
pub mod delete;
pub mod erase;
pub mod info;
pub mod list;

/// A grant, in requests and answers: one container for each.
pub(in crate::http) const GRANT: RowSpec =
    RowSpec { name: "Grant", properties: &["Role", "TelSysID", "PartIDInTelSys", "DeviceNumber"] };

/// `UserName` or `AccountID`, each well-formed. Any text is a name to ask for.
struct AskedWhom {
    name: Option<FoldedName>,
    id: Option<AccountId>,
}

impl AskedWhom {
    fn of(fields: &Fields<'_>) -> Result<Self, ApiError> {
        Ok(Self {
            name: fields.exact("UserName").map(FoldedName::of),
            id: fields.identifier("AccountID", str::parse)?,
        })
    }

    /// Checks that one of the two was given.
    fn require(&self) -> Result<(), ApiError> {
        if self.name.is_none() && self.id.is_none() { Err(ApiError::missing("UserName")) } else { Ok(()) }
    }

    /// The account that is asked about.
    fn whom(self) -> Result<Whom, ApiError> {
        match (self.name, self.id) {
            (Some(name), None) => Ok(Whom::Name(name)),
            (None, Some(id)) => Ok(Whom::Id(id)),
            (None, None) => Err(ApiError::missing("UserName")),
            (Some(_), Some(_)) => {
                Err(ApiError::invalid("UserName and AccountID are both given; keep one of them."))
            }
        }
    }
}

/// The grants of a request, each value well-formed.
struct AskedGrants(Vec<(Option<Role>, Triple)>);

impl AskedGrants {
    /// Reads them; the last getter to call, since they have scopes. What is malformed but a `TelSysID` is told first.
    fn of(fields: &Fields<'_>) -> Result<Self, ApiError> {
        let mut found = Vec::new();
        let mut refused: Option<ApiError> = None;
        for row in fields.rows(&GRANT) {
            let role = row.trimmed("Role").map(role).transpose();
            match role.and_then(|role| Ok((role, row.triple()?))) {
                Ok(grant) => found.push(grant),
                Err(error) if error.code != Code::TelSysMalformed => return Err(error),
                Err(error) => {
                    refused.get_or_insert(error);
                }
            }
        }
        refused.map_or(Ok(Self(found)), Err)
    }

    /// Whether there are none.
    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that each names its role.
    fn require_roles(&self) -> Result<(), ApiError> {
        let named = self.0.iter().all(|(role, _)| role.is_some());
        if named { Ok(()) } else { Err(ApiError::missing("Role")) }
    }

    /// The grants, each scope without a contradiction, and such as an account can have.
    fn grants(self) -> Result<Grants, ApiError> {
        let grants = self
            .0
            .into_iter()
            .map(|(role, triple)| Ok(Grant { role: require(role, "Role")?, scope: triple.scope()? }));
        let grants = grants.collect::<Result<Vec<_>, ApiError>>()?;
        Grants::checked(grants).map_err(|fault| ApiError::invalid(format!("Grant is refused: {fault}.")))
    }
}

fn role(text: &str) -> Result<Role, ApiError> {
    Role::ALL.into_iter().find(|role| role.name() == text).ok_or_else(|| {
        let known = Role::ALL.map(Role::name).join(", ");
        ApiError::invalid(format!("Role must be one of {known}."))
    })
}

/// Has the registrar work to the end, and what it did recorded.
pub(super) async fn worked(
    input: &Input<'_>,
    work: impl Future<Output = Result<Option<Done>, AccountError>> + Send + 'static,
) -> Result<Option<Done>, AccountError> {
    let (recorder, by) = (input.witness.recorder(), input.witness.account());
    let recorded = async move {
        let outcome = work.await;
        // Here, so that what was done is recorded also when its client has left.
        if let Some(fact) =
            outcome.as_ref().ok().and_then(Option::as_ref).and_then(|done| recorded::fact(done, by))
        {
            recorder.record(fact);
        }
        outcome
    };
    outlive(input, recorded).await?
}

/// The answer to a change: bare, with id and version when `ReturnID` asks for them.
fn changed(done: Option<Done>, return_id: bool) -> Answer {
    let Some(done) = done.filter(|_| return_id) else { return Answer::bare() };
    let mut payload = Payload::new();
    payload.property("AccountID", &done.account.to_string());
    payload.property("Version", &done.version.to_string());
    Answer::with(payload)
}

/// Shows an account: its properties, then a container for each grant. What is not known of it is empty.
fn show(payload: &mut Payload, member: &Member) {
    let account = &member.account;
    payload.property("UserName", member.name());
    payload.property("DisplayName", member.display_name());
    payload.property("AccountID", &account.id.to_string());
    payload.property("Enabled", if account.enabled { "true" } else { "false" });
    payload.property("Version", &account.version.to_string());
    for Grant { role, scope } in account.grants.iter() {
        payload.container(Some(GRANT.name), |grant| {
            grant.property("Role", role.name());
            grant.property("TelSysID", &render::telsys(scope));
            grant.property("PartIDInTelSys", &render::partition(scope));
            grant.property("DeviceNumber", render::device(scope));
        });
    }
}
