//! A password that was sent, in whatever place and form, stands nowhere: no log line, file, answer or golden; nor
//! does a session's id or key.

mod names;
mod places;
mod search;

use std::path::Path;

use crmconf_events::Scope;
use crmconf_events::access::Role;
use data_encoding::{BASE64, HEXUPPER};

use crate::harness::{CANARY, Extra, Reply, Server, add_payload, property, triple};
use crate::metrics::{ON, scrape};
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
    let mut server = Server::demo_with_accounts(
        &[account],
        &["--log-level", "trace", "--log-format", format, ON[0], ON[1]],
    );
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
    answers.take(Some(editor.call("CRMConfigurationInfo", &named).expect_success()));
    let dump = server.dump();
    let metrics = scrape(&server).text;
    assert!(server.terminate().success());

    let log = server.log_text();
    assert!(
        log.contains("TRACE") || log.contains("DEBUG") || log.contains("INFO"),
        "the log was written: {log}"
    );
    assert!(!log.contains("panicked"), "{log}");
    let stored = files(&server.data);
    let control = Search::new(&[("the Description", b"stands".to_vec())]);
    assert!(stored.iter().any(|(_, bytes)| control.found(bytes).is_some()), "what was stored is found");
    // Other tests send it too, in what they keep goldens of.
    let goldens = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    assert!(goldens.iter().any(|(name, _)| name.ends_with("10307-wrong-password.snap")), "goldens are found");
    let written = stored.iter().chain(&goldens).map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let written = written.chain([
        ("the log", log.as_bytes()),
        ("the dump", dump.as_bytes()),
        ("the metrics", metrics.as_bytes()),
    ]);
    let answered = answers.0.iter().map(|answer| ("an answer", answer.as_bytes()));
    let mut sought = vec![("the password", CANARY.as_bytes().to_vec())];
    for secret in secrets {
        sought.extend(BASE64.decode(secret.as_bytes()).into_iter().map(|key| ("a transport key", key)));
        sought
            .extend(HEXUPPER.decode(secret.as_bytes()).into_iter().map(|id| ("a session's id as bytes", id)));
        sought.push(("a session's secret", secret.into_bytes()));
    }
    let search = Search::new(&sought);
    for (place, bytes) in written.chain(answered) {
        assert_eq!(search.found(bytes), None, "found in {place}: {}", shown(bytes));
    }
}

/// The beginning of what a search found something in.
fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(2_000)]).into_owned()
}
