//! Accounts behind a running server: through its API, as an administrator who signs in.

use crmconf_events::access::{Grant, Grants, Role};
use crmconf_events::{DeviceNumber, PartitionId, Reason, Scope, TelSysId};
use zeroize::Zeroizing;

use super::rows::{Node, success};
use super::{Adding, Administers, Changed, Changing, Shown};
use crate::cli::{Endpoint, PasswordSource};
use crate::commands::Failure;
use crate::commands::call::reply::{Outcome, Reply};
use crate::commands::call::wire::{Wire, push_property, request_with};
use crate::commands::call::{not_ours, secret, sign_in, sign_out};
use crate::http::code::Code;
use crate::vault::AccountName;

/// How many accounts are asked for at once.
const PAGE: usize = 1_000;

/// A session of an administrator.
pub(super) struct Remote<'a> {
    wire: Wire<'a>,
    endpoint: &'a Endpoint,
    session: Zeroizing<String>,
}

/// What the server refused, and why.
struct Refused {
    code: String,
    sentence: Failure,
}

impl<'a> Remote<'a> {
    /// Signs an administrator in.
    pub(super) fn sign_in(
        endpoint: &'a Endpoint,
        user: &AccountName,
        password: &PasswordSource,
    ) -> Result<Self, Failure> {
        let password = secret::password(password, user.as_str(), std::env::var_os(secret::VARIABLE))?;
        let wire = Wire::to(endpoint);
        let session = sign_in(&wire, endpoint, user.as_str(), &password)?;
        Ok(Self { wire, endpoint, session })
    }

    /// Signs out again.
    pub(super) fn sign_out(&self) {
        sign_out(&self.wire, &self.session);
    }

    /// Asks for an operation; what the response holds.
    fn ask(&self, operation: &str, payload: &str) -> Result<Result<Node, Refused>, Failure> {
        let answer =
            self.wire.send(self.endpoint.url(), &request_with(operation, Some(&self.session), payload))?;
        match Reply::read(&answer.body) {
            Some(Reply { outcome: Outcome::Success { .. } }) => {
                Ok(Ok(success(&answer.body).unwrap_or_default()))
            }
            Some(Reply { outcome: Outcome::Fail { code, message } }) => {
                let sentence = format!("{} refused {operation}: {code} {message}", self.endpoint);
                Ok(Err(Refused { code, sentence: Failure::new(sentence) }))
            }
            None => Err(self.not_ours(answer.status)),
        }
    }

    fn done(&self, operation: &str, payload: &str) -> Result<Node, Failure> {
        self.ask(operation, payload)?.map_err(|refused| refused.sentence)
    }

    fn not_ours(&self, status: u16) -> Failure {
        not_ours(self.endpoint.url(), status)
    }

    fn read(&self, row: &Node) -> Result<Shown, Failure> {
        shown(row).ok_or_else(|| self.not_ours(200))
    }
}

impl Administers for Remote<'_> {
    fn accounts(&mut self) -> Result<Vec<Shown>, Failure> {
        let mut found = Vec::new();
        loop {
            let mut payload = Zeroizing::new(String::new());
            push_property(&mut payload, "Offset", &found.len().to_string());
            push_property(&mut payload, "Limit", &PAGE.to_string());
            let page = self.done("AccountList", &payload)?;
            for row in &page.containers {
                found.push(self.read(row)?);
            }
            if page.containers.len() < PAGE {
                return Ok(found);
            }
        }
    }

    fn account(&mut self, name: &AccountName) -> Result<Shown, Failure> {
        let info = self.done("AccountInfo", &naming(name))?;
        self.read(&info)
    }

    fn add(&mut self, new: Adding, reason: Option<&Reason>) -> Result<(), Failure> {
        let Adding { name, display_name, password, enabled, grants } = new;
        let mut payload = naming(&name);
        push_property(&mut payload, "Password", &password);
        if let Some(display_name) = display_name {
            push_property(&mut payload, "DisplayName", display_name.as_str());
        }
        push_property(&mut payload, "Enabled", flag(enabled));
        push_reason(&mut payload, reason);
        push_grants(&mut payload, &grants);
        self.done("AccountAdd", &payload).map(drop)
    }

    fn change(
        &mut self,
        name: &AccountName,
        change: Changing,
        reason: Option<&Reason>,
    ) -> Result<Changed, Failure> {
        let Changing { expected_version, name: new_name, display_name, password, enabled, grants } = change;
        let mut payload = naming(name);
        let version = expected_version.map(|version| version.to_string());
        let properties = [
            ("ExpectedVersion", version.as_deref()),
            ("NewUserName", new_name.as_ref().map(AccountName::as_str)),
            ("DisplayName", display_name.as_ref().map(|name| name.as_str())),
            ("Password", password.as_ref().map(|password| password.as_str())),
            ("Enabled", enabled.map(flag)),
        ];
        for (name, value) in properties {
            if let Some(value) = value {
                push_property(&mut payload, name, value);
            }
        }
        push_reason(&mut payload, reason);
        match grants {
            Some(grants) if grants.iter().next().is_none() => push_property(&mut payload, "NoGrants", "true"),
            Some(grants) => push_grants(&mut payload, &grants),
            None => {}
        }
        match self.ask("AccountChange", &payload)? {
            Ok(_) => Ok(Changed::Done),
            Err(refused) if refused.code == Code::VersionConflict.number().to_string() => Ok(Changed::Raced),
            Err(refused) => Err(refused.sentence),
        }
    }

    fn delete(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure> {
        let mut payload = naming(name);
        push_reason(&mut payload, reason);
        self.done("AccountDelete", &payload).map(drop)
    }
}

fn naming(name: &AccountName) -> Zeroizing<String> {
    let mut payload = Zeroizing::new(String::new());
    push_property(&mut payload, "UserName", name.as_str());
    payload
}

const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn push_reason(payload: &mut Zeroizing<String>, reason: Option<&Reason>) {
    if let Some(reason) = reason {
        push_property(payload, "Reason", reason.as_str());
    }
}

fn push_grants(payload: &mut Zeroizing<String>, grants: &Grants) {
    for Grant { role, scope } in grants.iter() {
        payload.push_str("<Container Name=\"Grant\">");
        push_property(payload, "Role", role.name());
        let ids = [
            ("TelSysID", scope.telsys().map(|id| id.to_string())),
            ("PartIDInTelSys", scope.partition().map(|id| id.to_string())),
            ("DeviceNumber", scope.device().map(|device| device.to_string())),
        ];
        for (name, id) in ids {
            if let Some(id) = id {
                push_property(payload, name, &id);
            }
        }
        payload.push_str("</Container>");
    }
}

/// An account as the API shows it; `None` when that is not how this API shows one.
fn shown(row: &Node) -> Option<Shown> {
    let grants = row.named("Grant").map(|container| {
        let role = container.property("Role")?;
        let scope = Scope::new(
            TelSysId::parse(container.property("TelSysID")?).ok()?,
            PartitionId::parse(container.property("PartIDInTelSys")?).ok()?,
            DeviceNumber::parse(container.property("DeviceNumber")?).ok()?,
        );
        let role = Role::ALL.into_iter().find(|known| known.name() == role)?;
        Some(Grant { role, scope: scope.ok()? })
    });
    Some(Shown {
        grants: grants.collect::<Option<Vec<_>>>()?.into_iter().collect(),
        name: row.property("UserName")?.to_owned(),
        display_name: row.property("DisplayName")?.to_owned(),
        id: row.property("AccountID")?.to_owned(),
        enabled: row.property("Enabled")? == "true",
        version: row.property("Version")?.parse().ok()?,
    })
}
