//! `crmconf keys`, through a server and in the data folder of a stopped one; and `kill -9` while the vault is sealed anew.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use crate::harness::{Dice, Ran, Server, Session, Store, post, property, run, text};

const ROUNDS: u64 = 6;
/// Accounts whose files a rotation seals anew.
const ACCOUNTS: usize = 24;
/// Latest moment of a kill after the rotation was asked for, in milliseconds.
const KILL_MS_MAX: u64 = 60;

/// A store with its settings in a file, and keys beside it.
struct Bench {
    store: Store,
    config: PathBuf,
    drawn: u8,
}

impl Bench {
    fn new() -> Self {
        let store = Store::init();
        let config = store.folder.path().join("crmconf.toml");
        let bench = Self { store, config, drawn: 0 };
        bench.configure("");
        bench
    }

    /// Writes the settings: the current key where it is always, and what else they say.
    fn configure(&self, more: &str) {
        let key = self.store.key_file();
        std::fs::write(&self.config, format!("master_key_file = {:?}\n{more}", text(&key))).unwrap();
    }

    fn old_key(&self) -> PathBuf {
        self.store.folder.path().join("old.key")
    }

    /// Puts a new key in the place of the current one, which becomes the old one.
    fn swap(&mut self) {
        std::fs::rename(self.store.key_file(), self.old_key()).unwrap();
        self.drawn += 1;
        std::fs::write(self.store.key_file(), format!("{:02x}", self.drawn).repeat(32)).unwrap();
        std::fs::set_permissions(self.store.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Names the old key among the settings.
    fn keep_old(&self) {
        self.configure(&format!("further_master_keys = \"file:{}\"\n", text(&self.old_key())));
    }

    fn serve(&self) -> Server {
        self.store.serve(&["--config", text(&self.config)]).unwrap()
    }

    /// Runs a command on the stopped store.
    fn here(&self, words: &[&str]) -> Ran {
        let place = ["--data", text(&self.store.data), "--config", text(&self.config)];
        run(&[&["keys"], words, &place].concat())
    }

    /// Runs a command through the server.
    fn there(&self, server: &Server, words: &[&str]) -> Ran {
        let file = self.store.folder.path().join("password");
        std::fs::write(&file, &self.store.password).unwrap();
        let url = format!("http://{}", server.address);
        let place = ["--url", &url, "--user", "admin", "--password-file", text(&file)];
        run(&[&["keys"], words, &place].concat())
    }

    fn sign_in(&self, server: &Server) -> Session {
        Session::sign_in(server.address, "admin", &self.store.password)
    }
}

const DONE: &str = "take the others out of further_master_keys";
const ALONE: &str = "No file needs any but the current one.\n";

#[test]
fn a_running_server_takes_over_another_master_key_and_the_old_one_can_be_destroyed() {
    let mut bench = Bench::new();
    let mut server = bench.serve();
    assert!(bench.there(&server, &["list"]).expect(0).out.ends_with(ALONE));
    bench.swap();
    // The old key is named nowhere yet: nothing is changed.
    let told = bench.there(&server, &["rotate"]).expect(1);
    told.says(&["10103", "nothing was changed", "further_master_keys"]);
    assert!(bench.there(&server, &["list"]).expect(0).out.ends_with(ALONE));
    bench.configure("nonsense = 1\n");
    bench.there(&server, &["rotate"]).expect(1).says(&["10103", "config check"]);
    bench.keep_old();
    std::fs::set_permissions(bench.store.key_file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    bench.there(&server, &["rotate"]).expect(1).says(&["10103", "nothing was changed"]);
    assert!(server.log_text().contains("chmod 600"), "{}", server.log_text());
    std::fs::set_permissions(bench.store.key_file(), std::fs::Permissions::from_mode(0o600)).unwrap();
    let dry = bench.sign_in(&server).call("MasterKeyRotate", &property("ValidateOnly", "true"));
    assert_eq!(dry.expect_success().property("FilesSealed").unwrap(), "0");

    let said = bench.there(&server, &["rotate"]).expect(0).out;
    assert!(said.starts_with("The vault is sealed under the master key "), "{said}");
    let listed = bench.there(&server, &["list"]).expect(0).out;
    assert!(listed.contains(DONE), "{listed}");
    let json = bench.there(&server, &["list", "--format", "json"]).expect(0).out;
    let keys: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&keys[0]["current"], &keys[1]["files"]), (&true.into(), &0.into()), "{json}");
    assert!(keys[0]["files"].as_u64().unwrap() >= 3, "{json}");
    assert!(said.contains(keys[0]["id"].as_str().unwrap()), "{said}");
    // Again: there is nothing left to do.
    assert!(bench.there(&server, &["rotate"]).expect(0).out.contains(" 0 files"));
    bench.here(&["list"]).expect(1).says(&["a server has"]);

    std::fs::remove_file(bench.old_key()).unwrap();
    bench.configure("");
    assert!(server.terminate().success());
    server.restart();
    bench.sign_in(&server).call("AccountList", "").expect_success();
    assert!(bench.there(&server, &["list"]).expect(0).out.ends_with(ALONE));
    assert!(server.terminate().success());
    let recorded =
        crate::security_log::of_kind(&crate::security_log::path(&bench.store.data), "master_key_rotated");
    let id = keys[0]["id"].as_str().unwrap();
    assert_eq!(recorded.len(), 2, "{recorded:?}");
    assert!(
        recorded.iter().all(|line| line["master_key"] == id && line["actor"].is_string()),
        "{recorded:?}"
    );
    for secret in [format!("{:02x}", bench.drawn).repeat(4), bench.store.password.clone()] {
        assert!(!server.log_text().contains(&secret), "{}", server.log_text());
    }
}

#[test]
fn a_stopped_store_is_rotated_the_same_way() {
    let mut bench = Bench::new();
    assert!(bench.here(&["list"]).expect(0).out.ends_with(ALONE));
    bench.swap();
    bench.here(&["list"]).expect(1).says(&["further_master_keys"]);
    bench.keep_old();
    let listed = bench.here(&["list"]).expect(0).out;
    assert!(listed.contains("Still needed beside the current one"), "{listed}");
    bench.here(&["rotate"]).expect(0);
    let listed = bench.here(&["list"]).expect(0).out;
    assert!(listed.contains(DONE), "{listed}");
    bench.configure("");
    assert!(bench.here(&["list"]).expect(0).out.ends_with(ALONE));
    bench.here(&["resume"]).expect(1).says(&["10108", "nothing to resume"]);
    let server = bench.serve();
    bench.sign_in(&server);
    bench.there(&server, &["resume", "--reason", "a test"]).expect(1).says(&["10108", "nothing to resume"]);
}

#[test]
fn a_rotation_that_is_killed_is_finished_by_the_next_one() {
    let mut bench = Bench::new();
    let mut dice = Dice::seeded();
    let mut server = bench.serve();
    let admin = bench.sign_in(&server);
    for number in 0..ACCOUNTS {
        let new = property("UserName", &format!("account {number}"));
        admin.call("AccountAdd", &(new + &property("Password", "a good password"))).expect_success();
    }
    let mut midway = 0;
    for round in 0..ROUNDS {
        bench.swap();
        bench.keep_old();
        let admin = bench.sign_in(&server);
        let wait = Duration::from_millis(dice.below(KILL_MS_MAX));
        std::thread::scope(|scope| {
            let body = admin.request("MasterKeyRotate", "");
            scope.spawn(move || post(admin.address, "/api/xml", &[], body.as_bytes()));
            std::thread::sleep(wait);
            server.kill_nine();
        });
        server.restart();
        let listed = bench.there(&server, &["list"]).expect(0).out;
        midway += usize::from(listed.contains("Still needed"));
        bench.there(&server, &["rotate"]).expect(0);
        let listed = bench.there(&server, &["list"]).expect(0).out;
        assert!(listed.contains(DONE), "round {round}: {listed}");
        // Without the old key everything opens.
        bench.configure("");
        server.kill_nine();
        server.restart();
        let admin = bench.sign_in(&server);
        let total = admin.call("AccountList", "").expect_success().property("Total").unwrap();
        assert_eq!(total, (ACCOUNTS + 1).to_string());
        assert!(!server.log_text().contains("cannot sign in"), "{}", server.log_text());
        Session::sign_in(server.address, &format!("account {round}"), "a good password");
    }
    assert!(midway > 0, "no kill came before the end of a rotation");
}
