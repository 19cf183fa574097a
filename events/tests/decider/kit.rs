//! Builders of requests, and the world that they are made in.

mod world;

use std::collections::BTreeMap;
use std::sync::Arc;

use crmconf_events::command::{
    AddConfiguration, AddParts, ChangeConfiguration, ChangeParts, Command, ConfigurationChange,
    DeleteConfiguration, Given as Text, PartsFault, Request, RequestForm, SecretChange,
};
use crmconf_events::event::{Actor, Context, Part};
use crmconf_events::json::Json;
use crmconf_events::{ConfigurationId, CrmType, Description, KeyId, RequestKey, Scope, SealedValue};

pub(crate) use world::*;

/// A request in the making. `configuration` and `common` are what the caller wrote.
#[derive(Clone)]
pub(crate) struct Ask<C> {
    context: Context,
    validate_only: bool,
    configuration: Text,
    common: Text,
    command: C,
}

impl<C> Ask<C> {
    fn new(configuration: Text, common: Text, command: C) -> Self {
        Self { context: Context::of(EDITOR), validate_only: false, configuration, common, command }
    }

    pub(crate) fn by(mut self, actor: Actor) -> Self {
        self.context.actor = actor;
        self
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        self.context.key = Some(RequestKey::new(key).unwrap());
        self
    }

    pub(crate) fn dry(mut self) -> Self {
        self.validate_only = true;
        self
    }

    /// `CRMConfiguration` is no JSON: no digest can be made of the request.
    pub(crate) fn unreadable(mut self) -> Self {
        self.configuration = Text::Unreadable;
        self
    }

    /// `CRMConfigurationCommon` is no JSON.
    pub(crate) fn unreadable_common(mut self) -> Self {
        self.common = Text::Unreadable;
        self
    }

    /// The context that the request's own event gets; digests, which only requests with a key have, aside.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    fn write(&mut self, field: &str, value: Json) {
        let Text::Json(part) = &self.configuration else { panic!("no CRMConfiguration to write into") };
        let mut object = part.as_object().unwrap().clone();
        object.insert(field, value);
        self.configuration = Text::Json(Arc::new(Json::Object(object)));
    }
}

/// Asks to add configuration 1 at TelSys 1.
pub(crate) fn add(description: &str) -> Ask<AddConfiguration> {
    let configuration = json(r#"{"Url":"https://a.example"}"#);
    let common = json(r#"{"Active":true}"#);
    let parts = AddParts {
        template: template(),
        configuration: configuration.clone(),
        secrets: BTreeMap::new(),
        common: common.clone(),
    };
    let command = AddConfiguration {
        id: id(1),
        scope: telsys(1),
        crm_type: crm_type(),
        description: text(description),
        key: None,
        parts: Ok(parts),
        form: form("CRMConfigurationAdd"),
    };
    Ask::new(Text::Json(configuration), Text::Json(common), command)
}

/// Asks to change something of a configuration at TelSys 1.
pub(crate) fn change(number: u16) -> Ask<ChangeConfiguration> {
    let command = ChangeConfiguration {
        id: Some(id(number)),
        scope: telsys(1),
        crm_type: None,
        description: None,
        key: None,
        parts: Ok(ChangeParts { template: template(), configuration: None, common: None }),
        expected_version: None,
        form: form("CRMConfigurationChange"),
    };
    Ask::new(Text::Absent, Text::Absent, command)
}

/// Asks to delete a configuration at TelSys 1.
pub(crate) fn delete(number: u16) -> Ask<DeleteConfiguration> {
    let command = DeleteConfiguration {
        id: Some(id(number)),
        scope: telsys(1),
        expected_version: None,
        form: form("CRMConfigurationDelete"),
    };
    Ask::new(Text::Absent, Text::Absent, command)
}

impl Ask<AddConfiguration> {
    pub(crate) fn numbered(mut self, number: u16) -> Self {
        self.command.id = id(number);
        self
    }

    pub(crate) fn at(mut self, scope: Scope) -> Self {
        self.command.scope = scope;
        self
    }

    /// It is given this data key.
    pub(crate) fn under(mut self, key: u64) -> Self {
        self.command.key = Some(KeyId(key));
        self
    }

    pub(crate) fn of_type(mut self, name: &str) -> Self {
        self.command.crm_type = CrmType::new(name).unwrap();
        self
    }

    pub(crate) fn secret(mut self, field: &str, value: &str) -> Self {
        self.command.parts.as_mut().unwrap().secrets.insert(field.to_owned(), sealed(value));
        self.write(field, Json::String(value.to_owned()));
        self
    }

    pub(crate) fn configuration(mut self, part: &str) -> Self {
        self.command.parts.as_mut().unwrap().configuration = json(part);
        self.configuration = Text::Json(json(part));
        self
    }

    pub(crate) fn faulty(mut self, fault: PartsFault) -> Self {
        self.command.parts = Err(fault);
        self
    }
}

impl Ask<ChangeConfiguration> {
    pub(crate) fn without_id(mut self) -> Self {
        self.command.id = None;
        self
    }

    pub(crate) fn numbered(mut self, number: u16) -> Self {
        self.command.id = Some(id(number));
        self
    }

    pub(crate) fn at(mut self, scope: Scope) -> Self {
        self.command.scope = scope;
        self
    }

    pub(crate) fn of_type(mut self, name: &str) -> Self {
        self.command.crm_type = Some(CrmType::new(name).unwrap());
        self
    }

    pub(crate) fn described(mut self, description: &str) -> Self {
        self.command.description = Some(text(description));
        self
    }

    pub(crate) fn expecting(mut self, version: u64) -> Self {
        self.command.expected_version = Some(version);
        self
    }

    pub(crate) fn configuration(mut self, part: &str) -> Self {
        let change = ConfigurationChange { configuration: json(part), secrets: BTreeMap::new() };
        self.command.parts.as_mut().unwrap().configuration = Some(change);
        self.configuration = Text::Json(json(part));
        self
    }

    pub(crate) fn secret(mut self, field: &str, value: &str) -> Self {
        self.field(field, SecretChange::Set(sealed(value)));
        self.write(field, Json::String(value.to_owned()));
        self
    }

    /// What is set is sealed under this data key.
    pub(crate) fn under(mut self, key: u64) -> Self {
        self.command.key = Some(KeyId(key));
        self
    }

    pub(crate) fn without_secret(mut self, field: &str) -> Self {
        self.field(field, SecretChange::Remove);
        self.write(field, Json::Null);
        self
    }

    fn field(&mut self, field: &str, change: SecretChange) {
        let configuration = self.command.parts.as_mut().unwrap().configuration.as_mut().unwrap();
        configuration.secrets.insert(field.to_owned(), change);
    }

    pub(crate) fn common(mut self, part: &str) -> Self {
        self.command.parts.as_mut().unwrap().common = Some(json(part));
        self.common = Text::Json(json(part));
        self
    }

    /// Checked against a later text of the template.
    pub(crate) fn with_later_template(mut self) -> Self {
        self.command.parts.as_mut().unwrap().template = later_template();
        self
    }

    pub(crate) fn faulty(mut self, fault: PartsFault) -> Self {
        self.command.parts = Err(fault);
        self
    }
}

impl Ask<DeleteConfiguration> {
    pub(crate) fn without_id(mut self) -> Self {
        self.command.id = None;
        self
    }

    pub(crate) fn numbered(mut self, number: u16) -> Self {
        self.command.id = Some(id(number));
        self
    }

    pub(crate) fn at(mut self, scope: Scope) -> Self {
        self.command.scope = scope;
        self
    }

    pub(crate) fn expecting(mut self, version: u64) -> Self {
        self.command.expected_version = Some(version);
        self
    }
}

impl From<Ask<AddConfiguration>> for Request {
    fn from(ask: Ask<AddConfiguration>) -> Self {
        let mut command = ask.command;
        command.form = RequestForm {
            scope: command.scope.clone(),
            crm_type: Some(command.crm_type.clone()),
            description: Some(command.description.clone()),
            configuration: ask.configuration,
            common: ask.common,
            ..command.form
        };
        let command = Command::AddConfiguration(command);
        Self { context: ask.context, validate_only: ask.validate_only, command }
    }
}

impl From<Ask<ChangeConfiguration>> for Request {
    fn from(ask: Ask<ChangeConfiguration>) -> Self {
        let mut command = ask.command;
        command.form = RequestForm {
            scope: command.scope.clone(),
            id: command.id.as_ref().map(ToString::to_string),
            crm_type: command.crm_type.clone(),
            description: command.description.clone(),
            expected_version: command.expected_version,
            configuration: ask.configuration,
            common: ask.common,
            ..command.form
        };
        let command = Command::ChangeConfiguration(command);
        Self { context: ask.context, validate_only: ask.validate_only, command }
    }
}

impl From<Ask<DeleteConfiguration>> for Request {
    fn from(ask: Ask<DeleteConfiguration>) -> Self {
        let mut command = ask.command;
        command.form = RequestForm {
            scope: command.scope.clone(),
            id: command.id.as_ref().map(ToString::to_string),
            expected_version: command.expected_version,
            ..command.form
        };
        let command = Command::DeleteConfiguration(command);
        Self { context: ask.context, validate_only: ask.validate_only, command }
    }
}

fn form(operation: &'static str) -> RequestForm {
    RequestForm {
        operation,
        scope: Scope::EveryTelSys,
        id: None,
        crm_type: None,
        description: None,
        expected_version: None,
        configuration: Text::Absent,
        common: Text::Absent,
        sealed: None,
    }
}

pub(crate) fn json(text: &str) -> Part {
    Arc::new(Json::parse(text).unwrap())
}

pub(crate) fn text(description: &str) -> Description {
    Description::new(description).unwrap()
}

/// What stands for a sealed password here: its text's bytes.
pub(crate) fn sealed(value: &str) -> SealedValue {
    SealedValue::from_ciphertext(value.as_bytes().to_vec())
}

pub(crate) fn id(number: u16) -> ConfigurationId {
    format!("8b421354e7ea58f6:1007bf0b:197cf8dc588:{number:x}").parse().unwrap()
}
