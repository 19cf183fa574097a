//! The two JSON parts of a request: read once at the border, then prepared by the type's template.

use std::collections::BTreeMap;
use std::sync::Arc;

use crmconf_events::CrmType;
use crmconf_events::command::{AddParts, ChangeParts, ConfigurationChange, Given, PartsFault, SecretChange};
use crmconf_events::event::Secrets;
use crmconf_events::json::Json;
use crmconf_events::template::Part;

use super::Input;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, json_data};
use crate::templates::{Mode, PartFault, PasswordInput, Prepared, Template, TemplateLookup};
use crate::transport::{self, Plaintext};
use crate::writer::{Opened, Passwords};

/// The longest `JSONData`, in bytes of UTF-8, as given and again in normal form.
const JSON_DATA_BYTES_MAX: usize = 256 * 1_024;

/// How many times a part is in memory until its command is decided: as given, and as its template made it.
const COPIES: usize = 2;
/// What an allocation takes beside its content, about: the allocator's own, and what it rounds up.
const ALLOCATION_BYTES: usize = 16;

/// A part as given, and why it cannot stand if that is known already.
pub(super) struct GivenPart {
    pub(super) given: Given,
    fault: Option<String>,
}

/// Reads a container's JSON.
///
/// # Errors
/// When it is over its limit, or there is no room for it now. What is no JSON is told later, where the order of checks has it.
pub(super) fn read(fields: &Fields<'_>, input: &Input<'_>, part: Part) -> Result<GivenPart, ApiError> {
    let Some(container) = fields.container(part.name()) else {
        return Ok(GivenPart { given: Given::Absent, fault: None });
    };
    let unreadable = |fault: String| GivenPart { given: Given::Unreadable, fault: Some(fault) };
    let Some(text) = json_data(container) else {
        return Ok(unreadable("the container has no JSONData".into()));
    };
    within(part, text.len())?;
    match Json::parse(text) {
        Err(error) => Ok(unreadable(error.to_string())),
        Ok(Json::Object(object)) => {
            let json = Json::Object(object);
            within(part, json.text_bytes())?;
            input.hold(memory(&json).saturating_mul(COPIES))?;
            Ok(GivenPart { given: Given::Json(Arc::new(json)), fault: None })
        }
        Ok(_) => Ok(unreadable("JSONData must be a JSON object".into())),
    }
}

/// The bytes that a value takes in memory, about. Many times its text's where it is made of many small values: a digit
/// and a comma are two bytes there, and a whole [`Json`] here.
fn memory(json: &Json) -> usize {
    let text = |text: &String| text.capacity().saturating_add(ALLOCATION_BYTES);
    let own = size_of::<Json>();
    let content = match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => 0,
        Json::String(string) => text(string),
        Json::Array(items) => {
            let unused = items.capacity().saturating_sub(items.len());
            items.iter().map(memory).sum::<usize>().saturating_add(unused.saturating_mul(own))
        }
        Json::Object(object) => object
            .iter()
            .map(|(key, value)| size_of::<String>().saturating_add(text(key)).saturating_add(memory(value)))
            .sum(),
    };
    own.saturating_add(content)
}

/// Whether a part's JSON keeps to its limit.
fn within(part: Part, bytes: usize) -> Result<(), ApiError> {
    if bytes <= JSON_DATA_BYTES_MAX {
        return Ok(());
    }
    let message = format!("{}'s JSONData may have {JSON_DATA_BYTES_MAX} bytes at most.", part.name());
    Err(ApiError::invalid(message))
}

/// Why nothing is known of any type.
pub(super) const SOURCE_NOT_REACHED: &str = "source was not reached yet";

/// The template of a type.
pub(super) fn template(app: &App, crm_type: &CrmType) -> Result<Arc<Template>, PartsFault> {
    match app.templates.load().get(crm_type) {
        TemplateLookup::Found(template) => Ok(template),
        TemplateLookup::Unknown => Err(PartsFault::UnknownType),
        TemplateLookup::Invalid(_) => Err(PartsFault::TemplateUnavailable("it is invalid".into())),
        TemplateLookup::Unreachable => {
            Err(PartsFault::TemplateUnavailable(format!("its {SOURCE_NOT_REACHED}")))
        }
    }
}

/// Wraps a text in the fault of its part.
fn fault(part: Part, text: String) -> PartsFault {
    match part {
        Part::Configuration => PartsFault::Configuration(text),
        Part::Common => PartsFault::Common(text),
    }
}

/// A part as the template makes it; `None` when it was not given.
fn prepare(
    template: &Template,
    part: Part,
    given: &GivenPart,
    mode: Mode,
) -> Result<Option<Prepared>, PartsFault> {
    match &given.given {
        Given::Absent => Ok(None),
        Given::Unreadable => Err(fault(part, given.fault.clone().unwrap_or_default())),
        Given::Json(json) => {
            let prepared =
                template.prepare(part, json, mode).map_err(|refused| fault(part, refused.to_string()))?;
            // A text that became a number may have become longer.
            if prepared.json.text_bytes() > JSON_DATA_BYTES_MAX {
                let rule = format!("it has more than {JSON_DATA_BYTES_MAX} bytes in normal form");
                return Err(fault(part, rule));
            }
            Ok(Some(prepared))
        }
    }
}

/// What is made of a request's parts, and the passwords that go beside them to be sealed.
pub(super) struct Made<T> {
    pub(super) parts: Result<T, PartsFault>,
    pub(super) opened: Opened,
}

impl<T> Made<T> {
    /// With whatever else opens, also of parts that cannot stand: a request that is asked again under its RequestKey is told
    /// from another by that, whatever has become of its template.
    fn of(made: Result<(T, Passwords), PartsFault>, caller: &Caller, configuration: &GivenPart) -> Self {
        let (parts, passwords) = made
            .map_or_else(|fault| (Err(fault), Passwords::new()), |(parts, passwords)| (Ok(parts), passwords));
        let others = openable(caller, configuration, &passwords);
        Self { parts, opened: Opened { passwords, others } }
    }

    /// Parts of a type that nothing is known of.
    pub(super) fn of_unknown_type(caller: &Caller, configuration: &GivenPart) -> Self {
        Self::of(Err(PartsFault::UnknownType), caller, configuration)
    }
}

/// The fields of a part whose values open in the caller's session, but for those that were opened before.
fn openable(caller: &Caller, part: &GivenPart, before: &Passwords) -> Passwords {
    let Given::Json(json) = &part.given else { return Passwords::new() };
    let fields = json.as_object().into_iter().flat_map(|object| object.iter());
    let open = |(field, value): (&String, &Json)| {
        let plain = transport::open(caller.transport_key(), field, value.as_str()?).ok()?;
        Some((field.clone(), plain))
    };
    fields.filter(|(field, _)| !before.contains_key(*field)).filter_map(open).collect()
}

/// The password fields of a part: opened and checked, or named where they go.
fn opened(
    caller: &Caller,
    template: &Template,
    prepared: &Prepared,
) -> Result<(Passwords, Vec<String>), PartsFault> {
    let (mut passwords, mut removed) = (Passwords::new(), Vec::new());
    for (field, input) in &prepared.passwords {
        match input {
            PasswordInput::Remove => removed.push(field.clone()),
            PasswordInput::Text(text) => {
                let plain = open(caller, field, text)?;
                template
                    .check_password(field, plain.as_str())
                    .map_err(|fault| PartsFault::Configuration(fault.to_string()))?;
                passwords.insert(field.clone(), plain);
            }
        }
    }
    Ok((passwords, removed))
}

fn open(caller: &Caller, field: &str, text: &str) -> Result<Plaintext, PartsFault> {
    transport::open(caller.transport_key(), field, text).map_err(|error| {
        let field = PartFault::field(field, "");
        PartsFault::Configuration(format!("{} {error}", field.pointer()))
    })
}

/// Takes out of a part what is given for fields whose stored values are sealed, and which the template does not know as
/// passwords: opened, or named where they go. They are passwords all the same.
fn unmarked(
    caller: &Caller,
    template: &Template,
    sealed: &Secrets,
    part: &mut Json,
) -> Result<(Passwords, Vec<String>), PartsFault> {
    let (mut passwords, mut removed) = (Passwords::new(), Vec::new());
    let Json::Object(object) = part else { return Ok((passwords, removed)) };
    for field in sealed.keys().filter(|field| !template.password_fields().contains(*field)) {
        match object.remove(field) {
            None => {}
            Some(Json::Null) => removed.push(field.clone()),
            Some(Json::String(text)) => drop(passwords.insert(field.clone(), open(caller, field, &text)?)),
            Some(Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => {
                return Err(PartsFault::InClear(field.clone()));
            }
        }
    }
    Ok((passwords, removed))
}

/// The parts of an Add, both of which were given.
pub(super) fn for_add(
    app: &App,
    caller: &Caller,
    crm_type: &CrmType,
    [configuration, common]: [&GivenPart; 2],
) -> Made<AddParts> {
    let made = || {
        let template = template(app, crm_type)?;
        let absent = |part| fault(part, "the container is missing".into());
        let prepared = prepare(&template, Part::Configuration, configuration, Mode::Add)?
            .ok_or_else(|| absent(Part::Configuration))?;
        let (passwords, _) = opened(caller, &template, &prepared)?;
        let common =
            prepare(&template, Part::Common, common, Mode::Add)?.ok_or_else(|| absent(Part::Common))?;
        let parts = AddParts {
            template: Arc::clone(template.used()),
            configuration: Arc::new(prepared.json),
            secrets: BTreeMap::new(),
            common: Arc::new(common.json),
        };
        Ok((parts, passwords))
    };
    Made::of(made(), caller, configuration)
}

/// The parts of a Change, each of which may be absent. `sealed` are the fields whose stored values are sealed: they are
/// passwords, whatever the template says today.
pub(super) fn for_change(
    app: &App,
    caller: &Caller,
    crm_type: &CrmType,
    sealed: &Secrets,
    [configuration, common]: [&GivenPart; 2],
) -> Made<ChangeParts> {
    let made = || {
        let template = template(app, crm_type)?;
        let widened = template.with_passwords(sealed.keys()).map(Arc::new);
        let template = widened.unwrap_or(template);
        let (gone, remaining) = without_gone(&template, sealed, configuration);
        let mut passwords = Passwords::new();
        let configuration = prepare(&template, Part::Configuration, &remaining, Mode::Change)?
            .map(|mut prepared| {
                let (known, removed) = opened(caller, &template, &prepared)?;
                let (unknown, also_removed) = unmarked(caller, &template, sealed, &mut prepared.json)?;
                passwords.extend(known.into_iter().chain(unknown));
                let removed = removed.into_iter().chain(also_removed).chain(gone);
                let removed = removed.map(|field| (field, SecretChange::Remove));
                let configuration = Arc::new(prepared.json);
                Ok(ConfigurationChange { configuration, secrets: removed.collect() })
            })
            .transpose()?;
        let common = prepare(&template, Part::Common, common, Mode::Change)?.map(|part| Arc::new(part.json));
        Ok((ChangeParts { template: Arc::clone(template.used()), configuration, common }, passwords))
    };
    Made::of(made(), caller, configuration)
}

/// Takes out the JSON nulls that remove sealed values of fields that the template does not know any more: nothing else could
/// ever remove them. Returns these fields, and the part without them.
fn without_gone(template: &Template, sealed: &Secrets, given: &GivenPart) -> (Vec<String>, GivenPart) {
    let unchanged = GivenPart { given: given.given.clone(), fault: given.fault.clone() };
    let Given::Json(json) = &given.given else { return (Vec::new(), unchanged) };
    let order = template.key_order(Part::Configuration);
    let is_gone = |field: &&String| !order.contains(field) && json.get(field) == Some(&Json::Null);
    let gone: Vec<_> = sealed.keys().filter(is_gone).cloned().collect();
    let Some(mut object) = json.as_object().filter(|_| !gone.is_empty()).cloned() else {
        return (gone, unchanged);
    };
    gone.iter().for_each(|field| drop(object.remove(field)));
    (gone, GivenPart { given: Given::Json(Arc::new(Json::Object(object))), fault: None })
}

#[cfg(test)]
mod tests;
