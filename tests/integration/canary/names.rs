//! A password where a name, a key or a parameter belongs, and written with escapes: answers may tell a name back to who
//! sent it; nothing else may hold it.

use super::Answers;
use crate::harness::{
    CANARY, CONFIGURATION, Server, Session, add_payload, container, escape, post, property, triple,
};

const ADD: &str = "CRMConfigurationAdd";
const CHANGE: &str = "CRMConfigurationChange";

/// Names may be echoed: of these answers only the refusal counts.
#[track_caller]
fn refused_by_name(reply: &crate::harness::Reply) {
    assert!(!reply.is_success(), "{}", reply.body);
}

/// As the name of a property, a container, an attribute, an element, a key of JSON, and a parameter.
pub fn as_a_name(server: &Server, editor: &Session, named: &str) {
    let good = add_payload(&triple("1", "1", ""), "x");
    for more in [
        property(CANARY, "x"),
        property(CANARY, "x") + &property(CANARY, "y"),
        container(CANARY, "{}"),
        container("CRMConfiguration", &format!("{{\"{CANARY}\":1}}")),
        container("CRMConfiguration", &format!("{{\"{CANARY}\":1,\"{CANARY}\":2}}")),
        container("CRMConfiguration", &format!("{{\"SObjectNames\":{{\"{CANARY}\":1}}}}")),
        container("CRMConfigurationCommon", &format!("{{\"{CANARY}\":null}}")),
        format!("<Container Name=\"CRMConfiguration\">{}</Container>", property(CANARY, "x")),
        format!("<{CANARY}/>"),
        format!("<Property Name=\"Reason\" {CANARY}=\"x\">x</Property>"),
        property("CRMConfigurationFields", CANARY),
    ] {
        refused_by_name(&editor.call(CHANGE, &(named.to_owned() + &more)));
        refused_by_name(&editor.call("CRMConfigurationList", &more));
        if !more.contains("CRMConfiguration") {
            refused_by_name(&editor.call(ADD, &(good.clone() + &more)));
        }
    }
    let list = editor.request("CRMConfigurationList", "");
    for path in
        [format!("/api/xml?{CANARY}=1"), format!("/api/xml?{CANARY}"), format!("/api/xml?a={CANARY}&b")]
    {
        refused_by_name(&post(server.address, &path, &[], list.as_bytes()).unwrap());
    }
    refused_by_name(
        &server.post(&list.replace("<OperationPayload>", &format!("<{CANARY}/><OperationPayload>"))),
    );
    refused_by_name(&server.post(&list.replace("<Request ", &format!("<Request {CANARY}=\"1\" "))));
}

/// With its characters written as escapes of JSON or references of XML.
pub fn with_escapes(editor: &Session, named: &str, answers: &mut Answers) {
    let json: String = CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let decimal: String = CANARY.chars().map(|c| format!("&#{};", u32::from(c))).collect();
    let hexadecimal: String = CANARY.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect();
    let cdata: String = CANARY.chars().map(|c| format!("<![CDATA[{c}]]><!-- -->")).collect();
    let secret = format!("{{\"Password\":\"{json}\"}}");
    answers.refused(editor.call(CHANGE, &(named.to_owned() + &container("CRMConfiguration", &secret))));
    answers.refused(editor.call(CHANGE, &(named.to_owned() + &container("CRMConfigurationCommon", &secret))));
    let add = add_payload(&triple("1", "1", ""), "x").replace(&escape(CONFIGURATION), &escape(&secret));
    answers.refused(editor.call(ADD, &add));
    for written in [&decimal, &hexadecimal, &cdata] {
        let field = format!("<Property Name=\"Password\">{written}</Property>");
        answers.refused(editor.call(CHANGE, &(named.to_owned() + &field)));
        let part = container("CRMConfiguration", &format!("{{\"Password\":\"{CANARY}\"}}"));
        answers.refused(editor.call(CHANGE, &(named.to_owned() + &part.replace(CANARY, written))));
        // Rightly as well: what it stands for signs in, and what is wrong does not.
        for (user, right) in [("canary", true), ("editor", false), ("nobody", false)] {
            let session = Session::create(editor.address);
            let reply = session.call("Authenticate", &(property("UserName", user) + &field));
            assert_eq!(reply.is_success(), right, "{}", reply.body);
            answers.take(Some(reply));
        }
    }
}

/// As the key of a request that is refused, and as a parameter of its URL.
pub fn in_keys(server: &Server, editor: &Session, named: &str, answers: &mut Answers) {
    let nowhere = add_payload(&triple("1", "9", ""), "x");
    let key = property("RequestKey", CANARY);
    answers.refused(editor.call(ADD, &(nowhere.clone() + &key)));
    answers.refused(editor.call_with(ADD, &nowhere, &[("Idempotency-Key", CANARY)]));
    answers.refused(editor.call_with(ADD, &(nowhere + &key), &[("Idempotency-Key", "another")]));
    answers.refused(editor.call(CHANGE, &(named.to_owned() + &key + &property("ExpectedVersion", "1"))));
    answers.refused(editor.call("CRMConfigurationInfo", &(named.to_owned() + &key)));
    answers.refused(editor.call(ADD, &property("RequestKey", &CANARY.repeat(9))));
    let list = editor.request("CRMConfigurationList", "");
    for name in ["TelSysID", "PartIDInTelSys", "DeviceNumber", "RequestKey", "SessionID"] {
        let path = format!("/api/xml?{name}={CANARY}");
        answers.refused(post(server.address, &path, &[], list.as_bytes()).unwrap());
    }
}
