//! No operation but Info answers a password field: each does what it is for, and what it answers is searched.

use std::sync::Arc;

use super::secrets::with_secrets;
use super::{ADMIN, EVERY, directory, everything, ids_of, located};
use crate::canary::search::Search;
use crate::harness::{CONFIGURATION, Reply, SUGAR, container, property};
use crate::inprocess::{Beside, InProcess, STORE, found, vault_under};
use crmconf::http::operation::Operation;
use crmconf::settings::MasterKeySource;
use crmconf::vault::MasterKey;
use crmconf_events::Timestamp;
use crmconf_events::access::Role;
use crmconf_events::command::{Command, HoldDestruction, Request};
use crmconf_events::event::{Actor, Context};
use crmconf_events::log::MemoryLog;

const ROLES: [Role; 5] = [Role::Viewer, Role::Client, Role::Editor, Role::Auditor, Role::Administrator];

/// Where everything stands: in reach of every account of this test.
const PLACE: super::Asked = (1, 1, "");

/// What stands in password fields already, what requests put there, and what signs accounts in.
const STORED: &str = "geheim-Stored-Üß7Q";
const GIVEN: &str = "geheim-Given-Öß8X";
const OF_ACCOUNT: &str = "geheim-Account-Äß9Z";
const OF_ACCOUNT_NEXT: &str = "geheim-Next-Üß6Y";

/// Written by hand from the API's page: what an operation answers to a role that asks for something that stands; 0 is
/// success.
fn expected(operation: Operation, role: Role) -> u32 {
    use Operation as O;
    match operation {
        O::CreateSession
        | O::Authenticate
        | O::Logout
        | O::ConfigurationInfo
        | O::ConfigurationList
        | O::PasswordChange
        | O::CrmTypeList
        | O::CrmTypeInfo => 0,
        O::ConfigurationAdd | O::ConfigurationChange | O::ConfigurationDelete => match role {
            Role::Editor | Role::Administrator => 0,
            Role::Viewer | Role::Client | Role::Auditor => 10515,
        },
        O::ConfigurationShred
        | O::AccountAdd
        | O::AccountChange
        | O::AccountDelete
        | O::AccountErase
        | O::AccountInfo
        | O::AccountList
        | O::MasterKeyList
        | O::MasterKeyRotate
        | O::DestructionResume
        | O::DirectoryImport
        | O::DirectoryList => match role {
            Role::Administrator => 0,
            Role::Viewer | Role::Client | Role::Editor | Role::Auditor => 10313,
        },
    }
}

/// A service under a master key that can be found again, an account, and what its requests are about.
struct Bench {
    service: InProcess,
    role: Role,
    /// The place of the account's session.
    session: usize,
    search: Search,
    _key: tempfile::TempDir,
}

impl Bench {
    async fn new(role: Role) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let key = MasterKey::generate().unwrap();
        key.write_new_file(&path).unwrap();
        let log = Arc::new(MemoryLog::new(STORE));
        let entries = [(1, 0, "", "one"), (1, 1, "", "its part")];
        found(&*log, &[everything()], directory(&entries));
        let master_key = MasterKeySource::File(path);
        let beside = Beside { vault: vault_under(key), master_key, ..Beside::default() };
        let mut service = InProcess::start_with(log, 1, beside).await;

        for (name, role) in [("holder", role), ("other", Role::Viewer), ("erased", Role::Viewer)] {
            let grant = property("Role", &format!("{role:?}"));
            let account = property("UserName", name)
                + &property("Password", OF_ACCOUNT)
                + &format!("<Container Name=\"Grant\">{grant}</Container>");
            service.call(ADMIN, "AccountAdd", &account).await.expect_success();
        }
        let (session, _) = service.authenticate("holder", OF_ACCOUNT).await;
        let sought = [STORED, GIVEN, OF_ACCOUNT, OF_ACCOUNT_NEXT].map(|text| (text, text.into()));
        Self { service, role, session, search: Search::new(&sought), _key: folder }
    }

    /// `CRMConfiguration` with a password, sealed as the session seals it.
    fn part(&self, session: usize, password: &str) -> String {
        let sealed = self.service.seal(session, "Password", password);
        let others = CONFIGURATION.strip_prefix('{').unwrap();
        container("CRMConfiguration", &format!("{{\"Password\":\"{sealed}\",{others}"))
    }

    fn adding(&self, session: usize, description: &str, password: &str) -> String {
        ids_of(PLACE)
            + &property("Description", description)
            + &property("CRMType", SUGAR)
            + &self.part(session, password)
            + &container("CRMConfigurationCommon", "{}")
    }

    /// Has the administrator add a configuration with a password; what locates it.
    async fn stored(&self, operation: Operation) -> String {
        let payload = self.adding(ADMIN, operation.name(), STORED);
        let added = self.service.call(ADMIN, "CRMConfigurationAdd", &payload).await.expect_success();
        located(&added.configuration_id(), PLACE)
    }

    /// Has the destruction of keys held, as a start finds it needful whose clock was set forward.
    async fn hold(&self) {
        let [clock, head] = [2, 1].map(Timestamp::from_micros);
        let command = Command::HoldDestruction(HoldDestruction { clock, head });
        let request = Request { context: Context::of(Actor::System), validate_only: false, command };
        self.service.app.writer.submit(request).await.unwrap();
    }

    /// Requests of an operation, which all succeed one after the other for whom it is.
    async fn payloads(&self, operation: Operation) -> Vec<String> {
        use Operation as O;
        let stored = self.stored(operation).await;
        let other = || property("UserName", "other");
        let erased = property("UserName", "erased");
        let (returned, key) = (property("ReturnID", "true"), property("RequestKey", operation.name()));
        match operation {
            O::ConfigurationAdd => changes(&self.adding(self.session, "added", GIVEN), &key),
            O::ConfigurationChange => changes(&(stored + &self.part(self.session, GIVEN)), &key),
            O::ConfigurationDelete => changes(&stored, &key),
            O::ConfigurationShred => changes(&stored, ""),
            O::ConfigurationInfo => {
                let json = stored.clone() + &property("ReturnJSON", "true");
                let version = stored.clone() + &property("CRMConfigurationFields", "Version");
                vec![stored, json, version]
            }
            O::ConfigurationList => {
                let all = "CMEnvironmentID,TelSysID,PartIDInTelSys,DeviceNumber,Version,CRMConfiguration,\
                           CRMConfigurationCommon";
                let all = property("CRMConfigurationFields", all);
                vec![ids_of(EVERY), all.clone(), all + &property("SearchQuery", GIVEN)]
            }
            O::AccountAdd => {
                let new = property("UserName", "new") + &property("Password", OF_ACCOUNT_NEXT) + &returned;
                vec![new.clone() + &property("ValidateOnly", "true"), new]
            }
            O::AccountChange => changes(&(other() + &property("Password", OF_ACCOUNT_NEXT)), ""),
            O::AccountDelete => {
                vec![other() + &property("ValidateOnly", "true"), other() + &returned]
            }
            O::AccountErase => vec![erased.clone() + &property("ValidateOnly", "true"), erased + &returned],
            O::AccountInfo => vec![property("UserName", "new"), property("UserName", "holder")],
            O::PasswordChange => {
                vec![property("OldPassword", OF_ACCOUNT) + &property("NewPassword", OF_ACCOUNT_NEXT)]
            }
            O::MasterKeyRotate => vec![property("ValidateOnly", "true"), String::new()],
            O::DestructionResume => {
                self.hold().await;
                vec![property("ValidateOnly", "true"), String::new()]
            }
            O::DirectoryImport => {
                let header = "TelSysID,PartIDInTelSys,DeviceNumber,Description,CMEnvironmentID";
                let file = property("CSV", &format!("{header}\n1,1,03,new,\n"));
                vec![file.clone() + &property("ValidateOnly", "true"), file]
            }
            O::CrmTypeInfo => {
                let asked = property("CRMType", SUGAR);
                vec![asked.clone(), asked + &property("ReturnJSON", "true")]
            }
            O::CreateSession
            | O::Authenticate
            | O::Logout
            | O::AccountList
            | O::MasterKeyList
            | O::DirectoryList
            | O::CrmTypeList => vec![String::new()],
        }
    }

    /// Asks in the way in which the operation is asked.
    async fn ask(&mut self, operation: Operation, payload: &str) -> Reply {
        if operation == Operation::Authenticate {
            return self.service.authenticate("holder", OF_ACCOUNT).await.1;
        }
        self.service.call(self.session, operation.name(), payload).await
    }

    /// A password field, in no form, nor the key that would open one.
    #[track_caller]
    fn assert_nothing_in(&self, reply: &Reply, cell: &str) {
        let headers = format!("{:?}", reply.headers);
        for text in [&reply.body, &headers] {
            assert_eq!(self.search.found(text.as_bytes()), None, "{cell}: {text}");
            for part in ["enc:v1:", "<Property Name=\"Password\">enc", "&quot;Password&quot;:&quot;"] {
                assert!(!text.contains(part), "{cell}: {text}");
            }
        }
    }
}

/// A change as a dry run, then done, then done again; under a RequestKey if it takes one.
fn changes(payload: &str, key: &str) -> Vec<String> {
    let dry = payload.to_owned() + &property("ValidateOnly", "true");
    let done = payload.to_owned() + &property("ReturnID", "true") + key;
    vec![dry, done.clone(), done]
}

#[actix_web::test]
async fn no_operation_answers_password_fields_but_info() {
    for role in ROLES {
        let mut bench = Bench::new(role).await;
        let (mut disclosed, mut told_keys) = (0, 0);
        // The session ends with Logout, and the password with PasswordChange.
        let last = [Operation::PasswordChange, Operation::Logout];
        let others = Operation::ALL.iter().copied().filter(|operation| !last.contains(operation));
        for operation in others.chain(last) {
            for payload in bench.payloads(operation).await {
                let cell = format!("{}: {role:?} asks {payload}", operation.name());
                let reply = bench.ask(operation, &payload).await;
                super::assert_cell(&reply, expected(operation, bench.role), &cell);
                let told_key = reply.property("TransportKey").is_some();
                assert!(!told_key || operation == Operation::Authenticate, "{cell}: {}", reply.body);
                told_keys += usize::from(told_key);
                let Some(value) =
                    reply.property("Password").filter(|_| operation == Operation::ConfigurationInfo)
                else {
                    bench.assert_nothing_in(&reply, &cell);
                    continue;
                };
                let opened = bench.service.open(bench.session, "Password", &value);
                assert_eq!(opened.as_deref(), Some(STORED), "{cell}");
                let rest = Reply { body: reply.body.replace(&value, ""), ..reply };
                bench.assert_nothing_in(&rest, &cell);
                disclosed += 1;
            }
        }
        let may = usize::from(with_secrets(role));
        // With ReturnJSON it does not.
        assert_eq!((disclosed, told_keys), (2 * may, may), "{role:?}: Info twice, and Authenticate");
    }
}
