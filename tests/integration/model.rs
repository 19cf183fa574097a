//! Random sequences of commands through the service, as XML, answered exactly as a naive model of the API's page does.
//!
//! `CRMCONF_TEST_SEED` takes another seed than the fixed one, `CRMCONF_TEST_SEQUENCES` another number of sequences. The
//! long run:
//!
//! ```text
//! CRMCONF_TEST_SEQUENCES=10000 cargo test --test integration model:: -- --nocapture
//! ```

mod command;
mod form;
mod naive;
mod pool;
mod show;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use crmconf_events::Sequence;
use crmconf_events::access::Grant;
use crmconf_events::log::{EventLog, LocalLog, LocalOptions, MemoryLog};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

use self::command::{Command, Operation, Sent, command};
use self::naive::{Expected, Naive};
use self::pool::{ACCOUNTS, DIRECTORY, NO_DEVICE, PASSWORDS, Place};
use crate::harness::{Reply, seed_or, wait_until_unlocked};
use crate::inprocess::{InProcess, STORE, directory, fold, found, grant, scope};

/// The seed unless the environment names another.
const SEED: u64 = 1_592_590_345;
/// How many sequences unless the environment names another number: what CI runs.
const SEQUENCES: u32 = 2_000;
/// The longest sequence.
const COMMANDS_MAX: usize = 40;
/// So many runners share the sequences, each from a seed of its own, so that the same are run on any machine.
const RUNNERS: u32 = 4;
/// Each sequence whose number this divides runs on a journal and sled in a folder; the others on a log in memory.
const ON_DISK_EVERY: u32 = 50;

/// How often each operation was answered with each code, over all sequences.
type Seen = Mutex<BTreeMap<(&'static str, u32), u64>>;

/// How many sequences to run.
fn sequences() -> u32 {
    match std::env::var("CRMCONF_TEST_SEQUENCES") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("CRMCONF_TEST_SEQUENCES is no number: {text}")),
        Err(_) => SEQUENCES,
    }
}

#[test]
fn random_sequences_are_answered_as_the_naive_model_answers_them() {
    let (seed, sequences) = (seed_or(SEED), sequences());
    let (seen, start) = (Seen::default(), Instant::now());
    let failures: Vec<String> = std::thread::scope(|threads| {
        let run = |part| (sequences / RUNNERS + u32::from(part < sequences % RUNNERS), part);
        let runs: Vec<_> = (0..RUNNERS)
            .map(run)
            .map(|(count, part)| {
                let seen = &seen;
                threads.spawn(move || run_sequences(seed, part, count, seen))
            })
            .collect();
        runs.into_iter().filter_map(|run| run.join().unwrap().err()).collect()
    });
    assert!(failures.is_empty(), "with CRMCONF_TEST_SEED={seed}:\n{}", failures.join("\n"));
    let seen = seen.into_inner().unwrap();
    let requests: u64 =
        seen.iter().filter(|((name, _), _)| name.starts_with("CRM")).map(|(_, count)| count).sum();
    println!("{sequences} sequences, {requests} requests, {:.1} s: {seen:?}", start.elapsed().as_secs_f64());
    // Fewer sequences may leave a code out.
    if sequences >= SEQUENCES {
        assert_nothing_was_left_out(&seen);
    }
}

/// A run that never met a code proves nothing about it.
fn assert_nothing_was_left_out(seen: &BTreeMap<(&'static str, u32), u64>) {
    let of = |operation: Operation, codes: &[u32]| {
        for code in codes {
            assert!(
                seen.contains_key(&(operation.name(), *code)),
                "no {operation:?} was answered with {code}"
            );
        }
    };
    let everywhere = [0, 10108, 10511, 10512, 10701, 11012, 11013, 11131, 11161];
    let write = [10107, 10515, 10700, 31101];
    for operation in [Operation::Add, Operation::Change, Operation::Delete, Operation::Info, Operation::List]
    {
        of(operation, &everywhere);
    }
    of(Operation::Add, &write);
    of(Operation::Add, &[31000, 31004, 31005, 31006, 31007]);
    of(Operation::Change, &write);
    of(Operation::Change, &[31000, 31002, 31003, 31006, 31007, 31100]);
    of(Operation::Delete, &write);
    of(Operation::Delete, &[31002, 31003, 31100]);
    of(Operation::Info, &[10107, 31002, 31003]);
    assert!(seen.contains_key(&("replays", 0)), "no request was recognised as a repetition");
    assert!(seen.contains_key(&("passwords answered", 0)), "no answer had a password");
}

/// One runner's share; what failed, shrunk, as text.
fn run_sequences(seed: u64, part: u32, count: u32, seen: &Seen) -> Result<(), String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    bytes[8..12].copy_from_slice(&part.to_be_bytes());
    let config =
        Config { cases: count, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let system = actix_web::rt::System::new();
    let ran = Cell::new(0_u32);
    let sequence = prop::collection::vec(command(), 1..COMMANDS_MAX);
    let outcome = runner.run(&sequence, |commands| {
        ran.set(ran.get() + 1);
        let on_disk = (ran.get() + part).is_multiple_of(ON_DISK_EVERY);
        system.block_on(if on_disk { Either::Disk(commands) } else { Either::Memory(commands) }.run(seen))
    });
    outcome.map_err(|error| format!("runner {part}: {error}"))
}

/// Where a sequence runs.
enum Either {
    Memory(Vec<Command>),
    Disk(Vec<Command>),
}

impl Either {
    async fn run(self, seen: &Seen) -> Result<(), TestCaseError> {
        match self {
            Self::Memory(commands) => in_memory(commands, seen).await,
            Self::Disk(commands) => on_disk(commands, seen).await,
        }
    }
}

fn set_up(log: &dyn EventLog) {
    let at = |Place { telsys, partition, device }: Place| {
        let id = |id: i32| u32::try_from(id).unwrap_or(0);
        scope(id(telsys), id(partition), if device == NO_DEVICE { "" } else { device })
    };
    let grants = |grants: &&[_]| grants.iter().map(|&(role, place)| grant(role, at(place))).collect();
    let accounts: Vec<Vec<Grant>> = ACCOUNTS.iter().map(grants).collect();
    found(log, &accounts, directory(&DIRECTORY));
}

/// Serves a log, with two sessions of each account: its place, and that after all places.
async fn served(log: Arc<dyn EventLog>) -> InProcess {
    let mut service = InProcess::start(log, ACCOUNTS.len()).await;
    for account in 0..ACCOUNTS.len() {
        service.sign_in_again(account);
    }
    service
}

async fn in_memory(commands: Vec<Command>, seen: &Seen) -> Result<(), TestCaseError> {
    let log = Arc::new(MemoryLog::new(STORE));
    set_up(&*log);
    let service = served(log).await;
    compare(&service, commands, seen).await?;
    prop_assert_eq!(fold(&*service.log).1.view().to_string(), service.dump(), "replaying the log");
    service.stop().await;
    Ok(())
}

async fn on_disk(commands: Vec<Command>, seen: &Seen) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let log = Arc::new(LocalLog::create(folder.path(), STORE, LocalOptions::default()).unwrap());
    set_up(&*log);
    let service = served(Arc::clone(&log) as Arc<dyn EventLog>).await;
    compare(&service, commands, seen).await?;
    let (dump, head, commits) = (service.dump(), log.head(), commits(&*log));
    prop_assert_eq!(&fold(&*log).1.view().to_string(), &dump, "replaying the log");
    drop(service.stop().await);
    log.close();
    drop(log);
    wait_until_unlocked(folder.path());

    std::fs::remove_dir_all(folder.path().join("sled")).unwrap();
    let (rebuilt, _) = LocalLog::open(folder.path(), LocalOptions::default(), &mut |_| {}).unwrap();
    prop_assert_eq!(rebuilt.head(), head, "rebuilt from the journal alone");
    prop_assert_eq!(self::commits(&rebuilt), commits, "rebuilt from the journal alone");
    prop_assert_eq!(&fold(&rebuilt).1.view().to_string(), &dump, "rebuilt from the journal alone");
    Ok(())
}

/// The exact bytes of every commit.
fn commits(log: &dyn EventLog) -> Vec<Arc<[u8]>> {
    log.read(Sequence::FIRST).map(|commit| Arc::clone(commit.unwrap().bytes())).collect()
}

/// Sends the commands to both, and compares what they answer.
async fn compare(service: &InProcess, commands: Vec<Command>, seen: &Seen) -> Result<(), TestCaseError> {
    let founded = service.log.head().last.unwrap().get();
    let mut naive = Naive::new(founded);
    let mut history: Vec<Sent> = Vec::new();
    for command in commands {
        let earlier = command.again.and_then(|back| history.iter().rev().nth(back)).cloned();
        let sent = earlier.unwrap_or_else(|| naive.resolve(command));
        history.push(sent.clone());
        let operation = sent.command.operation.name();
        // By turns from either session of the account: what stands for a password is sealed under that one's key.
        let session = sent.command.account + ACCOUNTS.len() * (history.len() % 2);
        let seal = |text: String| {
            let sealed = |text: String, (stands, plain): &(&str, &str)| {
                text.replace(stands, &service.seal(session, "Password", plain))
            };
            PASSWORDS.iter().filter(|(stands, _)| text.contains(stands)).fold(text.clone(), sealed)
        };
        let reply = service.call(session, operation, &seal(sent.payload())).await;
        let fresh = reply.headers.get("x-crmconfigurationid").cloned();
        let expected = match naive.answer(&sent, fresh.as_deref()) {
            Expected::Success { body, added } => Expected::Success { body: seal(body), added },
            Expected::Fail(code) => Expected::Fail(code),
        };
        if matches!(&expected, Expected::Success { body, .. } if body.contains("enc:v1:")) {
            *seen.lock().unwrap().entry(("passwords answered", 0)).or_default() += 1;
        }
        let code = compare_answer(&sent, &reply, expected)?;
        *seen.lock().unwrap().entry((operation, code)).or_default() += 1;
        let last = service.app.views.load().last.unwrap().get();
        prop_assert_eq!(last, naive.sequence, "the log's last event after {:?}", sent);
    }
    if naive.replays > 0 {
        *seen.lock().unwrap().entry(("replays", 0)).or_default() += naive.replays as u64;
    }
    Ok(())
}

/// Compares one answer, and returns its code.
fn compare_answer(sent: &Sent, reply: &Reply, expected: Expected) -> Result<u32, TestCaseError> {
    prop_assert_eq!(reply.status, 200, "{}", &reply.body);
    let code = reply.code();
    match expected {
        Expected::Fail(expected) => {
            prop_assert_eq!(code, expected, "{:?}\n{}\n{}", sent, sent.payload(), &reply.body);
            let start = "<Response Result=\"Fail\"><InvokeID>7</InvokeID><Fail><Property Name=\"ErrorCode\">";
            prop_assert!(reply.body.starts_with(start), "{}", &reply.body);
            if code == 31003 {
                let message = reply.property("ErrorMessage").unwrap();
                prop_assert_eq!(message, "There is no such CRM Configuration in that scope.");
            }
        }
        Expected::Success { body, added } => {
            prop_assert_eq!(unescape(&reply.body), body, "{:?}\n{}", sent, sent.payload());
            prop_assert_eq!(reply.headers.get("x-crmconfigurationid"), added.as_ref(), "{:?}", sent);
        }
    }
    Ok(code)
}

fn unescape(body: &str) -> String {
    body.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
