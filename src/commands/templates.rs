//! `crmconf templates`: checks a folder of templates for their authors, a store by its templates, and writes the built-in
//! ones as files.

mod check;
mod stored;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::Failure;
use crate::cli::{Status, TemplatesArgs, output};
use crate::templates::BUILTIN;
use crate::templates::folder::TEMPLATE_SUFFIX;

/// Checks or exports templates.
///
/// # Errors
/// [`Failure`]: what cannot be read or written, and where.
pub fn run(args: &TemplatesArgs) -> Result<Status, Failure> {
    let (text, status) = match args {
        TemplatesArgs::Check { folder } => check::check(folder)?,
        TemplatesArgs::CheckStored { data, templates } => stored::check(data, templates)?,
        TemplatesArgs::Export { folder } => (export(folder)?, Status::Done),
    };
    output::result(&text)
        .map_err(|error| Failure::new(format!("the result could not be printed: {error}")))?;
    Ok(status)
}

/// Writes the built-in templates, and says where.
fn export(folder: &Path) -> Result<String, Failure> {
    let failed = |path: &Path, error: &io::Error| {
        Failure::new(format!("{} cannot be written: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let files = BUILTIN.map(|(name, text)| (folder.join(format!("{name}{TEMPLATE_SUFFIX}")), text));
    if let Some((path, _)) = files.iter().find(|(path, _)| path.symlink_metadata().is_ok()) {
        let there = path.display();
        return Err(Failure::new(format!(
            "{there} is there already, and nothing was written: remove it, or name another folder"
        )));
    }
    let mut written = String::new();
    for (path, text) in files {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| failed(&path, &error))?;
        file.write_all(text.as_bytes()).map_err(|error| failed(&path, &error))?;
        written.push_str(&format!("{}\n", path.display()));
    }
    Ok(written)
}
