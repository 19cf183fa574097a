//! List: which configurations match a question, in which order, and which of them make up a page.
//!
//! Candidates come from the scope index: the scopes above the one asked for by point look-ups, those at and below it
//! as one range. What the grants do not cover is left out before anything is counted, so that totals tell nothing.

mod directory;
mod sort;

use std::sync::Arc;

use crmconf_events::access::Grants;
use crmconf_events::{CrmType, Scope};

pub use directory::{DirectoryPage, DirectoryQuery, DirectorySort, DirectorySortField};
pub use sort::{Direction, Sort, SortField};

use crate::projector::ReadModel;
use crate::text::fold;
use crate::{Configuration, Configurations};

/// How a row's scope must stand to the scope asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ScopeMatch {
    /// One covers the other: the default.
    #[default]
    Overlap,
    /// The row is at that scope or below it.
    Within,
    /// The row is at exactly that scope.
    Exact,
    /// The row is at that scope or above it: what applies there.
    Applicable,
}

/// A text to be searched for, folded once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Search(String);

impl Search {
    /// Folds the text: NFC, full default case folding, NFC. It is not trimmed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(fold(text))
    }

    /// Whether a text holds it.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        fold(text).contains(&self.0)
    }
}

/// A question to List.
#[derive(Clone, Debug)]
pub struct Query {
    /// The scope asked for; omitted ids are sentinels.
    pub scope: Scope,
    /// How rows must stand to it.
    pub scope_match: ScopeMatch,
    /// Only this type of CRM.
    pub crm_type: Option<CrmType>,
    /// Only rows whose Description or CRMType holds this.
    pub search: Option<Search>,
    /// The order; without it, the order of creation.
    pub sort: Option<Sort>,
    /// How many rows to skip.
    pub offset: usize,
    /// How many rows to return at most.
    pub limit: usize,
}

/// A page of rows, and how many match in all.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many configurations match.
    pub total: usize,
    /// The rows of this page, in order.
    pub rows: Vec<Arc<Configuration>>,
}

impl ReadModel {
    /// Answers a question with what the grants show, as of this view's instant.
    #[must_use]
    pub fn list(&self, query: &Query, grants: &Grants) -> Page {
        let matching = |found: &&Arc<Configuration>| {
            query.crm_type.as_ref().is_none_or(|crm_type| found.crm_type == *crm_type)
                && query.search.as_ref().is_none_or(|Search(folded)| found.matches(folded))
                && grants.show(&found.scope)
        };
        let mut rows = candidates(&self.configurations, &query.scope, query.scope_match);
        rows.retain(matching);
        let total = rows.len();
        let end = query.offset.saturating_add(query.limit).min(total);
        if query.offset >= end {
            return Page { total, rows: Vec::new() };
        }
        let rows = match query.sort {
            Some(sort) => sort.first(rows, end, &self.directory),
            None => sort::first_by(rows, end, |row| row.created),
        };
        Page { total, rows: rows.into_iter().skip(query.offset).map(Arc::clone).collect() }
    }
}

/// The rows whose scope stands as it must to the one asked for, in no particular order.
fn candidates<'a>(
    configurations: &'a Configurations,
    scope: &Scope,
    scope_match: ScopeMatch,
) -> Vec<&'a Arc<Configuration>> {
    let mut rows = Vec::new();
    if matches!(scope_match, ScopeMatch::Overlap | ScopeMatch::Applicable) {
        for above in ancestors(scope) {
            rows.extend(configurations.at(above));
        }
    }
    match scope_match {
        ScopeMatch::Overlap | ScopeMatch::Within => rows.extend(configurations.within(scope.clone())),
        ScopeMatch::Exact | ScopeMatch::Applicable => rows.extend(configurations.at(scope.clone())),
    }
    rows
}

/// The scopes above one, from the top.
fn ancestors(scope: &Scope) -> Vec<Scope> {
    match scope {
        Scope::EveryTelSys => vec![],
        Scope::TelSys(_) => vec![Scope::EveryTelSys],
        Scope::Partition(telsys, _) => vec![Scope::EveryTelSys, Scope::TelSys(*telsys)],
        Scope::Device(telsys, partition, _) => {
            vec![Scope::EveryTelSys, Scope::TelSys(*telsys), Scope::Partition(*telsys, *partition)]
        }
    }
}
