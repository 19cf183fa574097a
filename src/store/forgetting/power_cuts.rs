//! Log and vault on one disk that may lose power at every call: no live configuration's key is gone, every key that the log
//! gives up is, and no other.

use std::collections::BTreeMap;

use crmconf_events::disk::sim::{SimDisk, Snapshot};
use crmconf_events::disk::{Disk, read_file};
use crmconf_events::log::{MemoryStore, SegmentSizes};

use super::super::reconcile::reconcile;
use super::*;
use crate::vault::{AccountName, Credential, Password, Verifier};
use crate::writer::tests::vaults::change;

const DATA: &str = "/data";
const VAULT: &str = "/data/vault";
const SUBSETS: u64 = 50;
const SEED: u64 = 20_261_129;
/// How many configurations the script adds.
const CONFIGURATIONS: u64 = 8;
const OPTIONS: LocalOptions =
    LocalOptions { segments: SegmentSizes { first: 65_536, max: 65_536 }, ..LocalOptions::DEFAULT };

/// What was promised at some call.
#[derive(Clone, Default)]
struct Promises {
    /// The passwords that live configurations have by what was answered, or may have by what is under way.
    words: BTreeMap<u64, BTreeSet<String>>,
    /// Keys whose destruction was answered.
    destroyed: BTreeSet<KeyId>,
    /// What the bucket's files held before, sealed.
    former: Vec<Vec<u8>>,
    /// Whether the account's erasure was answered.
    erased: bool,
    /// Whether it was answered that the master key is another.
    rotated: bool,
}

/// The master keys of the store: at first the old one alone, then the new one, with the old one beside it at first.
struct Keys {
    old: MasterKeys,
    both: MasterKeys,
    new: MasterKeys,
}

impl Keys {
    fn generate() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["old", "new"] {
            MasterKey::generate().unwrap().write_new_file(&folder.path().join(name)).unwrap();
        }
        let one = |name: &str| MasterKey::from_file(&folder.path().join(name)).unwrap();
        let both = MasterKeys::new(one("new"), vec![one("old")]);
        Self { old: MasterKeys::sole(one("old")), both, new: MasterKeys::sole(one("new")) }
    }
}

type Moment = (Snapshot, MemoryStore, Promises);

struct Script<'a> {
    keys: &'a Keys,
    disk: SimDisk,
    writer: Writer,
    vault: Arc<Vault>,
    promises: Arc<Mutex<Promises>>,
}

impl Script<'_> {
    fn former(&self) -> Vec<Vec<u8>> {
        let read = |copy: &str| {
            read_file(&self.disk, &Path::new(VAULT).join("keys").join(format!("000000000000.{copy}")))
                .unwrap()
        };
        ["a", "b"].map(read).into()
    }

    async fn set(&self, number: u64, word: &str, (request, passwords): (Request, crate::writer::Passwords)) {
        self.promises.lock().unwrap().words.entry(number).or_default().insert(word.to_owned());
        self.writer.submit_with(request, passwords).await.unwrap();
        self.promises.lock().unwrap().words.insert(number, [word.to_owned()].into());
    }

    async fn destroy(&self, keys: &[u64], request: Request) {
        let former = self.former();
        self.writer.submit(request).await.unwrap();
        let mut promises = self.promises.lock().unwrap();
        promises.destroyed.extend(keys.iter().copied().map(KeyId));
        promises.former.extend(former);
    }

    fn rotate(&self) {
        let former = self.former();
        let rotation = self.vault.rotate(&self.keys.both, &mut |_| {}).unwrap();
        assert_eq!(
            (rotation.rewritten, rotation.unreadable.len()),
            (4, 0),
            "a bucket twice, a credential, the check"
        );
        let mut promises = self.promises.lock().unwrap();
        promises.former.extend(former);
        promises.rotated = true;
    }

    /// Adds, deletes, shreds live and deleted ones, rotates the master key, gives passwords anew, erases an account.
    async fn run(&self) {
        for number in 1..=CONFIGURATIONS {
            let word = format!("word-{number}");
            self.set(number, &word, with(sealing(add(number, &format!("d{number}"))), &word)).await;
        }
        let name = AccountName::new("erased").unwrap();
        let verifier = Verifier::of(&Password::given("a password")).unwrap();
        let credential = Credential::new(AccountId::new([9; 16]), name, None, verifier).unwrap();
        let credential = self.vault.store_credential(&credential).unwrap();
        self.writer.submit(create_account(credential)).await.unwrap();
        for number in [2, 3, 4, 5] {
            self.writer.submit(delete(number)).await.unwrap();
        }
        self.destroy(&[2], shred(2)).await;
        self.destroy(&[1], shred(1)).await;
        self.rotate();
        self.destroy(&[3, 4], destroy(&[3, 4])).await;
        // The first one lives on, under another key, which is shredded in its turn.
        let anew = |word: &str| with(change(1).part("{}").into(), word);
        self.set(1, "another", anew("another")).await;
        self.destroy(&[CONFIGURATIONS + 2], shred(1)).await;
        self.set(1, "a third", anew("a third")).await;
        self.destroy(&[CONFIGURATIONS + 1], erase_account()).await;
        self.vault.remove_credential(credential).unwrap();
        self.promises.lock().unwrap().erased = true;
        self.set(6, "changed", with(change(6).part("{}").into(), "changed")).await;
    }
}

/// Runs the script, and keeps what stands and is promised at each call of the disk.
async fn moments(keys: &Keys) -> Vec<Moment> {
    let disk = SimDisk::new();
    let (reads, promises) = (MemoryStore::default(), Arc::<Mutex<Promises>>::default());
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
    let vault = Arc::new(Vault::create_on(observed, Path::new(VAULT), STORE, &keys.old).unwrap());
    let folded = fold(&log, &mut |_| {}).unwrap();
    let Served { writer, thread, .. } = Served::start(Arc::new(log), Arc::clone(&vault), folded);
    writer.submit(create_store()).await.unwrap();
    // What is not founded yet is no store to look into.
    moments.lock().unwrap().clear();
    let script = Script { keys, disk, writer, vault, promises };
    script.run().await;
    script.writer.stop().await;
    thread.join().unwrap();
    drop(script);
    std::mem::take(&mut *moments.lock().unwrap())
}

fn check(keys: &Keys, disk: &SimDisk, reads: &MemoryStore, promises: &Promises, place: &str) {
    let shared: Arc<dyn Disk> = Arc::new(disk.clone());
    let (log, _) = LocalLog::open_on(&shared, Path::new(DATA), &reads.detached(), OPTIONS).unwrap();
    if promises.rotated {
        let opened = Vault::open_on(Arc::clone(&shared), Path::new(VAULT), STORE, &keys.new);
        assert!(opened.is_ok(), "{place}: a file needs the old master key");
    }
    let vault = Vault::open_on(shared, Path::new(VAULT), STORE, &keys.both).unwrap();
    let Folded { state, projector: _, given_up } = fold(&log, &mut |_| {}).unwrap();
    let given_up: BTreeSet<_> = given_up.into_keys().collect();
    reconcile(&vault, &state, &given_up).unwrap();
    assert!(
        given_up.is_superset(&promises.destroyed),
        "{place}: a shredding that was answered is not in the log"
    );
    for key in (1..state.next_key.0).map(KeyId) {
        let expected = if given_up.contains(&key) { KeyStanding::Destroyed } else { KeyStanding::Whole };
        assert_eq!(vault.standing(key), expected, "{place}: {key:?}");
    }
    for number in 1..=CONFIGURATIONS {
        let Some(live) = state.configurations.get(&id(number)).filter(|live| !live.shredded) else {
            continue;
        };
        let bound = Bound::Password { configuration: &id(number), field: FIELD };
        let plain = vault.unseal(live.key, &bound, &live.secrets[FIELD]).expect(place);
        let word = String::from_utf8(plain.to_vec()).unwrap();
        assert!(promises.words[&number].contains(&word), "{place}: {number} opens as {word}");
    }
    let named: BTreeSet<_> = state.credentials().map(|credential| credential.file_name()).collect();
    for file in disk.list(&Path::new(VAULT).join("credentials")).unwrap() {
        assert!(named.contains(&file), "{place}: {file} is left over");
    }
    let erased = AccountId::new([9; 16]);
    if promises.erased {
        assert!(!state.accounts.contains_key(&erased) && !state.deleted.contains_key(&erased), "{place}");
    }
    for former in &promises.former {
        assert!(!disk.medium_holds(former), "{place}: a former bucket is still on the medium");
    }
}

#[tokio::test]
async fn a_power_cut_at_any_call_leaves_no_key_half_forgotten_and_none_forgotten_too_much() {
    let keys = Keys::generate();
    let moments = moments(&keys).await;
    assert!(moments.len() > 150, "the script is long enough to mean something: {} calls", moments.len());
    let seed = std::env::var("CRMCONF_TEST_SEED").map_or(SEED, |seed| seed.parse().unwrap());
    let mut states = 0;
    for (call, (moment, reads, promises)) in moments.iter().enumerate() {
        for (sled, reads) in [("lost", &MemoryStore::default()), ("intact", reads)] {
            for crash in moment.crash_states(SUBSETS, seed) {
                let place = format!("call {call}, {}, sled {sled}, seed {seed}", crash.outcome);
                check(&keys, &crash.disk, reads, promises, &place);
                states += 1;
            }
        }
        check(&keys, &moment.unharmed(), reads, promises, &format!("call {call}, killed"));
    }
    println!("{} calls, {states} states of power cuts, seed {seed}", moments.len());
}
