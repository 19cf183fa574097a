//! Text reaches the store exactly as XML 1.0 reads it, and comes back the same.

use super::{ADD, CHANGE, INFO, SERVER, fresh, own};
use crate::harness::{add_payload, property, triple};

/// A property whose content is XML already.
fn raw(name: &str, xml: &str) -> String {
    format!("<Property Name=\"{name}\">{xml}</Property>")
}

#[test]
fn text_is_joined_and_kept_exactly() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    // What is sent, and what is answered.
    let cases = [
        ("  kept  ", "  kept  "),
        ("a&#13;b", "a&#13;b"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("a&#13;\nb&#xD;&#xA;c", "a&#13;\nb&#13;\nc"),
        ("a\tb&#9;c", "a\tb\tc"),
        ("a<!-- not this -->", "a"),
        ("a<![CDATA[<b>&amp;]]>c<!--d-->e&#x1F600;&lt;", "a&lt;b&gt;&amp;amp;ce\u{1F600}&lt;"),
        ("<![CDATA[]]]]><![CDATA[>]]>", "]]&gt;"),
        ("<![CDATA[a\r\nb]]>", "a\nb"),
        ("&quot;&apos;", "\"'"),
        ("e\u{301} is not \u{e9}", "e\u{301} is not \u{e9}"),
    ];
    for (sent, expected) in cases {
        editor.call(CHANGE, &(own.named.clone() + &raw("Description", sent))).expect_success();
        let info = own.info(&editor);
        let shown = format!("<Property Name=\"Description\">{expected}</Property>");
        assert!(info.body.contains(&shown), "{sent:?} came back in {}", info.body);
    }
}

#[test]
fn lengths_count_characters_and_not_bytes() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let change = |text: &str| editor.call(CHANGE, &(own.named.clone() + &property("Description", text)));
    change(&"\u{1F600}".repeat(1_024)).expect_success();
    let refused = change(&"\u{1F600}".repeat(1_025)).expect_code(10108);
    assert!(refused.body.contains("1025") && refused.body.contains("1024"), "{}", refused.body);
}

#[test]
fn characters_that_xml_cannot_carry_are_refused() {
    let server = SERVER.get();
    let editor = server.session("editor");
    for bad in ["&#0;", "&#8;", "&#xFFFE;", "&#xD800;", "&#x110000;", "\u{1}", "\u{FFFF}", "&nbsp;", "& "] {
        let payload = triple("1", "1", "") + &raw("CRMConfigurationID", bad);
        let reply = editor.call(INFO, &payload).expect_code(10108);
        assert_eq!(reply.status, 400, "{bad:?}");
        assert!(reply.body.contains("<InvokeID>7</InvokeID>"), "{}", reply.body);
    }
    let in_json = add_payload(&triple("1", "1", ""), &fresh()).replace("0987654321", "\\u0000");
    editor.call(ADD, &in_json).expect_code(31006);
}

#[test]
fn a_nil_property_counts_as_absent_and_an_empty_one_too() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let xsi = "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    let nil = |name: &str| format!("<Property {xsi} Name=\"{name}\" xsi:nil=\"true\"/>");
    let payload = own.named.clone() + &nil("Description") + &property("ExpectedVersion", "");
    let version = own.version(&editor);
    editor.call(CHANGE, &payload).expect_success();
    assert_eq!(own.version(&editor), version);
    let container = format!("<Container {xsi} Name=\"CRMConfiguration\" xsi:nil=\"1\"/>");
    editor.call(CHANGE, &(own.named.clone() + &container)).expect_success();
    assert_eq!(own.version(&editor), version);
    let nil_id = triple("1", "1", "") + &nil("CRMConfigurationID");
    editor.call(INFO, &nil_id).expect_code(31002);
    let filled = format!("<Property {xsi} Name=\"Description\" xsi:nil=\"true\">x</Property>");
    editor.call(CHANGE, &(own.named.clone() + &filled)).expect_code(10108);
    let not_nil = format!("<Property {xsi} Name=\"Description\" xsi:nil=\"false\">{}</Property>", fresh());
    editor.call(CHANGE, &(own.named.clone() + &not_nil)).expect_success();
    assert_ne!(own.version(&editor), version);
}

#[test]
fn ids_numbers_and_flags_are_trimmed_and_descriptions_are_not() {
    let server = SERVER.get();
    let editor = server.session("editor");
    let own = own(&editor);
    let spaced = |text: &str| format!(" \t\n{text}\r\n ");
    let named = triple(&spaced("1"), &spaced("1"), &spaced("UnknownNoneOrAll"))
        + &property("CRMConfigurationID", &spaced(&own.id));
    editor.call(INFO, &(named.clone() + &property("ReturnJSON", &spaced("true")))).expect_success();
    let version = property("ExpectedVersion", &spaced(&own.version(&editor).to_string()));
    editor.call(CHANGE, &(named + &version + &property("Description", " "))).expect_success();
    assert_eq!(own.info(&editor).property("Description").as_deref(), Some(" "));
    editor.call(INFO, &(own.named.clone() + &property("ReturnJSON", "\u{a0}true"))).expect_code(10108);
}
