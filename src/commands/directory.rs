//! `crmconf directory`: imports files into the directory of a running server, and prints it, through its API.

mod ahead;
mod held;
mod import;
mod pieces;

use super::conversation::Conversation;
use super::{Failure, print, source};
use crate::cli::{DirectoryArgs, RequestSource, SignInArgs, Status};
use crate::directory::Sheet;

/// Largest file that is read: far above what a directory of a million devices takes.
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Imports or prints.
///
/// # Errors
/// [`Failure`]: the file is faulty, the sign-in or the import was refused, or the server could not be reached.
pub fn run(args: &DirectoryArgs) -> Result<Status, Failure> {
    match args {
        DirectoryArgs::Import(args) => import::run(args),
        DirectoryArgs::Export(args) => export(args),
    }
}

fn export(args: &SignInArgs) -> Result<Status, Failure> {
    let conversation = Conversation::open(args, "crmconf directory export")?;
    let held = held::list(&conversation, None);
    conversation.close();
    let mut sheet = Sheet::default();
    for entry in held? {
        sheet.push(&entry.id, &entry.description, &entry.environment);
    }
    print(sheet.text())
}

/// The text of a file, and what it is called in errors.
fn read(source: &RequestSource) -> Result<(String, String), Failure> {
    let name = match source {
        RequestSource::StandardInput => "standard input".to_owned(),
        RequestSource::File(path) => path.display().to_string(),
    };
    let bytes = source::bytes(source, FILE_BYTES_MAX)
        .map_err(|cause| Failure::new(format!("{name} cannot be read: {cause}")))?
        .ok_or_else(|| Failure::new(format!("{name} is larger than {} MiB", FILE_BYTES_MAX >> 20)))?;
    let text = std::str::from_utf8(&bytes).map_err(|cause| {
        let before = bytes.get(..cause.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Failure::new(format!(
            "{name} is not UTF-8: line {line} has the first byte that is not; save it as UTF-8"
        ))
    })?;
    Ok((text.to_owned(), name))
}
