//! Which documents are templates.

use crmconf_events::TextError;

use super::*;

fn refusal(schema: &str) -> String {
    Template::load(&text_of(schema, "{}")).expect_err("this template must be refused").to_string()
}

#[test]
fn a_template_knows_its_type_text_and_digest() {
    let text = text_of("{}", "{}");
    let template = Template::load(&text).unwrap();
    assert_eq!((template.crm_type().as_str(), template.title(), template.version()), ("T", "t", "1"));
    assert_eq!(template.text().as_ref(), text);
    assert_eq!(template.digest(), crmconf_events::template::template_digest(&text));
    assert_eq!(template.schema(Part::Common).to_text(), "{}");
}

#[test]
fn a_document_that_is_no_template_is_refused() {
    let good = text_of("{}", "{}");
    for (text, refused) in [
        ("[]".to_owned(), TemplateError::NotAnObject),
        (good.replacen('{', r#"{"Titel":"x","#, 1), TemplateError::UnknownMember("Titel".to_owned())),
        (good.replace(r#""CRMType":"T","#, ""), TemplateError::MissingMember("CRMType")),
        (good.replace(r#""Title":"t","#, ""), TemplateError::MissingMember("Title")),
        (good.replace(r#""Version":"1""#, r#""Version":1"#), TemplateError::NotAText("Version")),
        (
            good.replace(r#""Version":"1""#, &format!(r#""Version":"{}""#, "1".repeat(257))),
            TemplateError::Version(TextError::TooLong { chars: 257, max: 256 }),
        ),
        (
            good.replace(r#","CRMConfigurationCommon":{}"#, ""),
            TemplateError::MissingMember("CRMConfigurationCommon"),
        ),
        (
            format!("{good}{}", " ".repeat(TEMPLATE_BYTES_MAX)),
            TemplateError::TooLong { bytes: TEMPLATE_BYTES_MAX + good.len() },
        ),
    ] {
        assert_eq!(Template::load(&text).map(|_| ()), Err(refused));
    }
    let twice = good.replacen('{', r#"{"Title":"t","#, 1);
    assert!(matches!(Template::load(&twice), Err(TemplateError::Json(_))));
}

#[test]
fn password_fields_have_a_limit() {
    let fields = |count: usize| {
        let field = |index| format!(r#""p{index}":{{"type":"string","format":"password"}}"#);
        text_of(
            &format!(r#"{{"properties":{{{}}}}}"#, (0..count).map(field).collect::<Vec<_>>().join(",")),
            "{}",
        )
    };
    assert!(Template::load(&fields(PASSWORD_FIELDS_MAX)).is_ok());
    assert_eq!(
        Template::load(&fields(PASSWORD_FIELDS_MAX + 1)).map(|_| ()),
        Err(TemplateError::TooManyPasswords { count: PASSWORD_FIELDS_MAX + 1 })
    );
}

#[test]
fn a_password_may_be_marked_only_at_a_top_level_text_of_the_configuration() {
    let password = r#"{"type":"string","format":"password"}"#;
    for (schema, place) in [
        (
            format!(r#"{{"properties":{{"o":{{"properties":{{"p":{password}}}}}}}}}"#),
            "/properties/o/properties/p:",
        ),
        (format!(r#"{{"properties":{{"l":{{"items":{password}}}}}}}"#), "/properties/l/items:"),
        (format!(r#"{{"allOf":[{{"properties":{{"p":{password}}}}}]}}"#), "/allOf/0/properties/p:"),
        (format!(r#"{{"$defs":{{"p":{password}}}}}"#), "/$defs/p:"),
        (format!(r#"{{"additionalProperties":{password}}}"#), "/additionalProperties:"),
        (r#"{"properties":{"p":{"type":"integer","format":"password"}}}"#.to_owned(), "/properties/p:"),
        (r#"{"properties":{"p":{"format":"password"}}}"#.to_owned(), "/properties/p:"),
        (r#"{"format":"password"}"#.to_owned(), ":"),
    ] {
        let message = refusal(&schema);
        assert!(message.starts_with(&format!("CRMConfiguration{place}")), "{message}");
    }
    let common = Template::load(&text_of("{}", &format!(r#"{{"properties":{{"p":{password}}}}}"#)));
    assert!(common.unwrap_err().to_string().starts_with("CRMConfigurationCommon/properties/p:"));
    for reference in ["#", "#/properties/p"] {
        let message =
            refusal(&format!(r#"{{"properties":{{"p":{password},"q":{{"$ref":"{reference}"}}}}}}"#));
        assert!(message.contains("must not reach a password field"), "{message}");
    }
}

#[test]
fn references_stay_within_the_schema_and_end() {
    for reference in
        ["https://example.com/s", "other.json", "file:///etc/passwd", "", "#/%24defs/a", "#/nowhere", "#x"]
    {
        let schema = format!(r##"{{"properties":{{"a":{{"$ref":"{reference}"}}}},"$defs":{{"a":{{}}}}}}"##);
        assert!(refusal(&schema).starts_with("CRMConfiguration/properties/a: "), "{reference}");
    }
    for endless in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"not":{"$ref":"#"}}"##,
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[true,{"$ref":"#/$defs/b"}]},"b":{"$ref":"#/$defs/a"}}}"##,
        r##"{"$dynamicRef":"#me","$dynamicAnchor":"me"}"##,
    ] {
        assert!(refusal(endless).contains("without end"), "{endless}");
    }
    let chain: Vec<String> =
        (0..500).map(|index| format!(r##""d{index}":{{"$ref":"#/$defs/d{}"}}"##, index + 1)).collect();
    let chain = format!(r#"{{"$defs":{{{},"d500":{{}}}}}}"#, chain.join(","));
    assert!(refusal(&chain).contains("in a row"));
}

/// A schema in which what is wrong with a deep value, or whether one is valid, could be asked in this many ways.
fn recursive(node: &str) -> String {
    format!(r##"{{"$defs":{{"n":{node}}},"properties":{{"a":{{"$ref":"#/$defs/n"}}}}}}"##)
}

/// A chain of definitions of which each leads to the next in the form that `link` gives.
fn chain(links: usize, link: impl Fn(&str) -> String) -> String {
    let one = |number: usize| {
        let next = format!(r##"{{"$ref":"#/$defs/d{}"}}"##, number + 1);
        format!(r#""d{number}":{}"#, link(&next))
    };
    let defs: Vec<String> = (0..links).map(one).collect();
    let first = r##""properties":{"a":{"$ref":"#/$defs/d0"}}"##;
    format!(r#"{{"$defs":{{{},"d{links}":{{}}}},{first}}}"#, defs.join(","))
}

#[test]
fn a_validation_that_would_go_too_many_ways_is_refused() {
    let twice = |next: &str| format!(r#"{{"allOf":[{next},{next}]}}"#);
    let nullable = |next: &str| format!(r#"{{"anyOf":[{{"properties":{{"a":{next}}}}},{{"type":"null"}}]}}"#);
    let nested = |next: &str| {
        format!(r#"{{"oneOf":[{{"allOf":[{{"anyOf":[{{"allOf":[{{"properties":{{"a":{next}}}}}]}}]}}]}}]}}"#)
    };
    for many in [chain(25, twice), chain(28, nullable), chain(12, nested)] {
        assert!(refusal(&many).contains("lead in too many ways"), "{many}");
    }
    for few in [chain(9, twice), chain(8, nullable), chain(4, nested)] {
        with_schema(&few);
    }
}

/// How long what is the work of a moment may take on a machine that has other work.
const PATIENCE: Duration = Duration::from_secs(20);

/// A value that goes on by this field, and ends in something that no schema here allows.
fn deep(field: &str, levels: usize) -> Json {
    let text = format!(r#"{{"{field}":"#).repeat(levels) + r#"{"no":1}"# + &"}".repeat(levels);
    Json::parse(&format!(r#"{{"a":{text}}}"#)).unwrap()
}

#[test]
fn what_goes_on_by_one_alternative_is_taken_and_judged_at_once_however_deep_and_by_several_it_is_refused() {
    let next = r##"{"properties":{"next":{"$ref":"#/$defs/n"}}}"##;
    let kind = |name: &str| {
        format!(
            r##"{{"required":["kind"],"properties":{{"kind":{{"const":"{name}"}},"next":{{"$ref":"#/$defs/n"}}}}}}"##
        )
    };
    for many in [
        recursive(&format!(r#"{{"anyOf":[{next},{next}]}}"#)),
        recursive(&format!(r#"{{"oneOf":[{},{}]}}"#, kind("ring"), kind("queue"))),
        recursive(r##"{"items":{"$ref":"#/$defs/n"},"contains":{"$ref":"#/$defs/n"}}"##),
        recursive(r##"{"patternProperties":{"^n":{"$ref":"#/$defs/n"},"t$":{"$ref":"#/$defs/n"}}}"##),
    ] {
        assert!(refusal(&many).contains("lead in too many ways"), "{many}");
    }
    // As the refusal says: once beside them, what all of them say.
    let kinds = r#"{"properties":{"kind":{"const":"ring"}}},{"properties":{"kind":{"const":"queue"}}}"#;
    let left =
        r##"{"properties":{"next":{"$ref":"#/$defs/n"}}},{"properties":{"other":{"$ref":"#/$defs/n"}}}"##;
    for few in [
        recursive(next),
        recursive(&format!(r##"{{"properties":{{"next":{{"$ref":"#/$defs/n"}}}},"oneOf":[{kinds}]}}"##)),
        recursive(&format!(r#"{{"anyOf":[{next},{{"type":"null"}}]}}"#)),
        recursive(&format!(r#"{{"anyOf":[{left}]}}"#)),
        recursive(
            r##"{"properties":{"next":{"$ref":"#/$defs/n"}},"additionalProperties":{"$ref":"#/$defs/n"}}"##,
        ),
    ] {
        let template = with_schema(&few);
        let begun = Instant::now();
        for levels in [1, 4, 28] {
            // Whatever it says: at once.
            let _ = template.prepare(Part::Configuration, &deep("next", levels), Mode::Add);
        }
        assert!(begun.elapsed() < PATIENCE, "{few}");
    }
}

#[test]
fn lists_of_alternatives_that_many_places_share_are_taken() {
    let countries: Vec<String> = (0..250).map(|number| format!(r#"{{"const":"c{number}"}}"#)).collect();
    let variants: Vec<String> = (0..20)
        .map(|number| {
            format!(r##"{{"properties":{{"v":{{"const":{number}}},"country":{{"$ref":"#/$defs/c"}}}}}}"##)
        })
        .collect();
    let schema = format!(
        r#"{{"$defs":{{"c":{{"oneOf":[{}]}}}},"oneOf":[{}]}}"#,
        countries.join(","),
        variants.join(",")
    );
    with_schema(&schema);
}

#[test]
fn counting_ways_ends_soon_however_entangled_a_schema_is() {
    let names: Vec<String> = (0..120).map(|number| format!(r##""p{number}":{{"$ref":"#z"}}"##)).collect();
    let defs: Vec<String> = (0..1000).map(|number| format!(r#""d{number}":{{"title":"t"}}"#)).collect();
    let node = format!(r#"{{"$anchor":"z","properties":{{{}}}}}"#, names.join(","));
    let schema =
        format!(r##"{{"$defs":{{{},"z":{node}}},"properties":{{"a":{{"$ref":"#z"}}}}}}"##, defs.join(","));
    let begun = Instant::now();
    with_schema(&schema);
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
}

#[test]
fn what_is_no_json_schema_of_this_dialect_is_refused() {
    for schema in [
        r#"{"type":"text"}"#,
        r#"{"properties":[]}"#,
        "7",
        r#"{"properties":{"a":{"pattern":"("}}}"#,
        r#"{"properties":{"a":{"pattern":"(?=x)"}}}"#,
        r#"{"properties":{"a":{"format":"telephone"}}}"#,
        r#"{"$schema":"http://json-schema.org/draft-07/schema#"}"#,
        r#"{"properties":{"a":{"$id":"https://example.com/a"}}}"#,
    ] {
        assert!(refusal(schema).starts_with("CRMConfiguration"), "{schema}");
    }
    for schema in [
        r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"https://example.com/a"}"#,
        r##"{"$id":"https://example.com/a","$ref":"#/$defs/x","$defs":{"x":{"properties":{"a":{}}}}}"##,
        r#"{"properties":{"a":{"pattern":"^\\d+$","format":"date"}}}"#,
        "true",
    ] {
        assert!(Template::load(&text_of(schema, "{}")).is_ok(), "{schema}");
    }
}

#[test]
fn every_format_that_is_said_to_be_known_is_and_values_are_checked_against_it() {
    for format in compile::FORMATS {
        let schema = format!(r#"{{"properties":{{"a":{{"type":"string","format":"{format}"}}}}}}"#);
        // A regular expression, and nothing else that a format knows.
        let given = r#"{"a":"no such: \"%\" form"}"#;
        assert_eq!(add(&with_schema(&schema), given).is_ok(), format == "regex", "{format}");
    }
    let unknown = refusal(r#"{"properties":{"a":{"format":"url"}}}"#);
    assert!(unknown.contains("\"url\" is unknown; known are date,"), "{unknown}");
}

#[test]
fn every_fault_is_told_and_the_first_of_them_is_why_a_template_is_refused() {
    let text = text_of(r#"{"properties":{"a/b":{"format":"url"},"c":{"type":"text"}}}"#, "7")
        .replacen('{', r#"{"Titel":"x","#, 1)
        .replace(r#""Title":"t","#, "");
    let faults = Template::examine(&text).unwrap_err();
    let places: Vec<_> = faults.iter().map(TemplateError::pointer).collect();
    let fields = "/CRMConfiguration/properties";
    assert_eq!(
        places,
        ["/Titel", "", &format!("{fields}/a~1b"), &format!("{fields}/c/type"), "/CRMConfigurationCommon"]
    );
    assert_eq!(Template::load(&text).map(|_| ()), Err(faults.first));
}

#[test]
fn what_a_reference_says_holds_for_the_field_beside_its_own_words() {
    let root = json(
        r##"{"properties":{"a":{"$ref":"#/$defs/x","title":"own"}},
            "$defs":{"x":{"$ref":"#/$defs/y","type":"string","title":"x"},"y":{"minLength":3,"title":"y"}}}"##,
    );
    let said = effective(&root, root.get("properties").unwrap().get("a").unwrap());
    assert_eq!(Json::Object(said).to_text(), r#"{"minLength":3,"title":"own","type":"string"}"#);
}

#[test]
fn the_template_on_the_page_of_the_api_is_one() {
    let page = include_str!("../../../docs/api.md");
    let (_, rest) = page.split_once("```json\n").unwrap();
    let (text, _) = rest.split_once("```").unwrap();
    let template = Template::load(text).unwrap();
    assert!(template.password_fields().iter().eq(["ApiKey"]));
    assert_eq!(warnings(&template), []);
}
