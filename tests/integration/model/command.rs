//! Random commands: what is drawn, and the request that it becomes once ids and versions are known.

use proptest::prelude::*;

use super::pool::{
    ACCOUNTS, COMMONS, CONFIGURATIONS, DESCRIPTIONS, FIELDS, MATCHES, NO_DEVICE, NO_ID, PLACES, Place,
    SEARCHES, SORTS, TYPES,
};
use crate::harness::property;

/// What is wrong with a request on purpose; all of it is found before the grants are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    Unknown,
    Twice,
    BadTelSys,
    BadPartition,
    BadDevice,
    /// A flag, or one of List's own properties, with a value that it cannot have.
    BadValue,
    MissingTelSys,
    MissingId,
    MissingDescription,
    MissingType,
    MissingPart,
}

/// Flaws that every operation can have.
const COMMON_FLAWS: [Flaw; 6] =
    [Flaw::Unknown, Flaw::Twice, Flaw::BadTelSys, Flaw::BadPartition, Flaw::BadDevice, Flaw::BadValue];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Add,
    Change,
    Delete,
    Info,
    List,
}

impl Operation {
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "CRMConfigurationAdd",
            Self::Change => "CRMConfigurationChange",
            Self::Delete => "CRMConfigurationDelete",
            Self::Info => "CRMConfigurationInfo",
            Self::List => "CRMConfigurationList",
        }
    }
}

/// Which id a command names.
#[derive(Clone, Copy, Debug)]
pub enum Named {
    /// One that was given out once, live or deleted.
    Ever(usize),
    Absent,
    Malformed,
}

/// Which version a command expects.
#[derive(Clone, Copy, Debug)]
pub enum Expects {
    Any,
    Current,
    Another,
}

/// List's own properties; numbers are places in the pools.
#[derive(Clone, Debug)]
pub struct Question {
    pub crm_type: Option<usize>,
    pub search: Option<usize>,
    pub sort: Option<(usize, Option<bool>)>,
    pub offset: Option<u64>,
    pub limit: Option<u64>,
    pub scope_match: Option<usize>,
    pub fields: [bool; 7],
}

/// A request as drawn; numbers are places in the pools.
#[derive(Clone, Debug)]
pub struct Command {
    pub account: usize,
    pub operation: Operation,
    /// `None`: that of the configuration named, or no ids at all for List.
    pub place: Option<usize>,
    /// Whether sentinels are written out.
    pub spelled: bool,
    pub named: Named,
    pub description: Option<usize>,
    pub crm_type: Option<usize>,
    pub configuration: Option<usize>,
    pub common: Option<usize>,
    pub expects: Expects,
    pub key: Option<u8>,
    pub dry: bool,
    /// `ReturnID`; for Info the field `Version`.
    pub tell: bool,
    pub as_json: bool,
    pub flaw: Option<Flaw>,
    pub question: Question,
    /// Instead of all this: the request sent so many before, once more.
    pub again: Option<usize>,
}

/// Mostly the first few of a pool, so that draws collide.
fn few(first: usize, all: usize) -> impl Strategy<Value = usize> {
    prop_oneof![4 => 0..first, 1 => 0..all]
}

fn optional<T: std::fmt::Debug + Clone>(
    chance: f64,
    of: impl Strategy<Value = T>,
) -> impl Strategy<Value = Option<T>> {
    prop::option::weighted(chance, of)
}

fn question() -> impl Strategy<Value = Question> {
    let sort = (0..SORTS.len(), optional(0.7, any::<bool>()));
    let number = |big: u64| prop_oneof![4 => 0..5_u64, 1 => Just(big)];
    (
        optional(0.2, 0..TYPES.len()),
        optional(0.3, 0..SEARCHES.len()),
        optional(0.6, sort),
        optional(0.3, number(u64::MAX)),
        optional(0.3, number(10_000)),
        optional(0.5, 0..MATCHES.len()),
        any::<[bool; 7]>(),
    )
        .prop_map(|(crm_type, search, sort, offset, limit, scope_match, fields)| Question {
            crm_type,
            search,
            sort,
            offset,
            limit,
            scope_match,
            fields,
        })
}

/// One command.
pub fn command() -> impl Strategy<Value = Command> {
    use Operation::{Add, Change, Delete, Info, List};
    let account = prop_oneof![5 => Just(0), 3 => 1..3_usize, 2 => 0..ACCOUNTS.len()];
    let operation =
        prop_oneof![6 => Just(Add), 4 => Just(Change), 2 => Just(Delete), 2 => Just(Info), 4 => Just(List)];
    let place = optional(0.5, few(3, PLACES.len()));
    // Draws that collide leave corners out: so many go to every operation of every account at every place alike that
    // 2,000 sequences meet each some ten times.
    let anything = prop::sample::select(vec![Add, Change, Delete, Info, List]);
    let anywhere = (0..PLACES.len()).prop_map(Some);
    let aim = prop_oneof![
        6 => (account, operation, place),
        1 => (0..ACCOUNTS.len(), anything, anywhere),
    ];
    let named = prop_oneof![18 => (0..64_usize).prop_map(Named::Ever), 1 => Just(Named::Absent), 1 => Just(Named::Malformed)];
    let parts = (
        optional(0.6, few(4, DESCRIPTIONS.len())),
        optional(0.3, prop_oneof![6 => Just(0), 3 => Just(1_usize), 1 => Just(2)]),
        optional(0.5, few(4, CONFIGURATIONS.len())),
        optional(0.5, few(4, COMMONS.len())),
    );
    let expects =
        prop_oneof![6 => Just(Expects::Any), 2 => Just(Expects::Current), 1 => Just(Expects::Another)];
    let extras = (optional(0.3, 0..3_u8), prop::bool::weighted(0.1), any::<bool>(), any::<bool>());
    let flaw = optional(0.06, 0..64_usize);
    let again = optional(0.08, 0..6_usize);
    (aim, any::<bool>(), named, parts, expects, extras, (flaw, again), question()).prop_map(
        |((account, operation, place), spelled, named, parts, expects, extras, (flaw, again), question)| {
            let (description, crm_type, configuration, common) = parts;
            let (key, dry, tell, as_json) = extras;
            let command = Command {
                account,
                operation,
                place,
                spelled,
                named,
                description,
                crm_type,
                configuration,
                common,
                expects,
                key,
                dry,
                tell,
                as_json,
                flaw: flaw.map(|draw| flaw_of(operation, draw)),
                question,
                again,
            };
            command.completed()
        },
    )
}

fn flaw_of(operation: Operation, draw: usize) -> Flaw {
    let own: &[Flaw] = match operation {
        Operation::Add => {
            &[Flaw::MissingTelSys, Flaw::MissingDescription, Flaw::MissingType, Flaw::MissingPart]
        }
        Operation::Change | Operation::Delete | Operation::Info => &[Flaw::MissingTelSys, Flaw::MissingId],
        Operation::List => &[],
    };
    let flaws: Vec<_> = COMMON_FLAWS.iter().chain(own).copied().collect();
    flaws[draw % flaws.len()]
}

impl Command {
    /// An Add has everything that is compulsory, and all its requests go to a place of the pool.
    fn completed(mut self) -> Self {
        if self.operation == Operation::Add {
            self.place.get_or_insert(0);
            self.description.get_or_insert(0);
            self.crm_type.get_or_insert(0);
            self.configuration.get_or_insert(0);
            self.common.get_or_insert(0);
        }
        self
    }
}

/// A command whose id, place and version are known: what is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub command: Command,
    /// The text of `CRMConfigurationID`.
    pub id: String,
    /// The place asked for; List's default is every TelSys.
    pub place: Place,
    pub expected_version: Option<u64>,
}

impl Sent {
    /// The payload of the request.
    pub fn payload(&self) -> String {
        let Command { operation, flaw, tell, as_json, .. } = &self.command;
        let mut payload = self.triple();
        if *operation != Operation::Add && *operation != Operation::List && *flaw != Some(Flaw::MissingId) {
            payload += &property("CRMConfigurationID", &self.id);
        }
        match operation {
            Operation::Add | Operation::Change => payload += &self.content(),
            Operation::Delete | Operation::Info => {}
            Operation::List => payload += &self.question(),
        }
        let flag = match operation {
            Operation::Add | Operation::Change | Operation::Delete => {
                payload += &self.extras();
                "ValidateOnly"
            }
            Operation::Info => {
                payload +=
                    if *tell { "<Property Name=\"CRMConfigurationFields\">Version</Property>" } else { "" };
                payload += if *as_json { "<Property Name=\"ReturnJSON\">true</Property>" } else { "" };
                "ReturnJSON"
            }
            Operation::List => "Limit",
        };
        match flaw {
            Some(Flaw::Unknown) => payload += &property("Colour", "red"),
            Some(Flaw::Twice) => payload += &(property("TelSysID", "1") + &property("TelSysID", "1")),
            // The flag may stand there already: then it is given twice, which is the same code.
            Some(Flaw::BadValue) => payload += &property(flag, "yes"),
            _ => {}
        }
        payload
    }

    fn triple(&self) -> String {
        let Command { operation, flaw, spelled, place, .. } = &self.command;
        let list = *operation == Operation::List;
        let nothing = list && place.is_none() && !spelled;
        let number =
            |id: i32, compulsory: bool| (id != NO_ID || *spelled || compulsory).then(|| id.to_string());
        let mut telsys = number(self.place.telsys, !list).filter(|_| !nothing);
        let mut partition = number(self.place.partition, false);
        let mut device = Some(self.place.device.to_owned()).filter(|device| device != NO_DEVICE || *spelled);
        match flaw {
            Some(Flaw::BadTelSys) => telsys = Some("0".into()),
            Some(Flaw::BadPartition) => partition = Some("x".into()),
            Some(Flaw::BadDevice) => device = Some("9".repeat(65)),
            Some(Flaw::MissingTelSys) => telsys = None,
            _ => {}
        }
        [("TelSysID", telsys), ("PartIDInTelSys", partition), ("DeviceNumber", device)]
            .into_iter()
            .filter_map(|(name, value)| Some(property(name, &value?)))
            .collect()
    }

    fn content(&self) -> String {
        let Command { flaw, description, crm_type, configuration, common, .. } = &self.command;
        let present = |missing: Flaw| *flaw != Some(missing);
        let mut content = String::new();
        if let Some(description) = description.filter(|_| present(Flaw::MissingDescription)) {
            content += &property("Description", DESCRIPTIONS[description].0);
        }
        if let Some(crm_type) = crm_type.filter(|_| present(Flaw::MissingType)) {
            content += &property("CRMType", TYPES[crm_type].0);
        }
        if let Some(part) = configuration {
            content += &part_container("CRMConfiguration", CONFIGURATIONS[*part].text);
        }
        if let Some(part) = common.filter(|_| present(Flaw::MissingPart)) {
            content += &part_container("CRMConfigurationCommon", COMMONS[part].text);
        }
        content
    }

    fn extras(&self) -> String {
        let Command { key, dry, tell, .. } = &self.command;
        let mut extras = String::new();
        if let Some(version) = self.expected_version {
            extras += &property("ExpectedVersion", &version.to_string());
        }
        if let Some(key) = key {
            extras += &property("RequestKey", &format!("key {key}"));
        }
        if *dry {
            extras += &property("ValidateOnly", "true");
        }
        if *tell {
            extras += &property("ReturnID", "true");
        }
        extras
    }

    fn question(&self) -> String {
        let Question { crm_type, search, sort, offset, limit, scope_match, fields } = &self.command.question;
        let sort = sort.map(|(field, ascending)| {
            let direction = ascending.map_or("", |ascending| if ascending { ":ASC" } else { ":DESC" });
            format!("{}{direction}", SORTS[field])
        });
        let fields: Vec<_> =
            FIELDS.iter().zip(fields).filter(|(_, asked)| **asked).map(|(field, _)| *field).rev().collect();
        [
            ("CrmType", crm_type.map(|crm_type| TYPES[crm_type].0.to_owned())),
            ("SearchQuery", search.map(|search| SEARCHES[search].0.to_owned())),
            ("Sort", sort),
            ("Offset", offset.map(|offset| offset.to_string())),
            ("Limit", limit.map(|limit| limit.to_string())),
            ("ScopeMatch", scope_match.map(|found| MATCHES[found].to_owned())),
            ("CRMConfigurationFields", Some(fields.join(" , ")).filter(|fields| !fields.is_empty())),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some(property(name, &value?)))
        .collect()
    }
}

fn part_container(name: &str, text: &str) -> String {
    if text.is_empty() {
        return format!("<Container Name=\"{name}\"></Container>");
    }
    crate::harness::container(name, text)
}
