//! What a client is told of an import: its counts, and why it was refused or has ended early.

use std::fmt;

use crmconf_events::command::{ImportCounts, KindCounts, Orphan};
use crmconf_events::decide::{Found, InUse, Rejection, Use};
use crmconf_events::state::Missing;

use crate::directory::{Format, missing_above};
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::xml::Payload;
use crate::writer::WriteError;

/// What 10104 says where a portion of an import may stand or not.
const OUTCOME_NOT_KNOWN: &str = "The outcome is not known: the store failed while the import was written. Repeat the \
                                 import when the store is back: what stands already makes no difference.";

/// The counts as an answer has them.
pub(super) fn counts(counts: &ImportCounts) -> Payload {
    let mut payload = Payload::new();
    for (name, count) in named(counts) {
        payload.property(&name, &count.to_string());
    }
    payload
}

/// Every count by its name in answers.
fn named(counts: &ImportCounts) -> Vec<(String, u64)> {
    let ImportCounts { telsys, partitions, devices, unchanged } = counts;
    let kinds = [("TelSys", telsys), ("Partitions", partitions), ("Devices", devices)];
    let of = |(kind, KindCounts { added, changed, removed }): (&str, &KindCounts)| {
        [("Added", *added), ("Changed", *changed), ("Removed", *removed)]
            .map(|(what, count)| (format!("{kind}{what}"), count))
    };
    kinds.into_iter().flat_map(of).chain([("Unchanged".to_owned(), *unchanged)]).collect()
}

/// The refusal of an import that others would be told otherwise of, or that came when a part was applied already.
pub(super) fn refusal(error: WriteError, format: Format, applied: &ImportCounts) -> ApiError {
    let error = match error {
        WriteError::Rejected(Rejection::ParentsMissing(found)) => orphans(&found, format),
        WriteError::Unknown(_) => ApiError { message: OUTCOME_NOT_KNOWN.to_owned(), ..error.into() },
        WriteError::Rejected(_)
        | WriteError::DataKey(_)
        | WriteError::NotDestroyed(_)
        | WriteError::BucketLacking
        | WriteError::Unavailable(_)
        | WriteError::Overloaded
        | WriteError::Draining => error.into(),
    };
    if applied.changes() == 0 {
        return error;
    }
    // The code's own message would say that nothing was changed.
    let nothing_changed = error.message == Code::StoreUnavailable.message();
    let why = if nothing_changed { "The store is not available any more." } else { &error.message };
    let changed = ImportCounts { unchanged: 0, ..*applied };
    let done = named(&changed).into_iter().filter(|(_, count)| *count > 0);
    let done: Vec<_> = done.map(|(name, count)| format!("{name} {count}")).collect();
    let message = format!(
        "{why} Applied before that: {}. What was applied stays; repeat the import to complete it.",
        done.join(", ")
    );
    ApiError { message, ..error }
}

/// The refusal of an import whose entries lack their parents.
pub(in crate::http) fn orphans(found: &Found<Orphan>, format: Format) -> ApiError {
    let code = match found.first.first().map(|orphan| orphan.missing) {
        Some(Missing::Partition) => Code::NoSuchPartition,
        Some(Missing::Device) => Code::NoSuchDevice,
        Some(Missing::TelSys) | None => Code::NoSuchTelSys,
    };
    let place = format.place();
    let told = |orphan: &Orphan| format!("{place} {}: {}", orphan.line, missing_above(orphan.missing));
    ApiError::with(code, format!("Nothing was imported: {}.", listed(found, told)))
}

/// The refusal to remove what is in use.
pub(in crate::http) fn in_use(found: &Found<InUse>) -> ApiError {
    let told = |InUse { id, by }: &InUse| match by {
        Use::Configuration(configuration) => format!("{id} has the CRM Configuration {configuration}"),
        Use::Entry(entry) => format!("{id} has {entry}, which is to stay"),
    };
    ApiError::with(Code::DirectoryEntryInUse, Code::DirectoryEntryInUse.with(listed(found, told)))
}

fn listed<T>(found: &Found<T>, told: impl Fn(&T) -> String) -> impl fmt::Display {
    let mut all: Vec<_> = found.first.iter().map(told).collect();
    if found.more() > 0 {
        all.push(format!("and {} more", found.more()));
    }
    all.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_applied_before_a_refusal_is_told_and_nothing_says_that_nothing_was_changed() {
        let devices = KindCounts { added: 1_024, changed: 2, removed: 0 };
        let applied = ImportCounts { devices, unchanged: 7, ..ImportCounts::default() };
        for (error, why) in [
            (WriteError::Unavailable("disk".into()), "The store is not available any more."),
            (WriteError::Draining, "The server is shutting down; try again later."),
            (WriteError::Unknown("cable".into()), OUTCOME_NOT_KNOWN),
            (Rejection::AccountGone.into(), Code::AuthenticationFailed.message()),
        ] {
            let told = refusal(error.clone(), Format::Csv, &applied);
            let expected = format!(
                "{why} Applied before that: DevicesAdded 1024, DevicesChanged 2. What was applied stays; repeat the \
                 import to complete it."
            );
            assert_eq!(told.message, expected);
            let plain = ApiError::from(error.clone());
            assert_eq!((told.code, told.status, &told.log), (plain.code, plain.status, &plain.log));
            // Without a part applied it is told as of any other change.
            let first = refusal(error.clone(), Format::Csv, &ImportCounts::default());
            let unknown = matches!(error, WriteError::Unknown(_));
            assert_eq!(first.message == plain.message, !unknown, "{}", first.message);
        }
    }
}
