//! A corpus as files in a folder: read, and written.

use std::fs;
use std::path::Path;

use crate::cli::{Status, output};
use crate::commands::Failure;
use crate::conformance::{Files, built_in_files};

/// Largest file that is read.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// How many levels of folders below the corpus' own are read: chapters, and what the setup of one needs.
const LEVELS: u32 = 2;

/// The files of a folder and of those in it, by their paths within.
pub(super) fn read(folder: &Path) -> Result<Files, Failure> {
    let mut files = Files::new();
    read_into(&mut files, folder, "", LEVELS)?;
    Ok(files)
}

fn read_into(files: &mut Files, folder: &Path, prefix: &str, levels: u32) -> Result<(), Failure> {
    let unreadable = |path: &Path, cause: &dyn std::fmt::Display| {
        Failure::new(format!("{} cannot be read: {cause}", path.display()))
    };
    for entry in fs::read_dir(folder).map_err(|cause| unreadable(folder, &cause))? {
        let path = entry.map_err(|cause| unreadable(folder, &cause))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let about = fs::metadata(&path).map_err(|cause| unreadable(&path, &cause))?;
        if about.is_dir() {
            if levels > 0 {
                read_into(files, &path, &format!("{prefix}{name}/"), levels - 1)?;
            }
        } else if about.len() > FILE_BYTES_MAX {
            return Err(unreadable(&path, &"it is larger than 1 MiB"));
        } else {
            let text = fs::read_to_string(&path).map_err(|cause| unreadable(&path, &cause))?;
            files.insert(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

/// Writes the corpus that is built in.
pub(super) fn export(folder: &Path) -> Result<Status, Failure> {
    let failed = |path: &Path, cause: &std::io::Error| {
        Failure::new(format!("{} cannot be written: {cause}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|cause| failed(folder, &cause))?;
    if fs::read_dir(folder).map_err(|cause| failed(folder, &cause))?.next().is_some() {
        return Err(Failure::new(format!(
            "{} is not empty, and nothing was written: name another folder",
            folder.display()
        )));
    }
    let files = built_in_files();
    for (name, text) in &files {
        let path = folder.join(name);
        let above = path.parent().unwrap_or(folder);
        fs::create_dir_all(above).map_err(|cause| failed(above, &cause))?;
        fs::write(&path, text).map_err(|cause| failed(&path, &cause))?;
    }
    output::note(&format_args!("crmconf: {} files were written to {}", files.len(), folder.display()));
    Ok(Status::Done)
}
