//! What a server's directory holds, read page by page.

use crmconf_events::{EntryId, TelSysId};

use super::Failure;
use crate::commands::conversation::{Conversation, Node, Payload, not_understood};
use crate::directory::{COLUMNS, entry_id};
use crate::http::code::Code;

/// The most rows that the API gives at once.
const PAGE_ROWS: &str = "10000";

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
        let mut asked = Payload::of(&[("ScopeMatch", "Within"), ("Offset", &offset), ("Limit", PAGE_ROWS)]);
        asked.property_of("TelSysID", telsys.as_deref());
        // Of a telephone system that the server does not know, it holds nothing.
        let Some(page) = conversation.ask_unless(Code::NoSuchTelSys, "DirectoryList", &asked)? else {
            return Ok(Vec::new());
        };
        let strange = || not_understood("DirectoryList");
        let found = page.number("Total").ok_or_else(strange)?;
        let rows = page.containers.len();
        for row in &page.containers {
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

fn read(row: &Node) -> Option<Held> {
    let [telsys, partition, device, description, environment] = COLUMNS.map(|column| row.property(column));
    Some(Held {
        id: entry_id(telsys?, partition?, device?)?,
        description: description?.to_owned(),
        environment: environment?.to_owned(),
    })
}
