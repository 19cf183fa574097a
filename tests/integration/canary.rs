//! A password that was sent, in whatever place and form, stands nowhere: no log line, file, answer or golden; nor
//! does a session's id or key.

mod names;
mod places;
mod sealed;
pub mod search;

use std::path::Path;

use crmconf_events::Scope;
use crmconf_events::access::Role;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use crate::harness::{
    CANARY, Extra, Reply, Server, Session, Store, add_payload, get, property, run_with, text, triple,
};
use crate::metrics::{ON, scrape};
use crate::security_log;
use search::{Search, files};

/// Collects answers, none of which may hold the canary.
#[derive(Default)]
struct Answers(Vec<String>);

impl Answers {
    fn take(&mut self, reply: Option<Reply>) -> Option<Reply> {
        self.0.extend(reply.iter().map(|reply| format!("{:?} {}", reply.headers, reply.body)));
        reply
    }

    /// Takes an answer that must be a refusal.
    #[track_caller]
    fn refused(&mut self, reply: Reply) {
        let reply = self.take(Some(reply)).unwrap();
        assert!(!reply.is_success(), "{}", reply.body);
    }
}

#[test]
fn no_password_session_id_or_transport_key_is_written_down_anywhere() {
    nothing_is_written_down("text");
}

#[test]
fn nor_is_it_where_log_lines_are_json() {
    nothing_is_written_down("json");
}

fn nothing_is_written_down(format: &str) {
    let account = Extra { name: "canary", password: CANARY, role: Role::Editor, scope: Scope::EveryTelSys };
    let templates = tempfile::tempdir().unwrap();
    sealed::templates(templates.path());
    let folder = ["--templates-folder", text(templates.path())];
    let logged = ["--log-level", "trace", "--log-format", format];
    let mut server = Server::demo_with_accounts(&[account], &[&logged[..], &folder, &ON].concat());
    let editor = server.session("editor");
    let scope = triple("1", "1", "");
    let id = editor
        .call("CRMConfigurationAdd", &add_payload(&scope, "stands"))
        .expect_success()
        .configuration_id();
    let named = scope + &property("CRMConfigurationID", &id);
    let mut answers = Answers::default();
    let mut secrets = places::in_authenticate(&server, &mut answers);
    places::in_password_fields(&editor, &named, &mut answers);
    places::in_the_wrong_place(&editor, &named, &mut answers);
    places::in_what_is_no_request(&server, &editor, &mut answers);
    names::as_a_name(&server, &editor, &named);
    names::with_escapes(&editor, &named, &mut answers);
    names::in_keys(&server, &editor, &named, &mut answers);
    secrets.push(editor.id.clone());
    let (holding, mut sought) = sealed::in_its_place(&server, &mut answers);
    answers.take(Some(editor.call("CRMConfigurationInfo", &named).expect_success()));
    let mut written = vec![("the dump".to_owned(), server.dump().into_bytes()), told(&server)];
    server.kill_nine();
    server.restart();
    sought.extend(sealed::after_a_kill(&server, &holding, &mut answers));
    let ended = Session { address: server.address, ..editor };
    answers.refused(ended.call("CRMConfigurationInfo", &named));
    written.push(told(&server));
    let ready = get(server.address, "/readyz").unwrap();
    answers.take(Some(ready));
    assert!(server.terminate().success());

    written.extend(left(&server));
    written.extend(answers.0.into_iter().map(|answer| ("an answer".to_owned(), answer.into_bytes())));
    sought.push(("the password", CANARY.as_bytes().to_vec()));
    for secret in secrets {
        sought.extend(BASE64.decode(secret.as_bytes()).into_iter().map(|key| ("a transport key", key)));
        sought
            .extend(HEXUPPER.decode(secret.as_bytes()).into_iter().map(|id| ("a session's id as bytes", id)));
        sought.push(("a session's secret", secret.into_bytes()));
    }
    let search = Search::new(&sought);
    for (place, bytes) in &written {
        assert_eq!(search.found(bytes), None, "found in {place}: {}", shown(bytes));
    }
}

/// The metrics of this moment.
fn told(server: &Server) -> (String, Vec<u8>) {
    ("the metrics".to_owned(), scrape(server).text.into_bytes())
}

/// Whatever a stopped server leaves, and what the program's other commands make of it.
fn left(server: &Server) -> Vec<(String, Vec<u8>)> {
    let log = server.log_text();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG") || log.contains("INFO"),
        "the log was written: {log}"
    );
    assert!(!log.contains("panicked"), "{log}");
    let stored = files(&server.data);
    let control = Search::new(&[("the Description", b"stands".to_vec())]);
    assert!(stored.iter().any(|(_, bytes)| control.found(bytes).is_some()), "what was stored is found");
    // It stands among what was stored, and tells of what was done here.
    let recorded = security_log::lines(&security_log::path(&server.data));
    for kind in ["sign_in", "sign_in_failed", "secrets_answered", "server_stopped"] {
        assert!(recorded.iter().any(|line| line["kind"] == kind), "{kind} is not recorded: {recorded:?}");
    }
    // Other tests send it too, in what they keep goldens of.
    let goldens = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    assert!(goldens.iter().any(|(name, _)| name.ends_with("10307-wrong-password.snap")), "goldens are found");
    let mut written = vec![("the log".to_owned(), log.into_bytes())];
    for words in [
        &["export"][..],
        &["replay"],
        &["replay", "--format", "json"],
        &["config", "show"],
        &["config", "show", "--format", "json"],
    ] {
        let ran = server.run(words);
        assert!(ran.status.success() && !ran.stdout.is_empty(), "{words:?}: {ran:?}");
        written.extend([(format!("{words:?}"), ran.stdout), (format!("beside {words:?}"), ran.stderr)]);
    }
    written.extend(stored.into_iter().chain(goldens));
    written
}

#[test]
fn what_operators_print_tells_neither_the_master_key_nor_a_password() {
    let store = Store::init();
    let key = std::fs::read_to_string(store.key_file()).unwrap().trim().to_owned();
    let (data, file) = (text(&store.data), store.folder.path().join("crmconf.toml"));
    // In the environment, in a file that is none of ours, and in one that was mistaken for the settings.
    let environment =
        [("CRMCONF_PASSWORD", store.password.as_str()), ("CRMCONF_TEST_KEY", &key), ("CRMCONF_KEY", &key)];
    std::fs::write(&file, format!("{key}\nlisten = {key}\n[{}\n", store.password)).unwrap();
    let sought = [
        ("the master key", HEXLOWER.decode(key.as_bytes()).unwrap()),
        ("the master key as it is written", key.clone().into_bytes()),
        ("the password", store.password.clone().into_bytes()),
    ];
    let search = Search::new(&sought);
    let mut seen = 0;
    for (words, code) in [
        (&["export", "--data", data][..], 0),
        (&["config", "show", "--data", data, "--master-key-env", "CRMCONF_KEY"], 0),
        (&["config", "show", "--data", data, "--master-key-env", "CRMCONF_KEY", "--format", "json"], 0),
        (&["config", "check", "--data", data, "--master-key-env", "CRMCONF_KEY"], 0),
        (&["config", "check", "--data", data], 2),
        (&["config", "show", "--data", data, "--master-key-env", &key], 2),
        (&["config", "check", "--data", data, "--config", text(&store.key_file())], 2),
        (&["config", "check", "--data", data, "--config", text(&file)], 2),
        (&["config", "show", "--data", data, "--config", text(&file)], 2),
        (&["config", "sample"], 0),
        (&["completions", "bash"], 0),
        (&["serve", "--help"], 0),
    ] {
        let ran = run_with(words, &environment).expect(code);
        seen += ran.out.len() + ran.err.len();
        assert_eq!(search.found(format!("{}{}", ran.out, ran.err).as_bytes()), None, "{words:?}: {ran:?}");
    }
    assert!(seen > 10_000, "something is printed: {seen}");
    assert!(search.found(&std::fs::read(store.key_file()).unwrap()).is_some(), "what is sought is found");
}

/// The beginning of what a search found something in.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned()
}
