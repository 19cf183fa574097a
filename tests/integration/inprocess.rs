//! The service in this process: the real routes over a log of the test's choice, with any accounts and directory.

use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::Path;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::dev::ServiceResponse;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use crmconf::http::app::{App, AppParts, Phase, Service, XML_PATH, routes};
use crmconf::http::listener::{Listener, ListenerOptions, Patience};
use crmconf::security_log::SecurityLog;
use crmconf::sessions::{SessionLimits, TransportKey};
use crmconf::settings::MasterKeySource;
use crmconf::templates::TemplateSet;
use crmconf::tls::Acceptor;
use crmconf::transport::{self, Plaintext};
use crmconf::vault::{MasterKey, MasterKeys, Vault};
use crmconf::writer::{Origin, Pending, Views, Writer};
use crmconf_events::access::{Grant, Role};
use crmconf_events::command::{Command, CreateStore, DirectoryEntry, NewAccount, Request};
use crmconf_events::commit::CommitBuilder;
use crmconf_events::decide::decide;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::event::{Actor, Context, decode, encode};
use crmconf_events::log::{AppendOutcome, EventLog};
use crmconf_events::state::{State, evolve};
use crmconf_events::{
    AccountId, CredentialId, DeviceNumber, DirectoryText, NameCommitment, PartitionId, Salt, Scope, Sequence,
    StoreId, TelSysId, Timestamp,
};
use crmconf_projections::Projector;

use crate::harness::{Reply, property};

/// The store that every test founds; each has it for itself.
pub const STORE: StoreId = StoreId::new([5; 16]);
/// How many waiting commands the writer takes.
pub const QUEUE_COMMANDS_MAX: usize = 16;

type Answering = Pin<Box<dyn Future<Output = ServiceResponse>>>;

/// A running service.
pub struct InProcess {
    pub app: Arc<App>,
    pub log: Arc<dyn EventLog>,
    /// What the listener serves.
    service: Data<Service>,
    handle: Box<dyn Fn(String) -> Answering>,
    sessions: Vec<(String, Arc<TransportKey>)>,
    writer: JoinHandle<()>,
}

/// Ids, `0` and the empty text standing for the sentinels.
pub fn scope(telsys: u32, partition: u32, device: &str) -> Scope {
    Scope::new(TelSysId::new(telsys).ok(), PartitionId::new(partition).ok(), DeviceNumber::new(device).ok())
        .unwrap()
}

/// An entry of the directory for each scope, parents first, with what List shows for it.
pub fn directory(entries: &[(u32, u32, &str, &str)]) -> Vec<DirectoryEntry> {
    let entry = |&(telsys, partition, device, text): &(u32, u32, &str, &str)| {
        let description = DirectoryText::new(text).unwrap();
        let environment = DirectoryText::new(&format!("environment-{telsys}")).unwrap();
        match scope(telsys, partition, device) {
            Scope::EveryTelSys => panic!("every TelSys is no entry"),
            Scope::TelSys(telsys) => DirectoryEntry::TelSys { telsys, description, environment },
            Scope::Partition(telsys, partition) => {
                DirectoryEntry::Partition { telsys, partition, description }
            }
            Scope::Device(telsys, partition, device) => {
                DirectoryEntry::Device { telsys, partition, device, description }
            }
        }
    };
    entries.iter().map(entry).collect()
}

/// The id of the account with that place in the list.
pub fn account_id(place: usize) -> AccountId {
    AccountId::new([u8::try_from(place + 1).unwrap(); 16])
}

/// Makes the first commit of an empty log. Nobody signs in with a password here, so that there are no credentials.
pub fn found(log: &dyn EventLog, accounts: &[Vec<Grant>], directory: Vec<DirectoryEntry>) {
    let accounts = accounts.iter().enumerate().map(|(place, grants)| {
        let seed = u8::try_from(place + 1).unwrap();
        NewAccount {
            account: account_id(place),
            name: NameCommitment::new([seed; 32]),
            credential: CredentialId::new([seed; 16]),
            key: None,
            grants: grants.clone(),
        }
    });
    let command = CreateStore { store: STORE, accounts: accounts.collect(), directory };
    let context = Context::of(Actor::System);
    let request = Request { context, validate_only: false, command: Command::CreateStore(command) };
    let decision = decide(&State::default(), &request, None).unwrap();
    let mut builder = CommitBuilder::new(log.store(), log.head(), Timestamp::from_micros(1));
    for new in decision.events {
        let bytes = encode(Salt::new([3; 16]), &new.context, &new.event).unwrap();
        builder.try_push(bytes.into()).unwrap();
    }
    assert_eq!(log.append(builder.seal().unwrap()), AppendOutcome::Appended);
}

/// Folds a log into fresh read models and a fresh decision state.
pub fn fold(log: &dyn EventLog) -> (State, Projector) {
    let (mut state, mut projector) = (State::default(), Projector::default());
    for commit in log.read(Sequence::FIRST) {
        let commit = commit.unwrap();
        for (sequence, bytes) in commit.numbered() {
            let envelope = decode(sequence, commit.time(), bytes).unwrap();
            evolve(&mut state, sequence, &envelope.event);
            projector.apply(&envelope).unwrap();
        }
    }
    (state, projector)
}

/// A vault without credentials, on no real disk: one for all tests that destroy no key of it.
fn vault() -> Arc<Vault> {
    static VAULT: OnceLock<Arc<Vault>> = OnceLock::new();
    Arc::clone(VAULT.get_or_init(own_vault))
}

/// A vault of a test's own, on no real disk.
pub fn own_vault() -> Arc<Vault> {
    vault_under(MasterKey::generate().unwrap())
}

/// The same, under a key of the test's choice.
pub fn vault_under(key: MasterKey) -> Arc<Vault> {
    let keys = MasterKeys::sole(key);
    Arc::new(Vault::create_on(Arc::new(SimDisk::new()), Path::new("/vault"), STORE, &keys).unwrap())
}

/// The built-in templates, compiled once.
fn templates() -> TemplateSet {
    static TEMPLATES: OnceLock<TemplateSet> = OnceLock::new();
    TEMPLATES.get_or_init(TemplateSet::builtin).clone()
}

/// What stands beside the log that a test serves.
pub struct Beside {
    pub vault: Arc<Vault>,
    /// Where `MasterKeyRotate` looks for the vault's key.
    pub master_key: MasterKeySource,
    pub security_log: SecurityLog,
}

impl Default for Beside {
    fn default() -> Self {
        let master_key = MasterKeySource::File("/nowhere".into());
        Self { vault: vault(), master_key, security_log: SecurityLog::off() }
    }
}

impl InProcess {
    /// Serves a founded log, with a session of each of its first accounts.
    pub async fn start(log: Arc<dyn EventLog>, accounts: usize) -> Self {
        Self::start_with(log, accounts, Beside::default()).await
    }

    /// The same with what a test brings itself.
    pub async fn start_with(log: Arc<dyn EventLog>, accounts: usize, beside: Beside) -> Self {
        let Beside { vault, master_key, security_log } = beside;
        let (state, projector) = fold(&*log);
        let views = Views::new(arc_swap::ArcSwap::from_pointee(projector.view().clone()));
        let keys = Arc::clone(&vault) as Arc<_>;
        let origin = Origin {
            log: Arc::clone(&log),
            state,
            projector,
            views: Arc::clone(&views),
            keys,
            pending: Pending::default(),
        };
        let (writer, thread) = Writer::start(origin, QUEUE_COMMANDS_MAX).unwrap();
        let parts = AppParts {
            views,
            writer,
            store: log.store(),
            vault,
            key_sources: Arc::new(move || Ok(master_key.clone().into())),
            templates: Arc::new(arc_swap::ArcSwap::from_pointee(templates())),
            sessions: SessionLimits::default(),
            security_log,
            runtime: tokio::runtime::Handle::current(),
            body_timeout: Duration::from_secs(10),
        };
        let app = Arc::new(App::new(parts).unwrap());
        let service = Data::new(Service::starting());
        service.enter(Phase::Ready(Arc::clone(&app)));
        let configured = actix_web::App::new().configure(routes(Data::clone(&service)));
        let served = Rc::new(init_service(configured).await);
        let handle = move |body: String| {
            let served = Rc::clone(&served);
            let request = TestRequest::post().uri(XML_PATH).insert_header(("content-type", "text/xml"));
            let request = request.set_payload(body).to_request();
            Box::pin(async move { call_service(&*served, request).await }) as Answering
        };
        let sessions = (0..accounts).map(|place| sign_in(&app, account_id(place))).collect();
        Self { app, log, service, handle: Box::new(handle), sessions, writer: thread }
    }

    /// Puts the real listener in front of it, on a free port.
    pub fn listen(&self, patience: Patience, connections_max: usize) -> Listener {
        self.listen_under(None, patience, connections_max)
    }

    /// The same, under TLS where there is something to do that with.
    pub fn listen_under(
        &self,
        tls: Option<Acceptor>,
        patience: Patience,
        connections_max: usize,
    ) -> Listener {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let options =
            ListenerOptions { workers: 1, connections_max, patience, drain: Duration::from_secs(5) };
        let (listener, server) = Listener::start(socket, options, tls, Data::clone(&self.service)).unwrap();
        actix_web::rt::spawn(server);
        listener
    }

    /// Signs an account in once more; the place that stands for it in calls from then on.
    pub fn sign_in_again(&mut self, account: usize) -> usize {
        self.sessions.push(sign_in(&self.app, account_id(account)));
        self.sessions.len() - 1
    }

    /// Signs an account in by its name and password; the place that stands for it from then on, and what was answered.
    pub async fn authenticate(&mut self, name: &str, password: &str) -> (usize, Reply) {
        let create = "<Request Operation=\"CreateSession\"><InvokeID>7</InvokeID></Request>";
        let session = self.post(create.to_owned()).await.expect_success().property("SessionID").unwrap();
        let credentials = property("UserName", name) + &property("Password", password);
        let answered = self.post(request(&session, "Authenticate", &credentials)).await.expect_success();
        let bound = self.app.sessions.lookup(Some(&session)).unwrap().bound.unwrap();
        self.sessions.push((session, bound.key));
        (self.sessions.len() - 1, answered)
    }

    /// A text as the value of a password field, under the key of the session with that place.
    pub fn seal(&self, session: usize, field: &str, text: &str) -> String {
        transport::seal(&self.sessions[session].1, field, &Plaintext::new(text).unwrap()).unwrap()
    }

    /// The text in a password field's value, if it opens in the session with that place.
    pub fn open(&self, session: usize, field: &str, value: &str) -> Option<String> {
        let opened = transport::open(&self.sessions[session].1, field, value);
        opened.ok().map(|plain| plain.as_str().to_owned())
    }

    /// The transport key of the session with that place.
    pub fn transport_key(&self, session: usize) -> &TransportKey {
        &self.sessions[session].1
    }

    /// The body of a request of the account with that place in the list.
    pub fn request(&self, account: usize, operation: &str, payload: &str) -> String {
        request(&self.sessions[account].0, operation, payload)
    }

    /// Calls an operation as the account with that place in the list.
    pub async fn call(&self, account: usize, operation: &str, payload: &str) -> Reply {
        self.post(self.request(account, operation, payload)).await
    }

    /// Sends a whole request.
    async fn post(&self, body: String) -> Reply {
        let response = (self.handle)(body).await;
        let status = response.status().as_u16();
        let header = |(name, value): (&actix_web::http::header::HeaderName, _)| {
            let value: &actix_web::http::header::HeaderValue = value;
            (name.as_str().to_owned(), value.to_str().unwrap().to_owned())
        };
        let headers = response.headers().iter().map(header).collect();
        let body = String::from_utf8(read_body(response).await.to_vec()).unwrap();
        Reply { status, headers, body }
    }

    /// The whole state that readers see, as text.
    pub fn dump(&self) -> String {
        self.app.views.load().to_string()
    }

    /// Ends the writer, so that the log can be closed.
    pub async fn stop(self) -> Arc<dyn EventLog> {
        self.app.writer.stop().await;
        self.writer.join().unwrap();
        self.log
    }
}

/// A session of an account, without a password: hashing many of them is slow.
fn sign_in(app: &App, account: AccountId) -> (String, Arc<TransportKey>) {
    let (session, _) = app.sessions.create(IpAddr::V4(Ipv4Addr::LOCALHOST)).unwrap();
    let version = app.views.load().accounts.get(&account).unwrap().version;
    let key = app.sessions.bind(session.digest(), account, version, || true).unwrap();
    (session.to_text().to_string(), key)
}

fn request(session: &str, operation: &str, payload: &str) -> String {
    format!(
        "<Request Operation=\"{operation}\"><InvokeID>7</InvokeID><SessionID>{session}</SessionID>\
         <OperationPayload>{payload}</OperationPayload></Request>"
    )
}

/// One grant.
pub fn grant(role: Role, scope: Scope) -> Grant {
    Grant { role, scope }
}
