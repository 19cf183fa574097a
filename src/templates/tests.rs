//! What templates promise: the seed passes, nothing unknown does, and no message holds a value.

use std::time::{Duration, Instant};

use crmconf_events::CrmType;
use crmconf_events::json::Json;
use crmconf_events::template::Part;
use proptest::prelude::*;

use super::*;

mod loading;

const SALESFORCE: &str = "CrmAddin.Salesforce.SalesforceAddin";
const SUGAR: &str = "CrmAddin.SugarCrm.SugarCrmAddin";

fn builtin(name: &str) -> Arc<Template> {
    let TemplateLookup::Found(template) = TemplateSet::builtin().get(&CrmType::new(name).unwrap()) else {
        panic!("{name} must be a valid template");
    };
    template
}

fn text_of(configuration: &str, common: &str) -> String {
    format!(
        r#"{{"CRMType":"T","Title":"t","Version":"1","CRMConfiguration":{configuration},"CRMConfigurationCommon":{common}}}"#
    )
}

/// A template whose Configuration has this schema.
fn with_schema(schema: &str) -> Template {
    Template::load(&text_of(schema, r#"{"type":"object"}"#)).unwrap()
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn add(template: &Template, text: &str) -> Result<String, String> {
    prepared(template, Part::Configuration, text, Mode::Add)
}

fn prepared(template: &Template, part: Part, text: &str, mode: Mode) -> Result<String, String> {
    template
        .prepare(part, &json(text), mode)
        .map(|prepared| prepared.json.to_text())
        .map_err(|fault| fault.to_string())
}

#[test]
fn the_seeds_own_requests_pass() {
    let sugar = builtin(SUGAR);
    let configuration = r#"{"ClientId":"0987654321","SObjectNames":["Account","Contact","Lead"]}"#;
    assert_eq!(add(&sugar, configuration).unwrap(), configuration);
    let common = r#"{"Cached":"true","CacheFrequency":60,"CacheFrequencyUnit":"Minutes"}"#;
    for mode in [Mode::Add, Mode::Change] {
        assert_eq!(
            prepared(&sugar, Part::Common, common, mode).unwrap(),
            r#"{"CacheFrequency":60,"CacheFrequencyUnit":"Minutes","Cached":true}"#
        );
    }
    let salesforce = builtin(SALESFORCE);
    let info = r#"{"SupportEncryptedFields":"true","Endpoint":"https://x/services/oauth2/\n","ClientId":"\n3MVG9=\n",
        "SObjectsRequireRefresh":true,"ExcludeConvertedLeads":true,"SObjectNames":["Account","Contact","Lead"]}"#;
    assert!(add(&salesforce, info).unwrap().contains(r#""Endpoint":"https://x/services/oauth2/\n""#));
    assert_eq!(add(&salesforce, "{}").unwrap(), "{}");
}

#[test]
fn the_built_in_keys_stand_in_the_order_of_the_seeds_sample() {
    let salesforce = builtin(SALESFORCE);
    assert_eq!(
        salesforce.key_order(Part::Configuration),
        [
            "SupportEncryptedFields",
            "Endpoint",
            "ClientId",
            "ClientSecret",
            "SObjectsRequireRefresh",
            "ExcludeConvertedLeads",
            "SObjectNames"
        ]
    );
    assert_eq!(salesforce.key_order(Part::Common), builtin(SUGAR).key_order(Part::Common));
    assert_eq!(salesforce.key_order(Part::Common).len(), 8);
    assert!(salesforce.password_fields().iter().eq(["ClientSecret"]));
    assert!(builtin(SUGAR).password_fields().iter().eq(["Password"]));
}

#[test]
fn a_set_tells_found_invalid_unknown_and_unreachable_apart() {
    let named = |name| CrmType::new(name).unwrap();
    let good = text_of("{}", "{}");
    let set = TemplateSet::read([(named("T"), good.as_str()), (named("Bad"), "{"), (named("Other"), &good)]);
    assert!(matches!(set.get(&named("T")), TemplateLookup::Found(_)));
    assert!(matches!(set.get(&named("Bad")), TemplateLookup::Invalid(_)));
    assert!(matches!(set.get(&named("Other")), TemplateLookup::Invalid(_)));
    assert!(matches!(set.get(&named("None")), TemplateLookup::Unknown));
    assert!(matches!(TemplateSet::unreachable().get(&named("T")), TemplateLookup::Unreachable));
    assert_eq!(set.iter().count(), 1);
    assert_eq!(TemplateSet::builtin().iter().count(), 2);
}

#[test]
fn texts_become_what_the_plain_type_asks_for_and_nothing_else_changes() {
    let template = with_schema(
        r##"{"properties":{
            "b":{"type":"boolean"},"i":{"type":"integer"},"n":{"type":"number"},"s":{"type":"string"},
            "l":{"type":["boolean","string"]},"list":{"items":{"type":"integer"}},
            "pair":{"prefixItems":[{"type":"boolean"}],"items":{"type":"number"}},
            "map":{"additionalProperties":{"type":"boolean"}},
            "deep":{"properties":{"x":{"$ref":"#/$defs/flag"}}},"d":{"type":"integer","default":5}},
          "$defs":{"flag":{"$ref":"#/$defs/other"},"other":{"type":"boolean"}}}"##,
    );
    for (given, stored) in [
        (r#"{"b":"true"}"#, r#"{"b":true}"#),
        (r#"{"b":"false"}"#, r#"{"b":false}"#),
        (r#"{"i":"60"}"#, r#"{"i":60}"#),
        (r#"{"i":"-1.0e2"}"#, r#"{"i":-100}"#),
        (r#"{"i":1.0}"#, r#"{"i":1}"#),
        (r#"{"n":"0.50"}"#, r#"{"n":0.5}"#),
        (r#"{"s":"true"}"#, r#"{"s":"true"}"#),
        (r#"{"l":"true"}"#, r#"{"l":"true"}"#),
        (r#"{"list":["1",2]}"#, r#"{"list":[1,2]}"#),
        (r#"{"pair":["true","1.5","2"]}"#, r#"{"pair":[true,1.5,2]}"#),
        (r#"{"map":{"any":"false"}}"#, r#"{"map":{"any":false}}"#),
        (r#"{"deep":{"x":"true"}}"#, r#"{"deep":{"x":true}}"#),
        (r#"{}"#, r#"{}"#),
    ] {
        assert_eq!(add(&template, given).as_deref(), Ok(stored), "{given}");
    }
    for (given, fault) in [
        (r#"{"b":"TRUE"}"#, "/b: type: must be boolean"),
        (r#"{"b":1}"#, "/b: type: must be boolean"),
        (r#"{"i":"1.5"}"#, "/i: type: must be integer"),
        (r#"{"i":" 1"}"#, "/i: type: must be integer"),
        (r#"{"i":"18446744073709551616"}"#, "/i: type: must be integer"),
        (r#"{"n":"NaN"}"#, "/n: type: must be number"),
        (r#"{"s":1}"#, "/s: type: must be string"),
        (r#"{"s":null}"#, "/s: type: must be string"),
        (r#"{"list":["1","x"]}"#, "/list/1: type: must be integer"),
    ] {
        assert_eq!(add(&template, given), Err(fault.to_owned()), "{given}");
    }
}

#[test]
fn a_field_that_the_template_does_not_know_is_refused_and_named() {
    assert_eq!(
        add(&builtin(SUGAR), r#"{"Clientid":"x"}"#),
        Err(r#"additionalProperties: the template has no field "Clientid""#.to_owned())
    );
    let long = format!(r#"{{"{}":1}}"#, "k".repeat(500));
    assert!(add(&builtin(SUGAR), &long).unwrap_err().len() < 150);
    assert_eq!(add(&builtin(SUGAR), "[]"), Err("type: must be object".to_owned()));
    assert_eq!(add(&builtin(SUGAR), "null"), Err("type: must be object".to_owned()));
}

#[test]
fn an_object_is_closed_wherever_its_schema_says_nothing() {
    let cases: [(&str, &str, bool); 17] = [
        (r#"{"properties":{"o":{"type":"object"}}}"#, r#"{"o":{"x":1}}"#, false),
        (r#"{"properties":{"o":{}}}"#, r#"{"o":{"x":1}}"#, false),
        (r#"{"properties":{"o":true}}"#, r#"{"o":{"x":1}}"#, true),
        (r#"{"properties":{"o":{"additionalProperties":true}}}"#, r#"{"o":{"x":1}}"#, true),
        (r#"{"properties":{"o":{"enum":[{"x":1}]}}}"#, r#"{"o":{"x":1}}"#, true),
        (r#"{"patternProperties":{"^x":{}}}"#, r#"{"x1":1}"#, true),
        (r#"{"patternProperties":{"^x":{}}}"#, r#"{"y":1}"#, false),
        (
            r#"{"patternProperties":{"^x":{"type":"string"}},"additionalProperties":{"type":"integer"}}"#,
            r#"{"x1":"1","y":1}"#,
            true,
        ),
        (r#"{"properties":{"l":{"items":{"properties":{"a":{}}}}}}"#, r#"{"l":[{"b":1}]}"#, false),
        (r#"{"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#, r#"{"a":1,"b":2}"#, true),
        (r#"{"allOf":[{"properties":{"a":{}}},{"properties":{"b":{}}}]}"#, r#"{"a":1,"c":2}"#, false),
        (
            r##"{"$ref":"#/$defs/base","properties":{"b":{}},"$defs":{"base":{"properties":{"a":{}}}}}"##,
            r#"{"a":1,"b":2}"#,
            true,
        ),
        (
            r##"{"$ref":"#/$defs/base","properties":{"b":{}},"$defs":{"base":{"properties":{"a":{}}}}}"##,
            r#"{"a":1,"c":2}"#,
            false,
        ),
        (
            r#"{"properties":{"k":{},"o":{"properties":{"x":{},"y":{}}}},
                "if":{"properties":{"k":{"const":1}},"required":["k"]},
                "then":{"properties":{"o":{"required":["x"]}}}}"#,
            r#"{"k":1,"o":{"x":1,"y":2}}"#,
            true,
        ),
        (
            r#"{"oneOf":[{"properties":{"a":{"properties":{"x":{}}}},"required":["a"]},{"properties":{"b":{}},"required":["b"]}]}"#,
            r#"{"a":{"y":1}}"#,
            false,
        ),
        (
            r#"{"properties":{"l":{"contains":{"properties":{"k":{"const":1}}},"items":{"properties":{"k":{},"z":{}}}}}}"#,
            r#"{"l":[{"k":1,"z":2}]}"#,
            true,
        ),
        (r#"{"unevaluatedProperties":true}"#, r#"{"x":1}"#, true),
    ];
    for (schema, given, passes) in cases {
        let outcome = add(&with_schema(schema), given);
        assert_eq!(outcome.is_ok(), passes, "{schema} {given} {outcome:?}");
    }
}

#[test]
fn in_a_composed_schema_the_refused_value_is_told_and_not_its_field() {
    let template = with_schema(r#"{"allOf":[{"properties":{"a":{"type":"integer"}}}]}"#);
    assert_eq!(add(&template, r#"{"a":"x"}"#), Err("/a: type: must be integer".to_owned()));
    assert_eq!(
        add(&template, r#"{"b":1}"#),
        Err(r#"additionalProperties: the template has no field "b""#.to_owned())
    );
    let endpoint = add(&builtin("CrmAddin.SugarCrm.SugarCrmAddin"), r#"{"Endpoint":{"x":1}}"#);
    assert_eq!(endpoint, Err("/Endpoint: type: must be string".to_owned()));
}

#[test]
fn messages_name_field_and_rule() {
    let template = with_schema(
        r#"{"properties":{
            "e":{"enum":["on","off"]},"p":{"pattern":"^[a-z]+$"},"u":{"format":"uri"},"m":{"maximum":10},
            "s":{"minLength":2,"maxLength":3},"l":{"maxItems":1,"uniqueItems":true},"f":false,"a/b":{"type":"null"}},
          "required":["r"],"dependentRequired":{"e":["m"]}}"#,
    );
    for (given, fault) in [
        (r#"{"r":1}"#, r#"additionalProperties: the template has no field "r""#),
        ("{}", r#"required: the field "r" is missing"#),
    ] {
        assert_eq!(add(&template, given), Err(fault.to_owned()));
    }
    let template = with_schema(
        r#"{"properties":{
            "e":{"enum":["on","off"]},"p":{"pattern":"^[a-z]+$"},"u":{"format":"uri"},"m":{"maximum":10},
            "s":{"minLength":2,"maxLength":3},"list":{"maxItems":1},"f":false,"a/b":{"type":["null","object"]}}}"#,
    );
    for (given, fault) in [
        (r#"{"e":"x"}"#, "/e: enum: is not one of the allowed values"),
        (r#"{"p":"X"}"#, "/p: pattern: must match ^[a-z]+$"),
        (r#"{"u":"not a uri"}"#, "/u: format: must be of the form uri"),
        (r#"{"m":11}"#, "/m: maximum: must be at most 10"),
        (r#"{"s":"a"}"#, "/s: minLength: must have at least 2 characters"),
        (r#"{"s":"abcd","m":11}"#, "/m: maximum: must be at most 10"),
        (r#"{"list":[1,2]}"#, "/list: maxItems: must have at most 1 items"),
        (r#"{"li":1,"list":[1,2]}"#, r#"additionalProperties: the template has no field "li""#),
        (r#"{"f":1}"#, "/f: falseSchema: is not allowed here"),
        (r#"{"a/b":1}"#, "/a~1b: type: must be null or object"),
    ] {
        assert_eq!(add(&template, given), Err(fault.to_owned()));
    }
}

#[test]
fn passwords_are_taken_out_before_validation() {
    let template = with_schema(
        r#"{"properties":{"P":{"type":"string","format":"password","minLength":100,"pattern":"^y"},
            "N":{"type":["string","null"],"format":"password"},"a":{}},"required":["P"]}"#,
    );
    let prepare = |text, mode| template.prepare(Part::Configuration, &json(text), mode);
    let given = prepare(r#"{"P":"secret","a":1}"#, Mode::Add).unwrap();
    assert_eq!(given.json.to_text(), r#"{"a":1}"#);
    assert_eq!(given.passwords["P"], PasswordInput::Text("secret".to_owned().into()));
    assert!(!format!("{given:?}").contains("secret"));

    let missing = Err(r#"required: the field "P" is missing"#.to_owned());
    let message = |text, mode| prepare(text, mode).map(|_| ()).map_err(|fault| fault.to_string());
    assert_eq!(message("{}", Mode::Add), missing);
    assert_eq!(message("{}", Mode::Change), Ok(()));
    assert_eq!(message(r#"{"P":null}"#, Mode::Change), missing);
    assert_eq!(message(r#"{"P":null}"#, Mode::Add), Err("/P: type: must be string".to_owned()));
    assert_eq!(message(r#"{"P":["x"]}"#, Mode::Change), Err("/P: type: must be string".to_owned()));

    assert!(prepare(r#"{"P":"x","N":null}"#, Mode::Add).unwrap().passwords.len() == 1);
    let removed = prepare(r#"{"N":null}"#, Mode::Change).unwrap();
    assert_eq!(removed.passwords.into_iter().collect::<Vec<_>>(), [("N".to_owned(), PasswordInput::Remove)]);
    // The other part knows no password fields.
    assert!(prepared(&template, Part::Common, r#"{"P":"x"}"#, Mode::Add).is_err());
}

#[test]
fn an_opened_password_is_checked_by_its_own_rules_only() {
    let template = with_schema(
        r##"{"properties":{"P":{"type":"string","format":"password","minLength":3,"$ref":"#/$defs/l"},"a":{}},
            "required":["a"],"$defs":{"l":{"pattern":"^[a-z]*$"}}}"##,
    );
    assert_eq!(template.check_password("P", "abc"), Ok(()));
    let message = |field, text| template.check_password(field, text).unwrap_err().to_string();
    assert_eq!(message("P", "ab"), "/P: minLength: must have at least 3 characters");
    assert_eq!(message("P", "ABC"), "/P: pattern: must match ^[a-z]*$");
    assert_eq!(message("a", "x"), "/a: is no password field of the template");
}

#[test]
fn a_pattern_that_makes_others_backtrack_is_quick() {
    let template = with_schema(r#"{"properties":{"p":{"pattern":"^(a+)+$"}}}"#);
    let start = Instant::now();
    assert!(add(&template, &format!(r#"{{"p":"{}!"}}"#, "a".repeat(200_000))).is_err());
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_recursive_schema_takes_the_deepest_value() {
    let template = with_schema(
        r##"{"properties":{"t":{"$ref":"#/$defs/tree"}},
            "$defs":{"tree":{"properties":{"v":{"type":"integer"},"c":{"$ref":"#/$defs/tree"}}}}}"##,
    );
    let tree = |leaf: &str| (0..30).fold(leaf.to_owned(), |inner, _| format!(r#"{{"c":{inner}}}"#));
    let stored = add(&template, &format!(r#"{{"t":{}}}"#, tree(r#"{"v":"7"}"#))).unwrap();
    assert!(stored.contains(r#""v":7"#));
    assert!(add(&template, &format!(r#"{{"t":{}}}"#, tree(r#"{"w":7}"#))).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_message_holds_a_value(canary in "[A-Za-z0-9!?]{12,24}", field in 0_usize..12, nested in any::<bool>()) {
        let template = with_schema(
            r#"{"properties":{"b":{"type":"boolean"},"e":{"enum":["on"]},"c":{"const":7},"p":{"pattern":"^-$"},
                "u":{"format":"ipv4"},"s":{"maxLength":2},"a":{"anyOf":[{"type":"null"},{"const":"q"}]},
                "o":{"oneOf":[{"type":"null"},{"minLength":90}]},"n":{"not":{"type":["string","array"]}},
                "l":{"type":"array","items":{"type":"integer"},"contains":{"const":1}},"x":{"properties":{"y":{"maxLength":3}}},
                "P":{"type":"string","format":"password"}},"propertyNames":{"maxLength":4}}"#,
        );
        let name = ["b", "e", "c", "p", "u", "s", "a", "o", "n", "l", "x", "P"][field];
        let value = Json::from(canary.as_str());
        let value = if nested || name == "P" { Json::Array(vec![value]) } else { value };
        let value = if name == "x" { Json::Object([("y".to_owned(), value)].into_iter().collect()) } else { value };
        let part = Json::Object([(name.to_owned(), value)].into_iter().collect());
        let outcome = template.prepare(Part::Configuration, &part, Mode::Add);
        if let Err(fault) = outcome {
            prop_assert!(!fault.to_string().contains(&canary), "{}", fault);
            let debug = format!("{fault:?}");
            prop_assert!(!debug.contains(&canary));
        } else {
            prop_assert!(nested, "{name} must be refused");
        }
        let password = template.check_password("b", &canary).unwrap_err();
        prop_assert!(!password.to_string().contains(&canary));
    }
}
