//! The contract: the program holds its own server to every case of the corpus, and tells what differs where one does not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::{Pid, Resource, Rlimit};

mod mock;

use crate::harness::{Ran, Server, Shared, binary, contents, run};

/// For tests that do not mind what else the server holds.
static SHARED: Shared = Shared::new(Server::demo);

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn url(server: &Server) -> String {
    format!("http://{}", server.address)
}

fn hold(server: &Server, more: &[&str]) -> Ran {
    run(&[&["conformance", "--url", &url(server)], more].concat())
}

/// The last line, which counts.
fn count(ran: &Ran) -> &str {
    ran.out.lines().next_back().unwrap_or_default()
}

#[test]
fn the_server_holds_to_the_corpus_in_every_way() {
    let server = Server::demo();
    let ran = hold(&server, &[]);
    assert!(ran.out.ends_with(" passed, 0 failed\n"), "{}", ran.out);
    assert_eq!(ran.code, 0, "{ran:?}");
    for way in ["xml ", "xml-namespace ", "soap11 ", "soap12 "] {
        assert!(ran.out.lines().any(|line| line.starts_with(way)), "{way} is missing: {}", ran.out);
    }
    // Again, beside what the first run has left.
    let ran = hold(&server, &["--way", "soap12"]).expect(0);
    assert!(ran.out.ends_with(" passed, 0 failed\n"), "{}", ran.out);
}

#[test]
fn templates_of_one_s_own_and_one_that_is_none() {
    let templates = corpus().join("90-broken-template/templates");
    let server = Server::demo_with(&["--templates-folder", templates.to_str().unwrap()]);
    let ran = hold(&server, &["--setup", "broken-template"]);
    assert!(ran.code == 0 && ran.out.ends_with(" passed, 0 failed\n"), "{}", ran.out);
}

#[test]
fn a_store_that_takes_no_changes() {
    let mut server = Server::demo();
    // Far above what it writes: with a limit at all, what is past it is an error and no signal.
    server.limit_files(Some(1 << 22));
    server.kill_nine();
    server.restart();
    let before = corpus().join("92-read-only/setup/before.xml");
    let words = ["call", "--url", &url(&server), "--user", "editor", before.to_str().unwrap()];
    let ran = Command::new(binary()).args(words).env("CRMCONF_PASSWORD", "demo-editor").output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let process = Pid::from_raw(i32::try_from(server.process_id()).unwrap());
    let limit = Rlimit { current: Some(1), maximum: Some(1 << 31) };
    rustix::process::prlimit(process, Resource::Fsize, limit).unwrap();
    let ran = hold(&server, &["--setup", "read-only"]);
    assert!(ran.code == 0 && ran.out.ends_with(" passed, 0 failed\n"), "{}", ran.out);
}

#[test]
fn a_crowd_of_sessions() {
    let server = Server::demo();
    let ran = hold(&server, &["--setup", "crowd"]);
    assert!(ran.code == 0 && ran.out.ends_with(" passed, 0 failed\n"), "{}", ran.out);
}

/// The corpus with one text of one file replaced.
fn altered(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("corpus");
    run(&["conformance", "--export", target.to_str().unwrap()]).expect(0);
    let path = target.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{file}: {text}");
    std::fs::write(&path, text.replace(from, to)).unwrap();
    folder
}

#[test]
fn what_differs_is_told_with_case_rule_and_place_and_without_secrets() {
    let server = SHARED.get();
    for (file, from, to, chapter, words) in [
        (
            "35-info/published.response.xml",
            "<Property Name=\"CRMType\">",
            "<Property Name=\"CRMKind\">",
            "info",
            &[
                "xml info/published: ",
                "Success/Property[CRMKind]/@Name",
                "expected \"CRMKind\"",
                "came     \"CRMType\"",
            ][..],
        ),
        (
            "35-info/published.response.xml",
            "</Success>",
            "<Property Name=\"More\"></Property></Success>",
            "info",
            &["expected", "came"],
        ),
        (
            "35-info/id-unknown.response.xml",
            ">31003<",
            ">31004<",
            "info",
            &["Fail/Property[ErrorCode]", "expected \"31004\"", "came     \"31003\""],
        ),
        (
            "15-sessions/create-session.response.xml",
            "=session}}",
            "=nonce}}",
            "sessions",
            &["Property[SessionID]", "expected a nonce", "something else, not shown"],
        ),
        (
            "12-transport/unknown-path.response.xml",
            "Result=\"Fail\"",
            "Result=\"Success\"",
            "transport",
            &["Response/@Result", "expected \"Success\"", "refused: 10102 "],
        ),
        (
            "15-sessions/authenticate.request.xml",
            "{{editor.user}}",
            "{{nobody.user}}",
            "sessions",
            &["the corpus is wrong here: nobody.user has no value here"],
        ),
    ] {
        let folder = altered(file, from, to);
        let corpus = folder.path().join("corpus");
        let words_of = ["--corpus", corpus.to_str().unwrap(), "--chapter", chapter, "--way", "xml"];
        let ran = hold(&server, &words_of);
        assert_eq!(ran.code, 1, "{file}: {ran:?}");
        for word in words {
            assert!(ran.out.contains(word), "{file}: {word:?} is not told: {}", ran.out);
        }
        assert!(!count(&ran).ends_with(" 0 failed"), "{file}: {}", count(&ran));
        let shown = ran.out.as_bytes().windows(32).any(|text| text.iter().all(u8::is_ascii_hexdigit));
        assert!(!shown && !ran.out.contains("demo-"), "a secret is told: {}", ran.out);
    }
}

#[test]
fn a_server_that_quotes_what_it_was_sent_has_no_secret_told() {
    let quoting = mock::serve(|request| {
        let message = request.replace('&', "").replace('<', "(");
        Some(format!(
            "<Response Result=\"Fail\"><InvokeID>conformance</InvokeID><Fail><Property Name=\"ErrorCode\">10302</Property>\
             <Property Name=\"ErrorMessage\">Odd: {message}\u{202e}</Property></Fail></Response>"
        ))
    });
    let folder = tempfile::tempdir().unwrap();
    let accounts = folder.path().join("accounts.json");
    std::fs::write(&accounts, r#"{"viewer": {"UserName": "viewer", "Password": "cAnArY"}}"#).unwrap();
    let url = format!("http://{quoting}");
    let words =
        ["conformance", "--url", &url, "--accounts", accounts.to_str().unwrap(), "--chapter", "types"];
    let ran = run(&words).expect(1);
    assert!(ran.out.contains("viewer could not be signed in, at CreateSession: 10302 Odd"), "{}", ran.out);
    assert!(!ran.out.contains("cAnArY") && !ran.out.contains('\u{202e}'), "{}", ran.out);

    // It gives sessions, and quotes in what it refuses.
    let session = "CA".repeat(16);
    let given = session.clone();
    let quoting = mock::serve(move |request| {
        let id = request.split_once("<InvokeID>")?.1.split_once('<')?.0;
        let success = |content: &str| {
            format!("<Response Result=\"Success\"><InvokeID>{id}</InvokeID>{content}</Response>")
        };
        Some(if request.contains("\"CreateSession\"") {
            let nonce = "ab".repeat(16);
            success(&format!(
                "<Success><Property Name=\"SessionID\">{given}</Property><Property Name=\"Nonce\">{nonce}</Property></Success>"
            ))
        } else if request.contains("\"Authenticate\"") || request.contains("\"Logout\"") {
            success("")
        } else {
            let quoted = request.replace('<', "(");
            format!(
                "<Response Result=\"Fail\"><InvokeID>{id}</InvokeID><Fail><Property Name=\"ErrorCode\">31004</Property>\
                 <Property Name=\"ErrorMessage\">{quoted}</Property></Fail></Response>"
            )
        })
    });
    let url = format!("http://{quoting}");
    let ran = run(&["conformance", "--url", &url, "--chapter", "types", "--way", "xml"]).expect(1);
    assert!(ran.out.contains("xml types/list: ") && ran.out.contains(" 0 passed, "), "{}", ran.out);
    // Where the code is the right one it is the message that fails.
    assert!(ran.out.contains("a message without the value of a session, a key or a password"), "{}", ran.out);
    assert!(!ran.out.contains(&session), "{}", ran.out);
}

#[test]
fn what_was_found_is_told_also_where_the_server_leaves_in_between() {
    let server = SHARED.get();
    let address = server.address;
    let leaving = mock::serve(move |request| {
        if request.contains("<InvokeID>search</InvokeID>") {
            return None;
        }
        let reply = crate::harness::post(address, "/api/xml", &[], request.as_bytes())?;
        Some(reply.body.replace("Salesforce", "Salesfarce"))
    });
    let url = format!("http://{leaving}");
    let words = ["conformance", "--url", &url, "--chapter", "types", "--chapter", "info", "--way", "xml"];
    let ran = run(&words).expect(1);
    assert!(ran.out.contains("xml types/list: "), "{}", ran.out);
    assert!(ran.out.contains("xml types: ") && ran.out.contains("did not answer"), "{}", ran.out);
    // The other chapter is run all the same.
    let lines: Vec<_> = ran.out.lines().filter(|line| line.contains(" passed, ")).collect();
    assert_eq!(lines.len(), 3, "{}", ran.out);
    assert!(lines[0].contains("info") && !lines[0].contains("not run"), "{}", ran.out);
    assert!(lines[1].contains("types") && lines[1].contains(" not run"), "{}", ran.out);
    assert!(lines[2].contains(" not run"), "{}", ran.out);
}

#[test]
fn what_does_harm_on_a_server_in_another_state_is_not_run_there() {
    let server = Server::demo();
    let ran = hold(&server, &["--setup", "read-only", "--way", "xml"]).expect(1);
    assert!(
        ran.out.contains("the cases behind it do harm to a server that is not in that state"),
        "{}",
        ran.out
    );
    // Nobody's password was changed, and nobody was deleted.
    for user in ["editor", "viewer"] {
        server.session(user);
    }
}

#[test]
fn a_corpus_that_is_not_of_its_form_is_refused() {
    for (file, from, to, told) in [
        ("35-info/chapter.json", "\"rule\"", "\"rules\"", "35-info/chapter.json: unknown field `rules`"),
        ("35-info/chapter.json", "\"name\": \"published\"", "\"name\": \"missing\"", "missing.re"),
        (
            "35-info/chapter.json",
            "\"name\": \"published\"",
            "\"name\": \"version\"",
            "two cases have the same name",
        ),
    ] {
        let folder = altered(file, from, to);
        let corpus = folder.path().join("corpus");
        run(&["conformance", "--list", "--corpus", corpus.to_str().unwrap()]).expect(1).says(&[told]);
    }
    let folder = altered("35-info/chapter.json", "{", "{");
    let corpus = folder.path().join("corpus");
    let words = ["conformance", "--list", "--corpus", corpus.to_str().unwrap()];
    let chapter = corpus.join("35-info/chapter.json");
    std::fs::rename(&chapter, corpus.join("35-info/chapter.jsn")).unwrap();
    run(&words).expect(1).says(&["35-info/chapter.json: it is missing"]);
    std::fs::rename(corpus.join("35-info/chapter.jsn"), &chapter).unwrap();
    run(&words).expect(0);
    std::fs::rename(corpus.join("35-info"), corpus.join("35-list")).unwrap();
    run(&words).expect(1).says(&["another chapter has the same name"]);
}

#[test]
fn other_accounts_are_signed_in_from_a_file() {
    let server = SHARED.get();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("accounts.json");
    let path = file.to_str().unwrap();
    let words = ["--accounts", path, "--chapter", "types", "--way", "xml"];
    std::fs::write(&file, r#"{"viewer": {"UserName": "auditor", "Password": "demo-auditor"}}"#).unwrap();
    hold(&server, &words).expect(0);
    std::fs::write(&file, r#"{"viewer": {"UserName": "viewer", "Password": "cAnArY"}}"#).unwrap();
    let ran = hold(&server, &words).expect(1);
    for told in [
        "viewer could not be signed in, at Authenticate: 10307",
        "--accounts",
        "  0 passed, 0 failed, 18 not run",
    ] {
        assert!(ran.out.contains(told), "{}", ran.out);
    }
    assert!(!ran.out.contains("cAnArY") && ran.err.is_empty(), "{ran:?}");
    std::fs::write(&file, r#"{"visitor": {"UserName": "v", "Password": "cAnArY"}}"#).unwrap();
    let ran = hold(&server, &words).expect(1).says(&["\"visitor\" is no account of the corpus", "auditor"]);
    assert!(!ran.err.contains("cAnArY"), "{}", ran.err);
    std::fs::write(&file, r#"{"viewer": {"UserName": "v", "Password": "cAnArY", "Other": 1}}"#).unwrap();
    let ran = hold(&server, &words).expect(1).says(&["line 1, column", "is expected"]);
    assert!(!ran.err.contains("cAnArY"), "{}", ran.err);
}

#[test]
fn the_list_has_every_case_with_its_rule_and_the_export_is_the_folder() {
    let list = run(&["conformance", "--list"]).expect(0).out;
    assert!(list.contains("\nadd: CRMConfigurationAdd\n  published: The published request"), "{list}");
    let only = run(&["conformance", "--list", "--setup", "crowd"]).expect(0).out;
    assert!(only.starts_with("crowd: ") && !list.contains("\ncrowd: "), "{only}");
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("corpus");
    let words = ["conformance", "--export", target.to_str().unwrap()];
    run(&words).expect(0).says(&["files were written to"]);
    let files = |folder: &Path| -> BTreeMap<_, _> {
        contents(folder).into_iter().map(|(path, content, _)| (path, content)).collect()
    };
    assert!(
        files(&target) == files(&corpus()),
        "what is built in is not the folder: touch src/conformance/corpus.rs"
    );
    run(&words).expect(1).says(&["is not empty, and nothing was written"]);
}

#[test]
fn wrong_words_are_refused_before_anything_is_sent() {
    run(&["conformance"]).expect(2).says(&["--url"]);
    run(&["conformance", "--url", "http://127.0.0.1:1/other"]).expect(2).says(&["ends in /api/xml"]);
    run(&["conformance", "--url", "http://10.0.0.1"]).expect(2).says(&["in clear"]);
    run(&["conformance", "--list", "--way", "xml"]).expect(2);
    run(&["conformance", "--list", "--chapter", "nothing"])
        .expect(1)
        .says(&["there is no chapter \"nothing\"", "info"]);
    run(&["conformance", "--list", "--setup", "nothing"]).expect(1).says(&["--setup", "read-only"]);
    run(&["conformance", "--url", "http://127.0.0.1:1"]).expect(1).says(&["is the server running there?"]);
    let words = ["conformance", "--url", "http://127.0.0.1:1", "--chapter", "soap", "--way", "soap12"];
    run(&words).expect(1).says(&["sent as --way xml alone"]);
}
