//! Every refusal of a start stands in the table of RELIABILITY.md, in the words that the operator reads.

use std::io;
use std::path::PathBuf;

use crmconf_events::Sequence;
use crmconf_events::commit::CommitFault;
use crmconf_events::event::DecodeError;
use crmconf_events::log::{Fault, FaultKind, LogError, OpenError};
use crmconf_projections::OutOfStep;

use super::StoreError;
use crate::security_log::SecurityLogError;
use crate::server::ServerError;
use crate::tls::TlsError;
use crate::vault::{MasterKey, MasterKeyError, VaultError};

const PAGE: &str = include_str!("../../RELIABILITY.md");

fn path() -> PathBuf {
    "/data/x".into()
}

fn refused() -> io::Error {
    io::ErrorKind::PermissionDenied.into()
}

/// The messages that the table shows; an ellipsis stands for anything.
fn documented() -> Vec<Vec<&'static str>> {
    let (_, rest) = PAGE.split_once("## Refusals").unwrap();
    let (table, _) = rest.split_once("\n## ").unwrap();
    let cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    // Behind the messages a cell may say which command gives them.
    let messages = cells.map(|cell| cell.split("` (").next().unwrap().trim_end_matches('`'));
    messages.flat_map(|cell| cell.split("`, `")).map(|message| message.split('…').collect()).collect()
}

/// Whether the parts stand in the message in their order, the first at its beginning.
fn fits(message: &str, parts: &[&str]) -> bool {
    let mut rest = message;
    parts.iter().enumerate().all(|(index, part)| match rest.split_once(part) {
        Some((before, behind)) => {
            rest = behind;
            index > 0 || before.is_empty()
        }
        None => false,
    })
}

fn fault(kind: CommitFault) -> OpenError {
    let file = "/data/journal/00000001.crmj".into();
    Fault { file, offset: 0, commit: 1, sequence: Sequence::FIRST, kind: FaultKind::Commit(kind) }.into()
}

/// One of each kind.
fn refusals() -> Vec<StoreError> {
    let (what, why) = ("opening the lock in /data failed".to_owned(), "why".to_owned());
    let [sequence, later] = [Sequence::FIRST, Sequence::FIRST.next()];
    let log = [
        OpenError::InUse { lock: path() },
        OpenError::NoStore { folder: path() },
        OpenError::Exists { folder: path() },
        fault(CommitFault::Hash),
        fault(CommitFault::Format(2)),
        OpenError::JournalBehind { witness: "sled".to_owned(), known: 2, end: why.clone() },
        OpenError::TwoHistories { witness: "sled".to_owned(), commit: 2, place: why.clone() },
        OpenError::HeadFile { file: "/data/journal/head".into() },
        OpenError::Store(why.clone()),
        OpenError::Io { what, error: refused() },
    ];
    let read = [
        LogError::Backend(why.clone()),
        LogError::Broken { place: why.clone(), fault: CommitFault::Root },
        LogError::Missing(sequence),
    ];
    let events = [
        DecodeError::Newer { tag: why.clone(), schema: 2 },
        DecodeError::Stream { tag: why.clone(), stream: why.clone() },
        DecodeError::Malformed { line: 1, column: 1 },
    ];
    let steps = [
        OutOfStep::Gap { expected: sequence, found: later },
        OutOfStep::Duplicate { expected: later, found: sequence },
        OutOfStep::AheadOfLog { at: later, head: Some(sequence) },
    ];
    let own = [
        StoreError::Absent(path()),
        StoreError::Present(path()),
        StoreError::Foreign { path: path() },
        StoreError::JournalLost { vault: path(), journal: path() },
        StoreError::Folder { doing: "read", path: path(), cause: refused() },
        StoreError::Folder { doing: "create", path: path(), cause: refused() },
        StoreError::NotFounded(why),
    ];
    let mut all = Vec::from(own);
    all.extend(log.map(StoreError::from));
    all.extend(read.map(StoreError::from));
    all.extend(events.map(|cause| StoreError::Event { sequence: 7, cause }));
    all.extend(steps.map(StoreError::from));
    all.extend(keys().map(StoreError::from));
    all.extend(vaults().map(StoreError::from));
    all
}

fn keys() -> [MasterKeyError; 10] {
    [
        MasterKeyError::Read { path: path(), source: refused() },
        MasterKeyError::Write { path: path(), source: refused() },
        MasterKeyError::NotAFile { path: path() },
        MasterKeyError::OpenToOthers { path: path(), mode: 0o644 },
        MasterKeyError::NoVariable { name: "KEY".to_owned() },
        MasterKeyError::CommandNotRun { program: "kms".to_owned(), source: refused() },
        MasterKeyError::CommandLate { program: "kms".to_owned(), seconds: 30 },
        MasterKeyError::CommandFailed {
            program: "kms".to_owned(),
            how: "exit status 1".to_owned(),
            said: "it said: no".to_owned(),
        },
        MasterKeyError::Malformed { place: "KEY".to_owned() },
        MasterKeyError::Random(getrandom::Error::UNSUPPORTED),
    ]
}

fn vaults() -> [VaultError; 10] {
    let [sealed_by, given] = [(); 2].map(|()| MasterKey::generate().unwrap().id());
    [
        VaultError::Io { path: path(), doing: "read", source: refused() },
        VaultError::NotFound { path: path() },
        VaultError::AlreadyThere { path: path() },
        VaultError::OtherStore { path: path() },
        VaultError::OtherMasterKey { path: path(), sealed_by, given: vec![given] },
        VaultError::NewerFormat { path: path(), format: 2 },
        VaultError::Damaged { path: path() },
        VaultError::CopiesContradict { a: path(), b: path() },
        VaultError::NotSealed { path: path() },
        VaultError::Random(getrandom::Error::UNSUPPORTED),
    ]
}

/// A new variant stops the build here, and then belongs above and in the table.
fn is_above(error: &StoreError) {
    match error {
        StoreError::Absent(_)
        | StoreError::Present(_)
        | StoreError::Foreign { .. }
        | StoreError::JournalLost { .. }
        | StoreError::Folder { .. }
        | StoreError::NotFounded(_) => {}
        StoreError::Log(error) => match error {
            OpenError::InUse { .. }
            | OpenError::NoStore { .. }
            | OpenError::Exists { .. }
            | OpenError::Damaged(_)
            | OpenError::Newer(_)
            | OpenError::JournalBehind { .. }
            | OpenError::TwoHistories { .. }
            | OpenError::HeadFile { .. }
            | OpenError::Store(_)
            | OpenError::Io { .. } => {}
        },
        StoreError::Read(error) => match error {
            LogError::Backend(_) | LogError::Broken { .. } | LogError::Missing(_) => {}
            // No start reads a log that it has closed.
            LogError::Closed => {}
        },
        StoreError::Event { cause, .. } => match cause {
            DecodeError::Newer { .. } | DecodeError::Stream { .. } | DecodeError::Malformed { .. } => {}
        },
        StoreError::OutOfStep(error) => match error {
            OutOfStep::Gap { .. } | OutOfStep::Duplicate { .. } | OutOfStep::AheadOfLog { .. } => {}
        },
        StoreError::MasterKey(error) => match error {
            MasterKeyError::Read { .. }
            | MasterKeyError::Write { .. }
            | MasterKeyError::NotAFile { .. }
            | MasterKeyError::OpenToOthers { .. }
            | MasterKeyError::NoVariable { .. }
            | MasterKeyError::CommandNotRun { .. }
            | MasterKeyError::CommandLate { .. }
            | MasterKeyError::CommandFailed { .. }
            | MasterKeyError::Malformed { .. }
            | MasterKeyError::Random(_) => {}
        },
        StoreError::Vault(error) => match error {
            VaultError::Io { .. }
            | VaultError::NotFound { .. }
            | VaultError::AlreadyThere { .. }
            | VaultError::OtherStore { .. }
            | VaultError::OtherMasterKey { .. }
            | VaultError::NewerFormat { .. }
            | VaultError::Damaged { .. }
            | VaultError::CopiesContradict { .. }
            | VaultError::NotSealed { .. }
            | VaultError::Random(_) => {}
        },
    }
}

/// One of each. A further kind does not compile until it stands here.
fn tls_refusals() -> [TlsError; 11] {
    let (what, max) = ("the key file of TLS (tls_key)", 1 << 16);
    let all = [
        TlsError::Read { what, path: path(), source: refused() },
        TlsError::NotAFile { what, path: path() },
        TlsError::TooLarge { what, path: path(), max },
        TlsError::OpenToOthers { path: path(), mode: 0o644 },
        TlsError::NotPem { what, path: path() },
        TlsError::NoCertificate { path: path() },
        TlsError::Certificate { path: path(), nth: 1, cause: "because".to_owned() },
        TlsError::NoKey { path: path() },
        TlsError::KeyEncrypted { path: path() },
        TlsError::Key { path: path() },
        TlsError::Mismatch { certificate: path(), key: path() },
    ];
    for error in &all {
        match error {
            TlsError::Read { .. }
            | TlsError::NotAFile { .. }
            | TlsError::TooLarge { .. }
            | TlsError::OpenToOthers { .. }
            | TlsError::NotPem { .. }
            | TlsError::NoCertificate { .. }
            | TlsError::Certificate { .. }
            | TlsError::NoKey { .. }
            | TlsError::KeyEncrypted { .. }
            | TlsError::Key { .. }
            | TlsError::Mismatch { .. }
            | TlsError::Library(_) => {}
        }
    }
    all
}

#[test]
fn every_refusal_of_a_start_stands_in_the_table() {
    let documented = documented();
    assert!(documented.len() > 30, "{documented:?}");
    let address = "127.0.0.1:1".parse().unwrap();
    let refusals = refusals();
    refusals.iter().for_each(is_above);
    let mut messages: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    messages.push(ServerError::Listen { address, cause: refused() }.to_string());
    messages.push(ServerError::System(refused()).to_string());
    let sled = OpenError::Io {
        what: "sled in /data cannot be opened or filled and was left as it is".to_owned(),
        error: refused(),
    };
    messages.push(sled.to_string());
    let security_logs = [
        SecurityLogError::Refused { doing: "opened", path: path(), cause: refused() },
        SecurityLogError::Foreign { path: path(), what: "it holds something else" },
    ];
    messages.extend(security_logs.map(|error| ServerError::from(error).to_string()));
    messages.push(TlsError::from(rustls::Error::DecryptError).to_string());
    messages.extend(tls_refusals().map(|error| ServerError::from(error).to_string()));
    for message in &messages {
        assert!(documented.iter().any(|parts| fits(message, parts)), "not in the table: {message}");
    }
    for parts in &documented {
        assert!(messages.iter().any(|message| fits(message, parts)), "nothing says this: {parts:?}");
    }
}
