//! Taking over other master keys while files are changed: nobody waits, and no file is left under a key that is given up.

use super::*;

/// A vault on this disk that stores a credential while the first file's header is read, once it is armed.
struct Beside {
    vault: Arc<Vault>,
    armed: Arc<AtomicBool>,
    /// Whether the credential was stored before the header was read; once for each time.
    in_time: Arc<Mutex<Vec<bool>>>,
}

impl Beside {
    fn open(disk: &SimDisk, keys: &MasterKeys) -> Self {
        let armed = Arc::new(AtomicBool::new(false));
        let in_time = Arc::<Mutex<Vec<bool>>>::default();
        let known: Arc<Mutex<Option<Arc<Vault>>>> = Arc::default();
        let (arm, seen, to_change) = (Arc::clone(&armed), Arc::clone(&in_time), Arc::clone(&known));
        let disk = disk.before_reading(move |path| {
            if !path.ends_with("check") || !arm.swap(false, Ordering::SeqCst) {
                return;
            }
            let vault = Arc::clone(to_change.lock().unwrap().as_ref().unwrap());
            let (stored, is_stored) = sync_channel(1);
            std::thread::spawn(move || {
                vault.store_credential(&credential("Cid")).unwrap();
                // The test has failed by now where nobody waits for it.
                let _ = stored.send(());
            });
            seen.lock().unwrap().push(is_stored.recv_timeout(Duration::from_secs(5)).is_ok());
        });
        let vault = Arc::new(Vault::open_on(Arc::new(disk), Path::new(VAULT), STORE, keys).unwrap());
        *known.lock().unwrap() = Some(Arc::clone(&vault));
        Self { vault, armed, in_time }
    }

    fn arm(&self) {
        self.armed.store(true, Ordering::SeqCst);
    }
}

#[test]
fn changes_do_not_wait_while_the_files_are_looked_through() {
    let keys = Keys::new();
    let (disk, vault, ids) = filled(&keys);
    drop(vault);
    let beside = Beside::open(&disk, &keys.old());
    beside.arm();
    beside.vault.takes(&keys.both()).unwrap();
    beside.arm();
    let done = beside.vault.rotate(&keys.both(), &mut |_| {}).unwrap();
    assert_eq!(*beside.in_time.lock().unwrap(), [true, true]);
    assert_eq!((done.rewritten, done.unreadable.len()), (7 + 2, 0), "what came meanwhile is sealed anew too");
    let vault = open(&disk, &keys.new_alone()).unwrap();
    assert!(ids.iter().all(|id| vault.credential(*id).is_some()));
    assert_eq!(vault.find(&FoldedName::of("cid")).len(), 2);
}

#[test]
fn what_is_written_meanwhile_under_a_key_that_would_be_given_up_keeps_it_from_being() {
    let keys = Keys::new();
    let (disk, vault, _) = filled(&keys);
    drop(vault);
    // The current key has sealed no file yet.
    let third = MasterKey::generate().unwrap();
    let id = third.id();
    let beside = Beside::open(&disk, &MasterKeys::new(third, vec![keys.one("old")]));
    beside.vault.takes(&keys.both()).unwrap();
    beside.arm();
    let refused = beside.vault.takes(&keys.both()).unwrap_err();
    assert!(matches!(refused, VaultError::OtherMasterKey { sealed_by, .. } if sealed_by == id), "{refused}");
    let stored = beside.vault.find(&FoldedName::of("cid"));
    beside.vault.remove_credential(stored[0].0).unwrap();
    beside.arm();
    let refused = beside.vault.rotate(&keys.both(), &mut |_| panic!("nothing is begun")).unwrap_err();
    assert!(matches!(refused, VaultError::OtherMasterKey { sealed_by, .. } if sealed_by == id), "{refused}");
    assert_eq!(*beside.in_time.lock().unwrap(), [true, true]);
    assert_eq!(used(&beside.vault)[0], (id, true, true, 1), "the former keys stay");
}
