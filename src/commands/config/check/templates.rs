//! Looks at the folder of templates as the server looks at it when it starts.

use crate::cli::shell;
use crate::settings::Settings;
use crate::templates::folder::{Folder, Note};

/// What a look came to. The server starts all the same, so nothing here is a failure.
#[derive(Default)]
pub(super) struct Templates {
    /// What is well.
    pub(super) told: Option<String>,
    /// What will be served less for.
    pub(super) warnings: Vec<String>,
}

/// Looks at the folder, if there is one.
pub(super) fn look(settings: &Settings) -> Templates {
    let Some(path) = settings.templates_folder.as_ref().map(|folder| &folder.value) else {
        return Templates::default();
    };
    let shown = path.display();
    let check = format!("`crmconf templates check {}` tells all", shell::word(&shown.to_string()));
    let mut looked = Templates::default();
    let (_, notes) = Folder::new(path.clone()).look();
    for note in notes {
        match note {
            Note::Read { usable: 0, refused: _ } => looked.warnings.push(format!(
                "templates_folder {shown}: holds no template that can be used, so no type would be known"
            )),
            Note::Read { usable, refused: _ } => {
                looked.told = Some(format!("templates_folder {shown}: templates that can be used: {usable}"));
            }
            Note::Unreadable { why, serving: _ } => looked.warnings.push(format!(
                "templates_folder {shown}: cannot be read, and changes would be answered with 31001: {why}"
            )),
            Note::Refused { file, why, serving: _ } => looked.warnings.push(format!(
                "templates_folder {shown}: {} is refused, and its type would not be served: {why}; {check}",
                file.to_string_lossy()
            )),
            Note::Taken { .. } | Note::Removed { .. } => {}
        }
    }
    looked
}
