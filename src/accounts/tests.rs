//! What becomes of credential files, by every way in which a command can end.

use std::path::Path;
use std::thread::JoinHandle;

use arc_swap::ArcSwap;
use crmconf_events::StoreId;
use crmconf_events::command::CreateStore;
use crmconf_events::disk::Disk as _;
use crmconf_events::disk::sim::{Call, Failing, SimDisk};
use crmconf_events::event::Actor;
use crmconf_events::log::{AppendOutcome, EventLog as _};
use crmconf_events::state::State;
use crmconf_projections::Projector;

use super::*;
use crate::vault::{FoldedName, MasterKey, MasterKeys};
use crate::writer::tests::scripted::{Read, Scripted, Step};
use crate::writer::{Origin, Pending};

const STORE: StoreId = StoreId::new([8; 16]);

/// A registrar over an empty store, a scripted log and a simulated disk.
struct Bench {
    log: Arc<Scripted>,
    disk: SimDisk,
    registrar: Registrar,
    thread: JoinHandle<()>,
}

fn name(text: &str) -> AccountName {
    AccountName::new(text).unwrap()
}

fn whom(text: &str) -> Whom {
    Whom::Name(FoldedName::of(text))
}

fn asked() -> Asked {
    Asked { context: Context::of(Actor::Operator(1000)), validate_only: false }
}

fn anna() -> NewAccount {
    NewAccount {
        name: name("anna"),
        display_name: None,
        password: Password::chosen("a good password"),
        enabled: true,
        grants: Grants::default(),
    }
}

fn renamed(text: &str) -> AccountChange {
    AccountChange { name: Some(name(text)), ..AccountChange::default() }
}

impl Bench {
    async fn new() -> Self {
        let views = Views::new(ArcSwap::from_pointee(Projector::default().view().clone()));
        let log = Arc::new(Scripted::new(STORE, Arc::clone(&views)));
        let (state, projector) = (State::default(), Projector::default());
        let disk = SimDisk::new();
        let key = MasterKeys::sole(MasterKey::generate().unwrap());
        let vault = Vault::create_on(Arc::new(disk.clone()), Path::new("/vault"), STORE, &key).unwrap();
        let vault = Arc::new(vault);
        let keys = Arc::clone(&vault) as Arc<_>;
        let origin = Origin {
            log: Arc::clone(&log) as Arc<_>,
            state,
            projector,
            views: Arc::clone(&views),
            keys,
            pending: Pending::default(),
        };
        let (writer, thread) = Writer::start(origin, 16).unwrap();
        let command = CreateStore { store: STORE, accounts: Vec::new(), directory: Vec::new() };
        let command = Command::CreateStore(command);
        writer.submit(Request { context: asked().context, validate_only: false, command }).await.unwrap();
        let registrar = Registrar::new(writer, views, vault, PasswordChecker::default());
        Self { log, disk, registrar, thread }
    }

    fn files(&self) -> usize {
        self.disk.list(Path::new("/vault/credentials")).unwrap().len()
    }

    fn is_free(&self, text: &str) -> bool {
        self.registrar.vault.reserve(&name(text), AccountId::new([255; 16])).is_ok()
    }

    async fn stop(self) {
        self.registrar.writer.stop().await;
        self.thread.join().unwrap();
    }
}

#[tokio::test]
async fn what_stands_has_one_file_and_the_one_before_it_is_gone() {
    let bench = Bench::new().await;
    let added = bench.registrar.add(asked(), anna()).await.unwrap().unwrap();
    assert!(added.difference.created);
    assert_eq!((bench.files(), bench.is_free("ANNA")), (1, false));
    let change = AccountChange { password: Some(Password::chosen("another password")), ..renamed("bert") };
    let changed = bench.registrar.change(asked(), &whom("Anna"), &change).await.unwrap().unwrap();
    assert_eq!(changed.account, added.account);
    assert!(changed.difference.renamed && changed.difference.password);
    assert_eq!((bench.files(), bench.is_free("anna"), bench.is_free("bert")), (1, true, false));
    let deleted = bench.registrar.delete(asked(), &whom("bert"), None).await.unwrap().unwrap();
    assert!(deleted.difference.deleted);
    assert_eq!((bench.files(), bench.is_free("bert")), (1, false));
    bench.stop().await;
}

#[tokio::test]
async fn what_was_surely_not_appended_leaves_no_file_and_the_name_is_free() {
    let bench = Bench::new().await;
    bench.registrar.add(asked(), anna()).await.unwrap();
    let refuse = || Step::Say(AppendOutcome::Unavailable { why: "scripted".into() });
    bench.log.script([refuse(), refuse()]);
    let second = NewAccount { name: name("bert"), ..anna() };
    let refused = bench.registrar.add(asked(), second).await.unwrap_err();
    assert!(matches!(refused, AccountError::Write(WriteError::Unavailable(_))), "{refused:?}");
    let refused = bench.registrar.change(asked(), &whom("anna"), &renamed("carl")).await.unwrap_err();
    assert!(matches!(refused, AccountError::Write(WriteError::Unavailable(_))), "{refused:?}");
    assert_eq!((bench.files(), bench.is_free("bert"), bench.is_free("carl")), (1, true, true));
    assert_eq!(bench.registrar.member(&whom("anna")).unwrap().name(), "anna");
    bench.stop().await;
}

#[tokio::test]
async fn of_what_is_not_known_to_stand_both_files_stay_and_the_name_is_held() {
    let bench = Bench::new().await;
    bench.registrar.add(asked(), anna()).await.unwrap();
    // It was appended, but what stands in its place cannot be read.
    let head = bench.log.head();
    bench.log.script([Step::TakeAndSay(AppendOutcome::Conflict { head })]);
    bench.log.script_reads([Read::Fail]);
    let unknown = bench.registrar.change(asked(), &whom("anna"), &renamed("bert")).await.unwrap_err();
    assert!(matches!(unknown, AccountError::Write(WriteError::Unknown(_))), "{unknown:?}");
    assert_eq!((bench.files(), bench.is_free("anna"), bench.is_free("bert")), (2, false, false));
    // The next command finds out that it stands.
    let second = NewAccount { name: name("carl"), ..anna() };
    bench.registrar.add(asked(), second).await.unwrap();
    assert_eq!(bench.registrar.member(&whom("bert")).unwrap().name(), "bert");
    assert!(bench.registrar.member(&whom("anna")).is_none());
    bench.stop().await;
}

#[tokio::test]
async fn an_erasure_whose_outcome_was_not_known_is_finished_by_its_repetition() {
    let bench = Bench::new().await;
    let added = bench.registrar.add(asked(), anna()).await.unwrap().unwrap();
    let head = bench.log.head();
    bench.log.script([Step::TakeAndSay(AppendOutcome::Conflict { head })]);
    bench.log.script_reads([Read::Fail]);
    let account = bench.registrar.erasable(&whom("anna"));
    assert_eq!(account, Some(added.account));
    let unknown = bench.registrar.erase(asked(), account, None).await.unwrap_err();
    assert!(matches!(unknown, AccountError::Write(WriteError::Unknown(_))), "{unknown:?}");
    assert_eq!((bench.files(), bench.is_free("anna")), (1, false));
    // The next command finds out that it stands.
    bench.registrar.add(asked(), NewAccount { name: name("carl"), ..anna() }).await.unwrap();
    let again = bench.registrar.erasable(&whom("anna"));
    assert_eq!(again, account);
    let dry = Asked { validate_only: true, ..asked() };
    for (asked, files) in [(dry, 2), (asked(), 1), (asked(), 1)] {
        assert_no_such_account(&bench, asked, again).await;
        assert_eq!((bench.files(), bench.is_free("anna")), (files, files == 1));
    }
    bench.stop().await;
}

#[tokio::test]
async fn an_erasure_is_not_answered_as_no_such_account_while_the_key_of_that_account_stands() {
    let bench = Bench::new().await;
    let account = Some(bench.registrar.add(asked(), anna()).await.unwrap().unwrap().account);
    bench.disk.set_full(true);
    for what in ["the first time", "asked for again"] {
        let told = bench.registrar.erase(asked(), account, None).await.unwrap_err();
        assert!(matches!(told, AccountError::Write(WriteError::NotDestroyed(_))), "{what}: {told:?}");
    }
    bench.disk.set_full(false);
    let dry = Asked { validate_only: true, ..asked() };
    for asked in [asked(), dry] {
        assert_no_such_account(&bench, asked, account).await;
    }
    assert_eq!((bench.files(), bench.is_free("anna")), (0, true));
    bench.stop().await;
}

#[tokio::test]
async fn a_file_that_an_erasure_has_left_behind_is_removed_by_its_repetition() {
    let mut last_write = None;
    for deleted in [None, Some(false), Some(true)] {
        let bench = Bench::new().await;
        let account = Some(bench.registrar.add(asked(), anna()).await.unwrap().unwrap().account);
        if deleted == Some(true) {
            bench.registrar.delete(asked(), &whom("anna"), None).await.unwrap();
        }
        let writes = || bench.disk.calls().iter().filter(|call| matches!(call, Call::Write { .. })).count();
        let before = writes();
        if let Some(last_write) = last_write {
            bench.disk.fail(Failing::Write, last_write);
            let told = bench.registrar.erase(asked(), account, None).await.unwrap_err();
            let AccountError::Write(WriteError::NotDestroyed(why)) = told else { panic!("{told:?}") };
            assert!(why.contains("credentials"), "{why}");
            assert_eq!(bench.files(), 1);
            assert_no_such_account(&bench, asked(), account).await;
        } else {
            bench.registrar.erase(asked(), account, None).await.unwrap();
            last_write = Some(writes() - before - 1);
        }
        assert_eq!(bench.files(), 0, "{deleted:?}");
        bench.stop().await;
    }
}

#[tokio::test]
async fn the_file_of_an_account_that_may_just_be_added_is_not_taken_from_it_by_an_erasure() {
    let bench = Bench::new().await;
    let account = Some(AccountId::new([9; 16]));
    // As while it is being added: a file, and no event yet.
    let password = Password::chosen("a good password").unwrap();
    bench.registrar.first_credential(AccountId::new([9; 16]), name("anna"), None, password).await.unwrap();
    assert_eq!((bench.files(), bench.is_free("anna")), (1, false));
    assert_eq!(bench.registrar.erasable(&whom("anna")), account);
    assert_no_such_account(&bench, asked(), account).await;
    assert_eq!((bench.files(), bench.is_free("anna")), (1, false));
    bench.stop().await;
}

async fn assert_no_such_account(bench: &Bench, asked: Asked, account: Option<AccountId>) {
    let gone = bench.registrar.erase(asked, account, None).await.unwrap_err();
    assert!(matches!(gone, AccountError::Write(WriteError::Rejected(Rejection::NoSuchAccount))), "{gone:?}");
}

#[tokio::test]
async fn a_dry_run_stores_nothing_and_reserves_nothing() {
    let bench = Bench::new().await;
    let dry = || Asked { validate_only: true, ..asked() };
    assert_eq!(bench.registrar.add(dry(), anna()).await.unwrap(), None);
    assert_eq!((bench.files(), bench.is_free("anna")), (0, true));
    bench.registrar.add(asked(), anna()).await.unwrap();
    let change = AccountChange { password: Some(Password::chosen("another password")), ..renamed("bert") };
    assert_eq!(bench.registrar.change(dry(), &whom("anna"), &change).await.unwrap(), None);
    assert_eq!((bench.files(), bench.is_free("bert")), (1, true));
    assert_eq!(
        bench.registrar.change(asked(), &whom("anna"), &renamed("anna")).await.unwrap().unwrap().version,
        bench.registrar.member(&whom("anna")).unwrap().account.version
    );
    bench.stop().await;
}
