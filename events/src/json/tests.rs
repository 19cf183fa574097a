//! What normal form promises: one text per value, nothing lost in silence, nothing quoted in errors.

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;

fn rule(text: &str) -> JsonRule {
    Json::parse(text).expect_err("this text must be refused").rule()
}

#[test]
fn a_text_becomes_its_normal_form() {
    for (text, normal) in [
        ("null", "null"),
        (" \t\r\n true \n", "true"),
        ("[ ]", "[]"),
        ("{ }", "{}"),
        ("[1.0, 1e2 ,-0, 0.50,1E-7]", "[1,100,0,0.5,1e-7]"),
        (r#"{"b":1,"a":{"d":[],"c":null}}"#, r#"{"a":{"c":null,"d":[]},"b":1}"#),
        (r#"{"é":1,"z":2,"Z":3,"":4}"#, r#"{"":4,"Z":3,"z":2,"é":1}"#),
        (r#""\u0041\/\"\\\t\n\r\u20ac\ud83d\ude00\u007f""#, "\"A/\\\"\\\\\\t\\n\\r€😀\u{7f}\""),
    ] {
        assert_eq!(Json::parse(text).unwrap().to_text(), normal, "{text}");
    }
}

#[test]
fn keys_stand_in_byte_order_not_in_utf_16_order() {
    // RFC 8785 sorts by UTF-16 code units; log.md asks for byte order. They differ beyond the basic plane.
    let json = Json::parse("{\"\u{1f600}\":1,\"\u{fb33}\":2}").unwrap();
    assert_eq!(json.to_text(), "{\"\u{fb33}\":2,\"\u{1f600}\":1}");
}

#[test]
fn each_rule_refuses_what_it_is_for() {
    use JsonRule::*;
    for (text, expected) in [
        ("", Incomplete),
        ("  ", Incomplete),
        ("[1,", Incomplete),
        ("{\"a\"", Incomplete),
        ("\"abc", Incomplete),
        ("\"abc\\", Incomplete),
        ("[1,]", ValueExpected),
        ("[,1]", ValueExpected),
        ("NaN", ValueExpected),
        ("Infinity", ValueExpected),
        ("-Infinity", Number(NumberError::Syntax)),
        ("True", ValueExpected),
        ("'a'", ValueExpected),
        ("\u{feff}1", ValueExpected),
        ("/**/1", ValueExpected),
        ("{\"a\":1,}", KeyExpected),
        ("{a:1}", KeyExpected),
        ("{\"a\" 1}", ColonExpected),
        ("[1 2]", CommaExpected),
        ("{\"a\":1 \"b\":2}", CommaExpected),
        ("1 2", Trailing),
        ("nullx", Trailing),
        ("{}\u{a0}", Trailing),
        ("{\"a\":1,\"\\u0061\":1}", DuplicateKey),
        ("\"a\tb\"", ControlCharacter),
        ("\"a\nb\"", ControlCharacter),
        ("\"\\x41\"", Escape),
        ("\"\\u00g0\"", Escape),
        ("\"\\u+041\"", Escape),
        ("\"\\u12", Escape),
        ("\"\\ud800\"", LoneSurrogate),
        ("\"\\udc00\"", LoneSurrogate),
        ("\"\\ud800\\u0041\"", LoneSurrogate),
        ("\"\\ud800\\ud800\"", LoneSurrogate),
        ("\"\\u0000\"", NotForXml),
        ("\"\\b\"", NotForXml),
        ("\"\u{ffff}\"", NotForXml),
        ("{\"\\u0001\":1}", NotForXml),
        ("01", Number(NumberError::Syntax)),
        ("1x", Number(NumberError::Syntax)),
        ("1e20", Number(NumberError::IntegerTooLarge)),
        ("0.1000000000000000055", Number(NumberError::LosesDigits)),
    ] {
        assert_eq!(rule(text), expected, "{text:?}");
    }
}

#[test]
fn depth_is_counted_and_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Json::parse(&nested(JSON_DEPTH_MAX)).is_ok());
    assert_eq!(rule(&nested(JSON_DEPTH_MAX + 1)), JsonRule::TooDeep);
    assert_eq!(rule(&"[".repeat(1_000_000)), JsonRule::TooDeep);
    assert_eq!(rule(&"{\"a\":".repeat(1_000_000)), JsonRule::TooDeep);
}

#[test]
fn an_error_names_place_and_rule_but_not_the_value() {
    let error = Json::parse("{\"a/b\":\n  [0, {\"Password\": hunter2}]}").unwrap_err();
    assert_eq!((error.pointer(), error.line(), error.column()), ("/a~1b/1/Password", 2, 20));
    assert_eq!(error.to_string(), "a JSON value is expected here (at /a~1b/1/Password, line 2, column 20)");
    let long = format!("{{\"{}\":x}}", "k".repeat(1_000));
    assert_eq!(Json::parse(&long).unwrap_err().pointer().len(), 65);
}

#[test]
fn debug_shows_kinds_and_sizes_only() {
    let json = Json::parse(r#"["hunter2", 7, {"secret": 1}]"#).unwrap();
    assert_eq!(format!("{json:?}"), "array(3 items)");
    let items: Vec<String> = json.as_array().unwrap().iter().map(|item| format!("{item:?}")).collect();
    assert_eq!(items, ["string(7 bytes)", "number", "object(1 keys)"]);
}

#[test]
fn an_event_carries_exactly_the_normal_text() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Body {
        part: Json,
        object: Object,
    }
    let text = r#"{"object":{"b":1.0,"a":2},"part":[1e2,0.0000001,18446744073709551615]}"#;
    let body: Body = serde_json::from_str(text).unwrap();
    let stored = serde_json::to_vec(&body).unwrap();
    assert_eq!(
        String::from_utf8(stored.clone()).unwrap(),
        r#"{"part":[100,1e-7,18446744073709551615],"object":{"a":2,"b":1}}"#
    );
    assert_eq!(serde_json::from_slice::<Body>(&stored).unwrap(), body);
    assert!(serde_json::from_str::<Json>(r#"{"a":1,"a":2}"#).is_err());
    assert!(serde_json::from_str::<Object>("[]").is_err());
}

fn carried() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 0..8)
        .prop_map(|chars| chars.into_iter().filter(|c| crate::value::xml_can_carry(&c.to_string())).collect())
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<u64>().prop_map(Number::from),
        any::<i64>().prop_map(Number::from),
        (-1e6_f64..1e6).prop_filter_map("integers outside 64 bits", |f| Number::from_f64(f).ok()),
        any::<f64>().prop_filter_map("integers outside 64 bits", |f| Number::from_f64(f).ok()),
    ]
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        number().prop_map(Json::Number),
        carried().prop_map(Json::String),
    ];
    leaf.prop_recursive(4, 48, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::Array),
            proptest::collection::vec((carried(), inner), 0..6)
                .prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    })
}

/// The value's text with every object's keys turned round and white space between.
fn disordered(json: &Json) -> String {
    match json {
        Json::Array(items) => {
            format!(" [ {} ] ", items.iter().map(disordered).collect::<Vec<_>>().join(" ,\n"))
        }
        Json::Object(object) => {
            let entries = object.iter().rev();
            let texts: Vec<String> = entries
                .map(|(key, value)| format!("{}\t: {}", Json::String(key.clone()), disordered(value)))
                .collect();
            format!("{{{}}}", texts.join(" , "))
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => json.to_text(),
    }
}

proptest! {
    #[test]
    fn the_normal_text_reads_back_as_the_same_value(json in json()) {
        let text = json.to_text();
        let again = Json::parse(&text).unwrap();
        prop_assert!(again == json);
        prop_assert_eq!(again.to_text(), &*text);
        prop_assert_eq!(serde_json::to_string(&json).unwrap(), &*text, "in an event");
        prop_assert_eq!(json.text_bytes(), text.len());
    }

    #[test]
    fn the_order_of_keys_and_white_space_do_not_count(json in json()) {
        prop_assert_eq!(Json::parse(&disordered(&json)).unwrap().to_text(), json.to_text());
    }

    #[test]
    fn serde_json_reads_the_normal_text_as_the_same_strings(text in carried()) {
        let normal = Json::String(text.clone()).to_text();
        prop_assert_eq!(serde_json::from_str::<String>(&normal).unwrap(), text);
    }

    #[test]
    fn no_text_makes_it_panic(text in "[\\[\\]{}:,\"\\\\u0-9eE+. \\-a-fA-FtrunlsPY\u{e9}\u{1f600}]{0,64}") {
        if let Ok(json) = Json::parse(&text) {
            prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok());
            prop_assert_eq!(Json::parse(&json.to_text()).unwrap().to_text(), json.to_text());
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        if let Err(error) = Json::parse(&String::from_utf8_lossy(&bytes)) {
            prop_assert!(error.line() > 0 && error.column() > 0);
        }
    }

    #[test]
    fn an_error_never_holds_the_value(value in "[g-z]{12,20}") {
        for text in [format!("{{\"K\":{value}}}"), format!("{{\"K\":\"{value}\u{1}\"}}"), format!("[\"{value}")] {
            let error = Json::parse(&text).unwrap_err();
            prop_assert!(!error.to_string().contains(&value));
            let debug = format!("{error:?}");
            prop_assert!(!debug.contains(&value));
        }
    }
}
