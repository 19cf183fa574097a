//! What a server's directory holds, read page by page.

use crmconf_events::{EntryId, TelSysId};

use super::super::conversation::{Conversation, Properties};
use super::Failure;
use crate::directory::{COLUMNS, entry_id};

/// The most rows that the API gives at once.
const PAGE_ROWS: &str = "10000";

/// What the server says of a telephone system that it does not know: nothing is held of it.
const NO_SUCH_TELSYS: &str = "11013";

/// An entry of the server's directory.
pub(super) struct Held {
    pub(super) id: EntryId,
    pub(super) description: String,
    pub(super) environment: String,
}

/// The entries of a telephone system, or all of them: parents before children. Pages are of different instants: where
/// the directory is seen to change between them, nothing is returned.
pub(super) fn list(conversation: &Conversation<'_>, telsys: Option<TelSysId>) -> Result<Vec<Held>, Failure> {
    let telsys = telsys.map(|telsys| telsys.to_string());
    let mut held: Vec<Held> = Vec::new();
    let mut total = None;
    loop {
        let offset = held.len().to_string();
        let mut asked = vec![("ScopeMatch", "Within"), ("Offset", offset.as_str()), ("Limit", PAGE_ROWS)];
        asked.extend(telsys.as_deref().map(|telsys| ("TelSysID", telsys)));
        let Some(page) = conversation.ask_unless(NO_SUCH_TELSYS, "DirectoryList", &asked)? else {
            return Ok(Vec::new());
        };
        let strange = || Failure::new("the server's answer to DirectoryList cannot be understood");
        let found = page.properties.number("Total").ok_or_else(strange)?;
        let rows = page.rows.len();
        for row in &page.rows {
            let entry = read(row).ok_or_else(strange)?;
            if held.last().is_some_and(|last| last.id >= entry.id) {
                return Err(changed());
            }
            held.push(entry);
        }
        if total.is_some_and(|total| total != found) {
            return Err(changed());
        }
        total = Some(found);
        if held.len() as u64 >= found {
            return Ok(held);
        }
        if rows == 0 {
            return Err(changed());
        }
    }
}

fn changed() -> Failure {
    Failure::new("the directory was changed while it was read: run the command again")
}

fn read(row: &Properties) -> Option<Held> {
    let [telsys, partition, device, description, environment] = COLUMNS.map(|column| row.get(column));
    Some(Held {
        id: entry_id(telsys?, partition?, device?)?,
        description: description?.to_owned(),
        environment: environment?.to_owned(),
    })
}
