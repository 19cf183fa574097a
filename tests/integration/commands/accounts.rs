//! `crmconf account`, through a server and in the data folder of a stopped one.

use crmconf_events::event::{Actor, decode};
use crmconf_events::log::JournalReader;

use crate::harness::{CANARY, Ran, Server, Session, Store, property, run, run_with, text};

/// Where the commands find the accounts: the words that say so.
struct Place {
    words: Vec<String>,
    _folder: tempfile::TempDir,
}

impl Place {
    fn new(words: &[&str]) -> Self {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { words, _folder: tempfile::tempdir().unwrap() }
    }

    fn server(server: &Server, user: &str, password: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, format!("{password}\n")).unwrap();
        let url = format!("http://{}", server.address);
        let words = ["--url", &url, "--user", user, "--password-file", text(&file)];
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Self { words, _folder: folder }
    }

    fn account(&self, words: &[&str]) -> Ran {
        self.account_with(words, &[])
    }

    fn account_with(&self, words: &[&str], environment: &[(&str, &str)]) -> Ran {
        let place: Vec<_> = self.words.iter().map(String::as_str).collect();
        run_with(&[&["account"], words, &place].concat(), environment)
    }

    /// The accounts as JSON, ids and versions left out.
    fn listed(&self) -> serde_json::Value {
        let printed = self.account(&["list", "--format", "json"]).expect(0).out;
        let mut accounts: serde_json::Value = serde_json::from_str(&printed).unwrap();
        for account in accounts.as_array_mut().unwrap() {
            let account = account.as_object_mut().unwrap();
            assert!(account.remove("id").unwrap().is_string() && account.remove("version").unwrap().is_u64());
        }
        accounts
    }
}

/// The line of a name in the table.
fn line(place: &Place, name: &str) -> String {
    let table = place.account(&["list"]).expect(0).out;
    let line = table.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("no {name} in {table}")).to_owned()
}

/// The password that a command printed.
fn printed(ran: &Ran) -> String {
    ran.out.lines().find_map(|line| line.strip_prefix("Password: ")).unwrap().to_owned()
}

const NEW: (&str, &str) = ("CRMCONF_NEW_PASSWORD", CANARY);

/// Everything that is done to accounts, in a store whose directory is empty; the table after it.
fn everything(place: &Place) -> serde_json::Value {
    let add = ["add", "anna", "--role", "editor", "--display-name", "Anna Example", "--reason", "a test"];
    let added = place.account_with(&add, &[NEW]).expect(0);
    assert_eq!(added.out, "The account anna was added.\n");
    place.account_with(&add, &[NEW]).expect(1).says(&["31200", "name is taken"]);
    assert!(line(place, "anna (Anna Example)").ends_with("yes      Editor on every TelSys"));

    place.account_with(&["add", "x", "--role", "Viewer", "--telsys", "9"], &[NEW]).expect(1).says(&["11013"]);
    place.account_with(&["add", "x"], &[("CRMCONF_NEW_PASSWORD", "short")]).expect(1).says(&["8 to 1024"]);
    let granted = place.account(&["grant", "ANNA", "Auditor"]).expect(0);
    assert_eq!(granted.out, "The account ANNA is now Auditor on every TelSys.\n");
    let again = place.account(&["grant", "anna", "Auditor"]).expect(0);
    assert!(again.out.contains("already"), "{again:?}");
    place.account(&["grant", "anna", "Viewer", "--telsys", "9"]).expect(1).says(&["11013"]);
    place.account(&["revoke", "anna", "Editor"]).expect(0);
    place.account(&["revoke", "anna", "Editor"]).expect(1).says(&["is not Editor on every TelSys"]);
    assert!(line(place, "anna").ends_with("yes      Auditor on every TelSys"));
    place.account(&["revoke", "anna", "Auditor"]).expect(0);
    assert!(line(place, "anna").ends_with("yes      none"));

    place.account(&["disable", "anna"]).expect(0);
    assert!(line(place, "anna").ends_with("no       none"));
    place.account(&["enable", "anna"]).expect(0);
    place.account(&["change", "anna", "--rename", "Anne"]).expect(0);
    place.account(&["disable", "anna"]).expect(1).says(&["31201"]);
    place.account_with(&["add", "gone", "--disabled"], &[NEW]).expect(0);
    place.account(&["delete", "gone"]).expect(0);
    place.account_with(&["add", "GONE"], &[NEW]).expect(1).says(&["31200"]);
    place.account(&["erase", "gone"]).expect(1).says(&["no terminal", "--yes"]);
    place.account_with(&["add", "gone"], &[NEW]).expect(1).says(&["31200"]);
    let erased = place.account(&["erase", "gone", "--yes", "--reason", "a test"]).expect(0);
    assert_eq!(erased.out, "The account gone was erased; its name may be given again.\n");
    place.account(&["erase", "gone", "--yes"]).expect(1).says(&["31201"]);
    place.account_with(&["add", "gone"], &[NEW]).expect(0);
    place.account(&["erase", "gone", "-y"]).expect(0);
    place.account(&["erase", "admin", "--yes"]).expect(1).says(&["31202"]);
    for words in
        [["disable", "admin"].as_slice(), &["revoke", "admin", "Administrator"], &["delete", "admin"]]
    {
        place.account(words).expect(1).says(&["31202", "last enabled Administrator"]);
    }
    place.account(&["grant", "nobody", "Viewer"]).expect(1).says(&["31201"]);
    place.listed()
}

#[test]
fn a_stopped_store_and_a_server_are_administered_alike() {
    let (stopped, served) = (Store::init(), Store::init());
    let here = Place::new(&["--data", text(&stopped.data)]);
    let after = everything(&here);
    let mut server = served.serve(&[]).unwrap();
    let there = Place::server(&server, "admin", &served.password);
    assert_eq!(everything(&there), after);
    let said = there.account(&["reset-password", "anne", "--generate"]).expect(0);
    Session::sign_in(server.address, "Anne", &printed(&said));
    assert!(server.terminate().success());
    assert!(!server.log_text().contains("anne") && !server.log_text().contains("Anne"));

    let server = stopped.serve(&[]).unwrap();
    Session::sign_in(server.address, "anne", CANARY);
}

#[test]
fn an_operator_who_lost_the_last_password_gets_back_in_and_stands_in_the_log() {
    let store = Store::init();
    let data = ["--data", text(&store.data)];
    let here = Place::new(&data);
    let reset = here.account(&["reset-password", "admin", "--generate", "--reason", "lost"]).expect(0);
    assert!(reset.out.contains("shown this once"));
    let rescued = here.account(&["add", "rescue", "--admin", "--generate"]).expect(0);
    let file = store.folder.path().join("new");
    std::fs::write(&file, "a file's password\n").unwrap();
    here.account(&["reset-password", "rescue", "--new-password-file", text(&file)]).expect(0);

    let mut server = store.serve(&[]).unwrap();
    let old = property("UserName", "admin") + &property("Password", &store.password);
    Session::create(server.address).call("Authenticate", &old).expect_code(10307);
    Session::sign_in(server.address, "admin", &printed(&reset));
    let old = property("UserName", "rescue") + &property("Password", &printed(&rescued));
    Session::create(server.address).call("Authenticate", &old).expect_code(10307);
    let rescue = Session::sign_in(server.address, "rescue", "a file's password");
    rescue.call("AccountList", "").expect_success();
    // Whoever reads the store while a server has it open is told what to do.
    let refused = here.account(&["list"]).expect(1);
    assert_eq!(refused.out, "");
    refused.says(&["a server has", "--url", "stop it first"]);
    assert!(server.terminate().success());

    let operator = Actor::Operator(rustix_uid());
    let reader = JournalReader::open(&store.data).unwrap();
    let mut actors = Vec::new();
    for commit in reader {
        let Ok(commit) = commit else { break };
        for (sequence, bytes) in commit.numbered() {
            let envelope = decode(sequence, commit.time(), bytes).unwrap();
            actors.push((envelope.event.stream().to_string(), envelope.context.actor));
        }
    }
    let of_accounts: Vec<_> = actors.iter().filter(|(stream, _)| stream.starts_with("account/")).collect();
    assert!(of_accounts.len() >= 6, "{actors:?}");
    assert!(of_accounts.iter().all(|(_, actor)| *actor == operator), "{actors:?}");
}

/// The lines of a store's security log that tell of something done at the machine.
fn recorded_by_operators(log: &std::path::Path) -> Vec<serde_json::Value> {
    let written = std::fs::read_to_string(log).unwrap();
    let lines = written.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    lines.filter(|line| line["actor"] == format!("cli:{}", rustix_uid())).collect()
}

#[test]
fn what_is_done_to_a_stopped_store_stands_in_its_security_log_without_name_or_password() {
    let store = Store::init();
    let here = Place::new(&["--data", text(&store.data)]);
    here.account_with(&["add", "anna-example", "--role", "Viewer"], &[NEW]).expect(0);
    let reset = here.account(&["reset-password", "anna-example", "--generate"]).expect(0);
    here.account_with(&["add", "anna-example"], &[NEW]).expect(1);
    here.account(&["grant", "anna-example", "Viewer"]).expect(0);
    here.account(&["enable", "anna-example"]).expect(0);
    here.account(&["delete", "anna-example"]).expect(0);
    let log = store.data.join("security.log");
    let recorded = recorded_by_operators(&log);
    let kinds: Vec<_> = recorded.iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        ["account_added", "account_changed", "account_deleted"],
        "what changed nothing is no record"
    );
    assert_eq!(recorded[0]["grants"][0]["role"], "viewer");
    assert_eq!((&recorded[1]["password_set"], &recorded[1]["renamed"]), (&true.into(), &false.into()));
    assert!(recorded.iter().all(|line| line["account"] == recorded[0]["account"]), "{recorded:?}");
    let written = std::fs::read_to_string(&log).unwrap();
    for secret in ["anna", CANARY, &printed(&reset)] {
        assert!(!written.contains(secret), "{written}");
    }
    // A server goes on in the same file.
    assert!(store.serve(&[]).unwrap().terminate().success());
    assert_eq!(recorded_by_operators(&log).len(), 3);
}

#[test]
fn a_security_log_that_is_off_or_in_the_way_keeps_nothing_from_being_done() {
    let store = Store::init();
    let here = Place::new(&["--data", text(&store.data)]);
    let off = [NEW, ("CRMCONF_SECURITY_LOG", "off")];
    let quiet = here.account_with(&["reset-password", "admin"], &off).expect(0);
    assert_eq!(quiet.err, "");
    assert!(!store.data.join("security.log").exists());

    let folder = text(store.folder.path()).to_owned();
    let unusable = [("CRMCONF_NEW_PASSWORD", "another password"), ("CRMCONF_SECURITY_LOG", folder.as_str())];
    let told = here.account_with(&["reset-password", "admin"], &unusable).expect(0);
    told.says(&["stands, but is not recorded", "it is no regular file"]);
    let server = store.serve(&[]).unwrap();
    Session::sign_in(server.address, "admin", "another password");
}

/// This process's user, as the program under test has it too.
fn rustix_uid() -> u32 {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").unwrap().uid()
}

#[test]
fn who_is_no_administrator_is_refused_and_no_password_is_printed() {
    let server = Server::demo();
    let place = Place::server(&server, "viewer", "demo-viewer");
    let refused = place.account(&["list"]).expect(1);
    assert_eq!(refused.out, "");
    refused.says(&["10313"]);
    let wrong = Place::server(&server, "admin", CANARY).account(&["list"]).expect(1).says(&["10307"]);
    assert!(!wrong.err.contains(CANARY));
    let admin = Place::server(&server, "admin", "demo-admin");
    let nobody = admin.account_with(&["reset-password", "nobody"], &[NEW]).expect(1).says(&["31201"]);
    assert!(!(nobody.err + &nobody.out).contains(CANARY));
    let generated = admin.account(&["reset-password", "nobody", "--generate"]).expect(1);
    assert_eq!(generated.out, "", "a password that nobody got is not printed");
    // Who has no terminal is told of the other ways.
    admin
        .account(&["reset-password", "viewer"])
        .expect(1)
        .says(&["--new-password-file", "CRMCONF_NEW_PASSWORD"]);
    let before = line(&admin, "viewer");
    assert!(before.ends_with("yes      Viewer on every TelSys"), "{before}");
    let device = ["--telsys", "1", "--partition", "1", "--device", "01234567101"];
    admin.account(&[&["grant", "viewer", "Editor"], &device[..]].concat()).expect(0);
    let line = line(&admin, "viewer");
    assert!(
        line.ends_with("Viewer on every TelSys, Editor on TelSys 1 Partition 1 Device 01234567101"),
        "{line}"
    );
}

#[test]
fn words_that_contradict_each_other_are_a_usage_error() {
    let url = ["--url", "http://127.0.0.1:1", "--user", "admin"];
    let cases: [&[&str]; 8] = [
        &["list", "--url", "http://127.0.0.1:1"],
        &["list", "--user", "admin", "--data", "d"],
        &["add", "x", "--admin", "--role", "Viewer", "--data", "d"],
        &["add", "x", "--telsys", "1", "--data", "d"],
        &["add", "x", "--generate", "--new-password-file", "f", "--data", "d"],
        &["grant", "x", "Administrator", "--telsys", "1", "--data", "d"],
        &["grant", "x", "Viewer", "--partition", "1", "--data", "d"],
        &["change", "x", "--data", "d"],
    ];
    for words in cases {
        run(&[&["account"], words].concat()).expect(2);
    }
    run(&[&["account", "list", "--data", "d"], &url[..]].concat()).expect(2);
    run(&["account", "list", "--data", "/no/such/folder"]).expect(1);
}

#[test]
fn an_account_whose_credential_is_lost_is_told_of_and_does_not_keep_an_operator_out() {
    let store = Store::init();
    let here = Place::new(&["--data", text(&store.data)]);
    let folder = store.data.join("vault/credentials");
    for file in std::fs::read_dir(&folder).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    let listed = here.account(&["list"]).expect(0);
    assert!(listed.out.contains("(its name was lost)"), "{listed:?}");
    listed.says(&["ERROR", "the vault lacks this credential"]);
    here.account_with(&["add", "rescue", "--admin"], &[NEW]).expect(0);
    let server = store.serve(&[]).unwrap();
    let rescue = Session::sign_in(server.address, "rescue", CANARY);
    let lost = rescue.call("AccountList", &property("Limit", "1")).expect_success();
    assert_eq!(lost.property("UserName").as_deref(), Some(""));
    let id = property("AccountID", &lost.property("AccountID").unwrap());
    let anew = id + &property("NewUserName", "admin") + &property("Password", CANARY);
    rescue.call("AccountChange", &anew).expect_success();
    Session::sign_in(server.address, "admin", CANARY).call("AccountList", "").expect_success();
}
