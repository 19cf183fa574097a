//! The directory's list against a naive model, for every question that its small world tells apart.

use crmconf_events::{DEVICE_SENTINEL, EntryId};
use crmconf_projections::list::{
    Direction, DirectoryQuery, DirectorySort, DirectorySortField, ScopeMatch, Search,
};

use crate::MATCHES;
use crate::texts::{SEARCHES, TEXTS, rank};
use crate::world::{DIRECTORY, SCOPES, play, scope};

type Row = (&'static [&'static str], &'static str, &'static str);

const FIELDS: [&str; 5] = ["TelSysID", "PartIDInTelSys", "DeviceNumber", "Description", "CMEnvironmentID"];

fn begins(long: &[&str], short: &[&str]) -> bool {
    long.len() >= short.len() && long[..short.len()] == *short
}

fn is_candidate(row: &Row, asked: &[&str], scope_match: ScopeMatch) -> bool {
    match scope_match {
        ScopeMatch::Overlap => begins(row.0, asked) || begins(asked, row.0),
        ScopeMatch::Within => begins(row.0, asked),
        ScopeMatch::Exact => row.0 == asked,
        ScopeMatch::Applicable => begins(asked, row.0),
    }
}

fn holds(row: &Row, searched: &str) -> bool {
    let folded = TEXTS.iter().find(|(text, _)| *text == row.1).unwrap().1;
    folded.contains(searched) || row.0.get(2).is_some_and(|device| device.to_lowercase().contains(searched))
}

/// What a row sorts by: a number, then a text.
fn key(row: &Row, field: &str) -> (i64, String) {
    let number = |level: usize| row.0.get(level).map_or(-1, |id| id.parse().unwrap());
    match field {
        "TelSysID" => (number(0), String::new()),
        "PartIDInTelSys" => (number(1), String::new()),
        "DeviceNumber" => (0, (*row.0.get(2).unwrap_or(&DEVICE_SENTINEL)).to_owned()),
        "Description" => (rank(row.1), String::new()),
        "CMEnvironmentID" => (0, row.2.to_owned()),
        _ => panic!("{field} is not sortable"),
    }
}

/// Parents before children, ids as numbers.
fn place(row: &Row) -> (i64, i64, &'static str) {
    let (telsys, _) = key(row, "TelSysID");
    let (partition, _) = key(row, "PartIDInTelSys");
    (telsys, partition, row.0.get(2).copied().unwrap_or_default())
}

#[test]
fn every_question_is_answered_as_the_naive_model_does() {
    let (view, _) = play(&[]);
    let sorts = (0..FIELDS.len()).flat_map(|field| [Some((field, false)), Some((field, true))]);
    let sorts: Vec<_> = sorts.chain([None]).collect();
    let searches: Vec<_> = SEARCHES.into_iter().map(Some).chain([None]).collect();
    let mut asked = 0;
    for path in SCOPES {
        for scope_match in MATCHES {
            for searched in &searches {
                for sort in &sorts {
                    let mut rows: Vec<_> = DIRECTORY
                        .into_iter()
                        .filter(|row| is_candidate(row, path, scope_match))
                        .filter(|row| searched.is_none_or(|(_, folded)| holds(row, folded)))
                        .collect();
                    rows.sort_by_key(place);
                    if let Some((field, descending)) = sort {
                        rows.sort_by(|a, b| {
                            let order = key(a, FIELDS[*field]).cmp(&key(b, FIELDS[*field]));
                            if *descending { order.reverse() } else { order }
                        });
                    }
                    for (offset, limit) in [(0, 1_000), (1, 3), (4, usize::MAX), (0, 0), (usize::MAX, 1)] {
                        let direction =
                            |down: bool| if down { Direction::Descending } else { Direction::Ascending };
                        let query = DirectoryQuery {
                            scope: scope(path),
                            scope_match,
                            search: searched.map(|(text, _)| Search::new(text)),
                            sort: sort.map(|(field, down)| DirectorySort {
                                field: DirectorySortField::ALL[field].1,
                                direction: direction(down),
                            }),
                            offset,
                            limit,
                        };
                        let page = view.directory.list(&query);
                        assert_eq!(page.total, rows.len(), "{query:?}");
                        let found: Vec<_> =
                            page.rows.iter().map(|row| (row.id(), row.description.text())).collect();
                        let expected = rows.iter().skip(offset).take(limit);
                        let expected: Vec<_> =
                            expected.map(|row| (EntryId::at(scope(row.0)).unwrap(), row.1)).collect();
                        assert_eq!(found, expected, "{query:?}");
                        asked += 1;
                    }
                }
            }
        }
    }
    assert_eq!(asked, 12 * 4 * 15 * 11 * 5);
}

#[test]
fn the_names_of_the_sortable_fields_are_the_columns() {
    assert_eq!(DirectorySortField::ALL.map(|(name, _)| name), FIELDS);
}
