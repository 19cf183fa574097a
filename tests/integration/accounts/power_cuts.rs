//! Log and vault on one disk that may lose power at every call while accounts are administered: whatever is left, every
//! account has the credential that was promised to it, or the one under way, and no file is left over.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use crmconf::accounts::{AccountChange, Asked, Member, NewAccount, Registrar, Whom};
use crmconf::sessions::PasswordChecker;
use crmconf::vault::{AccountName, FoldedName, MasterKey, MasterKeys, Password, Vault};
use crmconf::writer::{Origin, Pending, Views, Writer};
use crmconf_events::access::{Grants, Role};
use crmconf_events::disk::sim::{SimDisk, Snapshot};
use crmconf_events::disk::{Disk, read_file};
use crmconf_events::event::{Actor, Context};
use crmconf_events::log::{EventLog, LocalLog, LocalOptions, MemoryStore, SegmentSizes};
use crmconf_events::{AccountId, CredentialId};

use crate::harness::seed_or;
use crate::inprocess::{STORE, fold, found, grant, scope};

const DATA: &str = "/data";
const VAULT: &str = "/data/vault";
const SUBSETS: u64 = 25;
const SEED: u64 = 20_261_126;
const OPTIONS: LocalOptions =
    LocalOptions { segments: SegmentSizes { first: 65_536, max: 65_536 }, ..LocalOptions::DEFAULT };

/// What was promised at some call.
#[derive(Clone, Default)]
struct Promises {
    /// The credential of each account that was answered, those that are deleted aside.
    named: BTreeMap<AccountId, CredentialId>,
    /// The account whose change is under way, by name.
    attempted: Option<String>,
    /// The sealed bytes of a credential that was replaced, and answered so.
    forgotten: Option<Vec<u8>>,
}

struct Script {
    disk: SimDisk,
    registrar: Registrar,
    promises: Arc<Mutex<Promises>>,
}

fn whom(name: &str) -> Whom {
    Whom::Name(FoldedName::of(name))
}

fn asked() -> Asked {
    Asked { context: Context::of(Actor::System), validate_only: false }
}

impl Script {
    fn member(&self, name: &str) -> Member {
        self.registrar.member(&whom(name)).unwrap()
    }

    fn begin(&self, name: &str) {
        self.promises.lock().unwrap().attempted = Some(name.to_owned());
    }

    /// The change under way was answered: this account has another credential, and the one before it is gone.
    fn end(&mut self, name: &str, old: Option<Vec<u8>>) {
        let account = self.member(name).account;
        let mut promises = self.promises.lock().unwrap();
        promises.named.insert(account.id, account.credential);
        promises.attempted = None;
        promises.forgotten = old.or(promises.forgotten.take());
    }

    /// The sealed bytes of an account's credential.
    fn sealed(&self, name: &str) -> Vec<u8> {
        let file = self.member(name).account.credential.file_name();
        read_file(&self.disk, &Path::new(VAULT).join("credentials").join(file)).unwrap()
    }

    async fn add(&mut self, name: &str) {
        self.begin(name);
        let new = NewAccount {
            name: AccountName::new(name).unwrap(),
            display_name: None,
            password: Password::chosen("a good password"),
            enabled: false,
            grants: [grant(Role::Viewer, scope(0, 0, ""))].into_iter().collect(),
        };
        self.registrar.add(asked(), new).await.unwrap();
        self.end(name, None);
    }

    async fn change(&mut self, name: &str, change: AccountChange) {
        let old = self.sealed(name);
        self.begin(name);
        self.registrar.change(asked(), &whom(name), &change).await.unwrap();
        let named = change.name.map_or_else(|| name.to_owned(), |name| name.as_str().to_owned());
        let old = (change.password.is_some() || named != name).then_some(old);
        self.end(&named, old);
    }

    async fn delete(&mut self, name: &str) {
        let id = self.member(name).account.id;
        self.begin(name);
        self.registrar.delete(asked(), &whom(name), None).await.unwrap();
        let mut promises = self.promises.lock().unwrap();
        promises.named.remove(&id);
        promises.attempted = None;
    }

    async fn run(&mut self) {
        let password =
            |text: &str| AccountChange { password: Some(Password::chosen(text)), ..AccountChange::default() };
        let name = |text: &str| AccountChange {
            name: Some(AccountName::new(text).unwrap()),
            ..AccountChange::default()
        };
        self.add("anna").await;
        self.add("bert").await;
        self.change("anna", password("another password")).await;
        self.change("bert", name("Bertha")).await;
        self.change(
            "anna",
            AccountChange { enabled: Some(true), grants: Some(Grants::default()), ..name("Anne") },
        )
        .await;
        self.delete("Bertha").await;
        self.change("Anne", AccountChange { name: name("anna").name, ..password("a third password") }).await;
        // Refused, with files that go again.
        let taken = self.registrar.change(asked(), &whom("anna"), &name("bertha")).await;
        assert!(taken.is_err());
    }
}

type Moment = (Snapshot, MemoryStore, Promises);

/// Administers accounts, and keeps what stands and is promised at each call of the disk.
async fn moments(key: &MasterKeys) -> Vec<Moment> {
    let disk = SimDisk::new();
    let reads = MemoryStore::default();
    let promises: Arc<Mutex<Promises>> = Arc::default();
    let moments: Arc<Mutex<Vec<Moment>>> = Arc::default();
    disk.create_folder(Path::new(DATA)).unwrap();
    let observed: Arc<dyn Disk> = {
        let (reads, promises, moments) = (reads.clone(), Arc::clone(&promises), Arc::clone(&moments));
        Arc::new(disk.observed(move |disk| {
            let promises = promises.lock().unwrap().clone();
            moments.lock().unwrap().push((disk, reads.detached(), promises));
        }))
    };
    let log = LocalLog::create_on(&observed, Path::new(DATA), &reads, STORE, OPTIONS).unwrap();
    let vault = Arc::new(Vault::create_on(observed, Path::new(VAULT), STORE, key).unwrap());
    found(&log, &[], Vec::new());
    // What is not founded yet is no store to look into.
    moments.lock().unwrap().clear();
    let (state, projector) = fold(&log);
    let views = Views::new(arc_swap::ArcSwap::from_pointee(projector.view().clone()));
    let log: Arc<dyn EventLog> = Arc::new(log);
    let keys = Arc::clone(&vault) as Arc<_>;
    let origin =
        Origin { log, state, projector, views: Arc::clone(&views), keys, pending: Pending::default() };
    let (writer, thread) = Writer::start(origin, 4).unwrap();
    let registrar = Registrar::new(writer.clone(), views, vault, PasswordChecker::default());
    let mut script = Script { disk, registrar, promises };
    script.run().await;
    writer.stop().await;
    thread.join().unwrap();
    drop(script);
    std::mem::take(&mut *moments.lock().unwrap())
}

fn check(key: &MasterKeys, disk: &SimDisk, reads: &MemoryStore, promises: &Promises, place: &str) {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let (log, _) = LocalLog::open_on(&shared, Path::new(DATA), &reads.detached(), OPTIONS).unwrap();
    let vault = Vault::open_on(shared, Path::new(VAULT), STORE, key).unwrap();
    let state = fold(&log).0;
    let found = vault.reconcile(&state.credentials().collect()).unwrap();
    assert!(found.missing.is_empty() && found.damaged.is_empty(), "{place}: {found:?}");
    for (id, account) in &state.accounts {
        let credential = vault.credential(account.credential).unwrap();
        assert_eq!(credential.account(), *id, "{place}");
        assert_eq!(credential.name_commitment(), account.name, "{place}: another name");
        let under_way = promises.attempted.is_some();
        let promised = promises.named.get(id) == Some(&account.credential);
        assert!(promised || under_way, "{place}: {id} has another credential");
        // One commit for each command: an account is there with all its grants and disabled, or not at all.
        assert!(account.grants.iter().count() == 1 || account.enabled, "{place}: half an account");
    }
    let there = |id: &&AccountId| state.accounts.contains_key(*id);
    let gone = promises.named.keys().filter(|id| !there(id)).count();
    assert!(gone <= usize::from(promises.attempted.is_some()), "{place}: an account is gone");
    let files = disk.list(&Path::new(VAULT).join("credentials")).unwrap();
    assert_eq!(files.len(), state.credentials().count(), "{place}: {files:?}");
    if let Some(forgotten) = &promises.forgotten {
        assert!(!disk.medium_holds(forgotten), "{place}: a replaced credential is still on the medium");
    }
}

#[tokio::test]
async fn a_power_cut_at_any_call_leaves_no_account_half_done() {
    let key = MasterKeys::sole(MasterKey::generate().unwrap());
    let moments = moments(&key).await;
    assert!(moments.len() > 60, "the script is long enough to mean something: {} calls", moments.len());
    let (mut states, seed) = (0, seed_or(SEED));
    for (call, (moment, reads, promises)) in moments.iter().enumerate() {
        for (sled, reads) in [("lost", &MemoryStore::default()), ("intact", reads)] {
            for crash in moment.crash_states(SUBSETS, seed) {
                let place = format!("call {call}, {}, sled {sled}", crash.outcome);
                check(&key, &crash.disk, reads, promises, &place);
                states += 1;
            }
        }
        check(&key, &moment.unharmed(), reads, promises, &format!("call {call}, killed"));
    }
    println!("{} calls, {states} states of power cuts", moments.len());
}
