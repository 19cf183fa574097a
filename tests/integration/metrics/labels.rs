//! No label tells who asked, or what they sent: whatever a client writes where, labels keep to the program's own words.

use std::collections::BTreeSet;

use crmconf::http::code::Code;
use crmconf::http::operation::Operation;
use crmconf_events::Scope;
use crmconf_events::access::Role;

use super::{ON, scrape};
use crate::harness::{CANARY, Extra, Server, Session, add_payload, get, post, property, triple};

#[test]
fn whatever_a_client_sends_labels_keep_to_the_program_s_own_words() {
    let account =
        Extra { name: "nAmeCanary", password: CANARY, role: Role::Editor, scope: Scope::EveryTelSys };
    let server = Server::demo_with_accounts(&[account], &ON);
    let session = server.session_of("nAmeCanary", CANARY);
    let mut sent = vec![CANARY.to_owned(), "nAmeCanary".to_owned(), session.id.clone()];
    let mut text = |word: &str| {
        sent.push(word.to_owned());
        word.to_owned()
    };
    let add = add_payload(&triple("1", "1", "01234567101"), &text("dEscriptionCanary"));
    let more = property("Reason", &text("rEasonCanary")) + &property("RequestKey", &text("kEyCanary"));
    let added = session.call("CRMConfigurationAdd", &(add + &more)).expect_success();
    text("01234567101");
    text(&added.configuration_id());
    // As an operation: unknown, nearly known, hostile to the format, and long.
    for operation in
        ["oPerationCanary", "crmconfigurationadd", "Logout ", "a\"} 1\n# x", &"oPlong".repeat(500)]
    {
        let request = session.request(&crate::harness::escape(operation).replace('\n', "&#10;"), "");
        assert!(!server.post(&request).is_success());
    }
    text("oPerationCanary");
    text("oPlong");
    for (name, password) in [(text("uSerCanary"), "x"), ("nAmeCanary".to_owned(), "wrong")] {
        let credentials = property("UserName", &name) + &property("Password", password);
        Session::create(server.address).call("Authenticate", &credentials).expect_code(10_307);
    }
    session.call("CRMConfigurationAdd", &property(&text("pRopertyCanary"), "x")).expect_code(10_108);
    session.call("CRMConfigurationList", &property("SearchQuery", &text("sEarchCanary"))).expect_success();
    Session { id: text("sEssionCanary"), ..session.clone() }.call("Logout", "").expect_code(10_302);
    assert_eq!(get(server.address, &format!("/{}", text("pAthCanary"))).unwrap().status, 404);
    post(server.address, "/api/xml", &[("X-Header", &text("hEaderCanary"))], b"<Request>").unwrap();

    let exposed = scrape(&server);
    let lower = exposed.text.to_lowercase();
    for word in sent {
        assert!(!lower.contains(&word.to_lowercase()), "{word} is told: {}", exposed.text);
    }
    let operations: BTreeSet<_> =
        Operation::ALL.iter().map(|operation| operation.name()).chain(["unknown"]).collect();
    let codes: BTreeSet<_> =
        Code::ALL.iter().map(|code| code.number().to_string()).chain(["ok".to_owned()]).collect();
    for (label, value) in
        exposed.families.values().flat_map(|family| &family.samples).flat_map(|sample| &sample.labels)
    {
        let known = match label.as_str() {
            "operation" => operations.contains(value.as_str()),
            "code" => codes.contains(value),
            "status" => value == "other" || value.parse::<u16>().is_ok(),
            "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
            "version" => value == env!("CARGO_PKG_VERSION"),
            "reason" | "step" | "of" | "state" | "outcome" => {
                value.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            }
            _ => panic!("the label {label} is new: what may it hold?"),
        };
        assert!(known, "{label} holds {value}");
    }
}
