//! Holds stored parts against a template that may be another than they were written by.

use std::collections::BTreeSet;

use crmconf_events::json::{Json, Object};
use crmconf_events::template::Part;

use super::compile::value;
use super::fault::{PartFault, every_fault};
use super::template::Template;

/// Stands for a field whose value is sealed, so that `required` finds it.
const SEALED: &str = "x";

impl Template {
    /// What of a stored part does not fit, each field and rule, never a value. Nothing is converted: what would fit only
    /// after conversion does not.
    ///
    /// `sealed` names the fields of the Configuration whose values are sealed: they are there, though the part is without
    /// them. What rules say about their values is not looked at.
    #[must_use]
    pub fn faults_of_stored<'a>(
        &self,
        part: Part,
        stored: &Json,
        sealed: impl IntoIterator<Item = &'a str>,
    ) -> BTreeSet<PartFault> {
        let Some(object) = stored.as_object() else {
            return BTreeSet::from([PartFault::whole("type: must be object")]);
        };
        let sealed: BTreeSet<&str> = sealed.into_iter().collect();
        // A `null` that was given where the template allows it is not stored: the field counts as there.
        let nulls = self.password_fields().iter().map(String::as_str).filter(|name| self.allows_null(name));
        let nulls: Vec<&str> = if part == Part::Configuration { nulls.collect() } else { Vec::new() };
        let present = sealed.iter().copied().chain(nulls).map(|name| (name.to_owned(), Json::from(SEALED)));
        let whole: Object = object.clone().into_iter().chain(present).collect();
        let mut faults = every_fault(&self.part(part).validator, &value(&Json::Object(whole)));
        faults.retain(|fault| !sealed.iter().any(|name| fault.is_at(name)));
        faults
    }

    /// The fields that the template marks as passwords and that stand in a stored Configuration in clear.
    pub fn in_clear<'a>(&'a self, stored: &'a Json) -> impl Iterator<Item = &'a str> {
        let object = stored.as_object();
        let stands = move |name: &&str| {
            object.and_then(|object| object.get(name)).is_some_and(|value| *value != Json::Null)
        };
        self.password_fields().iter().map(String::as_str).filter(stands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARTS: &str = r#"{"CRMType":"T","Title":"t","Version":"1","CRMConfiguration":{"properties":{
        "Url":{"type":"string","minLength":3},"Port":{"type":"integer"},
        "Secret":{"type":"string","format":"password","minLength":8},
        "Spare":{"type":["string","null"],"format":"password"}},
        "required":["Url","Secret","Spare"]},"CRMConfigurationCommon":{"properties":{"Cached":{"type":"boolean"}}}}"#;

    fn faults(part: Part, stored: &str, sealed: &[&str]) -> Vec<String> {
        let template = Template::load(PARTS).unwrap();
        let faults = template.faults_of_stored(part, &Json::parse(stored).unwrap(), sealed.iter().copied());
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_sealed_field_counts_as_there_and_an_absent_one_does_not() {
        assert_eq!(faults(Part::Configuration, r#"{"Url":"abc"}"#, &["Secret"]), [""; 0]);
        assert_eq!(
            faults(Part::Configuration, r#"{"Url":"abc"}"#, &[]),
            ["required: the field \"Secret\" is missing"]
        );
    }

    #[test]
    fn every_field_and_rule_is_told_and_no_value() {
        let stored = r#"{"Url":"no","Port":"8080","Old":"kept-private","Older":1,"Secret":"in clear"}"#;
        let expected = [
            "additionalProperties: the template has no field \"Old\"",
            "additionalProperties: the template has no field \"Older\"",
            "/Port: type: must be integer",
            "/Url: minLength: must have at least 3 characters",
        ];
        assert_eq!(faults(Part::Configuration, stored, &[]), expected);
        assert_eq!(faults(Part::Common, r#"{"Cached":"true"}"#, &[]), ["/Cached: type: must be boolean"]);
    }

    #[test]
    fn a_sealed_field_that_is_no_password_any_more_is_judged_by_its_name_alone() {
        let stored = r#"{"Url":"abc"}"#;
        assert_eq!(faults(Part::Configuration, stored, &["Secret", "Port"]), [""; 0]);
        assert_eq!(
            faults(Part::Configuration, stored, &["Secret", "Gone"]),
            ["additionalProperties: the template has no field \"Gone\""]
        );
    }

    #[test]
    fn passwords_in_clear_are_named() {
        let template = Template::load(PARTS).unwrap();
        let stored = Json::parse(r#"{"Url":"abc","Secret":"x","Spare":null}"#).unwrap();
        assert_eq!(template.in_clear(&stored).collect::<Vec<_>>(), ["Secret"]);
    }
}
