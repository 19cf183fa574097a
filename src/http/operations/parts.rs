//! The two JSON parts of a request: read once at the border, then prepared by the type's template.

use std::sync::Arc;

use crmconf_events::CrmType;
use crmconf_events::command::{AddParts, ChangeParts, ConfigurationChange, Given, PartsFault, SecretChange};
use crmconf_events::json::Json;
use crmconf_events::template::Part;

use super::Input;
use crate::http::app::App;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, json_data};
use crate::templates::{Mode, PasswordInput, Prepared, Template, TemplateLookup};

/// The longest `JSONData`, in bytes of UTF-8, as given and again in normal form.
const JSON_DATA_BYTES_MAX: usize = 256 * 1_024;

/// How many times a part is in memory until its command is decided: as given, and as its template made it.
const COPIES: usize = 2;
/// What an allocation takes beside its content, about: the allocator's own, and what it rounds up.
const ALLOCATION_BYTES: usize = 16;

/// What is said of a value in a password field: this version of the server has nowhere to keep it.
const PASSWORD_REFUSED: &str = "is a password field, and this server takes no passwords";

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

/// The password fields of a part, none of which may hold a value yet.
fn removed(prepared: &Prepared) -> Result<Vec<(String, SecretChange)>, PartsFault> {
    let change = |(field, input): (&String, &PasswordInput)| match input {
        PasswordInput::Remove => Ok((field.clone(), SecretChange::Remove)),
        PasswordInput::Text(_) => Err(PartsFault::Configuration(format!("/{field} {PASSWORD_REFUSED}"))),
    };
    prepared.passwords.iter().map(change).collect()
}

/// The parts of an Add, both of which were given.
pub(super) fn for_add(
    app: &App,
    crm_type: &CrmType,
    configuration: &GivenPart,
    common: &GivenPart,
) -> Result<AddParts, PartsFault> {
    let template = template(app, crm_type)?;
    let absent = |part| fault(part, "the container is missing".into());
    let prepared = prepare(&template, Part::Configuration, configuration, Mode::Add)?
        .ok_or_else(|| absent(Part::Configuration))?;
    removed(&prepared)?;
    let common = prepare(&template, Part::Common, common, Mode::Add)?.ok_or_else(|| absent(Part::Common))?;
    Ok(AddParts {
        template: Arc::clone(template.used()),
        configuration: Arc::new(prepared.json),
        secrets: std::collections::BTreeMap::new(),
        common: Arc::new(common.json),
    })
}

/// The parts of a Change, each of which may be absent.
pub(super) fn for_change(
    app: &App,
    crm_type: &CrmType,
    configuration: &GivenPart,
    common: &GivenPart,
) -> Result<ChangeParts, PartsFault> {
    let template = template(app, crm_type)?;
    let configuration = prepare(&template, Part::Configuration, configuration, Mode::Change)?
        .map(|prepared| {
            let secrets = removed(&prepared)?.into_iter().collect();
            Ok(ConfigurationChange { configuration: Arc::new(prepared.json), secrets })
        })
        .transpose()?;
    let common = prepare(&template, Part::Common, common, Mode::Change)?.map(|part| Arc::new(part.json));
    Ok(ChangeParts { template: Arc::clone(template.used()), configuration, common })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crmconf_events::commit::{CommitBuilder, Head};
    use crmconf_events::event::{
        Actor, ConfigurationAdded, Context, Event, RequestDigests, TemplateRecorded, encode,
    };
    use crmconf_events::template::template_digest;
    use crmconf_events::{
        AccountId, ChainHash, Description, DeviceNumber, InvokeId, KeyId, PartitionId, Reason, ReplicaId,
        RequestDigest, RequestKey, Salt, Scope, SealedValue, Sequence, SessionDigest, StoreId, TelSysId,
        TemplateVersion, Timestamp,
    };

    use super::*;
    use crate::templates::TEMPLATE_BYTES_MAX;

    /// The character that takes the most bytes.
    fn text(chars: usize) -> String {
        "\u{1f600}".repeat(chars)
    }

    /// A part as long as one may be.
    fn part() -> Arc<Json> {
        let json = Json::parse(&format!(r#"{{"a":"{}"}}"#, "x".repeat(JSON_DATA_BYTES_MAX - 8))).unwrap();
        assert_eq!(json.to_text().len(), JSON_DATA_BYTES_MAX);
        Arc::new(json)
    }

    fn context() -> Context {
        let digest = RequestDigest::new([255; 32]);
        Context {
            actor: Actor::Account(AccountId::new([255; 16])),
            origin: ReplicaId(u32::MAX),
            session: Some(SessionDigest::new([255; 32])),
            invoke: Some(InvokeId::new(&text(InvokeId::CHARS_MAX)).unwrap()),
            key: Some(RequestKey::new(&text(RequestKey::CHARS_MAX)).unwrap()),
            request: Some(RequestDigests { form: digest, sealed: Some(digest) }),
            reason: Some(Reason::new(&text(Reason::CHARS_MAX)).unwrap()),
            address: Some(SealedValue::from_ciphertext(vec![255; 256])),
        }
    }

    #[test]
    fn the_largest_configuration_and_the_largest_template_that_it_first_uses_fit_one_commit() {
        // Of what a JSON document may hold, these grow most when it becomes a text in an event.
        let document = "\"".repeat(TEMPLATE_BYTES_MAX);
        let (crm_type, digest) =
            (CrmType::new(&text(CrmType::CHARS_MAX)).unwrap(), template_digest(&document));
        let template: Event = TemplateRecorded {
            crm_type: crm_type.clone(),
            version: TemplateVersion::new(&text(TemplateVersion::CHARS_MAX)).unwrap(),
            digest,
            document,
        }
        .into();
        let (telsys, partition) = (TelSysId::new(999).unwrap(), PartitionId::new(999_999).unwrap());
        let added: Event = ConfigurationAdded {
            id: "ffffffffffffffff:-7fffffff:197ea30cca8:-7fff".parse().unwrap(),
            scope: Scope::Device(telsys, partition, DeviceNumber::new(&text(64)).unwrap()),
            crm_type,
            description: Description::new(&text(Description::CHARS_MAX)).unwrap(),
            template: digest,
            key: KeyId(u64::MAX),
            configuration: part(),
            // None are taken yet: who takes them finds here how much room is left.
            secrets: Arc::new(BTreeMap::new()),
            common: part(),
        }
        .into();
        let head = Head {
            commit: u64::MAX - 1,
            last: Sequence::new(u64::MAX >> 1),
            hash: ChainHash::new([255; 32]),
            time: Timestamp::default(),
        };
        let mut builder = CommitBuilder::new(StoreId::new([255; 16]), head, Timestamp::default());
        for event in [&template, &added] {
            let bytes = encode(Salt::new([255; 16]), &context(), event).unwrap();
            builder.try_push(bytes.into()).unwrap();
        }
        assert_eq!(builder.seal().unwrap().events().len(), 2);
    }

    #[test]
    fn the_memory_of_small_values_is_counted_as_what_it_is() {
        let digits = Json::parse(&format!("{{\"a\":[{}0]}}", "0,".repeat(10_000))).unwrap();
        assert!(memory(&digits) >= 10_001 * size_of::<Json>(), "{}", memory(&digits));
        let keys: Vec<_> = (0..1_000).map(|n| format!("\"{n:03}\":0")).collect();
        let keys = Json::parse(&format!("{{{}}}", keys.join(","))).unwrap();
        assert!(memory(&keys) >= 1_000 * (size_of::<Json>() + size_of::<String>()), "{}", memory(&keys));
        let text = Json::parse(&format!("{{\"a\":\"{}\"}}", "x".repeat(10_000))).unwrap();
        assert!((10_000..25_000).contains(&memory(&text)), "{}", memory(&text));
    }
}
