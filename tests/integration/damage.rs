//! Damage between runs: sled is put right in silence towards clients and aloud in the log; the journal, which is the
//! truth, is never guessed at; keys and vault are asked for by name.

mod filled;
mod full;
mod lost;
mod tail;

use std::fs;
use std::path::{Path, PathBuf};

use crmconf_events::Timestamp;
use crmconf_events::commit::{COMMIT_PREFIX_BYTES, CommitBuilder};
use crmconf_events::log::{AppendOutcome, EventLog as _, JournalReader, LocalLog, LocalOptions};

use crate::harness::{Dice, Store, contents, copy_folder, property, run, text, wait_until_unlocked};
use filled::{ADDS, Filled};

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).unwrap();
    change(&mut bytes);
    fs::write(path, bytes).unwrap();
}

fn flip(path: &Path, at: u64) {
    change(path, |bytes| bytes[usize::try_from(at).unwrap()] ^= 0x10);
}

/// The files that sled keeps in its folder.
fn sled_files(data: &Path) -> Vec<PathBuf> {
    contents(&data.join("sled")).into_iter().map(|(path, ..)| data.join("sled").join(path)).collect()
}

/// `verify --sled` foretells what the start then does and logs.
fn verified_then_back(how: &str, damage: impl Fn(&Path)) {
    let filled = Filled::new();
    damage(&filled.data);
    let told = filled.command(&["verify", "--sled"]);
    let log = filled.comes_back(how);
    let says = |words: &str| log.contains(words);
    match told.code {
        0 if told.out.contains("sled holds the same") => {
            assert!(!says("sled lacked") && !says("rebuilt from the journal"), "{how}: {log}");
        }
        0 => {
            assert!(told.out.contains("sled ends at commit"), "{how}: {told:?}");
            assert!(says("they were inserted from the journal"), "{how}: {log}");
        }
        1 => {
            assert!(told.out.contains("sled is of no use, the next start rebuilds it"), "{how}: {told:?}");
            assert!(says("rebuilt from the journal with"), "{how}: {log}");
        }
        other => panic!("{how}: exit status {other}: {told:?}"),
    }
}

#[test]
fn a_deleted_or_emptied_sled_is_filled_again() {
    for how in ["deleted", "emptied"] {
        let filled = Filled::new();
        let sled = filled.data.join("sled");
        fs::remove_dir_all(&sled).unwrap();
        if how == "emptied" {
            fs::create_dir(&sled).unwrap();
        }
        let told = filled.command(&["verify", "--sled"]).expect(0).out;
        assert!(told.contains("sled ends at commit 0; the next start inserts the rest"), "{told}");
        let log = filled.comes_back(how);
        assert!(log.contains("commits: they were inserted from the journal"), "{log}");
    }
}

#[test]
fn whatever_file_of_sled_is_truncated_everything_comes_back() {
    let files = sled_files(&Filled::new().data).len();
    for file in 0..files {
        for keep in [0, 1, 2] {
            verified_then_back(&format!("sled's file {file}, {keep} halves kept less one byte"), |data| {
                change(&sled_files(data)[file], |bytes| {
                    bytes.truncate((bytes.len() * keep / 2).saturating_sub(1));
                });
            });
        }
    }
}

#[test]
fn wherever_sled_is_flipped_everything_comes_back() {
    let mut dice = Dice::seeded();
    let filled = Filled::new();
    let sizes = sled_files(&filled.data);
    let sizes: Vec<_> = sizes.iter().map(|path| fs::read(path).unwrap().len() as u64).collect();
    for (file, size) in sizes.into_iter().enumerate().filter(|(_, size)| *size > 0) {
        let mut places = vec![0, size / 2, size - 1];
        places.extend((0..4).map(|_| dice.below(size)));
        for at in places {
            verified_then_back(&format!("sled's file {file}, byte {at} flipped"), |data| {
                flip(&sled_files(data)[file], at);
            });
        }
    }
}

#[test]
fn a_start_that_died_within_sled_is_followed_by_a_rebuild() {
    let filled = Filled::new();
    fs::write(filled.data.join("sled.opening"), "").unwrap();
    let told = filled.command(&["verify", "--sled"]).expect(1);
    assert!(told.out.contains("a start ended while opening it"), "{told:?}");
    let log = filled.comes_back("marker");
    assert!(log.contains("rebuilt from the journal with") && log.contains("sled.aside"), "{log}");
    assert_eq!(log.matches("rebuilt from the journal").count(), 1, "said once: {log}");
}

#[test]
fn an_altered_journal_is_refused_and_verify_names_the_same_place() {
    let places = places(&Filled::new().data);
    let first = "00000001.crmj";
    // The first commit, one in the middle, and the last: in the header, in the hash, in the events.
    for (index, into) in
        [(0, 10), (2, 6), (2, 130), (3, 5_000), (places.len() - 1, 20), (places.len() - 1, 9_000)]
    {
        let (file, offset, number) = places[index].clone();
        let filled = Filled::new();
        flip(&filled.journal(&file), offset + into);
        let place = format!("{file}, byte {offset}, where commit {number} with sequence");
        filled.refuses(&["the journal is damaged", &place, "Put this file back from a copy"]);
        filled.command(&["verify"]).expect(1).says(&[&place]);
        filled.command(&["replay"]).expect(1).says(&[&place]);
    }
    let (_, offset, number) = places[3].clone();
    let place = format!("{first}, byte {offset}, where commit {number}");
    let filled = Filled::new();
    change(&filled.journal(first), |bytes| bytes.truncate(usize::try_from(offset).unwrap() + 1_000));
    filled.refuses(&["the file ends within the commit", &place]);
    filled.command(&["verify"]).expect(1).says(&[&place]);
}

/// File, offset and number of each commit.
fn places(data: &Path) -> Vec<(String, u64, u64)> {
    let mut places: Vec<(String, u64, u64)> = Vec::new();
    let (mut file, mut at) = (1, 0_usize);
    let mut bytes = fs::read(data.join("journal/00000001.crmj")).unwrap();
    for commit in JournalReader::open(data).unwrap() {
        let commit = commit.unwrap();
        if !bytes[at..].starts_with(commit.bytes()) {
            (file, at) = (file + 1, 0);
            bytes = fs::read(data.join(format!("journal/{file:08}.crmj"))).unwrap();
        }
        places.push((format!("{file:08}.crmj"), at as u64, commit.number()));
        at += commit.bytes().len();
    }
    assert!(places.len() > ADDS && file == 2, "{places:?}");
    places
}

#[test]
fn a_missing_or_misplaced_file_of_the_journal_is_refused_by_name() {
    let (first, second) = ("00000001.crmj", "00000002.crmj");
    let filled = Filled::new();
    fs::remove_file(filled.journal(first)).unwrap();
    filled.refuses(&[first, "byte 0", "the file is missing, although later ones are there"]);
    filled.command(&["verify"]).expect(1).says(&[first, "the file is missing"]);

    let filled = Filled::new();
    let end = places(&filled.data).iter().filter(|(file, ..)| file == first).count();
    fs::remove_file(filled.journal(second)).unwrap();
    let lost = format!("the journal ends before it, with commit {end}");
    filled.refuses(&["journal/head knows commit", &lost, first, "Put its files back"]);
    for command in ["verify", "replay"] {
        filled.command(&[command]).expect(1).says(&["journal/head knows commit", first]);
    }

    let filled = Filled::new();
    let aside = filled.journal("aside");
    fs::rename(filled.journal(first), &aside).unwrap();
    fs::rename(filled.journal(second), filled.journal(first)).unwrap();
    fs::rename(&aside, filled.journal(second)).unwrap();
    filled.refuses(&[first, "byte 0", "where commit 1 with sequence 1 should stand"]);
    filled.command(&["verify"]).expect(1).says(&[first, "byte 0"]);
}

/// Appends a commit of one event to the store in a data folder; the event's bytes are made from a whole one's.
fn append(data: &Path, make: impl FnOnce(Vec<u8>) -> Vec<u8>) -> usize {
    let (log, _) = LocalLog::open(data, LocalOptions::default(), &mut |_| {}).unwrap();
    let last = log.read_commit(log.head().last.unwrap()).unwrap().unwrap();
    let (_, bytes) = last.numbered().last().unwrap();
    let mut builder = CommitBuilder::new(log.store(), log.head(), Timestamp::default());
    builder.try_push(make(bytes.to_vec()).into()).unwrap();
    let commit = builder.seal().unwrap();
    let bytes = commit.bytes().len();
    assert_eq!(log.append(commit), AppendOutcome::Appended);
    log.close();
    drop(log);
    wait_until_unlocked(data);
    bytes
}

#[test]
fn a_torn_tail_is_cleared_and_said_so() {
    let (filled, donor) = (Filled::new(), Filled::new());
    let bytes = append(&donor.data, |whole| whole);
    assert!(bytes > COMMIT_PREFIX_BYTES + 2_048);
    let file = filled.journal("00000002.crmj");
    let end = fs::read(&file).unwrap().iter().rposition(|byte| *byte != 0).unwrap() + 1;
    let donated = fs::read(donor.journal("00000002.crmj")).unwrap();
    // What was written when the power went: all up to a sector in its middle.
    let cut = (end + bytes / 2).next_multiple_of(512);
    change(&file, |whole| whole[end..cut].copy_from_slice(&donated[end..cut]));

    let place = format!("00000002.crmj, byte {end}, where commit");
    for (words, foretold) in [
        (&["verify"][..], "the next start clears it away unless sled knows it (--sled tells): "),
        (&["verify", "--sled"], "never acknowledged, cleared away by the next start: "),
    ] {
        let told = filled.command(words).expect(0).out;
        assert!(told.contains(foretold) && told.contains(&place), "{told}");
    }
    filled.command(&["replay"]).expect(0);
    let log = filled.comes_back("torn");
    let cleared = format!("00000002.crmj ended at byte {end} with {} bytes of commit", cut - end);
    assert!(
        log.contains(&cleared) && log.contains("which was never acknowledged: they were zeroed"),
        "{log}"
    );
    assert!(!filled.command(&["verify"]).expect(0).out.contains("half written"));
}

#[test]
fn an_event_of_an_unknown_kind_stops_the_start_as_one_of_a_newer_version() {
    let filled = Filled::new();
    append(&filled.data, |_| {
        let text = r#"{"tag":"configuration.teleported","schema":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA","#
            .to_owned()
            + r#""stream":"store","actor":"system","origin":1,"body":{}}"#;
        text.into_bytes()
    });
    let newer = ["configuration.teleported", "written by a newer version of crmconf; upgrade this program"];
    filled.refuses(&newer);
    filled.command(&["replay"]).expect(1).says(&newer);
    // The chain is whole all the same: a newer version's journal can be checked by an older one.
    filled.command(&["verify"]).expect(0);
}

fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn a_missing_wrong_or_open_master_key_is_refused_with_what_to_do() {
    use std::os::unix::fs::PermissionsExt as _;
    let store = Store::init();
    let key = store.key_file();
    let whole = fs::read_to_string(&key).unwrap();
    let name = text(&key).to_owned();

    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    store.refused(&[]).expect(1).says(&[&name, "open to others (mode 0644)", "chmod 600"]);
    write_private(&key, &"ab".repeat(32));
    store.refused(&[]).expect(1).says(&["was sealed under the master key", "give the right one"]);
    write_private(&key, "correct horse battery staple");
    store.refused(&[]).expect(1).says(&[&name, "does not hold a master key", "openssl rand -hex 32"]);
    fs::remove_file(&key).unwrap();
    store.refused(&[]).expect(1).says(&[&name, "cannot be read", "No such file"]);
    store.refused(&["--master-key-env", "NO_SUCH_KEY"]).expect(1).says(&["NO_SUCH_KEY", "it is not set"]);

    write_private(&key, &whole);
    let mut server = store.serve(&[]).unwrap();
    server.session_of("admin", &store.password);
    assert!(server.terminate().success());
    let log = server.log_text();
    assert!(!log.contains(whole.trim()) && !log.contains("battery"), "a key is in the log: {log}");
}

#[test]
fn a_missing_vault_and_that_of_another_store_are_refused() {
    let store = Store::init();
    let vault = store.data.join("vault");
    let other = store.folder.path().join("other");
    run(&["init", "--data", text(&other), "--master-key-file", text(&store.key_file())]).expect(0);
    fs::remove_dir_all(&vault).unwrap();
    store.refused(&[]).expect(1).says(&["there is no vault at", text(&vault), "put it back from its backup"]);
    copy_folder(&other.join("vault"), &vault);
    store.refused(&[]).expect(1).says(&["belongs to another store"]);
}

#[test]
fn without_its_credential_an_account_cannot_sign_in_and_the_log_says_so() {
    let store = Store::init();
    let credentials = store.data.join("vault/credentials");
    for entry in fs::read_dir(&credentials).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let server = store.serve(&[]).unwrap();
    assert!(server.log_text().contains("the vault lacks this credential: the account cannot sign in"));
    let session = crate::harness::Session::create(server.address);
    let credentials = property("UserName", "admin") + &property("Password", &store.password);
    session.call("Authenticate", &credentials).expect_code(10307);
}
