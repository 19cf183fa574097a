//! That what the log gives up is forgotten: on a real disk, from a vault of last week, and wherever the power is cut.

mod power_cuts;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use crmconf_events::command::{
    Command, CreateAccount, DestroyRetired, EraseAccount, NamedCredential, Request,
};
use crmconf_events::commit::CommitBuilder;
use crmconf_events::disk::RealDisk;
use crmconf_events::event::{Actor, ConfigurationAdded, Context, Event, encode};
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LocalOptions};
use crmconf_events::told::Told;
use crmconf_events::{AccountId, CredentialId, KeyId, NameCommitment, Salt};
use tempfile::TempDir;

use super::open::{Folded, fold};
use super::*;
use crate::settings::MasterKeySource;
use crate::vault::trace::Trace;
use crate::vault::{Bound, DataKeyError, KeyStanding, MasterKeys};
use crate::writer::tests::vaults::{FIELD, by, sealing, shred, with};
use crate::writer::tests::{STORE, add, create_store, delete, id};
use crate::writer::{Pending, Views, WriteError, WriteResult, Writer};

/// A data folder on the real disk, and its master key outside of it.
struct Place {
    folder: TempDir,
    keys: MasterKeys,
}

/// A store that is served.
struct Served {
    log: Arc<LocalLog>,
    vault: Arc<Vault>,
    views: Views,
    writer: Writer,
    thread: JoinHandle<()>,
}

impl Place {
    /// A store with the accounts of the writer's tests.
    async fn founded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&path).unwrap();
        std::io::Write::write_all(&mut file, "5a".repeat(32).as_bytes()).unwrap();
        let keys = MasterKeys::sole(MasterKey::from_file(&path).unwrap());
        let place = Self { folder, keys };
        let log = Arc::new(LocalLog::create(&place.data(), STORE, LocalOptions::DEFAULT).unwrap());
        let vault = Arc::new(Vault::create(&place.vault(), STORE, &place.keys).unwrap());
        let folded = fold(&log, &mut |_| {}).unwrap();
        let served = Served::start(log, vault, folded);
        served.submit(create_store()).await.unwrap();
        served.stop().await;
        place
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn vault(&self) -> PathBuf {
        self.data().join(VAULT_FOLDER)
    }

    fn serve(&self) -> Served {
        let current = MasterKeySource::File(self.folder.path().join("master.key"));
        let sources = MasterKeySources { current, further: Vec::new() };
        let store = open(&self.data(), LocalOptions::DEFAULT, &sources, &mut |_| {}).unwrap();
        let Store { log, vault, origin } = store;
        Served::of(log, vault, origin)
    }

    /// The vault's files that a key can be derived from.
    fn derivable(&self, trace: &Trace) -> Vec<PathBuf> {
        trace.derivable_from(&RealDisk, &self.vault(), STORE, &self.keys)
    }

    /// Every file of the data folder, with what it holds.
    fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        assert!(found.len() > 5, "{found:?}");
        found
    }

    /// What the sealed files of the first bucket hold now, their headers aside.
    fn sealed_buckets(&self) -> Vec<Vec<u8>> {
        let read =
            |copy: &str| fs::read(self.vault().join("keys").join(format!("000000000000.{copy}"))).unwrap();
        ["a", "b"].map(|copy| read(copy).split_off(29)).into()
    }

    #[track_caller]
    fn assert_forgotten(&self, trace: &Trace, what: &str) {
        assert_eq!(self.derivable(trace), Vec::<PathBuf>::new(), "{what}");
        for (path, bytes) in self.files() {
            assert!(!trace.stands_in(&bytes), "{what}: {}", path.display());
        }
    }
}

impl Served {
    fn start(log: Arc<LocalLog>, vault: Arc<Vault>, folded: Folded) -> Self {
        let Folded { state, projector, given_up: _ } = folded;
        let views = Views::new(ArcSwap::from_pointee(projector.view().clone()));
        let (beside, keys) = (Arc::clone(&log) as Arc<dyn EventLog>, Arc::clone(&vault) as Arc<_>);
        let pending = Pending::default();
        Self::of(log, vault, Origin { log: beside, state, projector, views, keys, pending })
    }

    fn of(log: Arc<LocalLog>, vault: Arc<Vault>, origin: Origin) -> Self {
        let views = Arc::clone(&origin.views);
        let (writer, thread) = Writer::start(origin, 16).unwrap();
        Self { log, vault, views, writer, thread }
    }

    async fn submit(&self, request: Request) -> WriteResult {
        self.writer.submit(request).await
    }

    async fn add(&self, number: u64, password: &str) {
        let (request, passwords) = with(sealing(add(number, &format!("d{number}"))), password);
        self.writer.submit_with(request, passwords).await.unwrap();
    }

    /// A live configuration's password, opened.
    fn password(&self, number: u64) -> Result<String, DataKeyError> {
        let view = self.views.load();
        let found = view.configurations.get(&id(number)).unwrap();
        let bound = Bound::Password { configuration: &found.id, field: FIELD };
        let plain = self.vault.unseal(found.key, &bound, &found.secrets[FIELD])?;
        Ok(String::from_utf8(plain.to_vec()).unwrap())
    }

    async fn stop(self) {
        let Self { log, vault: _, views: _, writer, thread } = self;
        writer.stop().await;
        thread.join().unwrap();
        log.close();
    }
}

/// A new account, which the writer gives a data key.
fn create_account(credential: CredentialId) -> Request {
    let command = CreateAccount {
        account: AccountId::new([9; 16]),
        credential: Ok(NamedCredential { name: NameCommitment::new([9; 32]), credential }),
        key: None,
        enabled: true,
        grants: crmconf_events::access::Grants::default(),
    };
    by(Actor::Operator(0), Command::CreateAccount(command))
}

fn erase_account() -> Request {
    let command = EraseAccount { account: Some(AccountId::new([9; 16])), expected_version: None };
    by(Actor::Operator(0), Command::EraseAccount(command))
}

/// What the server asks for when the time of these has come.
fn destroy(numbers: &[u64]) -> Request {
    let configurations = numbers.iter().copied().map(id).collect();
    let command = DestroyRetired { configurations, clock: crate::writer::clock() };
    by(Actor::System, Command::DestroyRetired(command))
}

fn holds(bytes: &[u8], sought: &[u8]) -> bool {
    bytes.windows(sought.len()).any(|window| window == sought)
}

#[tokio::test]
async fn after_a_shredding_and_a_restart_the_key_is_derivable_from_nothing_that_is_left() {
    let place = Place::founded().await;
    let served = place.serve();
    for number in 1..=4 {
        served.add(number, &format!("canary-{number}")).await;
    }
    served.submit(create_account(CredentialId::new([9; 16]))).await.unwrap();
    for number in [2, 3] {
        served.submit(delete(number)).await.unwrap();
    }
    let traces = [1, 2, 3, 4, 5].map(|key| Trace::of(&served.vault, KeyId(key)));
    for trace in &traces {
        assert_eq!(place.derivable(trace).len(), 2, "a key that stands is found in both copies");
    }
    let former = place.sealed_buckets();
    // A live one, a deleted one, one whose time has come, an account; all but the fourth configuration's key.
    for request in [shred(1), shred(2), destroy(&[3]), erase_account()] {
        served.submit(request).await.unwrap();
    }
    served.stop().await;
    let served = place.serve();
    for (key, trace) in (1..).zip(&traces) {
        if key == 4 {
            assert_eq!(place.derivable(trace).len(), 2);
        } else {
            place.assert_forgotten(trace, &format!("key {key}"));
            assert_eq!(served.vault.standing(KeyId(key)), KeyStanding::Destroyed);
        }
    }
    for (path, bytes) in place.files() {
        assert!(former.iter().all(|former| !holds(&bytes, former)), "{} is as it was", path.display());
        assert!(!holds(&bytes, b"canary-"), "{}", path.display());
    }
    assert_eq!(served.password(1), Err(DataKeyError::Destroyed));
    assert_eq!(served.password(4).as_deref(), Ok("canary-4"));
    served.stop().await;
}

/// Copies a folder with everything in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test]
async fn a_vault_of_last_week_beside_today_s_log_forgets_again_before_anything_is_served() {
    let place = Place::founded().await;
    let backup = place.folder.path().join("backup");
    let served = place.serve();
    for number in 1..=3 {
        served.add(number, &format!("word-{number}")).await;
    }
    served.submit(delete(2)).await.unwrap();
    served.stop().await;
    copy(&place.vault(), &backup);
    let served = place.serve();
    let traces = [1, 2].map(|key| Trace::of(&served.vault, KeyId(key)));
    for request in [shred(1), destroy(&[2])] {
        served.submit(request).await.unwrap();
    }
    served.add(4, "word-4").await;
    served.stop().await;
    for trace in &traces {
        place.assert_forgotten(trace, "before the backup is put back");
    }
    fs::remove_dir_all(place.vault()).unwrap();
    copy(&backup, &place.vault());
    assert_eq!(place.derivable(&traces[0]).len(), 2, "the backup has it");
    let served = place.serve();
    for trace in &traces {
        place.assert_forgotten(trace, "after the start");
    }
    assert_eq!(served.password(1), Err(DataKeyError::Destroyed));
    // What was sealed after the backup opens too: its key comes from the same tree.
    assert_eq!([3, 4].map(|number| served.password(number).unwrap()), ["word-3", "word-4"]);
    served.stop().await;
}

/// Records a configuration whose password is sealed under a key of the second bucket, as after 65,535 others.
fn add_in_second_bucket(served: &Served, number: u64) {
    let key = served.vault.key_to_give(KeyId(1 << 16)).unwrap();
    assert_eq!(key, KeyId(1 << 16));
    let view = served.views.load();
    let like = view.configurations.get(&id(1)).unwrap();
    let bound = Bound::Password { configuration: &id(number), field: FIELD };
    let sealed = served.vault.seal(key, &bound, b"in the second").unwrap();
    let event: Event = ConfigurationAdded {
        id: id(number),
        scope: like.scope.clone(),
        crm_type: like.crm_type.clone(),
        description: crmconf_events::Description::new("second").unwrap(),
        template: like.template,
        key,
        configuration: Arc::clone(&like.configuration),
        secrets: Arc::new([(FIELD.to_owned(), sealed)].into()),
        common: Arc::clone(&like.common),
    }
    .into();
    let mut builder = CommitBuilder::new(STORE, served.log.head(), crate::writer::clock());
    builder
        .try_push(encode(Salt::new([1; 16]), &Context::of(Actor::System), &event).unwrap().into())
        .unwrap();
    assert_eq!(served.log.append(builder.seal().unwrap()), AppendOutcome::Appended);
}

#[tokio::test]
async fn a_bucket_that_an_older_vault_lacks_is_named_and_forgets_when_it_comes_back() {
    let place = Place::founded().await;
    let [backup, today] = ["backup", "today"].map(|name| place.folder.path().join(name));
    let served = place.serve();
    served.add(1, "in the first").await;
    served.stop().await;
    copy(&place.vault(), &backup);
    let served = place.serve();
    add_in_second_bucket(&served, 2);
    let trace = Trace::of(&served.vault, KeyId(1 << 16));
    served.add(3, "also in the second").await;
    served.stop().await;
    copy(&place.vault(), &today);
    fs::remove_dir_all(place.vault()).unwrap();
    copy(&backup, &place.vault());

    let (served, told) = Told::by(|| place.serve());
    let line = told.lines().find(|line| line.contains("lacks this bucket")).expect(&told);
    for words in ["ERROR", "bucket=1", "first_key=65536", "last_key=131071", "gone", "10103"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    assert_eq!(served.password(1).as_deref(), Ok("in the first"));
    for number in [2, 3] {
        assert_eq!(served.password(number), Err(DataKeyError::Unavailable { bucket: 1 }));
    }
    // Ids go on in the next bucket, and what is missing can be given up all the same.
    served.add(4, "in the third").await;
    assert_eq!(served.views.load().configurations.get(&id(4)).unwrap().key, KeyId(2 << 16));
    let lacking = Err(WriteError::BucketLacking);
    assert_eq!(served.submit(shred(2)).await, lacking, "it stands, and nothing is overwritten");
    assert_eq!(served.submit(shred(2)).await, lacking, "asked for again");
    served.stop().await;
    let (served, told) = Told::by(|| place.serve());
    assert!(!told.contains("may still be had"), "no file of it stands: {told}");
    assert_eq!(served.submit(shred(2)).await, lacking, "after a start");
    served.stop().await;

    // A copy that is put back and does not open may hold it all the same.
    let damaged = place.vault().join("keys/000000000001.a");
    fs::write(&damaged, b"no bucket").unwrap();
    let (served, told) = Told::by(|| place.serve());
    let line = told.lines().find(|line| line.contains("may still be had")).expect(&told);
    for words in ["ERROR", "bucket=1", "keys=1", "000000000001.a is damaged", "Put both files back"] {
        assert!(line.contains(words), "{words}: {line}");
    }
    assert_eq!(served.submit(shred(2)).await, lacking);
    served.stop().await;

    for copy in ["a", "b"] {
        let name = format!("keys/000000000001.{copy}");
        fs::copy(today.join(&name), place.vault().join(&name)).unwrap();
    }
    assert_eq!(place.derivable(&trace).len(), 2, "it is back, with what was given up meanwhile");
    let (served, told) = Told::by(|| place.serve());
    assert!(!told.contains("lacks this bucket") && told.contains("they are destroyed now"), "{told}");
    place.assert_forgotten(&trace, "after the start");
    assert_eq!(served.password(2), Err(DataKeyError::Destroyed));
    assert_eq!(served.password(3).as_deref(), Ok("also in the second"));
    assert_eq!(served.password(4).as_deref(), Ok("in the third"));
    served.stop().await;
}

#[tokio::test]
async fn a_bucket_that_the_vault_lacks_is_a_fault_only_where_a_configuration_has_passwords_under_it() {
    let place = Place::founded().await;
    let served = place.serve();
    served.add(1, "in the first").await;
    served.submit(create_account(CredentialId::new([9; 16]))).await.unwrap();
    served.stop().await;
    for file in fs::read_dir(place.vault().join("keys")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    for (level, other, words) in [
        ("ERROR", "WARN", "10103"),
        ("WARN", "ERROR", "by an account whose key is in it"),
        ("WARN", "ERROR", "nothing is missed"),
    ] {
        let (served, told) = Told::by(|| place.serve());
        let line = told.lines().find(|line| line.contains("lacks this bucket")).expect(&told);
        assert!(line.contains(level) && !line.contains(other) && line.contains("bucket=0"), "{line}");
        assert!(line.contains(words), "{words}: {line}");
        match words {
            "10103" => drop(served.submit(delete(1)).await.unwrap()),
            "nothing is missed" => {}
            _ => assert_eq!(served.submit(erase_account()).await, Err(WriteError::BucketLacking)),
        }
        served.stop().await;
    }
}
