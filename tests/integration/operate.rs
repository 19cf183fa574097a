//! `config`, `completions` and `man` as an operator meets them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::harness::{CANARY, Store, contents, run, run_with, text};

const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

#[test]
fn check_finds_a_store_ready_and_changes_nothing() {
    let store = Store::init();
    let before = contents(store.folder.path());
    let check = |address: &str| {
        let told = run(&["config", "check", "--data", text(&store.data), "--listen", address]).expect(0);
        assert_eq!(told.err, "");
        for words in ["the settings are valid", "holds a store", "it opens the vault"] {
            assert!(told.out.contains(words), "{words}: {}", told.out);
        }
        told.out
    };
    assert!(check("127.0.0.1:0").contains("listen 127.0.0.1:0: is free"));
    assert!(before == contents(store.folder.path()), "something changed");
    let server = store.serve(&[]).unwrap();
    assert!(check(&server.address.to_string()).contains("is in use now, by this server if it runs"));
}

#[test]
fn check_tells_every_mistake_in_the_settings_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crmconf.toml");
    fs::write(&file, "listen = \"0.0.0.0:1\"\nworker = 3\nworkers = \"4\"\n").unwrap();
    let words = ["config", "check", "--config", text(&file), "--log-level", "loud"];
    let told = run_with(&words, &[("CRMCONF_LISTN", CANARY)]).expect(2);
    assert_eq!(told.out, "");
    let lines: Vec<_> = told.err.lines().collect();
    assert_eq!(lines.len(), 5, "{lines:#?}");
    for (line, expected) in lines.iter().zip([
        "crmconf.toml, line 2: \"worker\" is not a setting of crmconf; did you mean \"workers\"?",
        "crmconf.toml, line 3) must be a whole number",
        "log_level (set by --log-level) must be one of",
        "\"CRMCONF_LISTN\" is not a setting",
        "crmconf.toml, line 1) is 0.0.0.0:1, which is beyond loopback",
    ]) {
        assert!(line.starts_with("crmconf: ") && line.contains(expected), "{expected}: {line}");
    }
    assert!(!told.err.contains(CANARY));
}

#[test]
fn check_tells_what_else_would_keep_the_server_from_starting() {
    let store = Store::init();
    let data = text(&store.data);
    let key = store.folder.path().join("another.key");
    fs::write(&key, KEY).unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let elsewhere = ["--listen", "192.0.2.1:8462", "--behind-tls-proxy"];
    let with_key = ["config", "check", "--data", data, "--master-key-file", text(&key)];
    let both = run(&[&with_key[..], &elsewhere].concat()).expect(1);
    let both =
        both.says(&["is open to others (mode 0644); run: chmod 600", "cannot listen on 192.0.2.1:8462"]);
    assert!(both.out.contains("holds a store"), "what is well is told too: {both:?}");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let wrong = run(&with_key).expect(1).says(&["was sealed under the master key", "give the right one"]);
    assert!(!format!("{wrong:?}").contains(KEY));
    let absent = ["config", "check", "--data", data, "--master-key-env", "CRMCONF_TEST_NO_SUCH_KEY"];
    run(&absent).expect(1).says(&["CRMCONF_TEST_NO_SUCH_KEY holds no master key"]);

    let file = store.folder.path().join("file");
    fs::write(&file, "").unwrap();
    run(&["config", "check", "--data", text(&file)]).expect(1).says(&["is no folder"]);
    let foreign = store.folder.path().join("foreign");
    fs::create_dir(&foreign).unwrap();
    fs::write(foreign.join("photo.jpg"), "").unwrap();
    run(&["config", "check", "--data", text(&foreign)])
        .expect(1)
        .says(&["does not belong to an unfinished store"]);
    fs::remove_dir_all(store.data.join("journal")).unwrap();
    run(&["config", "check", "--data", data]).expect(1).says(&["the journal of this store was lost"]);
}

#[test]
fn check_looks_at_templates_security_log_and_metrics() {
    let store = Store::init();
    let folder = store.folder.path();
    let templates = folder.join("templates");
    let place = ["config", "check", "--data", text(&store.data), "--templates-folder", text(&templates)];
    let absent = run(&place).expect(0).says(&["warning: templates_folder", "cannot be read", "31001"]);
    assert!(!absent.out.contains("templates_folder"), "{absent:?}");

    run(&["templates", "export", text(&templates)]).expect(0);
    let metrics = ["--metrics-listen", "127.0.0.1:0"];
    let before = contents(folder);
    let well = run(&[&place[..], &metrics].concat()).expect(0);
    assert_eq!(well.err, "");
    for words in [
        "templates that can be used: ",
        "security.log: can be written",
        "metrics_listen 127.0.0.1:0: is free",
    ] {
        assert!(well.out.contains(words), "{words}: {well:?}");
    }
    assert!(before == contents(folder), "something changed");
    fs::write(templates.join("Bad.json"), "{").unwrap();
    let bad = run(&place).expect(0).says(&["warning:", "Bad.json is refused", "crmconf templates check"]);
    assert!(bad.out.contains("templates that can be used: "), "{bad:?}");

    let wrong = ["--metrics-listen", "192.0.2.1:9", "--security-log", "/no/such/folder/security.log"];
    run(&[&place[..], &wrong].concat())
        .expect(1)
        .says(&["metrics_listen: cannot listen on 192.0.2.1:9", "security.log cannot be made"]);
    let foreign = folder.join("notes.txt");
    fs::write(&foreign, "mine").unwrap();
    run(&[&place[..], &["--security-log", text(&foreign)]].concat())
        .expect(1)
        .says(&["it holds something else"]);
    let off = run(&[&place[..], &["--security-log", "off"]].concat()).expect(0);
    assert!(off.out.contains("security_log: is off"), "{off:?}");
}

#[test]
fn check_before_init_says_what_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("not/there/yet");
    let told = run(&["config", "check", "--data", text(&data)]).expect(0);
    assert!(told.out.contains(&format!("crmconf init --data {}", data.display())), "{told:?}");
    assert!(told.out.contains("`crmconf init` makes it"), "{told:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn the_sample_is_accepted_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crmconf.toml");
    let printed = run(&["config", "sample"]).expect(0).out;
    fs::write(&file, &printed).unwrap();
    let store = Store::init();
    run(&["config", "check", "--config", text(&file), "--data", text(&store.data)]).expect(0);
    let sampled = run(&["config", "show", "--config", text(&file)]).expect(0).out;
    assert_eq!(sampled, run(&["config", "show"]).expect(0).out, "it changes nothing");
}

#[test]
fn show_tells_each_value_and_where_it_comes_from() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crmconf.toml");
    fs::write(&file, "# mine\nworkers = 4\ndata = \"/srv/a\\tb\"\nmaster_key_env = \"THE_KEY\"\n").unwrap();
    let environment = [("CRMCONF_LOG_FORMAT", "json"), ("THE_KEY", KEY)];
    let words = ["config", "show", "--config", text(&file), "--listen", "127.0.0.1:5", "--behind-tls-proxy"];
    let table = run_with(&words, &environment).expect(0).out;
    let row = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let file = file.display();
    assert_eq!(row("workers"), format!("workers 4 {file}, line 2"));
    assert_eq!(row("data"), format!("data /srv/a\\u{{9}}b {file}, line 3"));
    assert_eq!(row("master_key_env"), format!("master_key_env THE_KEY {file}, line 4"));
    assert_eq!(row("master_key_file"), "master_key_file - default");
    assert_eq!(row("log_format"), "log_format json environment variable CRMCONF_LOG_FORMAT");
    assert_eq!(row("listen"), "listen 127.0.0.1:5 flag --listen");
    assert_eq!(row("log_level"), "log_level info default");

    let document = run_with(&[&words[..], &["--format", "json"]].concat(), &environment).expect(0).out;
    let json: Value = serde_json::from_str(&document).unwrap();
    assert_eq!(json["workers"]["value"], 4);
    assert_eq!((&json["workers"]["source"], &json["workers"]["line"]), (&"file".into(), &2.into()));
    assert_eq!(json["behind_tls_proxy"]["value"], true);
    assert_eq!(json["log_format"]["variable"], "CRMCONF_LOG_FORMAT");
    assert_eq!(json["listen"]["flag"], "--listen");
    assert_eq!(json.as_object().unwrap().len(), table.lines().count());
    assert!(!table.contains(KEY) && !document.contains(KEY));
}

#[test]
fn show_tells_which_way_to_the_master_key_holds() {
    let words = ["config", "show", "--data", "/srv/store", "--master-key-file", "/etc/k"];
    let table = run_with(&words, &[("CRMCONF_MASTER_KEY_ENV", "K")]).expect(0).out;
    assert!(table.contains("CRMCONF_MASTER_KEY_ENV (overruled by master_key_file)"), "{table}");
    let table = run(&["config", "show", "--data", "/srv/store"]).expect(0).out;
    let default = table.lines().find(|line| line.starts_with("master_key_file")).unwrap();
    assert!(default.contains("/srv/store.master-key") && default.ends_with("default"), "{default}");
}

#[test]
fn nothing_that_looks_like_a_key_is_shown_wherever_it_stands() {
    for words in [&["config", "show"][..], &["config", "show", "--format", "json"]] {
        let told = run_with(words, &[("CRMCONF_DATA", KEY)]).expect(0);
        assert!(told.out.contains("looks like a key") && !format!("{told:?}").contains(KEY), "{told:?}");
    }
    for setting in ["CRMCONF_MASTER_KEY_FILE", "CRMCONF_LISTEN"] {
        let told = run_with(&["config", "show"], &[(setting, KEY)]).expect(2);
        assert!(!format!("{told:?}").contains(KEY), "{told:?}");
    }
}

#[test]
fn show_refuses_what_serve_refuses() {
    let told = run(&["config", "show", "--workers", "many", "--log-level", "loud"]).expect(2);
    assert_eq!((told.out.as_str(), told.err.lines().count()), ("", 2));
}

#[test]
fn every_shell_gets_a_script_that_knows_commands_and_settings() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]).expect(0).out;
        for word in ["crmconf", "export", "completions", "body-timeout-seconds"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    run(&["completions", "ksh"]).expect(2).says(&["bash", "zsh"]);
}

#[test]
fn there_is_a_page_for_the_program_and_for_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("share/man1");
    for _ in 0..2 {
        run(&["man", text(&pages)]).expect(0);
    }
    let mut names: Vec<_> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    for name in
        ["crmconf.1", "crmconf-serve.1", "crmconf-config.1", "crmconf-config-check.1", "crmconf-man.1"]
    {
        assert!(names.iter().any(|found| found == name), "{names:?}");
    }
    let serve = fs::read_to_string(pages.join("crmconf-serve.1")).unwrap();
    for words in [".SH OPTIONS", "CRMCONF_SLED_CACHE_MIB", "EXAMPLES AND EXIT STATUS", "Exit status: 0 done"]
    {
        assert!(serve.contains(words), "{words}: {serve}");
    }
    run(&["man", "/proc/nowhere"]).expect(1).says(&["cannot be written into /proc/nowhere"]);
}
