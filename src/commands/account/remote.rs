//! Accounts behind a running server: through its API, as an administrator who signs in.

use crmconf_events::access::{Grant, Grants, Role};
use crmconf_events::{DeviceNumber, PartitionId, Reason, Scope, TelSysId};

use super::{Adding, Administers, Changed, Changing, Shown};
use crate::cli::SignInArgs;
use crate::commands::Failure;
use crate::commands::conversation::{Conversation, Node, Payload, not_understood};
use crate::http::code::Code;
use crate::vault::{AccountName, DisplayName};

/// How many accounts are asked for at once.
const PAGE: usize = 1_000;

/// A session of an administrator.
pub(super) struct Remote<'a>(Conversation<'a>);

impl<'a> Remote<'a> {
    /// Signs an administrator in.
    pub(super) fn sign_in(args: &'a SignInArgs) -> Result<Self, Failure> {
        Conversation::open(args, "crmconf account").map(Self)
    }

    /// Signs out again.
    pub(super) fn sign_out(self) {
        self.0.close();
    }
}

impl Administers for Remote<'_> {
    fn accounts(&mut self) -> Result<Vec<Shown>, Failure> {
        let mut found = Vec::new();
        loop {
            let (offset, limit) = (found.len().to_string(), PAGE.to_string());
            let asked = Payload::of(&[("Offset", &offset), ("Limit", &limit)]);
            let page = self.0.ask("AccountList", &asked)?;
            for row in &page.containers {
                found.push(read("AccountList", row)?);
            }
            if page.containers.len() < PAGE {
                return Ok(found);
            }
        }
    }

    fn account(&mut self, name: &AccountName) -> Result<Shown, Failure> {
        read("AccountInfo", &self.0.ask("AccountInfo", &naming(name))?)
    }

    fn add(&mut self, new: Adding, reason: Option<&Reason>) -> Result<(), Failure> {
        let Adding { name, display_name, password, enabled, grants } = new;
        let mut payload = naming(&name);
        payload.property("Password", &password);
        payload.property_of("DisplayName", display_name.as_ref().map(DisplayName::as_str));
        payload.property("Enabled", flag(enabled));
        push_reason(&mut payload, reason);
        push_grants(&mut payload, &grants);
        self.0.ask("AccountAdd", &payload).map(drop)
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
        payload.property_of("ExpectedVersion", version);
        payload.property_of("NewUserName", new_name.as_ref().map(AccountName::as_str));
        payload.property_of("DisplayName", display_name.as_ref().map(DisplayName::as_str));
        payload.property_of("Password", password.as_ref().map(|password| password.as_str()));
        payload.property_of("Enabled", enabled.map(flag));
        push_reason(&mut payload, reason);
        match grants {
            Some(grants) if grants.iter().next().is_none() => payload.property("NoGrants", "true"),
            Some(grants) => push_grants(&mut payload, &grants),
            None => {}
        }
        let answer = self.0.ask_unless(Code::VersionConflict, "AccountChange", &payload)?;
        Ok(if answer.is_some() { Changed::Done } else { Changed::Raced })
    }

    fn erase(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure> {
        let mut payload = naming(name);
        push_reason(&mut payload, reason);
        self.0.ask("AccountErase", &payload).map(drop)
    }

    fn delete(&mut self, name: &AccountName, reason: Option<&Reason>) -> Result<(), Failure> {
        let mut payload = naming(name);
        push_reason(&mut payload, reason);
        self.0.ask("AccountDelete", &payload).map(drop)
    }
}

fn naming(name: &AccountName) -> Payload {
    Payload::of(&[("UserName", name.as_str())])
}

const fn flag(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn push_reason(payload: &mut Payload, reason: Option<&Reason>) {
    payload.property_of("Reason", reason.map(Reason::as_str));
}

fn push_grants(payload: &mut Payload, grants: &Grants) {
    for Grant { role, scope } in grants.iter() {
        let mut grant = Payload::of(&[("Role", role.name())]);
        grant.property_of("TelSysID", scope.telsys().map(|id| id.to_string()));
        grant.property_of("PartIDInTelSys", scope.partition().map(|id| id.to_string()));
        grant.property_of("DeviceNumber", scope.device().map(|device| device.to_string()));
        payload.container("Grant", &grant);
    }
}

fn read(operation: &str, row: &Node) -> Result<Shown, Failure> {
    shown(row).ok_or_else(|| not_understood(operation))
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
        version: row.number("Version")?,
    })
}
