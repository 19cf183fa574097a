//! `DirectoryList`.

use crmconf_events::state::Entry;
use crmconf_events::{DEVICE_SENTINEL, DeviceNumber, DirectoryText};
use crmconf_projections::EntryText;
use crmconf_projections::list::{DirectoryPage, DirectoryQuery, DirectorySort, DirectorySortField, Search};

use crate::directory::COLUMNS;
use crate::http::answer::Answer;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::{Fields, Spec};
use crate::http::operations::Input;
use crate::http::operations::list::scope_match;
use crate::http::operations::paging::{self, Paging};
use crate::http::operations::render::ID_SENTINEL;
use crate::http::xml::Payload;

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "ScopeMatch",
        "SearchQuery",
        "Sort",
        "Offset",
        "Limit",
    ],
    containers: &[],
    list: true,
    url_ids: false,
};

/// Answers `DirectoryList`.
///
/// # Errors
/// The first check that fails.
pub fn answer(caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let query = read(&fields)?;
    let directory = &caller.whole_view(&administration).directory;
    directory.check(&query.scope)?;
    render(query.offset, &directory.list(&query)).map(Answer::with)
}

/// Reads the properties, in the order in which `CRMConfigurationList` does.
pub(in crate::http) fn read(fields: &Fields<'_>) -> Result<DirectoryQuery, ApiError> {
    let sort = paging::sort(fields, &DirectorySortField::ALL)?;
    let Paging { offset, limit } = Paging::of(fields)?;
    let scope_match = scope_match(fields)?;
    let scope = fields.triple()?.scope()?;
    Ok(DirectoryQuery {
        scope,
        scope_match,
        search: fields.exact("SearchQuery").map(Search::new),
        sort: sort.map(|(field, direction)| DirectorySort { field, direction }),
        offset: usize::try_from(offset).unwrap_or(usize::MAX),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    })
}

fn render(offset: usize, page: &DirectoryPage<'_>) -> Result<Payload, ApiError> {
    /// What a row takes about.
    const ROW_BYTES: usize = 320;
    paging::answered(offset as u64, page.total, page.rows.iter(), ROW_BYTES, render_row)
}

/// The columns of a file, the ids with the sentinels of the API.
fn render_row(row: &mut Payload, entry: &Entry<'_, EntryText>) {
    let telsys = entry.telsys.to_string();
    let partition = entry.partition.map_or_else(|| ID_SENTINEL.to_owned(), |id| id.to_string());
    let values = [
        telsys.as_str(),
        partition.as_str(),
        entry.device.map_or(DEVICE_SENTINEL, DeviceNumber::as_str),
        entry.description.text(),
        entry.environment.map_or("", DirectoryText::as_str),
    ];
    for (name, value) in COLUMNS.into_iter().zip(values) {
        row.property(name, value);
    }
}
