//! The properties of one operation: what it knows, and the order in which what is wrong with them is told.
//!
//! Unknown before twice before malformed before missing: [`Fields::new`] makes the first two checks, and those of
//! structure; the getters make the third; what is compulsory is asked for last, by [`require`].

use crmconf_events::{DeviceNumber, PartitionId, Scope, ScopeError, TelSysId};

use super::code::Code;
use super::error::ApiError;
use super::xml::{Container, FaultCategory, ParsedRequest, Property, ShownName, trim};

/// What an operation knows.
pub struct Spec {
    /// Its properties.
    pub properties: &'static [&'static str],
    /// Its containers.
    pub containers: &'static [&'static str],
    /// Whether `Offset` and `Limit` may stand under `Request`.
    pub list: bool,
    /// Whether the scope's ids may stand in the URL: `CRMConfigurationList`'s alone.
    pub url_ids: bool,
}

/// A container that may come any number of times: each is a row of properties.
pub struct RowSpec {
    /// The containers' name.
    pub name: &'static str,
    /// The properties that each may have.
    pub properties: &'static [&'static str],
}

/// The ids that List takes from the URL.
pub const URL_IDS: [&str; 3] = ["TelSysID", "PartIDInTelSys", "DeviceNumber"];

/// Names of one property: List's filter answers to both.
pub const CRM_TYPE_NAMES: [&str; 2] = ["CrmType", "CRMType"];

/// The properties of a request, known and each once.
pub struct Fields<'a> {
    request: &'a ParsedRequest,
    query: &'a [(String, String)],
}

impl<'a> Fields<'a> {
    /// Checks that everything in the request is known to the operation and there once.
    ///
    /// # Errors
    /// The first thing that is not, unknown before twice before malformed.
    pub fn new(
        request: &'a ParsedRequest,
        query: &'a [(String, String)],
        spec: &Spec,
        rows: Option<&RowSpec>,
    ) -> Result<Self, ApiError> {
        let fields = Self { request, query };
        fields.structure(FaultCategory::Unknown)?;
        fields.unknown(spec, rows)?;
        fields.structure(FaultCategory::Twice)?;
        fields.twice(rows)?;
        fields.structure(FaultCategory::Malformed)?;
        Ok(fields)
    }

    fn structure(&self, category: FaultCategory) -> Result<(), ApiError> {
        match self.request.faults.iter().find(|fault| fault.category() == category) {
            Some(fault) => Err(ApiError::invalid(format!("{fault}."))),
            None => Ok(()),
        }
    }

    fn unknown(&self, spec: &Spec, rows: Option<&RowSpec>) -> Result<(), ApiError> {
        let unknown = |what: &str, name: &str| {
            Err(ApiError::invalid(format!("The {what} {} is unknown.", ShownName::new(name))))
        };
        for property in &self.request.properties {
            if !spec.properties.contains(&property.name.as_str()) {
                return unknown("property", &property.name);
            }
        }
        for container in &self.request.containers {
            let name = container.name.as_deref().unwrap_or_default();
            let known = match rows.filter(|rows| rows.name == name) {
                Some(rows) => rows.properties,
                None if spec.containers.contains(&name) => &["JSONData"],
                None => return unknown("container", name),
            };
            let strange = |property: &&Property| !known.contains(&property.name.as_str());
            if let Some(property) = container.properties.iter().find(strange) {
                return unknown("property", &property.name);
            }
        }
        if !spec.list {
            if self.request.offset.is_some() {
                return unknown("element", "Offset");
            }
            if self.request.limit.is_some() {
                return unknown("element", "Limit");
            }
        }
        let in_url = |name: &str| spec.url_ids && URL_IDS.contains(&name);
        match self.query.iter().find(|(name, _)| !in_url(name)) {
            Some((name, _)) => unknown("URL parameter", name),
            None => Ok(()),
        }
    }

    fn twice(&self, rows: Option<&RowSpec>) -> Result<(), ApiError> {
        let containers = self.request.containers.iter().map(|c| c.name.as_deref().unwrap_or_default());
        let containers = containers.filter(|name| rows.is_none_or(|rows| rows.name != *name));
        let query = self.query.iter().map(|(name, _)| name.as_str());
        for (what, names) in
            [("container", containers.collect::<Vec<_>>()), ("URL parameter", query.collect())]
        {
            if let Some(name) = first_repeated(&names) {
                return Err(ApiError::invalid(format!("The {what} {name} is given twice.")));
            }
        }
        Ok(())
    }

    /// A property's text exactly; empty counts as omitted.
    #[must_use]
    pub fn exact(&self, name: &str) -> Option<&'a str> {
        value_of(&self.request.properties, name)
    }

    /// A property's text, trimmed of XML white space; empty counts as omitted.
    #[must_use]
    pub fn trimmed(&self, name: &str) -> Option<&'a str> {
        trimmed_of(&self.request.properties, name)
    }

    /// A property that may stand under two names; both and different is refused.
    ///
    /// # Errors
    /// When both are given and differ.
    pub fn either(&self, names: [&str; 2]) -> Result<Option<&'a str>, ApiError> {
        let [first, second] = names;
        agreeing(first, self.trimmed(first), self.trimmed(second))
    }

    /// A text of limited length, kept exactly.
    ///
    /// # Errors
    /// When the check refuses it.
    pub fn text<T, E: std::fmt::Display>(
        &self,
        name: &str,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ApiError> {
        self.checked(name, self.exact(name), check)
    }

    /// An identifier of limited length, trimmed.
    ///
    /// # Errors
    /// When the check refuses it.
    pub fn identifier<T, E: std::fmt::Display>(
        &self,
        name: &str,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ApiError> {
        self.checked(name, self.trimmed(name), check)
    }

    fn checked<T, E: std::fmt::Display>(
        &self,
        name: &str,
        given: Option<&str>,
        check: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ApiError> {
        given.map(check).transpose().map_err(|error| ApiError::invalid(format!("{name} {error}.")))
    }

    /// A number from 0 up, as property or, for List, under `Request`.
    ///
    /// # Errors
    /// When it is no number, or both are given and differ.
    pub fn number(&self, name: &str) -> Result<Option<u64>, ApiError> {
        let element = match name {
            "Offset" => self.request.offset.as_deref(),
            "Limit" => self.request.limit.as_deref(),
            _ => None,
        };
        let parse = |text: Option<&str>| {
            self.checked(name, text.filter(|text| !text.is_empty()), |text| {
                text.bytes()
                    .all(|byte| byte.is_ascii_digit())
                    .then(|| text.parse::<u64>().ok())
                    .flatten()
                    .ok_or("must be a whole number from 0 up")
            })
        };
        agreeing(name, parse(self.trimmed(name))?, parse(element.map(trim))?)
    }

    /// A flag: `true` or `false`; omitted is false.
    ///
    /// # Errors
    /// When it is neither.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        Ok(self.optional_flag(name)?.unwrap_or(false))
    }

    /// A flag of which it counts whether it was given.
    ///
    /// # Errors
    /// When it is neither `true` nor `false`.
    pub fn optional_flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.trimmed(name) {
            None => Ok(None),
            Some("false") => Ok(Some(false)),
            Some("true") => Ok(Some(true)),
            Some(_) => Err(ApiError::invalid(format!("{name} must be true or false."))),
        }
    }

    /// The scope's three ids, from the payload or, for List, the URL. The last getter to call: among what is
    /// malformed a `TelSysID` is told of last, since it has a code of its own.
    ///
    /// # Errors
    /// When one is malformed, or payload and URL differ.
    pub fn triple(&self) -> Result<Triple, ApiError> {
        triple(&self.request.properties, self.query)
    }

    /// A container; `None` when it was not given.
    #[must_use]
    pub fn container(&self, name: &str) -> Option<&'a Container> {
        self.request.containers.iter().find(|container| container.name.as_deref() == Some(name))
    }
}

impl<'a> Fields<'a> {
    /// The containers of a [`RowSpec`], in the order given.
    pub fn rows(&self, spec: &RowSpec) -> impl Iterator<Item = Row<'a>> {
        let containers = self.request.containers.iter();
        let rows = containers.filter(|container| container.name.as_deref() == Some(spec.name));
        rows.map(|container| Row(&container.properties))
    }
}

/// One container of those that may come several times.
#[derive(Clone, Copy)]
pub struct Row<'a>(&'a [Property]);

impl<'a> Row<'a> {
    /// A property's text, trimmed of XML white space; empty counts as omitted.
    #[must_use]
    pub fn trimmed(&self, name: &str) -> Option<&'a str> {
        trimmed_of(self.0, name)
    }

    /// The scope's three ids. The last getter to call, as [`Fields::triple`] is.
    ///
    /// # Errors
    /// When one is malformed.
    pub fn triple(&self) -> Result<Triple, ApiError> {
        triple(self.0, &[])
    }
}

/// The scope's three ids, from properties or the URL.
fn triple(properties: &[Property], query: &[(String, String)]) -> Result<Triple, ApiError> {
    let [telsys, partition, device] = URL_IDS;
    let malformed = |name: &str, error: ScopeError| ApiError::invalid(format!("{name} {error}."));
    let given = |name: &'static str| {
        let url = query.iter().find(|(found, _)| found == name);
        let url = url.map(|(_, value)| trim(value)).filter(|text| !text.is_empty());
        (name, [trimmed_of(properties, name), url])
    };
    let partition = id(given(partition), PartitionId::parse, |error| malformed(partition, error))?.flatten();
    let device = id(given(device), DeviceNumber::parse, |error| malformed(device, error))?.flatten();
    let telsys = id(given(telsys), TelSysId::parse, |_| ApiError::new(Code::TelSysMalformed))?;
    Ok(Triple { telsys_given: telsys.is_some(), telsys: telsys.flatten(), partition, device })
}

/// One of the scope's ids, as property or in the URL: the same value in both places, however it is written, agrees.
fn id<T: PartialEq>(
    (name, [property, url]): (&str, [Option<&str>; 2]),
    parse: impl Fn(&str) -> Result<T, ScopeError>,
    malformed: impl Fn(ScopeError) -> ApiError,
) -> Result<Option<T>, ApiError> {
    let parsed = |text: Option<&str>| text.map(&parse).transpose().map_err(&malformed);
    agreeing(name, parsed(property)?, parsed(url)?)
}

/// A container's `JSONData` exactly; empty counts as omitted.
#[must_use]
pub fn json_data(container: &Container) -> Option<&str> {
    value_of(&container.properties, "JSONData")
}

fn value_of<'a>(properties: &'a [Property], name: &str) -> Option<&'a str> {
    properties
        .iter()
        .find(|property| property.name == name)
        .map(|property| property.value.as_str())
        .filter(|text| !text.is_empty())
}

fn trimmed_of<'a>(properties: &'a [Property], name: &str) -> Option<&'a str> {
    value_of(properties, name).map(trim).filter(|text| !text.is_empty())
}

fn first_repeated<'a>(names: &[&'a str]) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.iter().copied().find(|name| !seen.insert(*name))
}

/// One value that may be given in two places; both and different is refused.
fn agreeing<T: PartialEq>(name: &str, first: Option<T>, second: Option<T>) -> Result<Option<T>, ApiError> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(ApiError::invalid(format!("{name} is given twice, with different values.")))
        }
        (first, second) => Ok(first.or(second)),
    }
}

/// A scope's ids, each well-formed, not yet put together.
pub struct Triple {
    telsys_given: bool,
    telsys: Option<TelSysId>,
    partition: Option<PartitionId>,
    device: Option<DeviceNumber>,
}

impl Triple {
    /// Checks that the compulsory `TelSysID` was given.
    ///
    /// # Errors
    /// When it was not.
    pub fn require_telsys(&self) -> Result<(), ApiError> {
        if self.telsys_given { Ok(()) } else { Err(ApiError::missing("TelSysID")) }
    }

    /// Whether a `TelSysID` was given, the sentinel included.
    #[must_use]
    pub const fn names_telsys(&self) -> bool {
        self.telsys_given
    }

    /// The scope; omitted ids are sentinels.
    ///
    /// # Errors
    /// When a concrete id stands under a sentinel parent.
    pub fn scope(self) -> Result<Scope, ApiError> {
        Scope::new(self.telsys, self.partition, self.device)
            .map_err(|error| ApiError::invalid(format!("The scope contradicts itself: {error}.")))
    }
}

/// A compulsory value, or the error that tells that it is missing.
///
/// # Errors
/// When it is missing.
pub fn require<T>(value: Option<T>, name: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| match name {
        "CRMConfigurationID" => ApiError::new(Code::ConfigurationIdMissing),
        "CRMType" => ApiError::new(Code::CrmTypeMissing),
        _ => ApiError::missing(name),
    })
}
