//! A journal that is gone: nothing is set up in the place of what its vault and sled still tell of.

use std::fs;
use std::path::{Path, PathBuf};

use super::filled::Filled;
use crate::harness::{Ran, Server, Store, contents, run, text};

/// What would set a store up, or serve one.
const COMMANDS: [&[&str]; 3] =
    [&["init"], &["serve", "--demo", "--listen", "127.0.0.1:0"], &["serve", "--listen", "127.0.0.1:0"]];

/// Every file with its bytes.
fn files(data: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    contents(data).into_iter().map(|(path, bytes, _)| (path, bytes)).collect()
}

/// Leaves the journal's folder as a mount point is where nothing is mounted, or takes it away, and shows that no
/// command does anything to what is left. Then everything is mounted again, and there.
fn nothing_is_wiped(how: &str, harm: impl Fn(&Filled), words: &[&str]) {
    for keeps_folder in [true, false] {
        let filled = Filled::new();
        let (journal, aside) = (filled.data.join("journal"), filled.data.with_extension("aside"));
        harm(&filled);
        fs::rename(&journal, &aside).unwrap();
        if keeps_folder {
            fs::create_dir(&journal).unwrap();
        }
        let before = files(&filled.data);
        for command in COMMANDS {
            let refused: Ran = filled.command(command).expect(1).says(words);
            assert_eq!(refused.out, "", "{how}: {command:?}");
            assert!(before == files(&filled.data), "{how}, {command:?}: something was changed");
        }
        if keeps_folder {
            fs::remove_dir(&journal).unwrap();
        }
        fs::rename(&aside, &journal).unwrap();
        filled.comes_back(how);
    }
}

#[test]
fn a_vault_without_its_journal_is_never_wiped_where_sled_is_gone() {
    let words =
        ["vault holds accounts, but", "journal holds no file of a journal", "or is not mounted", "Mount it"];
    nothing_is_wiped("without sled", |filled| fs::remove_dir_all(filled.data.join("sled")).unwrap(), &words);
}

#[test]
fn a_vault_without_its_journal_is_never_wiped_where_sled_does_not_open() {
    let words = ["vault holds accounts, but", "or is not mounted", "Mount it"];
    let harm = |filled: &Filled| fs::write(filled.data.join("sled.opening"), "").unwrap();
    nothing_is_wiped("with a marker", harm, &words);
}

#[test]
fn a_lost_journal_is_told_from_no_store_by_what_sled_knows() {
    let filled = Filled::new();
    fs::remove_dir_all(filled.data.join("journal")).unwrap();
    let known = ["sled knows commit 7", "no commit at all", "Put its files back from a copy"];
    filled.command(&["serve", "--listen", "127.0.0.1:0"]).expect(1).says(&known);
    // Also where the vault is gone as well, and nothing but sled is left.
    fs::remove_dir_all(filled.data.join("vault")).unwrap();
    for command in COMMANDS {
        filled.command(command).expect(1).says(&known);
    }
}

#[test]
fn a_folder_without_a_trace_of_a_store_is_said_to_hold_none() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for made in [false, true] {
        if made {
            fs::create_dir(&data).unwrap();
        }
        let refused = run(&["serve", "--listen", "127.0.0.1:0", "--data", text(&data)]).expect(1);
        refused.says(&["holds no store; set one up with `crmconf init --data", text(&data)]);
        assert_eq!(data.exists(), made);
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0);
}

#[test]
fn folders_that_are_mounted_and_empty_are_set_up() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for name in ["journal", "vault"] {
        fs::create_dir_all(data.join(name)).unwrap();
    }
    let mut server = Server::demo_in(&data, &[]).unwrap_or_else(|log| panic!("{log}"));
    assert!(server.terminate().success());
}

#[test]
fn a_set_up_that_was_broken_off_is_begun_anew() {
    let store = Store::init();
    // What is left when the first commit was never written: all but it.
    fs::remove_file(store.data.join("journal/head")).unwrap();
    fs::remove_dir_all(store.data.join("sled")).unwrap();
    let first = store.data.join("journal/00000001.crmj");
    let bytes = fs::read(&first).unwrap().len();
    fs::write(&first, vec![0; bytes]).unwrap();
    let refused = store.refused(&[]).expect(1);
    refused.says(&["holds no store"]);
    run(&["init", "--data", text(&store.data)]).expect(0);
    assert!(store.serve(&[]).unwrap().terminate().success());
}
