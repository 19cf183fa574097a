//! Log and vault on one disk that may lose power at every call: whatever is left, each account of the log can sign in
//! with a credential that was promised to it, and a credential that was replaced is nowhere on the medium.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use crmconf::vault::{AccountName, Credential, MasterKey, MasterKeys, Password, Vault, Verifier};
use crmconf_events::commit::{Commit, CommitBuilder};
use crmconf_events::disk::sim::{Failing, SimDisk, Snapshot};
use crmconf_events::disk::{Disk, read_file};
use crmconf_events::event::{
    AccountCreated, AccountDeleted, AccountRenamed, Actor, Context, CredentialSet, Event, StoreCreated,
    encode,
};
use crmconf_events::log::{AppendOutcome, EventLog, LocalLog, LocalOptions, MemoryStore, SegmentSizes};
use crmconf_events::{AccountId, CredentialId, Salt, Timestamp};

use crate::harness::seed_or;
use crate::inprocess::{STORE, fold};

const DATA: &str = "/data";
const VAULT: &str = "/data/vault";
/// How many outcomes of a power cut are drawn where there are too many to go through all.
const SUBSETS: u64 = 50;
/// How many commits sled lacks when it is behind.
const BEHIND: usize = 2;
const SEED: u64 = 20_261_124;
/// Small files, so that the script fills several.
const OPTIONS: LocalOptions = LocalOptions {
    segments: SegmentSizes { first: 8_192, max: 8_192 },
    sled_cache_bytes: 16 << 20,
    ..LocalOptions::DEFAULT
};
/// How often each account's password is changed.
const ROUNDS: usize = 18;

/// What was promised at some call.
#[derive(Clone, Default)]
struct Promises {
    /// The credential of each account, by acknowledged events.
    named: BTreeMap<AccountId, CredentialId>,
    /// What the event under way, or one of which it is unknown whether it was appended, would make of an account.
    attempted: Option<(AccountId, Option<CredentialId>)>,
    /// The sealed bytes of a credential that was replaced and erased.
    forgotten: Option<Vec<u8>>,
}

struct Script {
    disk: SimDisk,
    reads: MemoryStore,
    key: MasterKeys,
    verifier: Verifier,
    promises: Arc<Mutex<Promises>>,
    moments: Arc<Mutex<Vec<(Snapshot, MemoryStore, Promises)>>>,
}

fn account(number: u8) -> AccountId {
    AccountId::new([number; 16])
}

fn commit(log: &LocalLog, events: Vec<Event>) -> Commit {
    let mut builder = CommitBuilder::new(STORE, log.head(), Timestamp::from_micros(1));
    for event in events {
        let bytes = encode(Salt::new([3; 16]), &Context::of(Actor::System), &event).unwrap();
        builder.try_push(bytes.into()).unwrap();
    }
    builder.seal().unwrap()
}

impl Script {
    fn new() -> Self {
        let disk = SimDisk::new();
        Self {
            disk,
            reads: MemoryStore::default(),
            key: MasterKeys::sole(MasterKey::generate().unwrap()),
            verifier: Verifier::of(&Password::given("a password")).unwrap(),
            promises: Arc::default(),
            moments: Arc::default(),
        }
    }

    /// The disk as log and vault get it: what stands and is promised is kept at each call.
    fn observed(&self) -> Arc<dyn Disk> {
        let (reads, promises) = (self.reads.clone(), Arc::clone(&self.promises));
        let moments = Arc::clone(&self.moments);
        Arc::new(self.disk.observed(move |disk| {
            let promises = promises.lock().unwrap().clone();
            moments.lock().unwrap().push((disk, reads.detached(), promises));
        }))
    }

    fn open(&self) -> (LocalLog, Vault) {
        let disk = self.observed();
        let (log, _) = LocalLog::open_on(&disk, Path::new(DATA), &self.reads, OPTIONS).unwrap();
        let vault = Vault::open_on(disk, Path::new(VAULT), STORE, &self.key).unwrap();
        let state = fold(&log).0;
        let named = state.accounts.iter().map(|(id, account)| (*id, account.credential)).collect();
        vault.reconcile(&state.credentials().collect()).unwrap();
        *self.promises.lock().unwrap() = Promises { named, ..Promises::default() };
        (log, vault)
    }

    fn store(&self, vault: &Vault, number: u8, name: &str) -> (CredentialId, Credential) {
        let name = AccountName::new(name).unwrap();
        let credential = Credential::new(account(number), name, None, self.verifier.clone()).unwrap();
        (vault.store_credential(&credential).unwrap(), credential)
    }

    /// Appends an event that gives an account a credential or takes it away; `false` when it is unknown whether it did.
    fn append(&self, log: &LocalLog, number: u8, credential: Option<CredentialId>, event: Event) -> bool {
        let id = account(number);
        self.promises.lock().unwrap().attempted = Some((id, credential));
        let outcome = log.append(commit(log, vec![event]));
        let appended = outcome == AppendOutcome::Appended;
        assert!(appended || matches!(outcome, AppendOutcome::Unknown { .. }), "{outcome:?}");
        if appended {
            let mut promises = self.promises.lock().unwrap();
            promises.attempted = None;
            match credential {
                Some(credential) => promises.named.insert(id, credential),
                None => promises.named.remove(&id),
            };
        }
        appended
    }

    /// Erases a credential that no event names any more.
    fn forget(&self, vault: &Vault, old: CredentialId) {
        let path = Path::new(VAULT).join("credentials").join(old.file_name());
        let sealed = read_file(&self.disk, &path).unwrap();
        vault.remove_credential(old).unwrap();
        self.promises.lock().unwrap().forgotten = Some(sealed);
    }

    /// A new password, in the documented order: new file durable, event committed, old file overwritten and removed.
    fn change_password(&self, log: &LocalLog, vault: &Vault, number: u8) -> bool {
        let old = self.promises.lock().unwrap().named[&account(number)];
        let changed = vault.credential(old).unwrap().with_verifier(self.verifier.clone());
        let credential = vault.store_credential(&changed).unwrap();
        let event = CredentialSet { account: account(number), credential }.into();
        let stands = self.append(log, number, Some(credential), event);
        if stands {
            self.forget(vault, old);
        }
        stands
    }
}

/// Founds a store with two accounts, then changes, renames and deletes, with failing syncs and restarts between.
fn run(script: &Script) {
    let disk = script.observed();
    let log = LocalLog::create_on(&disk, Path::new(DATA), &script.reads, STORE, OPTIONS).unwrap();
    let vault = Vault::create_on(disk, Path::new(VAULT), STORE, &script.key).unwrap();
    let accounts =
        [(1, "anna"), (2, "bert")].map(|(number, name)| (number, script.store(&vault, number, name)));
    let mut events = vec![StoreCreated { store: STORE }.into()];
    for (number, (id, credential)) in &accounts {
        let name = credential.name_commitment();
        events.push(AccountCreated { account: account(*number), name, credential: *id, key: None }.into());
    }
    assert_eq!(log.append(commit(&log, events)), AppendOutcome::Appended);
    drop((log, vault));

    let (mut log, mut vault) = script.open();
    for round in 0..ROUNDS {
        for number in [1, 2] {
            if round % 3 == 2 {
                // The sync of the event fails: it stands or not, and both credentials are there until that is known.
                while script.change_password(&log, &vault, number) {
                    let old = script.promises.lock().unwrap().named[&account(number)];
                    let changed = vault.credential(old).unwrap().with_verifier(script.verifier.clone());
                    let credential = vault.store_credential(&changed).unwrap();
                    script.disk.fail(Failing::SyncData, 0);
                    let event = CredentialSet { account: account(number), credential }.into();
                    if !script.append(&log, number, Some(credential), event) {
                        break;
                    }
                    script.forget(&vault, old);
                }
                std::mem::forget(log);
                (log, vault) = script.open();
            } else {
                assert!(script.change_password(&log, &vault, number));
            }
        }
    }
    let old = script.promises.lock().unwrap().named[&account(1)];
    let renamed = AccountName::new("annette").unwrap();
    let renamed = vault.credential(old).unwrap().renamed(renamed, None).unwrap();
    let credential = vault.store_credential(&renamed).unwrap();
    let name = renamed.name_commitment();
    let event = AccountRenamed { account: account(1), name, credential }.into();
    assert!(script.append(&log, 1, Some(credential), event));
    script.forget(&vault, old);
    let gone = script.promises.lock().unwrap().named[&account(2)];
    // Its credential stays, and with it the name.
    assert!(script.append(&log, 2, None, AccountDeleted { account: account(2) }.into()));
    assert!(vault.credential(gone).is_some());
}

#[test]
fn every_account_can_sign_in_after_a_power_cut_at_every_call_of_a_credential_change() {
    let (script, seed) = (Script::new(), seed_or(SEED));
    run(&script);
    let moments = std::mem::take(&mut *script.moments.lock().unwrap());
    assert!(moments.len() > 600, "the script is long enough to mean something: {} calls", moments.len());
    let mut states = 0;
    for (call, (moment, reads, promises)) in moments.iter().enumerate() {
        for (sled, reads) in
            [("lost", &MemoryStore::default()), ("behind", &reads.behind(BEHIND)), ("intact", reads)]
        {
            for crash in moment.crash_states(SUBSETS, seed) {
                let place = format!("call {call}, {}, sled {sled}", crash.outcome);
                check(&script.key, &crash.disk, reads, promises, &place);
                states += 1;
            }
            let place = format!("call {call}, killed, sled {sled}");
            check(&script.key, &moment.unharmed(), reads, promises, &place);
        }
    }
    println!("{} calls, {states} states of power cuts", moments.len());
}

fn check(key: &MasterKeys, disk: &SimDisk, reads: &MemoryStore, promises: &Promises, place: &str) {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    if !LocalLog::exists_on(&shared, Path::new(DATA)).unwrap() {
        assert!(promises.named.is_empty(), "{place}: the store is gone");
        return;
    }
    let (log, _) = LocalLog::open_on(&shared, Path::new(DATA), &reads.detached(), OPTIONS).unwrap();
    let vault = Vault::open_on(shared, Path::new(VAULT), STORE, key).unwrap();
    let state = fold(&log).0;
    for (id, account) in &state.accounts {
        let promised = promises.named.get(id) == Some(&account.credential);
        let attempted = promises.attempted == Some((*id, Some(account.credential)));
        assert!(promised || attempted || promises.named.is_empty(), "{place}: {id} has another credential");
    }
    for id in promises.named.keys() {
        let deleted = promises.attempted == Some((*id, None));
        assert!(state.accounts.contains_key(id) || deleted, "{place}: {id} is gone");
    }
    let named: BTreeSet<_> = state.credentials().collect();
    let found = vault.reconcile(&named).unwrap();
    assert!(found.missing.is_empty() && found.damaged.is_empty(), "{place}: {found:?}");
    for (id, account) in &state.accounts {
        assert_eq!(vault.credential(account.credential).unwrap().account(), *id, "{place}");
    }
    let files = disk.list(&Path::new(VAULT).join("credentials")).unwrap();
    assert_eq!(files.len(), named.len(), "{place}: {files:?}");
    if let Some(forgotten) = &promises.forgotten {
        assert!(!disk.medium_holds(forgotten), "{place}: a replaced credential is still on the medium");
    }
}
