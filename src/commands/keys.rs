//! `crmconf keys`: looks after master keys and due data keys, through a server or in the data folder of a stopped one.

use std::path::Path;

use crmconf_events::Reason;
use crmconf_events::command::{Command, Request};
use crmconf_events::event::Context;
use serde_json::json;

use super::conversation::{Conversation, Node, Payload, not_understood};
use super::stopped::{Stopped, operator, refused};
use super::{Failure, print};
use crate::cli::{KeysAction, KeysArgs, ListFormat, SignInArgs, Status, Target, output};
use crate::rotation::{Rotated, rotate};
use crate::security_log::{Fact, FileOptions};
use crate::settings::MasterKeySources;
use crate::vault::MasterKeyUse;

/// A master key as it is shown.
struct Shown {
    id: String,
    current: bool,
    known: bool,
    files: u64,
}

/// Does what is asked for.
///
/// # Errors
/// [`Failure`]: what was wrong, where, and what to do.
pub fn run(args: KeysArgs) -> Result<Status, Failure> {
    let KeysArgs { target, action } = args;
    match target {
        Target::Server(sign_in) => through(&sign_in, action),
        Target::Store { data, master_keys, security_log } => {
            within(&data, &master_keys, security_log, action)
        }
    }
}

/// Through a running server.
fn through(sign_in: &SignInArgs, action: KeysAction) -> Result<Status, Failure> {
    let conversation = Conversation::open(sign_in, "crmconf keys")?;
    let said = ask(&conversation, action);
    conversation.close();
    let (said, status) = said?;
    print(&said).map(|printed| if printed == Status::Done { status } else { printed })
}

fn ask(conversation: &Conversation<'_>, action: KeysAction) -> Result<(String, Status), Failure> {
    match action {
        KeysAction::List(format) => {
            let answer = conversation.ask("MasterKeyList", &Payload::default())?;
            let keys = answer.containers.iter().map(shown).collect::<Option<Vec<_>>>();
            let keys = keys.ok_or_else(|| not_understood("MasterKeyList"))?;
            Ok((listed(&keys, format), Status::Done))
        }
        KeysAction::Rotate => {
            let answer = conversation.ask("MasterKeyRotate", &Payload::default())?;
            let id = answer.property("MasterKeyID");
            let [files, unreadable] = ["FilesSealed", "FilesUnreadable"].map(|name| answer.number(name));
            match (id, files, unreadable) {
                (Some(id), Some(files), Some(unreadable)) => Ok(rotated(id, files, unreadable)),
                (_, _, _) => Err(not_understood("MasterKeyRotate")),
            }
        }
        KeysAction::Resume(reason) => {
            let mut payload = Payload::default();
            payload.property_of("Reason", reason.as_ref().map(Reason::as_str));
            let answer = conversation.ask("DestructionResume", &payload)?;
            let waiting = answer.number("KeysWaiting").ok_or_else(|| not_understood("DestructionResume"))?;
            Ok((resumed(waiting), Status::Done))
        }
    }
}

/// A master key as the API shows it; `None` when that is not how this API shows one.
fn shown(row: &Node) -> Option<Shown> {
    Some(Shown {
        id: row.property("MasterKeyID")?.to_owned(),
        current: row.property("Current")? == "true",
        known: row.property("Known")? == "true",
        files: row.number("Files")?,
    })
}

/// In the data folder of a stopped server.
fn within(
    data: &Path,
    keys: &MasterKeySources,
    security_log: Option<FileOptions>,
    action: KeysAction,
) -> Result<Status, Failure> {
    let store = Stopped::open(data, keys, security_log)?;
    let said = perform(&store, keys, action);
    let closed = store.close();
    let (said, status) = said?;
    // First what was done, whatever the end was like.
    output::result(&said).map_err(|error| {
        Failure::new(format!("it was done, but what there is to say could not be printed: {error}"))
    })?;
    closed.map(|()| status)
}

fn perform(
    store: &Stopped,
    keys: &MasterKeySources,
    action: KeysAction,
) -> Result<(String, Status), Failure> {
    match action {
        KeysAction::List(format) => {
            let uses = store.vault.master_key_usage().map_err(|error| Failure::new(error.to_string()))?;
            let keys = uses.into_iter().map(|MasterKeyUse { id, current, known, files }| Shown {
                id: id.to_string(),
                current,
                known,
                files: files as u64,
            });
            Ok((listed(&keys.collect::<Vec<_>>(), format), Status::Done))
        }
        KeysAction::Rotate => {
            let Rotated { master_key, files, unreadable } =
                rotate(&store.vault, keys, false).map_err(|error| Failure::new(error.to_string()))?;
            let (master_key, files) = (master_key.to_string(), files as u64);
            store.record(Some(Fact::MasterKeyRotated { master_key: master_key.clone(), files }));
            Ok(rotated(&master_key, files, unreadable as u64))
        }
        KeysAction::Resume(reason) => {
            let context = Context { reason, ..Context::of(operator()) };
            let request = Request { context, validate_only: false, command: Command::ResumeDestruction };
            let waiting = store.views.load().retired.len();
            store.wait(store.writer.submit(request)).map_err(refused)?;
            store.record(Some(Fact::DestructionResumed {}));
            Ok((resumed(waiting as u64), Status::Done))
        }
    }
}

/// What is said of a clock that was confirmed.
fn resumed(waiting: u64) -> String {
    format!(
        "Data keys of deleted configurations are destroyed again when their time has come. {waiting} wait; the time of each runs \
         from now."
    )
}

fn rotated(master_key: &str, files: u64, unreadable: u64) -> (String, Status) {
    let said =
        format!("The vault is sealed under the master key {master_key}: {files} files were sealed anew.");
    if unreadable == 0 {
        return (said, Status::Done);
    }
    let left = format!(
        "{said}\n{unreadable} files do not open and were left as they are: the log names them. Keep the old master key \
         until they are put back from the vault's backup, and run this again."
    );
    (left, Status::Failed)
}

fn listed(keys: &[Shown], format: ListFormat) -> String {
    match format {
        ListFormat::Json => {
            let key = |Shown { id, current, known, files }: &Shown| json!({ "id": id, "current": current, "known": known, "files": files });
            format!("{:#}\n", keys.iter().map(key).collect::<serde_json::Value>())
        }
        ListFormat::Text => {
            let mut text = format!("{:<16}  {:<8}  {}\n", "MASTER KEY", "STANDING", "FILES");
            for Shown { id, current, known, files } in keys {
                let standing = match (current, known) {
                    (true, _) => "current",
                    (false, true) => "further",
                    (false, false) => "missing",
                };
                text.push_str(&format!("{:<16}  {standing:<8}  {files}\n", output::printable(id)));
            }
            text.push_str(&verdict(keys));
            text
        }
    }
}

/// Whether another master key than the current one is needed.
fn verdict(keys: &[Shown]) -> String {
    let old = || keys.iter().filter(|key| !key.current);
    let needed: Vec<_> = old().filter(|key| key.files > 0).map(|key| output::printable(&key.id)).collect();
    if !needed.is_empty() {
        return format!(
            "Still needed beside the current one: {}; `crmconf keys rotate`.\n",
            needed.join(", ")
        );
    }
    if old().next().is_some() {
        return "No file needs any but the current one: take the others out of further_master_keys, then destroy them.\n"
            .to_owned();
    }
    "No file needs any but the current one.\n".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: &str, current: bool, known: bool, files: u64) -> Shown {
        Shown { id: id.into(), current, known, files }
    }

    #[test]
    fn a_list_says_plainly_whether_an_old_key_is_needed() {
        let keys = [key("498136b7272a2c3f", true, true, 7), key("0123456789abcdef", false, true, 2)];
        let expected = "\
MASTER KEY        STANDING  FILES
498136b7272a2c3f  current   7
0123456789abcdef  further   2
Still needed beside the current one: 0123456789abcdef; `crmconf keys rotate`.
";
        assert_eq!(listed(&keys, ListFormat::Text), expected);
        let done = [key("498136b7272a2c3f", true, true, 9), key("0123456789abcdef", false, true, 0)];
        assert!(listed(&done, ListFormat::Text).ends_with("further_master_keys, then destroy them.\n"));
        assert!(listed(&done[..1], ListFormat::Text).ends_with("No file needs any but the current one.\n"));
        let lost = [key("498136b7272a2c3f", true, true, 9), key("\u{9b}31m", false, false, 1)];
        let told = listed(&lost, ListFormat::Text);
        assert!(told.contains("missing   1\n") && !told.contains('\u{9b}'), "{told}");
    }

    #[test]
    fn what_was_not_sealed_anew_is_a_failure() {
        assert_eq!(rotated("id", 3, 0).1, Status::Done);
        let (said, status) = rotated("id", 3, 1);
        assert!(status == Status::Failed && said.contains("Keep the old master key"), "{said}");
    }
}
