//! How a configuration's properties and parts look in answers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crmconf_events::json::Json;
use crmconf_events::template::Part;
use crmconf_events::{CrmType, DEVICE_SENTINEL, Scope, TemplateDigest};
use crmconf_projections::{Configuration, ReadModel};

use crate::http::app::App;
use crate::http::xml::Payload;
use crate::plain;
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
        // What today's template says cannot be had. What any template of the type has marked as a password is withheld, or
        // a field could show that became one since this configuration was checked.
        let recorded = view.templates.get(&configuration.template);
        let order = |part| match (recorded, part) {
            (None, _) => Vec::new(),
            (Some(recorded), Part::Configuration) => recorded.configuration_keys.to_vec(),
            (Some(recorded), Part::Common) => recorded.common_keys.to_vec(),
        };
        let of_type = view.templates.iter().filter(|(_, one)| one.crm_type == configuration.crm_type);
        let password_fields = of_type.flat_map(|(_, one)| one.password_fields.iter().cloned()).collect();
        Self { orders: Part::ALL.map(order), password_fields }
    }

    /// The fields whose values are passwords.
    pub(super) const fn password_fields(&self) -> &BTreeSet<String> {
        &self.password_fields
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

    /// Writes a part as a container with one `JSONData` that Change takes unchanged: without password fields.
    pub(super) fn json_container(&self, payload: &mut Payload, part: Part, json: &Json) {
        let Some(mut shown) = json.as_object().cloned() else { return };
        self.password_fields
            .iter()
            .filter(|_| part == Part::Configuration)
            .for_each(|field| drop(shown.remove(field)));
        payload.container(Some(part.name()), |container| {
            container.property("JSONData", &Json::Object(shown).to_text());
        });
    }

    /// Writes a part as a container with a `Property` for each key: of password fields those in `secrets` alone, each in the
    /// form in which it travels.
    pub(super) fn container(
        &self,
        payload: &mut Payload,
        part: Part,
        json: &Json,
        secrets: &BTreeMap<String, String>,
    ) {
        let Some(object) = json.as_object() else { return };
        let value = |key: &String| match object.get(key) {
            Some(value) if !self.is_password(part, key) => Some(Cow::Owned(plain::text(value))),
            Some(_) | None => secrets.get(key).map(|secret| Cow::Borrowed(secret.as_str())),
        };
        let order = self.order(part);
        let unordered = object.keys().chain(secrets.keys()).filter(|key| !order.contains(key));
        let others: BTreeSet<&String> = unordered.collect();
        payload.container(Some(part.name()), |container| {
            for key in order.iter().chain(others) {
                if let Some(value) = value(key) {
                    container.property(key, &value);
                }
            }
        });
    }
}
