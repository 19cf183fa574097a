//! `Offset`, `Limit` and `Sort`: the same for every operation that lists.

use crmconf_projections::list::Direction;

use crate::http::answer::ANSWER_BYTES_MAX;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::xml::Payload;

/// The most rows of one answer.
const LIMIT_MAX: u64 = 10_000;
/// How many rows an answer has at most unless `Limit` says otherwise; the seed's number.
const LIMIT_DEFAULT: u64 = 1_000;

/// Which of the rows a request asks for.
pub(super) struct Paging {
    /// How many rows to skip.
    pub(super) offset: u64,
    /// How many rows to answer at most.
    pub(super) limit: u64,
}

impl Paging {
    /// Reads `Offset` and `Limit`.
    ///
    /// # Errors
    /// When one is malformed, or `Limit` over its maximum.
    pub(super) fn of(fields: &Fields<'_>) -> Result<Self, ApiError> {
        let offset = fields.number("Offset")?.unwrap_or(0);
        let limit = fields.number("Limit")?.unwrap_or(LIMIT_DEFAULT);
        if limit > LIMIT_MAX {
            return Err(ApiError::invalid(format!("Limit may be {LIMIT_MAX} at most.")));
        }
        Ok(Self { offset, limit })
    }

    /// The rows of the page.
    pub(super) fn page<T>(&self, rows: Vec<T>) -> impl Iterator<Item = T> {
        let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        rows.into_iter().skip(count(self.offset)).take(count(self.limit))
    }
}

/// Reads `Sort`: one of the fields, and which way.
///
/// # Errors
/// When it names another field or another direction.
pub(super) fn sort<F: Copy>(
    fields: &Fields<'_>,
    sortable: &[(&'static str, F)],
) -> Result<Option<(F, Direction)>, ApiError> {
    let Some(text) = fields.trimmed("Sort") else { return Ok(None) };
    let (field, direction) = text.split_once(':').unwrap_or((text, "ASC"));
    let direction = match direction {
        "ASC" => Direction::Ascending,
        "DESC" => Direction::Descending,
        _ => return Err(ApiError::invalid("Sort must end in :ASC or :DESC.")),
    };
    match sortable.iter().find(|(name, _)| *name == field) {
        Some((_, field)) => Ok(Some((*field, direction))),
        None => {
            let sortable = sortable.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
            Err(ApiError::invalid(format!("Sort names no sortable field; sortable are {sortable}.")))
        }
    }
}

/// The answer to a list that has no rows.
pub(super) fn nothing(offset: u64) -> Result<Payload, ApiError> {
    answered(offset, 0, std::iter::empty::<()>(), 0, |_, ()| {})
}

/// A page as it is answered: how many rows come before it, how many there are in all, and its own, each of about so many
/// bytes, so that a long answer grows its buffer seldom.
///
/// # Errors
/// When the answer would be longer than one may be: that is found out before it is.
pub(super) fn answered<T>(
    offset: u64,
    total: usize,
    rows: impl Iterator<Item = T>,
    row_bytes: usize,
    mut render: impl FnMut(&mut Payload, T),
) -> Result<Payload, ApiError> {
    let mut payload = Payload::with_capacity(rows.size_hint().0.saturating_mul(row_bytes));
    payload.property("Offset", &offset.to_string());
    payload.property("Total", &total.to_string());
    for row in rows {
        payload.container(None, |into| render(into, row));
        if payload.len() > ANSWER_BYTES_MAX {
            return Err(ApiError::invalid(format!(
                "The rows take more than {ANSWER_BYTES_MAX} bytes; ask for fewer of them with a smaller Limit."
            )));
        }
    }
    Ok(payload)
}
