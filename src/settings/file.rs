//! Reads a settings file: each name with its value and line, or everything that keeps it from being TOML.

use std::io::Read as _;
use std::path::Path;

use toml::de::DeTable;

use super::error::SettingsError;

/// Largest settings file that is read, so that a wrong path cannot fill the memory.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// One name at the top of a settings file.
pub(super) struct Entry {
    /// The name as written.
    pub(super) name: String,
    /// What it is set to.
    pub(super) value: toml::Value,
    /// Line in which the name stands, from 1.
    pub(super) line: usize,
}

/// The file's entries, in the order of its lines.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Vec<SettingsError>> {
    let text =
        read_text(path).map_err(|cause| vec![SettingsError::Unreadable { path: path.to_owned(), cause }])?;
    let (names, faults) = DeTable::parse_recoverable(&text);
    if !faults.is_empty() {
        return Err(faults.iter().map(|cause| not_toml(path, &text, cause)).collect());
    }
    let mut values = text.parse::<toml::Table>().map_err(|cause| vec![not_toml(path, &text, &cause)])?;
    let placed = names.get_ref().keys().map(|name| (name.get_ref().to_string(), name.span().start));
    let mut entries: Vec<_> = placed
        .filter_map(|(name, start)| {
            Some(Entry { value: values.remove(&name)?, name, line: line(&text, start) })
        })
        .collect();
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(path)?.take(FILE_BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(std::io::Error::other("it is larger than 1 MiB and cannot be a settings file"));
    }
    Ok(text)
}

/// The parser's own display quotes the line; the file may be the wrong one, and hold a key. Its message and the
/// line's number say enough.
fn not_toml(path: &Path, text: &str, cause: &toml::de::Error) -> SettingsError {
    let line = line(text, cause.span().map_or(0, |span| span.start));
    SettingsError::NotToml { path: path.to_owned(), line, message: cause.message().to_owned() }
}

/// The line of a byte, from 1.
fn line(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
