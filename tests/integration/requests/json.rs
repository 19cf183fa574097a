//! JSON by the template: what becomes what, what `null` means, and what is refused without its value being told.

use super::{ADD, CHANGE, SERVER, fresh, own};
use crate::harness::{CANARY, Reply, Session, add_payload, container, golden, property, redact, triple};

/// A Change of CRMConfiguration, or of CRMConfigurationCommon.
fn change(session: &Session, named: &str, part: &str, json: &str) -> Reply {
    session.call(CHANGE, &(named.to_owned() + &container(part, json)))
}

#[test]
fn texts_become_what_the_schema_asks_for_and_nothing_becomes_a_text() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let common = "CRMConfigurationCommon";
    let cases = [
        (r#"{"Cached":"true","CacheFrequency":"60"}"#, r#"{"CacheFrequency":60,"Cached":true}"#),
        (r#"{"Cached":false,"CacheFrequency":-1}"#, r#"{"CacheFrequency":-1,"Cached":false}"#),
        (r#"{"CacheFrequencyUnit":"60"}"#, r#"{"CacheFrequencyUnit":"60"}"#),
        (r#"{"AutoPopOption":" true "}"#, r#"{"AutoPopOption":" true "}"#),
        ("{}", "{}"),
    ];
    for (given, stored) in cases {
        change(&editor, &own.named, common, given).expect_success();
        let asked = own.named.clone() + &property("ReturnJSON", "true");
        let info = editor.call(super::INFO, &asked).expect_success();
        let shown = &info.body[info.body.find("Name=\"CRMConfigurationCommon\"").unwrap()..];
        let json = shown.split("JSONData\">").nth(1).unwrap().split("</Property>").next().unwrap();
        assert_eq!(json.replace("&quot;", "\""), stored, "{given}");
    }
    for bad in [
        r#"{"Cached":"yes"}"#,
        r#"{"Cached":"True"}"#,
        r#"{"Cached":1}"#,
        r#"{"CacheFrequency":"1.5"}"#,
        r#"{"CacheFrequency":" 60"}"#,
        r#"{"CacheFrequency":"0x10"}"#,
        r#"{"CacheFrequencyUnit":60}"#,
        r#"{"AutoPopOption":true}"#,
        r#"{"Cached":null}"#,
        "[]",
        "null",
        "\"text\"",
    ] {
        let reply = change(&editor, &own.named, common, bad).expect_code(31007);
        assert!(!reply.body.contains("yes") && !reply.body.contains("0x10"), "{}", reply.body);
    }
}

#[test]
fn what_is_no_json_or_over_a_limit_is_refused() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let part = "CRMConfiguration";
    let deep = format!("{{\"Endpoint\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for bad in [
        "{",
        "{} {}",
        r#"{"ClientId":"a","ClientId":"b"}"#,
        r#"{"ClientId":NaN}"#,
        r#"{"ClientId":18446744073709551616}"#,
        r#"{"SObjectNames":"Account,Contact"}"#,
        r#"{"SObjectNames":["Account",null]}"#,
        r#"{"ClientId":"\ud800"}"#,
        r#"{"ClientId":null}"#,
        r#"{'ClientId':"a"}"#,
        &deep,
    ] {
        change(&editor, &own.named, part, bad).expect_code(31006);
    }
    let empty = own.named.clone() + "<Container Name=\"CRMConfiguration\"/>";
    editor.call(CHANGE, &empty).expect_code(31006);
    let other = own.named.clone()
        + "<Container Name=\"CRMConfiguration\"><Property Name=\"ClientId\">x</Property></Container>";
    let refused = editor.call(CHANGE, &other).expect_code(10108);
    assert!(refused.body.contains("ClientId"), "{}", refused.body);
    let sized = |bytes: usize| format!("{{\"Endpoint\":\"{}\"}}", "x".repeat(bytes - 15));
    assert_eq!(sized(256 << 10).len(), 256 << 10);
    change(&editor, &own.named, part, &sized(256 << 10)).expect_success();
    change(&editor, &own.named, part, &sized((256 << 10) + 1)).expect_code(10108);
    // In normal form each number has twenty digits: within the limit as given, past it as it would be stored.
    let long_in_normal_form = |numbers: usize| format!("{{\"SObjectNames\":[{}1]}}", "1e19,".repeat(numbers));
    assert!(long_in_normal_form(50_000).len() < 256 << 10);
    change(&editor, &own.named, part, &long_in_normal_form(50_000)).expect_code(10108);
    change(&editor, &own.named, part, &long_in_normal_form(10)).expect_code(31006);
    // Tens of thousands of faults in one part are told of as quickly as one.
    let names: String = (0..15_000).map(|number| format!("\"k{number}\":0,")).collect();
    let faulty = format!("{{{names}\"SObjectNames\":[{}1]}}", "1,".repeat(40_000));
    assert!(faulty.len() < 256 << 10);
    let start = std::time::Instant::now();
    change(&editor, &own.named, part, &faulty).expect_code(31006);
    assert!(start.elapsed() < std::time::Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_key_that_the_template_does_not_know_is_named() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let refused = change(&editor, &own.named, "CRMConfiguration", r#"{"ClientID":"a","Endpoint":"b"}"#);
    golden("requests", "a-key-that-the-template-does-not-know", &redact(&refused.expect_code(31006), &[]));
    let refused = change(&editor, &own.named, "CRMConfigurationCommon", r#"{"Cached":"perhaps"}"#);
    golden("requests", "a-value-of-the-wrong-type", &redact(&refused.expect_code(31007), &[]));
}

#[test]
fn null_takes_a_password_away_in_a_change_and_is_refused_in_an_add() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let version = own.version(&editor);
    let json = r#"{"ClientId":"0987654321","SObjectNames":["Account","Contact","Lead"],"Password":null}"#;
    change(&editor, &own.named, "CRMConfiguration", json).expect_success();
    assert_eq!(own.version(&editor), version, "there was none to take away");
    let add = add_payload(&triple("1", "1", ""), &fresh())
        .replace("0987654321&quot;", "1&quot;,&quot;Password&quot;:null");
    assert!(add.contains("null"));
    editor.call(ADD, &add).expect_code(31006);
}

#[test]
fn a_value_in_a_password_field_that_is_not_sealed_is_refused() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    for value in ["\"\"", "\"enc:v1:AAAA\"", "\"text\"", "1", "[]", "{}", "true"] {
        let json = format!("{{\"Password\":{value}}}");
        let reply = change(&editor, &own.named, "CRMConfiguration", &json).expect_code(31006);
        assert!(reply.body.contains("Password"), "{value}: {}", reply.body);
    }
    let refused = change(&editor, &own.named, "CRMConfiguration", &format!("{{\"Password\":\"{CANARY}\"}}"));
    golden("requests", "a-value-in-a-password-field", &redact(&refused, &[]));
}
