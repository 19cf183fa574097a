//! Vaults as the writer's tests need them: one that fails at will, and what is sealed with the real one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crmconf_events::command::{
    ChangeConfiguration, ChangeParts, ConfigurationChange, ShredConfiguration, TemplateUse,
};
use crmconf_events::event::{Event, decode};
use crmconf_events::{KeyId, SealedValue};

use super::*;
use crate::transport::Plaintext;
use crate::vault::{Bound, DataKeyError, Destroyed, KeyStanding, VaultError};
use crate::writer::DataKeys;
use crate::writer::Passwords;

/// A template with a password field.
pub(super) const WITH_PASSWORD: &str =
    r#"{"CRMConfiguration":{"properties":{"Url":{},"Password":{"format":"password"}}}}"#;
pub(crate) const FIELD: &str = "Password";

/// A vault whose bucket can be gone, and whose disk can refuse.
pub(super) struct Frail {
    pub(super) vault: Arc<Vault>,
    pub(super) missing: AtomicBool,
    pub(super) refuses: AtomicBool,
    /// What was to be destroyed, each time.
    pub(super) asked: Mutex<Vec<BTreeSet<KeyId>>>,
}

impl Frail {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            vault: vault(),
            missing: AtomicBool::default(),
            refuses: AtomicBool::default(),
            asked: Mutex::default(),
        })
    }

    pub(super) fn set_missing(&self, missing: bool) {
        self.missing.store(missing, Ordering::Relaxed);
    }

    pub(super) fn set_refuses(&self, refuses: bool) {
        self.refuses.store(refuses, Ordering::Relaxed);
    }

    /// What is sealed as this configuration's password, under this key.
    pub(super) fn open(&self, key: KeyId, number: u64, sealed: &SealedValue) -> Result<String, DataKeyError> {
        let bound = Bound::Password { configuration: &id(number), field: FIELD };
        let plain = self.vault.unseal(key, &bound, sealed)?;
        Ok(String::from_utf8(plain.to_vec()).unwrap())
    }
}

impl DataKeys for Frail {
    fn key_to_give(&self, next: KeyId) -> Result<KeyId, VaultError> {
        if self.missing.load(Ordering::Relaxed) {
            // As the vault has it: what was given out of a bucket that is gone is not given again.
            return self.vault.key_to_give(next.max(KeyId(1 << 16)));
        }
        self.vault.key_to_give(next)
    }

    fn standing(&self, key: KeyId) -> KeyStanding {
        if self.gone(key) { KeyStanding::Missing } else { self.vault.standing(key) }
    }

    fn seal(&self, key: KeyId, bound: &Bound<'_>, plain: &[u8]) -> Result<SealedValue, DataKeyError> {
        if self.gone(key) {
            return Err(DataKeyError::Unavailable { bucket: 0 });
        }
        self.vault.seal(key, bound, plain)
    }

    fn destroy(&self, keys: &BTreeSet<KeyId>) -> Result<Destroyed, VaultError> {
        self.asked.lock().unwrap().push(keys.clone());
        if self.refuses.load(Ordering::Relaxed) {
            return Err(VaultError::Io {
                path: "bucket".into(),
                doing: "written",
                source: std::io::Error::other("the disk refuses"),
            });
        }
        let (gone, there): (BTreeSet<_>, BTreeSet<_>) = keys.iter().partition(|key| self.gone(**key));
        let mut destroyed = self.vault.destroy(&there)?;
        destroyed.missing.extend(gone);
        Ok(destroyed)
    }
}

impl Frail {
    fn gone(&self, key: KeyId) -> bool {
        self.missing.load(Ordering::Relaxed) && key.0 < 1 << 16
    }
}

impl Bench {
    /// One whose data keys are in this vault.
    pub(super) fn with_keys(keys: &Arc<Frail>) -> Self {
        let views = Views::new(ArcSwap::from_pointee(Projector::default().view().clone()));
        Self::of(Arc::new(Scripted::new(STORE, Arc::clone(&views))), views, Arc::clone(keys) as Arc<_>)
    }

    /// Runs a batch of requests with passwords, and returns what each caller is told.
    pub(super) fn run_sealing(
        &mut self,
        requests: impl IntoIterator<Item = (Request, Passwords)>,
    ) -> Vec<WriteResult> {
        let (jobs, answers): (Vec<_>, Vec<_>) = requests
            .into_iter()
            .map(|(request, passwords)| {
                let (answer, outcome) = oneshot::channel();
                (Job { request, opened: passwords.into(), answer }, outcome)
            })
            .unzip();
        self.engine.run_batch(jobs);
        answers.into_iter().map(|mut answer| answer.try_recv().expect("each caller is answered")).collect()
    }

    /// The events of a commit, the last one at 0.
    pub(super) fn events(&self, from_last: usize) -> Vec<Event> {
        let commits = self.log.commits();
        let commit = commits.iter().rev().nth(from_last).unwrap();
        commit
            .numbered()
            .map(|(sequence, bytes)| decode(sequence, commit.time(), bytes).unwrap().event)
            .collect()
    }
}

/// A request, and a password that comes with it.
pub(crate) fn with(request: Request, password: &str) -> (Request, Passwords) {
    (request, Passwords::from([(FIELD.to_owned(), Plaintext::new(password).unwrap())]))
}

/// The request alone.
pub(crate) fn bare(request: impl Into<Request>) -> (Request, Passwords) {
    (request.into(), Passwords::new())
}

fn template(document: &str, fields: &[&str]) -> Arc<TemplateUse> {
    Arc::new(TemplateUse {
        crm_type: CrmType::new("T").unwrap(),
        version: TemplateVersion::new("1").unwrap(),
        digest: template_digest(document),
        document: document.into(),
        password_fields: fields.iter().map(|field| (*field).to_owned()).collect(),
    })
}

/// The same Add, checked against a template with a password field; the form names the field.
pub(crate) fn sealing(mut request: Request) -> Request {
    if let Command::AddConfiguration(command) = &mut request.command {
        command.parts.as_mut().unwrap().template = template(WITH_PASSWORD, &[FIELD]);
        command.form.configuration = Given::Json(named());
    }
    request
}

/// What a request with a password looks like where repetitions are told: the field by name, whatever its value.
fn named() -> Arc<Json> {
    Arc::new(Json::parse(r#"{"Password":"any"}"#).unwrap())
}

/// A Change of a configuration, checked against the template with a password field.
pub(crate) struct Change(pub(super) ChangeConfiguration);

pub(crate) fn change(number: u64) -> Change {
    Change(ChangeConfiguration {
        id: Some(id(number)),
        scope: Scope::EveryTelSys,
        crm_type: None,
        description: None,
        parts: Ok(ChangeParts {
            template: template(WITH_PASSWORD, &[FIELD]),
            configuration: None,
            common: None,
        }),
        key: None,
        expected_version: None,
        form: RequestForm {
            operation: "CRMConfigurationChange",
            scope: Scope::EveryTelSys,
            id: Some(id(number).to_string()),
            crm_type: None,
            description: None,
            expected_version: None,
            configuration: Given::Absent,
            common: Given::Absent,
            sealed: None,
        },
    })
}

impl Change {
    pub(super) fn described(mut self, description: &str) -> Self {
        let description = Description::new(description).unwrap();
        self.0.description = Some(description.clone());
        self.0.form.description = Some(description);
        self
    }

    /// The part is given, and the password in it.
    pub(crate) fn part(mut self, text: &str) -> Self {
        let configuration = Arc::new(Json::parse(text).unwrap());
        self.0.parts.as_mut().unwrap().configuration =
            Some(ConfigurationChange { configuration, secrets: BTreeMap::new() });
        self.0.form.configuration = Given::Json(named());
        self
    }
}

impl From<Change> for Request {
    fn from(change: Change) -> Self {
        let context = Context::of(Actor::Account(WRITER));
        Self { context, validate_only: false, command: Command::ChangeConfiguration(change.0) }
    }
}

/// The operator shreds a configuration.
pub(crate) fn shred(number: u64) -> Request {
    let command = ShredConfiguration { id: Some(id(number)), scope: Scope::EveryTelSys };
    by(Actor::Operator(0), Command::ShredConfiguration(command))
}

pub(crate) fn by(actor: Actor, command: Command) -> Request {
    Request { context: Context::of(actor), validate_only: false, command }
}
