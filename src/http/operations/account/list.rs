//! `AccountList`: searched, sorted and paged as configurations are.

use std::cmp::Ordering;

use crmconf_projections::Sortable;
use crmconf_projections::list::{Direction, Search};

use super::show;
use crate::accounts::Member;
use crate::http::answer::Answer;
use crate::http::app::App;
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::fields::Spec;
use crate::http::operations::Input;
use crate::http::operations::paging::{self, Paging};

pub(in crate::http) const SPEC: Spec = Spec {
    properties: &["SearchQuery", "Sort", "Offset", "Limit"],
    containers: &[],
    list: true,
    url_ids: false,
};

/// What a row takes about.
const ROW_BYTES: usize = 512;

/// What rows can be sorted by.
#[derive(Clone, Copy)]
enum Field {
    UserName,
    DisplayName,
    AccountId,
    Enabled,
    Version,
}

/// The same with the names that requests call them by.
const FIELDS: [(&str, Field); 5] = [
    ("UserName", Field::UserName),
    ("DisplayName", Field::DisplayName),
    ("AccountID", Field::AccountId),
    ("Enabled", Field::Enabled),
    ("Version", Field::Version),
];

/// What a row is sorted by: the field, then the id, which tells all apart.
type Key = (FieldKey, String);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum FieldKey {
    Text(Sortable),
    Number(u64),
    Id,
}

/// Answers `AccountList`.
///
/// # Errors
/// The first check that fails.
pub fn answer(app: &App, caller: &Caller, input: &Input<'_>) -> Result<Answer, ApiError> {
    let administration = caller.administration()?;
    let fields = input.fields(&SPEC)?;
    let sort = paging::sort(&fields, &FIELDS)?;
    let (field, direction) = sort.unwrap_or((Field::UserName, Direction::Ascending));
    let paging = Paging::of(&fields)?;
    let search = fields.exact("SearchQuery").map(Search::new);

    let found = |member: &Member| {
        let matches = |search: &Search| search.is_in(member.name()) || search.is_in(member.display_name());
        search.as_ref().is_none_or(matches)
    };
    let members = app.registrar.members(caller.whole_view(&administration)).filter(found);
    let mut rows: Vec<_> = members.map(|member| (key(&member, field), member)).collect();
    rows.sort_by(|(a, _), (b, _)| compare(a, b, direction));
    let total = rows.len();
    let page = paging.page(rows);
    paging::answered(paging.offset, total, page, ROW_BYTES, |row, (_, member)| show(row, &member))
        .map(Answer::with)
}

fn key(member: &Member, field: Field) -> Key {
    let account = &member.account;
    let by = match field {
        Field::UserName => FieldKey::Text(Sortable::new(member.name())),
        Field::DisplayName => FieldKey::Text(Sortable::new(member.display_name())),
        Field::AccountId => FieldKey::Id,
        Field::Enabled => FieldKey::Number(account.enabled.into()),
        Field::Version => FieldKey::Number(account.version.get()),
    };
    (by, account.id.to_string())
}

/// Ties stand by id, ascending in either direction; that of the id itself turns round.
fn compare((a, a_id): &Key, (b, b_id): &Key, direction: Direction) -> Ordering {
    let ids = a_id.cmp(b_id);
    match (direction, a) {
        (Direction::Ascending, _) => a.cmp(b).then(ids),
        (Direction::Descending, FieldKey::Id) => ids.reverse(),
        (Direction::Descending, FieldKey::Text(_) | FieldKey::Number(_)) => b.cmp(a).then(ids),
    }
}
