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
