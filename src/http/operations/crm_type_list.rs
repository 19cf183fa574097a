//! `CRMTypeList`.

use std::sync::Arc;

use crmconf_events::CrmType;
use crmconf_projections::Sortable;
use crmconf_projections::list::{Direction, Search};

use super::Input;
use super::paging::{self, Paging};
use super::parts::SOURCE_NOT_REACHED;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::xml::Payload;
use crate::templates::Template;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["SearchQuery", "Sort", "Offset", "Limit"],
    containers: &[],
    list: true,
    url_ids: false,
};

/// What a row takes about.
const ROW_BYTES: usize = 256;

/// What rows can be sorted by.
#[derive(Clone, Copy)]
enum SortField {
    /// By code points.
    CrmType,
    /// By collation.
    Title,
    /// By collation, since it is in the author's own words.
    Version,
    /// Those that can be used last.
    Usable,
}

const SORTABLE: [(&str, SortField); 4] = [
    ("CRMType", SortField::CrmType),
    ("Title", SortField::Title),
    ("Version", SortField::Version),
    ("Usable", SortField::Usable),
];

/// A type, and what its template says of itself if it can be used.
struct Row<'a> {
    crm_type: &'a CrmType,
    template: Option<&'a Arc<Template>>,
}

/// Answers `CRMTypeList`: for every account that is signed in.
///
/// # Errors
/// The first check that fails.
pub fn answer(app: &App, _caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let sort = paging::sort(&fields, &SORTABLE)?;
    let paging = Paging::of(&fields)?;
    let search = fields.exact("SearchQuery").map(Search::new);

    let templates = app.templates.load();
    let types = templates.types().ok_or_else(|| {
        let message = format!("The templates cannot be loaded now: their {SOURCE_NOT_REACHED}.");
        ApiError::with(Code::TemplateUnavailable, message)
    })?;
    let rows = types.map(|(crm_type, template)| Row { crm_type, template });
    let mut rows: Vec<_> =
        rows.filter(|row| search.as_ref().is_none_or(|search| row.matches(search))).collect();
    match sort {
        Some((field, Direction::Ascending)) => rows.sort_by_cached_key(|row| row.key(field)),
        Some((field, Direction::Descending)) => {
            rows.sort_by_cached_key(|row| std::cmp::Reverse(row.key(field)));
        }
        // They stand by CRMType already.
        None => {}
    }
    let total = rows.len();
    let page = paging.page(rows);
    paging::answered(paging.offset, total, page, ROW_BYTES, |into, row| row.render(into)).map(Answer::with)
}

impl Row<'_> {
    fn title(&self) -> &str {
        self.template.map_or("", |template| template.title())
    }

    fn version(&self) -> &str {
        self.template.map_or("", |template| template.version())
    }

    fn matches(&self, search: &Search) -> bool {
        search.is_in(self.crm_type.as_str()) || search.is_in(self.title())
    }

    /// Ties stay in the order of CRMType: sorting is stable.
    fn key(&self, field: SortField) -> Key {
        match field {
            SortField::CrmType => Key::Plain(self.crm_type.as_str().to_owned()),
            SortField::Title => Key::Collated(Sortable::new(self.title())),
            SortField::Version => Key::Collated(Sortable::new(self.version())),
            SortField::Usable => Key::Usable(self.template.is_some()),
        }
    }

    fn render(&self, row: &mut Payload) {
        row.property("CRMType", self.crm_type.as_str());
        row.property("Title", self.title());
        row.property("Version", self.version());
        row.property("Usable", if self.template.is_some() { "true" } else { "false" });
    }
}

/// What a row sorts by. Keys of one field are always of one kind.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Plain(String),
    Collated(Sortable),
    Usable(bool),
}
