//! `CRMTypeList` and `CRMTypeInfo`: what there is to be configured, and by which rules.

use std::sync::Arc;

use crmconf::templates::TemplateSet;
use crmconf_events::CrmType;
use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use crate::harness::{Reply, SUGAR, Server, Session, Shared, golden, post, property, redact};
use crate::inprocess::{InProcess, STORE, directory, found, grant, scope};

const LIST: &str = "CRMTypeList";
const INFO: &str = "CRMTypeInfo";
const SALESFORCE: &str = "CrmAddin.Salesforce.SalesforceAddin";

static SERVER: Shared = Shared::new(Server::demo);

/// A template that uses what field rules can be made of.
const RICH: &str = r##"{
  "CRMType": "Acme.Rich", "Title": "Acme & Söhne", "Version": "2.1",
  "CRMConfiguration": {
    "properties": {
      "Zone": { "type": "string", "title": "Time zone", "description": "As <IANA> has it", "pattern": "^\\w+/\\w+$" },
      "Key": { "type": ["string", "null"], "format": "password", "minLength": 8 },
      "Mode": { "$ref": "#/$defs/mode", "description": "How" },
      "Tags": { "type": "array", "items": { "type": "string", "maxLength": 5 }, "uniqueItems": true },
      "Any": true
    },
    "required": ["Zone", "Key"],
    "$defs": { "mode": { "type": "string", "enum": ["fast", "safe, and slow"], "description": "not shown" } }
  },
  "CRMConfigurationCommon": { "properties": { "Port": { "type": "integer", "minimum": 1, "maximum": 65535 } } }
}"##;

fn column(reply: &Reply, name: &str) -> Vec<String> {
    let start = format!("<Property Name=\"{name}\">");
    let cells = reply.body.split(&start).skip(1);
    cells.map(|rest| rest.split("</Property>").next().unwrap().to_owned()).collect()
}

fn set(documents: &[(&str, &str)]) -> TemplateSet {
    TemplateSet::read(documents.iter().map(|(name, text)| (CrmType::new(name).unwrap(), *text)))
}

fn titled(crm_type: &str, title: &str, version: &str) -> String {
    let head = format!(r#""CRMType":"{crm_type}","Title":"{title}","Version":"{version}""#);
    format!(r#"{{{head},"CRMConfiguration":{{}},"CRMConfigurationCommon":{{}}}}"#)
}

async fn service() -> InProcess {
    let log = Arc::new(MemoryLog::new(STORE));
    found(&*log, &[vec![grant(Role::Viewer, scope(1, 0, ""))]], directory(&[(1, 0, "", "1")]));
    InProcess::start(log, 1).await
}

#[test]
fn the_built_in_types_read_as_documented() {
    let server = SERVER.get();
    let viewer = server.session("viewer");
    golden("crm-types", "list", &redact(&viewer.call(LIST, "").expect_success(), &[]));
    let asked = property("CRMType", SUGAR);
    golden("crm-types", "info", &redact(&viewer.call(INFO, &asked).expect_success(), &[]));
}

#[actix_web::test]
async fn a_field_tells_its_type_whether_it_is_a_password_and_its_rules() {
    let inside = service().await;
    inside.app.templates.store(Arc::new(set(&[("Acme.Rich", RICH)])));
    let asked = property("CRMType", "Acme.Rich");
    let plain = inside.call(0, INFO, &asked).await.expect_success();
    golden("crm-types", "info-rules", &redact(&plain, &[]));
    let whole =
        inside.call(0, INFO, &(asked.clone() + &property("ReturnJSON", "true"))).await.expect_success();
    golden("crm-types", "info-schema", &redact(&whole, &[]));
    let without = inside.call(0, INFO, &(asked + &property("ReturnJSON", "false"))).await;
    assert_eq!(without.body, plain.body);
    inside.stop().await;
}

#[actix_web::test]
async fn types_are_searched_sorted_and_paged_as_configurations_are() {
    let inside = service().await;
    let documents = [
        ("B.b", titled("B.b", "alpha straße", "10")),
        ("a.A", titled("a.A", "Zeta", "9")),
        ("C", titled("C", "beta", "9")),
        ("Bad", "{".to_owned()),
    ];
    let documents: Vec<_> = documents.iter().map(|(name, text)| (*name, text.as_str())).collect();
    inside.app.templates.store(Arc::new(set(&documents)));
    for (asked, total, rows) in [
        (vec![], "4", vec!["B.b", "Bad", "C", "a.A"]),
        (vec![("Sort", "CRMType:DESC")], "4", vec!["a.A", "C", "Bad", "B.b"]),
        (vec![("Sort", "Title")], "4", vec!["Bad", "B.b", "C", "a.A"]),
        (vec![("Sort", "Version:ASC")], "4", vec!["Bad", "B.b", "C", "a.A"]),
        (vec![("Sort", "Version:DESC")], "4", vec!["C", "a.A", "B.b", "Bad"]),
        (vec![("Sort", "Usable")], "4", vec!["Bad", "B.b", "C", "a.A"]),
        (vec![("SearchQuery", "STRASSE")], "1", vec!["B.b"]),
        (vec![("SearchQuery", "b")], "3", vec!["B.b", "Bad", "C"]),
        (vec![("SearchQuery", "nothing")], "0", vec![]),
        (vec![("Offset", "1"), ("Limit", "2")], "4", vec!["Bad", "C"]),
        (vec![("Offset", "9")], "4", vec![]),
        (vec![("Limit", "0")], "4", vec![]),
    ] {
        let payload: String = asked.iter().map(|(name, value)| property(name, value)).collect();
        let reply = inside.call(0, LIST, &payload).await.expect_success();
        assert_eq!(column(&reply, "CRMType"), rows, "{asked:?}");
        assert_eq!(reply.property("Total").as_deref(), Some(total), "{asked:?}");
    }
    let reply = inside.call(0, LIST, "").await;
    assert_eq!(column(&reply, "Usable"), ["true", "false", "true", "true"]);
    assert_eq!(column(&reply, "Title"), ["alpha straße", "", "beta", "Zeta"]);
    inside.stop().await;
}

#[test]
fn offset_and_limit_may_stand_beside_the_payload_and_no_scope_may_stand_anywhere() {
    let server = SERVER.get();
    let viewer = server.session("viewer");
    let beside = |operation: &str, elements: &str| {
        let request = viewer.request(operation, "");
        viewer.send(&request.replace("<OperationPayload>", &format!("{elements}<OperationPayload>")))
    };
    let page = beside(LIST, "<Offset>1</Offset><Limit>1</Limit>").expect_success();
    assert_eq!(column(&page, "CRMType"), [SUGAR]);
    assert_eq!(page.property("Offset").as_deref(), Some("1"));
    beside(INFO, "<Limit>1</Limit>").expect_code(10108);
    for operation in [LIST, INFO] {
        let body = viewer.request(operation, &property("CRMType", SUGAR));
        let refused = post(server.address, "/api/xml?TelSysID=1", &[], body.as_bytes()).unwrap();
        assert!(refused.expect_code(10108).body.contains(" is unknown."));
        viewer.call(operation, &property("TelSysID", "1")).expect_code(10108);
    }
}

/// Asks for a type's Info.
fn info(session: &Session, payload: &str) -> u32 {
    session.call(INFO, payload).code()
}

#[test]
fn what_is_wrong_with_a_request_is_told_in_the_documented_order() {
    let server = SERVER.get();
    let viewer = server.session("viewer");
    let missing = viewer.call(INFO, "").expect_code(31004);
    golden("crm-types", "31004-no-crm-type", &redact(&missing, &[]));
    assert_eq!(info(&viewer, &property("CRMType", "CrmAddin.None")), 31005);
    assert_eq!(info(&viewer, &property("CRMType", &"x".repeat(257))), 10108);
    assert_eq!(info(&viewer, &property("ReturnJSON", "yes")), 10108);
    assert_eq!(info(&viewer, &property("CRMTyp", SUGAR)), 10108);
    let twice = property("CRMType", SUGAR);
    assert_eq!(info(&viewer, &(twice.clone() + &twice)), 10108);
    for (name, value) in [
        ("Sort", "Titel"),
        ("Sort", "Title:UP"),
        ("Limit", "10001"),
        ("Limit", "-1"),
        ("Offset", "x"),
        ("ReturnJSON", "true"),
    ] {
        viewer.call(LIST, &property(name, value)).expect_code(10108);
    }
    let unsortable = viewer.call(LIST, &property("Sort", "Description")).expect_code(10108);
    assert!(unsortable.body.contains("sortable are CRMType, Title, Version, Usable."), "{}", unsortable.body);
}

#[actix_web::test]
async fn a_type_that_cannot_be_used_is_listed_so_and_told_apart_from_an_unknown_one() {
    let inside = service().await;
    inside.app.templates.store(Arc::new(set(&[(SALESFORCE, "{}")])));
    let reply = inside.call(0, LIST, "").await.expect_success();
    assert_eq!(
        (column(&reply, "CRMType"), column(&reply, "Usable")),
        (vec![SALESFORCE.into()], vec!["false".into()])
    );
    inside.call(0, INFO, &property("CRMType", SALESFORCE)).await.expect_code(31001);
    inside.call(0, INFO, &property("CRMType", SUGAR)).await.expect_code(31005);
    inside.app.templates.store(Arc::new(TemplateSet::unreachable()));
    inside.call(0, INFO, &property("CRMType", SUGAR)).await.expect_code(31001);
    let list = inside.call(0, LIST, "").await.expect_code(31001);
    golden("crm-types", "31001-list", &redact(&list, &[]));
    // What is wrong with the request comes before.
    inside.call(0, LIST, &property("Limit", "x")).await.expect_code(10108);
    inside.stop().await;
}
