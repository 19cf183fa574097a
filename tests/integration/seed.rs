//! The published examples, sent as they are printed, answered in the published shapes.

use crate::harness::{Server, Session, Varying, add_payload, container, golden, property, redact, triple};

/// The id in the published requests; the tests replace it by one that exists.
const PUBLISHED_ID: &str = "8b421354e7ea58f6:1007bf0b:197cf8dc588:-776e";

/// A published request or response, as it is printed.
fn published(name: &str) -> String {
    let path = format!("{}/tests/fixtures/seed/{name}.xml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn added(session: &Session) -> String {
    session.send(&published("add")).expect_success().configuration_id()
}

#[test]
fn every_published_request_succeeds_in_the_published_shape() {
    let server = Server::demo();
    let session = server.session("editor");
    let reply = session.send(&published("add")).expect_success();
    let id = reply.configuration_id();
    golden("seed", "add", &redact(&reply, &[Varying::Id(&id)]));
    let send = |name: &str| session.send(&published(name).replace(PUBLISHED_ID, &id)).expect_success();
    golden("seed", "change", &redact(&send("change"), &[]));
    golden("seed", "info", &redact(&send("info"), &[Varying::Id(&id)]));
    golden("seed", "list-device", &redact(&send("list-device"), &[Varying::Id(&id)]));
    // The example looks for "demo", which no published configuration holds: first no row, and then one.
    golden("seed", "list-every-without-a-row", &redact(&send("list-every"), &[]));
    let demo = published("add").replace(">CRM Configuration Description<", ">CRM Demonstration<");
    assert!(demo.contains("Demonstration"), "{demo}");
    let found = session.send(&demo).expect_success().configuration_id();
    golden("seed", "list-every", &redact(&send("list-every"), &[Varying::Id(&found)]));
    golden("seed", "delete", &redact(&send("delete"), &[]));
}

/// A printed response without what only its layout added: line breaks round tags and texts, the comment.
fn laid_out_no_more(printed: &str) -> String {
    let without_comment = match printed.split_once("<!--") {
        Some((before, rest)) => before.to_owned() + rest.split_once("-->").unwrap().1,
        None => printed.to_owned(),
    };
    without_comment.lines().map(str::trim).collect()
}

/// Puts a property's text into a response.
fn with_text(response: &str, name: &str, text: &str) -> String {
    let start = format!("<Property Name=\"{name}\">");
    let (before, rest) = response.split_once(&start).unwrap();
    let (_, after) = rest.split_once("</Property>").unwrap();
    format!("{before}{start}{text}</Property>{after}")
}

#[test]
fn the_published_info_response_comes_out_to_the_letter() {
    let server = Server::demo();
    let session = server.session("admin");
    let configuration = r#"{"SObjectNames":["Account","Contact","Lead"],"ExcludeConvertedLeads":"true",
        "SObjectsRequireRefresh":true,"SupportEncryptedFields":true,
        "ClientId":"3MVG9WtWSKUDG.x41FVg82vFODI5SiqPK9DyMBYBaRsTvaVHeFfGHBFztVtiZpLnp7hl2K04iXA==",
        "Endpoint":"https://hogsnose-dev-ed.my.salesforce.com/services/oauth2/"}"#;
    let common = r#"{"ShowActivityOnCall":false,"RelatedDataEnabled":"true","EnableActivitiesOnInternalNumbers":false,
        "CreateActivityOnCallEnd":false,"AutoPopOption":"Never","Cached":false,"CacheFrequencyUnit":"Minutes",
        "CacheFrequency":"60"}"#;
    let scope = triple("2", "1", "UnknownNoneOrAll");
    let add = scope.clone()
        + &property("Description", "CRM Configuration Test")
        + &property("CRMType", "CrmAddin.Salesforce.SalesforceAddin")
        + &container("CRMConfiguration", configuration)
        + &container("CRMConfigurationCommon", common);
    let id = session.call("CRMConfigurationAdd", &add).expect_success().configuration_id();
    let info = session.call("CRMConfigurationInfo", &(scope + &property("CRMConfigurationID", &id)));
    let expected = with_text(&laid_out_no_more(&published("info-response")), "CRMConfigurationID", &id);
    assert_eq!(with_invoke_id_of_the_example(&info.expect_success().body), expected);
}

#[test]
fn the_published_list_response_comes_out_to_the_letter() {
    let server = Server::demo();
    let session = server.session("editor");
    let add = |scope: &str| {
        let payload = add_payload(scope, "CRM Configuration 10");
        session.call("CRMConfigurationAdd", &payload).expect_success().configuration_id()
    };
    // The example's ids tell that the row at the TelSys was added after the one at the partition.
    let first = add(&triple("1", "2", ""));
    let partition = add(&triple("1", "1", ""));
    let telsys = add(&triple("1", "", ""));
    assert!(
        first.ends_with(":-8000") && partition.ends_with(":-7fff") && telsys.ends_with(":-7ffe"),
        "{telsys}"
    );
    let list = session.send(&published("list-device")).expect_success();
    let published = laid_out_no_more(&published("list-response"));
    let expected = with_text(&published, "Total", "2")
        .replace("054b5e06055eae21:-34894830:197ac9265bf:-7ffe", &telsys)
        .replace("054b5e06055eae21:-34894830:197ac9265bf:-7fff", &partition);
    assert_eq!(with_invoke_id_of_the_example(&list.body), expected);
}

/// The test client numbers its requests; the example's number is 14.
fn with_invoke_id_of_the_example(body: &str) -> String {
    let (before, rest) = body.split_once("<InvokeID>").unwrap();
    let (_, after) = rest.split_once("</InvokeID>").unwrap();
    format!("{before}<InvokeID>14</InvokeID>{after}")
}

#[test]
fn nothing_is_lost_when_the_server_is_killed() {
    let mut server = Server::demo();
    let id = added(&server.session("editor"));
    let info = published("info").replace(PUBLISHED_ID, &id);
    let before = server.session("viewer").send(&info).expect_success();
    server.kill_nine();
    server.restart();
    let after = server.session("viewer").send(&info).expect_success();
    assert_eq!(after.body, before.body);
}

#[test]
fn a_namespaced_request_is_answered_in_its_namespace() {
    let server = Server::demo();
    let body = "<c:Request xmlns:c=\"urn:crmconf:api:1\" Operation=\"CreateSession\"><c:InvokeID>1</c:InvokeID></c:Request>";
    let reply = server.post(body).expect_success();
    let id = reply.property("SessionID").unwrap();
    let nonce = reply.property("Nonce").unwrap();
    golden(
        "seed",
        "create-session-in-our-namespace",
        &redact(&reply, &[Varying::Session(&id), Varying::Nonce(&nonce)]),
    );
}
