//! The engine against a scripted log: every outcome of an append, at each step, and what callers and readers see.

mod batches;
mod clock;
mod destruction;
mod hindrances;
mod outcomes;
pub(crate) mod scripted;
mod sealing;
mod standing;
pub(crate) mod vaults;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use crmconf_events::access::{Grant, Role};
use crmconf_events::command::{
    AddConfiguration, AddParts, Command, CreateStore, DeleteConfiguration, Given, NewAccount, Request,
    RequestForm, TemplateUse,
};
use crmconf_events::decide::Outcome;
use crmconf_events::disk::sim::SimDisk;
use crmconf_events::event::{Actor, Context};
use crmconf_events::json::Json;
use crmconf_events::state::State;
use crmconf_events::template::template_digest;
use crmconf_events::{
    AccountId, ConfigurationId, CredentialId, CrmType, Description, IdParts, NameCommitment, RequestKey,
    Scope, StoreId, TemplateVersion, Timestamp,
};
use crmconf_projections::Projector;
use tokio::sync::oneshot;

use super::engine::Engine;
use super::{
    DataKeys, Entropy, Job, Obstacle, Opened, Origin, Pending, Views, WriteError, WriteResult, Writer,
};
use crate::vault::{MasterKey, MasterKeys, Vault};
use scripted::Scripted;

pub(crate) const STORE: StoreId = StoreId::new([7; 16]);
const WRITER: AccountId = AccountId::new([1; 16]);
const STRANGER: AccountId = AccountId::new([2; 16]);
const TEMPLATE: &str = r#"{"CRMType":"T"}"#;

/// An engine on a scripted log, with an account and nothing else in its store.
struct Bench {
    log: Arc<Scripted>,
    engine: Engine,
    views: Views,
    obstacle: Obstacle,
    /// What the clock shows, in microseconds.
    clock: Arc<AtomicI64>,
}

impl Bench {
    fn new() -> Self {
        let views = Views::new(ArcSwap::from_pointee(Projector::default().view().clone()));
        Self::on(Arc::new(Scripted::new(STORE, Arc::clone(&views))), views)
    }

    fn on(log: Arc<Scripted>, views: Views) -> Self {
        Self::of(log, views, vault())
    }

    fn of(log: Arc<Scripted>, views: Views, keys: Arc<dyn DataKeys>) -> Self {
        let clock = Arc::new(AtomicI64::new(1_000_000));
        let obstacle = Obstacle::default();
        let origin = Origin {
            log: Arc::clone(&log) as Arc<_>,
            state: State::default(),
            projector: Projector::default(),
            views: Arc::clone(&views),
            keys,
            pending: Pending::default(),
        };
        let shown = Arc::clone(&clock);
        let now = move || Timestamp::from_micros(shown.load(Ordering::Relaxed));
        let mut engine = Engine::new(origin, Entropy::default(), Box::new(now), Arc::clone(&obstacle));
        engine.set_settle_max(Duration::from_millis(60));
        let mut bench = Self { log, engine, views, obstacle, clock };
        bench.run([create_store()]).pop().unwrap().unwrap();
        bench.log.forget();
        bench
    }

    /// Runs a batch, and returns what each caller is told.
    fn run(&mut self, requests: impl IntoIterator<Item = Request>) -> Vec<WriteResult> {
        let (jobs, answers): (Vec<_>, Vec<_>) = requests.into_iter().map(job).unzip();
        self.engine.run_batch(jobs);
        answers.into_iter().map(|mut answer| answer.try_recv().expect("each caller is answered")).collect()
    }

    /// The descriptions that readers see, in the order of creation.
    fn shown(&self) -> Vec<String> {
        let view = self.views.load();
        let mut found: Vec<_> = view.configurations.iter().collect();
        found.sort_by_key(|found| found.created);
        found.into_iter().map(|found| found.description.to_string()).collect()
    }

    /// Readers see exactly what the log holds, and the decision state is there too.
    #[track_caller]
    fn assert_in_step(&self) {
        let head = self.log.head_last();
        assert_eq!(self.views.load().last, head, "the view");
        assert_eq!(self.engine.last(), head, "the decision state");
    }

    fn obstacle(&self) -> Option<String> {
        self.obstacle.load().as_ref().as_ref().map(|hindrance| hindrance.why().to_owned())
    }
}

/// A running writer on a log in memory, with an account and nothing else in its store.
pub(crate) struct Served {
    pub(crate) writer: Writer,
    pub(crate) views: Views,
    pub(crate) vault: Arc<Vault>,
}

pub(crate) async fn served() -> Served {
    let views = Views::new(ArcSwap::from_pointee(Projector::default().view().clone()));
    let vault = vault();
    let origin = Origin {
        log: Arc::new(Scripted::new(STORE, Arc::clone(&views))),
        state: State::default(),
        projector: Projector::default(),
        views: Arc::clone(&views),
        keys: Arc::clone(&vault) as Arc<_>,
        pending: Pending::default(),
    };
    // It ends with the last handle.
    let (writer, _) = Writer::start(origin, 16).unwrap();
    writer.submit(create_store()).await.unwrap();
    Served { writer, views, vault }
}

/// A vault on a disk in memory.
pub(crate) fn vault() -> Arc<Vault> {
    let key = MasterKeys::sole(MasterKey::generate().unwrap());
    Arc::new(Vault::create_on(Arc::new(SimDisk::new()), Path::new("/vault"), STORE, &key).unwrap())
}

fn job(request: Request) -> (Job, oneshot::Receiver<WriteResult>) {
    let (answer, outcome) = oneshot::channel();
    (Job { request, opened: Opened::default(), answer }, outcome)
}

pub(crate) fn create_store() -> Request {
    let account = |account, role, seed| NewAccount {
        account,
        name: NameCommitment::new([seed; 32]),
        credential: CredentialId::new([seed; 16]),
        key: None,
        grants: vec![Grant { role, scope: Scope::EveryTelSys }],
    };
    let accounts = vec![account(WRITER, Role::Editor, 1), account(STRANGER, Role::Editor, 2)];
    let command = CreateStore { store: STORE, accounts, directory: Vec::new() };
    Request {
        context: Context::of(Actor::System),
        validate_only: false,
        command: Command::CreateStore(command),
    }
}

/// A Delete of a configuration.
pub(crate) fn delete(number: u64) -> Request {
    let form = RequestForm {
        operation: "CRMConfigurationDelete",
        scope: Scope::EveryTelSys,
        id: Some(id(number).to_string()),
        crm_type: None,
        description: None,
        expected_version: None,
        configuration: Given::Absent,
        common: Given::Absent,
        sealed: None,
    };
    let command =
        DeleteConfiguration { id: Some(id(number)), scope: Scope::EveryTelSys, expected_version: None, form };
    Request {
        context: Context::of(Actor::Account(WRITER)),
        validate_only: false,
        command: Command::DeleteConfiguration(command),
    }
}

/// An Add of a configuration with this description; its id follows from the number.
pub(crate) fn add(number: u64, description: &str) -> Request {
    add_with(number, description, "{}")
}

fn add_with(number: u64, description: &str, configuration: &str) -> Request {
    let crm_type = CrmType::new("T").unwrap();
    let description = Description::new(description).unwrap();
    let configuration = Arc::new(Json::parse(configuration).unwrap());
    let common = Arc::new(Json::parse("{}").unwrap());
    let template = TemplateUse {
        crm_type: crm_type.clone(),
        version: TemplateVersion::new("1").unwrap(),
        digest: template_digest(TEMPLATE),
        document: TEMPLATE.into(),
        password_fields: std::collections::BTreeSet::new(),
    };
    let command = AddConfiguration {
        id: id(number),
        scope: Scope::EveryTelSys,
        crm_type: crm_type.clone(),
        description: description.clone(),
        key: None,
        parts: Ok(AddParts {
            template: Arc::new(template),
            configuration: Arc::clone(&configuration),
            secrets: std::collections::BTreeMap::new(),
            common: Arc::clone(&common),
        }),
        form: RequestForm {
            operation: "CRMConfigurationAdd",
            scope: Scope::EveryTelSys,
            id: None,
            crm_type: Some(crm_type),
            description: Some(description),
            expected_version: None,
            configuration: Given::Json(configuration),
            common: Given::Json(common),
            sealed: None,
        },
    };
    Request {
        context: Context::of(Actor::Account(WRITER)),
        validate_only: false,
        command: Command::AddConfiguration(command),
    }
}

pub(crate) fn id(number: u64) -> ConfigurationId {
    IdParts { node: 1, process: 1, millis: number, counter: 0 }.into()
}

/// The same request under a RequestKey.
fn keyed(mut request: Request, key: &str) -> Request {
    request.context.key = Some(RequestKey::new(key).unwrap());
    request
}

/// The same request of another account.
fn of_stranger(mut request: Request) -> Request {
    request.context.actor = Actor::Account(STRANGER);
    request
}

/// What the caller of an accepted Add with this number is told.
#[track_caller]
fn assert_added(answer: &WriteResult, number: u64) {
    let outcome = answer.clone().expect("accepted").and_then(Outcome::into_configuration);
    assert_eq!(outcome.expect("an outcome").id, id(number));
}
