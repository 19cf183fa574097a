//! How a configuration's properties and parts look in answers.

use std::collections::{BTreeMap, BTreeSet};

use crmconf_events::json::Json;
use crmconf_events::template::Part;
use crmconf_events::{CrmType, DEVICE_SENTINEL, Scope, TemplateDigest};
use crmconf_projections::{Configuration, ReadModel};

use crate::http::app::App;
use crate::http::xml::Payload;
use crate::templates::TemplateLookup;

/// The API's sentinel for ids.
pub(super) const ID_SENTINEL: &str = "-1";

/// The optional fields that `CRMConfigurationFields` asks for, in the order in which answers have them.
pub(super) const OPTIONAL_FIELDS: [&str; 7] = [
    "CMEnvironmentID",
    "TelSysID",
    "PartIDInTelSys",
    "DeviceNumber",
    "Version",
    "CRMConfiguration",
    "CRMConfigurationCommon",
];

/// `TelSysID` as answers show it.
pub(super) fn telsys(scope: &Scope) -> String {
    scope.telsys().map_or_else(|| ID_SENTINEL.to_owned(), |id| id.to_string())
}

/// `PartIDInTelSys` as answers show it.
pub(super) fn partition(scope: &Scope) -> String {
    scope.partition().map_or_else(|| ID_SENTINEL.to_owned(), |id| id.to_string())
}

/// `DeviceNumber` as answers show it.
pub(super) fn device(scope: &Scope) -> &str {
    scope.device().map_or(DEVICE_SENTINEL, |device| device.as_str())
}

/// The shapes of a long answer's rows, each made once.
pub(super) struct Shapes<'a> {
    app: &'a App,
    view: &'a ReadModel,
    made: BTreeMap<(CrmType, TemplateDigest), Shape>,
}

impl<'a> Shapes<'a> {
    /// No shapes yet.
    pub(super) const fn new(app: &'a App, view: &'a ReadModel) -> Self {
        Self { app, view, made: BTreeMap::new() }
    }

    /// The shape of a configuration.
    pub(super) fn of(&mut self, found: &Configuration) -> &Shape {
        let key = (found.crm_type.clone(), found.template);
        let (app, view) = (self.app, self.view);
        self.made.entry(key).or_insert_with(|| Shape::of(app, view, found))
    }
}

/// The password fields of a configuration and its type's order of keys, by the template of today, or where there is
/// none by the one that the configuration was checked against.
pub(super) struct Shape {
    orders: [Vec<String>; 2],
    password_fields: BTreeSet<String>,
}

impl Shape {
    /// The shape in which a configuration is shown.
    pub(super) fn of(app: &App, view: &ReadModel, configuration: &Configuration) -> Self {
        if let TemplateLookup::Found(template) = app.templates.load().get(&configuration.crm_type) {
            return Self {
                orders: Part::ALL.map(|part| template.key_order(part).to_vec()),
                password_fields: template.password_fields().clone(),
            };
        }
        let recorded = view.templates.get(&configuration.template);
        let order = |part| match (recorded, part) {
            (None, _) => Vec::new(),
            (Some(recorded), Part::Configuration) => recorded.configuration_keys.to_vec(),
            (Some(recorded), Part::Common) => recorded.common_keys.to_vec(),
        };
        let password_fields = recorded.map(|recorded| recorded.password_fields.clone()).unwrap_or_default();
        Self { orders: Part::ALL.map(order), password_fields }
    }

    fn order(&self, part: Part) -> &[String] {
        let [configuration, common] = &self.orders;
        match part {
            Part::Configuration => configuration,
            Part::Common => common,
        }
    }

    fn is_password(&self, part: Part, key: &str) -> bool {
        part == Part::Configuration && self.password_fields.contains(key)
    }

    /// Writes a part as a container: a `Property` for each key, or one `JSONData` that Change takes unchanged.
    pub(super) fn container(&self, payload: &mut Payload, part: Part, json: &Json, as_json: bool) {
        let Some(object) = json.as_object() else { return };
        payload.container(Some(part.name()), |container| {
            if as_json {
                let mut shown = object.clone();
                self.password_fields
                    .iter()
                    .filter(|_| part == Part::Configuration)
                    .for_each(|field| drop(shown.remove(field)));
                container.property("JSONData", &Json::Object(shown).to_text());
                return;
            }
            let order = self.order(part);
            let ordered = order.iter().filter_map(|key| object.get(key).map(|value| (key, value)));
            let others = object.iter().filter(|(key, _)| !order.contains(key));
            for (key, value) in ordered.chain(others) {
                if !self.is_password(part, key) {
                    container.property(key, &text(value));
                }
            }
        });
    }
}

/// A value as a property's text.
fn text(value: &Json) -> String {
    match value {
        Json::Array(items) if items.iter().all(is_scalar) => {
            items.iter().map(scalar).collect::<Vec<_>>().join(",")
        }
        Json::Array(_) | Json::Object(_) => value.to_text(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => scalar(value),
    }
}

const fn is_scalar(value: &Json) -> bool {
    !matches!(value, Json::Array(_) | Json::Object(_))
}

fn scalar(value: &Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_the_api_documents_them() {
        for (json, expected) in [
            (r#""a b""#, "a b"),
            ("true", "true"),
            ("60", "60"),
            ("0.5", "0.5"),
            ("null", ""),
            ("[]", ""),
            (r#"["Account","Contact",null,1]"#, "Account,Contact,,1"),
            (r#"{"b":1,"a":[]}"#, r#"{"a":[],"b":1}"#),
            (r#"[{"a":1}]"#, r#"[{"a":1}]"#),
            (r#"[[1],2]"#, "[[1],2]"),
        ] {
            assert_eq!(text(&Json::parse(json).unwrap()), expected, "{json}");
        }
    }
}
