//! A password where it belongs: sealed on its way, stored, answered to several sessions, repeated, refused, read after
//! a kill.

use std::fs;
use std::path::Path;

use crmconf::templates::BUILTIN;

use super::Answers;
use crate::harness::{Holder, Reply, SUGAR, Server, Session, container, property, triple};

/// A password with characters beyond ASCII, and some that look otherwise in URLs and in one of the base64 alphabets.
pub const SECRET: &str = "Zähl9-Größe_Wörtlich+Ükx/§Q7";

const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";
const INFO: &str = "CRMConfigurationInfo";
const LIST: &str = "CRMConfigurationList";
/// A type whose password fields have rules, which the secret breaks.
const RULED: &str = "Ruled";
const RULED_TEMPLATE: &str = r#"{"CRMType":"Ruled","Title":"Ruled","Version":"1","CRMConfiguration":{"properties":{
    "Long":{"type":"string","format":"password","minLength":100},
    "Short":{"type":"string","format":"password","maxLength":3},
    "Digits":{"type":"string","format":"password","pattern":"^[0-9]+$"},
    "One":{"type":"string","format":"password","enum":["a","b"]},
    "Const":{"type":"string","format":"password","const":"a"}}},"CRMConfigurationCommon":{}}"#;

/// What is nowhere to be found, with its name.
type Sought = Vec<(&'static str, Vec<u8>)>;

/// Writes the built-in templates and that of [`RULED`] into a folder.
pub fn templates(folder: &Path) {
    for (crm_type, document) in BUILTIN.into_iter().chain([(RULED, RULED_TEMPLATE)]) {
        fs::write(folder.join(format!("{crm_type}.json")), document).unwrap();
    }
}

fn sought(holders: &[&Holder]) -> Sought {
    let of = |holder: &&Holder| {
        let id = data_encoding::HEXUPPER.decode(holder.id.as_bytes()).unwrap();
        [
            ("a transport key", holder.key()),
            ("a session's id", holder.id.clone().into_bytes()),
            ("a session's id as bytes", id),
        ]
    };
    holders.iter().flat_map(of).chain([("the sealed password", SECRET.as_bytes().to_vec())]).collect()
}

fn adding(crm_type: &str, description: &str, json: &str) -> String {
    triple("1", "1", "")
        + &property("Description", description)
        + &property("CRMType", crm_type)
        + &container("CRMConfiguration", json)
        + &container("CRMConfigurationCommon", "{}")
}

fn json(holder: &Holder, field: &str, text: &str) -> String {
    format!("{{\"{field}\":\"{}\"}}", holder.seal(field, text))
}

fn named(added: &Reply) -> String {
    triple("1", "1", "") + &property("CRMConfigurationID", &added.configuration_id())
}

/// The Add whose retries are told by its password.
fn keyed(holder: &Holder, text: &str) -> String {
    adding(SUGAR, "holds the secret", &json(holder, "Password", text))
        + &property("RequestKey", "the secret's")
}

/// Sends the secret as it is meant, and by every mistake. Returns the id of the configuration
/// that holds it, and what must not be found.
pub fn in_its_place(server: &Server, answers: &mut Answers) -> (String, Sought) {
    let [editor, again, client, admin] =
        ["editor", "editor", "client", "admin"].map(|user| Holder::of(server, user));
    let added = answers.take(Some(editor.call(ADD, &keyed(&editor, SECRET)).expect_success())).unwrap();
    let named = named(&added);
    let repeated = again.call(ADD, &keyed(&again, SECRET)).expect_success();
    assert_eq!(repeated.configuration_id(), added.configuration_id());
    answers.take(Some(repeated));
    answers.refused(again.call(ADD, &keyed(&again, &format!("{SECRET}x"))));
    let change = |holder: &Holder, text: &str| {
        holder
            .call(CHANGE, &(named.clone() + &container("CRMConfiguration", &json(holder, "Password", text))))
    };
    for (holder, text) in [(&editor, "another"), (&admin, SECRET), (&again, SECRET)] {
        answers.take(Some(change(holder, text).expect_success()));
    }
    answered(&[&editor, &again, &client, &admin], &named, answers);
    shown(server, &client, &named, answers);
    refused(&[&editor, &again], &named, answers);
    let other = adding("CrmAddin.Salesforce.SalesforceAddin", "too", &json(&editor, "ClientSecret", SECRET));
    answers.take(Some(editor.call(ADD, &other).expect_success()));
    (added.configuration_id(), sought(&[&editor, &again, &client, &admin]))
}

/// Each session is answered the secret under its own key.
fn answered(holders: &[&Holder], named: &str, answers: &mut Answers) {
    for holder in holders {
        let info = answers.take(Some(holder.call(INFO, named).expect_success())).unwrap();
        let value = info.property("Password").unwrap();
        assert_eq!(holder.open("Password", &value).as_deref(), Some(SECRET));
    }
}

/// Everything else that shows the configuration, and lists that are asked for the secret.
fn shown(server: &Server, client: &Holder, named: &str, answers: &mut Answers) {
    let all = property("CRMConfigurationFields", "CRMConfiguration,CRMConfigurationCommon,Version");
    let as_json = named.to_owned() + &property("ReturnJSON", "true");
    let sessions: [&Session; 3] = [client, &server.session("viewer"), &server.session("auditor")];
    for session in sessions {
        answers.take(Some(session.call(INFO, &as_json).expect_success()));
        answers.take(Some(session.call(LIST, &all).expect_success()));
        for searched in [SECRET, &SECRET[..9], "enc:v1:"] {
            let found =
                session.call(LIST, &(all.clone() + &property("SearchQuery", searched))).expect_success();
            assert_eq!(found.property("Total").as_deref(), Some("0"), "{}", found.body);
            answers.take(Some(found));
        }
        for sort in ["Description", "Version:DESC"] {
            answers.take(Some(session.call(LIST, &(all.clone() + &property("Sort", sort))).expect_success()));
        }
        for sort in ["CRMConfiguration", SECRET] {
            answers.refused(session.call(LIST, &property("Sort", sort)));
        }
    }
    let viewer = server.session("viewer");
    let info = answers.take(Some(viewer.call(INFO, named).expect_success())).unwrap();
    assert_eq!(info.property("Password"), None);
}

/// The secret as no request may hold it.
fn refused([editor, again]: &[&Holder; 2], named: &str, answers: &mut Answers) {
    let value = editor.seal("Password", SECRET);
    let digits = value.strip_prefix("enc:v1:").unwrap();
    let long = SECRET.repeat(2_000);
    for (field, text) in [
        ("Password", SECRET),
        ("Password", &again.seal("Password", SECRET)),
        ("Password", &editor.seal("ClientSecret", SECRET)),
        ("Password", &value[..value.len() - 1]),
        ("Password", &format!("{value}==")),
        ("Password", &format!("enc:v1:{SECRET}")),
        ("Password", &format!("enc:v2:{digits}")),
        ("Password", &format!("{SECRET}{value}")),
        ("Password", &editor.seal("Password", &long)),
        ("Passwort", SECRET),
        ("SObjectNames", SECRET),
    ] {
        let json = format!("{{\"{field}\":\"{text}\"}}");
        for payload in
            [adding(SUGAR, "refused", &json), named.to_owned() + &container("CRMConfiguration", &json)]
        {
            let operation = if payload.contains("refused") { ADD } else { CHANGE };
            answers.refused(editor.call(operation, &payload));
            answers.refused(editor.call(operation, &(payload.clone() + &property("ValidateOnly", "true"))));
            answers.refused(editor.call(operation, &(payload + &property("RequestKey", "refused"))));
        }
    }
    for field in ["Long", "Short", "Digits", "One", "Const"] {
        answers.refused(editor.call(ADD, &adding(RULED, "breaks a rule", &json(editor, field, SECRET))));
    }
    for json in [
        format!("{{\"Password\":\"{SECRET}"),
        format!("{{\"Password\":[\"{SECRET}\"]}}"),
        format!("{{\"Password\":{{\"{SECRET}\":1}},\"Passwort\":1}}"),
        format!("{{\"Password\":\"{value}\",\"Password\":\"{SECRET}\"}}"),
    ] {
        answers.refused(editor.call(ADD, &adding(SUGAR, "refused", &json)));
    }
}

/// After a kill: the sessions are gone, the secret stands, and its first request is known.
pub fn after_a_kill(server: &Server, added: &str, answers: &mut Answers) -> Sought {
    let (editor, client) = (Holder::of(server, "editor"), Holder::of(server, "client"));
    let repeated = answers.take(Some(editor.call(ADD, &keyed(&editor, SECRET)).expect_success())).unwrap();
    assert_eq!(repeated.configuration_id(), added);
    answers.refused(editor.call(ADD, &keyed(&editor, "another")));
    answered(&[&editor, &client], &named(&repeated), answers);
    sought(&[&editor, &client])
}
