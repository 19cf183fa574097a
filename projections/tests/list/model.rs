//! The naive model: a list of rows in the order of creation, filtered and sorted as the API's page says.

use crate::texts::{NO_DEVICE, NO_PARTITION, NO_TELSYS, SEARCHES, SORTABLE, TYPES, rank};
use crate::world::{DIRECTORY, SCOPES};
use crate::{MATCHES, Question};
use crmconf_projections::list::ScopeMatch;

/// Concrete ids from the top; what is not there is a sentinel.
type Path = &'static [&'static str];
/// A text and its folded form.
type Folded = (&'static str, &'static str);

#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) path: Path,
    pub(crate) crm_type: Folded,
    pub(crate) description: Folded,
    pub(crate) version: u64,
}

impl Row {
    /// Its id is in no relation to the order of creation.
    pub(crate) fn new(sequence: u64, path: Path, crm_type: Folded, description: Folded) -> Self {
        let node = sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let id = format!("{node:016x}:1:1:{:x}", sequence % 7);
        Self { id, path, crm_type, description, version: sequence }
    }

    pub(crate) fn describe(&mut self, sequence: u64, description: Folded) {
        self.description = description;
        self.version = sequence;
    }
}

/// Live configurations in the order of creation.
#[derive(Default)]
pub(crate) struct Model {
    pub(crate) rows: Vec<Row>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

impl Model {
    /// The total, and the rows of the page.
    pub(crate) fn list(&self, question: &Question) -> (usize, Vec<Row>) {
        let mut rows: Vec<_> = self.rows.iter().filter(|row| matches(row, question)).cloned().collect();
        if let Some((field, descending)) = question.sort {
            rows.sort_by(|a, b| {
                let order = key(a, SORTABLE[field]).cmp(&key(b, SORTABLE[field]));
                let order = if descending { order.reverse() } else { order };
                order.then_with(|| a.id.cmp(&b.id))
            });
        }
        let total = rows.len();
        (total, rows.into_iter().skip(question.offset).take(question.limit).collect())
    }
}

fn matches(row: &Row, question: &Question) -> bool {
    let is_shown = |path: Path| row.path.starts_with(path) || path.starts_with(row.path);
    scope_matches(row.path, SCOPES[question.scope], MATCHES[question.scope_match])
        && question.crm_type.is_none_or(|number| TYPES.get(number) == Some(&row.crm_type))
        && question.search.is_none_or(|number| {
            let folded = SEARCHES[number].1;
            row.description.1.contains(folded) || row.crm_type.1.contains(folded)
        })
        && (question.grants.is_empty() || question.grants.iter().any(|&(_, at)| is_shown(SCOPES[at])))
}

fn scope_matches(row: Path, filter: Path, scope_match: ScopeMatch) -> bool {
    match scope_match {
        // "At each level a row matches when the filter has none or a sentinel there, or the row has a sentinel there,
        // or both are equal."
        ScopeMatch::Overlap => (0..3).all(|level| {
            let (filter, row) = (filter.get(level), row.get(level));
            filter.is_none() || row.is_none() || filter == row
        }),
        // "That scope and below."
        ScopeMatch::Within => row.starts_with(filter),
        ScopeMatch::Exact => row == filter,
        // "That scope and above."
        ScopeMatch::Applicable => filter.starts_with(row),
    }
}

/// What the directory says of a scope's first ids: description and environment.
fn entry(path: &[&str]) -> (&'static str, &'static str) {
    let (_, description, environment) = DIRECTORY.iter().find(|(known, _, _)| *known == path).unwrap();
    (description, environment)
}

fn key(row: &Row, property: &str) -> Key {
    let described = |level: usize, none: &str| {
        Key::Number(row.path.get(..level).map_or_else(|| rank(none), |path| rank(entry(path).0)))
    };
    let id = |level: usize| Key::Number(row.path.get(level).map_or(-1, |id| id.parse().unwrap()));
    match property {
        "CRMConfigurationID" => Key::Text(row.id.clone()),
        "Description" => Key::Number(rank(row.description.0)),
        "CRMType" => Key::Text(row.crm_type.0.to_owned()),
        "TelSysDescription" => described(1, NO_TELSYS),
        "PartitionDescription" => described(2, NO_PARTITION),
        "DeviceDescription" => described(3, NO_DEVICE),
        "CMEnvironmentID" => Key::Text(row.path.get(..1).map_or("", |path| entry(path).1).to_owned()),
        "TelSysID" => id(0),
        "PartIDInTelSys" => id(1),
        "DeviceNumber" => Key::Text(row.path.get(2).copied().unwrap_or("UnknownNoneOrAll").to_owned()),
        "Version" => Key::Number(i64::try_from(row.version).unwrap()),
        other => panic!("{other} is not sortable"),
    }
}
