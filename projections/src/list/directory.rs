//! The directory's list: which entries match a question, in which order, and which of them make up a page.

use std::cmp::Reverse;

use crmconf_events::state::Entry;
use crmconf_events::{DEVICE_SENTINEL, DeviceNumber, DirectoryText, PartitionId, Scope};

use super::sort::{ID_SENTINEL, Key, first_by};
use super::{Direction, ScopeMatch, Search, ancestors};
use crate::directory::{Directory, EntryText};
use crate::text::fold;

/// A property that entries can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectorySortField {
    /// As numbers.
    TelSysId,
    /// As numbers, the sentinel first.
    PartitionId,
    /// By code points, the sentinel by its text.
    DeviceNumber,
    /// By collation.
    Description,
    /// By code points; partitions and devices have none, and read as empty.
    EnvironmentId,
}

impl DirectorySortField {
    /// Every sortable field with its name in the API.
    pub const ALL: [(&'static str, Self); 5] = [
        ("TelSysID", Self::TelSysId),
        ("PartIDInTelSys", Self::PartitionId),
        ("DeviceNumber", Self::DeviceNumber),
        ("Description", Self::Description),
        ("CMEnvironmentID", Self::EnvironmentId),
    ];
}

/// A field and a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DirectorySort {
    /// What to sort by.
    pub field: DirectorySortField,
    /// Which way.
    pub direction: Direction,
}

/// A question to the directory.
#[derive(Clone, Debug)]
pub struct DirectoryQuery {
    /// The scope asked for; omitted ids are sentinels.
    pub scope: Scope,
    /// How entries must stand to it.
    pub scope_match: ScopeMatch,
    /// Only entries whose description or device number holds this.
    pub search: Option<Search>,
    /// The order; without it, parents before children, by their ids.
    pub sort: Option<DirectorySort>,
    /// How many entries to skip.
    pub offset: usize,
    /// How many entries to return at most.
    pub limit: usize,
}

/// A page of entries, and how many match in all.
#[derive(Clone, Debug, Default)]
pub struct DirectoryPage<'a> {
    /// How many entries match.
    pub total: usize,
    /// The entries of this page, in order.
    pub rows: Vec<Entry<'a, EntryText>>,
}

impl Directory {
    /// Answers a question.
    #[must_use]
    pub fn list<'a>(&'a self, query: &DirectoryQuery) -> DirectoryPage<'a> {
        let DirectoryQuery { scope, scope_match, search, sort, offset, limit } = query;
        let end = offset.saturating_add(*limit);
        let rows = self.candidates(scope, *scope_match);
        let rows = rows.filter(|entry| search.as_ref().is_none_or(|search| matches(entry, search)));
        let Some(sort) = sort else { return page(rows, *offset, end) };
        let rows: Vec<_> = rows.collect();
        let total = rows.len();
        let end = end.min(total);
        if *offset >= end {
            return DirectoryPage { total, rows: Vec::new() };
        }
        let rows = match sort.direction {
            Direction::Ascending => first_by(rows, end, |row| (key(sort.field, row), row.place())),
            Direction::Descending => first_by(rows, end, |row| (Reverse(key(sort.field, row)), row.place())),
        };
        DirectoryPage { total, rows: rows.into_iter().skip(*offset).collect() }
    }

    /// The entries that stand as they must to the scope asked for, parents first.
    fn candidates<'a>(
        &'a self,
        scope: &Scope,
        scope_match: ScopeMatch,
    ) -> impl Iterator<Item = Entry<'a, EntryText>> + use<'a> {
        let (above, below) = match scope_match {
            ScopeMatch::Overlap => (true, true),
            ScopeMatch::Within => (false, true),
            ScopeMatch::Exact => (false, false),
            ScopeMatch::Applicable => (true, false),
        };
        // Of what stands at a scope and below it, the entry of the scope itself comes first.
        let at = |scope: Scope| {
            let found = self.entries().within(&scope).next();
            found.filter(|entry| entry.id().scope() == scope)
        };
        let ancestors = if above { ancestors(scope) } else { Vec::new() };
        let own = if below { None } else { at(scope.clone()) };
        let within = below.then(|| self.entries().within(scope));
        ancestors.into_iter().filter_map(at).chain(own).chain(within.into_iter().flatten())
    }
}

/// A page of what is in order already: only its rows are kept.
fn page<'a>(
    rows: impl Iterator<Item = Entry<'a, EntryText>>,
    offset: usize,
    end: usize,
) -> DirectoryPage<'a> {
    let mut page = DirectoryPage::default();
    for row in rows {
        if (offset..end).contains(&page.total) {
            page.rows.push(row);
        }
        page.total += 1;
    }
    page
}

fn matches(entry: &Entry<'_, EntryText>, Search(folded): &Search) -> bool {
    entry.description.matches(folded)
        || entry.device.is_some_and(|device| {
            // Most numbers hold nothing that folding changes.
            device.as_str().contains(folded.as_str()) || fold(device.as_str()).contains(folded.as_str())
        })
}

fn key<'a>(field: DirectorySortField, row: Entry<'a, EntryText>) -> Key<'a> {
    match field {
        DirectorySortField::TelSysId => Key::Number(row.telsys.get().into()),
        DirectorySortField::PartitionId => {
            Key::Number(row.partition.map(PartitionId::get).map_or(ID_SENTINEL, i64::from))
        }
        DirectorySortField::DeviceNumber => {
            Key::Text(row.device.map_or(DEVICE_SENTINEL, DeviceNumber::as_str))
        }
        DirectorySortField::Description => Key::Collated(Some(row.description.sortable())),
        DirectorySortField::EnvironmentId => Key::Text(row.environment.map_or("", DirectoryText::as_str)),
    }
}
