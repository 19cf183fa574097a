//! Cuts the rows of an import into pieces that fit the body of a request.

use crmconf_events::EntryId;

use super::super::conversation::escaped_bytes;
use crate::directory::Sheet;

/// A row of an import: what it is of, and its text.
pub(super) struct Row {
    pub(super) id: EntryId,
    pub(super) text: String,
}

/// What is sent at once.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The file, with its header.
    pub(super) csv: String,
    /// How many rows it has.
    pub(super) rows: usize,
    /// What its first entry is, to look for those above it.
    pub(super) first: Option<EntryId>,
}

/// Cuts rows, in their order. What takes no more than `bytes_max` in XML is one piece; a row alone always is.
pub(super) fn cut(rows: impl IntoIterator<Item = Row>, bytes_max: usize) -> Vec<Piece> {
    let empty = || Piece { csv: Sheet::default().text().to_owned(), rows: 0, first: None };
    let head = escaped_bytes(&empty().csv);
    let mut pieces = Vec::new();
    let (mut piece, mut bytes) = (empty(), head);
    for row in rows {
        let row_bytes = escaped_bytes(&row.text);
        if piece.rows > 0 && bytes.saturating_add(row_bytes) > bytes_max {
            pieces.push(std::mem::replace(&mut piece, empty()));
            bytes = head;
        }
        bytes = bytes.saturating_add(row_bytes);
        piece.csv.push_str(&row.text);
        piece.rows += 1;
        piece.first.get_or_insert(row.id);
    }
    pieces.push(piece);
    pieces
}

#[cfg(test)]
mod tests {
    use crmconf_events::TelSysId;

    use super::*;

    fn row(number: u32, description: &str) -> Row {
        let id = EntryId::TelSys(TelSysId::new(number).unwrap());
        let text = Sheet::row(&id, description, "");
        Row { id, text }
    }

    #[test]
    fn pieces_have_a_header_each_and_together_all_rows_in_order() {
        let rows = || (1..=50).map(|number| row(number, "a & b"));
        let whole = cut(rows(), 1 << 20);
        assert_eq!((whole.len(), whole[0].rows), (1, 50));
        let head = Sheet::default().text().to_owned();
        for bytes_max in [1, 100, 200, 500] {
            let pieces = cut(rows(), bytes_max);
            let bodies: String =
                pieces.iter().map(|piece| piece.csv.strip_prefix(&head).expect("a header")).collect();
            assert_eq!(head.clone() + &bodies, whole[0].csv);
            assert_eq!(pieces.iter().map(|piece| piece.rows).sum::<usize>(), 50);
            for piece in &pieces {
                assert!(piece.rows == 1 || escaped_bytes(&piece.csv) <= bytes_max, "{piece:?}");
            }
        }
        assert_eq!(cut([], 100).len(), 1, "an empty file is sent, and checked by the server too");
    }
}
