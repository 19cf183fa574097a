//! `CRMConfigurationList`.

use std::collections::{BTreeMap, BTreeSet};

use crmconf_events::template::Part;
use crmconf_events::{CrmType, Scope};
use crmconf_projections::list::{Page, Query, ScopeMatch, Search, Sort, SortField};
use crmconf_projections::{Configuration, Descriptions, ReadModel};

use super::Input;
use super::paging::{self, Paging};
use super::render::{self, OPTIONAL_FIELDS, Shapes};
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::{Caller, Permit, Reads};
use crate::http::error::ApiError;
use crate::http::fields::{CRM_TYPE_NAMES, Fields, Spec};
use crate::http::xml::{Payload, trim};

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &[
        "TelSysID",
        "PartIDInTelSys",
        "DeviceNumber",
        "CRMConfigurationFields",
        "CrmType",
        "CRMType",
        "SearchQuery",
        "Sort",
        "Offset",
        "Limit",
        "ScopeMatch",
    ],
    containers: &[],
    list: true,
    url_ids: true,
};

/// What a request asks for, each property well-formed.
pub(in crate::http) struct Asked<'a> {
    requested: BTreeSet<&'a str>,
    offset: u64,
    scope: Scope,
    is_scope_named: bool,
    /// The question to the read models; none where nothing can match.
    pub(in crate::http) query: Option<Query>,
}

/// Answers `CRMConfigurationList`.
///
/// # Errors
/// The first check that fails.
pub fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let fields = input.fields(&SPEC)?;
    let Asked { requested, offset, scope, is_scope_named, query } = read(&fields)?;
    let permit: Permit<Reads> = match caller.permit(scope) {
        Ok(permit) => permit,
        // Every grant lies within the widest scope: who has none is shown what that covers, and that is nothing.
        Err(_) if !is_scope_named => return paging::nothing(offset).map(Answer::with),
        Err(refusal) => return Err(refusal),
    };
    let view = caller.view(&permit);
    view.directory.check(permit.scope())?;
    let page = query.map(|query| view.list(&query, caller.grants())).unwrap_or_default();
    render(app, view, offset, &page, &requested).map(Answer::with)
}

/// Reads the properties. What is malformed is told in this order; the scope comes last, since it has codes of its own.
pub(in crate::http) fn read<'a>(fields: &Fields<'a>) -> Result<Asked<'a>, ApiError> {
    let requested = requested_fields(fields)?;
    let crm_type = fields.either(CRM_TYPE_NAMES)?;
    let sort = paging::sort(fields, &SortField::ALL)?;
    let sort = sort.map(|(field, direction)| Sort { field, direction });
    let Paging { offset, limit } = Paging::of(fields)?;
    let scope_match = scope_match(fields)?;
    let triple = fields.triple()?;
    let is_scope_named = triple.names_telsys();
    let scope = triple.scope()?;
    // A text that is too long for a type is an unknown type, and those give no rows.
    let query = crm_type.map(CrmType::new).transpose().ok().map(|crm_type| Query {
        scope: scope.clone(),
        scope_match,
        crm_type,
        search: fields.exact("SearchQuery").map(Search::new),
        sort,
        offset: usize::try_from(offset).unwrap_or(usize::MAX),
        limit: usize::try_from(limit).unwrap_or(usize::MAX),
    });
    Ok(Asked { requested, offset, scope, is_scope_named, query })
}

/// `CRMConfigurationFields`: optional fields that are asked for. Base properties may be named too.
pub(super) fn requested_fields<'a>(fields: &Fields<'a>) -> Result<BTreeSet<&'a str>, ApiError> {
    let names = fields.trimmed("CRMConfigurationFields").unwrap_or_default();
    let mut requested = BTreeSet::new();
    for name in names.split(',').map(trim) {
        let known = |known: &(&str, SortField)| known.0 == name;
        if !name.is_empty() && !OPTIONAL_FIELDS.contains(&name) && !SortField::ALL.iter().any(known) {
            let known = SortField::ALL.map(|(name, _)| name).join(", ");
            return Err(ApiError::invalid(format!(
                "CRMConfigurationFields names an unknown field; known are {known}, CRMConfiguration, \
                 CRMConfigurationCommon."
            )));
        }
        requested.insert(name);
    }
    Ok(requested)
}

/// `ScopeMatch`.
pub(super) fn scope_match(fields: &Fields<'_>) -> Result<ScopeMatch, ApiError> {
    match fields.trimmed("ScopeMatch") {
        None | Some("Overlap") => Ok(ScopeMatch::Overlap),
        Some("Within") => Ok(ScopeMatch::Within),
        Some("Exact") => Ok(ScopeMatch::Exact),
        Some("Applicable") => Ok(ScopeMatch::Applicable),
        Some(_) => Err(ApiError::invalid("ScopeMatch must be Overlap, Within, Exact or Applicable.")),
    }
}

fn render(
    app: &App,
    view: &ReadModel,
    offset: u64,
    page: &Page,
    requested: &BTreeSet<&str>,
) -> Result<Payload, ApiError> {
    /// What a row takes about.
    const ROW_BYTES: usize = 512;
    let mut shapes = Shapes::new(app, view);
    paging::answered(offset, page.total, page.rows.iter(), ROW_BYTES, |row, found| {
        render_row(row, &mut shapes, view, found, requested);
    })
}

/// The seed's six properties, then those asked for, in their fixed order.
fn render_row(
    row: &mut Payload,
    shapes: &mut Shapes<'_>,
    view: &ReadModel,
    found: &Configuration,
    requested: &BTreeSet<&str>,
) {
    let Descriptions { telsys, partition, device } = view.directory.describe(&found.scope);
    row.property("CRMConfigurationID", found.id.as_str());
    row.property("Description", found.description.as_str());
    row.property("CRMType", found.crm_type.as_str());
    row.property("TelSysDescription", telsys);
    row.property("PartitionDescription", partition);
    row.property("DeviceDescription", device);
    let mut optional = |name: &str, value: &str| {
        if requested.contains(name) {
            row.property(name, value);
        }
    };
    optional("CMEnvironmentID", view.directory.environment(&found.scope));
    optional("TelSysID", &render::telsys(&found.scope));
    optional("PartIDInTelSys", &render::partition(&found.scope));
    optional("DeviceNumber", render::device(&found.scope));
    optional("Version", &found.version.to_string());
    for (part, json) in [(Part::Configuration, &found.configuration), (Part::Common, &found.common)] {
        if requested.contains(part.name()) {
            // List carries no password, for any role.
            shapes.of(found).container(row, part, json, &BTreeMap::new());
        }
    }
}
