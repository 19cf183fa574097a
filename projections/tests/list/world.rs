//! A directory, and random histories of configurations in it, played to the read models and to the naive model.

use std::sync::Arc;

use crmconf_events::access::{Grant, Role};
use crmconf_events::event::{
    Actor, ConfigurationAdded, ConfigurationChanged, ConfigurationDeleted, Context, DeviceRegistered,
    Envelope, Event, PartitionRegistered, TelSysRegistered,
};
use crmconf_events::json::Json;
use crmconf_events::{
    ConfigurationId, Description, DeviceNumber, DirectoryText, KeyId, PartitionId, Salt, Scope, Sequence,
    TelSysId, TemplateDigest, Timestamp,
};
use crmconf_projections::{Projector, ReadModel};
use proptest::prelude::*;

use crate::model::{Model, Row};
use crate::texts::{TEXTS, TYPES, crm_type};

/// Scopes by their concrete ids, and what the directory says of the last one: description, then environment.
pub(crate) const DIRECTORY: [(&[&str], &str, &str); 11] = [
    (&["1"], "a", "e2"),
    (&["2"], "A", "E3"),
    (&["10"], "", ""),
    (&["1", "1"], "b", ""),
    (&["1", "2"], "b", ""),
    (&["2", "1"], "Straße", ""),
    (&["1", "1", "01"], "9", ""),
    (&["1", "1", "1"], "10", ""),
    (&["1", "2", "01"], "9", ""),
    (&["2", "1", "Zz"], "-", ""),
    (&["2", "1", "a"], "", ""),
];

/// Every TelSys, and everything in the directory.
pub(crate) const SCOPES: [&[&str]; 12] = {
    let mut scopes: [&[&str]; 12] = [&[]; 12];
    let mut place = 0;
    while place < DIRECTORY.len() {
        scopes[place + 1] = DIRECTORY[place].0;
        place += 1;
    }
    scopes
};

pub(crate) fn scope(path: &[&str]) -> Scope {
    let number = |level: usize| path.get(level).map(|text| text.parse::<u32>().unwrap());
    Scope::new(
        number(0).map(|id| TelSysId::new(id).unwrap()),
        number(1).map(|id| PartitionId::new(id).unwrap()),
        path.get(2).map(|device| DeviceNumber::new(device).unwrap()),
    )
    .unwrap()
}

/// A role by number on a scope by number.
pub(crate) fn grant(role: usize, at: usize) -> Grant {
    Grant { role: Role::ALL[role], scope: scope(SCOPES[at]) }
}

/// Something that happens, by numbers in the tables; `which` counts round the live configurations.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Add { scope: usize, crm_type: usize, text: usize },
    Describe { which: usize, text: usize },
    Touch { which: usize },
    Delete { which: usize },
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    // A Description is never empty.
    let text = || 1..TEXTS.len();
    prop_oneof![
        6 => (0..SCOPES.len(), 0..TYPES.len(), text())
            .prop_map(|(scope, crm_type, text)| Step::Add { scope, crm_type, text }),
        2 => (0..60_usize, text()).prop_map(|(which, text)| Step::Describe { which, text }),
        1 => (0..60_usize).prop_map(|which| Step::Touch { which }),
        1 => (0..60_usize).prop_map(|which| Step::Delete { which }),
    ]
}

/// Plays the history to both.
pub(crate) fn play(steps: &[Step]) -> (ReadModel, Model) {
    let mut projector = Projector::default();
    let mut model = Model::default();
    for entry in &DIRECTORY {
        record(&mut projector, registered(entry));
    }
    for step in steps {
        let sequence = Sequence::after(projector.last()).get();
        let which = match step {
            Step::Add { .. } => 0,
            Step::Describe { which, .. } | Step::Touch { which } | Step::Delete { which } => *which,
        };
        let place = which % model.rows.len().max(1);
        let event = match (step, model.rows.get_mut(place)) {
            (&Step::Add { scope, crm_type, text }, _) => {
                let row = Row::new(sequence, SCOPES[scope], TYPES[crm_type], TEXTS[text]);
                let event = added(&row, scope, crm_type);
                model.rows.push(row);
                event
            }
            (&Step::Describe { text, .. }, Some(row)) => {
                row.describe(sequence, TEXTS[text]);
                changed(row, true)
            }
            (Step::Touch { .. }, Some(row)) => {
                row.version = sequence;
                changed(row, false)
            }
            (Step::Delete { .. }, Some(_)) => deleted(&model.rows.remove(place)),
            (Step::Describe { .. } | Step::Touch { .. } | Step::Delete { .. }, None) => continue,
        };
        record(&mut projector, event);
    }
    (projector.view().clone(), model)
}

fn record(projector: &mut Projector, event: Event) {
    let sequence = Sequence::after(projector.last());
    let envelope = Envelope {
        sequence,
        time: Timestamp::default(),
        stream: event.stream(),
        context: Context::of(Actor::System),
        salt: Salt::new([0; 16]),
        event,
    };
    projector.apply(&envelope).unwrap();
}

fn registered((path, description, environment): &(&[&str], &str, &str)) -> Event {
    let description = DirectoryText::new(description).unwrap();
    match scope(path) {
        Scope::EveryTelSys => panic!("every TelSys is in no directory"),
        Scope::TelSys(telsys) => {
            let environment = DirectoryText::new(environment).unwrap();
            TelSysRegistered { telsys, description, environment }.into()
        }
        Scope::Partition(telsys, partition) => PartitionRegistered { telsys, partition, description }.into(),
        Scope::Device(telsys, partition, device) => {
            DeviceRegistered { telsys, partition, device, description }.into()
        }
    }
}

fn id(row: &Row) -> ConfigurationId {
    row.id.parse().unwrap()
}

fn added(row: &Row, at: usize, type_number: usize) -> Event {
    let empty = Arc::new(Json::parse("{}").unwrap());
    ConfigurationAdded {
        id: id(row),
        scope: scope(SCOPES[at]),
        crm_type: crm_type(type_number),
        description: Description::new(row.description.0).unwrap(),
        template: TemplateDigest::new([0; 32]),
        key: KeyId(1),
        configuration: Arc::clone(&empty),
        secrets: Arc::default(),
        common: empty,
    }
    .into()
}

fn changed(row: &Row, description: bool) -> Event {
    ConfigurationChanged {
        id: id(row),
        scope: scope(row.path),
        crm_type: crmconf_events::CrmType::new(row.crm_type.0).unwrap(),
        template: TemplateDigest::new([0; 32]),
        key: KeyId(1),
        description: description.then(|| Description::new(row.description.0).unwrap()),
        configuration: None,
        secrets: Arc::default(),
        common: (!description).then(|| Arc::new(Json::parse(r#"{"A":1}"#).unwrap())),
    }
    .into()
}

fn deleted(row: &Row) -> Event {
    ConfigurationDeleted {
        id: id(row),
        scope: scope(row.path),
        crm_type: crmconf_events::CrmType::new(row.crm_type.0).unwrap(),
        template: TemplateDigest::new([0; 32]),
        key: KeyId(1),
        version: Sequence::new(row.version).unwrap(),
    }
    .into()
}
