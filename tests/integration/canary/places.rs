//! Where a caller can put a password: rightly, by mistake, and in what is no request at all.

use data_encoding::{BASE64, HEXLOWER, HEXUPPER};

use super::Answers;
use crate::harness::{
    CANARY, COMMON, CONFIGURATION, SUGAR, Server, Session, add_payload, container, escape, exchange, post,
    property, triple,
};

const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";

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

pub fn in_password_fields(editor: &Session, named: &str, answers: &mut Answers) {
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

pub fn in_the_wrong_place(editor: &Session, named: &str, answers: &mut Answers) {
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

pub fn in_what_is_no_request(server: &Server, editor: &Session, answers: &mut Answers) {
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
pub fn in_authenticate(server: &Server, answers: &mut Answers) -> Vec<String> {
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
