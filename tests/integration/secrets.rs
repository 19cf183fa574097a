//! Password fields through the API: given, kept, replaced, removed, read back, repeated, moved to where they do not
//! belong.

mod changes;
mod given;
mod limits;
mod moved;
mod repeated;
mod retemplated;

use std::sync::Arc;

use crmconf::templates::TemplateSet;
use crmconf::vault::Vault;
use crmconf_events::access::{Grant, Role};
use crmconf_events::log::{EventLog, MemoryLog};
use crmconf_events::{CrmType, Scope};

use crate::harness::{Reply, container, property, triple};
use crate::inprocess::{Beside, InProcess, STORE, directory, found, grant, own_vault};

const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";
const INFO: &str = "CRMConfigurationInfo";
const LIST: &str = "CRMConfigurationList";

/// The accounts, each with its role on everything; so are their sessions called.
const EDITOR: usize = 0;
const CLIENT: usize = 1;
const ADMIN: usize = 2;
const VIEWER: usize = 3;
const AUDITOR: usize = 4;
const ROLES: [Role; 5] = [Role::Editor, Role::Client, Role::Administrator, Role::Viewer, Role::Auditor];
/// Those that may have password fields, and those that may not.
const WITH_SECRETS: [usize; 3] = [EDITOR, CLIENT, ADMIN];
const WITHOUT_SECRETS: [usize; 2] = [VIEWER, AUDITOR];

const TYPE: &str = "T";
/// Password fields among others, in an order that is not that of their names.
const FIELDS: &str = r#"
    "Zone": {"type":"string"},
    "First": {"type":"string","format":"password"},
    "Between": {"type":"string"},
    "Second": {"type":"string","format":"password"},
    "Ruled": {"type":"string","format":"password","minLength":4,"maxLength":12,"pattern":"^[a-zä]+$"},
    "Either": {"type":["string","null"],"format":"password"},
    "After": {"type":"integer"}"#;

/// A text that no message, log line or other answer may hold.
const PLAIN: &str = "geheim-Üß-7Qx";

/// A template of the type with these fields.
fn template(fields: &str) -> String {
    let head = format!(r#""CRMType":"{TYPE}","Title":"t","Version":"1""#);
    format!(r#"{{{head},"CRMConfiguration":{{"properties":{{{fields}}}}},"CRMConfigurationCommon":{{}}}}"#)
}

/// The set with this document for the type.
fn templates(document: &str) -> Arc<TemplateSet> {
    Arc::new(TemplateSet::read([(CrmType::new(TYPE).unwrap(), document)]))
}

/// A service with an account of each role, a vault of its own, and the one template.
struct World {
    service: InProcess,
}

impl World {
    async fn new() -> Self {
        let log = Arc::new(MemoryLog::new(STORE));
        found_with_roles(&*log);
        Self::over(log, own_vault()).await
    }

    /// Serves a founded log.
    async fn over(log: Arc<dyn EventLog>, vault: Arc<Vault>) -> Self {
        let beside = Beside { vault, ..Beside::default() };
        let service = InProcess::start_with(log, ROLES.len(), beside).await;
        let world = Self { service };
        world.take(FIELDS);
        world
    }

    /// From now on the template has these fields.
    fn take(&self, fields: &str) {
        self.service.app.templates.store(templates(&template(fields)));
    }

    async fn call(&self, session: usize, operation: &str, payload: &str) -> Reply {
        self.service.call(session, operation, payload).await
    }

    /// `CRMConfiguration` with values in clear, as JSON, and passwords sealed for the session.
    fn part(&self, session: usize, clear: &[(&str, &str)], passwords: &[(&str, &str)]) -> String {
        let clear = clear.iter().map(|(field, json)| format!("\"{field}\":{json}"));
        let sealed = passwords
            .iter()
            .map(|(field, text)| format!("\"{field}\":\"{}\"", self.service.seal(session, field, text)));
        let members: Vec<_> = clear.chain(sealed).collect();
        container("CRMConfiguration", &format!("{{{}}}", members.join(",")))
    }

    /// The payload of an Add with this part.
    fn adding(description: &str, part: &str) -> String {
        triple("1", "1", "")
            + &property("Description", description)
            + &property("CRMType", TYPE)
            + part
            + &container("CRMConfigurationCommon", "{}")
    }

    /// Adds a configuration in which `Between` is `x`; returns the properties that name it.
    async fn add(&self, description: &str, passwords: &[(&str, &str)]) -> String {
        let part = self.part(EDITOR, &[("Between", "\"x\"")], passwords);
        let added = self.call(EDITOR, ADD, &Self::adding(description, &part)).await.expect_success();
        triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id())
    }

    async fn change(&self, named: &str, more: &str) -> Reply {
        self.call(EDITOR, CHANGE, &(named.to_owned() + more)).await
    }

    async fn info(&self, session: usize, named: &str) -> Reply {
        self.call(session, INFO, named).await
    }

    /// The password fields that a session is answered, opened.
    async fn passwords(&self, session: usize, named: &str) -> Vec<(String, String)> {
        let info = self.info(session, named).await.expect_success();
        let open = |field: &str| {
            let value = info.property(field)?;
            let opened = self.service.open(session, field, &value);
            Some((field.to_owned(), opened.unwrap_or_else(|| panic!("{field} does not open: {}", info.body))))
        };
        ["First", "Second", "Ruled", "Either"].into_iter().filter_map(open).collect()
    }

    #[track_caller]
    fn assert_held(&self, held: &[(String, String)], expected: &[(&str, &str)]) {
        let held: Vec<_> = held.iter().map(|(field, text)| (field.as_str(), text.as_str())).collect();
        assert_eq!(held, expected);
    }

    async fn version(&self, named: &str) -> String {
        let asked = named.to_owned() + &property("CRMConfigurationFields", "Version");
        self.info(VIEWER, &asked).await.expect_success().property("Version").unwrap()
    }

    /// The sequence of the log's last event.
    fn last(&self) -> u64 {
        self.service.log.head().last.unwrap().get()
    }

    /// What everybody sees, in whatever form, beside what Info answers to those who may have passwords.
    async fn shown_without_passwords(&self, named: &str) -> Vec<String> {
        let all = property(
            "CRMConfigurationFields",
            "CRMConfiguration,CRMConfigurationCommon,Version,CMEnvironmentID,TelSysID,PartIDInTelSys,DeviceNumber",
        );
        let as_json = named.to_owned() + &property("ReturnJSON", "true");
        let mut shown = Vec::new();
        for session in WITH_SECRETS.into_iter().chain(WITHOUT_SECRETS) {
            shown.push(self.call(session, LIST, &all).await.expect_success().body);
            shown.push(self.info(session, &as_json).await.expect_success().body);
        }
        for session in WITHOUT_SECRETS {
            let info = self.info(session, named).await.expect_success();
            assert!(info.headers["etag"].ends_with("-plain\""), "{:?}", info.headers);
            shown.push(info.body);
        }
        shown
    }
}

/// Founds a store with an account of each role and one partition.
fn found_with_roles(log: &dyn EventLog) {
    let everywhere = |role| -> Vec<Grant> { vec![grant(role, Scope::EveryTelSys)] };
    found(log, &ROLES.map(everywhere), directory(&[(1, 0, "", "tel"), (1, 1, "", "part")]));
}
