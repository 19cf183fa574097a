//! `call --seal`: the password fields of a request are sealed on the operator's machine, before anything of it is sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use super::password_values::{self, Fields, Sealed};
use super::places::{self, Place};
use crate::cli::output;
use crate::commands::Failure;
use crate::commands::conversation::{Conversation, Node, Payload, Wiped, escaped};
use crate::http::code::Code;
use crate::transport;

/// The container whose JSON holds password fields, and the property that holds the JSON.
pub(super) const CONTAINER: &str = "CRMConfiguration";
const JSON_DATA: &str = "JSONData";

/// What finds a configuration, as Info takes it from a request that changes it.
const ID: &str = "CRMConfigurationID";
const FINDING: [&str; 4] = [ID, "TelSysID", "PartIDInTelSys", "DeviceNumber"];
const INFO: &str = "CRMConfigurationInfo";

/// What `--seal` has to know of a configuration.
struct Stored {
    crm_type: String,
    /// The fields that are stored, those among the passwords whose stored values are sealed.
    fields: Fields,
}

/// A request whose password fields are to be sealed.
pub(super) struct Sealing<'a> {
    request: &'a str,
    json: Place,
    properties: Vec<(String, Wiped)>,
}

impl<'a> Sealing<'a> {
    /// Finds the JSON in the request. `name` is what the request is called in errors.
    pub(super) fn of(request: &'a str, name: &str) -> Result<Self, Failure> {
        let refused = |why: &str| Failure::new(format!("{name} cannot be sealed: {why}; nothing was sent"));
        let places = places::properties(request, "OperationPayload")
            .ok_or_else(|| refused("it holds a reference or an attribute that this API does not know"))?;
        let is_json =
            |place: &Place| place.container.as_deref() == Some(CONTAINER) && place.name == JSON_DATA;
        let (mut json, others): (Vec<_>, Vec<_>) = places.into_iter().partition(is_json);
        let json = match (json.pop(), json.len()) {
            (Some(json), 0) => json,
            (Some(_), _) => return Err(refused("it has the JSONData of CRMConfiguration more than once")),
            (None, _) => return Err(refused("it has no JSONData in a container CRMConfiguration")),
        };
        let properties = others.into_iter().filter(|place| place.container.is_none());
        let properties = properties.map(|place| (place.name, place.text)).collect();
        let sealing = Self { request, json, properties };
        if sealing.property("CRMType").or(sealing.property(ID)).is_none() {
            return Err(refused(
                "it names neither CRMType nor CRMConfigurationID, which tell its password fields",
            ));
        }
        Ok(sealing)
    }

    /// The request with its password fields sealed under the key of this session, all else byte for byte as it was.
    pub(super) fn sealed(&self, conversation: &Conversation<'_>) -> Result<Zeroizing<String>, Failure> {
        let key = conversation.transport_key()?;
        let Stored { crm_type, fields: stored } = self.stored(conversation)?;
        let fields = fields(&crm_type, conversation)?.with(stored);
        let seal = |field: &str, plain: &_| transport::seal(key, field, plain).ok();
        let Sealed { json, left } =
            password_values::sealed(&self.json.text, &fields, seal).map_err(|why| {
                let known =
                    if fields.passwords.is_empty() { "none".to_owned() } else { listed(&fields.passwords) };
                Failure::new(format!(
                    "the JSONData of CRMConfiguration cannot be sealed: {why} (password fields of {crm_type}: {known}); \
                     the request was not sent"
                ))
            })?;
        for field in left {
            output::note(&format_args!(
                "crmconf: {field} begins with {} and is sent as it is; what another session sealed will not open",
                transport::PREFIX
            ));
        }
        Ok(places::replaced(self.request, &[(self.json.content.clone(), as_xml(&json))]))
    }

    /// What the store has of the configuration that the request changes; of one that is to be added, the type alone.
    ///
    /// A field stays a password as long as its stored value is sealed, also where the template does not say so any more. Only
    /// Info tells which these are: by their values, sealed under the key of this session, of which none is opened.
    fn stored(&self, conversation: &Conversation<'_>) -> Result<Stored, Failure> {
        let named = self.property("CRMType");
        if self.property(ID).is_none() {
            let crm_type = named.unwrap_or_default().to_owned();
            return Ok(Stored { crm_type, fields: Fields::default() });
        }
        let mut payload = Payload::default();
        for name in FINDING {
            payload.property_of(name, self.property(name));
        }
        let (info, whole) = match conversation.ask_unless(Code::Unresolved, INFO, &payload)? {
            Some(info) => (info, true),
            None => {
                output::note(
                    &"crmconf: what is stored does not open, as after a shredding: only what the template marks as a password is \
                      sealed",
                );
                payload.property("ReturnJSON", "true");
                (conversation.ask(INFO, &payload)?, false)
            }
        };
        let crm_type = named.or_else(|| info.property("CRMType")).map(str::to_owned);
        let crm_type = crm_type
            .ok_or_else(|| Failure::new("the server's answer to CRMConfigurationInfo names no CRMType"))?;
        let mut fields = Fields::default();
        for (name, value) in info.named(CONTAINER).flat_map(Node::properties) {
            if whole {
                fields.insert(name.to_owned(), value.starts_with(transport::PREFIX));
            } else {
                // The password fields are left out of it, and those of the template are known.
                let stored: BTreeMap<String, IgnoredAny> = serde_json::from_str(value).unwrap_or_default();
                stored.into_keys().for_each(|name| fields.insert(name, false));
            }
        }
        Ok(Stored { crm_type, fields })
    }

    /// A property of the request that is not empty.
    fn property(&self, name: &str) -> Option<&str> {
        let found = self.properties.iter().find(|(known, _)| known == name);
        found.map(|(_, text)| &**text).filter(|text| !text.is_empty())
    }
}

/// The fields of a type, as its template on the server has them now.
fn fields(crm_type: &str, conversation: &Conversation<'_>) -> Result<Fields, Failure> {
    let info = conversation.ask("CRMTypeInfo", &Payload::of(&[("CRMType", crm_type)]))?;
    let mut fields = Fields::default();
    for field in info.named(CONTAINER).flat_map(|container| &container.containers) {
        if let Some(name) = field.property("Name") {
            fields.insert(name.to_owned(), field.property("Password") == Some("true"));
        }
    }
    Ok(fields)
}

fn listed(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A text as it stands in XML.
pub(super) fn as_xml(text: &str) -> Zeroizing<String> {
    let bytes = escaped(text).map(str::len).sum();
    let mut xml = Zeroizing::new(String::with_capacity(bytes));
    xml.extend(escaped(text));
    xml
}
