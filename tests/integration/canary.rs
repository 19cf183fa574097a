//! A password that was sent, in whatever place and form, stands nowhere: no log line, file, answer or golden; nor
//! does a session's id or key.

use std::path::Path;

use crmconf_events::Scope;
use crmconf_events::access::Role;
use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use crate::harness::{
    COMMON, CONFIGURATION, Extra, Reply, SUGAR, Server, Session, add_payload, container, escape, exchange,
    post, property, triple,
};

/// The password of an account, and what is sent as a password everywhere else. Letters and digits only, so that no
/// escaping of XML, JSON or URLs hides it.
const CANARY: &str = "cAnArY7Zq9XwVu3TsRpLkJhGf";
const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";

/// The forms in which bytes could have been written down.
fn forms(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![
        bytes.to_vec(),
        bytes.iter().flat_map(|byte| [*byte, 0]).collect(),
        bytes.iter().flat_map(|byte| [0, *byte]).collect(),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
        bytes.iter().rev().copied().collect(),
        bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ").into_bytes(),
        bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(",").into_bytes(),
    ];
    // Within a longer text base64 depends on where the bytes begin; the digits at the edges are not theirs alone.
    for before in 0..3 {
        let shifted = [&vec![0; before], bytes].concat();
        let whole = shifted.len() / 3 * 3;
        let text = BASE64.encode(&shifted[..whole]);
        forms.push(text.as_bytes()[if before == 0 { 0 } else { 4 }..].to_vec());
        forms.push(text[if before == 0 { 0 } else { 4 }..].replace('+', "-").replace('/', "_").into_bytes());
    }
    forms
}

/// Looks for secrets in all their forms at once.
struct Search {
    forms: Vec<(&'static str, Vec<u8>)>,
    /// Whether a form begins with these two bytes: the files are long, and most of them is looked at once only.
    beginnings: Vec<bool>,
}

impl Search {
    fn new(secrets: &[(&'static str, Vec<u8>)]) -> Self {
        let forms: Vec<_> = secrets
            .iter()
            .flat_map(|(name, secret)| forms(secret).into_iter().map(|form| (*name, form)))
            .collect();
        let mut beginnings = vec![false; 1 << 16];
        forms.iter().for_each(|(_, form)| beginnings[beginning(form)] = true);
        Self { forms, beginnings }
    }

    /// What stands in the text.
    fn found(&self, text: &[u8]) -> Option<&'static str> {
        let places = (0..text.len().saturating_sub(1)).filter(|at| self.beginnings[beginning(&text[*at..])]);
        places
            .flat_map(|at| self.forms.iter().filter(move |(_, form)| text[at..].starts_with(form)))
            .map(|(name, _)| *name)
            .next()
    }
}

fn beginning(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Every file below a folder, with its bytes.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![(path.display().to_string(), std::fs::read(&path).unwrap())]
            }
        })
        .collect()
}

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

/// The values that a caller could put where a password belongs.
fn values() -> Vec<String> {
    let sealed = data_encoding::BASE64URL_NOPAD.encode(CANARY.as_bytes());
    vec![
        CANARY.to_owned(),
        BASE64.encode(CANARY.as_bytes()),
        HEXLOWER.encode(CANARY.as_bytes()),
        HEXUPPER.encode(CANARY.as_bytes()),
        format!("enc:v1:{sealed}"),
        format!("enc:v2:{CANARY}"),
        format!("prefix {CANARY} suffix"),
    ]
}

fn in_password_fields(editor: &Session, named: &str, answers: &mut Answers) {
    let salesforce = "CrmAddin.Salesforce.SalesforceAddin";
    let scope = triple("1", "1", "");
    for value in values() {
        for (crm_type, field) in [(SUGAR, "Password"), (salesforce, "ClientSecret")] {
            let json = format!("{{\"{field}\":\"{value}\"}}");
            let payload = add_payload(&scope, "holds a password").replace(SUGAR, crm_type);
            let add = payload.replace(&escape(CONFIGURATION), &escape(&json));
            answers.refused(editor.call(ADD, &add));
            answers.refused(editor.call(ADD, &(add.clone() + &property("ValidateOnly", "true"))));
            answers.refused(editor.call(ADD, &(add + &property("RequestKey", "canary"))));
        }
        for json in [
            format!("{{\"Password\":\"{value}\"}}"),
            format!("{{\"Password\":[\"{value}\"]}}"),
            format!("{{\"Password\":{{\"a\":\"{value}\"}}}}"),
            format!("{{\"Password\":\"{value}\",\"Password\":\"{value}\"}}"),
            format!("{{\"Password\":\"{value}"),
            format!("{{\"password\":\"{value}\"}}"),
            format!("{{\"SObjectNames\":\"{value}\"}}"),
            format!("\"{value}\""),
            format!("Password={value}"),
        ] {
            answers.refused(editor.call(CHANGE, &(named.to_owned() + &container("CRMConfiguration", &json))));
            answers.refused(
                editor.call(CHANGE, &(named.to_owned() + &container("CRMConfigurationCommon", &json))),
            );
        }
    }
}

fn in_the_wrong_place(editor: &Session, named: &str, answers: &mut Answers) {
    let scope = triple("1", "1", "");
    let good = add_payload(&scope, "x");
    for value in values() {
        for name in
            ["Password", "Passwort", "ValidateOnly", "ExpectedVersion", "TelSysID", "RequestKeys", "ReturnID"]
        {
            let more = property(name, &value);
            answers.refused(editor.call(CHANGE, &(named.to_owned() + &more)));
        }
        let place = |name: &str, old: &str| good.replace(&property(name, old), &property(name, &value));
        answers.refused(editor.call(ADD, &place("TelSysID", "1")));
        answers.refused(editor.call(ADD, &place("PartIDInTelSys", "1")));
        answers.refused(editor.call(ADD, &place("CRMType", SUGAR)));
        answers.refused(editor.call(ADD, &(place("Description", "x") + &property("ReturnID", "maybe"))));
        answers.refused(editor.call(ADD, &good.replace(&escape(COMMON), &escape(&value))));
        for operation in ["CRMConfigurationInfo", CHANGE, "CRMConfigurationDelete"] {
            answers
                .refused(editor.call(operation, &(scope.clone() + &property("CRMConfigurationID", &value))));
        }
        for name in ["Sort", "ScopeMatch", "CRMConfigurationFields", "Limit", "Offset", "DeviceNumber"] {
            answers.refused(editor.call("CRMConfigurationList", &property(name, &value)));
        }
        for inner in [
            format!("<Passwort>{value}</Passwort>"),
            format!("<Property Name=\"Reason\" Passwort=\"{value}\">x</Property>"),
            format!("<Property Name=\"Reason\"><b>{value}</b></Property>"),
            format!(
                "<Container Name=\"CRMConfiguration\"><Property Name=\"Password\">{value}</Property></Container>"
            ),
            value.clone(),
            format!("<Property>{value}</Property>"),
        ] {
            answers.refused(editor.call(CHANGE, &(named.to_owned() + &inner)));
        }
        let session = Session { id: value.clone(), ..editor.clone() };
        answers.refused(session.call("CRMConfigurationList", ""));
        answers.refused(editor.call(&value, ""));
    }
}

fn in_what_is_no_request(server: &Server, editor: &Session, answers: &mut Answers) {
    let field = format!("<Property Name=\"Password\">{CANARY}</Property>");
    let whole = editor.request("Authenticate", &field);
    for broken in [
        whole.replace("</Property>", "</Proprty>"),
        whole.replace("</Property>", ""),
        whole.replace(CANARY, &format!("&{CANARY};")),
        whole.replace(CANARY, &format!("{CANARY}&#0;")),
        whole.replace(CANARY, &format!("<{CANARY}")),
        whole.replace(CANARY, &format!("<{CANARY}/>")),
        whole.replace(CANARY, &format!("x<{CANARY}>y</{CANARY}>")),
        whole.replace(CANARY, &format!("<p:{CANARY}/>")),
        whole.replace(CANARY, &format!("<x {CANARY}='1' {CANARY}='2'/>")),
        whole.replace(CANARY, &format!("<x {CANARY}='<'/>")),
        whole.replace("\"Password\"", CANARY),
        whole.replace("\"Password\"", &format!("\"Password\" a='{CANARY}")),
        whole.replace(CANARY, &format!("<!-- {CANARY} -- -->")),
        format!("<!DOCTYPE x [<!ENTITY p \"{CANARY}\">]>{whole}"),
        format!("<?p {CANARY}?>{whole}"),
        format!("<?xml version=\"1.0\" encoding=\"{CANARY}\"?>{whole}"),
        format!("{whole}{CANARY}"),
        format!("{CANARY}{whole}"),
        CANARY.to_owned(),
    ] {
        answers.refused(server.post(&broken));
    }
    let units = || whole.encode_utf16();
    for bytes in [
        units().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
        units().flat_map(u16::to_be_bytes).collect(),
        [&[0xFF, 0xFE][..], &units().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()].concat(),
    ] {
        answers.refused(server.post_bytes(&bytes, &[]).unwrap());
    }
    let list = editor.request("CRMConfigurationList", "");
    for (path, headers) in [
        (format!("/api/xml?Password={CANARY}"), vec![]),
        (format!("/api/xml?TelSysID={CANARY}"), vec![]),
        (format!("/api/{CANARY}"), vec![]),
        ("/api/xml".to_owned(), vec![("Content-Type", CANARY)]),
        ("/api/xml".to_owned(), vec![("Content-Encoding", CANARY)]),
        ("/api/xml".to_owned(), vec![("Content-Type", "text/xml; charset=cAnArY7Zq9XwVu3TsRpLkJhGf")]),
    ] {
        answers.refused(post(server.address, &path, &headers, list.as_bytes()).unwrap());
    }
    let basic = format!("Basic {}", BASE64.encode(format!("editor:{CANARY}").as_bytes()));
    answers.take(post(server.address, "/api/xml", &[("Authorization", &basic)], list.as_bytes()));
    for garbage in [
        format!("{CANARY} / HTTP/1.1\r\n\r\n"),
        format!("POST /api/xml {CANARY}\r\n\r\n"),
        format!("POST /api/xml HTTP/1.1\r\n{CANARY}\r\n\r\n"),
        format!("POST /api/xml HTTP/1.1\r\nContent-Length: {CANARY}\r\n\r\n"),
        format!(
            "POST /api/xml HTTP/1.1\r\nContent-Type: text/xml\r\nTransfer-Encoding: chunked\r\n\r\n{CANARY}\r\n"
        ),
    ] {
        answers.take(exchange(server.address, garbage.as_bytes()));
    }
}

/// Signs in with the canary: rightly, wrongly and in the wrong fields. What the sessions were known by comes back.
fn in_authenticate(server: &Server, answers: &mut Answers) -> Vec<String> {
    let mut secrets = Vec::new();
    let credentials =
        |user: &str, password: &str| property("UserName", user) + &property("Password", password);
    for (user, password, right) in [
        ("canary", CANARY.to_owned(), true),
        ("editor", CANARY.to_owned(), false),
        ("nobody", CANARY.to_owned(), false),
        ("canary", format!("{CANARY}x"), false),
        (CANARY, "demo-editor".to_owned(), false),
    ] {
        let session = Session::create(server.address);
        secrets.push(session.id.clone());
        let reply = session.call("Authenticate", &credentials(user, &password));
        assert_eq!(reply.is_success(), right, "{}", reply.body);
        secrets.extend(reply.property("TransportKey"));
        if right {
            answers.refused(session.call("Authenticate", &credentials(user, &password)));
            answers.take(Some(session.call("CRMConfigurationList", "")));
        } else {
            answers.refused(reply);
        }
    }
    let session = Session::create(server.address);
    secrets.push(session.id.clone());
    for payload in [
        property("Password", CANARY),
        property("UserName", CANARY),
        credentials("canary", CANARY) + &property("Passwort", CANARY),
        credentials("canary", CANARY) + &property("Password", CANARY),
    ] {
        answers.refused(session.call("Authenticate", &payload));
    }
    secrets
}

#[test]
fn no_password_session_id_or_transport_key_is_written_down_anywhere() {
    let account = Extra { name: "canary", password: CANARY, role: Role::Editor, scope: Scope::EveryTelSys };
    let mut server = Server::demo_with_accounts(&[account], &["--log-level", "trace"]);
    let editor = server.session("editor");
    let scope = triple("1", "1", "");
    let id = editor.call(ADD, &add_payload(&scope, "stands")).expect_success().configuration_id();
    let named = scope + &property("CRMConfigurationID", &id);
    let mut answers = Answers::default();
    let mut secrets = in_authenticate(&server, &mut answers);
    in_password_fields(&editor, &named, &mut answers);
    in_the_wrong_place(&editor, &named, &mut answers);
    in_what_is_no_request(&server, &editor, &mut answers);
    secrets.push(editor.id.clone());
    answers.take(Some(editor.call("CRMConfigurationInfo", &named).expect_success()));
    let dump = server.dump();
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
    let goldens = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("snapshots"));
    let written = stored.iter().chain(&goldens).map(|(name, bytes)| (name.as_str(), bytes.as_slice()));
    let written = written.chain([("the log", log.as_bytes()), ("the dump", dump.as_bytes())]);
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

#[test]
fn the_search_would_find_every_form() {
    for text in [
        format!("x{CANARY}y").into_bytes(),
        CANARY.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        CANARY.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        HEXLOWER.encode(CANARY.as_bytes()).into_bytes(),
        BASE64.encode(CANARY.as_bytes()).into_bytes(),
        BASE64.encode(format!("a:{CANARY}").as_bytes()).into_bytes(),
        BASE64.encode(format!("user:{CANARY}@host").as_bytes()).into_bytes(),
        data_encoding::BASE64URL_NOPAD.encode(CANARY.as_bytes()).into_bytes(),
        format!("{:?}", CANARY.as_bytes()).into_bytes(),
    ] {
        let search = Search::new(&[("the password", CANARY.as_bytes().to_vec())]);
        assert_eq!(search.found(&text), Some("the password"), "{}", String::from_utf8_lossy(&text));
        assert_eq!(search.found(b"nothing to be found here"), None);
    }
}
