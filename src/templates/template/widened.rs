//! A template with more password fields: those whose stored values are sealed, whatever the template says of them today.

use std::collections::BTreeSet;
use std::sync::Arc;

use crmconf_events::json::Json;

use super::super::closed::closed;
use super::super::compile::compile;
use super::{PartSchema, Template, password_rules};

impl Template {
    /// The same template, with these of its fields taken as passwords too. `None` when it has none of them, or all of them
    /// are passwords already, or their rules make no sense for a password.
    #[must_use]
    pub fn with_passwords<'a>(&self, sealed: impl Iterator<Item = &'a String>) -> Option<Self> {
        let properties = self.configuration.schema.get("properties").and_then(Json::as_object);
        let has = |name: &&String| properties.is_some_and(|properties| properties.get(name).is_some());
        let more: BTreeSet<String> =
            sealed.filter(has).filter(|name| !self.password_fields.contains(*name)).cloned().collect();
        if more.is_empty() {
            return None;
        }
        let password_fields: BTreeSet<String> = self.password_fields.union(&more).cloned().collect();
        let PartSchema { schema, validator: _, key_order } = &self.configuration;
        let configuration = PartSchema {
            validator: compile(&closed(schema, &password_fields)).ok()?,
            schema: schema.clone(),
            key_order: key_order.clone(),
        };
        Some(Self {
            title: self.title.clone(),
            used: Arc::clone(&self.used),
            password_rules: password_rules(schema, &password_fields).ok()?,
            password_fields,
            configuration,
            common: Arc::clone(&self.common),
        })
    }
}
